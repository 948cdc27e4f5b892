/*
 * The scripted operator and the world around it.
 */
#include "tests/libceremony/ceremony-world.h"

#include <glib/gstdio.h>
#include <stdarg.h>
#include <string.h>

#include "libceremony/world-private.h"
#include "simulator/sim-unit-transport.h"
#include "tests/support/cap-maker.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/fault-unit-transport.h"

static SimCard *
present(CeremonyWorld *world, unsigned reader)
{
    g_auto(SimReaderState) state = { 0 };

    sim_reader_get_state(virtual_readers_get(world->cards->readers, reader), &state);
    return state.card_present ? g_hash_table_lookup(world->by_name, state.card_name) : NULL;
}

/* The next card in hand; one that was not read once more, while there is patience. NULL: none. */
static char *
take_card(CeremonyWorld *world, unsigned reader, const char *reason_word)
{
    char **last = &world->last[reader - 1];
    char *name = NULL;

    if (*last != NULL && world->patience > 0 &&
        (g_strcmp0(reason_word, "unreadable") == 0 || g_strcmp0(reason_word, "absent") == 0)) {
        world->patience--;
        return g_strdup(*last);
    }
    name = g_queue_pop_head(world->hands[reader - 1]);
    if (name != NULL &&
        (g_strcmp0(reason_word, "used") == 0 || g_strcmp0(reason_word, "no-administrator") == 0) &&
        present(world, reader) == g_hash_table_lookup(world->by_name, name)) {
        g_free(name); /* it is in already, and has done its part, or none there is */
        name = g_queue_pop_head(world->hands[reader - 1]);
    }
    if (name != NULL) {
        g_free(*last);
        *last = g_strdup(name);
    }
    return name;
}

static void
put_in(CeremonyWorld *world, unsigned reader, const char *reason_word)
{
    g_autofree char *name = take_card(world, reader, reason_word);
    SimReader *slot =
        virtual_readers_get(world->cards->readers, ceremony_world_slot(world, reader));
    g_autoptr(GError) error = NULL;
    SimCard *card;

    if (name == NULL) {
        if (g_strcmp0(reason_word, "in-use") != 0) { /* else whoever has the reader lets it go */
            g_cancellable_cancel(world->cancellable);
        }
        return;
    }
    card = g_hash_table_lookup(world->by_name, name);
    ck_assert_msg(card != NULL, "there is no card %s", name);
    sim_reader_remove(slot);
    for (unsigned other = 1; other <= 2; other++) {
        if (present(world, other) == card) {
            sim_reader_remove(virtual_readers_get(world->cards->readers, other));
        }
    }
    ck_assert_msg(sim_reader_insert(slot, card, &error), "%s", error != NULL ? error->message : "");
}

static const char *
pin_of(const TkePrompt *prompt)
{
    return prompt->wanted != TKE_WANTED_CA ? WORLD_PIN
           : prompt->pin == 2              ? WORLD_SECOND
                                           : WORLD_FIRST;
}

/* What the prompts of the test of a keypad ask for; NULL: another prompt. */
static const char *
keys_for_test(const char *purpose)
{
    static const struct {
        const char *purpose, *keys;
    } tests[] = {
        { "test-cancel", "12C" },
        { "test-timeout", "X" },
        { "test-short", "12345E" },
        { "test-different", "123456E654321E" },
        { "test-set", "123456E123456E" },
        { "test-change", WORLD_PIN "E" WORLD_TEST_PIN "E" WORLD_TEST_PIN "E" },
        { "test-change-back", WORLD_TEST_PIN "E" WORLD_PIN "E" WORLD_PIN "E" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(tests) && purpose != NULL; i++) {
        if (strcmp(tests[i].purpose, purpose) == 0) {
            return tests[i].keys;
        }
    }
    return NULL;
}

/* "9000": the pad answers that without asking anybody; "": it breaks the entry off. */
static void
order_of_pad(CeremonyWorld *world, unsigned reader, const char *sw)
{
    sim_reader_add_fault(
        virtual_readers_get(world->cards->readers, ceremony_world_slot(world, reader)),
        sw[0] == '\0' ? SIM_READER_FAULT_PAD_FAILS : SIM_READER_FAULT_PAD_STATUS,
        (uint16_t) g_ascii_strtoull(sw, NULL, 16));
}

static void
type_pin(CeremonyWorld *world, const TkePrompt *prompt)
{
    g_autofree char *given = g_queue_pop_head(world->keys[prompt->reader - 1]);
    const char *pin = pin_of(prompt);
    g_autofree char *keys = NULL;

    if (given != NULL && g_str_has_prefix(given, CEREMONY_WORLD_FAULT)) {
        order_of_pad(world, prompt->reader, given + strlen(CEREMONY_WORLD_FAULT));
        return;
    } else if (given != NULL && g_str_has_prefix(given, CEREMONY_WORLD_LIE)) {
        test_fault_card_source_set_lie(world->source, given + strlen(CEREMONY_WORLD_LIE));
        keys = g_strdup(strchr(given, ':') + 1);
    } else if (given != NULL) {
        keys = g_strdup(given);
    } else if (keys_for_test(prompt->purpose) != NULL) {
        keys = g_strdup(keys_for_test(prompt->purpose));
    } else {
        keys = prompt->kind == TKE_PROMPT_ENTER_PIN ? g_strconcat(pin, "E", NULL)
                                                    : g_strconcat(pin, "E", pin, "E", NULL);
    }
    virtual_readers_type(world->cards->readers, ceremony_world_slot(world, prompt->reader), keys);
}

static void
on_show(void *ui, const TkePrompt *prompt)
{
    CeremonyWorld *world = ui;
    bool insert = prompt->kind == TKE_PROMPT_INSERT_CARD;

    g_string_append_printf(world->prompts, "%s%s%s, reader %u%s%s\n", insert ? "insert" : "pin",
                           prompt->purpose != NULL ? " " : "",
                           prompt->purpose != NULL ? prompt->purpose : "", prompt->reader,
                           prompt->reason_word != NULL ? ": " : "",
                           prompt->reason_word != NULL ? prompt->reason_word : "");
    if (insert && prompt->reason != NULL) {
        g_string_append_printf(world->reasons, "%s\n", prompt->reason);
    }
    if (insert) {
        bool (*at_insert)(CeremonyWorld *, const TkePrompt *) = world->at_insert;

        world->at_insert = NULL;
        if (at_insert == NULL || !at_insert(world, prompt)) {
            put_in(world, prompt->reader, prompt->reason_word);
        }
    } else {
        if (prompt->kind == TKE_PROMPT_ENTER_PIN) {
            g_string_append_printf(world->tries, "%u ", prompt->tries_left);
        }
        if (world->at_pin != NULL) {
            world->at_pin(world);
            world->at_pin = NULL;
        }
        type_pin(world, prompt);
    }
}

static void
on_hide(void *ui)
{
    (void) ui;
}

static void
on_step(void *ui, unsigned done, unsigned total, const char *what)
{
    (void) ui;
    ck_assert_uint_le(done, total);
    ck_assert_ptr_nonnull(what);
}

static void
on_note(void *ui, const char *text)
{
    CeremonyWorld *world = ui;

    g_string_append_printf(world->notes, "%s\n", text);
}

static void
on_card(void *ui, unsigned reader, bool inserted)
{
    (void) ui;
    (void) inserted;
    ck_assert(reader == 1 || reader == 2);
}

static bool
on_confirm(void *ui, const TkePlan *plan, GCancellable *cancellable, GError **error)
{
    CeremonyWorld *world = ui;
    void (*meanwhile)(CeremonyWorld *) = world->meanwhile;

    (void) cancellable;
    ck_assert_ptr_nonnull(plan->title);
    g_string_append_printf(world->plans, "%s\n", plan->action);
    g_string_printf(world->details, "%s\n", plan->title);
    for (unsigned i = 0; plan->lines != NULL && plan->lines[i] != NULL; i++) {
        g_string_append_printf(world->details, "%s\n", plan->lines[i]);
    }
    g_string_append_printf(world->details, "%s\n%s\n",
                           plan->consequence != NULL ? plan->consequence : "",
                           plan->confirm_text != NULL ? plan->confirm_text : "");
    if (meanwhile != NULL) {
        world->meanwhile = NULL;
        meanwhile(world);
    }
    if (world->refuse) {
        world->refuse = false;
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "refused");
        return false;
    }
    return true;
}

static bool
on_choose(void *ui, const TkeChoice *choice, unsigned *index, GCancellable *cancellable,
          GError **error)
{
    CeremonyWorld *world = ui;

    (void) cancellable;
    (void) error;
    g_string_append_printf(world->choose, "%s: %s\n", choice->what, choice->title);
    g_string_truncate(world->rows, 0);
    for (unsigned i = 0; i < choice->n_rows; i++) {
        g_string_append_printf(world->rows, "%s\n", choice->rows[i][0]);
    }
    if (world->at_choice != NULL) {
        world->at_choice(world);
    }
    *index = choice->default_row > 0 && g_queue_is_empty(world->choices)
                 ? choice->default_row - 1
                 : GPOINTER_TO_UINT(g_queue_pop_head(world->choices));
    ck_assert_uint_lt(*index, choice->n_rows);
    return true;
}

static TkeSecret *
on_secret(void *ui, const TkeSecretPrompt *prompt, GCancellable *cancellable, GError **error)
{
    (void) ui;
    (void) prompt;
    (void) cancellable;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "no secrets here");
    return NULL;
}

const TkePrompterOps ceremony_world_operator = {
    .show = on_show,
    .hide = on_hide,
    .step = on_step,
    .note = on_note,
    .card = on_card,
    .confirm = on_confirm,
    .choose = on_choose,
    .ask_secret = on_secret,
};

static void
new_operation(CeremonyWorld *world)
{
    g_clear_pointer(&world->op, tke_operation_free);
    g_clear_object(&world->cancellable);
    world->cancellable = g_cancellable_new();
    world->op = tke_operation_new(world->world, world->session, world->log,
                                  &ceremony_world_operator, world, world->cancellable);
}

static void
start(CeremonyWorld *world)
{
    g_clear_pointer(&world->op, tke_operation_free);
    g_clear_pointer(&world->session, tke_card_session_free);
    world->session = tke_card_session_new(tke_world_get_cards(world->world, NULL));
    new_operation(world);
}

/* The person at the desk, or bad luck. */
static void
pull(void *data, const char *reader_name)
{
    CeremonyWorld *world = data;

    for (unsigned reader = 1; reader <= 2; reader++) {
        if (strcmp(virtual_readers_get_name(world->cards->readers, reader), reader_name) == 0) {
            sim_reader_remove(virtual_readers_get(world->cards->readers, reader));
        }
    }
}

static void
select_all(CeremonyWorld *world, unsigned n_units)
{
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));
    g_autoptr(GError) error = NULL;

    for (unsigned i = 1; i <= n_units; i++) {
        g_array_append_val(numbers, i);
    }
    card_world_check(tke_unit_directory_refresh(world->units, NULL, NULL, &error), error);
    card_world_check(tke_unit_directory_select(world->units, (unsigned *) (void *) numbers->data,
                                               n_units, true, &error),
                     error);
}

/* An applet file of few blocks, so that every one of them can be tried with every fault. */
static void
set_applet(CeremonyWorld *world)
{
    g_autoptr(CapMaker) maker = cap_maker_new(TKE_CAP_FILE_REHEARSAL, 700);
    g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(cap_maker_build(maker));

    tke_world_set_applet(world->world, bytes);
}

static CeremonyWorld *
new_world(unsigned n_units, bool apart)
{
    CeremonyWorld *world = g_new0(CeremonyWorld, 1);
    g_autoptr(JsonObject) scenario = ceremony_world_make_scenario(n_units, apart);
    const char *const instances[] = { CEREMONY_WORLD_INSTANCE, apart ? CEREMONY_WORLD_OTHER : NULL,
                                      NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) token = NULL;
    g_autofree char *path = NULL;
    TkeUnitTransport *direct = NULL;

    world->dir = g_dir_make_tmp("opentke-ceremony-XXXXXX", &error);
    card_world_check(world->dir != NULL, error);
    world->cards = card_world_new(20);
    world->service = sim_service_new(scenario, world->dir, &error);
    card_world_check(world->service != NULL, error);
    token = sim_service_new_token(world->service, 0, &error);
    card_world_check(token != NULL, error);
    direct = sim_unit_transport_new(world->service, token, &error);
    card_world_check(direct != NULL, error);
    world->transport = test_fault_unit_transport_new(direct);
    world->source =
        test_fault_card_source_new(virtual_readers_source(world->cards->readers), pull, world);
    world->world =
        tke_world_new_of_parts(world->source, world->transport,
                               ceremony_world_make_roots(world->service), world->dir, instances);
    set_applet(world);
    path = g_build_filename(world->dir, "activity.log", NULL);
    world->log = tke_activity_log_new(path, true);
    world->units = tke_unit_directory_new(world->world, &error);
    card_world_check(world->units != NULL, error);
    world->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    world->choices = g_queue_new();
    for (unsigned i = 0; i < 2; i++) {
        world->hands[i] = g_queue_new();
        world->keys[i] = g_queue_new();
    }
    world->prompts = g_string_new(NULL);
    world->reasons = g_string_new(NULL);
    world->notes = g_string_new(NULL);
    world->tries = g_string_new(NULL);
    world->plans = g_string_new(NULL);
    world->details = g_string_new(NULL);
    world->choose = g_string_new(NULL);
    world->rows = g_string_new(NULL);
    start(world);
    select_all(world, n_units);
    return world;
}

CeremonyWorld *
ceremony_world_new(unsigned n_units)
{
    return new_world(n_units, false);
}

CeremonyWorld *
ceremony_world_new_apart(unsigned n_units)
{
    return new_world(n_units, true);
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_remove(path);
}

void
ceremony_world_free(CeremonyWorld *world)
{
    tke_operation_free(world->op);
    tke_card_session_free(world->session);
    tke_unit_directory_free(world->units);
    tke_activity_log_free(world->log);
    tke_world_free(world->world);
    sim_service_free(world->service);
    card_world_free(world->cards);
    g_object_unref(world->cancellable);
    g_hash_table_unref(world->by_name);
    for (unsigned i = 0; i < 2; i++) {
        g_queue_free_full(world->hands[i], g_free);
        g_queue_free_full(world->keys[i], g_free);
        g_free(world->last[i]);
    }
    g_queue_free(world->choices);
    g_string_free(world->prompts, TRUE);
    g_string_free(world->reasons, TRUE);
    g_string_free(world->notes, TRUE);
    g_string_free(world->tries, TRUE);
    g_string_free(world->plans, TRUE);
    g_string_free(world->details, TRUE);
    g_string_free(world->choose, TRUE);
    g_string_free(world->rows, TRUE);
    if (!world->keep_dir) {
        remove_tree(world->dir);
    }
    g_free(world->dir);
    g_free(world);
}

void
ceremony_world_restart(CeremonyWorld *world)
{
    for (unsigned reader = 1; reader <= 2; reader++) {
        sim_reader_remove(virtual_readers_get(world->cards->readers, reader));
    }
    g_string_truncate(world->prompts, 0);
    g_string_truncate(world->reasons, 0);
    g_string_truncate(world->notes, 0);
    g_string_truncate(world->tries, 0);
    g_string_truncate(world->plans, 0);
    g_string_truncate(world->choose, 0);
    start(world);
}

void
ceremony_world_go_on(CeremonyWorld *world)
{
    for (unsigned i = 0; i < 2; i++) {
        g_queue_clear_full(world->hands[i], g_free);
        g_queue_clear_full(world->keys[i], g_free);
        g_clear_pointer(&world->last[i], g_free);
        virtual_readers_forget_keys(world->cards->readers, i + 1);
    }
    g_queue_clear(world->choices);
    world->refuse = false;
    g_string_truncate(world->prompts, 0);
    g_string_truncate(world->reasons, 0);
    g_string_truncate(world->notes, 0);
    g_string_truncate(world->tries, 0);
    g_string_truncate(world->plans, 0);
    g_string_truncate(world->choose, 0);
    new_operation(world);
}

SimCard *
ceremony_world_blank(CeremonyWorld *world, const char *name, SimCardKind kind)
{
    SimCard *card = card_world_make_card(world->cards, name, kind);

    g_hash_table_insert(world->by_name, (gpointer) sim_card_get_name(card), card);
    return card;
}

void
ceremony_world_hand(CeremonyWorld *world, unsigned reader, ...)
{
    va_list args;
    const char *name;

    va_start(args, reader);
    while ((name = va_arg(args, const char *)) != NULL) {
        g_queue_push_tail(world->hands[reader - 1], g_strdup(name));
    }
    va_end(args);
}
