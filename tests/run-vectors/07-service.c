/*
 * File 07: locations, addresses, list of units, HTTP bodies (crypto-unit-protocol.md, 1.1 to 1.6).
 */
#include <string.h>

#include "libep11admin/unit-error.h"
#include "libep11admin/unit-list.h"
#include "libep11admin/wire-message.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_service[];

#define PART_MODULE 2u
#define PART_DOMAIN 3u

static void
check_part(Vector *vector, const char *member, const char *location, unsigned part)
{
    JsonObject *want = vector_object(vector, vector->expected, member);
    int64_t value = 0;
    g_autoptr(GError) error = NULL;

    tke_unit_list_location_number(location, part, &value, &error);
    if (vector_check_outcome(vector, want, error)) {
        vector_check_int(vector, member, value, vector_int(vector, want, "value"));
    }
}

static void
run_location(Vector *vector)
{
    const char *text = vector_text(vector, vector->inputs, "location");
    JsonObject *parse = vector_object(vector, vector->expected, "parse");
    JsonObject *module = vector_object(vector, vector->expected, "module_part");
    g_auto(TkeLocation) location = { 0 };
    g_autofree char *part = NULL;
    g_autoptr(GError) parse_error = NULL;
    g_autoptr(GError) module_error = NULL;

    tke_unit_list_parse_location(text, &location, &parse_error);
    if (vector_check_outcome(vector, parse, parse_error)) {
        vector_check_text(vector, "zone", location.zone,
                          vector_text(vector, parse, "availability_zone"));
        vector_check_text(vector, "host", location.host, vector_text(vector, parse, "host"));
        vector_check_int(vector, "module index", (int64_t) location.module_index,
                         vector_int(vector, parse, "crypto_module_index"));
        vector_check_int(vector, "domain index", (int64_t) location.domain_index,
                         vector_int(vector, parse, "domain_index"));
    }
    part = tke_unit_list_module_part(text, &module_error);
    if (vector_check_outcome(vector, module, module_error)) {
        vector_check_text(vector, "module part", part, vector_text(vector, module, "value"));
    }
    check_part(vector, "request_crypto_module_index", text, PART_MODULE);
    check_part(vector, "request_domain_index", text, PART_DOMAIN);
}

static void
run_base_url(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *url =
        tke_unit_list_base_url(vector_text(vector, vector->inputs, "api_endpoint"),
                               vector_text(vector, vector->inputs, "region"), &error);

    if (vector_check_outcome(vector, vector->expected, error)) {
        vector_check_member_text(vector, "base_url", url);
    }
}

/* Every fault of this file is one of the HTTP answer. */
static bool
check_http(Vector *vector, const GError *error, const char *kind)
{
    const TkeUnitErrorDetails *details = tke_unit_error_get_details(error);

    if (vector_check_outcome(vector, vector->expected, error)) {
        return true;
    }
    if (vector_has(vector->expected, "error_kind")) {
        vector_check_member_text(vector, "error_kind", kind);
        vector_check(vector, details != NULL && details->place == TKE_UNIT_PLACE_HTTP,
                     "the error is none of the HTTP answer");
    }
    return false;
}

static void
run_list(Vector *vector)
{
    const char *body = vector_text(vector, vector->inputs, "http_body");
    unsigned status = (unsigned) vector_int(vector, vector->inputs, "http_status");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) units = tke_unit_list_parse(status, body, strlen(body), &error);
    JsonArray *want = NULL;

    if (!check_http(vector, error, "http-list")) {
        return;
    }
    want = vector_array(vector, vector->expected, "units");
    vector_check_int(vector, "number of units", units->len, json_array_get_length(want));
    for (guint i = 0; i < MIN(units->len, json_array_get_length(want)); i++) {
        const TkeUnitListEntry *unit = units->pdata[i];
        JsonObject *wanted = vector_element(vector, want, i);

        vector_check_text(vector, "hsm_id", unit->hsm_id, vector_text(vector, wanted, "hsm_id"));
        vector_check_text(vector, "location", unit->location,
                          vector_text(vector, wanted, "location"));
        vector_check_text(vector, "serial_number", unit->serial_number,
                          vector_text(vector, wanted, "serial_number"));
        vector_check_text(vector, "type", tke_unit_list_type_word(unit->type),
                          vector_text(vector, wanted, "type"));
    }
}

static void
run_answer(Vector *vector)
{
    const char *body = vector_text(vector, vector->inputs, "http_body");
    unsigned status = (unsigned) vector_int(vector, vector->inputs, "http_status");
    g_autoptr(GError) error = NULL;
    g_autofree char *response = NULL;

    if (tke_wire_message_check_status(TKE_WIRE_COMMAND, status, body, strlen(body), &error)) {
        response = tke_wire_message_parse_body(body, strlen(body), &error);
    }
    if (check_http(vector, error, "http-command")) {
        vector_check_member_text(vector, "htp_response", response);
    }
}

/* That the transport sends these headers is compared in its own tests, against a real server. */
static void
check_request(Vector *vector, const char *method, const char *path, const char *body)
{
    JsonObject *request = vector_object(vector, vector->expected, "request");
    JsonObject *headers = vector_object(vector, request, "headers");
    g_autofree char *url = g_strconcat(vector_text(vector, vector->inputs, "base_url"), path, NULL);

    vector_check_text(vector, "method", method, vector_text(vector, request, "method"));
    vector_check_text(vector, "url", url, vector_text(vector, request, "url"));
    vector_check_text(vector, "body", body, vector_text(vector, request, "body"));
    vector_check_text(vector, "Accept", "application/json", vector_text(vector, headers, "Accept"));
    vector_check_text(vector, "Content-Type", "application/json",
                      vector_text(vector, headers, "Content-Type"));
    if (vector_has(headers, "Authorization") ||
        *vector_text(vector, vector->inputs, "auth_token") != '\0') {
        vector_check_text(vector, "Authorization",
                          vector_text(vector, vector->inputs, "auth_token"),
                          vector_text(vector, headers, "Authorization"));
    }
}

static void
run_request_list(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path =
        tke_unit_list_path(vector_text(vector, vector->inputs, "instance_id"), &error);

    if (vector_check(vector, path != NULL, "%s", error == NULL ? "" : error->message)) {
        check_request(vector, "GET", path, "");
    }
}

static void
run_request_post(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path =
        tke_unit_list_unit_path(vector_text(vector, vector->inputs, "instance_id"),
                                vector_text(vector, vector->inputs, "hsm_id"), &error);
    g_autofree char *body =
        tke_wire_message_wrap_body(vector_text(vector, vector->inputs, "htp_request"));

    if (vector_check(vector, path != NULL, "%s", error == NULL ? "" : error->message)) {
        check_request(vector, "POST", path, body);
    }
}

const VectorKind vectors_service[] = {
    { "07-service-interface", "location", run_location, NULL },
    { "07-service-interface", "base-url", run_base_url, NULL },
    { "07-service-interface", "base-url-invalid", run_base_url, NULL },
    { "07-service-interface", "hsms-list", run_list, NULL },
    { "07-service-interface", "post-answer", run_answer, NULL },
    { "07-service-interface", "request-list", run_request_list, NULL },
    { "07-service-interface", "request-post", run_request_post, NULL },
    { 0 },
};
