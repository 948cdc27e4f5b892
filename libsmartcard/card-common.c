/*
 * Pieces of answers and commands that several procedures share (card-protocol.md, section 3).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"

bool
tke_card_read_text(TkeByteCursor *cursor, uint16_t tag, size_t min,
                   char out[static TKE_CARD_TEXT_MAX + 1])
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor value = { 0 };
    const uint8_t *text = NULL;
    size_t len = 0;

    if (!tke_tlv_read(&copy, tag, &value)) {
        return false;
    }
    len = tke_byte_cursor_left(&value);
    if (len < min || len > TKE_CARD_TEXT_MAX || !tke_byte_cursor_bytes(&value, len, &text)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7E) {
            return false;
        }
    }
    if (len > 0) {
        memcpy(out, text, len);
    }
    out[len] = '\0';
    *cursor = copy;
    return true;
}

bool
tke_card_read_signature(TkeByteCursor *cursor, uint8_t out[static TKE_EC_SIGNATURE_MAX],
                        size_t *len)
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor value = { 0 };
    const uint8_t *der = NULL;
    size_t der_len = 0;

    if (!tke_tlv_read(&copy, TKE_TAG_SIGNATURE, &value)) {
        return false;
    }
    der_len = tke_byte_cursor_left(&value);
    if (der_len < TKE_CARD_SIGNATURE_MIN || der_len > TKE_CARD_SIGNATURE_MAX ||
        !tke_byte_cursor_bytes(&value, der_len, &der) ||
        !tke_ec_key_normalize_signature(der, der_len, out, len, NULL)) {
        return false;
    }
    *cursor = copy;
    return true;
}

bool
tke_card_read_point(TkeByteCursor *cursor, uint8_t out[static TKE_EC_POINT_LEN])
{
    TkeByteCursor copy = *cursor;
    uint8_t point[TKE_EC_POINT_LEN];
    g_autoptr(EVP_PKEY) key = NULL;

    if (!tke_tlv_read_exact(&copy, TKE_TAG_POINT, point, sizeof point)) {
        return false;
    }
    key = tke_ec_key_from_point(point, sizeof point, NULL);
    if (key == NULL) {
        return false;
    }
    memcpy(out, point, sizeof point);
    *cursor = copy;
    return true;
}

bool
tke_card_is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

bool
tke_card_get(TkeCard *card, uint8_t p1, uint8_t p2, const char *what, TkeCardAnswer *answer,
             GError **error)
{
    return tke_card_call(card, TKE_INS_GET, p1, p2, NULL, 0, what, answer, error);
}

bool
tke_card_call(TkeCard *card, uint8_t ins, uint8_t p1, uint8_t p2, const uint8_t *data, size_t len,
              const char *what, TkeCardAnswer *answer, GError **error)
{
    const TkeApdu apdu = { .cla = TKE_CLA_OWN,
                           .ins = ins,
                           .p1 = p1,
                           .p2 = p2,
                           .data = data,
                           .data_len = len,
                           .has_answer = answer != NULL };

    return tke_card_command(card, &apdu, what, answer, error);
}

bool
tke_card_fail(const TkeCard *card, GError **error, GError *inner)
{
    tke_card_tag_error(card, &inner);
    g_propagate_error(error, inner);
    return false;
}

void
tke_card_set_protocol_error(const TkeCard *card, const char *what, GError **error)
{
    g_autoptr(GError) inner = NULL;

    g_set_error(&inner, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                _("%s: the answer of the card differs from the card protocol"), what);
    tke_card_tag_error(card, &inner);
    g_propagate_error(error, g_steal_pointer(&inner));
}
