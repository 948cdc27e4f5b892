/*
 * Keys that a step takes from a card, before and after (F-042, F-170).
 */
#include "libceremony/key-losses.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/inventory.h"
#include "libceremony/key-copies.h"
#include "libceremony/record.h"
#include "libep11admin/json-text.h"

#define DELETE "opentke-card.delete"
#define ERASE "opentke-card.erase"
#define GENERATE "opentke-card.signature-key.generate"

/* ---- before ---- */

static TkeInventoryCard *
find_card(const TkeInventory *inventory, const uint8_t *card_id)
{
    const GPtrArray *cards = tke_inventory_get_cards(inventory);

    for (guint i = 0; i < cards->len; i++) {
        TkeInventoryCard *card = cards->pdata[i];

        if (memcmp(card->card_id, card_id, TKE_CARD_ID_LEN) == 0) {
            return card;
        }
    }
    return NULL;
}

static bool
forget_part(TkeInventoryCard *card, const uint8_t *pattern)
{
    for (unsigned i = 0; i < card->n_parts; i++) {
        if (memcmp(card->patterns[i], pattern, TKE_VP_COMPARED) == 0) {
            card->n_parts--;
            memmove(card->patterns[i], card->patterns[i + 1], (card->n_parts - i) * TKE_VP_LEN);
            memset(card->patterns[card->n_parts], 0, TKE_VP_LEN);
            return true;
        }
    }
    return false;
}

/* What it keeps after all is noted again when it is looked at. */
static bool
forget_keys(TkeInventoryCard *card, const TkeKeyLosses *losses)
{
    bool changed = false;

    if (losses->ski != NULL && card->has_key &&
        memcmp(card->ski, losses->ski, sizeof card->ski) == 0) {
        card->has_key = false;
        memset(card->ski, 0, sizeof card->ski);
        memset(card->admin_name, 0, sizeof card->admin_name);
        changed = true;
    }
    for (unsigned i = 0; i < losses->n_parts; i++) {
        changed = forget_part(card, losses->parts[i].vp) || changed;
    }
    card->checked = changed ? 0 : card->checked; /* a check is one of what the card held then */
    return changed;
}

/* An inventory that cannot be told hinders nothing: it says when it has seen a card. */
static void
tell_inventory(TkeOperation *op, const uint8_t *card_id, const TkeKeyLosses *losses)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(TkeInventory) inventory = tke_inventory_load(tke_operation_get_world(op), &local);
    TkeInventoryCard *card = inventory != NULL ? find_card(inventory, card_id) : NULL;

    if (inventory == NULL ||
        (card != NULL && forget_keys(card, losses) && !tke_inventory_save(inventory, &local))) {
        tke_operation_note(op, _("The card inventory still has what is deleted: %s"),
                           local->message);
    }
}

bool
tke_key_losses_begin(TkeOperation *op, const char *action, JsonObject *values,
                     const uint8_t card_id[static TKE_CARD_ID_LEN], const TkeKeyLosses *losses,
                     GError **error)
{
    if (!tke_record_begun(op, action, values, error)) {
        return false;
    }
    tell_inventory(op, card_id, losses);
    return true;
}

/* ---- after ---- */

static const char *
text_of(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

static bool
is_of_card(JsonObject *entry, const char *id)
{
    JsonNode *node = json_object_get_member(entry, "card");

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) &&
           g_strcmp0(text_of(json_node_get_object(node), "id"), id) == 0;
}

/* The last entry of this action and card, if it is the begin of a loss; NULL: there is none. */
static JsonObject *
find_begun(char **lines, const char *action, const char *id)
{
    g_autoptr(JsonObject) begun = NULL;

    for (; *lines != NULL; lines++) {
        g_autoptr(JsonNode) node = NULL;
        JsonObject *entry = NULL;

        if (strstr(*lines, action) == NULL || strstr(*lines, id) == NULL) {
            continue; /* logs are long */
        }
        node = tke_json_text_parse(*lines, strlen(*lines), TKE_JSON_WHOLE, NULL);
        entry = node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        if (entry == NULL || g_strcmp0(text_of(entry, "action"), action) != 0 ||
            !is_of_card(entry, id)) {
            continue;
        }
        g_clear_pointer(&begun, json_object_unref);
        if (g_strcmp0(text_of(entry, "result"), "begun") == 0) {
            begun = json_object_ref(entry);
        }
    }
    return g_steal_pointer(&begun);
}

static bool
has_key(const TkeCardStatus *status, const char *ski)
{
    g_autofree char *own = tke_hex_encode(status->ski, sizeof status->ski);

    return status->has_signature_key && strcmp(own, ski) == 0;
}

static bool
has_part(const TkeKeyPartList *list, const char *pattern)
{
    for (unsigned i = 0; i < list->n; i++) {
        g_autofree char *vp = tke_hex_encode(list->parts[i].vp, TKE_VP_COMPARED);

        if (g_str_has_prefix(pattern, vp)) {
            return true;
        }
    }
    return false;
}

/* A member that names a key, unless the card has the key still. */
static void
keep_lost_key(JsonObject *begun, const char *member, const TkeCardStatus *status, JsonObject *found)
{
    const char *ski = text_of(begun, member);

    if (ski != NULL && !has_key(status, ski)) {
        json_object_set_string_member(found, member, ski);
    }
}

/* Of the patterns of the begin those that the card has not any more. */
static JsonArray *
lost_patterns(JsonObject *begun, const TkeKeyPartList *list)
{
    JsonNode *node = json_object_get_member(begun, "patterns");
    JsonArray *all = node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    JsonArray *lost = json_array_new();

    for (guint i = 0; all != NULL && i < json_array_get_length(all); i++) {
        JsonNode *one = json_array_get_element(all, i);
        const char *pattern =
            json_node_get_value_type(one) == G_TYPE_STRING ? json_node_get_string(one) : NULL;

        if (pattern != NULL && !has_part(list, pattern)) {
            json_array_add_string_element(lost, pattern);
        }
    }
    return lost;
}

static void
settle(TkeOperation *op, const char *action, JsonObject *begun, const TkeCardStatus *status,
       const TkeKeyPartList *list)
{
    g_autoptr(GError) error = NULL;
    JsonObject *found = json_object_new();

    keep_lost_key(begun, "ski", status, found);
    keep_lost_key(begun, "replaced", status, found);
    if (strcmp(action, DELETE) == 0) {
        json_object_set_array_member(found, "patterns", lost_patterns(begun, list));
    }
    tke_record_card(found, "card", status);
    json_object_set_string_member(found, "result", "found");
    if (tke_record_done(op, action, found, &error)) {
        tke_operation_note(op,
                           _("Card “%s”: a program ended before while it deleted something from "
                             "this card. What the card has lost is in the activity log now."),
                           status->description);
    }
}

void
tke_key_losses_settle(TkeOperation *op, TkeCard *card, const TkeCardStatus *status)
{
    static const char *const actions[] = { DELETE, GENERATE, ERASE };
    TkeActivityLog *log = tke_operation_get_log(op);
    g_autofree char *id = tke_card_id_text(status->card_id);
    g_auto(GStrv) lines = NULL;

    if (log == NULL || tke_operation_is_dry_run(op) ||
        (status->kind != TKE_CARD_KIND_EP11 && status->kind != TKE_CARD_KIND_CA)) {
        return;
    }
    lines = tke_activity_log_read(log, 0, NULL);
    for (unsigned i = 0; lines != NULL && i < G_N_ELEMENTS(actions); i++) {
        g_autoptr(JsonObject) begun = find_begun(lines, actions[i], id);
        TkeKeyPartList list = { 0 };

        /* an erased card has another id: this one was not */
        if (begun != NULL && (strcmp(actions[i], DELETE) != 0 ||
                              tke_ep11_card_query_parts(card, status->n_parts, &list, NULL))) {
            settle(op, actions[i], begun, status, &list);
        }
    }
}
