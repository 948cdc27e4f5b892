/*
 * Virtual readers: cards in and out, connections, exchanges in the card's time, PIN entry (PC/SC
 * part 10; what real readers and pcscd do is the model, test environment 4).
 *
 * One mutex guards a reader. A program's call is "busy" for its whole length, so calls queue up;
 * the mutex is free while the card works, while its time passes and while a person types.
 * "executing" is the part in which the card may not be taken away under the caller's feet.
 */
#include "simulator/sim-reader.h"

#include <string.h>

#include "libsmartcard/card-transport.h"
#include "simulator/sim-pin-pad.h"
#include "simulator/sim-reader-private.h"

G_DEFINE_QUARK(sim - reader - error - quark, sim_reader_error)

#define SHORT_APDU_MAX 261u
#define QUICK_CLOCK_S 5u
#define PAD_LOST 0xFFFFu /* the entry ended because card or program went away */

/* Wakes everybody who waits and tells the observer. Called locked, returns locked. */
void
sim_reader_announce(SimReader *reader)
{
    SimReaderObserver observer = reader->observer;
    void *data = reader->observer_data;

    g_cond_broadcast(&reader->changed);
    if (observer != NULL) {
        g_mutex_unlock(&reader->lock);
        observer(reader, data);
        g_mutex_lock(&reader->lock);
    }
}

static bool
fail(const SimReader *reader, SimReaderError code, const char *what, GError **error)
{
    g_set_error(error, SIM_READER_ERROR, (gint) code, "%s: %s", reader->options.name, what);
    return false;
}

/* Waits for the reader's turn; the connection must still be there then. Locks on success. */
static bool
begin(SimReader *reader, uint32_t connection, GError **error)
{
    g_mutex_lock(&reader->lock);
    while (reader->busy) {
        g_cond_wait(&reader->changed, &reader->lock);
    }
    if (connection == 0 || connection != reader->connection) {
        bool present = reader->card != NULL;

        g_mutex_unlock(&reader->lock);
        return present ? fail(reader, SIM_READER_ERROR_REMOVED, "the card was removed", error)
                       : fail(reader, SIM_READER_ERROR_NO_CARD, "no card", error);
    }
    reader->busy = true;
    return true;
}

static void
end(SimReader *reader)
{
    reader->busy = false;
    sim_reader_announce(reader);
    g_mutex_unlock(&reader->lock);
}

/* The card has no power any more, and nobody types for it. NULL: there is none. Called locked. */
static SimCard *
cut_off(SimReader *reader)
{
    while (reader->executing) {
        g_cond_wait(&reader->changed, &reader->lock);
    }
    if (reader->card == NULL) {
        return NULL;
    }
    sim_card_power_off(reader->card);
    reader->powered = false;
    reader->connection = 0;
    if (reader->pad.asking) {
        sim_pin_pad_stop(&reader->pad, PAD_LOST);
    }
    return reader->card;
}

/* The card leaves the reader. Called locked. */
static SimCard *
take_card(SimReader *reader)
{
    SimCard *card = cut_off(reader);

    if (card != NULL) {
        sim_card_claim(card, false);
        reader->card = NULL;
        reader->events++;
        reader->moved_us = g_get_monotonic_time();
    }
    return card;
}

/*
 * Lets time pass, without the lock, until ms after start (monotonic): what the virtual card needed
 * to compute and to save is part of what a real one takes, not more of it.
 */
static void
spend(SimReader *reader, gint64 start, double ms)
{
    const gint64 left = start + (gint64) (ms * 1000) - g_get_monotonic_time();

    if (left > 0) {
        g_mutex_unlock(&reader->lock);
        g_usleep((gulong) left);
        g_mutex_lock(&reader->lock);
    }
}

/* One exchange with the card. Called busy and locked. */
static bool
exchange(SimReader *reader, uint32_t connection, const uint8_t *command, size_t len,
         SimCardAnswer *answer, GError **error)
{
    const gint64 start = g_get_monotonic_time();
    SimCard *card = reader->card;
    SimCardOutcome outcome = SIM_CARD_OFF;

    reader->executing = true;
    g_mutex_unlock(&reader->lock);
    outcome = sim_card_exchange(card, command, len, answer);
    g_mutex_lock(&reader->lock);
    reader->executing = false;
    g_cond_broadcast(&reader->changed);
    spend(reader, start, answer->cost_ms);
    if (outcome == SIM_CARD_PULLED && reader->connection == connection) {
        take_card(reader);
        sim_reader_announce(reader);
    }
    if (reader->connection != connection) {
        return fail(reader, SIM_READER_ERROR_REMOVED, "the card was removed", error);
    }
    if (outcome != SIM_CARD_ANSWERED) {
        return fail(reader, SIM_READER_ERROR_SILENT, "the card does not answer", error);
    }
    return true;
}

static void
power_up(SimReader *reader)
{
    const gint64 start = g_get_monotonic_time();
    double cost_ms = 0;

    reader->executing = true;
    sim_card_set_contactless(reader->card,
                             sim_reader_has_fault(reader, SIM_READER_FAULT_CONTACTLESS));
    sim_card_power_on(reader->card, reader->atr, &reader->atr_len, &cost_ms);
    reader->powered = true;
    reader->executing = false;
    spend(reader, start, cost_ms);
}

static uint32_t
connect_card(SimReader *reader, bool cold, uint8_t atr[static SIM_CARD_ATR_MAX], size_t *atr_len,
             GError **error)
{
    uint32_t connection = 0;

    g_mutex_lock(&reader->lock);
    if (reader->held || reader->connection != 0) {
        g_mutex_unlock(&reader->lock);
        fail(reader, SIM_READER_ERROR_IN_USE, "another program holds the reader", error);
        return 0;
    }
    while (reader->busy) {
        g_cond_wait(&reader->changed, &reader->lock);
    }
    if (reader->card == NULL || reader->connection != 0) {
        bool empty = reader->card == NULL;

        g_mutex_unlock(&reader->lock);
        fail(reader, empty ? SIM_READER_ERROR_NO_CARD : SIM_READER_ERROR_IN_USE,
             empty ? "no card" : "another program holds the reader", error);
        return 0;
    }
    reader->busy = true;
    reader->last_connection =
        reader->last_connection == UINT32_MAX ? 1 : reader->last_connection + 1;
    connection = reader->last_connection;
    reader->connection = connection;
    if (reader->powered && cold) {
        sim_card_power_off(reader->card);
        reader->powered = false;
    }
    if (!reader->powered) {
        power_up(reader);
    }
    memcpy(atr, reader->atr, reader->atr_len);
    *atr_len = reader->atr_len;
    if (reader->connection != connection) {
        connection = 0;
        fail(reader, SIM_READER_ERROR_REMOVED, "the card was removed", error);
    }
    end(reader);
    return connection;
}

uint32_t
sim_reader_connect(SimReader *reader, uint8_t atr[static SIM_CARD_ATR_MAX], size_t *atr_len,
                   GError **error)
{
    return connect_card(reader, false, atr, atr_len, error);
}

uint32_t
sim_reader_power_on(SimReader *reader, uint8_t atr[static SIM_CARD_ATR_MAX], size_t *atr_len,
                    GError **error)
{
    return connect_card(reader, true, atr, atr_len, error);
}

void
sim_reader_power_off(SimReader *reader, uint32_t connection)
{
    if (begin(reader, connection, NULL)) {
        sim_card_power_off(reader->card);
        reader->powered = false;
        reader->connection = 0;
        end(reader);
    }
}

void
sim_reader_disconnect(SimReader *reader, uint32_t connection)
{
    g_mutex_lock(&reader->lock);
    if (connection != 0 && connection == reader->connection) {
        reader->connection = 0;
        if (reader->pad.asking) {
            sim_pin_pad_stop(&reader->pad, PAD_LOST);
        }
        sim_reader_announce(reader);
    }
    g_mutex_unlock(&reader->lock);
}

bool
sim_reader_reset(SimReader *reader, uint32_t connection, uint8_t atr[static SIM_CARD_ATR_MAX],
                 size_t *atr_len, GError **error)
{
    bool done = false;

    if (!begin(reader, connection, error)) {
        return false;
    }
    power_up(reader);
    memcpy(atr, reader->atr, reader->atr_len);
    *atr_len = reader->atr_len;
    done = reader->connection == connection;
    end(reader);
    return done || fail(reader, SIM_READER_ERROR_REMOVED, "the card was removed", error);
}

/* Whether the command has the extended form, which a reader for short APDUs cannot carry. */
static bool
is_extended(const uint8_t *command, size_t len)
{
    return len > SHORT_APDU_MAX || (len > 5 && command[4] == 0);
}

bool
sim_reader_exchange(SimReader *reader, uint32_t connection, const uint8_t *command, size_t len,
                    uint8_t *response, size_t size, size_t *response_len, GError **error)
{
    SimCardAnswer answer = { 0 };
    bool done = false;

    if (len < 4 || (reader->options.short_only && is_extended(command, len))) {
        return fail(reader, SIM_READER_ERROR_UNSUPPORTED, "the reader cannot carry such a command",
                    error);
    }
    if (!begin(reader, connection, error)) {
        return false;
    }
    done = exchange(reader, connection, command, len, &answer, error);
    end(reader);
    if (done && answer.len > size) {
        return fail(reader, SIM_READER_ERROR_TOO_SMALL, "no room for the answer", error);
    }
    if (done) {
        memcpy(response, answer.bytes, answer.len);
        *response_len = answer.len;
    }
    return done;
}

/* Waits until the entry has ended, by keys, time, card or program. Called busy and locked. */
static void
wait_for_keys(SimReader *reader)
{
    SimPinPad *pad = &reader->pad;
    gint64 seconds = (gint64) pad->timeout_s * reader->options.second_ms * 1000;

    reader->deadline = g_get_monotonic_time() + seconds;
    sim_reader_announce(reader);
    while (pad->asking) {
        if (!g_cond_wait_until(&reader->changed, &reader->lock, reader->deadline) && pad->asking) {
            sim_pin_pad_expire(pad);
        }
    }
}

/* What the pad gets asked for, with what it does wrong. Called busy and locked. */
static uint16_t
start_entry(SimReader *reader, bool modify, const uint8_t *in, size_t len)
{
    SimPinPad *pad = &reader->pad;
    uint16_t sw = sim_pin_pad_start(pad, reader->model, modify, in, len);

    pad->blind = sim_reader_has_fault(reader, SIM_READER_FAULT_NO_LENGTH_CHECK);
    pad->trusting = sim_reader_has_fault(reader, SIM_READER_FAULT_NO_COMPARISON);
    if (sim_reader_has_fault(reader, SIM_READER_FAULT_QUICK_CLOCK)) {
        pad->timeout_s = QUICK_CLOCK_S;
    }
    if (sw == 0 && sim_reader_has_fault(reader, SIM_READER_FAULT_PAD_STATUS)) {
        reader->faults &= ~(1u << SIM_READER_FAULT_PAD_STATUS);
        sw = reader->fault_sw;
        sim_pin_pad_stop(pad, sw);
        sim_pin_pad_clear(pad);
        sim_reader_announce(reader);
    }
    return sw;
}

/* A whole PIN entry: keys, then the command to the card. Called busy and locked. */
static bool
enter_pin(SimReader *reader, uint32_t connection, bool modify, const uint8_t *in, size_t len,
          SimCardAnswer *answer, GError **error)
{
    SimPinPad *pad = &reader->pad;
    uint16_t sw = 0;
    g_autoptr(TkeSecret) command = NULL;

    if (sim_reader_has_fault(reader, SIM_READER_FAULT_PAD_FAILS)) {
        reader->faults &= ~(1u << SIM_READER_FAULT_PAD_FAILS);
        return fail(reader, SIM_READER_ERROR_FAILED, "the PIN pad breaks the entry off", error);
    }
    sw = start_entry(reader, modify, in, len);
    if (sw == 0) {
        wait_for_keys(reader);
        sw = pad->result;
        command = sw == 0 ? sim_pin_pad_build(pad) : NULL;
        sim_pin_pad_clear(pad);
        sim_reader_announce(reader);
    }
    if (reader->connection != connection) {
        return fail(reader, SIM_READER_ERROR_REMOVED, "the card was removed", error);
    }
    if (command != NULL) {
        return exchange(reader, connection, tke_secret_bytes(command, NULL),
                        tke_secret_len(command), answer, error);
    }
    sw = sw == 0 ? SIM_PAD_CANCELLED : sw;
    answer->bytes[0] = (uint8_t) (sw >> 8);
    answer->bytes[1] = (uint8_t) sw;
    answer->len = 2;
    return true;
}

static bool
is_entry(uint32_t code)
{
    return code == SIM_READER_CONTROL(SIM_READER_FEATURE_VERIFY_PIN_DIRECT) ||
           code == SIM_READER_CONTROL(SIM_READER_FEATURE_MODIFY_PIN_DIRECT);
}

bool
sim_reader_control(SimReader *reader, uint32_t connection, uint32_t code, const uint8_t *in,
                   size_t in_len, uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    SimCardAnswer answer = { 0 };
    bool modify = code == SIM_READER_CONTROL(SIM_READER_FEATURE_MODIFY_PIN_DIRECT);
    bool done = false;
    bool enters = false;

    g_mutex_lock(&reader->lock);
    if (!is_entry(code)) {
        answer.len = sim_reader_query(reader, code, answer.bytes);
        done = answer.len > 0;
    } else {
        enters = sim_reader_has_keypad(reader) &&
                 !sim_reader_has_fault(reader, SIM_READER_FAULT_CLAIMS_KEYPAD);
    }
    g_mutex_unlock(&reader->lock);
    if (enters) {
        if (!begin(reader, connection, error)) {
            return false;
        }
        done = enter_pin(reader, connection, modify, in, in_len, &answer, error);
        answer.len += sim_reader_has_fault(reader, SIM_READER_FAULT_PAD_GARBAGE) ? 1 : 0;
        end(reader);
        if (!done) {
            return false;
        }
    }
    if (!done) {
        return fail(reader, SIM_READER_ERROR_UNSUPPORTED, "unknown control code", error);
    }
    if (answer.len > size) {
        return fail(reader, SIM_READER_ERROR_TOO_SMALL, "no room for the answer", error);
    }
    memcpy(out, answer.bytes, answer.len);
    *out_len = answer.len;
    return true;
}

bool
sim_reader_control_direct(SimReader *reader, uint32_t code, const uint8_t *in, size_t in_len,
                          uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    bool taken = false;

    g_mutex_lock(&reader->lock);
    taken = reader->held || reader->connection != 0;
    g_mutex_unlock(&reader->lock);
    if (taken) {
        return fail(reader, SIM_READER_ERROR_IN_USE, "another program holds the reader", error);
    }
    if (is_entry(code)) {
        return fail(reader, SIM_READER_ERROR_UNSUPPORTED,
                    "a PIN entry needs a connection to the card", error);
    }
    return sim_reader_control(reader, 0, code, in, in_len, out, size, out_len, error);
}

bool
sim_reader_insert(SimReader *reader, SimCard *card, GError **error)
{
    g_mutex_lock(&reader->lock);
    if (reader->card != NULL || !sim_card_claim(card, true)) {
        bool full = reader->card != NULL;

        g_mutex_unlock(&reader->lock);
        return fail(reader, SIM_READER_ERROR_OCCUPIED,
                    full ? "a card is in there already" : "the card is in another reader", error);
    }
    reader->card = card;
    reader->powered = false;
    reader->events++;
    reader->moved_us = g_get_monotonic_time();
    sim_reader_announce(reader);
    g_mutex_unlock(&reader->lock);
    return true;
}

SimCard *
sim_reader_remove(SimReader *reader)
{
    SimCard *card = NULL;

    g_mutex_lock(&reader->lock);
    card = take_card(reader);
    if (card != NULL) {
        sim_reader_announce(reader);
    }
    g_mutex_unlock(&reader->lock);
    return card;
}

void
sim_reader_cut_power(SimReader *reader)
{
    g_mutex_lock(&reader->lock);
    (void) cut_off(reader);
    sim_reader_announce(reader);
    g_mutex_unlock(&reader->lock);
}

void
sim_reader_set_held(SimReader *reader, bool held)
{
    g_mutex_lock(&reader->lock);
    reader->held = held;
    sim_reader_announce(reader);
    g_mutex_unlock(&reader->lock);
}
