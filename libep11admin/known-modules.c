/*
 * Certificates of known modules by serial number (crypto-unit-protocol.md, 5.5).
 */
#include "libep11admin/known-modules.h"

struct TkeKnownModules {
    GHashTable *modules; /* serial number to GPtrArray of GByteArray */
    bool changed;
};

TkeKnownModules *
tke_known_modules_new(void)
{
    TkeKnownModules *known = g_new0(TkeKnownModules, 1);

    known->modules =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
    return known;
}

void
tke_known_modules_free(TkeKnownModules *known)
{
    if (known != NULL) {
        g_hash_table_unref(known->modules);
        g_free(known);
    }
}

void
tke_known_modules_set(TkeKnownModules *known, const char *serial_number, GPtrArray *certificates)
{
    g_hash_table_replace(known->modules, g_strdup(serial_number), g_ptr_array_ref(certificates));
    known->changed = true;
}

GPtrArray *
tke_known_modules_get(const TkeKnownModules *known, const char *serial_number)
{
    return g_hash_table_lookup(known->modules, serial_number);
}

static gint
compare_texts(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
tke_known_modules_get_serial_numbers(const TkeKnownModules *known)
{
    GPtrArray *numbers = g_ptr_array_new();
    GHashTableIter iter;
    gpointer number = NULL;

    g_hash_table_iter_init(&iter, known->modules);
    while (g_hash_table_iter_next(&iter, &number, NULL)) {
        g_ptr_array_add(numbers, number);
    }
    g_ptr_array_sort(numbers, compare_texts);
    return numbers;
}

bool
tke_known_modules_take_changed(TkeKnownModules *known)
{
    bool changed = known->changed;

    known->changed = false;
    return changed;
}
