/*
 * What was erased and deleted after the inventory has seen a card last (F-042, F-170): by a program
 * that did not tell the inventory, or on a card that nobody has looked at since.
 */
#include <string.h>

#include "common/hex.h"
#include "libceremony/activity-log.h"
#include "libceremony/inventory-private.h"
#include "libceremony/json-file.h"
#include "libceremony/log-entry.h"

static bool
is_true(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == G_TYPE_BOOLEAN && json_node_get_boolean(node);
}

/* Made after the card was seen. */
static bool
is_newer(JsonObject *entry, gint64 seen)
{
    const char *text = tke_log_entry_text(entry, "time");
    g_autoptr(GDateTime) time = text != NULL ? g_date_time_new_from_iso8601(text, NULL) : NULL;

    return time != NULL && g_date_time_to_unix(time) > seen;
}

/* A check, and uses, are those of what the card held before. */
static void
begin_anew(TkeInventoryCard *card)
{
    card->checked = 0;
    card->has_signed = false;
    card->part_used = false;
}

static void
forget_key(TkeInventoryCard *card)
{
    card->has_key = false;
    memset(card->ski, 0, sizeof card->ski);
    memset(card->admin_name, 0, sizeof card->admin_name);
    begin_anew(card);
}

static bool
has_this_key(const TkeInventoryCard *card, const char *ski)
{
    g_autofree char *own = tke_hex_encode(card->ski, sizeof card->ski);

    return card->has_key && ski != NULL && g_ascii_strcasecmp(own, ski) == 0;
}

static void
forget_part(TkeInventoryCard *card, const char *pattern)
{
    g_autoptr(GByteArray) bytes = pattern != NULL ? tke_hex_decode(pattern, -1, NULL) : NULL;
    unsigned kept = 0;

    for (unsigned i = 0; bytes != NULL && bytes->len == TKE_VP_LEN && i < card->n_parts; i++) {
        if (memcmp(card->patterns[i], bytes->data, TKE_VP_COMPARED) != 0) {
            memmove(card->patterns[kept++], card->patterns[i], TKE_VP_LEN);
        } else {
            begin_anew(card);
        }
    }
    card->n_parts = bytes != NULL && bytes->len == TKE_VP_LEN ? kept : card->n_parts;
}

/* An entry of old does not name the parts: what is left is not known. */
static void
forget_unnamed(TkeInventoryCard *card, JsonObject *entry)
{
    JsonArray *places = tke_json_file_array(entry, "places");

    if (is_true(entry, "signature_key")) {
        forget_key(card);
    }
    if (places != NULL && json_array_get_length(places) > 0) {
        card->n_parts = 0;
        begin_anew(card);
    }
}

static void
forget_deleted(TkeInventoryCard *card, JsonObject *entry)
{
    if (tke_json_file_array(entry, "patterns") == NULL) {
        forget_unnamed(card, entry);
        return;
    }
    if (has_this_key(card, tke_log_entry_text(entry, "ski"))) {
        forget_key(card);
    }
    for (guint i = 0; i < tke_log_entry_n_texts(entry, "patterns"); i++) {
        forget_part(card, tke_log_entry_nth_text(entry, "patterns", i));
    }
}

/* The key that took its place is known when the card is seen. */
static void
forget_replaced(TkeInventoryCard *card, JsonObject *entry)
{
    if (has_this_key(card, tke_log_entry_text(entry, "replaced"))) {
        forget_key(card);
    }
}

/* Losses that were begun, and of which the card has not said yet what became of them. */
typedef struct Begun {
    char *card;
    JsonObject *entry;
} Begun;

static void
begun_free(gpointer data)
{
    Begun *one = data;

    g_free(one->card);
    json_object_unref(one->entry);
    g_free(one);
}

static void
drop_begun(GPtrArray *begun, const char *card)
{
    for (guint i = begun->len; i > 0; i--) {
        const Begun *one = begun->pdata[i - 1];

        if (strcmp(one->card, card) == 0) {
            g_ptr_array_remove_index(begun, i - 1);
        }
    }
}

static void
lose(TkeInventory *inventory, JsonObject *entry, const char *id)
{
    const char *action = tke_log_entry_text(entry, "action");
    TkeInventoryCard *card = tke_inventory_find_text(inventory, id);

    if (card == NULL || !is_newer(entry, card->seen)) {
        return;
    }
    if (g_strcmp0(action, "opentke-card.erase") == 0) {
        (void) tke_inventory_forget(inventory, card->card_id);
    } else if (g_strcmp0(action, "opentke-card.delete") == 0) {
        forget_deleted(card, entry);
    } else if (g_strcmp0(action, "opentke-card.signature-key.generate") == 0) {
        forget_replaced(card, entry);
    }
}

static void
read_entry(TkeInventory *inventory, JsonObject *entry, GPtrArray *begun)
{
    const char *id = tke_log_entry_card(entry, "card");
    const char *result = tke_log_entry_text(entry, "result");
    const bool erased = g_strcmp0(tke_log_entry_text(entry, "action"), "opentke-card.erase") == 0;

    if (id == NULL) {
        return;
    }
    if (g_strcmp0(result, "begun") == 0) {
        Begun *one = g_new0(Begun, 1);

        one->card = g_strdup(id);
        one->entry = json_object_ref(entry);
        g_ptr_array_add(begun, one);
        return;
    }
    /* a card that was seen again under its identifier was not erased, and says what it has lost */
    if (g_strcmp0(result, "found") == 0 || (erased && g_strcmp0(result, "failed") == 0)) {
        drop_begun(begun, id);
    }
    if (!erased || (g_strcmp0(result, "found") != 0 && g_strcmp0(result, "failed") != 0)) {
        lose(inventory, entry, id);
    }
}

/* Most entries are of other things: those are not parsed. */
static bool
may_be_of_loss(const char *line)
{
    return strstr(line, "\"opentke-card.erase\"") != NULL ||
           strstr(line, "\"opentke-card.delete\"") != NULL ||
           strstr(line, "\"replaced\"") != NULL || strstr(line, "\"found\"") != NULL;
}

void
tke_inventory_apply_log(TkeInventory *inventory, const char *path)
{
    g_autoptr(TkeActivityLog) log = tke_activity_log_new(path, false);
    g_autoptr(GPtrArray) begun = g_ptr_array_new_with_free_func(begun_free);
    g_auto(GStrv) lines = NULL;

    if (tke_inventory_get_cards(inventory)->len == 0) {
        return;
    }
    lines = tke_activity_log_read(log, 0, NULL);
    for (unsigned i = 0; lines != NULL && lines[i] != NULL; i++) {
        g_autoptr(JsonObject) entry =
            may_be_of_loss(lines[i]) ? tke_log_entry_parse(lines[i]) : NULL;

        if (entry != NULL) {
            read_entry(inventory, entry, begun);
        }
    }
    for (guint i = 0; i < begun->len; i++) {
        const Begun *one = begun->pdata[i];

        lose(inventory, one->entry, one->card);
    }
}
