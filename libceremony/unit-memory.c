/*
 * Selection, identities and module certificates as JSON files (functions 4.1).
 */
#include "libceremony/unit-memory.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/json-file.h"
#include "libep11admin/json-text.h"

#define SELECTION "opentke-selection.json"
#define MEMORY "opentke-units.json"

/* With the files, and what to do about it. */
static const char *const lost_memory =
    N_("The crypto units and their modules are learned anew; whether one was zeroized, or its "
       "module set up anew, since it was seen last cannot be told: check them against your records "
       "(tke cryptounit-compare)");
static const char *const lost_selection =
    N_("Which crypto units were selected is not known any more: select them again (tke "
       "cryptounit-add)");

struct TkeUnitMemory {
    char *directory;
    GHashTable *identities; /* hsm id → TkeUnitIdentity */
    TkeKnownModules *modules;
    bool changed;
    /* hsm id → char **: name of the unit, then identifiers of its administrators */
    GHashTable *admins;
};

static bool
read_identity(JsonObject *object, TkeUnitIdentity *identity)
{
    const char *domain = tke_json_text_get_string(object, "domain");
    const char *module = tke_json_text_get_string(object, "module");
    const char *counter = tke_json_text_get_string(object, "counter");

    return domain != NULL && module != NULL && counter != NULL &&
           tke_hex_decode_exact(domain, identity->domain, sizeof identity->domain, NULL) &&
           tke_hex_decode_exact(module, identity->module_id, sizeof identity->module_id, NULL) &&
           tke_hex_decode_exact(counter, identity->counter, sizeof identity->counter, NULL);
}

static bool
read_identities(TkeUnitMemory *memory, JsonObject *units)
{
    JsonObjectIter iter;
    const char *id = NULL;
    JsonNode *node = NULL;

    if (units == NULL) {
        return true;
    }
    json_object_iter_init(&iter, units);
    while (json_object_iter_next(&iter, &id, &node)) {
        g_autofree TkeUnitIdentity *identity = g_new0(TkeUnitIdentity, 1);

        if (!JSON_NODE_HOLDS_OBJECT(node) || !read_identity(json_node_get_object(node), identity)) {
            return false;
        }
        g_hash_table_insert(memory->identities, g_strdup(id), g_steal_pointer(&identity));
    }
    return true;
}

static GPtrArray *
read_certificates(JsonArray *list)
{
    g_autoptr(GPtrArray) certificates =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);

    for (unsigned i = 0; i < json_array_get_length(list); i++) {
        JsonNode *node = json_array_get_element(list, i);
        const char *text = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
        GByteArray *der = text != NULL ? tke_hex_decode(text, -1, NULL) : NULL;

        if (der == NULL) {
            return NULL;
        }
        g_ptr_array_add(certificates, der);
    }
    return g_steal_pointer(&certificates);
}

static bool
read_modules(TkeUnitMemory *memory, JsonObject *modules)
{
    g_autoptr(GList) names = modules != NULL ? json_object_get_members(modules) : NULL;

    for (GList *at = names; at != NULL; at = at->next) {
        JsonArray *list = tke_json_file_array(modules, at->data);
        g_autoptr(GPtrArray) certificates = list != NULL ? read_certificates(list) : NULL;

        if (certificates == NULL) {
            return false;
        }
        tke_known_modules_set(memory->modules, at->data, certificates);
    }
    (void) tke_known_modules_take_changed(memory->modules);
    return true;
}

/* They are only told to people: what is no list of texts is left out. */
static void
read_admins(TkeUnitMemory *memory, JsonObject *units)
{
    g_autoptr(GList) names = units != NULL ? json_object_get_members(units) : NULL;

    for (GList *at = names; at != NULL; at = at->next) {
        JsonArray *list = tke_json_file_array(units, at->data);
        g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

        for (unsigned i = 0; list != NULL && i < json_array_get_length(list); i++) {
            JsonNode *node = json_array_get_element(list, i);

            if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING) {
                g_ptr_array_add(texts, g_strdup(json_node_get_string(node)));
            }
        }
        if (texts->len > 0) {
            g_ptr_array_add(texts, NULL);
            g_hash_table_insert(memory->admins, g_strdup(at->data),
                                g_ptr_array_free(g_steal_pointer(&texts), FALSE));
        }
    }
}

TkeUnitMemory *
tke_unit_memory_load(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, MEMORY, NULL);
    g_autoptr(JsonObject) object = tke_json_file_read(path, _(lost_memory), error);
    g_autoptr(TkeUnitMemory) memory = NULL;

    if (object == NULL) {
        return NULL;
    }
    memory = g_new0(TkeUnitMemory, 1);
    memory->directory = g_strdup(directory);
    memory->identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    memory->modules = tke_known_modules_new();
    memory->admins =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_strfreev);
    read_admins(memory, tke_json_file_object(object, "administrators"));
    if (!read_identities(memory, tke_json_file_object(object, "units")) ||
        !read_modules(memory, tke_json_file_object(object, "modules"))) {
        tke_json_file_damaged(path, NULL, _(lost_memory), error);
        return NULL;
    }
    return g_steal_pointer(&memory);
}

void
tke_unit_memory_free(TkeUnitMemory *memory)
{
    if (memory != NULL) {
        g_free(memory->directory);
        g_hash_table_unref(memory->identities);
        tke_known_modules_free(memory->modules);
        g_hash_table_unref(memory->admins);
        g_free(memory);
    }
}

void
tke_unit_memory_recall(const TkeUnitMemory *memory, TkeUnit *unit)
{
    const TkeUnitIdentity *identity =
        g_hash_table_lookup(memory->identities, tke_unit_get_hsm_id(unit));

    if (identity != NULL) {
        tke_unit_set_remembered(unit, identity);
    }
}

static void
note_admins(TkeUnitMemory *memory, const TkeUnit *unit)
{
    const GPtrArray *admins = tke_unit_get_admins(unit);
    char **known = g_hash_table_lookup(memory->admins, tke_unit_get_hsm_id(unit));
    g_auto(GStrv) now = NULL;

    if (admins == NULL) {
        return; /* not asked for */
    }
    now = g_new0(char *, admins->len + 2);
    now[0] = g_strdup(tke_unit_get_name(unit));
    for (unsigned i = 0; i < admins->len; i++) {
        const TkeUnitAdmin *admin = g_ptr_array_index(admins, i);

        now[i + 1] = tke_hex_encode(admin->ski, TKE_SKI_LEN);
    }
    if (known == NULL || !g_strv_equal((const char *const *) known, (const char *const *) now)) {
        g_hash_table_insert(memory->admins, g_strdup(tke_unit_get_hsm_id(unit)),
                            g_steal_pointer(&now));
        memory->changed = true;
    }
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

GPtrArray *
tke_unit_memory_find_admin(const TkeUnitMemory *memory, const uint8_t ski[static TKE_SKI_LEN])
{
    g_autofree char *wanted = tke_hex_encode(ski, TKE_SKI_LEN);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, memory->admins);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        char **unit = value;

        if (g_strv_contains((const char *const *) unit + 1, wanted)) {
            g_ptr_array_add(names, g_strdup(unit[0]));
        }
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* Of the same domain, before something that it has done since. */
static bool
is_older(const TkeUnitIdentity *now, const TkeUnitIdentity *known)
{
    return memcmp(now->domain, known->domain, sizeof now->domain) == 0 &&
           memcmp(now->module_id, known->module_id, sizeof now->module_id) == 0 &&
           memcmp(now->counter, known->counter, sizeof now->counter) < 0;
}

void
tke_unit_memory_note(TkeUnitMemory *memory, const TkeUnit *unit)
{
    const TkeUnitIdentity *now = tke_unit_get_identity(unit);
    const TkeUnitIdentity *known =
        g_hash_table_lookup(memory->identities, tke_unit_get_hsm_id(unit));

    if (now == NULL || tke_unit_get_trust(unit) != TKE_UNIT_VERIFIED) {
        return;
    }
    note_admins(memory, unit);
    if (known != NULL && (memcmp(now, known, sizeof *now) == 0 || is_older(now, known))) {
        return; /* what is older than that is warned of until it is so no more */
    }
    g_hash_table_insert(memory->identities, g_strdup(tke_unit_get_hsm_id(unit)),
                        g_memdup2(now, sizeof *now));
    memory->changed = true;
}

TkeKnownModules *
tke_unit_memory_get_modules(TkeUnitMemory *memory)
{
    return memory->modules;
}

static void
set_hex(JsonObject *object, const char *name, const uint8_t *bytes, size_t len)
{
    g_autofree char *text = tke_hex_encode(bytes, len);

    json_object_set_string_member(object, name, text);
}

static JsonObject *
identities_to_json(const TkeUnitMemory *memory)
{
    JsonObject *units = json_object_new();
    GHashTableIter iter;
    gpointer id;
    gpointer value;

    g_hash_table_iter_init(&iter, memory->identities);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        const TkeUnitIdentity *identity = value;
        JsonObject *object = json_object_new();

        set_hex(object, "domain", identity->domain, sizeof identity->domain);
        set_hex(object, "module", identity->module_id, sizeof identity->module_id);
        set_hex(object, "counter", identity->counter, sizeof identity->counter);
        json_object_set_object_member(units, id, object);
    }
    return units;
}

static JsonObject *
modules_to_json(const TkeUnitMemory *memory)
{
    JsonObject *modules = json_object_new();
    g_autoptr(GPtrArray) serials = tke_known_modules_get_serial_numbers(memory->modules);

    for (unsigned i = 0; i < serials->len; i++) {
        GPtrArray *certificates =
            tke_known_modules_get(memory->modules, g_ptr_array_index(serials, i));
        JsonArray *list = json_array_new();

        for (unsigned k = 0; k < certificates->len; k++) {
            GByteArray *der = g_ptr_array_index(certificates, k);
            g_autofree char *text = tke_hex_encode(der->data, der->len);

            json_array_add_string_element(list, text);
        }
        json_object_set_array_member(modules, g_ptr_array_index(serials, i), list);
    }
    return modules;
}

static JsonObject *
admins_to_json(const TkeUnitMemory *memory)
{
    JsonObject *units = json_object_new();
    GHashTableIter iter;
    gpointer id;
    gpointer value;

    g_hash_table_iter_init(&iter, memory->admins);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        JsonArray *list = json_array_new();

        for (char **text = value; *text != NULL; text++) {
            json_array_add_string_element(list, *text);
        }
        json_object_set_array_member(units, id, list);
    }
    return units;
}

bool
tke_unit_memory_save(TkeUnitMemory *memory, GError **error)
{
    g_autofree char *path = g_build_filename(memory->directory, MEMORY, NULL);
    g_autoptr(JsonObject) object = NULL;

    if (!tke_known_modules_take_changed(memory->modules) && !memory->changed) {
        return true;
    }
    object = json_object_new();
    json_object_set_object_member(object, "units", identities_to_json(memory));
    json_object_set_object_member(object, "modules", modules_to_json(memory));
    json_object_set_object_member(object, "administrators", admins_to_json(memory));
    if (!tke_json_file_write(path, object, error)) {
        memory->changed = true;
        return false;
    }
    memory->changed = false;
    return true;
}

char **
tke_unit_memory_load_selection(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, SELECTION, NULL);
    g_autoptr(JsonObject) object = tke_json_file_read(path, _(lost_selection), error);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    JsonArray *list;

    if (object == NULL) {
        return NULL;
    }
    list = tke_json_file_array(object, "selected");
    for (unsigned i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonNode *node = json_array_get_element(list, i);

        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) {
            tke_json_file_damaged(path, NULL, _(lost_selection), error);
            return NULL;
        }
        g_ptr_array_add(ids, g_strdup(json_node_get_string(node)));
    }
    g_ptr_array_add(ids, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&ids), FALSE);
}

bool
tke_unit_memory_save_selection(const char *directory, GHashTable *ids, GError **error)
{
    g_autofree char *path = g_build_filename(directory, SELECTION, NULL);
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(ids), (GCompareFunc) strcmp);
    g_autoptr(JsonObject) object = json_object_new();
    JsonArray *list = json_array_new();

    for (GList *at = keys; at != NULL; at = at->next) {
        json_array_add_string_element(list, at->data);
    }
    json_object_set_array_member(object, "selected", list);
    return tke_json_file_write(path, object, error);
}
