/*
 * JSON bodies, HTTP status and CPRB (crypto-unit-protocol.md, 1.2, 1.4, 1.5, 1.9).
 */
#include "libep11admin/wire-message.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/hex.h"
#include "libep11admin/json-text.h"
#include "libep11admin/unit-error.h"

#define CPRB_VERSION 0x04u
#define CPRB_FLAG_ADMIN 0x80u
#define CPRB_SUBTYPE 0x5434u /* "T4" */
#define EXCERPT_MAX 200u     /* bytes of a body shown in a message */

static bool
set_malformed(TkeUnitPlace place, unsigned status, const char *message, GError **error)
{
    tke_unit_error_set(error, TKE_UNIT_ERROR_MALFORMED,
                       &(TkeUnitErrorDetails){ .place = place, .http_status = status }, "%s",
                       message);
    return false;
}

GByteArray *
tke_wire_message_new_cprb(uint32_t domain_index, const uint8_t *payload, size_t len)
{
    GByteArray *cprb = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(cprb, TKE_CPRB_LEN + len);

    tke_byte_builder_u16(&b, TKE_CPRB_LEN);
    tke_byte_builder_u8(&b, CPRB_VERSION);
    tke_byte_builder_u16(&b, 0);
    tke_byte_builder_u8(&b, CPRB_FLAG_ADMIN);
    tke_byte_builder_u16(&b, CPRB_SUBTYPE);
    tke_byte_builder_u32(&b, 0); /* source */
    tke_byte_builder_u32(&b, domain_index);
    tke_byte_builder_u32(&b, 0); /* return code */
    tke_byte_builder_fill(&b, 0, 8);
    tke_byte_builder_u32(&b, (uint32_t) len);
    tke_byte_builder_bytes(&b, payload, len);
    g_assert(!b.failed);
    return cprb;
}

char *
tke_wire_message_wrap_body(const char *htp_request)
{
    return g_strdup_printf("{\"request\":\"%s\"}", htp_request);
}

char *
tke_wire_message_new_body(uint32_t module_index, uint32_t domain_index, const uint8_t *payload,
                          size_t len)
{
    g_autoptr(GByteArray) cprb = NULL;
    g_autofree char *request = NULL;

    g_return_val_if_fail(len <= TKE_WIRE_MAX_PAYLOAD, NULL);

    cprb = tke_wire_message_new_cprb(domain_index, payload, len);
    request = tke_wire_message_new_htp_request(module_index, cprb->data, cprb->len);
    return tke_wire_message_wrap_body(request);
}

/* The beginning of a text from outside, fit for a message. Caller frees. */
static char *
dup_excerpt(const char *body, size_t len)
{
    g_autofree char *text =
        g_utf8_make_valid(body == NULL ? "" : body, (gssize) MIN(len, EXCERPT_MAX));

    for (char *c = text; *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c)) {
            *c = ' ';
        }
    }
    g_strstrip(text);
    if (*text == '\0') {
        return g_strdup(_("no explanation"));
    }
    return g_strconcat(text, len > EXCERPT_MAX ? "…" : "", NULL);
}

static TkeUnitError
code_of_status(unsigned status)
{
    switch (status) {
    case 400:
        return TKE_UNIT_ERROR_BAD_REQUEST;
    case 401:
        return TKE_UNIT_ERROR_UNAUTHORIZED;
    case 403:
        return TKE_UNIT_ERROR_FORBIDDEN;
    case 404:
        return TKE_UNIT_ERROR_NOT_FOUND;
    default:
        return TKE_UNIT_ERROR_SERVICE;
    }
}

static const char *
advice_of_status(unsigned status)
{
    switch (status) {
    case 400:
        return _("the operation is not supported, or not valid in this state of the crypto unit");
    case 401:
        return _("the token is invalid, expired or lacks the permission: log in again");
    case 403:
        return _("a permission of the user is missing: ask for the role that is needed");
    case 404:
        return _("instance or crypto unit not found: check account, resource group and region");
    default:
        return status >= 500
                   ? _("the service is not available: try later, keep the details for support")
                   : _("the service does not accept the request");
    }
}

bool
tke_wire_message_check_status(TkeWireOperation operation, unsigned status, const char *body,
                              size_t len, GError **error)
{
    const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_HTTP, .http_status = status };
    g_autofree char *excerpt = NULL;

    if (status >= 200 && status <= 299) {
        return true;
    }
    excerpt = dup_excerpt(body, len);
    tke_unit_error_set(error, code_of_status(status), &details,
                       operation == TKE_WIRE_LIST
                           ? _("listing the crypto units failed with status %u (%s); %s")
                           : _("sending to the crypto unit failed with status %u (%s); %s"),
                       status, excerpt, advice_of_status(status));
    return false;
}

/*
 * IBM's client reads the answer into a map of strings: a member of another kind makes the answer
 * unreadable, null is an empty string.
 */
static bool
only_strings(JsonObject *object)
{
    g_autoptr(GList) members = json_object_get_values(object);

    for (GList *member = members; member != NULL; member = member->next) {
        JsonNode *node = member->data;

        if (!JSON_NODE_HOLDS_NULL(node) &&
            (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)) {
            return false;
        }
    }
    return true;
}

char *
tke_wire_message_parse_body(const char *body, size_t len, GError **error)
{
    g_autoptr(JsonNode) root = NULL;
    JsonObject *object = NULL;
    const char *response = NULL;

    root = tke_json_text_parse(body, len, TKE_JSON_FIRST_VALUE, NULL);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        set_malformed(TKE_UNIT_PLACE_HTTP, 0, _("the service's answer is not a JSON object"),
                      error);
        return NULL;
    }
    object = json_node_get_object(root);
    response = only_strings(object) ? tke_json_text_get_string(object, "response") : NULL;
    if (response == NULL || *response == '\0') {
        set_malformed(TKE_UNIT_PLACE_HTTP, 0,
                      _("the service's answer holds no answer of the crypto unit"), error);
        return NULL;
    }
    return g_strdup(response);
}

static bool
set_driver_error(const TkeCprb *cprb, GError **error)
{
    const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_CPRB,
                                          .has_return_code = true,
                                          .return_code = cprb->return_code,
                                          .has_reason_code = true,
                                          .reason_code = cprb->reason_code };

    tke_unit_error_set(error, TKE_UNIT_ERROR_REFUSED, &details,
                       _("the host of the crypto unit reports return code %u, reason code %u"),
                       cprb->return_code, cprb->reason_code);
    return false;
}

bool
tke_wire_message_parse_cprb(const uint8_t *bytes, size_t len, TkeCprb *cprb, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);
    TkeCprb read = { 0 };

    if (!tke_byte_cursor_u16(&cursor, &read.header_len) ||
        !tke_byte_cursor_u8(&cursor, &read.version) || !tke_byte_cursor_skip(&cursor, 2) ||
        !tke_byte_cursor_u8(&cursor, &read.flags) || !tke_byte_cursor_u16(&cursor, &read.subtype) ||
        !tke_byte_cursor_skip(&cursor, 4) || !tke_byte_cursor_u32(&cursor, &read.domain_index) ||
        !tke_byte_cursor_u16(&cursor, &read.return_code) ||
        !tke_byte_cursor_u16(&cursor, &read.reason_code) || !tke_byte_cursor_skip(&cursor, 8) ||
        !tke_byte_cursor_u32(&cursor, &read.payload_len)) {
        return set_malformed(TKE_UNIT_PLACE_CPRB, 0, _("the crypto unit's answer is too short"),
                             error);
    }
    if (read.return_code != 0 || read.reason_code != 0) {
        return set_driver_error(&read, error);
    }
    if (!tke_byte_cursor_bytes(&cursor, read.payload_len, &read.payload)) {
        return set_malformed(TKE_UNIT_PLACE_CPRB, 0,
                             _("the crypto unit's answer is shorter than it says"), error);
    }
    read.extra_len = tke_byte_cursor_left(&cursor);
    *cprb = read;
    return true;
}

bool
tke_wire_message_check_cprb(const TkeCprb *cprb, uint32_t domain_index, GError **error)
{
    if (cprb->header_len != TKE_CPRB_LEN || cprb->version != CPRB_VERSION ||
        cprb->subtype != CPRB_SUBTYPE || cprb->extra_len > 0) {
        return set_malformed(TKE_UNIT_PLACE_CPRB, 0,
                             _("the header of the crypto unit's answer is wrong"), error);
    }
    if (cprb->domain_index != domain_index) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_IDENTITY,
                           &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_CPRB },
                           _("the answer comes from another domain"));
        return false;
    }
    return true;
}

static GByteArray *
open_htp(const char *text, uint32_t domain_index, GError **error)
{
    g_auto(TkeHtpResponse) response = { 0 };
    g_autoptr(GByteArray) bytes = NULL;
    TkeCprb cprb = { 0 };

    if (!tke_wire_message_parse_htp(text, &response, error) ||
        !tke_wire_message_check_htp(&response, error)) {
        return NULL;
    }
    /* The length in front is not compared: nobody reads it, and what endpoints put there is not
     * known. The CPRB says its own length. */
    if (response.cprb_hex != NULL && !response.has_more_fields) {
        bytes = tke_hex_decode(response.cprb_hex, -1, NULL);
    }
    if (bytes == NULL) {
        set_malformed(TKE_UNIT_PLACE_HTP_FORMAT, 0,
                      _("the service's answer holds no readable answer of the crypto unit"), error);
        return NULL;
    }
    if (!tke_wire_message_parse_cprb(bytes->data, bytes->len, &cprb, error) ||
        !tke_wire_message_check_cprb(&cprb, domain_index, error)) {
        return NULL;
    }
    g_byte_array_remove_range(bytes, 0, TKE_CPRB_LEN);
    return g_steal_pointer(&bytes);
}

GByteArray *
tke_wire_message_open_answer(unsigned status, const char *body, size_t len, uint32_t domain_index,
                             GError **error)
{
    g_autofree char *text = NULL;

    if (!tke_wire_message_check_status(TKE_WIRE_COMMAND, status, body, len, error)) {
        return NULL;
    }
    text = tke_wire_message_parse_body(body, len, error);
    if (text == NULL) {
        return NULL;
    }
    return open_htp(text, domain_index, error);
}
