/*
 * Reading members of JSON objects that people or other programs wrote (scenario files, control
 * commands, events).
 */
#include "simulator/sim-json.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "common/error.h"
#include "common/json-scan.h"

static void
set_wrong(GError **error, const char *member, const char *wanted)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("\"%s\" must be %s"), member, wanted);
}

static bool
need_member(JsonObject *object, const char *member, GError **error)
{
    if (!json_object_has_member(object, member)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("\"%s\" is missing"), member);
        return false;
    }
    return true;
}

static bool
holds(JsonNode *node, GType type)
{
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

const char *
sim_json_get_text(JsonObject *object, const char *member, GError **error)
{
    JsonNode *node = json_object_get_member(object, member);

    if (node == NULL) {
        return NULL;
    }
    if (!holds(node, G_TYPE_STRING)) {
        set_wrong(error, member, _("a text"));
        return NULL;
    }
    return json_node_get_string(node);
}

const char *
sim_json_need_text(JsonObject *object, const char *member, GError **error)
{
    return need_member(object, member, error) ? sim_json_get_text(object, member, error) : NULL;
}

const char *
sim_json_find_text(JsonObject *object, const char *member, const char *standard)
{
    const char *text = sim_json_get_text(object, member, NULL);

    return text != NULL ? text : standard;
}

bool
sim_json_get_number(JsonObject *object, const char *member, int64_t min, int64_t max,
                    int64_t standard, int64_t *value, GError **error)
{
    JsonNode *node = json_object_get_member(object, member);
    int64_t number = standard;

    if (node != NULL && holds(node, G_TYPE_INT64)) {
        number = json_node_get_int(node);
    }
    if (node != NULL && (!holds(node, G_TYPE_INT64) || number < min || number > max)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("\"%s\" must be a number from %" PRIi64 " to %" PRIi64), member, min, max);
        return false;
    }
    *value = number;
    return true;
}

bool
sim_json_need_number(JsonObject *object, const char *member, int64_t min, int64_t max,
                     int64_t *value, GError **error)
{
    return need_member(object, member, error) &&
           sim_json_get_number(object, member, min, max, min, value, error);
}

bool
sim_json_get_flag(JsonObject *object, const char *member, bool standard, bool *value,
                  GError **error)
{
    JsonNode *node = json_object_get_member(object, member);

    if (node != NULL && !holds(node, G_TYPE_BOOLEAN)) {
        set_wrong(error, member, _("true or false"));
        return false;
    }
    *value = node == NULL ? standard : json_node_get_boolean(node);
    return true;
}

JsonArray *
sim_json_need_array(JsonObject *object, const char *member, GError **error)
{
    JsonNode *node = json_object_get_member(object, member);

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node)) {
        set_wrong(error, member, _("an array"));
        return NULL;
    }
    return json_node_get_array(node);
}

JsonObject *
sim_json_need_object(JsonObject *object, const char *member, GError **error)
{
    JsonNode *node = json_object_get_member(object, member);

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node)) {
        set_wrong(error, member, _("an object"));
        return NULL;
    }
    return json_node_get_object(node);
}

JsonObject *
sim_json_need_element(JsonArray *array, unsigned index, const char *what, GError **error)
{
    JsonNode *node = json_array_get_element(array, index);

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("entry %u of \"%s\" must be an object"), index + 1, what);
        return NULL;
    }
    return json_node_get_object(node);
}

/* Of the byte at that place, from 1. */
static unsigned
count_lines(const char *text, size_t at)
{
    unsigned line = 1;

    for (size_t i = 0; i < at; i++) {
        line += text[i] == '\n' ? 1 : 0;
    }
    return line;
}

JsonObject *
sim_json_parse(const char *text, gssize len, GError **error)
{
    const size_t all = len >= 0 ? (size_t) len : strlen(text);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) cause = NULL;
    JsonNode *root = NULL;
    size_t good = 0;

    /* json-glib alone takes more than JSON, and any depth of it. */
    if (!tke_json_scan_value(text, all, &good) || good < all) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("not JSON: line %u"),
                    count_lines(text, good));
        return NULL;
    }
    if (!json_parser_load_from_data(parser, text, (gssize) all, &cause)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("not JSON: %s"), cause->message);
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("not a JSON object"));
        return NULL;
    }
    return json_node_dup_object(root);
}

char *
sim_json_to_text(JsonObject *object, bool pretty)
{
    g_autoptr(JsonNode) node = json_node_alloc();

    json_node_init_object(node, object);
    return json_to_string(node, pretty);
}
