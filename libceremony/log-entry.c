/*
 * Reading entries of the activity log.
 */
#include "libceremony/log-entry.h"

#include <string.h>

#include "libceremony/json-file.h"
#include "libep11admin/json-text.h"

JsonObject *
tke_log_entry_parse(const char *line)
{
    g_autoptr(JsonNode) node = tke_json_text_parse(line, strlen(line), TKE_JSON_WHOLE, NULL);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node)
               ? json_object_ref(json_node_get_object(node))
               : NULL;
}

const char *
tke_log_entry_text(JsonObject *entry, const char *name)
{
    return tke_json_text_get_string(entry, name);
}

const char *
tke_log_entry_card(JsonObject *entry, const char *name)
{
    JsonObject *card = tke_json_file_object(entry, name);

    return card != NULL ? tke_json_text_get_string(card, "id") : NULL;
}

guint
tke_log_entry_n_texts(JsonObject *entry, const char *name)
{
    JsonArray *texts = tke_json_file_array(entry, name);

    return texts != NULL ? json_array_get_length(texts) : 0;
}

const char *
tke_log_entry_nth_text(JsonObject *entry, const char *name, guint i)
{
    JsonArray *texts = tke_json_file_array(entry, name);
    JsonNode *node =
        texts != NULL && i < json_array_get_length(texts) ? json_array_get_element(texts, i) : NULL;

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}
