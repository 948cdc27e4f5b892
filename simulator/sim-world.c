/*
 * SimWorld: readers, box of cards and service of a rehearsal as one (4.12). Making, loading and
 * saving are in sim-world-files.c.
 */
#include "simulator/sim-world.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/log.h"
#include "libsmartcard/card-transport.h"
#include "simulator/sim-applet.h"
#include "simulator/sim-json.h"
#include "simulator/sim-world-private.h"

const char *
sim_world_get_directory(const SimWorld *world)
{
    return world->directory;
}

const char *
sim_world_get_scenario(const SimWorld *world)
{
    return world->scenario->name;
}

const char *
sim_world_get_url(const SimWorld *world)
{
    return sim_https_server_get_url(world->server);
}

const char *
sim_world_get_profile(const SimWorld *world)
{
    return world->profile->name;
}

SimService *
sim_world_get_service(const SimWorld *world)
{
    return world->service;
}

unsigned
sim_world_get_n_readers(const SimWorld *world)
{
    return world->readers->len;
}

SimReader *
sim_world_get_reader(const SimWorld *world, unsigned number, GError **error)
{
    if (number < 1 || number > world->readers->len) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("there is no reader %u; this world has %u"), number, world->readers->len);
        return NULL;
    }
    return g_ptr_array_index(world->readers, number - 1);
}

SimReader *
sim_world_find_reader(SimWorld *world, const char *name)
{
    for (unsigned i = 0; i < world->readers->len; i++) {
        SimReader *reader = g_ptr_array_index(world->readers, i);

        if (strcmp(sim_reader_get_options(reader)->name, name) == 0) {
            return sim_world_is_plugged(world, i + 1) ? reader : NULL;
        }
    }
    return NULL;
}

unsigned
sim_world_get_n_cards(const SimWorld *world)
{
    return (unsigned) g_atomic_int_get(&world->n_cards);
}

SimCard *
sim_world_get_card(const SimWorld *world, unsigned index)
{
    return index < sim_world_get_n_cards(world) ? world->cards[index] : NULL;
}

SimCard *
sim_world_find_card(const SimWorld *world, const char *label, GError **error)
{
    for (unsigned i = 0; i < sim_world_get_n_cards(world); i++) {
        SimCard *card = world->cards[i];

        if (g_ascii_strcasecmp(sim_card_get_name(card), label) == 0) {
            return card;
        }
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("no card in the box is called \"%s\""), label);
    return NULL;
}

unsigned
sim_world_get_place(SimWorld *world, const SimCard *card)
{
    for (unsigned i = 0; i < world->readers->len; i++) {
        g_auto(SimReaderState) state = { 0 };

        sim_reader_get_state(g_ptr_array_index(world->readers, i), &state);
        if (state.card_name != NULL && strcmp(state.card_name, sim_card_get_name(card)) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static bool
is_empty(SimReader *reader)
{
    g_auto(SimReaderState) state = { 0 };

    sim_reader_get_state(reader, &state);
    return !state.card_present;
}

/* What cannot be saved does not happen: nobody ever sees a move that is taken back. */
bool
sim_world_insert(SimWorld *world, unsigned number, const char *label, GError **error)
{
    SimReader *reader = sim_world_get_reader(world, number, error);
    SimCard *card = reader == NULL ? NULL : sim_world_find_card(world, label, error);

    if (card == NULL) {
        return false;
    }
    if (is_empty(reader) && sim_world_get_place(world, card) == 0 &&
        !sim_world_save_move(world, number, sim_card_get_name(card), error)) {
        return false;
    }
    if (!sim_reader_insert(reader, card, error)) {
        sim_world_save_readers(world, NULL);
        return false;
    }
    return true;
}

bool
sim_world_remove(SimWorld *world, unsigned number, GError **error)
{
    SimReader *reader = sim_world_get_reader(world, number, error);

    if (reader == NULL || (!is_empty(reader) && !sim_world_save_move(world, number, NULL, error))) {
        return false;
    }
    if (sim_reader_remove(reader) == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("there is no card in reader %u"), number);
        return false;
    }
    return true;
}

/* ---- what programs see ---- */

/* With the mutex held: something that a person can see has changed. */
static void
note_revision(SimWorld *world)
{
    world->revision++;
    g_cond_broadcast(&world->changed);
}

/* With the mutex held: something that list_readers tells has changed. */
static void
note_change(SimWorld *world)
{
    const uint64_t one = 1;

    world->generation++;
    note_revision(world);
    for (unsigned i = 0; i < world->watches->len; i++) {
        int fd = g_array_index(world->watches, int, i);

        /* A counter that is full wakes its reader just as well. */
        if (write(fd, &one, sizeof one) != (ssize_t) sizeof one) {
            tke_log("sim", "the counter of a watch is full");
        }
    }
}

void
sim_world_reader_changed(SimReader *reader, void *data)
{
    SimWorld *world = data;
    g_autoptr(GError) error = NULL;
    g_auto(SimReaderState) state = { 0 };
    unsigned index = 0;
    bool changed = false;

    sim_reader_get_state(reader, &state);
    if (!g_ptr_array_find(world->readers, reader, &index)) {
        return;
    }
    g_mutex_lock(&world->mutex);
    changed = world->seen[index].events != state.events;
    if (changed) {
        world->seen[index].events = state.events;
        note_change(world);
    } else {
        note_revision(world);
    }
    g_mutex_unlock(&world->mutex);

    /* A card can also leave because a fault pulled it. */
    if (changed && !sim_world_save_readers(world, &error)) {
        tke_log("sim", "%s", error->message);
    }
}

static TkeReaderInfo *
describe_reader(SimReader *reader)
{
    const SimReaderOptions *options = sim_reader_get_options(reader);
    TkeReaderInfo *info = g_new0(TkeReaderInfo, 1);
    g_auto(SimReaderState) state = { 0 };

    sim_reader_get_state(reader, &state);
    info->name = g_strdup(options->name);
    info->model = g_strdup(options->model);
    info->serial = g_strdup(options->serial);
    info->port = g_strdup(options->port);
    info->is_virtual = true;
    info->card_present = state.card_present;
    info->events = state.events;
    return info;
}

GPtrArray *
sim_world_list_readers(SimWorld *world, unsigned number, uint32_t *generation)
{
    GPtrArray *infos = g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_info_free);

    /* First the number: a change while the readers are looked at ends the next wait at once. */
    *generation = sim_world_get_generation(world);
    for (unsigned i = 0; i < world->readers->len; i++) {
        if ((number == 0 || number == i + 1) && sim_world_is_plugged(world, i + 1)) {
            g_ptr_array_add(infos, describe_reader(g_ptr_array_index(world->readers, i)));
        }
    }
    return infos;
}

uint32_t
sim_world_get_generation(SimWorld *world)
{
    uint32_t generation = 0;

    g_mutex_lock(&world->mutex);
    generation = world->generation;
    g_mutex_unlock(&world->mutex);
    return generation;
}

void
sim_world_add_watch(SimWorld *world, int event_fd)
{
    g_mutex_lock(&world->mutex);
    g_array_append_val(world->watches, event_fd);
    g_mutex_unlock(&world->mutex);
}

void
sim_world_remove_watch(SimWorld *world, int event_fd)
{
    g_mutex_lock(&world->mutex);
    for (unsigned i = 0; i < world->watches->len; i++) {
        if (g_array_index(world->watches, int, i) == event_fd) {
            g_array_remove_index_fast(world->watches, i);
            break;
        }
    }
    g_mutex_unlock(&world->mutex);
}

static void
add_text(JsonBuilder *builder, const char *member, const char *text)
{
    json_builder_set_member_name(builder, member);
    json_builder_add_string_value(builder, text);
}

char *
sim_world_dup_description(SimWorld *world)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *workstation = g_build_filename(world->directory, SIM_WORLD_WORKSTATION, NULL);
    g_autofree char *applet = g_base64_encode(sim_applet, sim_applet_len);
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(builder);
    add_text(builder, "directory", world->directory);
    add_text(builder, "workstation", workstation);
    add_text(builder, "base_url", sim_world_get_url(world));
    add_text(builder, "applet", applet);
    sim_service_describe(world->service, builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

/* ---- what a person sees ---- */

/* With the mutex held. Only what is done counts for the service: its counter follows the change. */
static uint64_t
get_revision(SimWorld *world)
{
    return world->revision + sim_service_get_n_done(world->service);
}

void
sim_world_note(SimWorld *world)
{
    g_mutex_lock(&world->mutex);
    note_revision(world);
    g_mutex_unlock(&world->mutex);
}

uint64_t
sim_world_wait_revision(SimWorld *world, uint64_t seen, unsigned timeout_ms)
{
    const gint64 end = g_get_monotonic_time() + (gint64) timeout_ms * 1000;
    uint64_t revision = 0;

    g_mutex_lock(&world->mutex);
    while (get_revision(world) == seen && g_cond_wait_until(&world->changed, &world->mutex, end)) {
    }
    revision = get_revision(world);
    g_mutex_unlock(&world->mutex);
    return revision;
}

bool
sim_world_open_desk(SimWorld *world, bool only)
{
    bool opened = false;

    g_mutex_lock(&world->mutex);
    opened = !only || world->desks == 0;
    if (opened) {
        world->desks++;
    } else {
        world->desk_calls++;
    }
    note_revision(world);
    g_mutex_unlock(&world->mutex);
    return opened;
}

void
sim_world_close_desk(SimWorld *world)
{
    g_mutex_lock(&world->mutex);
    world->desks--;
    note_revision(world);
    g_mutex_unlock(&world->mutex);
}

void
sim_world_count_desks(SimWorld *world, unsigned *open, unsigned *calls)
{
    g_mutex_lock(&world->mutex);
    *open = world->desks;
    *calls = world->desk_calls;
    g_mutex_unlock(&world->mutex);
}

/* ---- faults ---- */

void
sim_world_set_running(SimWorld *world, bool running)
{
    g_mutex_lock(&world->mutex);
    if (world->running && !running) {
        world->epoch++;
    }
    world->running = running;
    note_change(world);
    g_mutex_unlock(&world->mutex);
    for (guint i = 0; !running && i < world->readers->len; i++) {
        sim_reader_cut_power(g_ptr_array_index(world->readers, i));
    }
}

bool
sim_world_is_running(SimWorld *world)
{
    bool running = false;

    g_mutex_lock(&world->mutex);
    running = world->running;
    g_mutex_unlock(&world->mutex);
    return running;
}

uint32_t
sim_world_get_epoch(SimWorld *world)
{
    uint32_t epoch = 0;

    g_mutex_lock(&world->mutex);
    epoch = world->epoch;
    g_mutex_unlock(&world->mutex);
    return epoch;
}

void
sim_world_set_plugged(SimWorld *world, unsigned number, bool plugged)
{
    g_return_if_fail(number >= 1 && number <= world->readers->len);

    g_mutex_lock(&world->mutex);
    world->seen[number - 1].unplugged = !plugged;
    note_change(world);
    g_mutex_unlock(&world->mutex);
    if (!plugged) {
        sim_reader_cut_power(g_ptr_array_index(world->readers, number - 1));
    }
}

bool
sim_world_is_plugged(SimWorld *world, unsigned number)
{
    bool plugged = false;

    g_return_val_if_fail(number >= 1 && number <= world->readers->len, false);

    g_mutex_lock(&world->mutex);
    plugged = !world->seen[number - 1].unplugged;
    g_mutex_unlock(&world->mutex);
    return plugged;
}

void
sim_world_clear_faults(SimWorld *world)
{
    sim_world_set_running(world, true);
    for (unsigned i = 0; i < world->readers->len; i++) {
        sim_reader_set_held(g_ptr_array_index(world->readers, i), false);
        sim_reader_clear_faults(g_ptr_array_index(world->readers, i));
        sim_world_set_plugged(world, i + 1, true);
    }
    for (unsigned i = 0; i < sim_world_get_n_cards(world); i++) {
        sim_card_clear_faults(world->cards[i]);
        sim_card_set_forgery(world->cards[i], SIM_CARD_GENUINE);
        sim_card_clear_traits(world->cards[i]);
    }
    sim_service_clear_faults(world->service);
}
