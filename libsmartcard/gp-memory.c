/*
 * Tries to open card managers, remembered while the process runs.
 */
#include "libsmartcard/gp-memory.h"

#include <string.h>

#include "common/hex.h"
#include "libsmartcard/gp-scp-private.h"

static GMutex lock;
static GHashTable *noted; /* key set, ":", card → TkeGpTries */

bool
tke_gp_tries_is_final(const TkeGpTries *tries)
{
    return tries->refused && !tries->proven && !tries->pending;
}

bool
tke_gp_card_may_be(const char *card, const char *other)
{
    const size_t atr = strcspn(card, ".");
    const size_t other_atr = strcspn(other, ".");
    const char *maker = card[atr] != '\0' ? card + atr + 1 : "";
    const char *other_maker = other[other_atr] != '\0' ? other + other_atr + 1 : "";

    if (maker[0] != '\0' && other_maker[0] != '\0') {
        return strcmp(maker, other_maker) == 0;
    }
    return atr == other_atr && strncmp(card, other, atr) == 0;
}

static char *
key_of(const char *card, const TkeGpKeySet *keys)
{
    g_autofree char *mark = tke_hex_encode(tke_gp_key_set_get_mark(keys), TKE_GP_KEY_SET_MARK);

    return g_strconcat(mark, ":", card, NULL);
}

/* Does what is noted under that name speak of a card that may be this one, and finally? */
static bool
is_final_of(const char *name, const TkeGpTries *tries, const char *wanted)
{
    const size_t mark = 2 * TKE_GP_KEY_SET_MARK + 1;

    return tke_gp_tries_is_final(tries) && strncmp(name, wanted, mark) == 0 &&
           tke_gp_card_may_be(name + mark, wanted + mark);
}

static bool
look(G_GNUC_UNUSED void *data, const char *card, const TkeGpKeySet *keys, TkeGpTries *tries,
     G_GNUC_UNUSED GError **error)
{
    g_autofree char *key = key_of(card, keys);
    const TkeGpTries *found = NULL;
    GHashTableIter iter;
    gpointer name = NULL;
    gpointer value = NULL;

    g_mutex_lock(&lock);
    found = noted != NULL ? g_hash_table_lookup(noted, key) : NULL;
    *tries = found != NULL ? *found : (TkeGpTries){ 0 };
    if (noted != NULL) {
        g_hash_table_iter_init(&iter, noted);
        while (g_hash_table_iter_next(&iter, &name, &value)) {
            if (is_final_of(name, value, key)) {
                *tries = (TkeGpTries){ .refused = true, .cut_off = tries->cut_off };
            }
        }
    }
    g_mutex_unlock(&lock);
    return true;
}

static bool
note(G_GNUC_UNUSED void *data, const char *card, const TkeGpKeySet *keys, const TkeGpTries *tries,
     G_GNUC_UNUSED GError **error)
{
    g_autofree char *key = key_of(card, keys);
    const TkeGpTries *found = NULL;

    g_mutex_lock(&lock);
    if (noted == NULL) {
        noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    found = g_hash_table_lookup(noted, key);
    if (found == NULL || !tke_gp_tries_is_final(found)) {
        g_hash_table_insert(noted, g_steal_pointer(&key), g_memdup2(tries, sizeof *tries));
    }
    g_mutex_unlock(&lock);
    return true;
}

const TkeGpMemory *
tke_gp_memory_of_process(void)
{
    static const TkeGpMemory memory = { .look = look, .note = note };

    return &memory;
}

void
tke_gp_scp_forget_refusals(void)
{
    g_mutex_lock(&lock);
    g_clear_pointer(&noted, g_hash_table_unref);
    g_mutex_unlock(&lock);
}
