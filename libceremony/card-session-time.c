/*
 * How long PINs stay open (functions 2.2, P-4; F-008).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libsmartcard/card-error.h"

#define HELD_PATIENCE_MS ((gint64) TKE_CARD_SESSION_EP11_IDLE_S * 1000)
#define NEVER_US ((gint64) 24 * 3600 * G_USEC_PER_SEC) /* looked at again after a day */

/* Microseconds until the PIN has been open too long. */
static gint64
left_us(const TkeCardSession *session, const TkeCardSlot *slot, unsigned pin)
{
    const unsigned limit_s =
        slot->status.kind == TKE_CARD_KIND_CA ? TKE_CARD_SESSION_CA_IDLE_S : session->idle_s;

    return limit_s == 0
               ? NEVER_US
               : slot->used_at[pin] + (gint64) limit_s * G_USEC_PER_SEC - g_get_monotonic_time();
}

void
tke_card_session_set_idle_s(TkeCardSession *session, unsigned seconds)
{
    session->idle_s = seconds;
}

bool
tke_card_session_is_unlocked(TkeCardSession *session, unsigned reader, uint8_t reference)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);
    unsigned i = reference == TKE_PIN_SECOND ? 1 : 0;

    return slot->card != NULL && slot->verified[i] && left_us(session, slot, i) > 0;
}

unsigned
tke_card_session_ca_seconds_left(TkeCardSession *session)
{
    TkeCardSlot *slot = tke_card_session_slot(session, 1);
    gint64 left = MIN(left_us(session, slot, 0), left_us(session, slot, 1));

    return slot->card != NULL && slot->status.kind == TKE_CARD_KIND_CA && slot->verified[0] &&
                   slot->verified[1] && left > 0
               ? (unsigned) (left / G_USEC_PER_SEC)
               : 0;
}

/* Of the PINs that are verified. */
static bool
first_lapses(const TkeCardSession *session, const TkeCardSlot *slot, gint64 *left)
{
    bool open = false;

    for (unsigned i = 0; slot->card != NULL && i < slot->status.n_pins; i++) {
        if (slot->verified[i]) {
            *left = open ? MIN(*left, left_us(session, slot, i)) : left_us(session, slot, i);
            open = true;
        }
    }
    return open;
}

/* Of two waits, -1 being none. */
static int
sooner(int a, int b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Locks the card in a reader if a PIN was open too long: both of its PINs, which are asked for
 * together. *left_ms: until one has been, -1: none is open. */
static bool
close_lapsed(TkeCardSession *session, unsigned reader, int *left_ms, GError **error)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);
    gint64 left = 0;
    bool locked;

    *left_ms = -1;
    if (!first_lapses(session, slot, &left)) {
        return true;
    }
    if (left > 0) {
        *left_ms = (int) (left / 1000) + 1;
        return true;
    }
    locked = tke_card_session_lock(session, reader, error);
    slot->lapsed = slot->card != NULL;
    return locked;
}

int
tke_card_session_close_lapsed(TkeCardSession *session)
{
    int next = -1;

    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        int left = -1;

        /* one that cannot be closed is the card's trouble */
        (void) close_lapsed(session, reader, &left, NULL);
        next = sooner(next, left);
    }
    return next;
}

bool
tke_card_session_idle(TkeCardSession *session, unsigned *locked, int *ms, GError **error)
{
    *locked = 0;
    *ms = -1;
    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        const TkeCardSlot *slot = tke_card_session_slot(session, reader);
        gint64 none = 0;
        bool open = first_lapses(session, slot, &none);
        int left = -1;

        if (!close_lapsed(session, reader, &left, error)) {
            *ms = 0;
            return false;
        }
        *ms = sooner(*ms, left);
        if (open && left < 0 && slot->card != NULL) {
            *locked = reader;
            *ms = 0;
            return true;
        }
    }
    return true;
}

bool
tke_card_session_may_wait(TkeOperation *op, int retry_ms, int *ms, GError **error)
{
    const int lapse_ms = tke_card_session_close_lapsed(tke_operation_get_card_session(op));
    g_autoptr(GError) nobody = NULL;
    int person_ms = -1;

    /* a reader that another program has will be free by itself: that needs nobody, but an end */
    if (!tke_operation_may_wait(op, &person_ms, &nobody)) {
        if (retry_ms < 0 || tke_operation_get_shown_ms(op) >= HELD_PATIENCE_MS) {
            g_propagate_error(error, g_steal_pointer(&nobody));
            return false;
        }
        person_ms = -1;
    }
    *ms = sooner(sooner(lapse_ms, retry_ms), person_ms);
    return true;
}

/* What is wrong with a card, by the word of its prompt. */
static const struct {
    const char *word;
    int code; /* TkeCardError */
} unfits[] = {
    { "wrong-kind", TKE_CARD_ERROR_WRONG_KIND },
    { "other-version", TKE_CARD_ERROR_VERSION },
    { "wrong-zone", TKE_CARD_ERROR_WRONG_ZONE },
    { "not-enrolled", TKE_CARD_ERROR_NOT_ENROLLED },
    { "not-personalised", TKE_CARD_ERROR_NOT_PERSONALISED },
    { "same-card", TKE_CARD_ERROR_SAME_CARD },
};

static bool
end_with_blocked(const TkeCardSlot *slot, unsigned reader, GError **error)
{
    const TkePinStatus *second = tke_card_status_get_pin(&slot->status, TKE_PIN_SECOND);
    const bool is_second = second != NULL && second->state == TKE_PIN_BLOCKED;

    return tke_card_session_blocked(reader, slot, is_second ? TKE_PIN_SECOND : TKE_PIN_FIRST,
                                    error);
}

bool
tke_card_session_end_wait(TkeCardSession *session, unsigned reader, const char *word,
                          const char *reason, GError *nobody, GError **error)
{
    const TkeCardSlot *slot = tke_card_session_slot(session, reader);
    g_autoptr(GError) local = nobody;
    size_t i = 0;

    while (i < G_N_ELEMENTS(unfits) && g_strcmp0(unfits[i].word, word) != 0) {
        i++;
    }
    if (g_strcmp0(word, "blocked") == 0 && slot->card != NULL) {
        return end_with_blocked(slot, reader, error);
    }
    if (i == G_N_ELEMENTS(unfits) || reason == NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    g_set_error(error, TKE_CARD_ERROR, unfits[i].code,
                _("reader %u: nobody is there to change the card: %.*s"), reader,
                (int) strlen(reason) - (g_str_has_suffix(reason, ".") ? 1 : 0), reason);
    if (error != NULL) {
        tke_card_error_set_reader(*error, reader, slot->reader_name);
    }
    return false;
}

void
tke_card_session_rest(TkeCardSession *session)
{
    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        TkeCardSlot *slot = tke_card_session_slot(session, reader);

        if (!tke_card_session_is_unlocked(session, reader, TKE_PIN_FIRST) &&
            !tke_card_session_is_unlocked(session, reader, TKE_PIN_SECOND)) {
            (void) tke_card_session_lock(session, reader, NULL); /* what was open too long */
            g_clear_pointer(&slot->card, tke_card_free);
        }
    }
}

static bool
all_verified(const TkeCardSlot *slot)
{
    bool all = true;

    for (unsigned i = 0; i < slot->status.n_pins; i++) {
        all = all && slot->verified[i];
    }
    return all;
}

TkeCard *
tke_card_session_still(TkeOperation *op, unsigned reader,
                       const uint8_t card_id[static TKE_CARD_ID_LEN], const TkeCardStatus **status,
                       GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSlot *slot = tke_card_session_slot(session, reader);
    bool same;

    (void) tke_card_session_close_lapsed(session);
    same = slot->card != NULL && memcmp(slot->status.card_id, card_id, TKE_CARD_ID_LEN) == 0 &&
           (slot->lapsed || all_verified(slot));
    if (!same && slot->trouble != NULL) {
        g_propagate_error(error, g_error_copy(slot->trouble));
        return NULL;
    }
    if (!same) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED,
                    _("reader %u: the card was taken out; put it back and start again"), reader);
        if (error != NULL) {
            tke_card_error_set_reader(*error, reader, slot->reader_name);
        }
        return NULL;
    }
    if (slot->lapsed) {
        tke_operation_note(
            op, _("Reader %u: the PIN was entered too long ago, and is asked for again."), reader);
    }
    if (!(slot->status.kind == TKE_CARD_KIND_CA
              ? tke_card_session_need_ca_pins(op, reader, false, error)
              : tke_card_session_need_pin(op, reader, TKE_PIN_FIRST, false, error))) {
        return NULL;
    }
    if (status != NULL) {
        *status = &slot->status;
    }
    return slot->card;
}
