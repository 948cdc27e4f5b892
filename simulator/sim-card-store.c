/*
 * Files of virtual cards. What would be secret on a real card stands in them in clear: such a file
 * is the card, and nothing on it is worth anything.
 */
#include "simulator/sim-card-store.h"

#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "common/safe-file.h"
#include "simulator/sim-json.h"

#define FORMAT "opentke virtual card 1"
#define FILE_MAX (1024u * 1024u)

/* Values that are kept as hex digits: where they are in the state. */
static void
set_hex(JsonObject *object, const char *member, const uint8_t *bytes, size_t len)
{
    g_autofree char *text = tke_hex_encode(bytes, len);

    json_object_set_string_member(object, member, text);
}

static void
set_text(JsonObject *object, const char *member, const SimText *text)
{
    g_autofree char *copy = g_strndup(text->text, text->len);

    json_object_set_string_member(object, member, copy);
}

static void
set_key(JsonObject *object, const char *member, const SimKeyPair *key)
{
    JsonObject *pair = NULL;

    if (key->used) {
        pair = json_object_new();
        set_hex(pair, "scalar", key->scalar, SIM_SCALAR_LEN);
        set_hex(pair, "point", key->point, SIM_POINT_LEN);
        json_object_set_object_member(object, member, pair);
    }
}

static JsonArray *
pins_to_json(const SimCardState *state)
{
    JsonArray *pins = json_array_new();

    for (unsigned i = 0; i < sim_card_state_pins(state); i++) {
        const SimPin *pin = &state->pins[i];
        JsonObject *object = json_object_new();
        g_autofree char *digits = g_strndup((const char *) pin->digits, SIM_PIN_DIGITS);

        json_object_set_int_member(object, "tries", pin->tries);
        if (pin->set) {
            json_object_set_string_member(object, "digits", digits);
        }
        json_array_add_object_element(pins, object);
    }
    return pins;
}

static JsonArray *
parts_to_json(const SimCardState *state)
{
    JsonArray *parts = json_array_new();

    for (unsigned i = 0; i < SIM_CARD_PLACES; i++) {
        const SimPart *part = &state->parts[i];
        JsonObject *object = NULL;

        if (part->used) {
            object = json_object_new();
            json_object_set_int_member(object, "place", i + 1);
            json_object_set_int_member(object, "origin", part->origin);
            set_text(object, "description", &part->description);
            set_hex(object, "value", part->value, SIM_CARD_PART_LEN);
            json_array_add_object_element(parts, object);
        }
    }
    return parts;
}

static JsonObject *
usage_to_json(const SimCardState *state)
{
    JsonObject *usage = json_object_new();
    JsonArray *entries = json_array_new();

    json_object_set_int_member(usage, "counter", state->usage_counter);
    set_hex(usage, "head", state->usage_head, SIM_HASH_LEN);
    for (uint32_t i = state->usage_counter - state->usage_kept; i != state->usage_counter; i++) {
        g_autofree char *text = tke_hex_encode(state->usage[i % SIM_USAGE_KEPT], SIM_USAGE_ENTRY);

        json_array_add_string_element(entries, text);
    }
    json_object_set_array_member(usage, "entries", entries);
    return usage;
}

static JsonObject *
state_to_json(const char *name, const SimCardState *state)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "format", FORMAT);
    json_object_set_string_member(object, "name", name);
    json_object_set_int_member(object, "kind", state->kind);
    json_object_set_int_member(object, "life_cycle", state->life_cycle);
    json_object_set_boolean_member(object, "extended_length", state->extended);
    json_object_set_object_member(object, "manager", sim_gp_state_to_json(&state->gp));
    set_hex(object, "card_id", state->id, SIM_CARD_ID_LEN);
    set_text(object, "description", &state->description);
    json_object_set_array_member(object, "pins", pins_to_json(state));
    if (state->zone_certificate.len > 0) {
        JsonObject *zone = json_object_new();

        set_hex(zone, "id", state->zone_id, SIM_CARD_ID_LEN);
        set_hex(zone, "point", state->zone_point, SIM_POINT_LEN);
        set_text(zone, "description", &state->zone_description);
        set_hex(zone, "certificate", state->zone_certificate.bytes, state->zone_certificate.len);
        json_object_set_object_member(object, "zone", zone);
    }
    set_key(object, "zone_key", &state->zone_key);
    set_key(object, "identity_key", &state->identity_key);
    set_hex(object, "certificate", state->certificate.bytes, state->certificate.len);
    set_key(object, "signature_key", &state->signature_key);
    json_object_set_int_member(object, "signature_origin", state->signature_origin);
    set_text(object, "signature_name", &state->signature_name);
    json_object_set_array_member(object, "parts", parts_to_json(state));
    json_object_set_object_member(object, "usage", usage_to_json(state));
    return object;
}

bool
sim_card_store_save(const char *path, const char *name, const SimCardState *state, GError **error)
{
    g_autoptr(JsonObject) object = state_to_json(name, state);
    g_autofree char *text = sim_json_to_text(object, true);

    return tke_safe_file_write(path, (const uint8_t *) text, strlen(text), error);
}

static bool
get_hex(JsonObject *object, const char *member, uint8_t *out, size_t len, GError **error)
{
    const char *text = sim_json_need_text(object, member, error);

    return text != NULL && tke_hex_decode_exact(text, out, len, error);
}

static bool
get_text(JsonObject *object, const char *member, SimText *text, GError **error)
{
    const char *value = sim_json_need_text(object, member, error);
    size_t len = value == NULL ? 0 : strlen(value);

    if (value == NULL) {
        return false;
    }
    if (len > SIM_NAME_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, "\"%s\" is too long", member);
        return false;
    }
    text->len = (uint8_t) len;
    memcpy(text->text, value, len);
    return true;
}

static bool
get_byte(JsonObject *object, const char *member, uint8_t max, uint8_t *out, GError **error)
{
    int64_t value = 0;

    if (!sim_json_need_number(object, member, 0, max, &value, error)) {
        return false;
    }
    *out = (uint8_t) value;
    return true;
}

static bool
get_key(JsonObject *object, const char *member, SimKeyPair *key, GError **error)
{
    JsonObject *pair = NULL;

    if (!json_object_has_member(object, member)) {
        return true;
    }
    pair = sim_json_need_object(object, member, error);
    key->used = pair != NULL && get_hex(pair, "scalar", key->scalar, SIM_SCALAR_LEN, error) &&
                get_hex(pair, "point", key->point, SIM_POINT_LEN, error);
    return key->used;
}

static bool
get_certificate(JsonObject *object, const char *member, SimCertificateBytes *out, GError **error)
{
    const char *text = sim_json_need_text(object, member, error);
    g_autoptr(GByteArray) bytes = text == NULL ? NULL : tke_hex_decode(text, -1, error);

    if (bytes == NULL) {
        return false;
    }
    if (bytes->len > sizeof out->bytes) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, "\"%s\" is too long", member);
        return false;
    }
    out->len = (uint16_t) bytes->len;
    if (bytes->len > 0) {
        memcpy(out->bytes, bytes->data, bytes->len);
    }
    return true;
}

static bool
get_zone(JsonObject *object, SimCardState *state, GError **error)
{
    JsonObject *zone = NULL;

    if (!json_object_has_member(object, "zone")) {
        return true;
    }
    zone = sim_json_need_object(object, "zone", error);
    return zone != NULL && get_hex(zone, "id", state->zone_id, SIM_CARD_ID_LEN, error) &&
           get_hex(zone, "point", state->zone_point, SIM_POINT_LEN, error) &&
           get_text(zone, "description", &state->zone_description, error) &&
           get_certificate(zone, "certificate", &state->zone_certificate, error);
}

static bool
get_pins(JsonObject *object, SimCardState *state, GError **error)
{
    JsonArray *pins = sim_json_need_array(object, "pins", error);

    if (pins == NULL) {
        return false;
    }
    for (unsigned i = 0; i < sim_card_state_pins(state); i++) {
        SimPin *pin = &state->pins[i];
        JsonObject *entry = sim_json_need_element(pins, i, "pins", error);
        const char *digits = NULL;

        if (entry == NULL ||
            !get_byte(entry, "tries", sim_card_state_try_limit(state), &pin->tries, error)) {
            return false;
        }
        if (json_object_has_member(entry, "digits")) {
            digits = sim_json_need_text(entry, "digits", error);
            if (digits == NULL) {
                return false;
            }
            if (strlen(digits) != SIM_PIN_DIGITS) {
                g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, "a PIN has six digits");
                return false;
            }
            pin->set = true;
            memcpy(pin->digits, digits, SIM_PIN_DIGITS);
        }
    }
    return true;
}

static bool
get_part(JsonArray *parts, unsigned index, SimCardState *state, GError **error)
{
    JsonObject *entry = sim_json_need_element(parts, index, "parts", error);
    uint8_t place = 0;
    uint8_t origin = 0;
    uint8_t value[SIM_CARD_PART_LEN] = { 0 };
    SimText description = { 0 };

    if (entry == NULL || !get_byte(entry, "place", SIM_CARD_PLACES, &place, error) ||
        !get_byte(entry, "origin", UINT8_MAX, &origin, error) ||
        !get_hex(entry, "value", value, sizeof value, error) ||
        !get_text(entry, "description", &description, error)) {
        return false;
    }
    if (place == 0 || state->parts[place - 1].used ||
        !sim_card_state_put_part(state, place, value, origin, &description)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, "place %u cannot be filled", place);
        return false;
    }
    return true;
}

static bool
get_parts(JsonObject *object, SimCardState *state, GError **error)
{
    JsonArray *parts = sim_json_need_array(object, "parts", error);

    for (unsigned i = 0; parts != NULL && i < json_array_get_length(parts); i++) {
        if (!get_part(parts, i, state, error)) {
            return false;
        }
    }
    return parts != NULL;
}

static bool
get_usage(JsonObject *object, SimCardState *state, GError **error)
{
    JsonObject *usage = sim_json_need_object(object, "usage", error);
    JsonArray *entries = usage == NULL ? NULL : sim_json_need_array(usage, "entries", error);
    int64_t counter = 0;
    unsigned n = 0;

    if (entries == NULL ||
        !sim_json_need_number(usage, "counter", 0, UINT32_MAX, &counter, error) ||
        !get_hex(usage, "head", state->usage_head, SIM_HASH_LEN, error)) {
        return false;
    }
    n = json_array_get_length(entries);
    if (n > SIM_USAGE_KEPT || n > counter) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, "too many entries in the usage log");
        return false;
    }
    state->usage_counter = (uint32_t) counter;
    state->usage_kept = n;
    for (unsigned i = 0; i < n; i++) {
        JsonNode *node = json_array_get_element(entries, i);
        const char *text = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
        uint32_t at = (state->usage_counter - n + i) % SIM_USAGE_KEPT;

        if (!tke_hex_decode_exact(text == NULL ? "" : text, state->usage[at], SIM_USAGE_ENTRY,
                                  error)) {
            return false;
        }
    }
    return true;
}

/* Files of before card managers have no such member: their applets were never loaded. */
static bool
get_manager(JsonObject *object, SimCardState *state, GError **error)
{
    JsonObject *manager = NULL;

    sim_gp_state_init(&state->gp);
    if (!json_object_has_member(object, "manager")) {
        if (state->kind != SIM_CARD_BLANK) {
            sim_gp_state_put_package(&state->gp);
        }
        return true;
    }
    manager = sim_json_need_object(object, "manager", error);
    return manager != NULL && sim_gp_state_from_json(manager, &state->gp, error);
}

static bool
state_from_json(JsonObject *object, char **name, SimCardState *state, GError **error)
{
    const char *format = sim_json_need_text(object, "format", error);
    const char *text = NULL;

    if (format == NULL) {
        return false;
    }
    if (strcmp(format, FORMAT) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, "not a virtual card: \"%s\"", format);
        return false;
    }
    text = sim_json_need_text(object, "name", error);
    if (text == NULL || !get_byte(object, "kind", SIM_CARD_EP11, &state->kind, error) ||
        !get_byte(object, "life_cycle", 4, &state->life_cycle, error) ||
        !sim_json_get_flag(object, "extended_length", false, &state->extended, error) ||
        !get_manager(object, state, error) ||
        !get_hex(object, "card_id", state->id, SIM_CARD_ID_LEN, error) ||
        !get_text(object, "description", &state->description, error) ||
        !get_pins(object, state, error) || !get_zone(object, state, error) ||
        !get_key(object, "zone_key", &state->zone_key, error) ||
        !get_key(object, "identity_key", &state->identity_key, error) ||
        !get_certificate(object, "certificate", &state->certificate, error) ||
        !get_key(object, "signature_key", &state->signature_key, error) ||
        !get_byte(object, "signature_origin", UINT8_MAX, &state->signature_origin, error) ||
        !get_text(object, "signature_name", &state->signature_name, error) ||
        !get_parts(object, state, error) || !get_usage(object, state, error)) {
        return false;
    }
    *name = g_strdup(text);
    return true;
}

bool
sim_card_store_read(const char *path, char **name, SimCardState *state, GError **error)
{
    g_autoptr(GByteArray) bytes = tke_safe_file_read(path, FILE_MAX, NULL, error);
    g_autoptr(JsonObject) object = NULL;

    if (bytes == NULL) {
        return false;
    }
    memset(state, 0, sizeof *state);
    object = sim_json_parse((const char *) bytes->data, bytes->len, error);
    if (object == NULL || !state_from_json(object, name, state, error)) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    return true;
}
