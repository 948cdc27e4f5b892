/*
 * The query of one unit (crypto-unit-protocol.md, 7.1, 7.2, 5.5, 3.3; annex C, 2, 6 and 8). What
 * was read is used only once the chain and the signatures have been verified.
 */
#include "libep11admin/unit-query-step.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/digest.h"
#include "libep11admin/admin-certificate.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-private.h"

#define LIST_MAX 16u /* administrators of one unit: more are not asked for */

TkeUnitQuery *
tke_unit_query_step_new(TkeUnit *unit, const TkeModuleRoots *roots, TkeUnitQueryFlags flags)
{
    TkeUnitQuery *query = g_new0(TkeUnitQuery, 1);

    query->unit = unit;
    query->roots = roots;
    query->flags = flags;
    query->asks = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_ask_free);
    query->certificates = g_ptr_array_new();
    query->names = g_ptr_array_new();
    query->state = g_new0(TkeUnitState, 1);
    query->state->unit = tke_unit_ref(unit);
    query->state->admins = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_admin_free);
    query->state->warnings = g_ptr_array_new_with_free_func(g_free);
    return query;
}

void
tke_unit_query_step_free(TkeUnitQuery *query)
{
    tke_unit_state_free(query->state);
    tke_module_chain_free(query->chain);
    g_ptr_array_unref(query->names);
    g_ptr_array_unref(query->certificates);
    g_ptr_array_unref(query->asks);
    g_free(query);
}

static TkeUnitAsk *
add_ask(TkeUnitQuery *query, TkeUnitAsk *ask)
{
    g_ptr_array_add(query->asks, ask);
    return ask;
}

static void
ask_for_certificate(TkeUnitQuery *query, uint32_t index)
{
    g_ptr_array_add(query->certificates,
                    add_ask(query, tke_unit_ask_new_certificate(query->unit, index)));
}

/* A chain that does not lead to a root: not a genuine module. */
static bool
set_not_genuine(const TkeUnitQuery *query, const GError *why, GError **error)
{
    const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_CERTIFICATE };

    tke_unit_error_set(error, TKE_UNIT_ERROR_NOT_GENUINE, &details,
                       _("the module could not prove that it is genuine: %s"), why->message);
    tke_unit_name_error(query->unit, error);
    if (error != NULL) {
        tke_unit_refuse(query->unit, *error);
    }
    return false;
}

/* True if the certificates of a known module still lead to a root. */
static bool
use_known(TkeUnitQuery *query, const GPtrArray *certificates)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(query->roots);

    for (guint i = 0; i < certificates->len; i++) {
        const GByteArray *der = g_ptr_array_index(certificates, i);

        if (!tke_module_chain_add(chain, der->data, der->len, NULL)) {
            return false;
        }
    }
    if (certificates->len == 0 || !tke_module_chain_finish(chain, certificates->len, NULL)) {
        return false;
    }
    query->chain = g_steal_pointer(&chain);
    return true;
}

static void
ask_for_module(TkeUnitQuery *query)
{
    g_clear_pointer(&query->chain, tke_module_chain_free);
    query->warm = false;
    ask_for_certificate(query, 0);
    query->count =
        add_ask(query, tke_unit_ask_new(query->unit, TKE_ADMIN_QUERY_DEVICE_CERT, NULL, 0));
}

/* What no other question waits for. */
static void
ask_for_details(TkeUnitQuery *query)
{
    TkeUnit *unit = query->unit;

    if ((query->flags & TKE_UNIT_QUERY_SIGNED_VPS) != 0) {
        query->current_vp = add_ask(query, tke_unit_ask_new(unit, TKE_ADMIN_QUERY_WK, NULL, 0));
        query->new_vp = add_ask(query, tke_unit_ask_new(unit, TKE_ADMIN_QUERY_NEW_WK, NULL, 0));
    }
    if ((query->flags & TKE_UNIT_QUERY_CONTROL_POINTS) != 0) {
        query->control_points =
            add_ask(query, tke_unit_ask_new(unit, TKE_ADMIN_QUERY_CONTROL_POINTS, NULL, 0));
    }
}

/* At most six questions: as many as there are connections, so that none waits for an answer to
 * another. */
void
tke_unit_query_step_first(TkeUnitQuery *query, const TkeKnownModules *known)
{
    TkeUnit *unit = query->unit;
    const GPtrArray *certificates =
        known != NULL ? tke_known_modules_get(known, unit->entry.serial_number) : NULL;

    query->attributes = add_ask(query, tke_unit_ask_new(unit, TKE_ADMIN_QUERY_ATTRIBUTES, NULL, 0));
    query->admins = add_ask(query, tke_unit_ask_new(unit, TKE_ADMIN_QUERY_ADMINS, NULL, 0));
    query->info = add_ask(query, tke_unit_ask_new_info(unit));
    query->warm = certificates != NULL && use_known(query, certificates);
    if (query->warm) {
        ask_for_details(query);
    } else {
        ask_for_module(query);
    }
}

/* Takes certificate 0 and asks for the others; their number may be a lie as yet. */
static bool
ask_for_parents(TkeUnitQuery *query, GError **error)
{
    const TkeUnitAsk *first = g_ptr_array_index(query->certificates, 0);
    g_autoptr(GError) wrong = NULL;
    uint32_t count = 0;

    if (!tke_admin_response_check_done(first->response, error) ||
        !tke_admin_response_check_done(query->count->response, error) ||
        !tke_admin_response_get_count(query->count->response, &count, error)) {
        tke_unit_name_error(query->unit, error);
        return false;
    }
    if (count < 1 || count > TKE_MODULE_CHAIN_MAX) {
        g_set_error(&wrong, TKE_UNIT_ERROR, TKE_UNIT_ERROR_NOT_GENUINE,
                    _("it reports %u certificates"), count);
        return set_not_genuine(query, wrong, error);
    }
    for (uint32_t i = 1; i < count; i++) {
        ask_for_certificate(query, i);
    }
    return true;
}

static bool
ask_for_names(TkeUnitQuery *query, GError **error)
{
    const uint8_t *skis = NULL;
    size_t n = 0;

    if (!tke_admin_response_check_done(query->admins->response, error) ||
        !tke_admin_response_get_skis(query->admins->response, &skis, &n, error)) {
        tke_unit_name_error(query->unit, error);
        return false;
    }
    if (n > LIST_MAX) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_MALFORMED, NULL,
                           _("the unit lists more administrators than there can be"));
        tke_unit_name_error(query->unit, error);
        return false;
    }
    for (size_t i = 0; (query->flags & TKE_UNIT_QUERY_NO_NAMES) == 0 && i < n; i++) {
        g_ptr_array_add(query->names,
                        add_ask(query, tke_unit_ask_new(query->unit, TKE_ADMIN_QUERY_ADMINS,
                                                        skis + i * TKE_SKI_LEN, TKE_SKI_LEN)));
    }
    return true;
}

/* The first ask without an answer of the right form, if any, ends the query of the unit. */
static bool
check_answers(const TkeUnitQuery *query, GError **error)
{
    for (guint i = 0; i < query->asks->len; i++) {
        const TkeUnitAsk *ask = g_ptr_array_index(query->asks, i);

        if (ask->request != NULL && ask->error != NULL) {
            g_propagate_error(error, g_error_copy(ask->error));
            return false;
        }
    }
    return true;
}

/* Another key than the known one: the module may have been set up anew. */
static bool
known_key_is_wrong(const TkeUnitQuery *query)
{
    return !tke_admin_response_verify(query->attributes->response,
                                      tke_module_chain_get_key(query->chain),
                                      tke_unit_get_key_ski(query->chain), NULL);
}

bool
tke_unit_query_step_second(TkeUnitQuery *query, GError **error)
{
    if (!check_answers(query, error) || !ask_for_names(query, error)) {
        return false;
    }
    if (!query->warm) {
        ask_for_details(query);
        return ask_for_parents(query, error);
    }
    if (known_key_is_wrong(query)) {
        ask_for_module(query);
    }
    return true;
}

/* Asks something only of a known module that has changed. */
bool
tke_unit_query_step_third(TkeUnitQuery *query, GError **error)
{
    bool late = query->count != NULL && query->certificates->len == 1;

    return check_answers(query, error) && (!late || ask_for_parents(query, error));
}

static bool
verify_chain(TkeUnitQuery *query, TkeKnownModules *known, GError **error)
{
    g_autoptr(GPtrArray) certificates =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);
    g_autoptr(GError) wrong = NULL;

    if (!query->warm) {
        query->chain = tke_module_chain_new(query->roots);
    }
    for (guint i = 0; i < query->certificates->len; i++) {
        const TkeUnitAsk *ask = g_ptr_array_index(query->certificates, i);
        size_t len = 0;
        const uint8_t *der = tke_unit_ask_get_output(ask, &len);

        if (!tke_admin_response_check_done(ask->response, &wrong) ||
            !tke_module_chain_add(query->chain, der, len, &wrong)) {
            return set_not_genuine(query, wrong, error);
        }
        g_ptr_array_add(certificates, g_byte_array_append(g_byte_array_new(), der, (guint) len));
    }
    if (!query->warm && !tke_module_chain_finish(query->chain, certificates->len, &wrong)) {
        return set_not_genuine(query, wrong, error);
    }
    tke_unit_take_chain(query->unit, g_steal_pointer(&query->chain));
    if (!query->warm && known != NULL) {
        tke_known_modules_set(known, query->unit->entry.serial_number, certificates);
    }
    return true;
}

/* An administrator, from its certificate; without one (annex C, 2) only its identifier is known. */
static void
take_admin(TkeUnitQuery *query, const TkeUnitAsk *ask)
{
    g_autoptr(TkeAdminCertificate) certificate = NULL;
    size_t len = 0;
    const uint8_t *der = tke_unit_ask_get_output(ask, &len);
    TkeUnitAdmin *admin = NULL;

    if (tke_admin_response_check_done(ask->response, NULL)) {
        certificate = tke_admin_certificate_parse(der, len, NULL);
    }
    if (certificate != NULL && memcmp(certificate->ski, ask->payload, TKE_SKI_LEN) != 0) {
        g_clear_pointer(&certificate, tke_admin_certificate_free);
    }
    if (certificate == NULL) {
        g_ptr_array_add(query->state->warnings,
                        g_strdup_printf(_("%s: the certificate of an administrator cannot be read"),
                                        query->unit->name));
        admin = tke_unit_admin_new(ask->payload, NULL, NULL, false);
    } else {
        admin = tke_unit_admin_new(ask->payload, certificate->name, certificate->key,
                                   certificate->made_by_tke);
    }
    g_ptr_array_add(query->state->admins, admin);
}

/* Their identifiers, of the signed list, with names and keys unless those were not asked for. */
static void
take_admins(TkeUnitQuery *query)
{
    const uint8_t *skis = NULL;
    size_t n = 0;

    for (guint i = 0; i < query->names->len; i++) {
        take_admin(query, g_ptr_array_index(query->names, i));
    }
    if ((query->flags & TKE_UNIT_QUERY_NO_NAMES) != 0 &&
        tke_admin_response_get_skis(query->admins->response, &skis, &n, NULL)) {
        for (size_t i = 0; i < n; i++) {
            g_ptr_array_add(query->state->admins,
                            tke_unit_admin_new(skis + i * TKE_SKI_LEN, NULL, NULL, false));
        }
    }
}

/* Compares the unsigned information about a register with its signed pattern; an empty one has
 * none. */
static bool
check_pattern(TkeUnitQuery *query, const TkeUnitAsk *ask, const uint8_t *unsigned_vp, bool is_full,
              GError **error)
{
    static const uint8_t none[TKE_VP_LEN];
    uint8_t vp[TKE_VP_LEN];

    if (!tke_unit_ask_get_register(ask, vp, error)) {
        return false;
    }
    if (!tke_digest_vp_equal(vp, unsigned_vp) || tke_digest_vp_equal(vp, none) == is_full) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_IDENTITY, NULL,
                           _("signed and unsigned answers about a master key register differ"));
        tke_unit_name_error(query->unit, error);
        if (error != NULL) {
            tke_unit_refuse(query->unit, *error);
        }
        return false;
    }
    return true;
}

/* Answers of one moment, those that refuse something too. */
static bool
check_same_moment(const TkeUnitQuery *query, GError **error)
{
    const TkeUnitIdentity *moment = &query->attributes->response->identity;

    for (guint i = 0; i < query->asks->len; i++) {
        g_autoptr(GError) wrong = NULL;

        if (!tke_unit_ask_check_moment(g_ptr_array_index(query->asks, i), moment, &wrong)) {
            tke_unit_refuse(query->unit, wrong);
            g_propagate_error(error, g_steal_pointer(&wrong));
            return false;
        }
    }
    return true;
}

/* Signatures of everything that was read and is signed; certificates too. */
static bool
verify_answers(TkeUnitQuery *query, GError **error)
{
    for (guint i = 0; i < query->asks->len; i++) {
        if (!tke_unit_ask_verify(g_ptr_array_index(query->asks, i), error)) {
            return false;
        }
    }
    return tke_unit_ask_verify_done(query->attributes, error) && check_same_moment(query, error);
}

/* The control points, if they were asked for; their answer has been verified. */
static bool
take_control_points(TkeUnitQuery *query, GError **error)
{
    const uint8_t *output = NULL;
    size_t len = 0;

    if (query->control_points == NULL) {
        return true;
    }
    if (!tke_unit_ask_verify_done(query->control_points, error)) {
        return false;
    }
    output = tke_unit_ask_get_output(query->control_points, &len);
    if (!tke_control_point_parse(output, len, &query->state->control_points, error)) {
        tke_unit_name_error(query->unit, error);
        return false;
    }
    return true;
}

static void
warn_of_changes(TkeUnitQuery *query)
{
    TkeUnit *unit = query->unit;
    const TkeUnitIdentity *old = &unit->remembered;
    const TkeUnitIdentity *now = &unit->identity;
    TkeUnitState *state = query->state;

    if (unit->has_remembered &&
        memcmp(old->module_id, now->module_id, sizeof now->module_id) != 0) {
        g_ptr_array_add(state->warnings,
                        g_strdup_printf(_("%s: its module was initialised since it was seen last"),
                                        unit->name));
    } else if (unit->has_remembered && memcmp(old->domain, now->domain, sizeof now->domain) != 0) {
        g_ptr_array_add(
            state->warnings,
            g_strdup_printf(_("%s: it was zeroized since it was seen last"), unit->name));
    } else if (unit->has_remembered &&
               memcmp(now->counter, old->counter, sizeof now->counter) < 0) {
        g_ptr_array_add(state->warnings,
                        g_strdup_printf(_("%s: its answers are older than what was seen last; the "
                                          "service may repeat old answers"),
                                        unit->name));
    }
    if (state->registers.left_imprint_mode == state->imprint) {
        g_ptr_array_add(state->warnings,
                        g_strdup_printf(_("%s: signed and unsigned answers disagree on imprint "
                                          "mode"),
                                        unit->name));
    }
    tke_unit_set_remembered(unit, now);
}

static gpointer
copy_admin(gconstpointer admin, gpointer user)
{
    (void) user;
    return tke_unit_admin_copy(admin);
}

bool
tke_unit_query_step_verify(TkeUnitQuery *query, TkeKnownModules *known, GError **error)
{
    TkeUnitState *state = query->state;
    TkeUnit *unit = query->unit;
    const uint8_t *output = NULL;
    size_t len = 0;

    if (!check_answers(query, error) || !verify_chain(query, known, error) ||
        !verify_answers(query, error) || !take_control_points(query, error)) {
        return false;
    }
    state->identity = query->attributes->response->identity;
    state->registers = query->info->info;
    if (query->current_vp != NULL) {
        state->vps_signed =
            check_pattern(query, query->current_vp, state->registers.current_vp,
                          state->registers.current_state != TKE_REGISTER_EMPTY, error) &&
            check_pattern(query, query->new_vp, state->registers.new_vp,
                          state->registers.new_state != TKE_REGISTER_EMPTY, error);
        if (!state->vps_signed) {
            return false;
        }
    }
    output = tke_unit_ask_get_output(query->attributes, &len);
    tke_attribute_parse(output, len, &state->attributes, NULL);
    state->imprint = state->attributes.value[TKE_ATTRIBUTE_SIGN_THR] == 0;
    take_admins(query);
    warn_of_changes(query);

    unit->trust = TKE_UNIT_VERIFIED;
    g_clear_error(&unit->refusal);
    unit->attributes = state->attributes;
    unit->has_attributes = true;
    g_clear_pointer(&unit->admins, g_ptr_array_unref);
    if ((query->flags & TKE_UNIT_QUERY_NO_NAMES) == 0) {
        unit->admins = g_ptr_array_copy(state->admins, (GCopyFunc) copy_admin, NULL);
        g_ptr_array_set_free_func(unit->admins, (GDestroyNotify) tke_unit_admin_free);
    }
    return true;
}
