/*
 * Settings file (functions 4.1; F-003).
 */
#include "libceremony/settings.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "common/safe-file.h"
#include "libep11admin/json-text.h"

#define FILE_MAX 1048576u
#define CARD_ANSWER_MIN_S 25 /* a person has 20 for a PIN */
#define CARD_ANSWER_MAX_S 600
#define REQUEST_MIN_S 1
#define REQUEST_MAX_S 300
#define IDLE_MAX_MIN 1440

struct TkeSettings {
    char *path;
    JsonObject *object;
    char *readers[TKE_READERS];
    unsigned card_answer_s; /* 0: not set */
    unsigned request_s;     /* 0: not set */
    bool has_idle;
    unsigned idle_minutes;
};

static char *
settings_path(const TkeWorld *world)
{
    return tke_world_is_rehearsal(world)
               ? g_build_filename(tke_world_get_state_directory(world), "settings.json", NULL)
               : g_build_filename(g_get_user_config_dir(), "opentke", "settings.json", NULL);
}

static bool
parse(TkeSettings *settings, const GByteArray *data, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(JsonNode) root =
        tke_json_text_parse((const char *) data->data, data->len, TKE_JSON_WHOLE, &local);

    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("settings file %s is damaged (%s): mend it or move it away"), settings->path,
                    local != NULL ? local->message : _("it holds no object"));
        return false;
    }
    settings->object = json_node_dup_object(root);
    return true;
}

static void
take_readers(TkeSettings *settings)
{
    JsonNode *node = json_object_get_member(settings->object, "readers");
    JsonArray *array =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (unsigned i = 0; array != NULL && i < json_array_get_length(array) && i < TKE_READERS;
         i++) {
        JsonNode *item = json_array_get_element(array, i);

        if (JSON_NODE_HOLDS_VALUE(item) && json_node_get_value_type(item) == G_TYPE_STRING) {
            settings->readers[i] = json_node_dup_string(item);
        }
    }
}

/* A limit that is none is told: a person has set it for a reason. Absent: value and *found stay. */
static bool
take_number(const TkeSettings *settings, const char *name, int least, int most, unsigned *value,
            bool *found, GError **error)
{
    JsonNode *node = json_object_get_member(settings->object, name);
    gint64 number = -1;

    if (node == NULL) {
        return true;
    }
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64) {
        number = json_node_get_int(node);
    }
    if (number < least || number > most) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("settings file %s: %s has to be a number from %d to %d"), settings->path,
                    name, least, most);
        return false;
    }
    *value = (unsigned) number;
    if (found != NULL) {
        *found = true;
    }
    return true;
}

static bool
take_limits(TkeSettings *settings, GError **error)
{
    return take_number(settings, "cardAnswerSeconds", CARD_ANSWER_MIN_S, CARD_ANSWER_MAX_S,
                       &settings->card_answer_s, NULL, error) &&
           take_number(settings, "requestSeconds", REQUEST_MIN_S, REQUEST_MAX_S,
                       &settings->request_s, NULL, error) &&
           take_number(settings, "idleMinutes", 0, IDLE_MAX_MIN, &settings->idle_minutes,
                       &settings->has_idle, error);
}

TkeSettings *
tke_settings_load(const TkeWorld *world, GError **error)
{
    g_autoptr(TkeSettings) settings = g_new0(TkeSettings, 1);
    g_autoptr(GByteArray) data = NULL;
    g_autoptr(GError) local = NULL;
    bool found = false;

    settings->path = settings_path(world);
    data = tke_safe_file_read(settings->path, FILE_MAX, &found, &local);
    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    if (data == NULL) {
        settings->object = json_object_new();
    } else if (!parse(settings, data, error)) {
        return NULL;
    }
    take_readers(settings);
    if (!take_limits(settings, error)) {
        return NULL;
    }
    return g_steal_pointer(&settings);
}

void
tke_settings_free(TkeSettings *settings)
{
    if (settings != NULL) {
        g_clear_pointer(&settings->object, json_object_unref);
        for (unsigned i = 0; i < TKE_READERS; i++) {
            g_free(settings->readers[i]);
        }
        g_free(settings->path);
        g_free(settings);
    }
}

TkeReaderChoice
tke_settings_get_readers(const TkeSettings *settings)
{
    return (TkeReaderChoice){ .key = { settings->readers[0], settings->readers[1] } };
}

void
tke_settings_limit_world(const TkeSettings *settings, TkeWorld *world)
{
    tke_world_set_limits(world, settings->card_answer_s * 1000u, settings->request_s * 1000u);
}

void
tke_settings_prepare_session(const TkeSettings *settings, TkeCardSession *session)
{
    const TkeReaderChoice readers = tke_settings_get_readers(settings);

    tke_card_session_set_readers(session, &readers);
    if (settings->has_idle) {
        tke_card_session_set_idle_s(session, settings->idle_minutes * 60u);
    }
}

bool
tke_settings_set_readers(TkeSettings *settings, const TkeReaderChoice *choice, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(settings->path);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < TKE_READERS; i++) {
        char *key = g_strdup(choice->key[i]);

        g_free(settings->readers[i]);
        settings->readers[i] = key;
        json_array_add_string_element(array, key != NULL ? key : "");
    }
    json_object_set_array_member(settings->object, "readers", array);
    json_node_set_object(node, settings->object);
    text = json_to_string(node, TRUE);
    return tke_safe_file_make_dir(dir, error) &&
           tke_safe_file_write(settings->path, (const uint8_t *) text, strlen(text), error);
}

static const char *
text_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

/* Does an entry say that its keys are those of a card with this ATR? False for an entry that is
 * none. */
static bool
read_entry(JsonNode *node, const char *atr, bool *fits, const char **file)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *wanted = object != NULL ? text_member(object, "atr") : NULL;

    *file = object != NULL ? text_member(object, "file") : NULL;
    if (*file == NULL || **file == '\0' ||
        (wanted == NULL && json_object_has_member(object, "atr"))) {
        return false;
    }
    *fits = wanted == NULL || g_ascii_strncasecmp(atr, wanted, strlen(wanted)) == 0;
    return true;
}

bool
tke_settings_find_card_keys(const TkeSettings *settings, const uint8_t *atr, size_t atr_len,
                            char **path, GError **error)
{
    JsonNode *node = json_object_get_member(settings->object, "card_keys");
    JsonArray *array =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    g_autofree char *atr_text = tke_hex_encode(atr, atr_len);
    const char *file = NULL;
    bool good = node == NULL || array != NULL;
    bool fits = false;

    for (unsigned i = 0; good && !fits && array != NULL && i < json_array_get_length(array); i++) {
        good = read_entry(json_array_get_element(array, i), atr_text, &fits, &file);
    }
    if (!good) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("settings file %s: “card_keys” is no list of files (docs/hardware.md shows "
                      "one)"),
                    settings->path);
        return false;
    }
    *path = NULL;
    if (fits) {
        g_autofree char *dir = g_path_get_dirname(settings->path);

        *path = g_canonicalize_filename(file, dir);
    }
    return true;
}
