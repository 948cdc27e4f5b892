/*
 * What a person sees of a virtual reader and does to its keys, and what the reader tells a program
 * about itself (PC/SC part 10, 2.2, 2.5.5 and 2.6.14).
 */
#include <string.h>

#include "common/byte-builder.h"
#include "simulator/sim-reader-private.h"

#define ENDS_ON_ANY 0x07u

enum {
    PROPERTY_LCD_LAYOUT = 1,
    PROPERTY_VALIDATION = 2,
    PROPERTY_TIMEOUT2 = 3,
    PROPERTY_MIN_PIN = 6,
    PROPERTY_MAX_PIN = 7,
    PROPERTY_FIRMWARE = 8,
    PROPERTY_PPDU = 9,
    PROPERTY_MAX_APDU = 10
};

#define FIRMWARE "OpenTKE virtual reader"

static void
feature_list(TkeByteBuilder *b)
{
    static const uint8_t features[] = { SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
                                        SIM_READER_FEATURE_MODIFY_PIN_DIRECT,
                                        SIM_READER_FEATURE_IFD_PIN_PROPERTIES,
                                        SIM_READER_FEATURE_TLV_PROPERTIES };

    for (size_t i = 0; i < sizeof features; i++) {
        tke_byte_builder_u8(b, features[i]);
        tke_byte_builder_u8(b, 4);
        tke_byte_builder_u32(b, SIM_READER_CONTROL(features[i]));
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
tlv_properties(const SimReader *reader, TkeByteBuilder *b)
{
    property(b, PROPERTY_LCD_LAYOUT, 2, 0);
    property(b, PROPERTY_VALIDATION, 1, ENDS_ON_ANY);
    property(b, PROPERTY_TIMEOUT2, 1, 0);
    property(b, PROPERTY_MIN_PIN, 1, 4);
    property(b, PROPERTY_MAX_PIN, 1, 8);
    tke_byte_builder_u8(b, PROPERTY_FIRMWARE);
    tke_byte_builder_u8(b, sizeof FIRMWARE - 1);
    tke_byte_builder_text(b, FIRMWARE);
    property(b, PROPERTY_PPDU, 1, 0);
    property(b, PROPERTY_MAX_APDU, 4, reader->options.short_only ? 0 : 65536);
}

size_t
sim_reader_query(const SimReader *reader, uint32_t code, uint8_t *out)
{
    TkeByteBuilder b = { .out = out, .size = SIM_CARD_ANSWER_MAX };

    if (code == TKE_CARD_CONTROL_GET_FEATURES && reader->options.no_pad) {
        tke_byte_builder_u8(&b, SIM_READER_FEATURE_TLV_PROPERTIES);
        tke_byte_builder_u8(&b, 4);
        tke_byte_builder_u32(&b, SIM_READER_CONTROL(SIM_READER_FEATURE_TLV_PROPERTIES));
    } else if (code == TKE_CARD_CONTROL_GET_FEATURES) {
        feature_list(&b);
    } else if (code == SIM_READER_CONTROL(SIM_READER_FEATURE_TLV_PROPERTIES)) {
        tlv_properties(reader, &b);
    } else if (code == SIM_READER_CONTROL(SIM_READER_FEATURE_IFD_PIN_PROPERTIES) &&
               !reader->options.no_pad) {
        tke_byte_builder_u16(&b, 0); /* no display */
        tke_byte_builder_u8(&b, ENDS_ON_ANY);
        tke_byte_builder_u8(&b, 0); /* one timeout for all */
    }
    return b.len;
}

/* Called locked. */
static void
look_at_pad(const SimReader *reader, SimPadAsk *ask)
{
    const SimPinPad *pad = &reader->pad;
    gint64 left = reader->deadline - g_get_monotonic_time();

    memset(ask, 0, sizeof *ask);
    if (pad->asking) {
        ask->asking = true;
        ask->modify = pad->modify;
        ask->what = pad->what[pad->entry];
        ask->entry = pad->entry + 1;
        ask->entries = pad->entries;
        ask->min_digits = pad->min_digits;
        ask->max_digits = pad->max_digits;
        ask->digits = pad->digits;
        ask->left_ms = left > 0 ? (unsigned) (left / 1000) : 0;
        ask->all_ms = pad->timeout_s * reader->options.second_ms;
        ask->number = pad->number;
    }
}

void
sim_reader_get_state(SimReader *reader, SimReaderState *state)
{
    memset(state, 0, sizeof *state);
    g_mutex_lock(&reader->lock);
    state->card_present = reader->card != NULL;
    state->card_name = reader->card != NULL ? g_strdup(sim_card_get_name(reader->card)) : NULL;
    state->connected = reader->connection != 0;
    state->held = reader->held;
    state->events = reader->events;
    look_at_pad(reader, &state->pad);
    g_mutex_unlock(&reader->lock);
}

void
sim_reader_state_clear(SimReaderState *state)
{
    g_clear_pointer(&state->card_name, g_free);
}

/* Called locked. */
static bool
wait_for_ask(SimReader *reader, uint32_t after, int timeout_ms)
{
    gint64 until = g_get_monotonic_time() + (gint64) timeout_ms * 1000;

    while (!reader->pad.asking || reader->pad.number == after) {
        if (timeout_ms < 0) {
            g_cond_wait(&reader->changed, &reader->lock);
        } else if (!g_cond_wait_until(&reader->changed, &reader->lock, until)) {
            return reader->pad.asking && reader->pad.number != after;
        }
    }
    return true;
}

bool
sim_reader_wait_pad(SimReader *reader, uint32_t after, int timeout_ms, SimPadAsk *ask)
{
    bool asking = false;

    g_mutex_lock(&reader->lock);
    asking = wait_for_ask(reader, after, timeout_ms);
    look_at_pad(reader, ask);
    g_mutex_unlock(&reader->lock);
    return asking;
}

bool
sim_reader_press(SimReader *reader, char key)
{
    bool asking = false;

    g_mutex_lock(&reader->lock);
    asking = sim_pin_pad_press(&reader->pad, key);
    if (asking) {
        sim_reader_announce(reader);
    }
    g_mutex_unlock(&reader->lock);
    return asking;
}

/* Presses keys once the pad asks, all in one go; what is typed after the end of the entry is lost. */
static bool
type(SimReader *reader, const uint8_t *keys, size_t len, char last, int timeout_ms, GError **error)
{
    bool asking = false;

    g_mutex_lock(&reader->lock);
    asking = wait_for_ask(reader, 0, timeout_ms);
    if (asking) {
        uint32_t number = reader->pad.number;

        for (size_t i = 0; i < len; i++) {
            sim_pin_pad_press(&reader->pad, (char) keys[i]);
        }
        if (last != '\0' && reader->pad.number == number) {
            sim_pin_pad_press(&reader->pad, last);
        }
        sim_reader_announce(reader);
    }
    g_mutex_unlock(&reader->lock);
    if (!asking) {
        g_set_error(error, SIM_READER_ERROR, SIM_READER_ERROR_NOT_ASKING,
                    "%s: the PIN pad does not ask for anything", reader->options.name);
    }
    return asking;
}

bool
sim_reader_pin(SimReader *reader, const TkeSecret *digits, int timeout_ms, GError **error)
{
    return type(reader, tke_secret_bytes(digits, NULL), tke_secret_len(digits), SIM_KEY_ENTER,
                timeout_ms, error);
}

bool
sim_reader_keys(SimReader *reader, const TkeSecret *keys, int timeout_ms, GError **error)
{
    return type(reader, tke_secret_bytes(keys, NULL), tke_secret_len(keys), '\0', timeout_ms,
                error);
}

bool
sim_reader_cancel(SimReader *reader, int timeout_ms, GError **error)
{
    const uint8_t key = SIM_KEY_CANCEL;

    return type(reader, &key, 1, '\0', timeout_ms, error);
}
