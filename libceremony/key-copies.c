/*
 * Copies of signature keys and key parts, as the activity log knows them (functions 2.2, P-5;
 * F-170). Only what names a key says something of it: entries of old that do not prove nothing.
 */
#include "libceremony/key-copies.h"

#include <string.h>

#include "common/hex.h"
#include "libceremony/json-file.h"
#include "libceremony/log-entry.h"

#define COMPARED (2 * TKE_VP_COMPARED) /* digits of a pattern */

struct TkeKeyCopies {
    GHashTable *cards[2]; /* key, or part, as text: ids of cards */
    GHashTable *aside;    /* id of a card: Held, before losses whose outcome it has not said yet */
};

enum { KEYS, PARTS };

/* What a card had when it began to lose something. */
typedef struct Held {
    unsigned kind; /* KEYS, PARTS */
    char *key;
} Held;

static void
held_free(gpointer data)
{
    Held *held = data;

    g_free(held->key);
    g_free(held);
}

/* ---- entries ---- */

void
tke_key_copies_record(JsonObject *values, const uint8_t *ski, const TkeKeyPart *const *parts,
                      unsigned n_parts)
{
    JsonArray *patterns = json_array_new();

    if (ski != NULL) {
        g_autofree char *text = tke_hex_encode(ski, 32);

        json_object_set_string_member(values, "ski", text);
    }
    for (unsigned i = 0; i < n_parts; i++) {
        g_autofree char *text = tke_hex_encode(parts[i]->vp, sizeof parts[i]->vp);

        json_array_add_string_element(patterns, text);
    }
    json_object_set_array_member(values, "patterns", patterns);
}

void
tke_key_copies_record_replaced(JsonObject *values, const uint8_t ski[static 32])
{
    g_autofree char *text = tke_hex_encode(ski, 32);

    json_object_set_string_member(values, "replaced", text);
}

/* ---- reading ---- */

static void
remember(GHashTable *cards, const char *key, const char *id)
{
    GPtrArray *ids = g_hash_table_lookup(cards, key);

    if (ids == NULL) {
        ids = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(cards, g_strdup(key), ids);
    }
    if (!g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL)) {
        g_ptr_array_add(ids, g_strdup(id));
    }
}

/* key NULL: all that the card has. */
static void
forget(GHashTable *cards, const char *key, const char *id)
{
    GHashTableIter iter;
    gpointer name = NULL;
    gpointer ids = NULL;
    guint index = 0;

    g_hash_table_iter_init(&iter, cards);
    while (g_hash_table_iter_next(&iter, &name, &ids)) {
        if ((key == NULL || strcmp(key, name) == 0) &&
            g_ptr_array_find_with_equal_func(ids, id, g_str_equal, &index)) {
            g_ptr_array_remove_index(ids, index);
        }
    }
}

typedef void (*Change)(GHashTable *cards, const char *key, const char *id);

/* For each key that the entry names. */
static void
change_named(TkeKeyCopies *copies, JsonObject *entry, const char *id, Change change)
{
    const char *ski = tke_log_entry_text(entry, "ski");

    if (ski != NULL) {
        change(copies->cards[KEYS], ski, id);
    }
    for (guint i = 0; i < tke_log_entry_n_texts(entry, "patterns"); i++) {
        const char *pattern = tke_log_entry_nth_text(entry, "patterns", i);
        g_autofree char *compared = pattern != NULL ? g_strndup(pattern, COMPARED) : NULL;

        if (compared != NULL) {
            change(copies->cards[PARTS], compared, id);
        }
    }
}

static void
forget_all(TkeKeyCopies *copies, const char *id)
{
    forget(copies->cards[KEYS], NULL, id);
    forget(copies->cards[PARTS], NULL, id);
}

/* Another key took the place of the card's; where that was not recorded, of whichever it was. */
static void
read_replaced(TkeKeyCopies *copies, JsonObject *entry, const char *card, bool done)
{
    const char *replaced = tke_log_entry_text(entry, "replaced");

    if (replaced != NULL || done) {
        forget(copies->cards[KEYS], replaced, card);
    }
}

static void
forget_lost(TkeKeyCopies *copies, JsonObject *entry, const char *card, bool done)
{
    const char *action = tke_log_entry_text(entry, "action");
    const char *result =
        g_strcmp0(action, "opentke-card.erase") == 0 ? tke_log_entry_text(entry, "result") : NULL;

    if (g_strcmp0(action, "opentke-card.signature-key.generate") == 0) {
        read_replaced(copies, entry, card, done);
    } else if (tke_json_file_array(entry, "patterns") != NULL) {
        change_named(copies, entry, card, forget);
    } else if (g_strcmp0(result, "failed") != 0) {
        forget_all(copies, card); /* else it was not erased, as it said itself */
    }
}

static void
set_aside(GPtrArray *held, GHashTable *cards, unsigned kind, const char *card)
{
    GHashTableIter iter;
    gpointer name = NULL;
    gpointer ids = NULL;

    g_hash_table_iter_init(&iter, cards);
    while (g_hash_table_iter_next(&iter, &name, &ids)) {
        if (g_ptr_array_find_with_equal_func(ids, card, g_str_equal, NULL)) {
            Held *one = g_new0(Held, 1);

            one->kind = kind;
            one->key = g_strdup(name);
            g_ptr_array_add(held, one);
        }
    }
}

/* Nobody knows how far it came: all of it counts as lost, until the card says what it has. */
static void
begin_loss(TkeKeyCopies *copies, JsonObject *entry, const char *card)
{
    GPtrArray *held = g_hash_table_lookup(copies->aside, card);

    if (held == NULL) {
        held = g_ptr_array_new_with_free_func(held_free);
        g_hash_table_insert(copies->aside, g_strdup(card), held);
    }
    for (unsigned kind = KEYS; kind <= PARTS; kind++) {
        set_aside(held, copies->cards[kind], kind, card);
    }
    forget_lost(copies, entry, card, false);
}

/* Does the card say that it has the key still? */
static bool
is_kept(JsonObject *entry, const Held *one)
{
    if (one->kind == KEYS) {
        return g_strcmp0(tke_log_entry_text(entry, "kept_ski"), one->key) == 0;
    }
    for (guint i = 0; i < tke_log_entry_n_texts(entry, "kept"); i++) {
        const char *pattern = tke_log_entry_nth_text(entry, "kept", i);

        if (pattern != NULL && strncmp(pattern, one->key, COMPARED) == 0) {
            return true;
        }
    }
    return false;
}

/* What the card has still counts again, if it was proven before: what a card says of itself proves
 * nothing more. */
static void
take_found(TkeKeyCopies *copies, JsonObject *entry, const char *card)
{
    const GPtrArray *held = g_hash_table_lookup(copies->aside, card);

    for (guint i = 0; held != NULL && i < held->len; i++) {
        const Held *one = held->pdata[i];

        if (is_kept(entry, one)) {
            remember(copies->cards[one->kind], one->key, card);
        }
    }
    g_hash_table_remove(copies->aside, card);
}

static bool
is_loss(const char *action)
{
    static const char *const actions[] = { "opentke-card.delete", "opentke-card.erase",
                                           "opentke-card.signature-key.generate", NULL };

    return action != NULL && g_strv_contains(actions, action);
}

static void
read_entry(TkeKeyCopies *copies, JsonObject *entry)
{
    const char *action = tke_log_entry_text(entry, "action");
    const char *card = tke_log_entry_card(entry, "card");
    const char *source = tke_log_entry_card(entry, "source");
    const char *result = tke_log_entry_text(entry, "result");
    const bool done = g_strcmp0(result, "done") == 0;

    if (card == NULL) {
        return;
    }
    if (g_strcmp0(action, "opentke-card.copy") == 0 && source != NULL && done) {
        change_named(copies, entry, source, remember);
        change_named(copies, entry, card, remember);
    } else if (is_loss(action) && g_strcmp0(result, "begun") == 0) {
        begin_loss(copies, entry, card);
    } else if (is_loss(action) && g_strcmp0(result, "found") == 0) {
        take_found(copies, entry, card);
    } else if (is_loss(action)) {
        forget_lost(copies, entry, card, done);
    }
}

static void
free_ids(gpointer ids)
{
    g_ptr_array_unref(ids);
}

TkeKeyCopies *
tke_key_copies_read(TkeActivityLog *log)
{
    TkeKeyCopies *copies = g_new0(TkeKeyCopies, 1);
    g_auto(GStrv) lines = tke_activity_log_read(log, 0, NULL);

    copies->aside = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_ids);
    for (unsigned i = 0; i < G_N_ELEMENTS(copies->cards); i++) {
        copies->cards[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_ids);
    }
    for (unsigned i = 0; lines != NULL && lines[i] != NULL; i++) {
        g_autoptr(JsonObject) entry = tke_log_entry_parse(lines[i]);

        if (entry != NULL) {
            read_entry(copies, entry);
        }
    }
    return copies;
}

void
tke_key_copies_free(TkeKeyCopies *copies)
{
    if (copies != NULL) {
        for (unsigned i = 0; i < G_N_ELEMENTS(copies->cards); i++) {
            g_hash_table_unref(copies->cards[i]);
        }
        g_hash_table_unref(copies->aside);
        g_free(copies);
    }
}

/* ---- asking ---- */

static gpointer
copy_text(gconstpointer text, gpointer data)
{
    (void) data;
    return g_strdup(text);
}

static GPtrArray *
find(GHashTable *cards, const char *key)
{
    GPtrArray *ids = g_hash_table_lookup(cards, key);

    return ids != NULL ? g_ptr_array_copy(ids, copy_text, NULL)
                       : g_ptr_array_new_with_free_func(g_free);
}

GPtrArray *
tke_key_copies_of_key(const TkeKeyCopies *copies, const uint8_t ski[static 32])
{
    g_autofree char *text = tke_hex_encode(ski, 32);

    return find(copies->cards[KEYS], text);
}

GPtrArray *
tke_key_copies_of_part(const TkeKeyCopies *copies, const uint8_t vp[static TKE_VP_LEN])
{
    g_autofree char *text = tke_hex_encode(vp, TKE_VP_COMPARED);

    return find(copies->cards[PARTS], text);
}
