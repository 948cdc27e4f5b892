/*
 * Data objects of commands and answers: text, names, signatures (card-protocol.md, 2 and 3).
 * Faults of layout are 6A80, which the callers answer.
 */
#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-card-private.h"

bool
sim_card_text_is_valid(const uint8_t *text, size_t len)
{
    if (len > SIM_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7E) {
            return false;
        }
    }
    return true;
}

bool
sim_card_name_is_valid(const uint8_t *name, size_t len)
{
    if (len < 1 || len > SIM_NAME_MAX || name[0] == ' ' || name[len - 1] == ' ') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isalnum(name[i]) &&
            (name[i] == '\0' || strchr(" '()+,-./:=?", name[i]) == NULL)) {
            return false;
        }
    }
    return true;
}

bool
sim_card_origin_is_valid(uint8_t origin)
{
    return (origin & 0xEC) == 0 && (origin & 0x03) != 0x01;
}

static bool
read_bytes(TkeByteCursor *data, uint16_t tag, SimText *text,
           bool (*is_valid)(const uint8_t *bytes, size_t len))
{
    TkeByteCursor value = { 0 };
    const uint8_t *bytes = NULL;
    size_t len = 0;

    if (!tke_tlv_read(data, tag, &value)) {
        return false;
    }
    len = tke_byte_cursor_left(&value);
    if (!tke_byte_cursor_bytes(&value, len, &bytes) || !is_valid(bytes, len)) {
        return false;
    }
    memset(text, 0, sizeof *text);
    text->len = (uint8_t) len;
    memcpy(text->text, bytes, len);
    return true;
}

bool
sim_card_read_text(TkeByteCursor *data, uint16_t tag, SimText *text)
{
    return read_bytes(data, tag, text, sim_card_text_is_valid);
}

bool
sim_card_read_name(TkeByteCursor *data, SimText *name)
{
    return read_bytes(data, SIM_TAG_NAME, name, sim_card_name_is_valid);
}

bool
sim_card_read_signature(TkeByteCursor *data, TkeByteCursor *signature)
{
    return tke_tlv_read(data, SIM_TAG_SIGNATURE, signature) &&
           tke_byte_cursor_left(signature) >= SIM_SIGNATURE_MIN &&
           tke_byte_cursor_left(signature) <= SIM_SIGNATURE_MAX;
}

bool
sim_card_read_end(const TkeByteCursor *data)
{
    return tke_byte_cursor_left(data) == 0;
}

void
sim_card_write(SimCard *card, uint16_t tag, const uint8_t *value, size_t len)
{
    tke_tlv_object(&card->out, tag, value, len);
}
