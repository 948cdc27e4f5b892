/*
 * The directory of a world (4.12): made from a scenario, loaded again, saved.
 */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-json.h"
#include "simulator/sim-pcscd.h"
#include "simulator/sim-world-private.h"

#define SCENARIO_FILE "scenario.json"
#define READERS_FILE "readers.json"
#define READERS_FILE_MAX 65536u
#define CARDS_DIR "cards"
#define TEMPORARY_SUFFIX 7u /* ".XXXXXX" of a file being written when tke-sim was killed */

static const char *const own_names[] = {
    SCENARIO_FILE,         READERS_FILE,        CARDS_DIR,       "units",
    SIM_WORLD_WORKSTATION, TKE_SIM_SOCKET_NAME, "tke-sim.log",   "lock",
    SIM_WORLD_BOX_FILE,    SIM_WORLD_MARK_FILE, SIM_PCSCD_FOLDER
};

static bool
is_own_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(own_names); i++) {
        size_t len = strlen(own_names[i]);

        if (strncmp(name, own_names[i], len) == 0 &&
            (name[len] == '\0' || (name[len] == '.' && strlen(name + len) == TEMPORARY_SUFFIX))) {
            return true;
        }
    }
    return false;
}

static char *
path_in(const SimWorld *world, const char *name)
{
    return g_build_filename(world->directory, name, NULL);
}

/* A directory that is empty, or a world already. */
static bool
check_directory(const SimWorld *world, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(world->directory, 0, NULL);
    const char *name = NULL;

    if (dir == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("%s: cannot be read"), world->directory);
        return false;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (!is_own_name(name)) {
            g_set_error(
                error, TKE_ERROR, TKE_ERROR_SETUP,
                _("%s: is no world of a rehearsal (it holds \"%s\"); name an empty or a new "
                  "directory"),
                world->directory, name);
            return false;
        }
    }
    return true;
}

static bool
prepare_directory(SimWorld *world, GError **error)
{
    if (!tke_safe_file_make_dir(world->directory, error) || !check_directory(world, error)) {
        return false;
    }
    if (chmod(world->directory, S_IRWXU) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("%s: cannot be made private: %s"),
                    world->directory, g_strerror(errno));
        return false;
    }
    world->lock = tke_safe_file_lock_dir(world->directory, error);
    return world->lock != NULL;
}

/* Half-written files of a tke-sim that was killed. */
static void
sweep(const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        const char *ending = strstr(name, ".json.");

        if (ending != NULL && strlen(ending) == strlen(".json") + TEMPORARY_SUFFIX) {
            g_autofree char *path = g_build_filename(directory, name, NULL);

            unlink(path);
        }
    }
}

static char *
card_path(const SimWorld *world, const char *label)
{
    g_autofree char *file = g_strconcat(label, ".json", NULL);

    return g_build_filename(world->directory, CARDS_DIR, file, NULL);
}

void
sim_world_take_in(SimWorld *world, SimCard *card)
{
    const gint n = g_atomic_int_get(&world->n_cards);

    world->cards[n] = card;
    g_atomic_int_set(&world->n_cards, n + 1);
}

SimCard *
sim_world_make_card(SimWorld *world, const char *label, SimCardKind kind, bool extended,
                    GError **error)
{
    g_autofree char *path = card_path(world, label);
    g_autoptr(SimCard) card = sim_card_new(label, kind, error);

    if (card == NULL) {
        return NULL;
    }
    sim_card_set_extended_length(card, extended);
    sim_card_set_profile(card, world->profile);
    return sim_card_store_in(card, path, error) ? g_steal_pointer(&card) : NULL;
}

bool
sim_world_load_card(SimWorld *world, const char *label, GError **error)
{
    g_autofree char *path = card_path(world, label);
    SimCard *card = sim_card_load(path, error);

    if (card == NULL) {
        return false;
    }
    sim_world_take_in(world, card);
    return true;
}

/* ---- a new world ---- */

static bool
make_cards(SimWorld *world, GError **error)
{
    for (unsigned i = 0; i < world->scenario->cards->len; i++) {
        const SimScenarioCard *plan = g_ptr_array_index(world->scenario->cards, i);
        SimCard *card =
            sim_world_make_card(world, plan->label, plan->kind, plan->extended_length, error);

        if (card == NULL) {
            return false;
        }
        sim_world_take_in(world, card);
        if (!sim_card_set_manager(card, &plan->manager)) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("card \"%s\" cannot be saved"),
                        plan->label);
            return false;
        }
    }
    return true;
}

static bool
make_world(SimWorld *world, GError **error)
{
    g_autofree char *scenario_path = path_in(world, SCENARIO_FILE);
    g_autofree char *text = NULL;

    if (!make_cards(world, error) || !sim_world_save_readers(world, error)) {
        return false;
    }
    world->service = sim_service_exists(world->directory)
                         ? sim_service_load(world->directory, error)
                         : sim_service_new(world->scenario->service, world->directory, error);
    if (world->service == NULL) {
        return false;
    }
    text = json_to_string(world->scenario->whole, TRUE);
    return tke_safe_file_write(scenario_path, (const uint8_t *) text, strlen(text), error);
}

/* ---- a world that exists ---- */

static bool
load_cards(SimWorld *world, GError **error)
{
    for (unsigned i = 0; i < world->scenario->cards->len; i++) {
        const SimScenarioCard *plan = g_ptr_array_index(world->scenario->cards, i);

        if (!sim_world_load_card(world, plan->label, error)) {
            return false;
        }
    }
    return sim_world_load_box(world, error);
}

/* Puts the cards where they were. A card that is no longer known stays in the box. */
static bool
load_places(SimWorld *world, GError **error)
{
    g_autofree char *path = path_in(world, READERS_FILE);
    g_autoptr(GByteArray) text = tke_safe_file_read(path, READERS_FILE_MAX, NULL, error);
    g_autoptr(JsonObject) object = NULL;
    JsonArray *places = NULL;

    if (text != NULL) {
        object = sim_json_parse((const char *) text->data, (gssize) text->len, error);
    }
    if (object != NULL) {
        places = sim_json_need_array(object, "cards", error);
    }
    if (places == NULL) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    for (unsigned i = 0; i < MIN(json_array_get_length(places), world->readers->len); i++) {
        JsonNode *place = json_array_get_element(places, i);
        const char *label = JSON_NODE_HOLDS_VALUE(place) ? json_node_get_string(place) : NULL;
        SimCard *card = label == NULL ? NULL : sim_world_find_card(world, label, NULL);

        if (card != NULL && !sim_reader_insert(g_ptr_array_index(world->readers, i), card, error)) {
            g_prefix_error(error, "%s: ", path);
            return false;
        }
    }
    return true;
}

static bool
load_world(SimWorld *world, GError **error)
{
    if (!load_cards(world, error) || !load_places(world, error)) {
        return false;
    }
    world->service = sim_service_load(world->directory, error);
    return world->service != NULL;
}

/* Reader number has the card label, or none, whatever it has now; number 0: each has what it
 * has. */
static bool
save_places(SimWorld *world, unsigned number, const char *label, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *path = path_in(world, READERS_FILE);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&world->save_mutex);
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "cards");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < world->readers->len; i++) {
        g_auto(SimReaderState) state = { 0 };
        const char *name = NULL;

        sim_reader_get_state(g_ptr_array_index(world->readers, i), &state);
        name = i + 1 == number ? label : state.card_name;
        if (name == NULL) {
            json_builder_add_null_value(builder);
        } else {
            json_builder_add_string_value(builder, name);
        }
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    if (g_strcmp0(text, world->saved_places) == 0) {
        return true;
    }
    if (!tke_safe_file_write(path, (const uint8_t *) text, strlen(text), error)) {
        return false;
    }
    g_free(world->saved_places);
    world->saved_places = g_steal_pointer(&text);
    return true;
}

bool
sim_world_save_readers(SimWorld *world, GError **error)
{
    return save_places(world, 0, NULL, error);
}

bool
sim_world_save_move(SimWorld *world, unsigned number, const char *label, GError **error)
{
    return save_places(world, number, label, error);
}

/* ---- both ---- */

/* The scenario of the world, or the one it is to be made from. */
static bool
find_scenario(SimWorld *world, const SimWorldOptions *options, bool exists, GError **error)
{
    g_autofree char *own = path_in(world, SCENARIO_FILE);
    g_autofree char *wanted = NULL;
    g_autoptr(SimScenario) named = NULL;

    if (options->scenario != NULL || !exists) {
        wanted = sim_scenario_find(options->scenario, error);
        named = wanted == NULL ? NULL : sim_scenario_load(wanted, error);
        if (named == NULL) {
            return false;
        }
    }
    if (!exists) {
        world->scenario = g_steal_pointer(&named);
        return true;
    }
    world->scenario = sim_scenario_load(own, error);
    if (world->scenario == NULL) {
        return false;
    }
    if (named != NULL && !json_node_equal(named->whole, world->scenario->whole)) {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_SETUP,
            _("%s: this world was made from the scenario \"%s\"; name another directory for "
              "another one"),
            world->directory, world->scenario->name);
        return false;
    }
    return true;
}

static void
make_readers(SimWorld *world, const SimWorldOptions *options)
{
    for (unsigned i = 0; i < world->scenario->readers->len; i++) {
        const SimScenarioReader *plan = g_ptr_array_index(world->scenario->readers, i);
        g_autofree char *serial = sim_world_dup_serial(world, plan->serial);
        const SimReaderOptions reader = { .name = plan->name,
                                          .model = plan->model,
                                          .serial = serial,
                                          .port = plan->port,
                                          .keypad = plan->keypad,
                                          .short_only = !plan->extended_length,
                                          .second_ms = options->second_ms };

        g_ptr_array_add(world->readers, sim_reader_new(&reader));
    }
}

static bool
apply_options(SimWorld *world, const SimWorldOptions *options, GError **error)
{
    const char *profile = options->profile != NULL           ? options->profile
                          : world->scenario->profile != NULL ? world->scenario->profile
                                                             : "none";

    world->profile = sim_card_profile_find(profile);
    if (world->profile == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("no card timing profile is called \"%s\""),
                    profile);
        return false;
    }
    for (unsigned i = 0; i < sim_world_get_n_cards(world); i++) {
        sim_card_set_profile(sim_world_get_card(world, i), world->profile);
    }
    sim_service_set_delay(world->service, options->delay_ms >= 0 ? (unsigned) options->delay_ms
                                                                 : world->scenario->delay_ms);
    return true;
}

static bool
fill_world(SimWorld *world, const SimWorldOptions *options, GError **error)
{
    g_autofree char *scenario_path = path_in(world, SCENARIO_FILE);
    g_autofree char *cards = path_in(world, CARDS_DIR);
    g_autofree char *workstation = path_in(world, SIM_WORLD_WORKSTATION);
    bool exists = g_file_test(scenario_path, G_FILE_TEST_EXISTS);

    if (!find_scenario(world, options, exists, error) || !tke_safe_file_make_dir(cards, error) ||
        !tke_safe_file_make_dir(workstation, error)) {
        return false;
    }
    sweep(world->directory);
    sweep(cards);
    if (!sim_world_take_mark(world, error)) {
        return false;
    }
    make_readers(world, options);
    if (!(exists ? load_world(world, error) : make_world(world, error)) ||
        !apply_options(world, options, error)) {
        return false;
    }
    for (unsigned i = 0; i < world->readers->len; i++) {
        SimReader *reader = g_ptr_array_index(world->readers, i);
        g_auto(SimReaderState) state = { 0 };

        sim_reader_get_state(reader, &state);
        world->seen[i].events = state.events;
        sim_reader_set_observer(reader, sim_world_reader_changed, world);
    }
    world->server = sim_https_server_new(world->service, error);
    return world->server != NULL;
}

SimWorld *
sim_world_new(const char *directory, const SimWorldOptions *options, GError **error)
{
    g_autoptr(SimWorld) world = g_new0(SimWorld, 1);

    world->directory = g_canonicalize_filename(directory, NULL);
    world->readers = g_ptr_array_new_with_free_func((GDestroyNotify) sim_reader_free);
    world->writing =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) sim_writing_free);
    world->watches = g_array_new(FALSE, FALSE, sizeof(int));
    world->generation = 1;
    world->revision = 1;
    world->running = true;
    g_mutex_init(&world->mutex);
    g_mutex_init(&world->save_mutex);
    g_mutex_init(&world->box_mutex);
    g_cond_init(&world->changed);
    if (!prepare_directory(world, error) || !fill_world(world, options, error)) {
        return NULL;
    }
    return g_steal_pointer(&world);
}

void
sim_world_free(SimWorld *world)
{
    if (world == NULL) {
        return;
    }
    sim_https_server_free(world->server);
    for (unsigned i = 0; i < world->readers->len; i++) {
        SimReader *reader = g_ptr_array_index(world->readers, i);

        /* The cards outlive their readers; readers.json keeps saying where they are. */
        sim_reader_set_observer(reader, NULL, NULL);
        sim_reader_remove(reader);
    }
    g_ptr_array_unref(world->readers);
    for (unsigned i = 0; i < sim_world_get_n_cards(world); i++) {
        sim_card_free(sim_world_get_card(world, i));
    }
    g_hash_table_unref(world->writing);
    g_array_unref(world->watches);
    sim_service_free(world->service);
    sim_scenario_free(world->scenario);
    tke_dir_lock_free(world->lock);
    g_mutex_clear(&world->mutex);
    g_mutex_clear(&world->save_mutex);
    g_mutex_clear(&world->box_mutex);
    g_cond_clear(&world->changed);
    g_free(world->saved_places);
    g_free(world->mark);
    g_free(world->directory);
    g_free(world);
}
