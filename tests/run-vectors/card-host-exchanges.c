/*
 * Card file 04, the host's side: a transcript plays the cards, libsmartcard has to send the
 * recorded commands and to give every answer the recorded verdict (card-protocol.md, all sections).
 */
#include <string.h>

#include "libsmartcard/card-error.h"
#include "tests/run-vectors/card-host.h"

extern const VectorKind vectors_card_host_exchanges[];

static void
host_card_free(void *data)
{
    HostCard *on = data;

    tke_card_free(on->card);
    transcript_card_free(on->transcript);
    g_free(on);
}

static void
add_card(HostRun *run, const char *name)
{
    JsonObject *cards = vector_object(run->vector, run->vector->inputs, "cards");
    JsonObject *json = vector_object(run->vector, cards, name);
    GByteArray *id = vector_bytes(run->vector, json, "card_id_hex");
    HostCard *on = g_new0(HostCard, 1);

    on->name = name;
    on->transcript = transcript_card_new(vector_bool(run->vector, json, "extended_length"));
    transcript_card_set_any_form(on->transcript, true);
    on->card = tke_card_new(transcript_card_connect(on->transcript), 1, name);
    if (vector_check(run->vector, id->len == sizeof on->card_id, "card id of %s", name)) {
        memcpy(on->card_id, id->data, sizeof on->card_id);
    }
    g_ptr_array_add(run->cards, on);
}

static HostCard *
find_card(HostRun *run, const char *name)
{
    for (guint i = 0; i < run->cards->len; i++) {
        HostCard *on = g_ptr_array_index(run->cards, i);

        if (strcmp(on->name, name) == 0) {
            return on;
        }
    }
    vector_check(run->vector, false, "there is no card \"%s\"", name);
    return NULL;
}

/* Appends the APDUs of a step to the transcript of its card. */
static void
load_apdus(HostRun *run, const HostStep *step)
{
    JsonArray *apdus = vector_array(run->vector, step->json, "apdus");

    for (guint i = 0; i < json_array_get_length(apdus); i++) {
        JsonObject *apdu = vector_element(run->vector, apdus, i);
        GByteArray *command = vector_bytes(run->vector, apdu, "command");
        GByteArray *response = vector_bytes(run->vector, apdu, "response");

        transcript_card_add(step->on->transcript, command->data, command->len, response->data,
                            response->len);
    }
}

/* Takes a step apart; false if it is none in which a host sends a whole command. */
static bool
read_step(HostRun *run, JsonObject *json, HostStep *step)
{
    GByteArray *header = NULL;
    GByteArray *sw = NULL;

    *step = (HostStep){ .json = json };
    step->on = find_card(run, vector_text(run->vector, json, "card"));
    if (step->on == NULL || !vector_has(json, "header")) {
        return false;
    }
    header = vector_bytes(run->vector, json, "header");
    sw = vector_bytes(run->vector, json, "sw");
    step->data = vector_bytes(run->vector, json, "data_hex");
    step->answer = vector_bytes(run->vector, json, "answer_hex");
    if (!vector_check(run->vector, header->len == 4 && sw->len == 2, "a step is malformed")) {
        return false;
    }
    memcpy(step->header, header->data, sizeof step->header);
    step->sw = (uint16_t) (sw->data[0] << 8 | sw->data[1]);
    return true;
}

static void
judge(HostRun *run, unsigned number, const HostStep *step, bool ok, const GError *error)
{
    TkeCardErrorInfo info = { .sw = 0 };
    const char *problem = transcript_card_get_problem(step->on->transcript);
    const bool refused = !ok && tke_card_error_get_info(error, &info) && info.sw == step->sw;

    if (problem != NULL) {
        vector_check(run->vector, false, "step %u: %s", number, problem);
    } else if (!ok && error == NULL) {
        vector_check(run->vector, false, "step %u: no call sends such a command", number);
    } else {
        vector_check(run->vector, step->sw == 0x9000 ? ok : ok || refused, "step %u: %s", number,
                     error != NULL ? error->message : "success");
    }
}

static bool
is_command(const HostStep *step, uint8_t ins, uint8_t p1)
{
    return step->header[1] == ins && step->header[2] == p1;
}

/* An offer that is followed by an import on the same card belongs to it. */
static bool
is_import(HostRun *run, JsonArray *steps, guint i, const HostStep *offer, HostStep *import)
{
    return is_command(offer, 0x46, 0x04) && i + 1 < json_array_get_length(steps) &&
           read_step(run, vector_element(run->vector, steps, i + 1), import) &&
           import->on == offer->on && is_command(import, 0x2A, 0x08);
}

static void
run_steps(HostRun *run)
{
    JsonArray *steps = vector_array(run->vector, run->vector->expected, "steps");

    for (guint i = 0; i < json_array_get_length(steps) && run->vector->failures == NULL; i++) {
        JsonObject *json = vector_element(run->vector, steps, i);
        HostStep step = { 0 };
        HostStep next = { 0 };
        bool ok = false;
        g_autoptr(GError) error = NULL;

        if (!read_step(run, json, &step)) {
            if (step.on != NULL && vector_has(json, "event") &&
                strcmp(vector_text(run->vector, json, "event"), "reset") == 0) {
                vector_check(run->vector, tke_card_reset(step.on->card, NULL), "reset");
            }
            continue; /* what happens to a card besides, and APDUs that are no whole command */
        }
        load_apdus(run, &step);
        if (is_import(run, steps, i, &step, &next)) {
            load_apdus(run, &next);
            ok = card_host_import(run, &step, &next, &error);
            step = next;
            i++;
        } else {
            ok = card_host_command(run, &step, &error);
        }
        judge(run, i + 1, &step, ok, error);
    }
}

static void
run_exchange(Vector *vector)
{
    HostRun run = { .vector = vector };
    JsonObject *cards = vector_object(vector, vector->inputs, "cards");
    GList *names = json_object_get_members(cards);

    run.cards = g_ptr_array_new_with_free_func(host_card_free);
    for (GList *name = names; name != NULL; name = name->next) {
        add_card(&run, name->data);
    }
    run_steps(&run);
    g_list_free(names);
    g_ptr_array_unref(run.cards);
}

#define EXCHANGES "04-exchanges"

const VectorKind vectors_card_host_exchanges[] = {
    { EXCHANGES, "create-zone", run_exchange, NULL },
    { EXCHANGES, "backup-ca", run_exchange, NULL },
    { EXCHANGES, "enrol-and-personalise", run_exchange, NULL },
    { EXCHANGES, "signature-key", run_exchange, NULL },
    { EXCHANGES, "key-parts", run_exchange, NULL },
    { EXCHANGES, "copy", run_exchange, NULL },
    { EXCHANGES, "pins", run_exchange, NULL },
    { EXCHANGES, "import", run_exchange, NULL },
    { 0 },
};
