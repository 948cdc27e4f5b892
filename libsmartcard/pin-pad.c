/*
 * PIN entry on the reader's own keypad (PC/SC part 10, 2.3 to 2.6; card-protocol.md, section 4).
 */
#include "libsmartcard/pin-pad.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/status-word.h"

#define FEATURE(tag, name, source) FEATURE_##name = (tag),
enum {
#include "libsmartcard/pin-pad.inc"
};
#undef FEATURE

#define FEATURES_MAX 256u
#define BLOCK_LEN 8u
#define FORMAT_ASCII_LEFT 0x82u     /* bmFormatString: bytes, position 0, left justified, ASCII */
#define BLOCK_OF_EIGHT 0x08u        /* bmPINBlockString: no length written, 8 bytes */
#define NO_LENGTH 0x00u             /* bmPINLengthFormat */
#define SIX_DIGITS 0x0606u          /* wPINMaxExtraDigit: at least, at most */
#define VALIDATION_KEY 0x02u        /* bEntryValidationCondition */
#define LANGUAGE_ENGLISH_US 0x0409u /* wLangId: the one every reader with a display knows */
#define CONFIRM_NEW 0x01u           /* bConfirmPIN */
#define CONFIRM_NEW_ASK_OLD 0x03u
#define FILL 0xFFu
#define SET_NEW 0x01 /* P1 of SET */
#define FORGET 0xFFu /* P1 */

bool
tke_pin_pad_parse_features(const uint8_t *list, size_t len, TkePinPad *pad, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(list, len);
    TkePinPad read = { 0 };

    while (tke_byte_cursor_left(&cursor) > 0) {
        TkeByteCursor value = { 0 };
        uint8_t tag = 0;
        uint8_t value_len = 0;
        uint32_t code = 0;

        if (!tke_byte_cursor_u8(&cursor, &tag) || !tke_byte_cursor_u8(&cursor, &value_len) ||
            !tke_byte_cursor_sub(&cursor, value_len, &value)) {
            g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION,
                        _("the reader's list of features is malformed"));
            return false;
        }
        if (value_len != sizeof code || !tke_byte_cursor_u32(&value, &code)) {
            continue; /* properties of other kinds */
        }
        if (tag == FEATURE_VERIFY_PIN_DIRECT) {
            read.verify_direct = code;
        } else if (tag == FEATURE_MODIFY_PIN_DIRECT) {
            read.modify_direct = code;
        }
    }
    *pad = read;
    return true;
}

/* A list that offers both entries; else TKE_CARD_ERROR_NO_PIN_PAD. */
static bool
take_features(const uint8_t *list, size_t len, const char *reader_name, TkePinPad *pad,
              GError **error)
{
    TkePinPad read = { 0 };

    if (!tke_pin_pad_parse_features(list, len, &read, error)) {
        return false;
    }
    if (read.verify_direct == 0 || read.modify_direct == 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD,
                    _("the reader \"%s\" cannot take PINs on a keypad of its own"), reader_name);
        return false;
    }
    *pad = read;
    return true;
}

bool
tke_pin_pad_query(TkeCard *card, TkePinPad *pad, GError **error)
{
    uint8_t list[FEATURES_MAX];
    size_t len = 0;
    g_autoptr(GError) inner = NULL;

    if (!tke_card_control(card, TKE_CARD_CONTROL_GET_FEATURES, NULL, 0, list, sizeof list, &len,
                          error)) {
        return false;
    }
    return take_features(list, len, tke_card_get_reader_name(card), pad, &inner) ||
           tke_card_fail(card, error, g_steal_pointer(&inner));
}

bool
tke_pin_pad_query_reader(TkeCardSource *source, const char *reader_name, TkePinPad *pad,
                         GError **error)
{
    uint8_t list[FEATURES_MAX];
    size_t len = 0;
    g_autoptr(GError) inner = NULL;

    if (!source->ops->control(source, reader_name, TKE_CARD_CONTROL_GET_FEATURES, NULL, 0, list,
                              sizeof list, &len, &inner) ||
        !take_features(list, len, reader_name, pad, &inner)) {
        tke_card_error_set_reader(inner, 0, reader_name);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    return true;
}

/* The structures are read by the driver on this machine: integers in its own order. */
static void
put_host_u16(TkeByteBuilder *b, uint16_t value)
{
    uint8_t bytes[sizeof value];

    memcpy(bytes, &value, sizeof bytes);
    tke_byte_builder_bytes(b, bytes, sizeof bytes);
}

static void
put_host_u32(TkeByteBuilder *b, uint32_t value)
{
    uint8_t bytes[sizeof value];

    memcpy(bytes, &value, sizeof bytes);
    tke_byte_builder_bytes(b, bytes, sizeof bytes);
}

static void
put_form(TkeByteBuilder *b)
{
    tke_byte_builder_u8(b, TKE_PIN_PAD_TIMEOUT_S); /* bTimerOut */
    tke_byte_builder_u8(b, TKE_PIN_PAD_TIMEOUT_S); /* bTimerOut2: after the first key */
    tke_byte_builder_u8(b, FORMAT_ASCII_LEFT);
    tke_byte_builder_u8(b, BLOCK_OF_EIGHT);
    tke_byte_builder_u8(b, NO_LENGTH);
}

/* The command with room for n PIN blocks, behind its length. */
static void
put_command(TkeByteBuilder *b, uint8_t ins, uint8_t p1, uint8_t reference, uint8_t n)
{
    tke_byte_builder_fill(b, 0, 3); /* bTeoPrologue */
    put_host_u32(b, 5 + n * BLOCK_LEN);
    tke_byte_builder_bytes(
        b, (const uint8_t[]){ TKE_CLA_ISO, ins, p1, reference, (uint8_t) (n * BLOCK_LEN) }, 5);
    tke_byte_builder_fill(b, FILL, (size_t) n * BLOCK_LEN);
}

static void
put_verify(TkeByteBuilder *b, uint8_t reference)
{
    put_form(b);
    put_host_u16(b, SIX_DIGITS);
    tke_byte_builder_u8(b, VALIDATION_KEY);
    tke_byte_builder_u8(b, 1); /* bNumberMessage */
    put_host_u16(b, LANGUAGE_ENGLISH_US);
    tke_byte_builder_u8(b, 0); /* bMsgIndex */
    put_command(b, TKE_INS_VERIFY, 0, reference, 1);
}

/* CHANGE carries old and new PIN, SET the new one only. */
static void
put_modify(TkeByteBuilder *b, bool change, uint8_t reference)
{
    put_form(b);
    tke_byte_builder_u8(b, 0);                                /* bInsertionOffsetOld */
    tke_byte_builder_u8(b, change ? (uint8_t) BLOCK_LEN : 0); /* bInsertionOffsetNew */
    put_host_u16(b, SIX_DIGITS);
    tke_byte_builder_u8(b, change ? CONFIRM_NEW_ASK_OLD : CONFIRM_NEW);
    tke_byte_builder_u8(b, VALIDATION_KEY);
    tke_byte_builder_u8(b, change ? 3 : 2); /* bNumberMessage: one for each entry */
    put_host_u16(b, LANGUAGE_ENGLISH_US);
    tke_byte_builder_u8(b, change ? 0 : 1); /* bMsgIndex1..3: 0 enter, 1 new, 2 confirm */
    tke_byte_builder_u8(b, change ? 1 : 2);
    tke_byte_builder_u8(b, change ? 2 : 0);
    put_command(b, TKE_INS_CHANGE, (uint8_t) (change ? 0 : SET_NEW), reference, change ? 2 : 1);
}

void
tke_pin_pad_build(TkePinPadEntry entry, uint8_t reference,
                  uint8_t out[static TKE_PIN_PAD_BLOCK_MAX], size_t *len)
{
    TkeByteBuilder b = { .out = out, .size = TKE_PIN_PAD_BLOCK_MAX };

    if (entry == TKE_PIN_PAD_VERIFY) {
        put_verify(&b, reference);
    } else {
        put_modify(&b, entry == TKE_PIN_PAD_CHANGE, reference);
    }
    g_assert(!b.failed);
    *len = b.len;
}

/* Has the pad ask and send; sw is what the card, or the pad in its place, answered. */
static bool
run_entry(TkeCard *card, TkePinPadEntry entry, uint8_t reference, uint16_t *sw, GError **error)
{
    TkePinPad pad = { 0 };
    uint8_t block[TKE_PIN_PAD_BLOCK_MAX];
    uint8_t answer[TKE_PIN_PAD_BLOCK_MAX];
    TkeByteCursor cursor = { 0 };
    size_t len = 0;
    size_t answer_len = 0;

    if (!tke_pin_pad_query(card, &pad, error)) {
        return false;
    }
    tke_pin_pad_build(entry, reference, block, &len);
    if (!tke_card_control(card, entry == TKE_PIN_PAD_VERIFY ? pad.verify_direct : pad.modify_direct,
                          block, len, answer, sizeof answer, &answer_len, error)) {
        return false;
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
    tke_status_word_set_error(&inner, sw, entry_text(entry));
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
