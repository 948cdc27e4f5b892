/*
 * Files that the programs keep on a workstation: the first byte says which one has the bytes
 * behind it; each is read by what reads it at the start of a program. A damaged file is an error,
 * never half of it taken.
 */
#include <string.h>

#include "libceremony/card-plan-notes.h"
#include "libceremony/card-tries.h"
#include "libceremony/inventory.h"
#include "libceremony/journal.h"
#include "libceremony/missed-entries.h"
#include "libceremony/settings.h"
#include "libceremony/unit-memory.h"
#include "libceremony/world-private.h"
#include "tests/fuzz/card-script.h"
#include "tests/fuzz/fuzz-dir.h"
#include "tests/fuzz/fuzz-random.h"
#include "tests/fuzz/fuzz-strict.h"

#define ADMINISTRATORS_MOST 8u

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

static void
read_card_plan(const TkeWorld *world, G_GNUC_UNUSED const char *dir)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCardPlanNotes) notes = tke_card_plan_notes_load(world, &error);
    g_autoptr(TkeCardPlanNotes) again = NULL;
    g_autoptr(TkeCardPlanNotes) copy = NULL;

    FUZZ_REQUIRE((notes == NULL) == (error != NULL));
    if (notes != NULL) {
        copy = tke_card_plan_notes_copy(notes);
        FUZZ_REQUIRE(notes->signatures >= 1 && notes->signatures <= ADMINISTRATORS_MOST);
        FUZZ_REQUIRE(tke_card_plan_notes_save(copy, world, NULL));
        again = tke_card_plan_notes_load(world, NULL);
        FUZZ_REQUIRE(again != NULL && again->places->len == notes->places->len);
    }
}

/* ---- what is remembered of issuer keys ---- */

/* A card manager with other keys than the makers': it counts how often it is asked for a proof. */
typedef struct OtherKeys {
    TkeCardConnection base;
    unsigned asked;
} OtherKeys;

static bool
answer_with_wrong_proof(TkeCardConnection *base, const uint8_t *command, size_t len,
                        uint8_t *response, size_t size, size_t *response_len,
                        G_GNUC_UNUSED GError **error)
{
    /* SCP03: diversification data, version, protocol, i, challenge, cryptogram, status word */
    static const uint8_t proof[] = { [10] = 0x01, [11] = 0x03, [29] = 0x90, [30] = 0x00 };
    static const uint8_t not_found[] = { 0x6A, 0x88 };
    const bool is_proof = len > 1 && command[1] == 0x50;
    const size_t n = is_proof ? sizeof proof : sizeof not_found;

    FUZZ_REQUIRE(size >= n);
    memcpy(response, is_proof ? proof : not_found, n);
    *response_len = n;
    ((OtherKeys *) base)->asked += is_proof ? 1 : 0;
    return true;
}

/* One run of a program; whether a key was tried. */
static bool
try_keys(TkeWorld *world)
{
    static const TkeCardConnectionOps ops = { .exchange = answer_with_wrong_proof,
                                              .begin = card_script_begin,
                                              .end = card_script_nothing,
                                              .close = card_script_nothing };
    static const TkePrompterOps nobody = { .show = NULL };
    OtherKeys manager = { .base = { .ops = &ops, .atr = { 0x3B, 0x00 }, .atr_len = 2 } };
    g_autoptr(TkeOperation) op = tke_operation_new(world, NULL, NULL, &nobody, NULL, NULL);
    g_autoptr(TkeCard) card = tke_card_new(&manager.base, 1, "manager");
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    g_autoptr(TkeGpScp) scp = tke_card_tries_open(op, card, keys, false, &error);

    FUZZ_REQUIRE(scp == NULL && error != NULL);
    return manager.asked > 0;
}

/* Whatever the file says, keys that were refused are not tried by the next run. */
static void
read_card_keys(const TkeWorld *world, G_GNUC_UNUSED const char *dir)
{
    (void) try_keys((TkeWorld *) world);
    FUZZ_REQUIRE(!try_keys((TkeWorld *) world));
}

/* Whatever stands there: the log gets at most one entry of it, and stays a log. */
static void
read_missed(G_GNUC_UNUSED const TkeWorld *world, const char *dir)
{
    g_autofree char *path = g_build_filename(dir, "activity.log", NULL);
    g_autoptr(TkeActivityLog) log = tke_activity_log_new(path, false);
    TkeLogHead head = { .count = 0 };

    FUZZ_REQUIRE(tke_missed_entries_prepare(log, NULL));
    tke_missed_entries_add(log, "a", "b");
    tke_missed_entries_record(log);
    tke_missed_entries_record(log);
    FUZZ_REQUIRE(tke_activity_log_verify(log, NULL, &head, NULL));
    FUZZ_REQUIRE(head.count == 1);
}

static const struct {
    const char *file;
    Read read;
} files[] = {
    { "opentke-journal.json", read_journal },     { "opentke-units.json", read_units },
    { "opentke-selection.json", read_selection }, { "settings.json", read_settings },
    { "inventory.json", read_inventory },         { "card-plan.json", read_card_plan },
    { "opentke-card-keys.json", read_card_keys }, { "activity.log.missed", read_missed },
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

    if (size == 0 || !tke_secret_heap_init(NULL)) {
        return 0;
    }
    fuzz_strict();
    fuzz_random_start();
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
