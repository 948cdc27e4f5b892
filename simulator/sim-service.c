/*
 * The cloud endpoint: list the units, pass a request to one of them (crypto-unit-protocol.md, 1.2
 * to 1.8).
 */
#include "simulator/sim-service-internal.h"

#include <string.h>

#include "common/log.h"
#include "simulator/sim-json.h"
#include "simulator/sim-store.h"

#define BODY_MAX 131072u
#define PATH_PREFIX "/v1/tke/"
#define PATH_LIST "hsms"
#define JSON_TYPE "application/json"
#define HTTP_OK 200u
#define HTTP_BAD_REQUEST 400u
#define HTTP_UNAUTHORIZED 401u
#define HTTP_NOT_FOUND 404u
#define HTTP_METHOD 405u
#define HTTP_TOO_LARGE 413u
#define HTTP_INTERNAL 500u
#define HTP_SYNTAX 9u
#define HTP_DOMAIN_RANGE 5u
#define HTP_MODULE_RANGE 41u

/* Where a path leads; NULL members: nowhere. */
typedef struct Route {
    const SimInstance *instance;
    SimUnit *unit;
    bool is_list;
} Route;

/* A request on its way through; what belongs to it is freed with it. */
typedef struct Call {
    const SimRequest *request;
    Route route;
    char *text; /* HTPRequest; NULL: the body is not what it must be */
    SimFault fault;
} Call;

static void
call_clear(Call *call)
{
    g_free(call->text);
    sim_fault_clear(&call->fault);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Call, call_clear)

void
sim_reply_clear(SimReply *reply)
{
    g_clear_pointer(&reply->body, g_byte_array_unref);
}

/* Puts a NUL that is not counted after the end. */
static void
terminate(GByteArray *body)
{
    g_byte_array_append(body, (const uint8_t *) "", 1);
    g_byte_array_set_size(body, body->len - 1);
}

static GByteArray *
make_body(const char *text)
{
    GByteArray *body = g_byte_array_new();

    g_byte_array_append(body, (const uint8_t *) text, (guint) strlen(text));
    terminate(body);
    return body;
}

static void
set_text(SimReply *reply, unsigned status, const char *text)
{
    g_clear_pointer(&reply->body, g_byte_array_unref);
    reply->action = SIM_REPLY_ANSWER;
    reply->status = status;
    reply->content_type = JSON_TYPE;
    reply->body = make_body(text);
}

/* An object with one text. */
static void
set_member(SimReply *reply, unsigned status, const char *name, const char *text)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autofree char *body = NULL;

    json_object_set_string_member(object, name, text);
    body = sim_json_to_text(object, false);
    set_text(reply, status, body);
}

static void
refuse(SimReply *reply, unsigned status, const char *message)
{
    set_member(reply, status, "message", message);
}

static const SimInstance *
find_instance(const SimService *service, const char *id)
{
    for (unsigned i = 0; i < service->instances->len; i++) {
        const SimInstance *instance = g_ptr_array_index(service->instances, i);

        if (strcmp(instance->id, id) == 0) {
            return instance;
        }
    }
    return NULL;
}

/* "/v1/tke/<instance>/hsms" and "/v1/tke/<instance>/hsms/<hsm id>". */
static Route
find_route(const SimService *service, const char *path)
{
    g_auto(GStrv) parts = NULL;
    Route route = { 0 };

    if (!g_str_has_prefix(path, PATH_PREFIX)) {
        return route;
    }
    parts = g_strsplit(path + strlen(PATH_PREFIX), "/", -1);
    if (g_strv_length(parts) < 2 || g_strv_length(parts) > 3 || strcmp(parts[1], PATH_LIST) != 0) {
        return route;
    }
    route.instance = find_instance(service, parts[0]);
    route.is_list = parts[2] == NULL;
    if (route.instance != NULL && !route.is_list) {
        SimUnit *unit = sim_service_find_unit(service, parts[2]);

        if (unit != NULL && strcmp(unit->instance_id, route.instance->id) == 0) {
            route.unit = unit;
        }
    }
    return route;
}

/* The HTPRequest in a body, {"request":"…"}; NULL if it is something else. */
static char *
read_body(const SimRequest *request)
{
    g_autoptr(JsonObject) object = NULL;
    const char *text = NULL;

    if (request->body == NULL || request->body_len == 0 || request->body_len > BODY_MAX) {
        return NULL;
    }
    object = sim_json_parse((const char *) request->body, (gssize) request->body_len, NULL);
    text = object == NULL ? NULL : sim_json_get_text(object, "request", NULL);
    return g_strdup(text);
}

/* The command of a request, for faults that strike only one. */
static uint32_t
peek_command(const char *text)
{
    g_auto(SimHtpRequest) htp = { 0 };
    SimHtpError error = { 0 };
    SimMessage message = { 0 };
    SimBlock block = { 0 };

    if (text == NULL || !sim_message_parse_htp(text, &htp, &error) ||
        sim_message_parse(htp.payload, &message) != SIM_RC_OK) {
        return SIM_FAULT_COMMAND_ANY;
    }
    if (message.function == SIM_FUNCTION_INFO) {
        return SIM_FAULT_COMMAND_INFO;
    }
    return sim_message_parse_block(message.block, &block) ? block.command : SIM_FAULT_COMMAND_ANY;
}

static void
put_unit(const SimUnit *unit, const char *location, JsonBuilder *builder)
{
    json_builder_begin_object(builder);
    sim_store_add_text(builder, "hsm_id", unit->hsm_id);
    sim_store_add_text(builder, "location", location);
    sim_store_add_text(builder, "serial_number", sim_unit_get_serial(unit));
    sim_store_add_text(builder, "state", "active");
    sim_store_add_number(builder, "version", 1);
    json_builder_end_object(builder);
}

static void
put_units(const SimService *service, const SimInstance *instance, JsonBuilder *builder,
          const char *name, SimUnitType type, SimFaultKind fault, unsigned *total)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < service->units->len; i++) {
        const SimUnit *unit = g_ptr_array_index(service->units, i);

        if (unit->type != type || strcmp(unit->instance_id, instance->id) != 0) {
            continue;
        }
        put_unit(unit,
                 fault == SIM_FAULT_LISTED_NOWHERE && *total == 0 ? "[nowhere].[NO-CS0].[00].[300]"
                                                                  : unit->location,
                 builder);
        (*total)++;
        if (fault == SIM_FAULT_LISTED_TWICE && *total == 1) {
            put_unit(unit, unit->location, builder);
            (*total)++;
        }
    }
    json_builder_end_array(builder);
}

/* The answer of 1.3. */
static void
list_units(const SimService *service, const SimInstance *instance, SimFaultKind fault,
           SimReply *reply)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;
    unsigned total = 0;

    json_builder_begin_object(builder);
    put_units(service, instance, builder, "hsms", SIM_UNIT_OPERATIONAL, fault, &total);
    put_units(service, instance, builder, "source_hsms", SIM_UNIT_RECOVERY, fault, &total);
    put_units(service, instance, builder, "failover_hsms", SIM_UNIT_FAILOVER, fault, &total);
    json_builder_set_member_name(builder, "metadata");
    json_builder_begin_array(builder);
    json_builder_begin_object(builder);
    sim_store_add_text(builder, "collectionType", "hsms");
    sim_store_add_number(builder, "collectionTotal", total);
    json_builder_end_object(builder);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = sim_json_to_text(json_node_get_object(root), false);
    set_text(reply, HTTP_OK, text);
}

static void
set_htp_error(SimReply *reply, const SimHtpError *error)
{
    g_autofree char *text = sim_message_build_htp_error(error);

    set_member(reply, HTTP_OK, "response", text);
}

/* Wraps the payload of an answer, or an empty one with a return code of the CPRB. */
static void
set_cprb(SimReply *reply, const SimHtpRequest *htp, uint32_t return_code, const GByteArray *payload)
{
    g_autoptr(GByteArray) cprb = sim_message_build_cprb(htp->flags, htp->domain, return_code,
                                                        payload == NULL ? NULL : payload->data,
                                                        payload == NULL ? 0 : payload->len);
    g_autofree char *text = sim_message_build_htp(cprb->data, cprb->len);

    set_member(reply, HTTP_OK, "response", text);
}

/* Passes an HTPRequest to its unit. */
static void
pass_on(const Call *call, SimReply *reply)
{
    SimUnit *unit = call->route.unit;
    g_auto(SimHtpRequest) htp = { 0 };
    g_autoptr(GByteArray) payload = NULL;
    g_autoptr(GError) error = NULL;
    SimHtpError problem = { .type = HTP_SYNTAX };

    if (!sim_message_parse_htp(call->text, &htp, &problem)) {
        set_htp_error(reply, &problem);
        return;
    }
    if (htp.module != unit->module_index || htp.domain != unit->domain) {
        bool is_module = htp.module != unit->module_index;

        problem.return_code = is_module ? HTP_MODULE_RANGE : HTP_DOMAIN_RANGE;
        problem.text = is_module ? "module index out of range" : "domain index out of range";
        set_htp_error(reply, &problem);
        return;
    }
    payload = sim_unit_process(unit, htp.payload, &call->fault, &error);
    if (payload == NULL) {
        tke_log("sim", "unit %s: %s", unit->hsm_id, error->message);
        refuse(reply, HTTP_INTERNAL, error->message);
        return;
    }
    set_cprb(reply, &htp, 0, payload);
}

/* Faults that keep a request from being executed. */
static void
strike_before(const Call *call, SimReply *reply)
{
    const SimFault *fault = &call->fault;
    const SimHtpError problem = { fault->type, fault->return_code, fault->reason_code,
                                  fault->text };
    g_auto(SimHtpRequest) htp = { 0 };
    SimHtpError ignored = { 0 };

    switch (fault->kind) {
    case SIM_FAULT_DROP_BEFORE:
        reply->action = SIM_REPLY_CLOSE;
        break;
    case SIM_FAULT_SILENCE:
        reply->action = SIM_REPLY_HOLD;
        break;
    case SIM_FAULT_HTTP:
        refuse(reply, fault->status, fault->text);
        break;
    case SIM_FAULT_HTP_ERROR:
        set_htp_error(reply, &problem);
        break;
    case SIM_FAULT_CPRB_CODE:
        if (call->text != NULL && sim_message_parse_htp(call->text, &htp, &ignored)) {
            set_cprb(reply, &htp, fault->return_code, NULL);
        } else {
            set_htp_error(reply, &problem);
        }
        break;
    default:
        break;
    }
}

/* A JSON text with as many digits as asked for in it. */
static void
set_oversized(SimReply *reply, size_t size)
{
    g_autofree char *digits = g_strnfill(size, '0');

    set_member(reply, HTTP_OK, "response", digits);
}

/* Faults that spoil an answer that is ready. */
static void
strike_after(const Call *call, SimReply *reply)
{
    static const char garbage[] = "\x16\x03\xff no answer of any service <\x80\x81";
    size_t len = reply->body->len;

    switch (call->fault.kind) {
    case SIM_FAULT_DROP_AFTER:
        reply->action = SIM_REPLY_CLOSE;
        break;
    case SIM_FAULT_SILENCE_AFTER:
        reply->action = SIM_REPLY_HOLD;
        break;
    case SIM_FAULT_CUT:
        reply->action = SIM_REPLY_CUT;
        break;
    case SIM_FAULT_GARBAGE:
        set_text(reply, HTTP_OK, garbage);
        break;
    case SIM_FAULT_BAD_JSON:
        g_byte_array_set_size(reply->body,
                              (guint) (len - 2)); /* without the end of text and object */
        break;
    case SIM_FAULT_TRUNCATED: /* some hex digits fewer: odd, so that no byte ends there */
        g_byte_array_set_size(reply->body, (guint) (len - 2 - MIN(len - 2, 41)));
        g_byte_array_append(reply->body, (const uint8_t *) "\"}", 2);
        break;
    case SIM_FAULT_OVERSIZED:
        set_oversized(reply, call->fault.size);
        break;
    default:
        break;
    }
    terminate(reply->body);
}

/* What a request comes to when nothing strikes it. */
static void
answer(SimService *service, const Call *call, SimReply *reply)
{
    const Route *route = &call->route;

    if (!sim_service_check_token(service, call->request->authorization)) {
        refuse(reply, HTTP_UNAUTHORIZED, "The token is missing, unknown or has expired.");
    } else if (route->instance == NULL || (!route->is_list && route->unit == NULL)) {
        refuse(reply, HTTP_NOT_FOUND, "No such service instance or crypto unit.");
    } else if (strcmp(call->request->method, route->is_list ? "GET" : "POST") != 0) {
        refuse(reply, HTTP_METHOD, "The method is not allowed here.");
    } else if (route->is_list) {
        list_units(service, route->instance, call->fault.kind, reply);
    } else if (call->request->body_len > BODY_MAX) {
        refuse(reply, HTTP_TOO_LARGE, "The request is too large.");
    } else if (call->text == NULL) {
        refuse(reply, HTTP_BAD_REQUEST, "The request is no JSON object with a request in it.");
    } else {
        pass_on(call, reply);
    }
}

/* The fault that strikes, only where a request leads somewhere. */
static SimFault
take_fault(SimService *service, const Call *call)
{
    if (call->route.unit != NULL) {
        return sim_faults_take(service->faults, call->route.unit->hsm_id, peek_command(call->text));
    }
    if (call->route.is_list && call->route.instance != NULL) {
        return sim_faults_take(service->faults, NULL, SIM_FAULT_COMMAND_ANY);
    }
    return (SimFault){ 0 };
}

/* What the request comes to, with the fault that strikes it. */
static void
carry_out(SimService *service, const Call *call, SimReply *reply)
{
    if (call->fault.kind != SIM_FAULT_OUTER_CODE && call->fault.kind != SIM_FAULT_CODE &&
        sim_fault_is_before(call->fault.kind)) {
        strike_before(call, reply);
        return;
    }
    answer(service, call, reply);
    if (reply->status == HTTP_OK) {
        strike_after(call, reply);
    }
}

void
sim_service_handle(SimService *service, const SimRequest *request, SimReply *reply)
{
    g_auto(Call) call = { .request = request, .route = find_route(service, request->path) };

    *reply = (SimReply){ .content_type = JSON_TYPE };
    call.text = read_body(request);
    call.fault = take_fault(service, &call);
    g_mutex_lock(&service->lock);
    service->n_requests++;
    g_mutex_unlock(&service->lock);
    if (call.route.unit != NULL) {
        sim_unit_count(call.route.unit);
    }
    carry_out(service, &call, reply);
    g_mutex_lock(&service->lock);
    service->n_done++;
    g_mutex_unlock(&service->lock);
}
