/*
 * The people of a rehearsal (4.12): every prompt of docs/events.md and what a person does about it.
 */
#include "simulator/officers-people.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "simulator/sim-json.h"

#define SILENCE_MS 180000
#define FIRST_PIN 314000u

struct SimOfficersPeople {
    SimOfficersDesk *desk;
    void (*step)(const char *what, void *data);
    void *data;
    SimOfficersCounts counts;
    /* of the task at hand */
    const SimOfficersTask *task;
    SimOfficersProgram *program;
    unsigned next_answer;
    GHashTable *offered; /* "reader label" of the cards that were put in for this task */
};

SimOfficersPeople *
sim_officers_people_new(SimOfficersDesk *desk, void (*step)(const char *what, void *data),
                        void *data)
{
    SimOfficersPeople *people = g_new0(SimOfficersPeople, 1);

    people->desk = desk;
    people->step = step;
    people->data = data;
    people->offered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return people;
}

void
sim_officers_people_free(SimOfficersPeople *people)
{
    if (people == NULL) {
        return;
    }
    g_hash_table_unref(people->offered);
    g_free(people);
}

void
sim_officers_people_get_counts(const SimOfficersPeople *people, SimOfficersCounts *counts)
{
    *counts = people->counts;
}

static guint32 pin_seed;

void
sim_officers_people_set_pin_seed(guint32 seed)
{
    pin_seed = seed;
}

char *
sim_officers_people_dup_pin(const char *label, unsigned pin)
{
    guint sum = 0;

    if (pin_seed != 0) {
        g_autofree char *text = g_strdup_printf("%u/%s/%u", pin_seed, label, pin);

        return g_strdup_printf("%06u", g_str_hash(text) % 1000000);
    }

    /* Easy to tell apart and to look up: the same for every rehearsal of this scenario. */
    for (const char *at = label; *at != '\0'; at++) {
        sum = sum * 31 + (guint) (unsigned char) *at;
    }
    return g_strdup_printf("%06u", FIRST_PIN + sum % 1000 * 100 + pin);
}

static bool
set_stuck(GError **error, const char *text)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, text);
    return false;
}

static bool
take_reader(JsonObject *event, unsigned *reader, GError **error)
{
    int64_t number = 0;

    if (!sim_json_need_number(event, "reader", 1, SIM_OFFICERS_READERS, &number, error)) {
        return false;
    }
    *reader = (unsigned) number;
    return true;
}

/* ---- cards ---- */

static bool
was_offered(SimOfficersPeople *people, unsigned reader, const char *label)
{
    g_autofree char *key = g_strdup_printf("%u %s", reader, label);

    return g_hash_table_contains(people->offered, key);
}

static void
note_offered(SimOfficersPeople *people, unsigned reader, const char *label)
{
    if (label != NULL) {
        g_hash_table_add(people->offered, g_strdup_printf("%u %s", reader, label));
    }
}

/* The next card of the task for a reader that is not in it and was not offered yet. */
static const char *
find_card(SimOfficersPeople *people, unsigned reader)
{
    for (unsigned i = 0; i < SIM_OFFICERS_CARDS_MAX; i++) {
        const char *label = people->task->cards[reader - 1][i];

        if (label != NULL && !was_offered(people, reader, label) &&
            g_strcmp0(sim_officers_desk_get_card(people->desk, reader), label) != 0) {
            return label;
        }
    }
    return NULL;
}

/*
 * The program saw the reader empty while one card was changed for another: by now the card it asks
 * for is there. Or another program holds the reader: it looks again by itself.
 */
static bool
is_outdated(SimOfficersPeople *people, JsonObject *event, unsigned reader)
{
    const char *reason = sim_json_find_text(event, "reason", "absent");
    const char *label = sim_officers_desk_get_card(people->desk, reader);

    return label != NULL && (strcmp(reason, "in-use") == 0 ||
                             (strcmp(reason, "absent") == 0 && was_offered(people, reader, label)));
}

static bool
insert_card(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    unsigned reader = 0;
    const char *label = NULL;

    if (!take_reader(event, &reader, error)) {
        return false;
    }
    if (is_outdated(people, event, reader)) {
        return true;
    }
    note_offered(people, reader, sim_officers_desk_get_card(people->desk, reader));
    label = find_card(people, reader);
    if (label == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    _("nobody has another card for reader %u (%s %s)"), reader,
                    sim_json_find_text(event, "what", ""), sim_json_find_text(event, "reason", ""));
        return false;
    }
    note_offered(people, reader, label);
    people->counts.insertions++;
    return sim_officers_desk_insert(people->desk, reader, label, error);
}

static bool
remove_card(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    unsigned reader = 0;

    return take_reader(event, &reader, error) &&
           sim_officers_desk_remove(people->desk, reader, error);
}

bool
sim_officers_people_clear_desk(SimOfficersPeople *people, const SimOfficersTask *task,
                               GError **error)
{
    for (unsigned reader = 1; reader <= SIM_OFFICERS_READERS; reader++) {
        const char *label = sim_officers_desk_get_card(people->desk, reader);
        bool wanted = false;

        for (unsigned i = 0; label != NULL && i < SIM_OFFICERS_CARDS_MAX; i++) {
            wanted = wanted || g_strcmp0(task->cards[reader - 1][i], label) == 0;
        }
        if (label != NULL && !wanted && !sim_officers_desk_remove(people->desk, reader, error)) {
            return false;
        }
    }
    return true;
}

/* ---- PINs ---- */

static bool
type_pins(SimOfficersPeople *people, JsonObject *event, unsigned times, GError **error)
{
    g_autofree char *digits = NULL;
    const char *label = NULL;
    unsigned reader = 0;
    int64_t pin = 0;

    if (json_object_has_member(event, "reason")) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("a PIN was not accepted: %s"),
                    sim_json_find_text(event, "reason", ""));
        return false;
    }
    if (!take_reader(event, &reader, error) ||
        !sim_json_get_number(event, "pin", 1, 2, 1, &pin, error)) {
        return false;
    }
    label = sim_officers_desk_get_card(people->desk, reader);
    if (label == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                    _("a PIN is asked for on reader %u, which is empty"), reader);
        return false;
    }
    digits = sim_officers_people_dup_pin(label, (unsigned) pin);
    for (unsigned i = 0; i < times; i++) {
        if (!sim_officers_desk_type(people->desk, reader, digits, error)) {
            return false;
        }
        people->counts.pins++;
    }
    return true;
}

static bool
verify_pin(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    return type_pins(people, event, 1, error);
}

static bool
set_pin(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    return type_pins(people, event, 2, error);
}

/* ---- keyboard ---- */

static const char *
take_answer(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    const char *answer = people->next_answer < SIM_OFFICERS_ANSWERS_MAX
                             ? people->task->answers[people->next_answer]
                             : NULL;

    if (answer == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("nobody knows what to answer: %s"),
                    sim_json_find_text(event, "what", ""));
        return NULL;
    }
    people->next_answer++;
    return answer;
}

static bool
confirm(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *word = sim_json_get_text(event, "word", &cause);

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return sim_officers_program_type(people->program, word != NULL ? word : "y", error);
}

static bool
answer_line(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    const char *answer = take_answer(people, event, error);

    return answer != NULL && sim_officers_program_type(people->program, answer, error);
}

/* The number of the option that holds a piece of text. Who has begun a CA card knows its PIN: it goes
 * on. */
static bool
choose(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    const char *purpose = sim_json_find_text(event, "purpose", "");
    const char *answer =
        strcmp(purpose, "card-begun") == 0 ? "1" : take_answer(people, event, error);
    JsonArray *options = answer == NULL ? NULL : sim_json_need_array(event, "options", error);

    if (options == NULL) {
        return false;
    }
    if (strspn(answer, "0123456789 ") == strlen(answer)) {
        return sim_officers_program_type(people->program, answer, error);
    }
    for (unsigned i = 0; i < json_array_get_length(options); i++) {
        JsonNode *node = json_array_get_element(options, i);
        const char *option = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

        if (option != NULL && strstr(option, answer) != NULL) {
            g_autofree char *number = g_strdup_printf("%u", i + 1);

            return sim_officers_program_type(people->program, number, error);
        }
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("none of the choices is \"%s\""), answer);
    return false;
}

/* ---- events ---- */

static const struct {
    const char *kind;
    bool (*act)(SimOfficersPeople *people, JsonObject *event, GError **error);
} prompts[] = {
    { "insert", insert_card }, { "remove", remove_card }, { "pin-verify", verify_pin },
    { "pin-set", set_pin },    { "confirm", confirm },    { "choose", choose },
    { "text", answer_line },   { "number", answer_line },
};

static bool
answer_prompt(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    const char *kind = sim_json_need_text(event, "kind", error);

    if (kind == NULL) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(prompts); i++) {
        if (strcmp(prompts[i].kind, kind) == 0) {
            return prompts[i].act(people, event, error);
        }
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("nobody knows what to do about \"%s\""),
                kind);
    return false;
}

static bool
judge_result(SimOfficersPeople *people, JsonObject *event, GError **error)
{
    int64_t code = 0;

    if (!sim_json_need_number(event, "exit", 0, UINT8_MAX, &code, error)) {
        return false;
    }
    if (code == 0) {
        return true;
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%s ended with exit code %d: %s"),
                people->task->command, (int) code, sim_json_find_text(event, "error", ""));
    return false;
}

bool
sim_officers_people_follow(SimOfficersPeople *people, SimOfficersProgram *program,
                           const SimOfficersTask *task, GError **error)
{
    people->task = task;
    people->program = program;
    people->next_answer = 0;
    g_hash_table_remove_all(people->offered);
    if (!sim_officers_people_clear_desk(people, task, error)) {
        return false;
    }
    for (;;) {
        g_autoptr(GError) cause = NULL;
        g_autoptr(JsonObject) event = sim_officers_program_next_event(program, SILENCE_MS, &cause);
        const char *name = NULL;

        if (cause != NULL) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
        if (event == NULL) {
            return set_stuck(error, _("the program ended without a result"));
        }
        name = sim_json_find_text(event, "event", "");
        if (strcmp(name, "result") == 0) {
            return judge_result(people, event, error);
        }
        if (strcmp(name, "step") == 0 && people->step != NULL) {
            people->step(sim_json_find_text(event, "what", ""), people->data);
        }
        if (strcmp(name, "prompt") == 0 && !answer_prompt(people, event, error)) {
            return false;
        }
    }
}
