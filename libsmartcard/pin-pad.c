/*
 * PIN entry on the reader's own keypad (PC/SC part 10, 2.2 to 2.6; card-protocol.md, section 4).
 */
#include "libsmartcard/pin-pad.h"

#include <glib/gi18n-lib.h>

#include "common/byte-cursor.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/status-word.h"

/* of an entry: a status word, and room for drivers that need it on the way */
#define ANSWER_MAX 64u
#define SW1_PAD 0x64u /* from the pad: our cards never say this to a PIN */
#define FORGET 0xFFu  /* P1 */

/* An entry that the reader offers and then does not know was a false promise. */
static bool
fail_entry(const TkeCard *card, GError *inner, GError **error)
{
    g_autoptr(GError) cause = inner;

    if (tke_card_error_code(cause) != TKE_CARD_ERROR_NO_PIN_PAD) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return tke_card_fail(card, error,
                         g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD,
                                     _("the reader “%s” cannot take PINs on a keypad of its own: "
                                       "it offers an entry and does not know it"),
                                     tke_card_get_reader_name(card)));
}

/* Has the pad ask and send; sw is what the card, or the pad in its place, answered. */
static bool
run_entry(TkeCard *card, TkePinPadEntry entry, uint8_t reference, uint16_t *sw, GError **error)
{
    TkePinPad pad = { 0 };
    uint8_t block[TKE_PIN_PAD_BLOCK_MAX];
    uint8_t answer[ANSWER_MAX];
    TkeByteCursor cursor = { 0 };
    size_t len = 0;
    size_t answer_len = 0;
    g_autoptr(GError) inner = NULL;

    if (!tke_pin_pad_query(card, &pad, error)) {
        return false;
    }
    tke_pin_pad_build(&pad, entry, reference, block, &len);
    if (!tke_card_control(card, entry == TKE_PIN_PAD_VERIFY ? pad.verify_direct : pad.modify_direct,
                          block, len, answer, sizeof answer, &answer_len, &inner)) {
        return fail_entry(card, g_steal_pointer(&inner), error);
    }
    cursor = tke_byte_cursor(answer, answer_len);
    if (!tke_byte_cursor_u16(&cursor, sw) || tke_byte_cursor_left(&cursor) != 0) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION,
                                         _("the PIN pad answers with %zu bytes"), answer_len));
    }
    return true;
}

static const char *
entry_text(TkePinPadEntry entry)
{
    switch (entry) {
    case TKE_PIN_PAD_VERIFY:
        return _("PIN entry");
    case TKE_PIN_PAD_SET:
        return _("setting the PIN");
    case TKE_PIN_PAD_CHANGE:
        return _("changing the PIN");
    }
    return "";
}

/* Status words that mean something else for a PIN than for other commands. */
static void
refine(const TkeCard *card, TkePinPadEntry entry, uint16_t sw, GError *inner)
{
    const bool is_ca = tke_card_get_selected(card) == TKE_CARD_KIND_CA;

    if (sw == TKE_SW_DATA && entry != TKE_PIN_PAD_VERIFY && is_ca) {
        inner->code = TKE_CARD_ERROR_PIN_EQUAL;
    } else if (sw == TKE_SW_DATA) {
        inner->code = TKE_CARD_ERROR_PIN_LENGTH;
    } else if (sw == TKE_SW_STATE && entry == TKE_PIN_PAD_CHANGE && is_ca) {
        inner->code = TKE_CARD_ERROR_PIN_FEW_TRIES;
    }
}

/* The pad has ended an entry for a reason that the standard does not know; the card got nothing. */
static void
set_unknown_end(GError **error, uint16_t sw, TkePinPadEntry entry)
{
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATUS,
                _("%s: the PIN pad ended the entry for a reason of its own"), entry_text(entry));
    if (error != NULL) {
        tke_card_error_set_sw(*error, sw);
    }
}

/*
 * The card has an answer of its own to each entry of ours. Where it is told that it does not know
 * the command, or its form, the reader has changed or swallowed what it offers to send.
 */
static bool
is_spoilt(uint16_t sw)
{
    static const uint16_t forms[] = { TKE_SW_LENGTH,      0x6A81,      TKE_SW_PARAMETER, 0x6B00,
                                      TKE_SW_INSTRUCTION, TKE_SW_CLASS };

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (sw == forms[i]) {
            return true;
        }
    }
    return false;
}

static void
set_spoilt(const TkeCard *card, GError **error, uint16_t sw, TkePinPadEntry entry)
{
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATUS,
                _("%s: the reader “%s” offers this entry, but the command does not reach the card "
                  "as it should"),
                entry_text(entry), tke_card_get_reader_name(card));
    if (error != NULL) {
        tke_card_error_set_sw(*error, sw);
        tke_card_error_set_remedy(
            *error, _("Try the reader with “tke reader acceptance-test”, or use another "
                      "one. PINs are typed on a keypad of a reader and nowhere else."));
    }
}

static bool
enter(TkeCard *card, TkePinPadEntry entry, uint8_t reference, GError **error)
{
    uint16_t sw = 0;
    TkeCardErrorInfo info = { 0 };
    g_autoptr(GError) inner = NULL;

    g_return_val_if_fail(reference == TKE_PIN_FIRST || reference == TKE_PIN_SECOND, false);
    if (!run_entry(card, entry, reference, &sw, &inner)) {
        tke_card_error_set_pin(inner, reference, -1);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    if (sw == TKE_SW_DONE) {
        return true;
    }
    if (sw >> 8 == 0x61) { /* no entry has an answer */
        tke_card_set_protocol_error(card, entry_text(entry), error);
        return false;
    }
    if (sw >> 8 == SW1_PAD && tke_status_word_code(sw) == TKE_CARD_ERROR_STATUS) {
        set_unknown_end(&inner, sw, entry);
    } else if (is_spoilt(sw)) {
        set_spoilt(card, &inner, sw, entry);
    } else {
        tke_status_word_set_error(&inner, sw, entry_text(entry));
    }
    if (tke_card_error_get_info(inner, &info)) {
        tke_card_error_set_pin(inner, reference, info.tries_left);
    }
    refine(card, entry, sw, inner);
    return tke_card_fail(card, error, g_steal_pointer(&inner));
}

bool
tke_pin_pad_verify(TkeCard *card, uint8_t reference, GError **error)
{
    return enter(card, TKE_PIN_PAD_VERIFY, reference, error);
}

bool
tke_pin_pad_set(TkeCard *card, uint8_t reference, GError **error)
{
    return enter(card, TKE_PIN_PAD_SET, reference, error);
}

bool
tke_pin_pad_change(TkeCard *card, uint8_t reference, GError **error)
{
    return enter(card, TKE_PIN_PAD_CHANGE, reference, error);
}

/* The state that a VERIFY without data tells; false if it is no such status word. */
static bool
take_state(uint16_t sw, unsigned limit, TkePinStatus *status)
{
    switch (sw) {
    case TKE_SW_DONE:
        status->state = TKE_PIN_VERIFIED;
        status->tries_left = limit;
        return true;
    case TKE_SW_STATE:
        status->state = TKE_PIN_NOT_SET;
        status->tries_left = limit;
        return true;
    case TKE_SW_PIN_BLOCKED:
        status->state = TKE_PIN_BLOCKED;
        status->tries_left = 0;
        return true;
    default:
        status->state = TKE_PIN_SET;
        status->tries_left = sw & 0x0Fu;
        return (sw & 0xFFF0u) == 0x63C0u && status->tries_left >= 1 && status->tries_left <= limit;
    }
}

bool
tke_pin_pad_query_state(TkeCard *card, uint8_t reference, TkePinStatus *status, GError **error)
{
    const TkeApdu apdu = { .ins = TKE_INS_VERIFY, .p2 = reference };
    const unsigned limit =
        tke_card_get_selected(card) == TKE_CARD_KIND_CA ? TKE_PIN_TRIES_CA : TKE_PIN_TRIES_EP11;
    TkePinStatus read = { .reference = reference };
    TkeCardAnswer answer;
    g_autoptr(GError) inner = NULL;

    if (!tke_card_transmit(card, &apdu, &answer, error)) {
        return false;
    }
    if (answer.len > 0) {
        tke_card_set_protocol_error(card, _("asking for the state of the PIN"), error);
        return false;
    }
    if (!take_state(answer.sw, limit, &read)) {
        tke_status_word_set_error(&inner, answer.sw, _("asking for the state of the PIN"));
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    *status = read;
    return true;
}

bool
tke_pin_pad_forget(TkeCard *card, uint8_t reference, GError **error)
{
    const TkeApdu apdu = { .ins = TKE_INS_VERIFY, .p1 = FORGET, .p2 = reference };

    return tke_card_command(card, &apdu, _("closing the PIN"), NULL, error);
}
