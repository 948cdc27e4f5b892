/*
 * Crypto units of an instance: numbers, selection, what is remembered (functions 3.4, 4.4; F-060,
 * F-061).
 */
#include "libceremony/unit-directory.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/unit-memory.h"

struct TkeUnitDirectory {
    TkeWorld *world;
    char *path;             /* of the directory */
    GPtrArray *units;       /* TkeUnit */
    GHashTable *selected;   /* hsm ids */
    GHashTable *once;       /* hsm ids for this process; NULL: what is saved counts */
    GHashTable *distrusted; /* hsm ids */
    TkeUnitMemory *memory;
    TkeJournal *journal;
};

static bool
load_selection(TkeUnitDirectory *directory, GError **error)
{
    g_auto(GStrv) ids = tke_unit_memory_load_selection(directory->path, error);

    if (ids == NULL) {
        return false;
    }
    for (char **id = ids; *id != NULL; id++) {
        g_hash_table_add(directory->selected, g_strdup(*id));
    }
    return true;
}

TkeUnitDirectory *
tke_unit_directory_new(TkeWorld *world, GError **error)
{
    const char *path = tke_world_get_directory(world, error);
    g_autoptr(TkeUnitDirectory) directory = NULL;

    if (path == NULL) {
        return NULL;
    }
    directory = g_new0(TkeUnitDirectory, 1);
    directory->world = world;
    directory->path = g_strdup(path);
    directory->units = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_unref);
    directory->selected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    directory->distrusted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    directory->memory = tke_unit_memory_load(path, error);
    if (directory->memory == NULL || !load_selection(directory, error)) {
        return NULL;
    }
    directory->journal = tke_journal_load(path, error);
    if (directory->journal == NULL) {
        return NULL;
    }
    return g_steal_pointer(&directory);
}

void
tke_unit_directory_free(TkeUnitDirectory *directory)
{
    if (directory != NULL) {
        g_free(directory->path);
        g_ptr_array_unref(directory->units);
        g_hash_table_unref(directory->selected);
        g_clear_pointer(&directory->once, g_hash_table_unref);
        g_hash_table_unref(directory->distrusted);
        tke_unit_memory_free(directory->memory);
        tke_journal_free(directory->journal);
        g_free(directory);
    }
}

TkeJournal *
tke_unit_directory_get_journal(TkeUnitDirectory *directory)
{
    return directory->journal;
}

TkeWorld *
tke_unit_directory_get_world(TkeUnitDirectory *directory)
{
    return directory->world;
}

static TkeUnit *
find_id(const TkeUnitDirectory *directory, const char *hsm_id)
{
    for (unsigned i = 0; i < directory->units->len; i++) {
        TkeUnit *unit = g_ptr_array_index(directory->units, i);

        if (strcmp(tke_unit_get_hsm_id(unit), hsm_id) == 0) {
            return unit;
        }
    }
    return NULL;
}

static TkeUnit *
find_number(const TkeUnitDirectory *directory, unsigned number)
{
    for (unsigned i = 0; i < directory->units->len; i++) {
        TkeUnit *unit = g_ptr_array_index(directory->units, i);

        if (tke_unit_get_number(unit) == number) {
            return unit;
        }
    }
    return NULL;
}

static bool
list_instance(TkeUnitDirectory *directory, TkeUnitTransport *transport, const char *instance,
              GPtrArray *units, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GPtrArray) found =
        tke_unit_query_list(transport, instance, units->len + 1, cancellable, &local);

    if (found == NULL) {
        tke_world_note_error(directory->world, local);
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    for (unsigned i = 0; i < found->len; i++) {
        TkeUnit *unit = g_ptr_array_index(found, i);

        tke_unit_memory_recall(directory->memory, unit);
        g_ptr_array_add(units, tke_unit_ref(unit));
    }
    return true;
}

static unsigned
count_vanished(const TkeUnitDirectory *directory)
{
    GHashTableIter iter;
    gpointer id;
    unsigned n = 0;

    g_hash_table_iter_init(&iter, directory->selected);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        n += find_id(directory, id) == NULL ? 1 : 0;
    }
    return n;
}

bool
tke_unit_directory_refresh(TkeUnitDirectory *directory, unsigned *vanished,
                           GCancellable *cancellable, GError **error)
{
    TkeUnitTransport *transport = tke_world_get_units(directory->world, error);
    const char *const *instances = tke_world_get_instances(directory->world);
    g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_unref);

    if (transport == NULL) {
        return false;
    }
    for (unsigned i = 0; instances[i] != NULL; i++) {
        if (!list_instance(directory, transport, instances[i], units, cancellable, error)) {
            return false;
        }
    }
    tke_unit_query_refuse_repeated(units);
    g_ptr_array_unref(directory->units);
    directory->units = g_steal_pointer(&units);
    if (vanished != NULL) {
        *vanished = count_vanished(directory);
    }
    return true;
}

const GPtrArray *
tke_unit_directory_get_units(const TkeUnitDirectory *directory)
{
    return directory->units;
}

bool
tke_unit_directory_is_selected(const TkeUnitDirectory *directory, const TkeUnit *unit)
{
    return g_hash_table_contains(directory->once != NULL ? directory->once : directory->selected,
                                 tke_unit_get_hsm_id(unit));
}

/* The ids of these numbers; unknown or repeated ones are an error and nothing is returned. */
static GPtrArray *
ids_of(const TkeUnitDirectory *directory, const unsigned *numbers, size_t n, GError **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new();

    for (size_t i = 0; i < n; i++) {
        TkeUnit *unit = find_number(directory, numbers[i]);

        if (unit == NULL) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                        _("there is no crypto unit %u; nothing was changed"), numbers[i]);
            return NULL;
        }
        if (g_ptr_array_find(ids, tke_unit_get_hsm_id(unit), NULL)) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                        _("crypto unit %u is named twice; nothing was changed"), numbers[i]);
            return NULL;
        }
        g_ptr_array_add(ids, (gpointer) tke_unit_get_hsm_id(unit));
    }
    return g_steal_pointer(&ids);
}

/* What is refused as it is listed is not worth selecting; taking it out is. */
static bool
check_usable(const TkeUnitDirectory *directory, const unsigned *numbers, size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        const TkeUnit *unit = find_number(directory, numbers[i]);

        if (tke_unit_get_trust(unit) == TKE_UNIT_REFUSED) {
            g_propagate_error(error, g_error_copy(tke_unit_get_refusal(unit)));
            return false;
        }
    }
    return true;
}

bool
tke_unit_directory_check_select(const TkeUnitDirectory *directory, const unsigned *numbers,
                                size_t n, bool selected, GError **error)
{
    g_autoptr(GPtrArray) ids = ids_of(directory, numbers, n, error);

    return ids != NULL && (!selected || check_usable(directory, numbers, n, error));
}

bool
tke_unit_directory_select(TkeUnitDirectory *directory, const unsigned *numbers, size_t n,
                          bool selected, GError **error)
{
    g_autoptr(GPtrArray) ids = NULL;

    if (!tke_unit_directory_check_select(directory, numbers, n, selected, error)) {
        return false;
    }
    ids = ids_of(directory, numbers, n, NULL);
    for (unsigned i = 0; i < ids->len; i++) {
        if (selected) {
            g_hash_table_add(directory->selected, g_strdup(g_ptr_array_index(ids, i)));
        } else {
            g_hash_table_remove(directory->selected, g_ptr_array_index(ids, i));
        }
    }
    return tke_unit_memory_save_selection(directory->path, directory->selected, error);
}

bool
tke_unit_directory_parse_numbers(const char *list, GArray *numbers, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(list, " ,\t", -1);

    for (char **word = words; *word != NULL; word++) {
        guint64 value = 0;
        unsigned number;

        if (**word == '\0') {
            continue;
        }
        if (!g_ascii_string_to_unsigned(*word, 10, 1, G_MAXUINT, &value, NULL)) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                        _("“%s” is not the number of a crypto unit; nothing was changed"), *word);
            return false;
        }
        number = (unsigned) value;
        g_array_append_val(numbers, number);
    }
    return true;
}

bool
tke_unit_directory_select_once(TkeUnitDirectory *directory, const char *list, GError **error)
{
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));
    g_autoptr(GPtrArray) ids = NULL;
    g_autoptr(GHashTable) once = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    if (list == NULL) {
        g_clear_pointer(&directory->once, g_hash_table_unref);
        return true;
    }
    if (!tke_unit_directory_parse_numbers(list, numbers, error)) {
        return false;
    }
    ids = ids_of(directory, (const unsigned *) (void *) numbers->data, numbers->len, error);
    if (ids == NULL) {
        return false;
    }
    for (unsigned i = 0; i < ids->len; i++) {
        g_hash_table_add(once, g_strdup(g_ptr_array_index(ids, i)));
    }
    g_clear_pointer(&directory->once, g_hash_table_unref);
    directory->once = g_steal_pointer(&once);
    return true;
}

GPtrArray *
tke_unit_directory_get_selected(const TkeUnitDirectory *directory, GError **error)
{
    g_autoptr(GPtrArray) selected = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_unref);

    for (unsigned i = 0; i < directory->units->len; i++) {
        TkeUnit *unit = g_ptr_array_index(directory->units, i);

        if (tke_unit_directory_is_selected(directory, unit)) {
            g_ptr_array_add(selected, tke_unit_ref(unit));
        }
    }
    if (selected->len == 0) {
        g_set_error(
            error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_NO_SELECTION,
            _("no crypto unit is selected: select units with “tke cryptounit-add”, or name them "
              "with --select"));
        return NULL;
    }
    return g_steal_pointer(&selected);
}

void
tke_unit_directory_distrust(TkeUnitDirectory *directory, const TkeUnit *unit)
{
    g_hash_table_add(directory->distrusted, g_strdup(tke_unit_get_hsm_id(unit)));
}

bool
tke_unit_directory_is_distrusted(const TkeUnitDirectory *directory, const TkeUnit *unit)
{
    return g_hash_table_contains(directory->distrusted, tke_unit_get_hsm_id(unit));
}

void
tke_unit_directory_trust_again(TkeUnitDirectory *directory, const TkeUnit *unit)
{
    g_hash_table_remove(directory->distrusted, tke_unit_get_hsm_id(unit));
}

bool
tke_unit_directory_remember(TkeUnitDirectory *directory, GPtrArray *units, GError **error)
{
    for (unsigned i = 0; i < units->len; i++) {
        tke_unit_memory_note(directory->memory, g_ptr_array_index(units, i));
    }
    return tke_unit_memory_save(directory->memory, error);
}

GPtrArray *
tke_unit_directory_query(TkeUnitDirectory *directory, GPtrArray *units, TkeUnitQueryFlags flags,
                         GCancellable *cancellable, GError **error)
{
    TkeUnitTransport *transport = tke_world_get_units(directory->world, error);
    g_autoptr(GPtrArray) states = NULL;

    if (transport == NULL) {
        return NULL;
    }
    if (tke_journal_needs_patterns(directory->journal, units)) {
        flags |= TKE_UNIT_QUERY_SIGNED_VPS; /* unsigned registers settle nothing */
    }
    states = tke_unit_query_states(transport, (TkeUnit *const *) units->pdata, units->len,
                                   tke_world_get_roots(directory->world),
                                   tke_unit_memory_get_modules(directory->memory), flags,
                                   cancellable, error);
    for (unsigned i = 0; states != NULL && i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        tke_world_note_error(directory->world, state->error);
        tke_journal_note_state(directory->journal, state);
    }
    if (states == NULL || !tke_unit_directory_remember(directory, units, error) ||
        !tke_journal_save(directory->journal, error)) {
        return NULL;
    }
    return g_steal_pointer(&states);
}
