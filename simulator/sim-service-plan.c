/*
 * The service part of a scenario, and service.json, which is the same with every choice filled in
 * (data/scenarios/README.md).
 */
#include "simulator/sim-service-internal.h"

#include <openssl/rand.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "simulator/sim-json.h"
#include "simulator/sim-store.h"

#define SERIAL_PREFIX "93AA"
#define UNITS_MAX 256u
#define INDEX_MAX 255u
#define ID_MAX 64u

void
sim_unit_plan_free(gpointer data)
{
    SimUnitPlan *plan = data;

    g_free(plan->zone);
    g_free(plan->host);
    g_free(plan->serial);
    g_free(plan->hsm_id);
    g_free(plan);
}

static bool
set_invalid(GError **error, const char *format, const char *what)
{
    g_autofree char *text = g_strdup_printf("%s: \"%s\"", format, what);

    g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, text);
    return false;
}

/* Part of a location (1.6): no dot, no bracket. */
static bool
check_location_part(const char *text, GError **error)
{
    if (text[0] == '\0' || strpbrk(text, ".[]\"\\;") != NULL) {
        return set_invalid(error, _("not usable in a location"), text);
    }
    return true;
}

/* Letters, digits and '-', nothing that collides with the other files. */
static bool
check_id(const char *text, GError **error)
{
    size_t len = strlen(text);

    if (len == 0 || len > ID_MAX || g_str_has_prefix(text, "module-") ||
        strcmp(text, "service") == 0 ||
        strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != len) {
        return set_invalid(error, _("not usable as an identifier"), text);
    }
    return true;
}

static bool
check_serial(const char *text, GError **error)
{
    if (strlen(text) != SIM_SERIAL_LEN ||
        strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != SIM_SERIAL_LEN) {
        return set_invalid(error, _("not a serial number of 8 characters"), text);
    }
    return true;
}

static bool
read_type(SimUnitPlan *plan, JsonObject *object, GError **error)
{
    const char *type = sim_json_need_text(object, "type", error);

    if (type == NULL) {
        return false;
    }
    if (strcmp(type, "operational") == 0) {
        plan->type = SIM_UNIT_OPERATIONAL;
    } else if (strcmp(type, "recovery") == 0) {
        plan->type = SIM_UNIT_RECOVERY;
    } else if (strcmp(type, "failover") == 0) {
        plan->type = SIM_UNIT_FAILOVER;
    } else {
        return set_invalid(error, _("unknown type of a crypto unit"), type);
    }
    return true;
}

static bool
read_kind(SimUnitPlan *plan, JsonObject *object, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *kind = sim_json_get_text(object, "kind", &cause);

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    plan->kind = SIM_MODULE_CEX7;
    if (kind != NULL && !sim_module_kind_parse(kind, &plan->kind)) {
        return set_invalid(error, _("unknown kind of a module"), kind);
    }
    return true;
}

/* A text that may be missing; checked by check if it is there. */
static bool
read_optional(JsonObject *object, const char *name, bool (*check)(const char *, GError **),
              char **out, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *text = sim_json_get_text(object, name, &cause);

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (text != NULL && !check(text, error)) {
        return false;
    }
    *out = g_strdup(text);
    return true;
}

/* How a new unit differs from the usual beginning. */
static bool
read_beginning(SimUnitPlan *plan, JsonObject *object, GError **error)
{
    plan->has_permissions = json_object_has_member(object, "permissions");
    plan->has_control_points = json_object_has_member(object, "control_points");
    return (!plan->has_permissions || sim_store_get_hex(object, "permissions", plan->permissions,
                                                        sizeof plan->permissions, error)) &&
           (!plan->has_control_points ||
            sim_store_get_hex(object, "control_points", plan->control_points,
                              sizeof plan->control_points, error));
}

static SimUnitPlan *
read_plan(JsonObject *object, unsigned instance, GError **error)
{
    SimUnitPlan *plan = g_new0(SimUnitPlan, 1);
    const char *zone = sim_json_need_text(object, "zone", error);
    const char *host = zone == NULL ? NULL : sim_json_need_text(object, "host", error);

    plan->instance = instance;
    plan->zone = g_strdup(zone);
    plan->host = g_strdup(host);
    if (host == NULL || !check_location_part(zone, error) || !check_location_part(host, error) ||
        !read_type(plan, object, error) || !read_kind(plan, object, error) ||
        !sim_store_get_number(object, "module", NULL, INDEX_MAX, &plan->module, error) ||
        !sim_store_get_number(object, "domain", NULL, INDEX_MAX, &plan->domain, error) ||
        !read_optional(object, "serial", check_serial, &plan->serial, error) ||
        !read_optional(object, "hsm_id", check_id, &plan->hsm_id, error) ||
        !read_beginning(plan, object, error)) {
        sim_unit_plan_free(plan);
        return NULL;
    }
    return plan;
}

static gint
compare_plans(gconstpointer a, gconstpointer b)
{
    const SimUnitPlan *left = *(SimUnitPlan *const *) a;
    const SimUnitPlan *right = *(SimUnitPlan *const *) b;

    if (left->instance != right->instance) {
        return left->instance < right->instance ? -1 : 1;
    }
    return left->type == right->type ? 0 : left->type < right->type ? -1 : 1;
}

static void
add_instance(SimService *service, const char *id, const char *name)
{
    SimInstance *instance = g_new0(SimInstance, 1);

    instance->id = g_strdup(id);
    instance->name = g_strdup(name);
    g_ptr_array_add(service->instances, instance);
}

static bool
read_instance(SimService *service, JsonObject *object, GPtrArray *plans, GError **error)
{
    const char *id = sim_json_need_text(object, "id", error);
    JsonArray *units = NULL;
    g_autofree char *name = NULL;

    if (id == NULL || !check_id(id, error) ||
        !read_optional(object, "name", check_location_part, &name, error)) {
        return false;
    }
    for (size_t i = 0; i < service->instances->len; i++) {
        if (strcmp(((SimInstance *) g_ptr_array_index(service->instances, i))->id, id) == 0) {
            return set_invalid(error, _("instance named twice"), id);
        }
    }
    units = sim_json_need_array(object, "units", error);
    if (units == NULL) {
        return false;
    }
    for (unsigned i = 0; i < json_array_get_length(units); i++) {
        JsonObject *element = sim_json_need_element(units, i, "units", error);
        SimUnitPlan *plan =
            element == NULL ? NULL : read_plan(element, service->instances->len, error);

        if (plan == NULL) {
            return false;
        }
        g_ptr_array_add(plans, plan);
    }
    add_instance(service, id, name == NULL ? id : name);
    return true;
}

static bool
read_options(SimService *service, JsonObject *object, GError **error)
{
    static const uint32_t no_limit = 0;
    SimUnitOptions *options = &service->options;
    JsonObject *members = NULL;

    options->long_lengths = true;
    if (!json_object_has_member(object, "options")) {
        return true;
    }
    members = sim_json_need_object(object, "options", error);
    return members != NULL &&
           sim_json_get_flag(members, "long_lengths", true, &options->long_lengths, error) &&
           sim_json_get_flag(members, "finalize_signed", false, &options->finalize_signed, error) &&
           sim_json_get_flag(members, "import_overwrites", false, &options->import_overwrites,
                             error) &&
           sim_store_get_number(members, "export_limit", &no_limit, UINT32_MAX,
                                &options->export_limit, error);
}

static bool
read_texts(SimService *service, JsonObject *object, GError **error)
{
    const struct {
        const char *name;
        char **text;
    } members[] = {
        { "account", &service->account },
        { "user", &service->user },
        { "region", &service->region },
        { "resource_group", &service->resource_group },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        const char *text = sim_json_need_text(object, members[i].name, error);

        if (text == NULL) {
            return false;
        }
        *members[i].text = g_strdup(text);
    }
    return true;
}

bool
sim_service_read(SimService *service, JsonObject *object, GPtrArray *plans, GError **error)
{
    JsonArray *instances = NULL;

    if (!read_texts(service, object, error) || !read_options(service, object, error)) {
        return false;
    }
    instances = sim_json_need_array(object, "instances", error);
    if (instances == NULL) {
        return false;
    }
    for (unsigned i = 0; i < json_array_get_length(instances); i++) {
        JsonObject *element = sim_json_need_element(instances, i, "instances", error);

        if (element == NULL || !read_instance(service, element, plans, error)) {
            return false;
        }
    }
    if (plans->len == 0 || plans->len > UNITS_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("a service needs 1 to %u crypto units"), UNITS_MAX);
        return false;
    }
    g_ptr_array_sort(plans, compare_plans); /* stable: a merge sort */
    return true;
}

/* Whether two units sit on the same module. */
static bool
same_module(const SimUnitPlan *a, const SimUnitPlan *b)
{
    return strcmp(a->zone, b->zone) == 0 && strcmp(a->host, b->host) == 0 && a->module == b->module;
}

static char *
draw_serial(void)
{
    static const char digits[] = "0123456789ABCDEFGHJKLMNPRSTUVWXZ"; /* 32: no bias */
    char text[SIM_SERIAL_LEN + 1] = SERIAL_PREFIX;
    uint8_t random[4] = { 0 };

    if (RAND_bytes(random, sizeof random) != 1) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof random; i++) {
        text[4 + i] = digits[random[i] % 32];
    }
    return g_strdup(text);
}

/* Serial number of a plan without one: that of its module, or a new one. */
static bool
fill_serial(GPtrArray *plans, unsigned index, GError **error)
{
    SimUnitPlan *plan = g_ptr_array_index(plans, index);
    bool unique = false;

    for (unsigned i = 0; i < plans->len && plan->serial == NULL; i++) {
        const SimUnitPlan *other = g_ptr_array_index(plans, i);

        if (other->serial != NULL && same_module(other, plan)) {
            plan->serial = g_strdup(other->serial);
            return true;
        }
    }
    while (!unique) {
        g_free(plan->serial);
        plan->serial = draw_serial();
        if (plan->serial == NULL) {
            tke_openssl_set_error(error, _("no random numbers"));
            return false;
        }
        unique = true;
        for (unsigned i = 0; i < plans->len; i++) {
            const SimUnitPlan *other = g_ptr_array_index(plans, i);

            unique = unique && (other == plan || g_strcmp0(other->serial, plan->serial) != 0);
        }
    }
    return true;
}

/* Two plans do not contradict each other. */
static bool
check_pair(const SimUnitPlan *a, const SimUnitPlan *b, GError **error)
{
    bool same_serial = strcmp(a->serial, b->serial) == 0;

    if (strcmp(a->hsm_id, b->hsm_id) == 0) {
        return set_invalid(error, _("crypto unit named twice"), a->hsm_id);
    }
    if (same_serial && a->kind != b->kind) {
        return set_invalid(error, _("module of two kinds"), a->serial);
    }
    if (same_serial && a->domain == b->domain) {
        return set_invalid(error, _("domain used twice on module"), a->serial);
    }
    if (!same_serial && same_module(a, b)) {
        return set_invalid(error, _("two serial numbers for one module"), a->serial);
    }
    return true;
}

bool
sim_service_complete(GPtrArray *plans, GError **error)
{
    for (unsigned i = 0; i < plans->len; i++) {
        SimUnitPlan *plan = g_ptr_array_index(plans, i);

        if (plan->serial == NULL && !fill_serial(plans, i, error)) {
            return false;
        }
        if (plan->hsm_id == NULL) {
            plan->hsm_id = g_uuid_string_random();
        }
    }
    for (unsigned i = 0; i < plans->len; i++) {
        for (unsigned j = i + 1; j < plans->len; j++) {
            if (!check_pair(g_ptr_array_index(plans, i), g_ptr_array_index(plans, j), error)) {
                return false;
            }
        }
    }
    return true;
}
