/*
 * Strict reading of JSON from outside (RFC 8259): json-glib is lenient, so the text is walked first.
 */
#include "libep11admin/json-text.h"

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/json-scan.h"

JsonNode *
tke_json_text_parse(const char *text, size_t len, TkeJsonMode mode, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    size_t value_len = 0;

    if (len > G_MAXINT32 || !tke_json_scan_value(text, len, &value_len)) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("not a JSON text"));
        return NULL;
    }
    if (mode == TKE_JSON_WHOLE && value_len != len) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("something follows the JSON text"));
        return NULL;
    }
    if (!g_utf8_validate(text, (gssize) value_len, NULL)) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("the JSON text is not UTF-8"));
        return NULL;
    }
    if (!json_parser_load_from_data(parser, text, (gssize) value_len, NULL)) {
        /* json-glib's message may quote the text; what it holds is not ours to show */
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("the JSON text cannot be read"));
        return NULL;
    }
    return json_parser_steal_root(parser);
}

const char *
tke_json_text_get_string(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    if (node == NULL || !JSON_NODE_HOLDS_VALUE(node) ||
        json_node_get_value_type(node) != G_TYPE_STRING) {
        return NULL;
    }
    return json_node_get_string(node);
}
