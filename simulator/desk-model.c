/*
 * The status of a world as a value (4.12; simulator/sim-control.h tells its members).
 */
#include "simulator/desk-model.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "simulator/sim-json.h"

static void
card_free(SimDeskCard *card)
{
    g_free(card->label);
    g_free(card->front);
    g_free(card->back);
    g_free(card->description);
    g_free(card->zone);
    g_free(card->zone_id);
    g_free(card->version);
    g_strfreev(card->unusual);
    g_strfreev(card->waiting);
    g_free(card);
}

static void
reader_free(SimDeskReader *reader)
{
    g_free(reader->name);
    g_free(reader->model);
    g_free(reader->card);
    g_strfreev(reader->faults);
    g_free(reader);
}

static void
unit_free(SimDeskUnit *unit)
{
    g_free(unit->location);
    g_free(unit->kind);
    g_free(unit->current);
    g_free(unit->pending);
    g_free(unit);
}

void
sim_desk_world_free(SimDeskWorld *world)
{
    if (world == NULL) {
        return;
    }
    g_free(world->directory);
    g_free(world->scenario);
    g_free(world->region);
    g_ptr_array_unref(world->cards);
    g_ptr_array_unref(world->readers);
    g_ptr_array_unref(world->units);
    g_free(world);
}

/* ---- reading ---- */

/* A text; absent or null: NULL. */
static bool
take_optional(JsonObject *object, const char *member, char **out, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!json_object_has_member(object, member) || json_object_get_null_member(object, member)) {
        return true;
    }
    *out = g_strdup(sim_json_get_text(object, member, &cause));
    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return true;
}

/* A text; absent or null: "". */
static bool
take_text(JsonObject *object, const char *member, char **out, GError **error)
{
    if (!take_optional(object, member, out, error)) {
        return false;
    }
    if (*out == NULL) {
        *out = g_strdup("");
    }
    return true;
}

static bool
need_text(JsonObject *object, const char *member, char **out, GError **error)
{
    *out = g_strdup(sim_json_need_text(object, member, error));
    return *out != NULL;
}

/* Hexadecimal; absent or null: "". */
static bool
take_hex(JsonObject *object, const char *member, char **out, GError **error)
{
    if (!take_text(object, member, out, error)) {
        return false;
    }
    for (const char *at = *out; *at != '\0'; at++) {
        if (!g_ascii_isxdigit(*at)) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("\"%s\" is not hexadecimal"),
                        member);
            return false;
        }
    }
    return true;
}

/* An array of texts; absent: an empty one. */
static bool
take_words(JsonObject *object, const char *member, GStrv *out, GError **error)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    JsonArray *array = NULL;

    if (json_object_has_member(object, member)) {
        array = sim_json_need_array(object, member, error);
        if (array == NULL) {
            return false;
        }
    }
    for (unsigned i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                        _("\"%s\" is not a list of texts"), member);
            return false;
        }
        g_strv_builder_add(words, json_node_get_string(node));
    }
    *out = g_strv_builder_end(words);
    return true;
}

/* A number; absent or null: 0. */
static bool
take_number(JsonObject *object, const char *member, unsigned *out, GError **error)
{
    int64_t value = 0;

    if (json_object_has_member(object, member) && !json_object_get_null_member(object, member) &&
        !sim_json_get_number(object, member, 0, G_MAXUINT32, 0, &value, error)) {
        return false;
    }
    *out = (unsigned) value;
    return true;
}

static bool
take_kind(JsonObject *object, SimDeskKind *kind, GError **error)
{
    const char *text = sim_json_need_text(object, "kind", error);

    /* A kind this desk has not heard of is drawn as a card without a word. */
    *kind = g_strcmp0(text, "ca") == 0     ? SIM_DESK_CA
            : g_strcmp0(text, "ep11") == 0 ? SIM_DESK_EP11
                                           : SIM_DESK_BLANK;
    return text != NULL;
}

static bool
take_pins(JsonObject *object, SimDeskCard *card, GError **error)
{
    JsonArray *pins = NULL;

    if (!json_object_has_member(object, "pins")) {
        return true;
    }
    pins = sim_json_need_array(object, "pins", error);
    if (pins == NULL) {
        return false;
    }
    card->pins = MIN(json_array_get_length(pins), SIM_DESK_PINS);
    for (unsigned i = 0; i < card->pins; i++) {
        JsonObject *pin = sim_json_need_element(pins, i, "pins", error);

        if (pin == NULL || !sim_json_get_flag(pin, "set", false, &card->pin_set[i], error) ||
            !take_number(pin, "tries", &card->tries[i], error)) {
            return false;
        }
    }
    return true;
}

static bool
take_card(SimDeskWorld *world, JsonObject *object, gint64 now_us, GError **error)
{
    SimDeskCard *card = g_new0(SimDeskCard, 1);

    (void) now_us;
    g_ptr_array_add(world->cards, card);
    card->has_signature_key = json_object_has_member(object, "ski");
    return need_text(object, "label", &card->label, error) &&
           take_kind(object, &card->kind, error) &&
           take_text(object, "front", &card->front, error) &&
           take_text(object, "back", &card->back, error) &&
           take_text(object, "description", &card->description, error) &&
           take_text(object, "zone_description", &card->zone, error) &&
           take_number(object, "reader", &card->reader, error) &&
           take_number(object, "key_parts", &card->key_parts, error) &&
           take_number(object, "faults", &card->faults, error) &&
           sim_json_get_flag(object, "genuine", true, &card->genuine, error) &&
           take_hex(object, "zone_id", &card->zone_id, error) &&
           take_text(object, "applet_version", &card->version, error) &&
           take_words(object, "unusual", &card->unusual, error) &&
           take_words(object, "waiting", &card->waiting, error) && take_pins(object, card, error);
}

static bool
take_pad(JsonObject *object, SimDeskPad *pad, gint64 now_us, GError **error)
{
    JsonObject *ask = sim_json_need_object(object, "pad", error);
    const char *what = NULL;
    unsigned left_ms = 0;

    if (ask == NULL || !sim_json_get_flag(ask, "asking", false, &pad->asking, error)) {
        return false;
    }
    if (!pad->asking) {
        return true;
    }
    what = sim_json_need_text(ask, "what", error);
    pad->what = g_strcmp0(what, "new-pin") == 0 ? SIM_DESK_NEW_PIN
                : g_strcmp0(what, "again") == 0 ? SIM_DESK_AGAIN
                                                : SIM_DESK_PIN;
    if (what == NULL || !take_number(ask, "number", &pad->number, error) ||
        !take_number(ask, "entry", &pad->entry, error) ||
        !take_number(ask, "entries", &pad->entries, error) ||
        !take_number(ask, "digits", &pad->digits, error) ||
        !take_number(ask, "max_digits", &pad->max_digits, error) ||
        !take_number(ask, "all_ms", &pad->all_ms, error) ||
        !take_number(ask, "left_ms", &left_ms, error)) {
        return false;
    }
    pad->end_us = now_us + (gint64) left_ms * 1000;
    return true;
}

static bool
take_reader(SimDeskWorld *world, JsonObject *object, gint64 now_us, GError **error)
{
    SimDeskReader *reader = g_new0(SimDeskReader, 1);

    g_ptr_array_add(world->readers, reader);
    return take_number(object, "number", &reader->number, error) &&
           need_text(object, "name", &reader->name, error) &&
           take_text(object, "model", &reader->model, error) &&
           take_optional(object, "card", &reader->card, error) &&
           sim_json_get_flag(object, "plugged", true, &reader->plugged, error) &&
           sim_json_get_flag(object, "pin_pad", true, &reader->pin_pad, error) &&
           sim_json_get_flag(object, "connected", false, &reader->connected, error) &&
           sim_json_get_flag(object, "held", false, &reader->held, error) &&
           take_words(object, "faults", &reader->faults, error) &&
           take_pad(object, &reader->pad, now_us, error);
}

static bool
take_unit(SimDeskWorld *world, JsonObject *object, gint64 now_us, GError **error)
{
    SimDeskUnit *unit = g_new0(SimDeskUnit, 1);

    (void) now_us;
    g_ptr_array_add(world->units, unit);
    return take_text(object, "location", &unit->location, error) &&
           take_text(object, "kind", &unit->kind, error) &&
           take_text(object, "current", &unit->current, error) &&
           take_text(object, "pending", &unit->pending, error) &&
           take_number(object, "administrators", &unit->administrators, error);
}

typedef bool (*TakeEntry)(SimDeskWorld *world, JsonObject *object, gint64 now_us, GError **error);

static bool
take_entries(SimDeskWorld *world, JsonObject *object, const char *member, TakeEntry take,
             gint64 now_us, GError **error)
{
    JsonArray *array = sim_json_need_array(object, member, error);

    for (unsigned i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonObject *entry = sim_json_need_element(array, i, member, error);

        if (entry == NULL || !take(world, entry, now_us, error)) {
            return false;
        }
    }
    return array != NULL;
}

static bool
take_service(SimDeskWorld *world, JsonObject *status, GError **error)
{
    JsonObject *service = sim_json_need_object(status, "service", error);
    JsonArray *faults = service == NULL ? NULL : sim_json_need_array(service, "faults", error);

    if (faults == NULL) {
        return false;
    }
    world->service_faults = json_array_get_length(faults);
    return take_entries(world, service, "units", take_unit, 0, error);
}

SimDeskWorld *
sim_desk_world_parse(JsonObject *status, const char *region, gint64 now_us, GError **error)
{
    g_autoptr(SimDeskWorld) world = g_new0(SimDeskWorld, 1);

    world->region = g_strdup(region == NULL ? "" : region);
    world->cards = g_ptr_array_new_with_free_func((GDestroyNotify) card_free);
    world->readers = g_ptr_array_new_with_free_func((GDestroyNotify) reader_free);
    world->units = g_ptr_array_new_with_free_func((GDestroyNotify) unit_free);
    if (!sim_json_need_number(status, "revision", 0, G_MAXINT64, &world->revision, error) ||
        !need_text(status, "world", &world->directory, error) ||
        !take_text(status, "scenario", &world->scenario, error) ||
        !sim_json_get_flag(status, "running", true, &world->running, error) ||
        !take_number(status, "desk_calls", &world->desk_calls, error) ||
        !take_entries(world, status, "readers", take_reader, now_us, error) ||
        !take_entries(world, status, "cards", take_card, now_us, error) ||
        !take_service(world, status, error)) {
        g_prefix_error(error, _("the status of the world: "));
        return NULL;
    }
    return g_steal_pointer(&world);
}

/* ---- looking ---- */

const SimDeskCard *
sim_desk_world_find_card(const SimDeskWorld *world, const char *label)
{
    for (unsigned i = 0; label != NULL && i < world->cards->len; i++) {
        const SimDeskCard *card = g_ptr_array_index(world->cards, i);

        if (strcmp(card->label, label) == 0) {
            return card;
        }
    }
    return NULL;
}

const SimDeskReader *
sim_desk_world_find_reader(const SimDeskWorld *world, unsigned number)
{
    for (unsigned i = 0; i < world->readers->len; i++) {
        const SimDeskReader *reader = g_ptr_array_index(world->readers, i);

        if (reader->number == number) {
            return reader;
        }
    }
    return NULL;
}

unsigned
sim_desk_world_typing(const SimDeskWorld *world, unsigned preferred)
{
    const SimDeskReader *wanted = sim_desk_world_find_reader(world, preferred);

    if (wanted != NULL && wanted->pad.asking) {
        return preferred;
    }
    for (unsigned i = 0; i < world->readers->len; i++) {
        const SimDeskReader *reader = g_ptr_array_index(world->readers, i);

        if (reader->pad.asking) {
            return reader->number;
        }
    }
    return 0;
}
