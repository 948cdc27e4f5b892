/*
 * PINs, typed on the pad of the reader (functions 2.2, P-2 to P-4; F-005, F-006, F-007, F-052).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libsmartcard/pin-pad.h"

#define TIMEOUTS_IN_A_ROW 3u

typedef bool (*PadFunc)(TkeCard *card, uint8_t reference, GError **error);

/* What to type, in a sentence. */
static char *
pin_title(const TkeCardSlot *slot, TkePromptKind kind, uint8_t reference)
{
    g_autofree char *card = tke_card_session_card_text(&slot->status);
    bool ca = slot->status.kind == TKE_CARD_KIND_CA;
    bool second = reference == TKE_PIN_SECOND;

    if (kind == TKE_PROMPT_NEW_PIN) {
        return !ca ? g_strdup_printf(_("Type the new PIN of card %s on the pad, twice."), card)
               : second
                   ? g_strdup_printf(_("Type the new second PIN of CA card %s on the pad, twice. "
                                       "Somebody else types it than the first one."),
                                     card)
                   : g_strdup_printf(_("Type the new first PIN of CA card %s on the pad, twice."),
                                     card);
    }
    if (kind == TKE_PROMPT_CHANGE_PIN) {
        return !ca ? g_strdup_printf(
                         _("Type the old PIN of card %s on the pad, then the new one twice."), card)
                   : g_strdup_printf(
                         second ? _("Type the old second PIN of CA card %s on the pad, then "
                                    "the new one twice.")
                                : _("Type the old first PIN of CA card %s on the pad, then "
                                    "the new one twice."),
                         card);
    }
    return !ca      ? g_strdup_printf(_("Type the PIN of card %s on the pad."), card)
           : second ? g_strdup_printf(_("Type the second PIN of CA card %s on the pad."), card)
                    : g_strdup_printf(_("Type the first PIN of CA card %s on the pad."), card);
}

static void
show_pin(TkeOperation *op, unsigned reader, TkePromptKind kind, uint8_t reference,
         const char *reason_word, const char *reason)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), reader);
    const TkePinStatus *pin = tke_card_status_get_pin(&slot->status, reference);
    g_autofree char *title = pin_title(slot, kind, reference);
    g_autofree char *card = tke_card_session_card_text(&slot->status);
    TkePrompt prompt = {
        .kind = kind,
        .reader = reader,
        .reader_name = slot->text != NULL ? slot->text : "",
        .wanted = slot->status.kind == TKE_CARD_KIND_CA ? TKE_WANTED_CA : TKE_WANTED_EP11,
        .title = title,
        .reason = reason,
        .card = card,
        .reason_word = reason_word,
        .pin = tke_card_session_pin_index(reference) + 1,
        .tries_left = pin != NULL ? pin->tries_left : 0,
        .timeout_s = TKE_PIN_PAD_TIMEOUT_S,
    };

    tke_operation_show(op, &prompt);
}

/* Why an entry is to be repeated; NULL when repeating makes no sense: a PIN that was perhaps right
 * and did not arrive as it was typed (no status word) costs a try each time. */
static const char *
repeat_word(const GError *error)
{
    TkeCardErrorInfo info = { .sw = 0 };

    switch (tke_card_error_code(error)) {
    case TKE_CARD_ERROR_PIN_WRONG:
        return tke_card_error_get_info(error, &info) && info.sw != 0 ? "wrong-pin" : NULL;
    case TKE_CARD_ERROR_PIN_TIMEOUT:
        return "timeout";
    case TKE_CARD_ERROR_PIN_DIFFER:
        return "differ";
    case TKE_CARD_ERROR_PIN_LENGTH:
        return "length";
    case TKE_CARD_ERROR_PIN_EQUAL:
        return "equal";
    default:
        return NULL;
    }
}

/* Why an entry is repeated, for people. */
static const char *
repeat_text(const GError *error)
{
    return tke_card_error_code(error) == TKE_CARD_ERROR_PIN_EQUAL
               ? _("The two PINs of a CA card must be different, six digits each.")
               : error->message;
}

bool
tke_card_session_blocked(unsigned reader, const TkeCardSlot *slot, uint8_t reference,
                         GError **error)
{
    const TkePinStatus *first = tke_card_status_get_pin(&slot->status, TKE_PIN_FIRST);
    const TkePinStatus *second = tke_card_status_get_pin(&slot->status, TKE_PIN_SECOND);
    bool ca = slot->status.kind == TKE_CARD_KIND_CA;

    if (ca) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_BLOCKED,
                    first != NULL && first->state == TKE_PIN_BLOCKED && second != NULL &&
                            second->state == TKE_PIN_BLOCKED
                        ? _("reader %u: both PINs of this CA card are blocked, for good")
                    : reference == TKE_PIN_SECOND
                        ? _("reader %u: the second PIN of this CA card is blocked, for good")
                        : _("reader %u: the first PIN of this CA card is blocked, for good"),
                    reader);
    } else {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_BLOCKED,
                    _("reader %u: the PIN of this EP11 card is blocked"), reader);
    }
    if (error != NULL) {
        tke_card_error_set_pin(*error, reference, 0);
        tke_card_error_set_reader(*error, reader, slot->reader_name);
    }
    if (ca && error != NULL && !slot->status.has_zone) {
        tke_card_error_set_remedy(*error, _("It has no zone yet, so nothing is lost: start again "
                                            "with it, it starts anew."));
    } else if (ca && error != NULL) {
        tke_card_error_set_ca_card(*error);
    }
    return false;
}

/* The last try of a CA PIN is only used after a warning (F-007). */
static bool
warn_last_try(TkeOperation *op, unsigned reader, const TkeCardSlot *slot, uint8_t reference,
              GError **error)
{
    const TkePinStatus *pin = tke_card_status_get_pin(&slot->status, reference);
    g_autofree char *card = tke_card_session_card_text(&slot->status);
    g_autofree char *title =
        g_strdup_printf(reference == TKE_PIN_SECOND
                            ? _("Reader %u: one try is left for the second PIN of CA card “%s”.")
                            : _("Reader %u: one try is left for the first PIN of CA card “%s”."),
                        reader, card);
    const char *lines[] = { _("Stop here and ask the holder, unless the PIN is certain."), NULL };
    TkePlan plan = {
        .action = "last-try",
        .title = title,
        .lines = lines,
        .consequence = _("A wrong entry now makes this CA card useless for good."),
        .default_no = true,
        .by_person = true,
    };

    return slot->status.kind != TKE_CARD_KIND_CA || pin == NULL || pin->tries_left != 1 ||
           tke_operation_confirm(op, &plan, error);
}

/* Before anybody is asked to type: a reader that cannot take PINs is no place to wait at
 * (E-C18). */
static bool
need_pad(TkeCardSession *session, TkeCard *card, GError **error)
{
    TkePinPad pad;
    g_autoptr(GError) local = NULL;

    if (tke_pin_pad_query(card, &pad, &local)) {
        return true;
    }
    tke_card_session_settle(session, local);
    g_propagate_error(error, g_steal_pointer(&local));
    return false;
}

bool
tke_card_session_need_keypad(TkeOperation *op, unsigned reader, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    g_autoptr(TkeReaders) readers = NULL;
    g_autoptr(GError) local = NULL;
    const TkeReaderInfo *info;
    TkeCard *card;
    TkePinPad pad;

    if (tke_operation_is_dry_run(op)
            ? !tke_card_session_look(op, &readers, error)
            : !tke_card_session_look_identified(op, reader, &readers, NULL, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op) && readers->unclear && readers->reader[reader - 1] == NULL) {
        return true; /* who needs a card there tells that */
    }
    info = tke_readers_get(readers, reader, error);
    if (info == NULL) {
        return false;
    }
    card = tke_card_session_get(session, reader, NULL);
    if (card != NULL ? tke_pin_pad_query(card, &pad, &local)
                     : tke_pin_pad_query_reader(session->source, info->name, &pad, &local)) {
        return true;
    }
    if (tke_card_error_code(local) != TKE_CARD_ERROR_NO_PIN_PAD) {
        return true; /* whatever it is, it shows again where the card is asked for */
    }
    tke_card_error_set_reader(local, reader, info->name);
    g_propagate_error(error, g_steal_pointer(&local));
    return false;
}

/* Whoever wants to stop and presses the cancel key, as the program says, has stopped; there is
 * nothing to repeat. */
static void
take_as_stop(TkeOperation *op, GError **error)
{
    g_autoptr(GError) stopped = NULL;

    if (tke_card_error_code(*error) == TKE_CARD_ERROR_PIN_CANCELLED &&
        !tke_operation_check(op, &stopped)) {
        g_clear_error(error);
        *error = g_steal_pointer(&stopped);
    }
}

/* One entry. What the pad says is not taken on trust: what has come of it is what the card says. */
static bool
enter(TkeOperation *op, TkeCardSlot *slot, uint8_t reference, PadFunc func, GError **error)
{
    TkeCardStatus status = slot->status;
    g_autoptr(GError) told = NULL;
    bool belied = false;
    bool done = false;

    (void) func(slot->card, reference, &told);
    done = tke_pin_pad_judge(slot->card, reference, told, &status, &belied, error);
    tke_card_session_take_status(slot, &status);
    if (done && told != NULL && !belied) {
        tke_operation_note(op,
                           _("Reader %s: the exchange with the keypad broke off, but the card "
                             "shows that the entry was done. If it happens again, “tke reader "
                             "acceptance-test” tells what is wrong with the reader."),
                           slot->text != NULL ? slot->text : tke_card_get_reader_name(slot->card));
    }
    if (belied) {
        tke_operation_note(
            op,
            done ? _("Reader %s: the keypad said that the entry failed, but the card shows that "
                     "it was done. “tke reader acceptance-test” tells what is wrong with the "
                     "reader.")
                 : _("Reader %s: the keypad said something else, but the card has counted a "
                     "wrong entry. “tke reader acceptance-test” tells what is wrong with the "
                     "reader."),
            slot->text != NULL ? slot->text : tke_card_get_reader_name(slot->card));
    }
    return done;
}

/* Before the first entry. */
static bool
prepare(TkeOperation *op, unsigned reader, TkePromptKind kind, uint8_t reference, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSlot *slot = tke_card_session_slot(session, reader);
    g_autoptr(GError) local = NULL;

    if (!need_pad(session, slot->card, error)) {
        return false;
    }
    if (!tke_card_session_close_pin(slot, reference, &local)) {
        tke_card_session_settle(session, local);
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    return kind == TKE_PROMPT_NEW_PIN ||
           slot->status.pins[tke_card_session_pin_index(reference)].state != TKE_PIN_BLOCKED ||
           tke_card_session_blocked(reader, slot, reference, error);
}

/* Asks on the pad until it worked, or must not be repeated. */
static bool
ask_pad(TkeOperation *op, unsigned reader, TkePromptKind kind, uint8_t reference, PadFunc func,
        GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSlot *slot = tke_card_session_slot(session, reader);
    g_autoptr(GError) last = NULL;
    unsigned timeouts = 0;

    if (!prepare(op, reader, kind, reference, error)) {
        return false;
    }
    for (;;) {
        g_autoptr(GError) local = NULL;
        const char *word = repeat_word(last);

        if (kind != TKE_PROMPT_NEW_PIN && !warn_last_try(op, reader, slot, reference, error)) {
            tke_operation_hide(op);
            return false;
        }
        show_pin(op, reader, kind, reference, word, last != NULL ? repeat_text(last) : NULL);
        session->counts.pins++;
        if (tke_operation_check(op, &local) && enter(op, slot, reference, func, &local)) {
            tke_operation_hide(op);
            return true;
        }
        if (tke_card_error_code(local) == TKE_CARD_ERROR_PIN_BLOCKED) {
            tke_operation_hide(op);
            return tke_card_session_blocked(reader, slot, reference,
                                            error); /* says which card and PIN it is */
        }
        timeouts = tke_card_error_code(local) == TKE_CARD_ERROR_PIN_TIMEOUT ? timeouts + 1 : 0;
        if (repeat_word(local) == NULL || timeouts == TIMEOUTS_IN_A_ROW) {
            tke_operation_hide(op);
            tke_card_session_settle(session, local);
            take_as_stop(op, &local);
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
        g_clear_error(&last);
        last = g_steal_pointer(&local);
    }
}

/* The pad of a dry run: what it would ask for, unless that is refused already. */
static bool
tell_entry(TkeOperation *op, unsigned reader, TkePromptKind kind, uint8_t reference, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSlot *slot = tke_card_session_slot(session, reader);
    const TkePinStatus *pin = &slot->status.pins[tke_card_session_pin_index(reference)];
    g_autofree char *title = pin_title(slot, kind, reference);

    if (!need_pad(session, slot->card, error)) {
        return false;
    }
    if (kind != TKE_PROMPT_NEW_PIN && pin->state == TKE_PIN_BLOCKED) {
        return tke_card_session_blocked(reader, slot, reference, error);
    }
    tke_operation_note(op, _("Reader %u would ask: “%s”"), reader, title);
    if (kind != TKE_PROMPT_NEW_PIN) {
        tke_operation_note(op, ngettext("%u try is left.", "%u tries are left.", pin->tries_left),
                           pin->tries_left);
    }
    return true;
}

static void
note_verified(TkeCardSlot *slot, uint8_t reference)
{
    unsigned i = tke_card_session_pin_index(reference);

    slot->verified[i] = true;
    slot->lapsed = false;
    slot->used_at[i] = g_get_monotonic_time();
    slot->status.pins[i].state = TKE_PIN_VERIFIED;
    slot->status.pins[i].tries_left =
        slot->status.kind == TKE_CARD_KIND_CA ? TKE_PIN_TRIES_CA : TKE_PIN_TRIES_EP11;
}

bool
tke_card_session_need_pin(TkeOperation *op, unsigned reader, uint8_t reference, bool fresh,
                          GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSlot *slot = tke_card_session_slot(session, reader);
    const TkePinStatus *pin = tke_card_status_get_pin(&slot->status, reference);

    if (!tke_operation_check(op, error)) {
        return false;
    }
    if (slot->card == NULL || pin == NULL) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED,
                    _("reader %u: the card was taken out"), reader);
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        return (!fresh && tke_card_session_is_unlocked(session, reader, reference)) ||
               tell_entry(op, reader, TKE_PROMPT_ENTER_PIN, reference, error);
    }
    if (!fresh && tke_card_session_is_unlocked(session, reader, reference)) {
        slot->used_at[tke_card_session_pin_index(reference)] = g_get_monotonic_time();
        return true;
    }
    if (!ask_pad(op, reader, TKE_PROMPT_ENTER_PIN, reference, tke_pin_pad_verify, error)) {
        return false;
    }
    note_verified(slot, reference);
    return true;
}

/* Before the first of the two is typed, because closing one may close both. */
static bool
close_ca_pins(TkeOperation *op, unsigned reader, bool fresh, GError **error)
{
    static const uint8_t references[] = { TKE_PIN_FIRST, TKE_PIN_SECOND };
    TkeCardSession *session = tke_operation_get_card_session(op);
    g_autoptr(GError) local = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(references); i++) {
        if ((fresh || !tke_card_session_is_unlocked(session, reader, references[i])) &&
            !tke_card_session_close_pin(tke_card_session_slot(session, reader), references[i],
                                        &local)) {
            tke_card_session_settle(session, local);
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
    }
    return true;
}

bool
tke_card_session_need_ca_pins(TkeOperation *op, unsigned reader, bool fresh, GError **error)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), reader);
    const TkePinStatus *second = tke_card_status_get_pin(&slot->status, TKE_PIN_SECOND);
    const TkePinStatus *first = tke_card_status_get_pin(&slot->status, TKE_PIN_FIRST);

    /* Nobody types one PIN for a card that the other has made useless (E-C10). */
    if (slot->card != NULL && second != NULL && second->state == TKE_PIN_BLOCKED && first != NULL &&
        first->state != TKE_PIN_BLOCKED) {
        return tke_card_session_blocked(reader, slot, TKE_PIN_SECOND, error);
    }
    if (tke_operation_is_dry_run(op)) {
        return tke_card_session_need_pin(op, reader, TKE_PIN_FIRST, fresh, error) &&
               tke_card_session_need_pin(op, reader, TKE_PIN_SECOND, fresh, error);
    }
    if (slot->card != NULL && second != NULL && !close_ca_pins(op, reader, fresh, error)) {
        return false;
    }
    return tke_card_session_need_pin(op, reader, TKE_PIN_FIRST, false, error) &&
           tke_card_session_need_pin(op, reader, TKE_PIN_SECOND, false, error);
}

bool
tke_card_session_set_pin(TkeOperation *op, unsigned reader, uint8_t reference, GError **error)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), reader);

    if (tke_operation_is_dry_run(op)) {
        return tell_entry(op, reader, TKE_PROMPT_NEW_PIN, reference, error) &&
               tke_operation_may_change(op, error);
    }
    if (!ask_pad(op, reader, TKE_PROMPT_NEW_PIN, reference, tke_pin_pad_set, error)) {
        return false;
    }
    note_verified(slot, reference);
    return true;
}

bool
tke_card_session_change_pin(TkeOperation *op, unsigned reader, uint8_t reference, GError **error)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), reader);

    if (tke_operation_is_dry_run(op)) {
        return tell_entry(op, reader, TKE_PROMPT_CHANGE_PIN, reference, error) &&
               tke_operation_may_change(op, error);
    }
    if (!ask_pad(op, reader, TKE_PROMPT_CHANGE_PIN, reference, tke_pin_pad_change, error)) {
        return false;
    }
    note_verified(slot, reference);
    if (slot->status.kind == TKE_CARD_KIND_CA) {
        slot->verified[1 - tke_card_session_pin_index(reference)] =
            false; /* the card compared with the other PIN */
    }
    return true;
}
