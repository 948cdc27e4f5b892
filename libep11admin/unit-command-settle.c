/*
 * After a lost answer, or a refusal: which of the two states is the unit in?
 * (crypto-unit-protocol.md, 1.12, 2.7; annex C, 17)
 *
 * A signed answer with a counter below that of the command shows that it was not done. Otherwise
 * somebody's command with that counter was done, and what the unit holds shows whether it was ours.
 *
 * A refusal is signed, but bears no mark of the command: whoever stands between can have got it
 * from the unit with a command of the same kind of their own, before they delivered ours. So it is
 * believed once the unit shows a counter that the command has not reached, which costs one query.
 *
 * Queries bear no mark of the moment either: all answers about one unit show the same instance and
 * counter, or nothing is settled.
 *
 * Whose key is in a register no pattern tells. An import is for the importer key that its load has
 * made: where the unit has done exactly the command with that counter since, a key that is there
 * is ours; where it has done more, it may be somebody else's.
 */
#include "libep11admin/unit-command.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/digest.h"
#include "libep11admin/unit-ask.h"
#include "libep11admin/unit-command-private.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-private.h"

typedef struct Settling {
    TkeUnitCommand *command;
    bool refused;                                     /* the answer says so */
    uint8_t instance[TKE_ADMIN_DOMAIN_LEN];           /* of the domain, before */
    GPtrArray *asks;                                  /* owned */
    TkeUnitAsk *attributes, *admins, *pattern, *info; /* the last three: of the effect, or NULL */
    uint8_t vp[TKE_VP_LEN];                           /* of the register; zeros: empty */
} Settling;

static void
settling_free(Settling *settling)
{
    g_ptr_array_unref(settling->asks);
    g_free(settling);
}

static TkeUnitAsk *
add_query(Settling *settling, TkeAdminCommand query)
{
    TkeUnitAsk *ask = tke_unit_ask_new(settling->command->unit, query, NULL, 0);

    g_ptr_array_add(settling->asks, ask);
    return ask;
}

/* What shows whether the command had its effect. */
static void
ask_for_effect(Settling *settling)
{
    switch (settling->command->code) {
    case TKE_ADMIN_ADD_ADMIN:
    case TKE_ADMIN_REMOVE_ADMIN:
    case TKE_ADMIN_ZEROIZE:
        settling->admins = add_query(settling, TKE_ADMIN_QUERY_ADMINS);
        break;
    case TKE_ADMIN_FINALIZE_WK:
    case TKE_ADMIN_CLEAR_WK:
        settling->pattern = add_query(settling, TKE_ADMIN_QUERY_WK);
        break;
    case TKE_ADMIN_IMPORT_WK:
    case TKE_ADMIN_CLEAR_NEW_WK:
        settling->pattern = add_query(settling, TKE_ADMIN_QUERY_NEW_WK);
        break;
    case TKE_ADMIN_COMMIT_WK:
        settling->info = tke_unit_ask_new_info(settling->command->unit);
        g_ptr_array_add(settling->asks, settling->info);
        break;
    default:
        break;
    }
}

static Settling *
settling_new(TkeUnitCommand *command)
{
    Settling *settling = g_new0(Settling, 1);

    settling->command = command;
    settling->refused = command->refused;
    settling->asks = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_ask_free);
    memcpy(settling->instance, command->identity.domain, sizeof settling->instance);
    settling->attributes = add_query(settling, TKE_ADMIN_QUERY_ATTRIBUTES);
    if (!settling->refused) {
        ask_for_effect(settling);
    }
    return settling;
}

static bool
is_empty(const Settling *settling)
{
    static const uint8_t none[TKE_VP_LEN];

    return memcmp(settling->vp, none, sizeof none) == 0;
}

static bool
lists_admin(const TkeUnitAsk *ask, const uint8_t *ski)
{
    const uint8_t *skis = NULL;
    size_t n = 0;

    if (!tke_admin_response_get_skis(ask->response, &skis, &n, NULL)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (memcmp(skis + i * TKE_SKI_LEN, ski, TKE_SKI_LEN) == 0) {
            return true;
        }
    }
    return false;
}

/* The administrator that an add or a remove names, found in the list. */
static bool
has_named_admin(const Settling *settling)
{
    const GByteArray *payload = settling->command->payload;
    uint8_t ski[TKE_SKI_LEN] = { 0 };

    if (settling->command->code == TKE_ADMIN_REMOVE_ADMIN) {
        return lists_admin(settling->admins, payload->data);
    }
    return tke_unit_command_get_added_ski(settling->command, ski) &&
           lists_admin(settling->admins, ski);
}

static bool
has_thresholds(const Settling *settling)
{
    TkeAttributes wanted = { 0 };
    TkeAttributes found = { 0 };
    const GByteArray *payload = settling->command->payload;
    size_t len = 0;
    const uint8_t *output = tke_unit_ask_get_output(settling->attributes, &len);

    tke_attribute_parse(payload->data, payload->len, &wanted, NULL);
    tke_attribute_parse(output, len, &found, NULL);
    return found.value[TKE_ATTRIBUTE_SIGN_THR] == wanted.value[TKE_ATTRIBUTE_SIGN_THR] &&
           found.value[TKE_ATTRIBUTE_REVOKE_THR] == wanted.value[TKE_ATTRIBUTE_REVOKE_THR];
}

static bool
was_zeroized(const Settling *settling)
{
    TkeAttributes found = { 0 };
    size_t len = 0;
    const uint8_t *output = tke_unit_ask_get_output(settling->attributes, &len);
    const uint8_t *skis = NULL;
    size_t n = 0;

    tke_attribute_parse(output, len, &found, NULL);
    return found.value[TKE_ATTRIBUTE_SIGN_THR] == 0 &&
           tke_admin_response_get_skis(settling->admins->response, &skis, &n, NULL) && n == 0;
}

/* Whether the unit holds what the command was to bring about. */
static bool
has_effect(const Settling *settling)
{
    const TkeUnitCommand *command = settling->command;

    switch (command->code) {
    case TKE_ADMIN_ADD_ADMIN:
        return has_named_admin(settling);
    case TKE_ADMIN_REMOVE_ADMIN:
        return !has_named_admin(settling);
    case TKE_ADMIN_SET_ATTRIBUTES:
        return has_thresholds(settling);
    case TKE_ADMIN_IMPORT_WK:
        return !is_empty(settling);
    case TKE_ADMIN_COMMIT_WK:
        return settling->info->info.new_state == TKE_REGISTER_FULL_COMMITTED &&
               tke_digest_vp_equal(settling->info->info.new_vp, command->payload->data);
    case TKE_ADMIN_FINALIZE_WK:
        return tke_digest_vp_equal(settling->vp, command->payload->data);
    case TKE_ADMIN_CLEAR_WK:
        return is_empty(settling);
    case TKE_ADMIN_CLEAR_NEW_WK:
        return is_empty(settling);
    case TKE_ADMIN_ZEROIZE:
        return was_zeroized(settling);
    default:
        return true; /* the counter alone tells */
    }
}

/* The unit is another instance than the one the command was for: zeroized. */
static bool
has_other_instance(const Settling *settling)
{
    return memcmp(settling->attributes->response->identity.domain, settling->instance,
                  sizeof settling->instance) != 0;
}

/* The counter of the unit, compared with that of the command. */
static int
compare_counters(const Settling *settling)
{
    const TkeUnitIdentity *sent = &settling->command->identity;

    return memcmp(settling->attributes->response->identity.counter, sent->counter,
                  sizeof sent->counter);
}

/* Somebody's command with this counter, or a later one, was done. */
static bool
has_reached(const Settling *settling)
{
    return compare_counters(settling) >= 0;
}

/* An import, and the unit has done more than one command since. */
static bool
is_overtaken_import(const Settling *settling)
{
    return settling->command->code == TKE_ADMIN_IMPORT_WK && compare_counters(settling) > 0;
}

/*
 * A command refused because somebody else was there first: what the unit holds then is taken for
 * ours only where it cannot be anything else than what was wanted.
 */
static bool
may_be_of_somebody_else(const Settling *settling)
{
    const TkeUnitCommand *command = settling->command;

    return settling->refused && command->stale &&
           (command->code == TKE_ADMIN_GEN_IMPORTER || is_overtaken_import(settling));
}

static bool
verify_asks(const Settling *settling, GError **error)
{
    const TkeUnitIdentity *moment = NULL;

    for (guint i = 0; i < settling->asks->len; i++) {
        if (!tke_unit_ask_verify(g_ptr_array_index(settling->asks, i), error)) {
            return false;
        }
    }
    if (!tke_unit_ask_verify_done(settling->attributes, error) ||
        (settling->admins != NULL && !tke_unit_ask_verify_done(settling->admins, error))) {
        return false;
    }
    moment = &settling->attributes->response->identity;
    for (guint i = 0; i < settling->asks->len; i++) {
        g_autoptr(GError) wrong = NULL;

        if (!tke_unit_ask_check_moment(g_ptr_array_index(settling->asks, i), moment, &wrong)) {
            tke_unit_refuse(settling->command->unit, wrong);
            g_propagate_error(error, g_steal_pointer(&wrong));
            return false;
        }
    }
    return true;
}

/* A key is there, and nothing tells whose. */
static bool
has_foreign_key(const Settling *settling)
{
    return !has_other_instance(settling) && settling->pattern != NULL &&
           is_overtaken_import(settling) && !is_empty(settling);
}

/* Says so in place of what the answer says, or that it was lost: that is kept, as it counts again
 * once more is known. */
static bool
set_foreign_key(const Settling *settling, GError **error)
{
    TkeUnitCommand *command = settling->command;
    GError *said = g_steal_pointer(&command->error);

    if (settling->refused) {
        tke_unit_error_set(
            &command->error, TKE_UNIT_ERROR_PRECONDITION, tke_unit_error_get_details(said),
            _("%s; but it was given other commands since, and holds a key that may be of this one "
              "or of one of them"),
            said->message);
    } else {
        tke_unit_error_set(&command->error, TKE_UNIT_ERROR_PRECONDITION, NULL,
                           _("there is no valid answer, it was given other commands since, and it "
                             "holds a key that "
                             "may be of this one or of one of them"));
        tke_unit_name_error(command->unit, &command->error);
    }
    command->said = said;
    g_propagate_error(error, g_error_copy(command->error));
    return false;
}

/* What is found now replaces what was found before. */
static void
forget_findings(TkeUnitCommand *command)
{
    if (command->said != NULL) {
        g_clear_error(&command->error);
        command->error = g_steal_pointer(&command->said);
    }
}

static bool
take_answers(Settling *settling, GError **error)
{
    return verify_asks(settling, error) &&
           (settling->pattern == NULL ||
            tke_unit_ask_get_register(settling->pattern, settling->vp, error));
}

static void
set_outcome(const Settling *settling, bool done)
{
    TkeUnitCommand *command = settling->command;

    if (done) {
        command->outcome = TKE_UNIT_OUTCOME_FOUND_DONE;
        tke_unit_command_apply(command);
    } else if (settling->refused) {
        command->outcome = TKE_UNIT_OUTCOME_REFUSED;
        command->refusal_confirmed = true;
    } else {
        command->outcome = TKE_UNIT_OUTCOME_FOUND_NOT_DONE;
    }
}

static bool
settle_one(Settling *settling, GError **error)
{
    TkeUnitCommand *command = settling->command;

    forget_findings(command);
    if (!take_answers(settling, error)) {
        command->outcome = TKE_UNIT_OUTCOME_UNKNOWN;
        return false;
    }
    if (has_foreign_key(settling) && !may_be_of_somebody_else(settling)) {
        command->outcome = TKE_UNIT_OUTCOME_UNKNOWN;
        return set_foreign_key(settling, error);
    }
    /* Another instance: zeroized, by us if that was the command. */
    set_outcome(settling, has_other_instance(settling)
                              ? settling->command->code == TKE_ADMIN_ZEROIZE
                              : has_reached(settling) && !may_be_of_somebody_else(settling) &&
                                    has_effect(settling));
    return true;
}

static bool
needs_settling(const TkeUnitCommand *command)
{
    return command->outcome == TKE_UNIT_OUTCOME_UNKNOWN ||
           (command->outcome == TKE_UNIT_OUTCOME_REFUSED && !command->refusal_confirmed);
}

/* The queries of all that have not been sent yet. */
static bool
run_asks(TkeUnitTransport *transport, const GPtrArray *all, GCancellable *cancellable,
         GError **error)
{
    g_autoptr(GPtrArray) asks = g_ptr_array_new();

    for (guint i = 0; i < all->len; i++) {
        const Settling *settling = g_ptr_array_index(all, i);

        for (guint j = 0; j < settling->asks->len; j++) {
            g_ptr_array_add(asks, g_ptr_array_index(settling->asks, j));
        }
    }
    return tke_unit_ask_run(transport, asks, cancellable, error);
}

/*
 * Refused, and yet the unit's counter is not that of before: now its effect counts. What is judged
 * together is asked together: somebody else may be at work there, and the counter is asked for
 * again.
 */
static void
doubt_refusals(const GPtrArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        Settling *settling = g_ptr_array_index(all, i);

        if (settling->refused && tke_unit_ask_verify_done(settling->attributes, NULL) &&
            !has_other_instance(settling) && has_reached(settling) &&
            !may_be_of_somebody_else(settling)) {
            g_ptr_array_set_size(settling->asks, 0);
            settling->attributes = add_query(settling, TKE_ADMIN_QUERY_ATTRIBUTES);
            ask_for_effect(settling);
        }
    }
}

/* Nobody could be asked: what was refused may have been done all the same. */
static void
doubt_all(const GPtrArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const Settling *settling = g_ptr_array_index(all, i);

        settling->command->outcome = TKE_UNIT_OUTCOME_UNKNOWN;
    }
}

bool
tke_unit_command_settle(TkeUnitTransport *transport, TkeUnitCommand *const *commands, size_t n,
                        GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify) settling_free);
    g_autoptr(GError) first = NULL;

    for (size_t i = 0; i < n; i++) {
        if (needs_settling(commands[i])) {
            g_ptr_array_add(all, settling_new(commands[i]));
        }
    }
    if (!run_asks(transport, all, cancellable, error)) {
        doubt_all(all);
        return false;
    }
    doubt_refusals(all);
    if (!run_asks(transport, all, cancellable, error)) {
        doubt_all(all);
        return false;
    }
    for (guint i = 0; i < all->len; i++) {
        settle_one(g_ptr_array_index(all, i), first == NULL ? &first : NULL);
    }
    if (first != NULL) {
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
    }
    return true;
}
