/*
 * The list of the crypto units of an instance, and the addresses of the service
 * (crypto-unit-protocol.md, 1.1, 1.3, 1.4).
 */
#include "libep11admin/unit-list.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "libep11admin/json-text.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/wire-message.h"

#define MAX_MODULE_INDEX 255
#define MAX_DOMAIN_INDEX 255
#define PART_MODULE 2u
#define PART_DOMAIN 3u
#define HTTPS "https://"

static const struct {
    TkeUnitType type;
    const char *word;
    const char *member;
    bool required;
} types[] = {
    { TKE_UNIT_OPERATIONAL, "operational", "hsms", true },
    { TKE_UNIT_RECOVERY, "recovery", "source_hsms", false },
    { TKE_UNIT_FAILOVER, "failover", "failover_hsms", false },
};

static const struct {
    const char *endpoint;
    const char *format;
} endpoints[] = {
    { "cloud.ibm.com", HTTPS "tke.%s.hs-crypto.cloud.ibm.com" },
    { "test.cloud.ibm.com", HTTPS "tke.%s.hs-crypto.test.cloud.ibm.com" },
    { "private.cloud.ibm.com", HTTPS "tke.private.%s.hs-crypto.cloud.ibm.com" },
    { "private.test.cloud.ibm.com", HTTPS "tke.private.%s.hs-crypto.test.cloud.ibm.com" },
};

const char *
tke_unit_list_type_word(TkeUnitType type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (types[i].type == type) {
            return types[i].word;
        }
    }
    g_return_val_if_reached("");
}

bool
tke_unit_list_type_from_word(const char *word, TkeUnitType *type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_strcmp0(types[i].word, word) == 0) {
            *type = types[i].type;
            return true;
        }
    }
    return false;
}

void
tke_unit_list_entry_free(TkeUnitListEntry *entry)
{
    if (entry == NULL) {
        return;
    }
    g_free(entry->hsm_id);
    g_free(entry->location);
    g_free(entry->serial_number);
    g_free(entry->location_error);
    g_free(entry->module_part);
    g_free(entry);
}

static bool
set_malformed(const char *what, unsigned status, GError **error)
{
    tke_unit_error_set(
        error, TKE_UNIT_ERROR_MALFORMED,
        &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_HTTP, .http_status = status },
        _("the service's list of crypto units is malformed: %s"), what);
    return false;
}

/* A unit in a place that cannot be addressed is listed all the same, and refused when it is
 * used. */
static void
read_location(TkeUnitListEntry *entry)
{
    g_autoptr(GError) error = NULL;
    int64_t module = 0;
    int64_t domain = 0;

    if (tke_unit_list_location_number(entry->location, PART_MODULE, &module, &error) &&
        tke_unit_list_location_number(entry->location, PART_DOMAIN, &domain, &error)) {
        entry->module_part = tke_unit_list_module_part(entry->location, &error);
    }
    if (entry->module_part == NULL) {
        entry->location_error = g_strdup(error->message);
        return;
    }
    if (module < 0 || module > MAX_MODULE_INDEX || domain < 0 || domain > MAX_DOMAIN_INDEX) {
        entry->location_error = g_strdup_printf(
            _("location \"%s\": module and domain index have to be between 0 and 255"),
            entry->location);
        return;
    }
    entry->module_index = (uint32_t) module;
    entry->domain_index = (uint32_t) domain;
}

static bool
read_entry(JsonNode *node, TkeUnitType type, GPtrArray *entries)
{
    JsonObject *object = NULL;
    TkeUnitListEntry *entry = NULL;
    const char *hsm_id = NULL;
    const char *location = NULL;
    const char *serial = NULL;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        return false;
    }
    object = json_node_get_object(node);
    hsm_id = tke_json_text_get_string(object, "hsm_id");
    location = tke_json_text_get_string(object, "location");
    serial = tke_json_text_get_string(object, "serial_number");
    if (hsm_id == NULL || location == NULL || serial == NULL) {
        return false;
    }
    entry = g_new0(TkeUnitListEntry, 1);
    entry->hsm_id = g_strdup(hsm_id);
    entry->location = g_strdup(location);
    entry->serial_number = g_strdup(serial);
    entry->type = type;
    read_location(entry);
    g_ptr_array_add(entries, entry);
    return true;
}

static bool
read_member(JsonObject *object, size_t kind, GPtrArray *entries)
{
    JsonNode *node = json_object_get_member(object, types[kind].member);
    JsonArray *array = NULL;

    if (!types[kind].required && (node == NULL || JSON_NODE_HOLDS_NULL(node))) {
        return true;
    }
    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node)) {
        return false;
    }
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        if (!read_entry(json_array_get_element(array, i), types[kind].type, entries)) {
            return false;
        }
    }
    return true;
}

GPtrArray *
tke_unit_list_parse(unsigned status, const char *body, size_t len, GError **error)
{
    g_autoptr(GPtrArray) entries =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_list_entry_free);
    g_autoptr(JsonNode) root = NULL;

    if (!tke_wire_message_check_status(TKE_WIRE_LIST, status, body, len, error)) {
        return NULL;
    }
    root = tke_json_text_parse(body, len, TKE_JSON_FIRST_VALUE, NULL);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        set_malformed(_("it is not a JSON object"), status, error);
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (!read_member(json_node_get_object(root), i, entries)) {
            g_autofree char *what = g_strdup_printf(_("member \"%s\""), types[i].member);

            set_malformed(what, status, error);
            return NULL;
        }
    }
    return g_steal_pointer(&entries);
}

static bool
check_identifier(const char *id, const char *also, GError **error)
{
    bool good = id != NULL && *id != '\0';

    for (const char *c = id; good && *c != '\0'; c++) {
        good = g_ascii_isalnum(*c) || strchr("-._~:", *c) != NULL || strchr(also, *c) != NULL;
    }
    if (!good || strstr(id, "..") != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("\"%s\" is not an identifier of a service instance or crypto unit"),
                    id == NULL ? "" : id);
        return false;
    }
    return true;
}

char *
tke_unit_list_path(const char *instance, GError **error)
{
    if (!check_identifier(instance, "/", error)) {
        return NULL;
    }
    return g_strdup_printf("/v1/tke/%s/hsms", instance);
}

char *
tke_unit_list_unit_path(const char *instance, const char *hsm_id, GError **error)
{
    if (!check_identifier(instance, "/", error) || !check_identifier(hsm_id, "", error)) {
        return NULL;
    }
    return g_strdup_printf("/v1/tke/%s/hsms/%s", instance, hsm_id);
}

char *
tke_unit_list_base_url(const char *api_endpoint, const char *region, GError **error)
{
    const char *name =
        g_str_has_prefix(api_endpoint, HTTPS) ? api_endpoint + strlen(HTTPS) : api_endpoint;

    for (const char *c = region; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && *c != '-') {
            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("\"%s\" is not a region"), region);
            return NULL;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(endpoints); i++) {
        if (strcmp(endpoints[i].endpoint, name) == 0) {
            g_auto(GStrv) halves = g_strsplit(endpoints[i].format, "%s", 2);

            return g_strconcat(halves[0], region, halves[1], NULL);
        }
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                _("\"%s\" is not an API endpoint; known are cloud.ibm.com, test.cloud.ibm.com, "
                  "private.cloud.ibm.com and private.test.cloud.ibm.com"),
                api_endpoint);
    return NULL;
}

/* A name or an address; GLib lets blanks and more pass. */
static bool
is_host(const char *host)
{
    for (const char *c = host; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && strchr("-.:", *c) == NULL) {
            return false;
        }
    }
    return *host != '\0';
}

/* Without a name and password, which are refused and must stand in no message. */
static char *
dup_shown(const char *url, GUri *parsed)
{
    const char *host = strrchr(url, '@');

    if (parsed != NULL && g_uri_get_host(parsed) != NULL) {
        return g_uri_to_string_partial(parsed, G_URI_HIDE_USERINFO);
    }
    return host != NULL ? g_strconcat("…", host, NULL) : g_strdup(url);
}

char *
tke_unit_list_check_url(const char *url, GError **error)
{
    g_autoptr(GUri) parsed = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *host = parsed == NULL ? NULL : g_uri_get_host(parsed);
    const char *path = parsed == NULL ? NULL : g_uri_get_path(parsed);

    if (host == NULL || !is_host(host) || !g_str_has_prefix(url, HTTPS) ||
        g_uri_get_userinfo(parsed) != NULL || g_uri_get_query(parsed) != NULL ||
        g_uri_get_fragment(parsed) != NULL ||
        (path != NULL && *path != '\0' && strcmp(path, "/") != 0)) {
        g_autofree char *shown = dup_shown(url, parsed);

        g_set_error(
            error, TKE_ERROR, TKE_ERROR_USAGE,
            _("\"%s\" is not a base URL: https://, a host name and perhaps a port are needed"),
            shown);
        return NULL;
    }
    return g_strndup(url, strlen(url) - (g_str_has_suffix(url, "/") ? 1 : 0));
}
