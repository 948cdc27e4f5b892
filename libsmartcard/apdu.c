/*
 * Command and response APDUs (ISO 7816-3, 12.1; card-protocol.md, section 2).
 */
#include "libsmartcard/apdu.h"

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/error.h"
#include "libsmartcard/card-error.h"

static void
put_short(TkeByteBuilder *b, const TkeApdu *apdu)
{
    if (apdu->data_len > 0) {
        tke_byte_builder_u8(b, (uint8_t) apdu->data_len);
        tke_byte_builder_bytes(b, apdu->data, apdu->data_len);
    }
    if (apdu->has_answer) {
        tke_byte_builder_u8(b, 0);
    }
}

static void
put_extended(TkeByteBuilder *b, const TkeApdu *apdu)
{
    if (apdu->data_len == 0 && !apdu->has_answer) {
        return;
    }
    tke_byte_builder_u8(b, 0);
    if (apdu->data_len > 0) {
        tke_byte_builder_u16(b, (uint16_t) apdu->data_len);
        tke_byte_builder_bytes(b, apdu->data, apdu->data_len);
    }
    if (apdu->has_answer) {
        tke_byte_builder_u16(b, 0);
    }
}

bool
tke_apdu_encode(const TkeApdu *apdu, bool extended, uint8_t *out, size_t size, size_t *len,
                GError **error)
{
    TkeByteBuilder b = { .out = out, .size = size };
    const size_t most = extended ? TKE_APDU_EXTENDED_DATA : TKE_APDU_SHORT_DATA;

    g_return_val_if_fail(apdu->data != NULL || apdu->data_len == 0, false);

    tke_byte_builder_bytes(&b, (const uint8_t[]){ apdu->cla, apdu->ins, apdu->p1, apdu->p2 }, 4);
    if (apdu->data_len <= most && extended) {
        put_extended(&b, apdu);
    } else if (apdu->data_len <= most) {
        put_short(&b, apdu);
    }
    if (apdu->data_len > most || b.failed) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("command %02X %02X is too long for one APDU"), apdu->cla, apdu->ins);
        return false;
    }
    *len = b.len;
    return true;
}

bool
tke_apdu_decode_response(const uint8_t *response, size_t len, const uint8_t **data,
                         size_t *data_len, uint16_t *sw, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(response, len);
    const uint8_t *bytes = NULL;
    uint16_t word = 0;

    if (len < 2 || len - 2 > TKE_APDU_MAX_ANSWER ||
        !tke_byte_cursor_bytes(&cursor, len - 2, &bytes) || !tke_byte_cursor_u16(&cursor, &word)) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                    _("the card answers with %zu bytes"), len);
        return false;
    }
    *data = bytes;
    *data_len = len - 2;
    *sw = word;
    return true;
}
