/*
 * Files that the programs keep on a workstation: the first byte says which one has the bytes
 * behind it; each is read by what reads it at the start of a program. A damaged file is an error,
 * never half of it taken.
 */
#include <string.h>

#include "libceremony/inventory.h"
#include "libceremony/journal.h"
#include "libceremony/settings.h"
#include "libceremony/unit-memory.h"
#include "libceremony/world-private.h"
#include "tests/fuzz/fuzz-dir.h"

typedef void (*Read)(const TkeWorld *world, const char *dir);

static void
read_journal(G_GNUC_UNUSED const TkeWorld *world, const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeJournal) journal = tke_journal_load(dir, &error);

    FUZZ_REQUIRE((journal == NULL) == (error != NULL));
    for (guint i = 0; journal != NULL && i < tke_journal_get_unfinished(journal)->len; i++) {
        const TkeJournalEntry *entry = g_ptr_array_index(tke_journal_get_unfinished(journal), i);
        g_auto(GStrv) patterns = tke_journal_entry_dup_patterns(entry);
        g_autoptr(TkeJournalEntry) copy = tke_journal_entry_dup(entry);

        FUZZ_REQUIRE(patterns != NULL && copy != NULL);
        FUZZ_REQUIRE(tke_journal_entry_get_what(entry) != NULL &&
                     tke_journal_entry_get_action(entry) != NULL &&
                     tke_journal_entry_get_started(entry) != NULL &&
                     tke_journal_entry_get_command(entry) != NULL);
    }
    FUZZ_REQUIRE(journal == NULL || tke_journal_save(journal, NULL));
}

static void
read_units(G_GNUC_UNUSED const TkeWorld *world, const char *dir)
{
    static const uint8_t ski[TKE_SKI_LEN] = { 0 };
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeUnitMemory) memory = tke_unit_memory_load(dir, &error);
    g_autoptr(GPtrArray) names = NULL;

    FUZZ_REQUIRE((memory == NULL) == (error != NULL));
    if (memory != NULL) {
        names = tke_unit_memory_find_admin(memory, ski);
        FUZZ_REQUIRE(names != NULL && tke_unit_memory_get_modules(memory) != NULL);
        FUZZ_REQUIRE(tke_unit_memory_save(memory, NULL));
    }
}

static void
read_selection(G_GNUC_UNUSED const TkeWorld *world, const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) ids = tke_unit_memory_load_selection(dir, &error);

    FUZZ_REQUIRE((ids == NULL) == (error != NULL));
}

static void
read_settings(const TkeWorld *world, G_GNUC_UNUSED const char *dir)
{
    static const uint8_t atr[] = { 0x3B, 0x8F, 0x80, 0x01 };
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSettings) settings = tke_settings_load(world, &error);
    g_autoptr(GError) keys_error = NULL;
    g_autofree char *path = NULL;

    FUZZ_REQUIRE((settings == NULL) == (error != NULL));
    if (settings != NULL) {
        (void) tke_settings_get_readers(settings);
        FUZZ_REQUIRE(tke_settings_find_card_keys(settings, atr, sizeof atr, &path, &keys_error) ==
                     (keys_error == NULL));
    }
}

static void
read_inventory(const TkeWorld *world, G_GNUC_UNUSED const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world, &error);
    g_autofree char *csv = NULL;

    FUZZ_REQUIRE((inventory == NULL) == (error != NULL));
    if (inventory != NULL) {
        const GPtrArray *cards = tke_inventory_get_cards(inventory);

        for (guint i = 0; i < cards->len; i++) {
            const TkeInventoryCard *card = g_ptr_array_index(cards, i);

            FUZZ_REQUIRE(card->n_parts <= TKE_EP11_PLACES);
            (void) tke_inventory_has_copy(inventory, card);
        }
        csv = tke_inventory_to_csv(inventory);
        FUZZ_REQUIRE(csv != NULL && tke_inventory_save(inventory, NULL));
    }
}

static const struct {
    const char *file;
    Read read;
} files[] = {
    { "opentke-journal.json", read_journal },     { "opentke-units.json", read_units },
    { "opentke-selection.json", read_selection }, { "settings.json", read_settings },
    { "inventory.json", read_inventory },
};

static void
empty(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_unlink(file);
    }
}

static char *directory;

static void
stop(void)
{
    fuzz_dir_remove(directory);
    g_free(directory);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const unsigned which = size == 0 ? 0 : data[0] % G_N_ELEMENTS(files);
    static const char *const instances[] = { NULL };
    g_autoptr(TkeWorld) world = NULL;
    g_autofree char *path = NULL;

    if (size == 0) {
        return 0;
    }
    if (directory == NULL) {
        directory = fuzz_dir_new();
        atexit(stop);
    }
    world =
        tke_world_new_of_parts(NULL, NULL, tke_module_roots_new_rehearsal(), directory, instances);
    path = g_build_filename(directory, files[which].file, NULL);
    fuzz_dir_write(path, data + 1, size - 1);
    files[which].read(world, directory);
    empty(directory);
    return 0;
}
