/*
 * What PINs have opened is closed again (functions 2.2, P-2; F-006).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libsmartcard/pin-pad.h"

void
tke_card_session_take_status(TkeCardSlot *slot, const TkeCardStatus *status)
{
    slot->status = *status;
    for (unsigned i = 0; i < status->n_pins; i++) {
        slot->verified[i] = slot->verified[i] && status->pins[i].state == TKE_PIN_VERIFIED;
    }
}

bool
tke_card_session_close_pin(TkeCardSlot *slot, uint8_t reference, GError **error)
{
    TkeCardStatus status = { 0 };

    slot->verified[tke_card_session_pin_index(reference)] = false;
    if (!tke_pin_pad_close(slot->card, reference, &status, error)) {
        memset(slot->verified, 0, sizeof slot->verified);
        return false;
    }
    tke_card_session_take_status(slot, &status);
    return true;
}

/* The card has lost its power, or its PINs otherwise. */
static bool
is_closed_anyway(const GError *why)
{
    switch (tke_card_error_code(why)) {
    case TKE_CARD_ERROR_NO_READER:
    case TKE_CARD_ERROR_NO_CARD:
    case TKE_CARD_ERROR_REMOVED:
    case TKE_CARD_ERROR_RESET:
        return true;
    default:
        return false;
    }
}

/* Only a person can help: without power no PIN stays open. */
static GError *
left_open(const TkeCardSlot *slot, unsigned reader, const GError *why)
{
    const int code = tke_card_error_code(why);
    GError *made =
        g_error_new(TKE_CARD_ERROR,
                    code != -1 && code != TKE_CARD_ERROR_IN_USE ? code : TKE_CARD_ERROR_PROTOCOL,
                    _("reader %u: take the card out now: its PIN could not be closed "
                      "and may still be open (%s)"),
                    reader, why->message);

    tke_card_error_set_reader(made, reader, slot->reader_name);
    tke_card_error_set_remedy(made, _("Take the card out of the reader: without power no PIN stays "
                                      "open. It is not used any more until it is put in again."));
    return made;
}

bool
tke_card_session_lock(TkeCardSession *session, unsigned reader, GError **error)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);

    for (unsigned i = 0; slot->card != NULL && i < slot->status.n_pins; i++) {
        g_autoptr(GError) why = NULL;
        GError *told = NULL;

        if (!slot->verified[i] ||
            tke_card_session_close_pin(slot, slot->status.pins[i].reference, &why)) {
            continue;
        }
        if (is_closed_anyway(why)) {
            tke_card_session_drop(session, reader); /* whatever the card is, it is not that */
            return true;
        }
        told = left_open(slot, reader, why);
        g_propagate_error(error, g_error_copy(told));
        tke_card_session_give_up(session, reader, told);
        return false;
    }
    return true;
}

void
tke_card_session_lock_told(TkeOperation *op, unsigned reader)
{
    g_autoptr(GError) error = NULL;

    if (!tke_card_session_lock(tke_operation_get_card_session(op), reader, &error)) {
        tke_operation_note(op, "%s", error->message);
    }
}
