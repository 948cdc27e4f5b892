/*
 * Selecting an applet (card-protocol.md, sections 1 and 2). SELECT is always a short command:
 * whether the card takes extended length is in the answer.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-cursor.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/card.h"
#include "libsmartcard/gp-status.h"
#include "libsmartcard/status-word.h"

#define P1_BY_NAME 0x04u
#define AID_LEN 7u
#define BUFFER_OF_CARDS 0x0400u

static const uint8_t aids[][AID_LEN] = {
    [TKE_CARD_KIND_CA] = { 0xF0, 0x4F, 0x54, 0x4B, 0x45, 0x01, 0x01 },
    [TKE_CARD_KIND_EP11] = { 0xF0, 0x4F, 0x54, 0x4B, 0x45, 0x01, 0x02 },
};

/* 6F 1A 84 07 AID A5 0F 9F6E 03 version 9F65 02 0400 9F66 01 c, to the byte. */
static bool
parse_select(const TkeCardAnswer *answer, const uint8_t aid[static AID_LEN],
             uint8_t version[static 3], bool *extended)
{
    TkeByteCursor cursor = tke_byte_cursor(answer->data, answer->len);
    TkeByteCursor fci = { 0 };
    TkeByteCursor own = { 0 };
    uint8_t name[AID_LEN];
    uint8_t buffer[2] = { 0 };
    uint8_t features = 0;

    if (!tke_tlv_read(&cursor, 0x6F, &fci) || tke_byte_cursor_left(&cursor) != 0 ||
        !tke_tlv_read_exact(&fci, 0x84, name, sizeof name) || memcmp(name, aid, sizeof name) != 0 ||
        !tke_tlv_read(&fci, 0xA5, &own) || tke_byte_cursor_left(&fci) != 0 ||
        !tke_tlv_read_exact(&own, 0x9F6E, version, 3)) {
        return false;
    }
    if (version[0] != TKE_CARD_PROTOCOL_VERSION) {
        return true; /* another document says what follows */
    }
    if (!tke_tlv_read_exact(&own, 0x9F65, buffer, sizeof buffer) ||
        (buffer[0] << 8 | buffer[1]) != BUFFER_OF_CARDS ||
        !tke_tlv_read_exact(&own, 0x9F66, &features, 1) || (features & 0xFEu) != 0 ||
        tke_byte_cursor_left(&own) != 0) {
        return false;
    }
    *extended = (features & 0x01u) != 0;
    return true;
}

/*
 * How cards say that there is no such applet, those of other worlds included. Any other refusal
 * may pass: what such a card holds is not known, and it must not count as blank.
 */
static bool
says_not_there(uint16_t sw)
{
    switch (sw) {
    case TKE_GP_STATUS_NO_APPLICATION:
    case TKE_GP_STATUS_NOT_FOUND:
    case TKE_GP_STATUS_LOCKED:
    case TKE_GP_STATUS_PARAMETER:
    case TKE_GP_STATUS_INSTRUCTION:
    case TKE_GP_STATUS_CLASS:
        return true;
    default:
        return false;
    }
}

/* It is the card manager that refuses: its words for status words, and always the same error
 * code. */
static bool
fail_refused(TkeCard *card, uint16_t sw, GError **error)
{
    GError *made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_STATUS, "%s: %s",
                               _("selecting the applet"), tke_gp_status_text(sw));

    tke_card_error_set_sw(made, sw);
    return tke_card_fail(card, error, made);
}

bool
tke_card_select_any(TkeCard *card, TkeCardKind kind, bool *found, uint8_t version[static 3],
                    GError **error)
{
    TkeApdu apdu = {
        .ins = TKE_INS_SELECT, .p1 = P1_BY_NAME, .data_len = AID_LEN, .has_answer = true
    };
    TkeCardAnswer answer;
    bool extended = false;

    apdu.data = aids[kind];
    tke_card_set_selected(card, TKE_CARD_KIND_FOREIGN, false);
    if (!tke_card_transmit(card, &apdu, &answer, error)) {
        return false;
    }
    if (answer.sw == TKE_SW_CONTACTLESS) {
        g_autoptr(GError) inner = NULL;

        tke_status_word_set_error(&inner, answer.sw, _("selecting the applet"));
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    if (says_not_there(answer.sw)) {
        *found = false;
        return true;
    }
    if (answer.sw != TKE_SW_DONE) {
        return fail_refused(card, answer.sw, error);
    }
    if (!parse_select(&answer, aids[kind], version, &extended)) {
        tke_card_set_protocol_error(card, _("selecting the applet"), error);
        return false;
    }
    if (version[0] == TKE_CARD_PROTOCOL_VERSION) {
        tke_card_set_selected(card, kind, extended);
    }
    *found = true;
    return true;
}

bool
tke_card_select(TkeCard *card, TkeCardKind kind, bool *found, GError **error)
{
    uint8_t version[3] = { 0 };
    bool there = false;

    g_return_val_if_fail(kind == TKE_CARD_KIND_CA || kind == TKE_CARD_KIND_EP11, false);
    if (!tke_card_select_any(card, kind, &there, version, error)) {
        return false;
    }
    if (there && version[0] != TKE_CARD_PROTOCOL_VERSION) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_VERSION,
                                         _("the card's applet has version %u.%u.%u, which this "
                                           "program does not know"),
                                         version[0], version[1], version[2]));
    }
    if (!there && found == NULL) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_KIND,
                                         kind == TKE_CARD_KIND_CA ? _("this is not a CA card")
                                                                  : _("this is not an EP11 card")));
    }
    if (found != NULL) {
        *found = there;
    }
    return true;
}
