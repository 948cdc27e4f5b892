/*
 * The list of ordered faults, and which of them strikes a request.
 */
#include "simulator/sim-service-faults.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/nearest.h"
#include "simulator/sim-command-name.h"
#include "simulator/sim-json.h"
#include "simulator/sim-store.h"

#define HTTP_STATUS_MAX 599u
#define OVERSIZED_DEFAULT 1048576u
#define OVERSIZED_MAX 67108864u

struct SimFaults {
    GMutex lock;
    GPtrArray *list; /* SimFault */
};

static const struct {
    const char *name;
    bool strikes_list, before;
} kinds[] = {
    { "none", false, false },
#define SIM_FAULT(constant, name, list, before) { name, list, before },
#include "simulator/sim-service-faults.inc"
#undef SIM_FAULT
};

bool
sim_fault_is_before(SimFaultKind kind)
{
    return kinds[kind].before;
}

void
sim_fault_clear(SimFault *fault)
{
    g_clear_pointer(&fault->hsm_id, g_free);
    g_clear_pointer(&fault->text, g_free);
}

static void
free_fault(gpointer data)
{
    SimFault *fault = data;

    sim_fault_clear(fault);
    g_free(fault);
}

SimFaults *
sim_faults_new(void)
{
    SimFaults *faults = g_new0(SimFaults, 1);

    g_mutex_init(&faults->lock);
    faults->list = g_ptr_array_new_with_free_func(free_fault);
    return faults;
}

void
sim_faults_free(SimFaults *faults)
{
    if (faults != NULL) {
        g_ptr_array_unref(faults->list);
        g_mutex_clear(&faults->lock);
        g_free(faults);
    }
}

static void
set_unknown(const char *name, GError **error)
{
    const char *names[G_N_ELEMENTS(kinds)] = { NULL };
    const char *near = NULL;

    for (size_t i = 1; i < G_N_ELEMENTS(kinds); i++) {
        names[i - 1] = kinds[i].name;
    }
    near = tke_nearest_name(name, names);
    if (near != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("unknown fault \"%s\"; did you mean \"%s\"?"), name, near);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("unknown fault \"%s\"; see tke-sim --help"), name);
    }
}

static bool
read_kind(SimFault *fault, JsonObject *order, GError **error)
{
    const char *name = sim_json_need_text(order, "fault", error);

    for (size_t i = 1; name != NULL && i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            fault->kind = (SimFaultKind) i;
            return true;
        }
    }
    if (name != NULL) {
        set_unknown(name, error);
    }
    return false;
}

/* What only one kind of request is struck by: named, by its code, or "info". */
static bool
find_command(JsonNode *node, uint32_t *command)
{
    const GType type =
        JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

    if (type == G_TYPE_STRING && strcmp(json_node_get_string(node), "info") == 0) {
        *command = SIM_FAULT_COMMAND_INFO;
        return true;
    }
    if (type == G_TYPE_STRING) {
        return sim_command_name_find(json_node_get_string(node), command);
    }
    if (type == G_TYPE_INT64 && json_node_get_int(node) > 0 &&
        json_node_get_int(node) <= UINT32_MAX) {
        *command = (uint32_t) json_node_get_int(node);
        return sim_command_name_get(*command) != NULL;
    }
    return false;
}

static bool
read_command(SimFault *fault, JsonObject *order, GError **error)
{
    JsonNode *node = json_object_get_member(order, "command");
    g_autofree char *typed = NULL;
    g_autofree char *list = NULL;

    fault->command = SIM_FAULT_COMMAND_ANY;
    if (node == NULL || find_command(node, &fault->command)) {
        return true;
    }
    typed = json_to_string(node, FALSE);
    list = sim_command_name_list();
    g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                _("crypto units have no command %s; there are: info, %s"), typed, list);
    return false;
}

/* A misspelt member would let a fault strike what it is not for. */
static bool
check_members(JsonObject *order, GError **error)
{
    static const char *const members[] = { "fault",       "unit",        "list",   "count",
                                           "skip",        "command",     "status", "size",
                                           "return_code", "reason_code", "type",   "text" };
    g_autoptr(GList) given = json_object_get_members(order);

    for (const GList *at = given; at != NULL; at = at->next) {
        bool known = false;

        for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
            known = known || strcmp(at->data, members[i]) == 0;
        }
        if (!known) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                        _("faults of the service have no \"%s\""), (const char *) at->data);
            return false;
        }
    }
    return true;
}

static bool
read_numbers(SimFault *fault, JsonObject *order, GError **error)
{
    static const uint32_t zero = 0;
    static const uint32_t one = 1;
    static const uint32_t status = 500;
    static const uint32_t size = OVERSIZED_DEFAULT;
    static const uint32_t type = 9;
    const uint32_t return_code = fault->kind == SIM_FAULT_HTP_ERROR   ? 40
                                 : fault->kind == SIM_FAULT_CPRB_CODE ? 8
                                                                      : 32;

    return sim_store_get_number(order, "skip", &zero, UINT32_MAX, &fault->skip, error) &&
           sim_store_get_number(order, "count", &one, UINT32_MAX, &fault->count, error) &&
           sim_store_get_number(order, "status", &status, HTTP_STATUS_MAX, &fault->status, error) &&
           sim_store_get_number(order, "size", &size, OVERSIZED_MAX, &fault->size, error) &&
           sim_store_get_number(order, "type", &type, 99, &fault->type, error) &&
           sim_store_get_number(order, "return_code", &return_code, UINT32_MAX, &fault->return_code,
                                error) &&
           sim_store_get_number(order, "reason_code", &zero, UINT32_MAX, &fault->reason_code,
                                error);
}

static bool
check(const SimFault *fault, GError **error)
{
    const char *problem = NULL;

    if (fault->list_only && fault->hsm_id != NULL) {
        problem = _("a fault is for a crypto unit or for the list, not for both");
    } else if (fault->list_only &&
               (!kinds[fault->kind].strikes_list || fault->command != SIM_FAULT_COMMAND_ANY)) {
        problem = _("this fault cannot strike the list");
    } else if (fault->status < 200) {
        problem = _("\"status\" must be an HTTP status");
    } else if (fault->return_code == 0) {
        problem = _("\"return_code\" must not be 0");
    }
    if (problem != NULL) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE, problem);
    }
    return problem == NULL;
}

bool
sim_faults_add(SimFaults *faults, JsonObject *order, const char *hsm_id, GError **error)
{
    g_auto(SimFault) fault = { 0 };
    g_autoptr(GError) cause = NULL;
    const char *text = NULL;

    if (!read_kind(&fault, order, &cause) || !check_members(order, &cause) ||
        !read_command(&fault, order, &cause) || !read_numbers(&fault, order, &cause) ||
        !sim_json_get_flag(order, "list", false, &fault.list_only, &cause)) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE, cause->message);
        return false;
    }
    text = sim_json_get_text(order, "text", &cause);
    if (cause != NULL) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE, cause->message);
        return false;
    }
    fault.hsm_id = g_strdup(hsm_id);
    fault.for_ever = fault.count == 0;
    if (!check(&fault, error)) {
        return false;
    }
    fault.text = g_strdup(text == NULL ? "ordered fault" : text);
    g_mutex_lock(&faults->lock);
    g_ptr_array_add(faults->list, g_memdup2(&fault, sizeof fault));
    g_mutex_unlock(&faults->lock);
    fault = (SimFault){ 0 }; /* its texts belong to the list */
    return true;
}

void
sim_faults_clear(SimFaults *faults)
{
    g_mutex_lock(&faults->lock);
    g_ptr_array_set_size(faults->list, 0);
    g_mutex_unlock(&faults->lock);
}

static bool
matches(const SimFault *fault, const char *hsm_id, uint32_t command)
{
    if (hsm_id == NULL) { /* the listing */
        return fault->hsm_id == NULL && kinds[fault->kind].strikes_list &&
               fault->command == SIM_FAULT_COMMAND_ANY;
    }
    return !fault->list_only && (fault->hsm_id == NULL || strcmp(fault->hsm_id, hsm_id) == 0) &&
           (fault->command == SIM_FAULT_COMMAND_ANY || fault->command == command);
}

SimFault
sim_faults_take(SimFaults *faults, const char *hsm_id, uint32_t command)
{
    SimFault taken = { 0 };

    g_mutex_lock(&faults->lock);
    for (unsigned i = 0; i < faults->list->len; i++) {
        SimFault *fault = g_ptr_array_index(faults->list, i);

        if (!matches(fault, hsm_id, command)) {
            continue;
        }
        if (fault->skip > 0) {
            fault->skip--;
            break;
        }
        taken = *fault;
        taken.hsm_id = g_strdup(fault->hsm_id);
        taken.text = g_strdup(fault->text);
        if (!fault->for_ever && --fault->count == 0) {
            g_ptr_array_remove_index(faults->list, i);
        }
        break;
    }
    g_mutex_unlock(&faults->lock);
    return taken;
}

void
sim_faults_describe(SimFaults *faults, JsonBuilder *builder)
{
    json_builder_begin_array(builder);
    g_mutex_lock(&faults->lock);
    for (unsigned i = 0; i < faults->list->len; i++) {
        const SimFault *fault = g_ptr_array_index(faults->list, i);

        json_builder_begin_object(builder);
        sim_store_add_text(builder, "fault", kinds[fault->kind].name);
        if (fault->hsm_id != NULL) {
            sim_store_add_text(builder, "unit", fault->hsm_id);
        }
        if (fault->command != SIM_FAULT_COMMAND_ANY) {
            sim_store_add_text(builder, "command",
                               fault->command == SIM_FAULT_COMMAND_INFO
                                   ? "info"
                                   : sim_command_name_get(fault->command));
        }
        sim_store_add_number(builder, "skip", fault->skip);
        sim_store_add_number(builder, "count", fault->count);
        json_builder_end_object(builder);
    }
    g_mutex_unlock(&faults->lock);
    json_builder_end_array(builder);
}
