/*
 * What has come of a PIN entry: the card decides, not the keypad (card-protocol.md, sections 4 and
 * 6.1). An entry that was right leaves its PIN verified, a wrong one costs a try; so a PIN is
 * closed before.
 */
#include <glib/gi18n-lib.h>

#include "libsmartcard/card-private.h"
#include "libsmartcard/pin-pad.h"
#include "libsmartcard/status-word.h"

#define SW_TRIES 0x63C0u

/* ---- before an entry ---- */

static bool
is_open(const TkeCardStatus *status, uint8_t reference)
{
    const TkePinStatus *pin = tke_card_status_get_pin(status, reference);

    return pin != NULL && pin->state == TKE_PIN_VERIFIED;
}

/* Refused or not: what has come of it is looked at. False: the card cannot be asked any more. */
static bool
close_by_command(TkeCard *card, uint8_t reference, TkeCardStatus *status, GError **error)
{
    (void) tke_pin_pad_forget(card, reference, NULL);
    return tke_card_query_status(card, status, error);
}

static bool
close_by_reset(TkeCard *card, TkeCardStatus *status, GError **error)
{
    const TkeCardKind kind = status->kind; /* what it has just said that it is */

    return tke_card_reset(card, error) && tke_card_select(card, kind, NULL, error) &&
           tke_card_query_status(card, status, error);
}

static void
set_taking_out(GError *error)
{
    tke_card_error_set_remedy(error, _("Take the card out of the reader and put it in again: "
                                       "without power no PIN stays open."));
}

/* Readers with a filter refuse the command for it in the card's place, or answer it
 * (docs/hardware.md). */
bool
tke_pin_pad_close(TkeCard *card, uint8_t reference, TkeCardStatus *status, GError **error)
{
    TkeCardStatus now = { 0 };
    GError *inner = NULL;

    if (!tke_card_query_status(card, &now, error) ||
        (is_open(&now, reference) && !close_by_command(card, reference, &now, error))) {
        return false;
    }
    if (is_open(&now, reference) && !close_by_reset(card, &now, &inner)) {
        g_prefix_error(&inner, "%s: ", _("the PIN that is still open cannot be closed"));
        set_taking_out(inner);
        g_propagate_error(error, inner);
        return false;
    }
    if (is_open(&now, reference)) {
        inner = g_error_new_literal(TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                                    _("the PIN that is still open cannot be closed: the card keeps "
                                      "it open even when it is reset"));
        set_taking_out(inner);
        return tke_card_fail(card, error, inner);
    }
    *status = now;
    return true;
}

/* ---- after it ---- */

/* Whoever was not asked tells nothing: the reader, the card or the service is away. */
static bool
can_be_asked(const GError *told)
{
    switch (tke_card_error_code(told)) {
    case -1:
    case TKE_CARD_ERROR_NO_SERVICE:
    case TKE_CARD_ERROR_NO_ACCESS:
    case TKE_CARD_ERROR_NO_READER:
    case TKE_CARD_ERROR_NO_CARD:
    case TKE_CARD_ERROR_IN_USE:
    case TKE_CARD_ERROR_UNRESPONSIVE:
    case TKE_CARD_ERROR_REMOVED:
    case TKE_CARD_ERROR_RESET:
    case TKE_CARD_ERROR_SILENT:
        return told == NULL;
    default:
        return true;
    }
}

/*
 * Only a status word is the keypad's word. A broken transmission says nothing, and neither does a
 * driver that reports a refused form of entry in the same way (libccid; docs/hardware.md).
 */
static bool
has_word(const GError *told)
{
    TkeCardErrorInfo info = { .sw = 0 };

    return told == NULL || (tke_card_error_get_info(told, &info) && info.sw != 0);
}

static bool
is_about_tries(const GError *told)
{
    return tke_card_error_code(told) == TKE_CARD_ERROR_PIN_WRONG ||
           tke_card_error_code(told) == TKE_CARD_ERROR_PIN_BLOCKED;
}

/* The card has counted a wrong entry, whatever was said of it. */
static GError *
wrong_entry(uint8_t reference, unsigned tries_left)
{
    GError *made = NULL;

    tke_status_word_set_error(&made, (uint16_t) (SW_TRIES | tries_left), _("PIN entry"));
    tke_card_error_set_pin(made, reference, (int) tries_left);
    return made;
}

static GError *
not_believed(const TkeCard *card, uint8_t reference, const GError *told)
{
    GError *made = g_error_new(
        TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD,
        told == NULL ? _("the keypad of the reader “%s” says that it is done, and the card knows "
                         "nothing of it")
                     : _("the keypad of the reader “%s” says that the PIN is wrong or used up, and "
                         "the card knows nothing of it"),
        tke_card_get_reader_name(card));

    tke_card_error_set_pin(made, reference, -1);
    tke_card_error_set_remedy(made, _("Type no PIN at this reader. Use another one; “tke reader "
                                      "acceptance-test” tells what is wrong with this one. The PIN "
                                      "of the card is as it was."));
    return made;
}

static char *
tries_text(const TkePinStatus *pin)
{
    return g_strdup_printf(
        ngettext("%u try is left for it", "%u tries are left for it", pin->tries_left),
        pin->tries_left);
}

static void
add_to_message(GError *error, const char *more)
{
    g_autofree char *old = error->message;

    error->message = g_strdup_printf("%s; %s", old, more);
}

/*
 * Nothing was told of an entry that has reached the card, which has counted it. No status word
 * rides along: that is how callers know that it is not to be repeated by itself.
 */
static GError *
wrong_without_word(uint8_t reference, const GError *told, const TkePinStatus *after)
{
    GError *made = g_error_copy(told);
    g_autofree char *tries = tries_text(after);
    g_autofree char *more = g_strdup_printf("%s: %s", _("the card has counted a wrong PIN"), tries);

    add_to_message(made, more);
    made->code = after->tries_left == 0 ? TKE_CARD_ERROR_PIN_BLOCKED : TKE_CARD_ERROR_PIN_WRONG;
    tke_card_error_set_pin(made, reference, (int) after->tries_left);
    tke_card_error_set_remedy(
        made, after->tries_left == 0
                  ? NULL
                  : _("The PIN may have been right and spoilt on its way: each further entry at "
                      "this reader may cost a try. Use another reader; “tke reader "
                      "acceptance-test”, with another card, tells what is wrong with this one."));
    return made;
}

/* An entry that was broken off: what the card shows of it. */
static void
say_what_is_known(GError *told, const TkePinStatus *before, const TkePinStatus *after)
{
    g_autofree char *tries = tries_text(after);
    g_autofree char *more = NULL;

    if (tke_card_error_code(told) != TKE_CARD_ERROR_COMMUNICATION) {
        return;
    }
    if (after->state != before->state || after->tries_left != before->tries_left) {
        more =
            g_strdup_printf("%s; %s", _("the entry may or may not have reached the card"), tries);
        add_to_message(told, more);
        return;
    }
    more = after->state == TKE_PIN_SET
               ? g_strdup_printf("%s: %s", _("the PIN of the card is as it was"), tries)
               : g_strdup(_("the PIN of the card is as it was"));
    add_to_message(told, more);
    told->code = TKE_CARD_ERROR_STATUS; /* what has come of it is known now */
    tke_card_error_set_remedy(
        told, _("See that the keypad waits for nothing any more, then try it once more. If it "
                "happens again, use another reader; “tke reader acceptance-test” tells what is "
                "wrong with this one."));
}

/* The card could not be asked: where the entry itself has ended in doubt, its reason is the one to
 * tell. */
static bool
fail_unasked(const GError *told, GError *why, GError **error)
{
    g_autoptr(GError) query = why;
    g_autoptr(GError) unknown = NULL;

    if (tke_card_error_is_outcome_unknown(told)) {
        unknown = g_error_copy(told);
        add_to_message(unknown, _("the entry may or may not have reached the card"));
        g_propagate_error(error, g_steal_pointer(&unknown));
    } else {
        g_propagate_error(error, g_steal_pointer(&query));
    }
    return false;
}

bool
tke_pin_pad_judge(TkeCard *card, uint8_t reference, const GError *told, TkeCardStatus *status,
                  bool *belied, GError **error)
{
    const TkePinStatus *before = tke_card_status_get_pin(status, reference);
    const TkePinStatus *after = NULL;
    TkeCardStatus now = { 0 };
    GError *found = NULL;

    g_return_val_if_fail(before != NULL, false);
    *belied = false;
    if (!can_be_asked(told)) {
        g_propagate_error(error, g_error_copy(told));
        return false;
    }
    if (!tke_card_query_status(card, &now, &found)) {
        return fail_unasked(told, found, error);
    }
    after = tke_card_status_get_pin(&now, reference);
    if (after->state == TKE_PIN_VERIFIED) {
        *belied = told != NULL && has_word(told);
        *status = now;
        return true;
    }
    if (after->tries_left < before->tries_left && !has_word(told)) {
        found = wrong_without_word(reference, told, after);
    } else if (after->tries_left < before->tries_left) {
        TkeCardErrorInfo info = { .tries_left = -1 };

        (void) tke_card_error_get_info(told, &info);
        *belied = !is_about_tries(told) || info.tries_left != (int) after->tries_left;
        found = wrong_entry(reference, after->tries_left);
    } else if (told == NULL || is_about_tries(told)) {
        found = not_believed(card, reference, told);
    } else {
        found = g_error_copy(told);
        say_what_is_known(found, before, after);
    }
    *status = now;
    return tke_card_fail(card, error, found);
}
