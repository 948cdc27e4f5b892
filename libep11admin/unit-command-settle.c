/*
 * After a lost answer: which of the two states is the unit in? (crypto-unit-protocol.md, 1.12, 2.7;
 * annex C, 17)
 *
 * A signed answer with a counter below that of the command shows that it was not done. Otherwise
 * somebody's command with that counter was done, and what the unit holds shows whether it was ours.
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
    uint8_t instance[TKE_ADMIN_DOMAIN_LEN]; /* of the domain, before */
    GPtrArray *asks;                        /* owned */
    TkeUnitAsk *attributes, *admins, *current_vp, *new_vp, *info;
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

static Settling *
settling_new(TkeUnitCommand *command)
{
    Settling *settling = g_new0(Settling, 1);

    settling->command = command;
    settling->asks = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_ask_free);
    memcpy(settling->instance, command->identity.domain, sizeof settling->instance);
    settling->attributes = add_query(settling, TKE_ADMIN_QUERY_ATTRIBUTES);
    switch (command->code) {
    case TKE_ADMIN_ADD_ADMIN:
    case TKE_ADMIN_REMOVE_ADMIN:
    case TKE_ADMIN_ZEROIZE:
        settling->admins = add_query(settling, TKE_ADMIN_QUERY_ADMINS);
        break;
    case TKE_ADMIN_FINALIZE_WK:
    case TKE_ADMIN_CLEAR_WK:
        settling->current_vp = add_query(settling, TKE_ADMIN_QUERY_WK);
        break;
    case TKE_ADMIN_IMPORT_WK:
    case TKE_ADMIN_CLEAR_NEW_WK:
        settling->new_vp = add_query(settling, TKE_ADMIN_QUERY_NEW_WK);
        break;
    case TKE_ADMIN_COMMIT_WK:
        settling->info = tke_unit_ask_new_info(command->unit);
        g_ptr_array_add(settling->asks, settling->info);
        break;
    default:
        break;
    }
    return settling;
}

/* Pattern in the answer; zeros for an empty register, which some modules report as a refusal. */
static bool
read_vp(const TkeUnitAsk *ask, uint8_t vp[static TKE_VP_LEN])
{
    memset(vp, 0, TKE_VP_LEN);
    return ask->response->return_code != 0 || tke_admin_response_get_vp(ask->response, vp, NULL);
}

static bool
is_empty(const TkeUnitAsk *ask)
{
    static const uint8_t none[TKE_VP_LEN];
    uint8_t vp[TKE_VP_LEN];

    return read_vp(ask, vp) && memcmp(vp, none, sizeof none) == 0;
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
    uint8_t vp[TKE_VP_LEN];

    switch (command->code) {
    case TKE_ADMIN_ADD_ADMIN:
        return has_named_admin(settling);
    case TKE_ADMIN_REMOVE_ADMIN:
        return !has_named_admin(settling);
    case TKE_ADMIN_SET_ATTRIBUTES:
        return has_thresholds(settling);
    case TKE_ADMIN_IMPORT_WK:
        return !is_empty(settling->new_vp);
    case TKE_ADMIN_COMMIT_WK:
        return settling->info->info.new_state == TKE_REGISTER_FULL_COMMITTED;
    case TKE_ADMIN_FINALIZE_WK:
        return read_vp(settling->current_vp, vp) && tke_digest_vp_equal(vp, command->payload->data);
    case TKE_ADMIN_CLEAR_WK:
        return is_empty(settling->current_vp);
    case TKE_ADMIN_CLEAR_NEW_WK:
        return is_empty(settling->new_vp);
    case TKE_ADMIN_ZEROIZE:
        return was_zeroized(settling);
    default:
        return true; /* the counter alone tells */
    }
}

static bool
settle_one(Settling *settling, GError **error)
{
    TkeUnitCommand *command = settling->command;
    const TkeUnitIdentity *seen = NULL;
    bool done = false;

    for (guint i = 0; i < settling->asks->len; i++) {
        if (!tke_unit_ask_verify(g_ptr_array_index(settling->asks, i), error)) {
            return false;
        }
    }
    if (!tke_admin_response_check_done(settling->attributes->response, error)) {
        tke_unit_name_error(command->unit, error);
        return false;
    }
    seen = &settling->attributes->response->identity;
    if (memcmp(seen->domain, settling->instance, sizeof settling->instance) != 0) {
        /* Another instance: zeroized, by us if that was the command. */
        done = command->code == TKE_ADMIN_ZEROIZE;
    } else {
        done = memcmp(seen->counter, command->identity.counter, sizeof seen->counter) >= 0 &&
               has_effect(settling);
    }
    command->outcome = done ? TKE_UNIT_OUTCOME_FOUND_DONE : TKE_UNIT_OUTCOME_FOUND_NOT_DONE;
    if (done) {
        tke_unit_command_apply(command);
    }
    return true;
}

bool
tke_unit_command_settle(TkeUnitTransport *transport, TkeUnitCommand *const *commands, size_t n,
                        GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify) settling_free);
    g_autoptr(GPtrArray) asks = g_ptr_array_new();
    g_autoptr(GError) first = NULL;

    for (size_t i = 0; i < n; i++) {
        if (commands[i]->outcome == TKE_UNIT_OUTCOME_UNKNOWN) {
            Settling *settling = settling_new(commands[i]);

            g_ptr_array_add(all, settling);
            for (guint j = 0; j < settling->asks->len; j++) {
                g_ptr_array_add(asks, g_ptr_array_index(settling->asks, j));
            }
        }
    }
    if (!tke_unit_ask_run(transport, asks, cancellable, error)) {
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
