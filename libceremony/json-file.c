/*
 * JSON files of the world's directory (functions 4.1).
 */
#include "libceremony/json-file.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "libep11admin/json-text.h"

#define FILE_MAX (16u * 1024u * 1024u)
#define ASIDE_MAX 99u

/* Under a name that is free, so that nothing is lost that could still be looked at. NULL with
 * errno set. */
static char *
put_aside(const char *path)
{
    for (unsigned i = 1; i <= ASIDE_MAX; i++) {
        g_autofree char *name = g_strdup_printf("%s.damaged-%u", path, i);

        if (link(path, name) == 0) { /* unlike rename it replaces nothing */
            return unlink(path) == 0 ? g_steal_pointer(&name) : NULL;
        }
        if (errno != EEXIST) {
            return NULL;
        }
    }
    return NULL;
}

bool
tke_json_file_damaged(const char *path, const GError *why, const char *lost, GError **error)
{
    const char *reason = why != NULL ? why->message : _("not the form it should have");
    g_autofree char *aside = lost != NULL ? put_aside(path) : NULL;
    int number = errno;

    if (lost == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("%s is damaged (%s); move it away to go on without what it remembered"), path,
                    reason);
    } else if (aside != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("%s is damaged (%s) and was put aside as %s; nothing was done. %s"), path,
                    reason, aside, lost);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("%s is damaged (%s) and cannot be put aside (%s): move it away; nothing was "
                      "done. %s"),
                    path, reason, g_strerror(number), lost);
    }
    return false;
}

JsonObject *
tke_json_file_read(const char *path, const char *lost, GError **error)
{
    bool found = false;
    g_autoptr(GError) local = NULL;
    g_autoptr(GByteArray) data = tke_safe_file_read(path, FILE_MAX, &found, &local);
    g_autoptr(JsonNode) root = NULL;

    if (data == NULL && local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    if (data == NULL) {
        return json_object_new();
    }
    root = tke_json_text_parse((const char *) data->data, data->len, TKE_JSON_WHOLE, &local);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        tke_json_file_damaged(path, local, lost, error);
        return NULL;
    }
    return json_node_dup_object(root);
}

bool
tke_json_file_write(const char *path, JsonObject *object, GError **error)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_node_set_object(node, object);
    text = json_to_string(node, TRUE);
    return tke_safe_file_write(path, (const uint8_t *) text, strlen(text), error);
}

JsonObject *
tke_json_file_object(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *
tke_json_file_array(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}
