/*
 * What the service tells of itself, to programs and to people, and what it is ordered to do.
 */
#include "simulator/sim-service-internal.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/hex.h"
#include "simulator/sim-json.h"
#include "simulator/sim-store.h"

#define COORDINATE_LEN 66u

const char *
sim_service_get_account(const SimService *service)
{
    return service->account;
}

const char *
sim_service_get_user(const SimService *service)
{
    return service->user;
}

const char *
sim_service_get_region(const SimService *service)
{
    return service->region;
}

const char *
sim_service_get_resource_group(const SimService *service)
{
    return service->resource_group;
}

size_t
sim_service_get_n_instances(const SimService *service)
{
    return service->instances->len;
}

static const SimInstance *
get_instance(const SimService *service, size_t i)
{
    g_return_val_if_fail(i < service->instances->len, NULL);
    return g_ptr_array_index(service->instances, i);
}

const char *
sim_service_get_instance_id(const SimService *service, size_t i)
{
    const SimInstance *instance = get_instance(service, i);

    return instance == NULL ? NULL : instance->id;
}

const char *
sim_service_get_instance_name(const SimService *service, size_t i)
{
    const SimInstance *instance = get_instance(service, i);

    return instance == NULL ? NULL : instance->name;
}

const char *
sim_service_get_ca_pem(const SimService *service)
{
    return service->tls.ca_pem;
}

const char *
sim_service_get_server_pem(const SimService *service)
{
    return service->tls.server_pem;
}

const char *
sim_service_get_server_key_pem(const SimService *service)
{
    return service->tls.server_key_pem;
}

size_t
sim_service_get_n_roots(const SimService *service)
{
    return service->roots->len;
}

void
sim_service_get_root(const SimService *service, size_t i, SimRoot *root)
{
    g_return_if_fail(i < service->roots->len);
    *root = g_array_index(service->roots, SimRoot, i);
}

static void
describe_roots(const SimService *service, JsonBuilder *builder)
{
    json_builder_set_member_name(builder, "module_roots");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < service->roots->len; i++) {
        const SimRoot *root = &g_array_index(service->roots, SimRoot, i);
        g_autofree char *point = tke_hex_encode(root->point, sizeof root->point);

        json_builder_add_string_value(builder, point);
    }
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "roots");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < service->roots->len; i++) {
        const SimRoot *root = &g_array_index(service->roots, SimRoot, i);

        json_builder_begin_object(builder);
        sim_store_add_text(builder, "name", root->name);
        sim_store_add_hex(builder, "ski", root->ski, sizeof root->ski);
        sim_store_add_hex(builder, "x", root->point + 1, COORDINATE_LEN);
        sim_store_add_hex(builder, "y", root->point + 1 + COORDINATE_LEN, COORDINATE_LEN);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

void
sim_service_describe(const SimService *service, JsonBuilder *builder)
{
    sim_store_add_text(builder, "account", service->account);
    sim_store_add_text(builder, "user", service->user);
    sim_store_add_text(builder, "region", service->region);
    sim_store_add_text(builder, "resource_group", service->resource_group);
    json_builder_set_member_name(builder, "instances");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < service->instances->len; i++) {
        json_builder_add_string_value(builder, sim_service_get_instance_id(service, i));
    }
    json_builder_end_array(builder);
    describe_roots(service, builder);
    sim_store_add_text(builder, "ca_pem", service->tls.ca_pem);
}

void
sim_service_set_delay(SimService *service, unsigned delay_ms)
{
    g_mutex_lock(&service->lock);
    service->delay_ms = delay_ms;
    g_mutex_unlock(&service->lock);
}

unsigned
sim_service_get_delay(const SimService *service)
{
    SimService *locked = (SimService *) service;
    unsigned delay_ms = 0;

    g_mutex_lock(&locked->lock);
    delay_ms = service->delay_ms;
    g_mutex_unlock(&locked->lock);
    return delay_ms;
}

unsigned
sim_service_get_n_requests(const SimService *service)
{
    SimService *locked = (SimService *) service;
    unsigned n = 0;

    g_mutex_lock(&locked->lock);
    n = service->n_requests;
    g_mutex_unlock(&locked->lock);
    return n;
}

unsigned
sim_service_get_n_done(const SimService *service)
{
    SimService *locked = (SimService *) service;
    unsigned n = 0;

    g_mutex_lock(&locked->lock);
    n = service->n_done;
    g_mutex_unlock(&locked->lock);
    return n;
}

size_t
sim_service_get_n_units(const SimService *service)
{
    return service->units->len;
}

SimUnit *
sim_service_get_unit(const SimService *service, size_t i)
{
    g_return_val_if_fail(i < service->units->len, NULL);
    return g_ptr_array_index(service->units, i);
}

SimUnit *
sim_service_find_unit(const SimService *service, const char *hsm_id)
{
    for (unsigned i = 0; i < service->units->len; i++) {
        SimUnit *unit = g_ptr_array_index(service->units, i);

        if (strcmp(unit->hsm_id, hsm_id) == 0) {
            return unit;
        }
    }
    return NULL;
}

/* The unit an order names by hsm id or number; NULL without an error if it names none. */
static SimUnit *
find_ordered(const SimService *service, JsonObject *order, GError **error)
{
    JsonNode *node = json_object_get_member(order, "unit");
    SimUnit *unit = NULL;

    if (node == NULL) {
        return NULL;
    }
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING) {
        unit = sim_service_find_unit(service, json_node_get_string(node));
    } else if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64) {
        gint64 number = json_node_get_int(node);

        if (number >= 1 && number <= (gint64) service->units->len) {
            unit = g_ptr_array_index(service->units, (guint) (number - 1));
        }
    }
    if (unit == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("no such crypto unit"));
    }
    return unit;
}

bool
sim_service_fault(SimService *service, JsonObject *fault, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *name = sim_json_get_text(fault, "fault", NULL);
    const SimUnit *unit = find_ordered(service, fault, &cause);

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (g_strcmp0(name, "clear") == 0) {
        sim_service_clear_faults(service);
        return true;
    }
    if (g_strcmp0(name, "expire-tokens") == 0) {
        sim_service_expire_tokens(service);
        return true;
    }
    return sim_faults_add(service->faults, fault, unit == NULL ? NULL : unit->hsm_id, error);
}

void
sim_service_clear_faults(SimService *service)
{
    sim_faults_clear(service->faults);
}

static const char *
get_pending_name(SimUnit *unit, const uint8_t vp[static TKE_VP_LEN])
{
    static const uint8_t empty[TKE_VP_LEN];

    if (memcmp(vp, empty, TKE_VP_LEN) == 0) {
        return "Empty";
    }
    return sim_unit_is_committed(unit) ? "Full Committed" : "Full Uncommitted";
}

static void
describe_unit(SimUnit *unit, JsonBuilder *builder)
{
    static const uint8_t empty[TKE_VP_LEN];
    uint8_t current[TKE_VP_LEN] = { 0 };
    uint8_t pending[TKE_VP_LEN] = { 0 };

    sim_unit_get_vp(unit, SIM_REGISTER_CURRENT, current);
    sim_unit_get_vp(unit, SIM_REGISTER_PENDING, pending);
    json_builder_begin_object(builder);
    sim_store_add_text(builder, "hsm_id", unit->hsm_id);
    sim_store_add_text(builder, "instance", unit->instance_id);
    sim_store_add_text(builder, "type", sim_unit_get_type_name(unit));
    sim_store_add_text(builder, "location", unit->location);
    sim_store_add_text(builder, "serial", sim_unit_get_serial(unit));
    sim_store_add_text(builder, "kind",
                       sim_module_kind_get_name(sim_module_get_kind(unit->module)));
    sim_store_add_number(builder, "administrators", sim_unit_get_n_admins(unit));
    sim_store_add_number(builder, "signature_threshold",
                         sim_unit_get_attribute(unit, SIM_ATTR_SIGN_THR));
    sim_store_add_number(builder, "revocation_threshold",
                         sim_unit_get_attribute(unit, SIM_ATTR_REVOKE_THR));
    sim_store_add_text(builder, "current",
                       memcmp(current, empty, TKE_VP_LEN) == 0 ? "Empty" : "Valid");
    sim_store_add_hex(builder, "current_vp", current, sizeof current);
    sim_store_add_text(builder, "pending", get_pending_name(unit, pending));
    sim_store_add_hex(builder, "pending_vp", pending, sizeof pending);
    sim_store_add_number(builder, "requests", sim_unit_get_n_requests(unit));
    json_builder_end_object(builder);
}

void
sim_service_status(SimService *service, JsonBuilder *builder)
{
    sim_store_add_number(builder, "delay_ms", sim_service_get_delay(service));
    sim_store_add_number(builder, "requests", sim_service_get_n_requests(service));
    json_builder_set_member_name(builder, "faults");
    sim_faults_describe(service->faults, builder);
    json_builder_set_member_name(builder, "units");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < service->units->len; i++) {
        describe_unit(g_ptr_array_index(service->units, i), builder);
    }
    json_builder_end_array(builder);
}
