/*
 * What a person sees of a virtual reader and does to its keys.
 */
#include <string.h>

#include "simulator/sim-reader-private.h"

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
    state->moved_us = reader->moved_us;
    state->faults = reader->faults;
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

/* Presses keys once the pad asks, all in one go; what is typed after the end of the entry is
 * lost. */
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
