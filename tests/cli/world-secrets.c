/*
 * Secrets of a world, from its files.
 */
#include "tests/cli/world-secrets.h"

#include <glib/gstdio.h>
#include <string.h>

#include "common/hex.h"
#include "simulator/sim-card.h"
#include "simulator/sim-service.h"
#include "tests/cli/memory-scan.h"

struct WorldSecrets {
    char *directory;
    GPtrArray *needles;
    GHashTable *known; /* hex of each value */
    GHashTable *times; /* path → time of its last change, as text */
};

WorldSecrets *
world_secrets_new(const char *directory)
{
    WorldSecrets *secrets = g_new0(WorldSecrets, 1);

    secrets->directory = g_strdup(directory);
    secrets->needles = memory_scan_needles_new();
    secrets->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    secrets->times = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return secrets;
}

void
world_secrets_free(WorldSecrets *secrets)
{
    g_free(secrets->directory);
    g_ptr_array_unref(secrets->needles);
    g_hash_table_unref(secrets->known);
    g_hash_table_unref(secrets->times);
    g_free(secrets);
}

unsigned
world_secrets_count(const WorldSecrets *secrets)
{
    return g_hash_table_size(secrets->known);
}

static bool
is_new(WorldSecrets *secrets, const uint8_t *bytes, size_t len)
{
    return g_hash_table_add(secrets->known, tke_hex_encode(bytes, len));
}

static void
add(WorldSecrets *secrets, const char *owner, const char *what, TkeSecret *value)
{
    g_autofree char *name = g_strdup_printf("%s of %s", what, owner);
    size_t len = 0;
    const uint8_t *bytes = value != NULL ? tke_secret_bytes(value, &len) : NULL;

    if (value != NULL && is_new(secrets, bytes, len)) {
        memory_scan_add(secrets->needles, name, bytes, len);
    }
    tke_secret_free(value);
}

static void
add_pin(WorldSecrets *secrets, SimCard *card, uint8_t reference)
{
    g_autoptr(TkeSecret) pin = sim_card_reveal_pin(card, reference, NULL);
    char digits[7] = "";

    if (pin != NULL && tke_secret_len(pin) == 6 &&
        is_new(secrets, tke_secret_bytes(pin, NULL), 6)) {
        memcpy(digits, tke_secret_bytes(pin, NULL), 6);
        memory_scan_add_pin(secrets->needles, sim_card_get_name(card), digits);
    }
}

static void
add_card(WorldSecrets *secrets, const char *path)
{
    g_autoptr(SimCard) card = sim_card_load(path, NULL);
    const char *name;

    if (card == NULL) {
        return;
    }
    name = sim_card_get_name(card);
    add(secrets, name, "zone key", sim_card_reveal_scalar(card, SIM_CARD_KEY_ZONE, NULL));
    add(secrets, name, "identity key", sim_card_reveal_scalar(card, SIM_CARD_KEY_IDENTITY, NULL));
    add(secrets, name, "signature key", sim_card_reveal_scalar(card, SIM_CARD_KEY_SIGNATURE, NULL));
    for (unsigned place = 1; place <= 3; place++) {
        add(secrets, name, "key part", sim_card_reveal_part(card, place, NULL));
    }
    add_pin(secrets, card, 0x81);
    add_pin(secrets, card, 0x82);
}

static void
on_secret(const char *what, const uint8_t *bytes, size_t len, void *data)
{
    WorldSecrets *secrets = data;

    if (len >= 16 && is_new(secrets, bytes, len)) {
        memory_scan_add(secrets->needles, what, bytes, len);
    }
}

static void
add_units(WorldSecrets *secrets)
{
    g_autoptr(SimService) service = sim_service_load(secrets->directory, NULL);

    for (size_t i = 0; service != NULL && i < sim_service_get_n_units(service); i++) {
        (void) sim_unit_visit_secrets(sim_service_get_unit(service, i), on_secret, secrets, NULL);
    }
}

static bool
has_changed(WorldSecrets *secrets, const char *path)
{
    GStatBuf info;
    g_autofree char *time = NULL;
    const char *before = g_hash_table_lookup(secrets->times, path);

    if (g_stat(path, &info) != 0) {
        return false;
    }
    time = g_strdup_printf("%ld.%ld.%lu", (long) info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                           (unsigned long) info.st_ino);
    if (g_strcmp0(before, time) == 0) {
        return false;
    }
    g_hash_table_insert(secrets->times, g_strdup(path), g_steal_pointer(&time));
    return true;
}

/* Files of a folder that have changed; each card is read by itself, units all together. */
static bool
update_folder(WorldSecrets *secrets, const char *folder, bool cards)
{
    g_autofree char *path = g_build_filename(secrets->directory, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    bool changed = false;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        if (g_str_has_suffix(name, ".json") && has_changed(secrets, file)) {
            changed = true;
            if (cards) {
                add_card(secrets, file);
            }
        }
    }
    return changed;
}

GPtrArray *
world_secrets_update(WorldSecrets *secrets)
{
    (void) update_folder(secrets, "cards", true);
    if (update_folder(secrets, "units", false)) {
        add_units(secrets);
    }
    return secrets->needles;
}
