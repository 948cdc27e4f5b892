/*
 * What a card's answer to reset says (ISO 7816-3, 8.2).
 */
#include "libsmartcard/atr.h"

#include "common/byte-cursor.h"

#define TS_DIRECT 0x3Bu
#define TS_INVERSE 0x3Fu
#define MAX_LEN 33u
#define Y(byte) ((byte) >> 4)
#define LOW(byte) ((byte) &0x0Fu)
#define Y_TD 0x8u
#define T_GLOBAL 15u /* interface bytes for all protocols */

static unsigned
count_bits(unsigned y)
{
    return (y & 1u) + (y >> 1 & 1u) + (y >> 2 & 1u);
}

/* Interface bytes, level by level; TD of each tells the next one. */
static bool
take_interface(TkeByteCursor *cursor, unsigned y, TkeAtr *atr)
{
    bool any = false;
    uint8_t td = 0;

    for (;;) {
        if (!tke_byte_cursor_skip(cursor, count_bits(y))) {
            return false;
        }
        if ((y & Y_TD) == 0) {
            break;
        }
        if (!tke_byte_cursor_u8(cursor, &td)) {
            return false;
        }
        y = Y(td);
        if (LOW(td) != T_GLOBAL) {
            atr->first = any ? atr->first : LOW(td);
            atr->protocols |= (uint16_t) (1u << LOW(td));
            any = true;
        } else {
            atr->protocols |= (uint16_t) (1u << T_GLOBAL);
        }
    }
    if (!any) {
        atr->protocols |= 1u; /* none said: T=0 */
    }
    return true;
}

/* From T0 to the end everything adds up to zero, where another protocol than T=0 is named. */
static bool
is_check_right(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 1; i < len; i++) {
        sum ^= bytes[i];
    }
    return sum == 0;
}

bool
tke_atr_parse(const uint8_t *bytes, size_t len, TkeAtr *atr)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);
    TkeAtr read = { .first = 0 };
    uint8_t ts = 0;
    uint8_t t0 = 0;
    bool checked = false;

    if (len > MAX_LEN || !tke_byte_cursor_u8(&cursor, &ts) ||
        (ts != TS_DIRECT && ts != TS_INVERSE) || !tke_byte_cursor_u8(&cursor, &t0) ||
        !take_interface(&cursor, Y(t0), &read)) {
        return false;
    }
    read.n_historical = LOW(t0);
    if (!tke_byte_cursor_copy(&cursor, read.historical, read.n_historical)) {
        return false;
    }
    checked = read.protocols != 1u;
    if (tke_byte_cursor_left(&cursor) != (checked ? 1u : 0u) ||
        (checked && !is_check_right(bytes, len))) {
        return false;
    }
    read.inverse = ts == TS_INVERSE;
    read.protocols &= (uint16_t) ~(1u << T_GLOBAL);
    *atr = read;
    return true;
}

char *
tke_atr_dup_protocols(const TkeAtr *atr)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < T_GLOBAL; i++) {
        if ((atr->protocols & 1u << i) != 0) {
            g_string_append_printf(text, "%sT=%u", text->len > 0 ? ", " : "", i);
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

char *
tke_atr_dup_historical(const TkeAtr *atr)
{
    char *text = g_malloc0(atr->n_historical + 1);

    for (size_t i = 0; i < atr->n_historical; i++) {
        text[i] = g_ascii_isprint(atr->historical[i]) ? (char) atr->historical[i] : '.';
    }
    return text;
}
