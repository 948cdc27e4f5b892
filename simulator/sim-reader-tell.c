/*
 * What a virtual reader tells a program of itself (PC/SC part 10, 2.2, 2.5.5 and 2.6.14), true or
 * not.
 */
#include "common/byte-builder.h"
#include "simulator/sim-reader-private.h"

enum {
    PROPERTY_LCD_LAYOUT = 1,
    PROPERTY_VALIDATION = 2,
    PROPERTY_TIMEOUT2 = 3,
    PROPERTY_MIN_PIN = 6,
    PROPERTY_MAX_PIN = 7,
    PROPERTY_FIRMWARE = 8,
    PROPERTY_PPDU = 9,
    PROPERTY_MAX_APDU = 10,
    PROPERTY_VENDOR = 11,
    PROPERTY_PRODUCT = 12,
    PROPERTY_UNKNOWN = 0x7E
};

#define FIRMWARE "OpenTKE virtual reader"
#define EXTENDED_MAX 65536u
#define MANY 150u /* entries of an answer that is longer than programs expect */
#define FEATURE_UNKNOWN 0x70u

static void
feature(TkeByteBuilder *b, uint8_t tag, uint32_t code)
{
    tke_byte_builder_u8(b, tag);
    tke_byte_builder_u8(b, 4);
    tke_byte_builder_u32(b, code);
}

static void
feature_list(const SimReader *reader, TkeByteBuilder *b)
{
    static const uint8_t of_pads[] = { SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
                                       SIM_READER_FEATURE_MODIFY_PIN_DIRECT,
                                       SIM_READER_FEATURE_IFD_PIN_PROPERTIES };
    const bool zero = sim_reader_has_fault(reader, SIM_READER_FAULT_ZERO_CODES);

    if (sim_reader_has_keypad(reader) ||
        sim_reader_has_fault(reader, SIM_READER_FAULT_CLAIMS_KEYPAD)) {
        for (size_t i = 0; i < sizeof of_pads; i++) {
            feature(b, of_pads[i], zero ? 0 : SIM_READER_CONTROL(of_pads[i]));
        }
    }
    feature(b, SIM_READER_FEATURE_TLV_PROPERTIES,
            SIM_READER_CONTROL(SIM_READER_FEATURE_TLV_PROPERTIES));
    if (sim_reader_has_fault(reader, SIM_READER_FAULT_TWO_CODES)) {
        feature(b, SIM_READER_FEATURE_VERIFY_PIN_DIRECT, 1);
    }
    for (unsigned i = 0; i < MANY && sim_reader_has_fault(reader, SIM_READER_FAULT_LONG_FEATURES);
         i++) {
        feature(b, FEATURE_UNKNOWN, i);
    }
    if (sim_reader_has_fault(reader, SIM_READER_FAULT_CUT_FEATURES)) {
        b->len -= 3;
    }
}

/* A number, least significant byte first. */
static void
property(TkeByteBuilder *b, uint8_t tag, uint8_t len, uint32_t value)
{
    tke_byte_builder_u8(b, tag);
    tke_byte_builder_u8(b, len);
    for (unsigned i = 0; i < len; i++) {
        tke_byte_builder_u8(b, (uint8_t) (value >> (8 * i)));
    }
}

static void
sizes(const SimReader *reader, TkeByteBuilder *b)
{
    const SimPadModel *model = reader->model;

    if (sim_reader_has_fault(reader, SIM_READER_FAULT_SWAPPED_SIZES)) {
        property(b, PROPERTY_MIN_PIN, 1, 8);
        property(b, PROPERTY_MAX_PIN, 1, 4);
    } else if (sim_reader_has_fault(reader, SIM_READER_FAULT_LONG_PINS)) {
        property(b, PROPERTY_MIN_PIN, 1, 7);
        property(b, PROPERTY_MAX_PIN, 1, 8);
    } else if (model->tells_sizes) {
        property(b, PROPERTY_MIN_PIN, 1, model->least);
        property(b, PROPERTY_MAX_PIN, 1, model->most);
    }
}

static void
tlv_properties(const SimReader *reader, TkeByteBuilder *b)
{
    const SimPadModel *model = reader->model;

    property(b, PROPERTY_LCD_LAYOUT, 2, model->display);
    if (model->tells_sizes) {
        property(b, PROPERTY_VALIDATION, 1, model->conditions);
    }
    property(b, PROPERTY_TIMEOUT2, 1, 0);
    sizes(reader, b);
    tke_byte_builder_u8(b, PROPERTY_FIRMWARE);
    tke_byte_builder_u8(b, sizeof FIRMWARE - 1);
    tke_byte_builder_text(b, FIRMWARE);
    property(b, PROPERTY_PPDU, 1, 0);
    if (model->vendor != 0) {
        property(b, PROPERTY_VENDOR, 2, model->vendor);
        property(b, PROPERTY_PRODUCT, 2, model->product);
    }
    for (unsigned i = 0; i < MANY && sim_reader_has_fault(reader, SIM_READER_FAULT_LONG_PROPERTIES);
         i++) {
        property(b, PROPERTY_UNKNOWN, 2, i);
    }
    property(b, PROPERTY_MAX_APDU, 4, reader->options.short_only ? 0 : EXTENDED_MAX);
    if (sim_reader_has_fault(reader, SIM_READER_FAULT_CUT_PROPERTIES)) {
        b->len -= 2;
    }
}

/* In the order of this machine, as drivers do. */
static void
pin_properties(const SimReader *reader, TkeByteBuilder *b)
{
    const uint16_t display = reader->model->display;

    tke_byte_builder_bytes(b, (const uint8_t *) &display, sizeof display);
    tke_byte_builder_u8(b, reader->model->conditions);
    tke_byte_builder_u8(b, 0); /* one timeout for all */
    if (sim_reader_has_fault(reader, SIM_READER_FAULT_CUT_PROPERTIES)) {
        b->len -= 2;
    }
}

size_t
sim_reader_query(const SimReader *reader, uint32_t code, uint8_t *out)
{
    TkeByteBuilder b = { .out = out, .size = SIM_CARD_ANSWER_MAX };

    if (code == TKE_CARD_CONTROL_GET_FEATURES) {
        feature_list(reader, &b);
    } else if (code == SIM_READER_CONTROL(SIM_READER_FEATURE_TLV_PROPERTIES)) {
        tlv_properties(reader, &b);
    } else if (code == SIM_READER_CONTROL(SIM_READER_FEATURE_IFD_PIN_PROPERTIES) &&
               sim_reader_has_keypad(reader)) {
        pin_properties(reader, &b);
    }
    return b.len;
}
