/*
 * The structures for PIN entry (PC/SC part 10, 2.5.2 and 2.5.3; card-protocol.md, section 4), as
 * the reader wants them (pin-pad-quirk.inc).
 */
#include <string.h>

#include "common/byte-builder.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/pin-pad.h"

#define BLOCK_LEN 8u
#define FORMAT_ASCII_LEFT 0x82u     /* bmFormatString: bytes, position 0, left justified, ASCII */
#define NO_LENGTH 0x00u             /* bmPINLengthFormat */
#define SIX_DIGITS 0x0606u          /* wPINMaxExtraDigit: at least, at most */
#define LANGUAGE_ENGLISH_US 0x0409u /* wLangId: the one every reader with a display knows */
#define CONFIRM_NEW 0x01u           /* bConfirmPIN */
#define CONFIRM_NEW_ASK_OLD 0x03u
#define FILL 0xFFu
#define SET_NEW 0x01 /* P1 of SET */

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
put_form(TkeByteBuilder *b, const TkePinPadQuirk *quirk)
{
    tke_byte_builder_u8(b, TKE_PIN_PAD_TIMEOUT_S); /* bTimerOut */
    tke_byte_builder_u8(b, TKE_PIN_PAD_TIMEOUT_S); /* bTimerOut2: after the first key */
    tke_byte_builder_u8(b, FORMAT_ASCII_LEFT);
    tke_byte_builder_u8(b, quirk->block); /* bmPINBlockString */
    tke_byte_builder_u8(b, NO_LENGTH);
}

/* The command with room for n PIN blocks, behind its length. */
static void
put_command(TkeByteBuilder *b, uint8_t ins, uint8_t p1, uint8_t reference, uint8_t n)
{
    tke_byte_builder_fill(b, 0, 3); /* bTeoPrologue: the driver's, at TPDU level too */
    put_host_u32(b, 5 + n * BLOCK_LEN);
    tke_byte_builder_bytes(
        b, (const uint8_t[]){ TKE_CLA_ISO, ins, p1, reference, (uint8_t) (n * BLOCK_LEN) }, 5);
    tke_byte_builder_fill(b, FILL, (size_t) n * BLOCK_LEN);
}

static void
put_verify(TkeByteBuilder *b, const TkePinPad *pad, const TkePinPadQuirk *quirk, uint8_t reference)
{
    put_form(b, quirk);
    put_host_u16(b, SIX_DIGITS);
    tke_byte_builder_u8(b, tke_pin_pad_get_condition(pad));
    tke_byte_builder_u8(b, quirk->verify_messages); /* bNumberMessage */
    put_host_u16(b, LANGUAGE_ENGLISH_US);
    tke_byte_builder_u8(b, 0); /* bMsgIndex */
    put_command(b, TKE_INS_VERIFY, 0, reference, 1);
}

/* bMsgIndex1 to 3: which of the reader's texts goes with which entry: 0 enter, 1 new, 2 confirm. */
static void
put_indices(TkeByteBuilder *b, const TkePinPadQuirk *quirk, bool change)
{
    const uint8_t of_change[] = { 0, 1, 2 };
    const uint8_t of_set[] = { 1, 2, 0 };

    if (quirk->zero_indices) {
        tke_byte_builder_fill(b, 0, sizeof of_change);
    } else {
        tke_byte_builder_bytes(b, change ? of_change : of_set, sizeof of_change);
    }
}

/* CHANGE carries old and new PIN, SET the new one only. */
static void
put_modify(TkeByteBuilder *b, const TkePinPad *pad, const TkePinPadQuirk *quirk, bool change,
           uint8_t reference)
{
    put_form(b, quirk);
    tke_byte_builder_u8(b, 0);                                /* bInsertionOffsetOld */
    tke_byte_builder_u8(b, change ? (uint8_t) BLOCK_LEN : 0); /* bInsertionOffsetNew */
    put_host_u16(b, SIX_DIGITS);
    tke_byte_builder_u8(b, change ? CONFIRM_NEW_ASK_OLD : CONFIRM_NEW);
    tke_byte_builder_u8(b, tke_pin_pad_get_condition(pad));
    tke_byte_builder_u8(b, change ? quirk->change_messages : quirk->set_messages);
    put_host_u16(b, LANGUAGE_ENGLISH_US);
    put_indices(b, quirk, change);
    put_command(b, TKE_INS_CHANGE, (uint8_t) (change ? 0 : SET_NEW), reference, change ? 2 : 1);
}

void
tke_pin_pad_build(const TkePinPad *pad, TkePinPadEntry entry, uint8_t reference,
                  uint8_t out[static TKE_PIN_PAD_BLOCK_MAX], size_t *len)
{
    const TkePinPadQuirk *quirk = pad->quirk != NULL ? pad->quirk : tke_pin_pad_quirk_get(0);
    TkeByteBuilder b = { .out = out, .size = TKE_PIN_PAD_BLOCK_MAX };

    if (entry == TKE_PIN_PAD_VERIFY) {
        put_verify(&b, pad, quirk, reference);
    } else {
        put_modify(&b, pad, quirk, entry == TKE_PIN_PAD_CHANGE, reference);
    }
    g_assert(!b.failed);
    *len = b.len;
}
