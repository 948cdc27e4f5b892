/*
 * Tries to open card managers, remembered while the process runs.
 */
#include "libsmartcard/gp-memory.h"

#include "common/hex.h"
#include "libsmartcard/gp-scp-private.h"

static GMutex lock;
static GHashTable *noted; /* text of card and key set → TkeGpTries */

static char *
key_of(const char *card, const TkeGpKeySet *keys)
{
    g_autofree char *mark = tke_hex_encode(tke_gp_key_set_get_mark(keys), TKE_GP_KEY_SET_MARK);

    return g_strconcat(card, ".", mark, NULL);
}

static bool
look(G_GNUC_UNUSED void *data, const char *card, const TkeGpKeySet *keys, TkeGpTries *tries,
     G_GNUC_UNUSED GError **error)
{
    g_autofree char *key = key_of(card, keys);
    const TkeGpTries *found = NULL;

    g_mutex_lock(&lock);
    found = noted != NULL ? g_hash_table_lookup(noted, key) : NULL;
    *tries = found != NULL ? *found : (TkeGpTries){ 0 };
    g_mutex_unlock(&lock);
    return true;
}

static bool
note(G_GNUC_UNUSED void *data, const char *card, const TkeGpKeySet *keys, const TkeGpTries *tries,
     G_GNUC_UNUSED GError **error)
{
    g_mutex_lock(&lock);
    if (noted == NULL) {
        noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    g_hash_table_insert(noted, key_of(card, keys), g_memdup2(tries, sizeof *tries));
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
