/*
 * Tries to open card managers, remembered while the process runs.
 */
#include "libsmartcard/gp-memory.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/hex.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/gp-scp-private.h"

static GMutex lock;
static GHashTable *noted; /* key set, ":", card → TkeGpTries */

bool
tke_gp_tries_is_final(const TkeGpTries *tries)
{
    return tries->refused && !tries->proven && !tries->pending;
}

void
tke_gp_tries_join(TkeGpTries *all, const TkeGpTries *one)
{
    const bool final = tke_gp_tries_is_final(all) || tke_gp_tries_is_final(one);

    all->proven = (all->refused || one->refused) && (!all->refused || all->proven) &&
                  (!one->refused || one->proven);
    all->pending = !final && (all->pending || one->pending);
    all->refused = all->refused || one->refused;
    all->cut_off = MAX(all->cut_off, one->cut_off);
}

bool
tke_gp_tries_stays(const TkeGpTries *stands, const TkeGpTries *tries)
{
    return tke_gp_tries_is_final(stands) ||
           (stands->pending && stands->owner != tries->owner && !tke_gp_tries_is_final(tries));
}

bool
tke_gp_tries_fail_under_way(GError **error)
{
    GError *made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                               _("another program has noted that it tries the key set once more on "
                                 "this card, or on one that cannot be told from it"));

    tke_card_error_set_remedy(made, _("Take another card."));
    g_propagate_error(error, made);
    return false;
}

static unsigned
rank(const TkeGpTries *tries)
{
    return tke_gp_tries_is_final(tries) ? 4
           : tries->pending             ? 3
           : tries->refused             ? 2
           : tries->cut_off > 0         ? 1
                                        : 0;
}

bool
tke_gp_tries_is_worse(const TkeGpTries *one, const TkeGpTries *other)
{
    return rank(one) > rank(other) || (rank(one) == rank(other) && one->cut_off > other->cut_off);
}

bool
tke_gp_tries_is_clean(const TkeGpTries *tries)
{
    return !tries->refused && tries->cut_off == 0;
}

static const char *
makers_data(const char *card)
{
    const size_t atr = strcspn(card, ".");

    return card[atr] != '\0' ? card + atr + 1 : "";
}

bool
tke_gp_card_is_same(const char *card, const char *other)
{
    return makers_data(card)[0] != '\0' && strcmp(makers_data(card), makers_data(other)) == 0;
}

bool
tke_gp_card_may_be(const char *card, const char *other)
{
    const size_t atr = strcspn(card, ".");
    const size_t other_atr = strcspn(other, ".");

    if (makers_data(card)[0] != '\0' && makers_data(other)[0] != '\0') {
        return tke_gp_card_is_same(card, other);
    }
    return atr == other_atr && strncmp(card, other, atr) == 0;
}

static char *
key_of(const char *card, const TkeGpKeySet *keys)
{
    g_autofree char *mark = tke_hex_encode(tke_gp_key_set_get_mark(keys), TKE_GP_KEY_SET_MARK);

    return g_strconcat(mark, ":", card, NULL);
}

/* The card that a key of the table names, if it is of the same key set as the other key. */
static const char *
card_of(const char *name, const char *wanted)
{
    const size_t mark = 2 * TKE_GP_KEY_SET_MARK + 1;

    return strncmp(name, wanted, mark) == 0 ? name + mark : NULL;
}

static bool
look(G_GNUC_UNUSED void *data, const char *card, const TkeGpKeySet *keys, TkeGpTries *tries,
     char **under, G_GNUC_UNUSED GError **error)
{
    g_autofree char *key = key_of(card, keys);
    TkeGpTries worst = { 0 };
    const char *found = NULL;
    GHashTableIter iter;
    gpointer name = NULL;
    gpointer value = NULL;

    *tries = (TkeGpTries){ 0 };
    g_mutex_lock(&lock);
    if (noted != NULL) {
        g_hash_table_iter_init(&iter, noted);
        while (g_hash_table_iter_next(&iter, &name, &value)) {
            const char *other = card_of(name, key);

            if (other == NULL || !tke_gp_card_may_be(other, card)) {
                continue;
            }
            if (tke_gp_tries_is_worse(value, &worst)) {
                worst = *(const TkeGpTries *) value;
                found = other;
            }
            tke_gp_tries_join(tries, value);
        }
    }
    if (under != NULL) {
        *under = g_strdup(found);
    }
    g_mutex_unlock(&lock);
    return true;
}

/* What a note that nothing speaks against a try takes back. */
typedef struct Success {
    const char *key;
    const TkeGpTries *tries;
} Success;

static gboolean
is_taken_back(gpointer name, gpointer value, gpointer data)
{
    const Success *success = data;
    const char *other = card_of(name, success->key);
    const char *card = card_of(success->key, success->key);

    return other != NULL && (strcmp(other, card) == 0 || tke_gp_card_is_same(other, card)) &&
           !tke_gp_tries_stays(value, success->tries);
}

static bool
note_locked(const char *key, const TkeGpTries *tries, GError **error)
{
    Success success = { .key = key, .tries = tries };
    const TkeGpTries *found = NULL;

    if (noted == NULL) {
        noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    if (tke_gp_tries_is_clean(tries)) {
        g_hash_table_foreach_remove(noted, is_taken_back, &success);
        return true;
    }
    found = g_hash_table_lookup(noted, key);
    if (found == NULL || !tke_gp_tries_stays(found, tries)) {
        g_hash_table_insert(noted, g_strdup(key), g_memdup2(tries, sizeof *tries));
        return true;
    }
    return tke_gp_tries_is_final(found) || tke_gp_tries_fail_under_way(error);
}

static bool
note(G_GNUC_UNUSED void *data, const char *card, const TkeGpKeySet *keys, const TkeGpTries *tries,
     GError **error)
{
    g_autofree char *key = key_of(card, keys);
    bool done = false;

    g_mutex_lock(&lock);
    done = note_locked(key, tries, error);
    g_mutex_unlock(&lock);
    return done;
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
