/*
 * A service made from a scenario, kept in the world's files, loaded again. The root keys of the
 * modules sign their chains here and are forgotten; only their points are kept.
 */
#include "simulator/sim-service-internal.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-cursor.h"
#include "common/ec-key.h"
#include "common/error.h"
#include "common/safe-file.h"
#include "simulator/sim-json.h"
#include "simulator/sim-store.h"

#define UNITS_DIR "units"
#define SERVICE_FILE "service.json"

static void
free_instance(gpointer data)
{
    SimInstance *instance = data;

    g_free(instance->id);
    g_free(instance->name);
    g_free(instance);
}

static void
free_module(gpointer module)
{
    sim_module_free(module);
}

static void
free_unit(gpointer unit)
{
    sim_unit_free(unit);
}

static char *
service_path(const char *units_dir)
{
    return g_build_filename(units_dir, SERVICE_FILE, NULL);
}

static char *
file_path(const SimService *service, const char *prefix, const char *id)
{
    g_autofree char *name = g_strdup_printf("%s%s.json", prefix, id);

    return g_build_filename(service->units_dir, name, NULL);
}

static char *
module_path(const SimService *service, const char *serial)
{
    return file_path(service, "module-", serial);
}

static SimService *
alloc_service(const char *world_dir)
{
    SimService *service = g_new0(SimService, 1);

    g_mutex_init(&service->lock);
    service->units_dir = g_build_filename(world_dir, UNITS_DIR, NULL);
    service->roots = g_array_new(FALSE, TRUE, sizeof(SimRoot));
    service->instances = g_ptr_array_new_with_free_func(free_instance);
    service->modules = g_ptr_array_new_with_free_func(free_module);
    service->units = g_ptr_array_new_with_free_func(free_unit);
    service->faults = sim_faults_new();
    service->tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return service;
}

void
sim_service_free(SimService *service)
{
    if (service == NULL) {
        return;
    }
    g_ptr_array_unref(service->units);
    g_ptr_array_unref(service->modules);
    g_ptr_array_unref(service->instances);
    g_array_unref(service->roots);
    g_hash_table_unref(service->tokens);
    sim_faults_free(service->faults);
    sim_tls_clear(&service->tls);
    g_free(service->units_dir);
    g_free(service->account);
    g_free(service->user);
    g_free(service->region);
    g_free(service->resource_group);
    g_mutex_clear(&service->lock);
    g_free(service);
}

bool
sim_service_exists(const char *world_dir)
{
    g_autofree char *dir = g_build_filename(world_dir, UNITS_DIR, NULL);
    g_autofree char *path = service_path(dir);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static SimModule *
find_module(const SimService *service, const char *serial)
{
    for (unsigned i = 0; i < service->modules->len; i++) {
        SimModule *module = g_ptr_array_index(service->modules, i);

        if (strcmp(sim_module_get_serial(module), serial) == 0) {
            return module;
        }
    }
    return NULL;
}

/* Draws the root key of a generation, makes the modules below it and forgets the private half. */
static bool
make_modules(SimService *service, const GPtrArray *plans, SimModuleKind kind, GError **error)
{
    g_autoptr(EVP_PKEY) key = NULL;
    SimRoot root = { .name = sim_module_kind_get_name(kind) };

    for (unsigned i = 0; i < plans->len; i++) {
        const SimUnitPlan *plan = g_ptr_array_index(plans, i);
        g_autofree char *path = module_path(service, plan->serial);
        SimModule *module = NULL;

        if (plan->kind != kind || find_module(service, plan->serial) != NULL) {
            continue;
        }
        if (key == NULL) {
            key = tke_ec_key_generate(error);
        }
        module = key == NULL ? NULL : sim_module_new(kind, plan->serial, key, error);
        if (module == NULL) {
            return false;
        }
        g_ptr_array_add(service->modules, module);
        if (!sim_module_save(module, path, error)) {
            return false;
        }
    }
    if (key == NULL) { /* no module of this kind */
        return true;
    }
    if (!tke_ec_key_get_point(key, root.point, error) || !sim_oa_ski(root.point, root.ski, error)) {
        return false;
    }
    g_array_append_val(service->roots, root);
    return true;
}

/* The unit a plan means, around a state that is taken. */
static SimUnit *
add_unit(SimService *service, const SimUnitPlan *plan, SimUnitState *state)
{
    const SimInstance *instance = g_ptr_array_index(service->instances, plan->instance);
    g_autofree char *path = file_path(service, "", plan->hsm_id);
    g_autofree char *location = g_strdup_printf("[%s].[%s].[%02u].[%02u]", plan->zone, plan->host,
                                                plan->module, plan->domain);
    const SimUnitConfig config = {
        .hsm_id = plan->hsm_id,
        .instance_id = instance->id,
        .location = location,
        .path = path,
        .type = plan->type,
        .module_index = plan->module,
        .domain = plan->domain,
        .module = find_module(service, plan->serial),
        .options = &service->options,
    };
    SimUnit *unit = sim_unit_new(&config, state);

    g_ptr_array_add(service->units, unit);
    return unit;
}

static bool
make_unit(SimService *service, const SimUnitPlan *plan, GError **error)
{
    SimUnitState *state = sim_unit_state_new(error);
    SimUnit *unit = NULL;

    if (state == NULL) {
        return false;
    }
    if (plan->has_permissions) {
        TkeByteCursor cursor = tke_byte_cursor(plan->permissions, sizeof plan->permissions);

        tke_byte_cursor_u32(&cursor, &state->attributes[SIM_ATTR_PERMS]);
    }
    if (plan->has_control_points) {
        memcpy(state->control_points, plan->control_points, sizeof state->control_points);
        state->attributes[SIM_ATTR_STD] = sim_control_points_standards(plan->control_points);
    }
    unit = add_unit(service, plan, state);
    return sim_unit_save(unit, unit->state, error);
}

static void
put_plan(JsonBuilder *builder, const SimUnitPlan *plan, const SimUnit *unit)
{
    json_builder_begin_object(builder);
    sim_store_add_text(builder, "type", sim_unit_get_type_name(unit));
    sim_store_add_text(builder, "zone", plan->zone);
    sim_store_add_text(builder, "host", plan->host);
    sim_store_add_number(builder, "module", plan->module);
    sim_store_add_number(builder, "domain", plan->domain);
    sim_store_add_text(builder, "kind", sim_module_kind_get_name(plan->kind));
    sim_store_add_text(builder, "serial", plan->serial);
    sim_store_add_text(builder, "hsm_id", plan->hsm_id);
    json_builder_end_object(builder);
}

static void
put_instances(JsonBuilder *builder, const SimService *service, const GPtrArray *plans)
{
    json_builder_set_member_name(builder, "instances");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < service->instances->len; i++) {
        const SimInstance *instance = g_ptr_array_index(service->instances, i);

        json_builder_begin_object(builder);
        sim_store_add_text(builder, "id", instance->id);
        sim_store_add_text(builder, "name", instance->name);
        json_builder_set_member_name(builder, "units");
        json_builder_begin_array(builder);
        for (unsigned j = 0; j < plans->len; j++) {
            const SimUnitPlan *plan = g_ptr_array_index(plans, j);

            if (plan->instance == i) {
                put_plan(builder, plan, g_ptr_array_index(service->units, j));
            }
        }
        json_builder_end_array(builder);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
put_flag(JsonBuilder *builder, const char *name, bool value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

static void
put_options(JsonBuilder *builder, const SimUnitOptions *options)
{
    json_builder_set_member_name(builder, "options");
    json_builder_begin_object(builder);
    put_flag(builder, "long_lengths", options->long_lengths);
    put_flag(builder, "finalize_signed", options->finalize_signed);
    put_flag(builder, "import_overwrites", options->import_overwrites);
    sim_store_add_number(builder, "export_limit", options->export_limit);
    json_builder_end_object(builder);
}

/* Written last: a world whose making failed half way has no service. */
static bool
save_service(const SimService *service, const GPtrArray *plans, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *path = service_path(service->units_dir);

    json_builder_begin_object(builder);
    sim_store_add_text(builder, "note", SIM_STORE_NOTE);
    sim_store_add_text(builder, "account", service->account);
    sim_store_add_text(builder, "user", service->user);
    sim_store_add_text(builder, "region", service->region);
    sim_store_add_text(builder, "resource_group", service->resource_group);
    put_options(builder, &service->options);
    put_instances(builder, service, plans);
    json_builder_set_member_name(builder, "roots");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < service->roots->len; i++) {
        const SimRoot *root = &g_array_index(service->roots, SimRoot, i);

        json_builder_begin_object(builder);
        sim_store_add_text(builder, "name", root->name);
        sim_store_add_hex(builder, "point", root->point, sizeof root->point);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    sim_store_add_text(builder, "ca", service->tls.ca_pem);
    sim_store_add_text(builder, "server_certificate", service->tls.server_pem);
    sim_store_add_text(builder, "server_key", service->tls.server_key_pem);
    json_builder_end_object(builder);
    return sim_store_save(builder, path, error);
}

/* Modules, units and certificates of a service whose plans are complete. */
static bool
make_all(SimService *service, const GPtrArray *plans, GError **error)
{
    for (unsigned kind = 0; kind < SIM_MODULE_KINDS; kind++) {
        if (!make_modules(service, plans, (SimModuleKind) kind, error)) {
            return false;
        }
    }
    for (unsigned i = 0; i < plans->len; i++) {
        if (!make_unit(service, g_ptr_array_index(plans, i), error)) {
            return false;
        }
    }
    return sim_tls_make(&service->tls, error) && save_service(service, plans, error);
}

SimService *
sim_service_new(JsonObject *scenario_part, const char *world_dir, GError **error)
{
    g_autoptr(SimService) service = alloc_service(world_dir);
    g_autoptr(GPtrArray) plans = g_ptr_array_new_with_free_func(sim_unit_plan_free);

    if (sim_service_exists(world_dir)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("%s holds crypto units already"),
                    service->units_dir);
        return NULL;
    }
    if (!sim_service_read(service, scenario_part, plans, error) ||
        !sim_service_complete(plans, error) || !tke_safe_file_make_dir(service->units_dir, error) ||
        !make_all(service, plans, error)) {
        return NULL;
    }
    return g_steal_pointer(&service);
}

static bool
load_roots(SimService *service, JsonObject *object, GError **error)
{
    JsonArray *roots = sim_json_need_array(object, "roots", error);

    for (unsigned i = 0; roots != NULL && i < json_array_get_length(roots); i++) {
        JsonObject *element = sim_json_need_element(roots, i, "roots", error);
        const char *name = element == NULL ? NULL : sim_json_need_text(element, "name", error);
        SimModuleKind kind = SIM_MODULE_CEX5;
        SimRoot root = { 0 };

        if (name == NULL) {
            return false;
        }
        if (!sim_module_kind_parse(name, &kind)) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("unknown root \"%s\""), name);
            return false;
        }
        root.name = sim_module_kind_get_name(kind);
        if (!sim_store_get_hex(element, "point", root.point, sizeof root.point, error) ||
            !sim_oa_ski(root.point, root.ski, error)) {
            return false;
        }
        g_array_append_val(service->roots, root);
    }
    return roots != NULL;
}

static bool
load_tls(SimService *service, JsonObject *object, GError **error)
{
    const char *ca = sim_json_need_text(object, "ca", error);
    const char *server =
        ca == NULL ? NULL : sim_json_need_text(object, "server_certificate", error);
    const char *key = server == NULL ? NULL : sim_json_need_text(object, "server_key", error);

    service->tls.ca_pem = g_strdup(ca);
    service->tls.server_pem = g_strdup(server);
    service->tls.server_key_pem = g_strdup(key);
    return key != NULL;
}

/* The module that a plan names, unless another unit of it has brought it. */
static bool
load_module(SimService *service, const SimUnitPlan *plan, GError **error)
{
    g_autofree char *path = module_path(service, plan->serial);
    SimModule *module = NULL;

    if (find_module(service, plan->serial) != NULL) {
        return true;
    }
    module = sim_module_load(path, error);
    if (module == NULL) {
        return false;
    }
    g_ptr_array_add(service->modules, module);
    if (strcmp(sim_module_get_serial(module), plan->serial) != 0 ||
        sim_module_get_kind(module) != plan->kind) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("%s: this is another module than the crypto unit belongs to"), path);
        return false;
    }
    return true;
}

static bool
load_unit(SimService *service, const SimUnitPlan *plan, GError **error)
{
    g_autofree char *path = file_path(service, "", plan->hsm_id);
    g_autoptr(JsonObject) object = NULL;
    SimUnitState *state = NULL;

    if (!load_module(service, plan, error)) {
        return false;
    }
    object = sim_store_load(path, error);
    if (object == NULL) {
        return false;
    }
    state = sim_unit_state_from_json(object, error);
    if (state == NULL) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    add_unit(service, plan, state);
    return true;
}

SimService *
sim_service_load(const char *world_dir, GError **error)
{
    g_autoptr(SimService) service = alloc_service(world_dir);
    g_autoptr(GPtrArray) plans = g_ptr_array_new_with_free_func(sim_unit_plan_free);
    g_autofree char *path = service_path(service->units_dir);
    g_autoptr(JsonObject) object = sim_store_load(path, error);

    if (object == NULL) {
        return NULL;
    }
    if (!sim_service_read(service, object, plans, error) || !sim_service_complete(plans, error) ||
        !load_roots(service, object, error) || !load_tls(service, object, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    for (unsigned i = 0; i < plans->len; i++) {
        if (!load_unit(service, g_ptr_array_index(plans, i), error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&service);
}
