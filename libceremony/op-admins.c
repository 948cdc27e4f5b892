/*
 * Add and remove administrators (functions 3.5).
 */
#include "libceremony/op-admins.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/card-session.h"
#include "libceremony/card-signer.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/plan.h"
#include "libceremony/record.h"
#include "libep11admin/admin-certificate.h"
#include "libep11admin/unit-admins.h"

#define MOST_ADMINS 8u /* of a crypto unit */

typedef struct Change {
    const uint8_t *ski;
    const char *name;
    const GByteArray *certificate;
    GPtrArray *states; /* as the operator has agreed to */
} Change;

void
tke_admin_result_clear(TkeAdminResult *result)
{
    g_clear_pointer(&result->units, g_ptr_array_unref);
}

static void
describe(TkeUnit *unit, void *data, JsonObject *values)
{
    const Change *change = data;
    g_autofree char *ski = tke_hex_encode(change->ski, TKE_SKI_LEN);

    (void) unit;
    json_object_set_string_member(values, "administrator", change->name);
    json_object_set_string_member(values, "ski", ski);
}

static TkeUnitCommand *
make_add(TkeUnit *unit, void *data, GError **error)
{
    const Change *change = data;

    return tke_unit_admins_new_add(unit, change->certificate->data, change->certificate->len,
                                   error);
}

static TkeUnitCommand *
make_remove(TkeUnit *unit, void *data, GError **error)
{
    const Change *change = data;

    return tke_unit_admins_new_remove(unit, change->ski, error);
}

/* Others may have been added meanwhile; that this one is there is told by the unit. */
static bool
check_add(const TkeUnitState *now, void *data, GError **error)
{
    const Change *change = data;

    return tke_plan_check_same(change->states, now, TKE_PLAN_SAME_THRESHOLDS, error);
}

/* Who is left counts. */
static bool
check_remove(const TkeUnitState *now, void *data, GError **error)
{
    const Change *change = data;

    return tke_plan_check_same(change->states, now, TKE_PLAN_SAME_THRESHOLDS | TKE_PLAN_SAME_ADMINS,
                               error);
}

/* The card of the new administrator. */
typedef struct Candidate {
    GPtrArray *units;
    bool put_in_now;
    bool everywhere; /* it is an administrator of all units: nothing has to be done */
} Candidate;

/* A card that lies there from the step before is hardly meant; one that is put in is. */
static bool
new_admin_fits(TkeCard *card, const TkeCardStatus *status, void *data, const char **reason_word,
               char **reason)
{
    Candidate *candidate = data;
    GPtrArray *units = candidate->units;

    (void) card;
    candidate->everywhere = true;
    if (!status->has_signature_key) {
        *reason_word = "no-signature-key";
        *reason = g_strdup(_("This card has no signature key: make one first (tke card "
                             "generate-signature-key)."));
        return false;
    }
    for (unsigned i = 0; i < units->len; i++) {
        candidate->everywhere =
            candidate->everywhere &&
            tke_unit_find_admin(g_ptr_array_index(units, i), status->ski) != NULL;
    }
    if (candidate->everywhere && !candidate->put_in_now) {
        *reason_word = "used";
        *reason = g_strdup_printf(_("%s is an administrator of all selected crypto units already. "
                                    "If that is all, take the card out and put it in again."),
                                  status->admin_name);
        return false;
    }
    return true;
}

/* The certificate that the new administrator's own card signs; empty where nothing has to be
 * done. */
static GByteArray *
get_certificate(TkeOperation *op, GPtrArray *units, TkeAdminResult *result, GError **error)
{
    Candidate candidate = { .units = units };
    const TkeCardNeed need = { .reader = 1,
                               .wanted = TKE_WANTED_EP11,
                               .title = _("Insert the EP11 card of the new administrator."),
                               .purpose = "administrator",
                               .fits = new_admin_fits,
                               .fits_data = &candidate,
                               .put_in_now = &candidate.put_in_now };
    const TkeCardStatus *status = NULL;
    TkeCard *card = tke_card_session_need(op, &need, &status, error);
    g_autoptr(EVP_PKEY) public_key = NULL;
    g_autoptr(TkeSigner) signer = NULL;
    TkeSignatureKey key;

    if (card == NULL) {
        return NULL;
    }
    if (candidate.everywhere) {
        g_strlcpy(result->name, status->admin_name, sizeof result->name);
        memcpy(result->ski, status->ski, sizeof result->ski);
        return g_byte_array_new();
    }
    if (!tke_card_session_need_pin(op, 1, TKE_PIN_FIRST, false, error) ||
        !tke_ep11_card_query_signature_key(card, &key, error)) {
        return NULL;
    }
    public_key = tke_ec_key_from_point(key.point, sizeof key.point, error);
    if (public_key == NULL) {
        return NULL;
    }
    signer = tke_card_signer_new(card, &key);
    g_strlcpy(result->name, key.name, sizeof result->name);
    memcpy(result->ski, key.ski, sizeof result->ski);
    return tke_admin_certificate_new(signer, public_key, key.name,
                                     tke_operation_get_cancellable(op), error);
}

/* Units that have the administrator (installed), or have not. */
static GPtrArray *
units_with(GPtrArray *units, const uint8_t ski[static TKE_SKI_LEN], bool installed)
{
    GPtrArray *found = g_ptr_array_new();

    for (unsigned i = 0; i < units->len; i++) {
        TkeUnit *unit = g_ptr_array_index(units, i);

        if ((tke_unit_find_admin(unit, ski) != NULL) == installed) {
            g_ptr_array_add(found, unit);
        }
    }
    return found;
}

/* A key that is there under another name cannot be renamed in place. */
static void
note_other_names(TkeOperation *op, GPtrArray *units, const TkeAdminResult *result)
{
    for (unsigned i = 0; i < units->len; i++) {
        TkeUnit *unit = g_ptr_array_index(units, i);
        const TkeUnitAdmin *admin = tke_unit_find_admin(unit, result->ski);

        if (admin != NULL && g_strcmp0(admin->name, result->name) != 0) {
            tke_operation_note(op,
                               _("%s knows this key as “%s”: a name cannot be changed in place."),
                               tke_unit_get_name(unit), admin->name != NULL ? admin->name : "");
        }
    }
}

/* How many sign the command in those units that get it. */
static char *
signatures_in(GPtrArray *units, GPtrArray *states, TkeAdminCommand command)
{
    g_autoptr(GPtrArray) some = g_ptr_array_new();

    for (unsigned i = 0; i < states->len; i++) {
        TkeUnitState *state = g_ptr_array_index(states, i);

        if (g_ptr_array_find(units, state->unit, NULL)) {
            g_ptr_array_add(some, state);
        }
    }
    return tke_plan_signatures(some, command, 0);
}

static bool
confirm_add(TkeOperation *op, GPtrArray *units, GPtrArray *states, const TkeAdminResult *result,
            GError **error)
{
    g_autofree char *signers = signatures_in(units, states, TKE_ADMIN_ADD_ADMIN);
    g_autofree char *ski = tke_hex_encode(result->ski, sizeof result->ski);
    g_autofree char *count = g_strdup_printf(
        ngettext("in %u crypto unit", "in %u crypto units", units->len), units->len);
    const char *lines[] = { result->name, ski, count, signers, NULL };
    const TkePlan plan = { .action = "admin-add",
                           .title = _("This administrator will be added:"),
                           .lines = lines };

    return tke_operation_confirm(op, &plan, error);
}

/* The card is put in only when it is done: what can be said of the units before that. */
static void
tell_add(TkeOperation *op, GPtrArray *states)
{
    g_autofree char *signers = tke_plan_signatures(states, TKE_ADMIN_ADD_ADMIN, 0);

    tke_operation_note(op, _("Would add the administrator whose card is put into reader 1."));
    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        tke_operation_note(op, _("%s: %u administrators now, of at most %u"),
                           tke_unit_get_name(state->unit), state->admins->len, MOST_ADMINS);
    }
    tke_operation_note(op, "%s", signers);
}

static bool
fail(TkeOperation *op, GError **error)
{
    tke_card_session_settle(tke_operation_get_card_session(op), error != NULL ? *error : NULL);
    return false;
}

bool
tke_op_admin_add(TkeOperation *op, TkeUnitDirectory *directory, TkeAdminResult *result,
                 GError **error)
{
    g_autoptr(GPtrArray) units = tke_unit_directory_get_selected(directory, error);
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GPtrArray) todo = NULL;
    g_autoptr(GByteArray) certificate = NULL;
    Change change;
    const TkeUnitStep undo = { .action = "tke-cryptounit-admin.remove",
                               .what = _("Remove administrator"),
                               .make = make_remove,
                               .describe = describe,
                               .check = check_add,
                               .data = &change };
    const TkeUnitStep step = { .action = "tke-cryptounit-admin.add",
                               .what = _("Add administrator"),
                               .make = make_add,
                               .describe = describe,
                               .check = check_add,
                               .data = &change,
                               .undo = &undo };

    memset(result, 0, sizeof *result);
    if (units == NULL || !tke_record_check(op, error)) {
        return false;
    }
    states = tke_plan_query(op, directory, units, TKE_UNIT_QUERY_DEFAULT, error);
    if (states == NULL) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tell_add(op, states);
        return true;
    }
    certificate = get_certificate(op, units, result, error);
    if (certificate == NULL) {
        return fail(op, error);
    }
    change = (Change){
        .ski = result->ski, .name = result->name, .certificate = certificate, .states = states
    };
    note_other_names(op, units, result);
    todo = units_with(units, result->ski, false);
    result->already = units->len - todo->len;
    result->units = tke_unit_results_new();
    if (todo->len == 0) {
        return true;
    }
    if (!confirm_add(op, todo, states, result, error) ||
        !tke_unit_step_run(op, directory, todo, &step, result->units, error)) {
        return fail(op, error);
    }
    return true;
}

/* All administrators of the units, each once. */
static GPtrArray *
all_admins(GPtrArray *units)
{
    GPtrArray *all = g_ptr_array_new();

    for (unsigned i = 0; i < units->len; i++) {
        const GPtrArray *admins = tke_unit_get_admins(g_ptr_array_index(units, i));

        for (unsigned k = 0; admins != NULL && k < admins->len; k++) {
            TkeUnitAdmin *admin = g_ptr_array_index(admins, k);
            bool known = false;

            for (unsigned m = 0; m < all->len; m++) {
                const TkeUnitAdmin *other = g_ptr_array_index(all, m);

                known = known || memcmp(other->ski, admin->ski, TKE_SKI_LEN) == 0;
            }
            if (!known) {
                g_ptr_array_add(all, admin);
            }
        }
    }
    return all;
}

static bool
choose_admin(TkeOperation *op, GPtrArray *all, unsigned *index, GError **error)
{
    const char *columns[] = { _("ADMIN NAME"), _("SUBJECT KEY IDENTIFIER"), NULL };
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    TkeChoice choice = { .what = "administrator",
                         .title = _("Which administrator is to be removed?"),
                         .columns = columns };

    for (unsigned i = 0; i < all->len; i++) {
        const TkeUnitAdmin *admin = g_ptr_array_index(all, i);
        char **row = g_new0(char *, 3);

        row[0] = g_strdup(admin->name != NULL ? admin->name : _("unnamed"));
        row[1] = tke_hex_encode(admin->ski, TKE_SKI_LEN);
        g_ptr_array_add(rows, row);
    }
    choice.rows = (const char *const *const *) rows->pdata;
    choice.n_rows = rows->len;
    return tke_operation_choose(op, &choice, index, error);
}

static bool
find_admin(TkeOperation *op, GPtrArray *units, const char *prefix, TkeAdminResult *result,
           GError **error)
{
    g_autoptr(GPtrArray) all = all_admins(units);
    g_autofree char *wanted = prefix != NULL ? g_ascii_strdown(prefix, -1) : NULL;
    const TkeUnitAdmin *found = NULL;
    unsigned matches = 0;
    unsigned index = 0;

    if (all->len == 0) {
        g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
                    _("the selected crypto units have no administrators"));
        return false;
    }
    if (wanted == NULL && !choose_admin(op, all, &index, error)) {
        return false;
    }
    for (unsigned i = 0; i < all->len; i++) {
        const TkeUnitAdmin *admin = g_ptr_array_index(all, i);
        g_autofree char *ski = tke_hex_encode(admin->ski, TKE_SKI_LEN);

        if (wanted == NULL ? i == index : strlen(wanted) >= 8 && g_str_has_prefix(ski, wanted)) {
            found = admin;
            matches++;
        }
    }
    if (matches != 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    matches == 0
                        ? _("no administrator has an identifier that begins with “%s” (at least 8 "
                            "digits)")
                        : _("more than one administrator has an identifier that begins with “%s”"),
                    prefix);
        return false;
    }
    g_strlcpy(result->name, found->name != NULL ? found->name : "", sizeof result->name);
    memcpy(result->ski, found->ski, TKE_SKI_LEN);
    return true;
}

static bool
confirm_remove(TkeOperation *op, GPtrArray *units, GPtrArray *states, const TkeAdminResult *result,
               GError **error)
{
    g_autofree char *signers = signatures_in(units, states, TKE_ADMIN_REMOVE_ADMIN);
    g_autofree char *ski = tke_hex_encode(result->ski, sizeof result->ski);
    g_autofree char *count = g_strdup_printf(
        ngettext("from %u crypto unit", "from %u crypto units", units->len), units->len);
    const TkePlanAfter after = { .without = result->ski };
    g_autofree char *reserve = tke_plan_reserve_text(states, &after);
    const char *lines[] = { result->name, ski, count, signers, NULL };
    const TkePlan plan = { .action = "admin-remove",
                           .title = _("This administrator will be removed:"),
                           .lines = lines,
                           .consequence = reserve,
                           .default_no = true };

    return tke_operation_confirm(op, &plan, error);
}

static bool
needs_admin(const TkeUnitState *state, const void *data)
{
    const TkeAdminResult *result = data;
    const uint32_t *attributes = state->attributes.value;
    unsigned needed = MAX(attributes[TKE_ATTRIBUTE_SIGN_THR], attributes[TKE_ATTRIBUTE_REVOKE_THR]);

    return !state->imprint && state->admins->len <= needed &&
           tke_unit_find_admin(state->unit, result->ski) != NULL;
}

/* What the unit would refuse (209/66) is known before anybody is asked; the right order is
 * (F-073): */
static bool
check_enough_left(GPtrArray *states, const TkeAdminResult *result, GError **error)
{
    g_autofree char *names = tke_plan_names(states, needs_admin, result);

    if (names != NULL) {
        g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
                    _("without %s fewer administrators than a threshold needs would be left in %s; "
                      "first add who comes instead (tke cryptounit-admin-add), or lower the "
                      "thresholds (tke cryptounit-thrhld-set), then remove"),
                    result->name, names);
    }
    return names == NULL;
}

bool
tke_op_admin_remove(TkeOperation *op, TkeUnitDirectory *directory,
                    const TkeAdminRemoveParams *params, TkeAdminResult *result, GError **error)
{
    g_autoptr(GPtrArray) units = tke_unit_directory_get_selected(directory, error);
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GPtrArray) todo = NULL;
    Change change = { .ski = result->ski, .name = result->name };
    const TkeUnitStep step = { .action = "tke-cryptounit-admin.remove",
                               .what = _("Remove administrator"),
                               .make = make_remove,
                               .describe = describe,
                               .check = check_remove,
                               .data = &change };

    memset(result, 0, sizeof *result);
    if (units == NULL || !tke_record_check(op, error)) {
        return false;
    }
    states = tke_plan_query(op, directory, units, TKE_UNIT_QUERY_DEFAULT, error);
    change.states = states;
    if (states == NULL || !find_admin(op, units, params->ski, result, error) ||
        !check_enough_left(states, result, error)) {
        return false;
    }
    todo = units_with(units, result->ski, true);
    result->already = units->len - todo->len;
    result->units = tke_unit_results_new();
    if (!confirm_remove(op, todo, states, result, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        return true;
    }
    return tke_unit_step_run(op, directory, todo, &step, result->units, error) || fail(op, error);
}
