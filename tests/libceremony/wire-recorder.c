/*
 * The recorder puts functions of its own before those of the world's source of cards and transport.
 */
#include "tests/libceremony/wire-recorder.h"

#include <string.h>

#include "common/hex.h"
#include "tests/cli/memory-scan.h"

struct WireRecorder {
    CeremonyWorld *world;
    GByteArray *apdus;   /* commands and answers, one after the other */
    GByteArray *answers; /* data of answers without status words: chains in one piece */
    GByteArray *bodies;
    unsigned n_apdus;
    unsigned n_bodies;
    GPtrArray *needles;
    GHashTable *known; /* hex of each value */
    char *first;
};

/* The functions below have no data of their own. The world is freed after its recorder and uses
 * them still. */
static WireRecorder *active;
static struct {
    const TkeCardSourceOps *source;
    const TkeCardConnectionOps *connection;
    const TkeUnitTransportOps *transport;
} inner;
static TkeCardSourceOps source_ops;
static TkeCardConnectionOps connection_ops;
static TkeUnitTransportOps transport_ops;

static void
record(GByteArray *to, const void *bytes, size_t len)
{
    g_byte_array_append(to, bytes, (guint) len);
    g_byte_array_append(to, (const guint8 *) "\n", 1);
}

static void
record_command(const uint8_t *bytes, size_t len)
{
    if (active != NULL) {
        record(active->apdus, bytes, len);
        active->n_apdus++;
    }
}

static void
record_answer(const uint8_t *bytes, size_t len)
{
    if (active == NULL) {
        return;
    }
    record(active->apdus, bytes, len);
    if (len >= 2) {
        g_byte_array_append(active->answers, bytes, (guint) len - 2);
    }
}

static bool
on_exchange(TkeCardConnection *connection, const uint8_t *command, size_t len, uint8_t *response,
            size_t size, size_t *response_len, GError **error)
{
    record_command(command, len);
    if (!inner.connection->exchange(connection, command, len, response, size, response_len,
                                    error)) {
        return false;
    }
    record_answer(response, *response_len);
    return true;
}

static bool
on_control(TkeCardConnection *connection, uint32_t code, const uint8_t *in, size_t in_len,
           uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    record_command(in, in_len);
    if (!inner.connection->control(connection, code, in, in_len, out, size, out_len, error)) {
        return false;
    }
    record_answer(out, *out_len);
    return true;
}

static TkeCardConnection *
on_connect(TkeCardSource *source, const char *reader_name, GCancellable *cancellable,
           GError **error)
{
    TkeCardConnection *connection = inner.source->connect(source, reader_name, cancellable, error);

    if (connection != NULL) {
        inner.connection = connection->ops;
        connection_ops = *connection->ops;
        connection_ops.exchange = on_exchange;
        connection_ops.control = on_control;
        connection->ops = &connection_ops;
    }
    return connection;
}

static bool
on_run(TkeUnitTransport *transport, TkeUnitRequest *const *requests, size_t n,
       GCancellable *cancellable, GError **error)
{
    bool ok = inner.transport->run(transport, requests, n, cancellable, error);

    for (size_t i = 0; i < n && active != NULL; i++) {
        const TkeUnitRequest *request = requests[i];

        record(active->bodies, request->path, strlen(request->path));
        if (request->body != NULL) {
            record(active->bodies, request->body, strlen(request->body));
            active->n_bodies++;
        }
        if (request->answer != NULL) {
            record(active->bodies, request->answer->data, request->answer->len);
            active->n_bodies++;
        }
    }
    return ok;
}

WireRecorder *
wire_recorder_new(CeremonyWorld *world)
{
    WireRecorder *recorder = g_new0(WireRecorder, 1);

    ck_assert_ptr_null(active);
    active = recorder;
    recorder->world = world;
    inner.source = world->source->ops;
    source_ops = *world->source->ops;
    source_ops.connect = on_connect;
    inner.transport = world->transport->ops;
    transport_ops = *world->transport->ops;
    transport_ops.run = on_run;
    world->source->ops = &source_ops;
    world->transport->ops = &transport_ops;
    recorder->apdus = g_byte_array_new();
    recorder->answers = g_byte_array_new();
    recorder->bodies = g_byte_array_new();
    recorder->needles = memory_scan_needles_new();
    recorder->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return recorder;
}

void
wire_recorder_free(WireRecorder *recorder)
{
    active = NULL;
    g_byte_array_unref(recorder->apdus);
    g_byte_array_unref(recorder->answers);
    g_byte_array_unref(recorder->bodies);
    g_ptr_array_unref(recorder->needles);
    g_hash_table_unref(recorder->known);
    g_free(recorder->first);
    g_free(recorder);
}

void
wire_recorder_look_for(WireRecorder *recorder, const char *what, const uint8_t *bytes, size_t len)
{
    if (g_hash_table_add(recorder->known, tke_hex_encode(bytes, len))) {
        memory_scan_add(recorder->needles, what, bytes, len);
    }
}

static void
learn(WireRecorder *recorder, const char *what, TkeSecret *value)
{
    size_t len = 0;
    const uint8_t *bytes = value != NULL ? tke_secret_bytes(value, &len) : NULL;

    if (value != NULL) {
        wire_recorder_look_for(recorder, what, bytes, len);
    }
    tke_secret_free(value);
}

static void
learn_pin(WireRecorder *recorder, SimCard *card, uint8_t reference)
{
    g_autoptr(TkeSecret) pin = sim_card_reveal_pin(card, reference, NULL);
    char digits[7] = "";

    if (pin != NULL && tke_secret_len(pin) == 6) {
        memcpy(digits, tke_secret_bytes(pin, NULL), 6);
        if (g_hash_table_add(recorder->known, g_strdup(digits))) {
            memory_scan_add_pin(recorder->needles, "PIN", digits);
        }
    }
}

static void
learn_card(WireRecorder *recorder, SimCard *card)
{
    learn(recorder, "zone key", sim_card_reveal_scalar(card, SIM_CARD_KEY_ZONE, NULL));
    learn(recorder, "identity key", sim_card_reveal_scalar(card, SIM_CARD_KEY_IDENTITY, NULL));
    learn(recorder, "signature key", sim_card_reveal_scalar(card, SIM_CARD_KEY_SIGNATURE, NULL));
    for (unsigned place = 1; place <= 3; place++) {
        learn(recorder, "key part", sim_card_reveal_part(card, place, NULL));
    }
    learn_pin(recorder, card, 0x81);
    learn_pin(recorder, card, 0x82);
}

static void
on_secret(const char *what, const uint8_t *bytes, size_t len, void *data)
{
    wire_recorder_look_for(data, what, bytes, len);
}

void
wire_recorder_learn(WireRecorder *recorder)
{
    SimService *service = recorder->world->service;
    GHashTableIter cards;
    gpointer card = NULL;

    g_hash_table_iter_init(&cards, recorder->world->by_name);
    while (g_hash_table_iter_next(&cards, NULL, &card)) {
        learn_card(recorder, card);
    }
    for (size_t i = 0; i < sim_service_get_n_units(service); i++) {
        g_autoptr(GError) error = NULL;

        card_world_check(
            sim_unit_visit_secrets(sim_service_get_unit(service, i), on_secret, recorder, &error),
            error);
    }
}

static unsigned
search(WireRecorder *recorder, const void *bytes, size_t len, const char *where)
{
    g_auto(ScanResult) result = { .first = NULL };

    memory_scan_bytes(bytes, len, recorder->needles, where, &result);
    if (recorder->first == NULL) {
        recorder->first = g_steal_pointer(&result.first);
    }
    return result.outside + result.locked;
}

unsigned
wire_recorder_search(WireRecorder *recorder)
{
    g_autofree char *path = g_build_filename(recorder->world->dir, "activity.log", NULL);
    g_autofree char *log = NULL;
    gsize log_len = 0;

    wire_recorder_learn(recorder);
    ck_assert(g_file_get_contents(path, &log, &log_len, NULL));
    return search(recorder, recorder->apdus->data, recorder->apdus->len, "an APDU") +
           search(recorder, recorder->answers->data, recorder->answers->len, "answers of cards") +
           search(recorder, recorder->bodies->data, recorder->bodies->len, "an HTTP body") +
           search(recorder, log, log_len, "the activity log") +
           search(recorder, recorder->world->notes->str, recorder->world->notes->len, "a note");
}

unsigned
wire_recorder_get_secrets(const WireRecorder *recorder)
{
    return g_hash_table_size(recorder->known);
}

unsigned
wire_recorder_get_apdus(const WireRecorder *recorder)
{
    return recorder->n_apdus;
}

unsigned
wire_recorder_get_bodies(const WireRecorder *recorder)
{
    return recorder->n_bodies;
}

const char *
wire_recorder_get_first(const WireRecorder *recorder)
{
    return recorder->first;
}
