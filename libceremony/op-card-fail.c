/*
 * The end of an operation on cards that has failed: told and recorded.
 */
#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#include "libceremony/card-session-private.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/op-card.h"
#include "libceremony/record.h"
#include "libsmartcard/card-error.h"

/*
 * After a card was lost, or answered what cannot be, in the middle of a step the operator wants to
 * know what became of it.
 */
static bool
needs_state(const GError *error)
{
    return tke_card_error_code(error) == TKE_CARD_ERROR_PROTOCOL ||
           tke_card_error_is_outcome_unknown(error);
}

/* What comes next is in the message: a general advice beside it would say something else. */
static void
say_only_once(GError *error)
{
    TkeCardErrorInfo info;

    if (tke_card_error_get_info(error, &info) && info.remedy != NULL) {
        return; /* it has a word of its own about this */
    }
    switch (tke_card_error_code(error)) {
    case TKE_CARD_ERROR_REMOVED:
    case TKE_CARD_ERROR_RESET:
    case TKE_CARD_ERROR_COMMUNICATION:
        tke_card_error_set_remedy(error, _("Insert the card again, then go on as it says here."));
        break;
    default:
        break;
    }
}

bool
tke_op_card_end_dry_run(TkeOperation *op, GError **error)
{
    if (error != NULL && g_error_matches(*error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_DRY_RUN)) {
        g_clear_error(error);
        return true;
    }
    tke_card_session_settle(tke_operation_get_card_session(op), error != NULL ? *error : NULL);
    return false;
}

bool
tke_op_card_may_be_done(GError *const *error)
{
    TkeCardErrorInfo info;

    return error == NULL || !(g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
                              (tke_card_error_get_info(*error, &info) && info.sw != 0));
}

bool
tke_op_card_fail(TkeOperation *op, const char *action, unsigned reader, const char *next,
                 GError **error)
{
    return tke_op_card_fail_known(op, action, reader, next, NULL, false, error);
}

bool
tke_op_card_fail_partly(TkeOperation *op, const char *action, unsigned reader, const char *next,
                        JsonObject *done, GError **error)
{
    return tke_op_card_fail_known(op, action, reader, next, done, done != NULL, error);
}

bool
tke_op_card_fail_known(TkeOperation *op, const char *action, unsigned reader, const char *next,
                       JsonObject *known, bool changed, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    g_autoptr(JsonObject) values = known != NULL ? known : json_object_new();
    const TkeCardStatus *status = NULL;

    if (!json_object_has_member(values, "card") &&
        tke_card_session_get(session, reader, &status) != NULL) {
        tke_record_card(values, "card", status);
    }
    if (error == NULL || *error == NULL) {
        return false;
    }
    tke_card_session_settle(session, *error);
    if (changed || tke_card_session_shakes_belief(*error)) {
        tke_card_session_drop(session, reader); /* its status has changed, whoever failed */
    }
    if (needs_state(*error) && next != NULL) {
        g_autofree char *old = (*error)->message;

        (*error)->message = g_strdup_printf("%s; %s", old, next);
        say_only_once(*error);
    }
    if (changed || !g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        tke_record_failed(op, action, g_steal_pointer(&values), *error);
    }
    return false;
}
