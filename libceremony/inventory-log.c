/*
 * What was erased and deleted after the inventory has seen a card last (F-042, F-170): by a program
 * that did not tell the inventory, or on a card that nobody has looked at since.
 */
#include <string.h>

#include "common/hex.h"
#include "libceremony/activity-log.h"
#include "libceremony/inventory-private.h"
#include "libceremony/json-file.h"
#include "libep11admin/json-text.h"

static const char *
text_of_node(JsonNode *node)
{
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

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
    const char *text = tke_json_text_get_string(entry, "time");
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
    JsonArray *patterns = tke_json_file_array(entry, "patterns");

    if (patterns == NULL) {
        forget_unnamed(card, entry);
        return;
    }
    if (has_this_key(card, tke_json_text_get_string(entry, "ski"))) {
        forget_key(card);
    }
    for (guint i = 0; i < json_array_get_length(patterns); i++) {
        forget_part(card, text_of_node(json_array_get_element(patterns, i)));
    }
}

/* The key that took its place is known when the card is seen. */
static void
forget_replaced(TkeInventoryCard *card, JsonObject *entry)
{
    if (has_this_key(card, tke_json_text_get_string(entry, "replaced"))) {
        forget_key(card);
    }
}

/* A card that says itself, or has said, that it was not erased is there still. begun: ids of cards
 * whose erasing has no end yet. */
static void
forget_erased(TkeInventory *inventory, JsonObject *entry, const char *id, GHashTable *begun)
{
    const char *result = tke_json_text_get_string(entry, "result");
    const TkeInventoryCard *card = tke_inventory_find_text(inventory, id);

    if (g_strcmp0(result, "begun") == 0) {
        g_hash_table_add(begun, g_strdup(id));
        return;
    }
    g_hash_table_remove(begun, id);
    if (card != NULL && g_strcmp0(result, "failed") != 0 && g_strcmp0(result, "found") != 0) {
        (void) tke_inventory_forget(inventory, card->card_id);
    }
}

static void
apply(TkeInventory *inventory, JsonObject *entry, GHashTable *begun)
{
    const char *action = tke_json_text_get_string(entry, "action");
    JsonObject *which = tke_json_file_object(entry, "card");
    const char *id = which != NULL ? tke_json_text_get_string(which, "id") : NULL;
    TkeInventoryCard *card = tke_inventory_find_text(inventory, id);

    if (card == NULL || !is_newer(entry, card->seen)) {
        return;
    }
    if (g_strcmp0(action, "opentke-card.erase") == 0) {
        forget_erased(inventory, entry, id, begun);
    } else if (g_strcmp0(action, "opentke-card.delete") == 0) {
        forget_deleted(card, entry);
    } else if (g_strcmp0(action, "opentke-card.signature-key.generate") == 0) {
        forget_replaced(card, entry);
    }
}

/* Most entries are of other things: those are not parsed. */
static bool
may_be_of_loss(const char *line)
{
    return strstr(line, "\"opentke-card.erase\"") != NULL ||
           strstr(line, "\"opentke-card.delete\"") != NULL || strstr(line, "\"replaced\"") != NULL;
}

void
tke_inventory_apply_log(TkeInventory *inventory, const char *path)
{
    g_autoptr(TkeActivityLog) log = tke_activity_log_new(path, false);
    g_autoptr(GHashTable) begun = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) lines = NULL;
    GHashTableIter iter;
    gpointer id = NULL;

    if (tke_inventory_get_cards(inventory)->len == 0) {
        return;
    }
    lines = tke_activity_log_read(log, 0, NULL);
    for (unsigned i = 0; lines != NULL && lines[i] != NULL; i++) {
        g_autoptr(JsonNode) node =
            may_be_of_loss(lines[i])
                ? tke_json_text_parse(lines[i], strlen(lines[i]), TKE_JSON_WHOLE, NULL)
                : NULL;

        if (node != NULL && JSON_NODE_HOLDS_OBJECT(node)) {
            apply(inventory, json_node_get_object(node), begun);
        }
    }
    g_hash_table_iter_init(&iter, begun);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        const TkeInventoryCard *card = tke_inventory_find_text(inventory, id);

        if (card != NULL) {
            (void) tke_inventory_forget(inventory, card->card_id);
        }
    }
}
