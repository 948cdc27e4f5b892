/*
 * What is best done right after a PIN of a CA card was changed: the other PIN, and those of backups
 * (functions 2.5).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/card-session-private.h"
#include "libceremony/op-card-pin.h"

/* It is left for later: by the answer, by the cancel key, or because nobody is there any more. */
static bool
is_left(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
           g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE) ||
           tke_card_error_code(error) == TKE_CARD_ERROR_PIN_CANCELLED ||
           tke_card_error_code(error) == TKE_CARD_ERROR_PIN_TIMEOUT;
}

/* The first of two answers is wanted; the second one, "later", is proposed. */
static bool
ask(TkeOperation *op, const char *what, const char *title, const char *now_text,
    const char *later_text, bool *wanted, GError **error)
{
    const char *const columns[] = { _("What is to be done"), NULL };
    const char *const now[] = { now_text, NULL };
    const char *const later[] = { later_text, NULL };
    const char *const *const rows[] = { now, later, NULL };
    const TkeChoice choice = { .what = what,
                               .title = title,
                               .columns = columns,
                               .rows = rows,
                               .n_rows = 2,
                               .default_row = 2 };
    unsigned index = 0;

    if (!tke_operation_choose(op, &choice, &index, error)) {
        return false;
    }
    *wanted = index == 0;
    return true;
}

bool
tke_op_card_offer_other_pin(TkeOperation *op, unsigned changed, bool *entered, TkeCardStatus *card,
                            GError **error)
{
    const uint8_t reference = changed == 2 ? TKE_PIN_FIRST : TKE_PIN_SECOND;
    const TkeCardStatus *status = NULL;
    g_autoptr(GError) local = NULL;
    bool wanted = false;

    *entered = false;
    if (ask(op, "other-pin",
            reference == TKE_PIN_SECOND
                ? _("The second PIN of the card has one try less. Is it to be entered now, "
                    "which gives it its tries back?")
                : _("The first PIN of the card has one try less. Is it to be entered now, "
                    "which gives it its tries back?"),
            _("Enter it now"), _("Leave it for later"), &wanted, &local) &&
        wanted && tke_card_session_need_pin(op, 1, reference, false, &local) &&
        tke_card_session_query_status(op, 1, &status, &local)) {
        *entered = true;
    } else if (wanted) { /* with the tries that wrong entries have cost */
        (void) tke_card_session_get(tke_operation_get_card_session(op), 1, &status);
    }
    if (status != NULL) {
        *card = *status;
    }
    if (*entered || local == NULL || is_left(local)) {
        return true;
    }
    tke_card_session_settle(tke_operation_get_card_session(op), local);
    g_propagate_prefixed_error(error, g_steal_pointer(&local),
                               _("the PIN was changed, but the other one was not entered: "));
    return false;
}

bool
tke_op_card_offer_backup_pin(TkeOperation *op, bool *wanted, GError **error)
{
    g_autoptr(GError) local = NULL;

    *wanted = false;
    if (ask(op, "backup-pin",
            _("Backups of this card keep their own PINs. Is a PIN of a backup to be changed now?"),
            _("Change it now"), _("Leave it for later"), wanted, &local) ||
        is_left(local)) {
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return false;
}

bool
tke_op_card_change_backup_pin(TkeOperation *op, unsigned pin, const TkeCardStatus *changed,
                              unsigned n_changed, TkeCardStatus *card, bool *done, GError **error)
{
    g_autofree uint8_t *others = g_malloc0_n(n_changed, TKE_CARD_ID_LEN);
    const TkeCardChangePinParams params = {
        .reader = 1,
        .pin = pin,
        .title = _("Insert the backup of the CA card."),
        .zone_id = changed[0].zone_id,
        .other_than = others,
        .n_other_than = n_changed,
    };
    g_autoptr(GError) local = NULL;

    for (unsigned i = 0; i < n_changed; i++) {
        memcpy(others + (size_t) i * TKE_CARD_ID_LEN, changed[i].card_id, TKE_CARD_ID_LEN);
    }
    *done = tke_op_card_change_pin(op, &params, card, &local);
    if (*done || is_left(local)) {
        return true;
    }
    g_propagate_prefixed_error(error, g_steal_pointer(&local),
                               _("the PIN of the first card was changed; of the backup: "));
    return false;
}
