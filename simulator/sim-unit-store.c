/*
 * A unit's state as the members of its world file. Master keys stand in it: rehearsal material.
 */
#include "simulator/sim-unit-state.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "simulator/sim-json.h"
#include "simulator/sim-store.h"

static const char *const register_names[] = { "current", "pending" };

static bool
put_register(const SimRegister *reg, const char *name, JsonBuilder *builder)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    sim_store_add_secret(builder, "key", reg->key);
    sim_store_add_hex(builder, "part_vps", reg->part_vps[0], (size_t) reg->n_parts * TKE_VP_LEN);
    json_builder_set_member_name(builder, "committed");
    json_builder_add_boolean_value(builder, reg->committed);
    json_builder_end_object(builder);
    return true;
}

bool
sim_unit_state_to_json(const SimUnitState *state, JsonBuilder *builder, GError **error)
{
    json_builder_set_member_name(builder, "domain_instance");
    json_builder_add_int_value(builder, state->instance);
    sim_store_add_hex(builder, "counter", state->counter, sizeof state->counter);
    json_builder_set_member_name(builder, "attributes");
    json_builder_begin_array(builder);
    for (unsigned i = 1; i <= SIM_ATTRIBUTES; i++) {
        json_builder_add_int_value(builder, state->attributes[i]);
    }
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "administrators");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < state->admins->len; i++) {
        const SimAdmin *admin = g_ptr_array_index(state->admins, i);
        gsize len = 0;
        const uint8_t *certificate = g_bytes_get_data(admin->certificate, &len);

        json_builder_begin_object(builder);
        sim_store_add_hex(builder, "certificate", certificate, len);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    for (unsigned i = 0; i < G_N_ELEMENTS(state->registers); i++) {
        put_register(&state->registers[i], register_names[i], builder);
    }
    sim_store_add_hex(builder, "control_points", state->control_points,
                      sizeof state->control_points);
    return sim_store_add_key(builder, "importer_key", state->importer, error);
}

static bool
set_damaged(GError **error, const char *what)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("member \"%s\" is missing or invalid"),
                what);
    return false;
}

static bool
read_attributes(SimUnitState *state, JsonObject *object, GError **error)
{
    JsonArray *array = sim_json_need_array(object, "attributes", error);

    if (array == NULL) {
        return false;
    }
    if (json_array_get_length(array) != SIM_ATTRIBUTES) {
        return set_damaged(error, "attributes");
    }
    for (unsigned i = 0; i < SIM_ATTRIBUTES; i++) {
        JsonNode *node = json_array_get_element(array, i);
        gint64 value = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : -1;

        if (value < 0 || value > UINT32_MAX) {
            return set_damaged(error, "attributes");
        }
        state->attributes[i + 1] = (uint32_t) value;
    }
    return true;
}

static bool
read_admins(SimUnitState *state, JsonObject *object, GError **error)
{
    JsonArray *array = sim_json_need_array(object, "administrators", error);
    unsigned n = array == NULL ? 0 : json_array_get_length(array);

    if (array == NULL) {
        return false;
    }
    if (n > SIM_ADMINS_MAX) {
        return set_damaged(error, "administrators");
    }
    for (unsigned i = 0; i < n; i++) {
        JsonObject *element = sim_json_need_element(array, i, "administrators", error);
        g_autoptr(GByteArray) certificate =
            element == NULL ? NULL : sim_store_get_bytes(element, "certificate", error);
        SimAdmin *admin =
            certificate == NULL ? NULL : sim_admin_new(certificate->data, certificate->len, error);

        if (admin == NULL) {
            return false;
        }
        g_ptr_array_add(state->admins, admin);
    }
    return true;
}

static bool
read_register(SimRegister *reg, const char *name, JsonObject *object, GError **error)
{
    JsonNode *node = json_object_get_member(object, name);
    JsonObject *members = NULL;
    g_autoptr(TkeSecret) key = NULL;
    g_autoptr(GByteArray) vps = NULL;
    uint8_t part_vps[SIM_PARTS_MAX][TKE_VP_LEN] = { { 0 } };
    unsigned n_parts = 0;

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node)) {
        return set_damaged(error, name);
    }
    members = json_node_get_object(node);
    vps = sim_store_get_bytes(members, "part_vps", error);
    if (vps == NULL || !sim_store_get_secret(members, "key", &key, error)) {
        return false;
    }
    if (vps->len % TKE_VP_LEN != 0 || vps->len > sizeof part_vps ||
        (key != NULL && tke_secret_len(key) != SIM_KEY_LEN)) {
        return set_damaged(error, name);
    }
    if (key == NULL) {
        return true;
    }
    n_parts = vps->len / TKE_VP_LEN;
    if (n_parts > 0) {
        memcpy(part_vps, vps->data, vps->len);
    }
    return sim_register_set(reg, g_steal_pointer(&key), n_parts == 0 ? NULL : part_vps, n_parts,
                            error) &&
           sim_json_get_flag(members, "committed", false, &reg->committed, error);
}

SimUnitState *
sim_unit_state_from_json(JsonObject *object, GError **error)
{
    g_autoptr(SimUnitState) state = sim_unit_state_new(error);

    if (state == NULL ||
        !sim_store_get_number(object, "domain_instance", NULL, UINT32_MAX, &state->instance,
                              error) ||
        !sim_store_get_hex(object, "counter", state->counter, sizeof state->counter, error) ||
        !sim_store_get_hex(object, "control_points", state->control_points,
                           sizeof state->control_points, error) ||
        !read_attributes(state, object, error) || !read_admins(state, object, error) ||
        !sim_store_get_key(object, "importer_key", &state->importer, error)) {
        return NULL;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(state->registers); i++) {
        if (!read_register(&state->registers[i], register_names[i], object, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&state);
}
