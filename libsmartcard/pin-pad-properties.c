/*
 * What a reader tells of its keypad (PC/SC part 10, 2.5.5 and 2.6.14).
 */
#include "libsmartcard/pin-pad-properties.h"

#include <string.h>

#include "common/byte-cursor.h"

#define PROPERTY(tag, bytes, name, source) PROPERTY_##name = (tag),
enum {
#include "libsmartcard/pin-pad-property.inc"
};
#undef PROPERTY

#define STRUCTURE_LEN 4u

static const struct {
    uint8_t tag;
    uint8_t len; /* 0: any */
} known[] = {
#define PROPERTY(tag, bytes, name, source) { (tag), (bytes) },
#include "libsmartcard/pin-pad-property.inc"
#undef PROPERTY
};

/* Whether a property is known and has the length it should have. */
static bool
is_known(uint8_t tag, size_t len)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i].tag == tag) {
            return known[i].len == 0 || known[i].len == len;
        }
    }
    return false;
}

static uint32_t
little_endian(const uint8_t *bytes, size_t len)
{
    uint32_t value = 0;

    for (size_t i = len; i > 0; i--) {
        value = value << 8 | bytes[i - 1];
    }
    return value;
}

static void
take_firmware(TkePinPadProperties *properties, const uint8_t *bytes, size_t len)
{
    const size_t n = MIN(len, TKE_PIN_PAD_FIRMWARE_MAX);

    for (size_t i = 0; i < n; i++) {
        properties->firmware[i] = g_ascii_isprint((char) bytes[i]) ? (char) bytes[i] : '?';
    }
    properties->firmware[n] = '\0';
    g_strchomp(properties->firmware);
}

static uint8_t
valid_conditions(uint32_t value)
{
    return value <= TKE_PIN_PAD_ENDS_ON_ANY ? (uint8_t) value : 0;
}

static void
take_property(TkePinPadProperties *properties, uint8_t tag, const uint8_t *bytes, size_t len)
{
    const uint32_t value = tag == PROPERTY_FIRMWARE ? 0 : little_endian(bytes, len);

    switch (tag) {
    case PROPERTY_LCD_LAYOUT:
        properties->has_display = true;
        properties->lcd_layout = (uint16_t) value;
        break;
    case PROPERTY_CONDITIONS:
        properties->conditions = valid_conditions(value);
        break;
    case PROPERTY_TIMEOUT2:
        properties->has_timeout2 = true;
        properties->timeout2 = (uint8_t) value;
        break;
    case PROPERTY_MIN_PIN:
        properties->has_min_pin = true;
        properties->min_pin = (uint8_t) value;
        break;
    case PROPERTY_MAX_PIN:
        properties->has_max_pin = value > 0; /* 0 cannot be meant */
        properties->max_pin = (uint8_t) value;
        break;
    case PROPERTY_FIRMWARE:
        take_firmware(properties, bytes, len);
        break;
    case PROPERTY_PPDU:
        properties->has_ppdu = true;
        properties->ppdu = (uint8_t) value;
        break;
    case PROPERTY_MAX_APDU:
        properties->has_max_apdu = true;
        properties->max_apdu = value;
        break;
    case PROPERTY_VENDOR:
        properties->vendor = (uint16_t) value;
        break;
    case PROPERTY_PRODUCT:
        properties->product = (uint16_t) value;
        break;
    default:
        break;
    }
}

/* What was told twice, and differently, is not believed either way. */
static bool
is_told_otherwise(const uint8_t *list, size_t end, uint8_t wanted, const uint8_t *bytes, size_t len)
{
    TkeByteCursor cursor = tke_byte_cursor(list, end);
    const uint8_t *value = NULL;
    uint8_t tag = 0;
    uint8_t value_len = 0;

    while (tke_byte_cursor_u8(&cursor, &tag) && tke_byte_cursor_u8(&cursor, &value_len) &&
           tke_byte_cursor_bytes(&cursor, value_len, &value)) {
        if (tag == wanted && is_known(tag, value_len) &&
            (value_len != len || memcmp(value, bytes, len) != 0)) {
            return true;
        }
    }
    return false;
}

/* Sizes that exclude each other count as not told: nobody knows which of them is meant. */
static void
check_sizes(TkePinPadProperties *properties)
{
    if (properties->has_min_pin && properties->has_max_pin &&
        properties->min_pin > properties->max_pin) {
        properties->contradictory = true;
        properties->has_min_pin = false;
        properties->has_max_pin = false;
    }
}

void
tke_pin_pad_properties_add_tlv(TkePinPadProperties *properties, const uint8_t *list, size_t len)
{
    TkeByteCursor cursor = tke_byte_cursor(list, len);
    TkePinPadProperties read = *properties;

    while (tke_byte_cursor_left(&cursor) > 0) {
        const uint8_t *value = NULL;
        uint8_t tag = 0;
        uint8_t value_len = 0;

        if (!tke_byte_cursor_u8(&cursor, &tag) || !tke_byte_cursor_u8(&cursor, &value_len) ||
            !tke_byte_cursor_bytes(&cursor, value_len, &value)) {
            properties->malformed = true;
            return;
        }
        if (!is_known(tag, value_len)) {
            continue;
        }
        read.told = true;
        if (is_told_otherwise(list, len, tag, value, value_len)) {
            read.contradictory = true;
        } else {
            take_property(&read, tag, value, value_len);
        }
    }
    check_sizes(&read);
    *properties = read;
}

void
tke_pin_pad_properties_add_structure(TkePinPadProperties *properties, const uint8_t *bytes,
                                     size_t len)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);
    uint16_t layout = 0;
    uint8_t conditions = 0;
    uint8_t timeout2 = 0;

    if (len != STRUCTURE_LEN ||
        !tke_byte_cursor_copy(&cursor, (uint8_t *) &layout, sizeof layout) ||
        !tke_byte_cursor_u8(&cursor, &conditions) || !tke_byte_cursor_u8(&cursor, &timeout2)) {
        properties->malformed = true;
        return;
    }
    properties->told = true;
    conditions = valid_conditions(conditions);
    if (properties->conditions == 0) {
        properties->conditions = conditions;
    } else if (conditions != 0) {
        /* told in both ways: what both allow */
        properties->contradictory |= (properties->conditions & conditions) == 0;
        properties->conditions &= conditions;
    }
    if (!properties->has_display) {
        properties->has_display = true;
        properties->lcd_layout = layout;
    }
    if (!properties->has_timeout2) {
        properties->has_timeout2 = true;
        properties->timeout2 = timeout2;
    }
}
