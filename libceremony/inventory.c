/*
 * Cards that were seen (F-042; functions 2.4, 6.3).
 */
#include "libceremony/inventory-private.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "common/safe-file.h"
#include "libep11admin/json-text.h"

#define FILE_MAX 4194304u
#define A_DAY 86400 /* seconds */

struct TkeInventory {
    char *path;
    GPtrArray *cards;
    bool rehearsal;
};

/* ---- JSON ---- */

static void
set_hex(JsonObject *object, const char *name, const uint8_t *bytes, size_t len)
{
    g_autofree char *text = tke_hex_encode(bytes, len);

    json_object_set_string_member(object, name, text);
}

static bool
get_hex(JsonObject *object, const char *name, uint8_t *out, size_t len)
{
    const char *text = json_object_get_string_member_with_default(object, name, "");
    g_autoptr(GByteArray) bytes = tke_hex_decode(text, -1, NULL);

    if (bytes == NULL || bytes->len != len) {
        return false;
    }
    memcpy(out, bytes->data, len);
    return true;
}

static void
get_text(JsonObject *object, const char *name, char out[static TKE_CARD_TEXT_MAX + 1])
{
    const char *text = json_object_get_string_member_with_default(object, name, "");

    g_strlcpy(out, tke_card_text_is_description(text) ? text : "", TKE_CARD_TEXT_MAX + 1);
}

static JsonNode *
card_to_node(const TkeInventoryCard *card)
{
    JsonObject *object = json_object_new();
    JsonArray *patterns = json_array_new();
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);

    set_hex(object, "id", card->card_id, sizeof card->card_id);
    json_object_set_string_member(object, "kind", card->kind == TKE_CARD_KIND_CA ? "ca" : "ep11");
    json_object_set_string_member(object, "description", card->description);
    set_hex(object, "zone", card->zone_id, sizeof card->zone_id);
    json_object_set_string_member(object, "zone_description", card->zone_description);
    json_object_set_boolean_member(object, "personalised", card->personalised);
    if (card->has_key) {
        set_hex(object, "ski", card->ski, sizeof card->ski);
        json_object_set_string_member(object, "administrator", card->admin_name);
    }
    for (unsigned i = 0; i < card->n_parts; i++) {
        g_autofree char *text = tke_hex_encode(card->patterns[i], TKE_VP_LEN);

        json_array_add_string_element(patterns, text);
    }
    json_object_set_array_member(object, "parts", patterns);
    json_object_set_int_member(object, "seen", card->seen);
    json_object_set_int_member(object, "checked", card->checked);
    json_object_set_boolean_member(object, "suspect", card->suspect);
    json_object_set_boolean_member(object, "blocked", card->blocked);
    json_object_set_boolean_member(object, "signed", card->has_signed);
    json_object_set_boolean_member(object, "part_used", card->part_used);
    json_node_take_object(node, object);
    return node;
}

static bool
take_patterns(JsonObject *object, TkeInventoryCard *card)
{
    JsonNode *node = json_object_get_member(object, "parts");
    JsonArray *array =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);
        g_autoptr(GByteArray) bytes = NULL;

        if (i >= TKE_EP11_PLACES || json_node_get_value_type(item) != G_TYPE_STRING) {
            return false;
        }
        bytes = tke_hex_decode(json_node_get_string(item), -1, NULL);
        if (bytes == NULL || bytes->len != TKE_VP_LEN) {
            return false;
        }
        memcpy(card->patterns[card->n_parts++], bytes->data, TKE_VP_LEN);
    }
    return true;
}

/* Whether a value is there under this name and of that type: json-glib's getters insist. */
static bool
has(JsonObject *object, const char *name, GType type)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

/* What older files do not have is false. */
static bool
get_flag(JsonObject *object, const char *name)
{
    return has(object, name, G_TYPE_BOOLEAN) && json_object_get_boolean_member(object, name);
}

static bool
card_from_object(JsonObject *object, TkeInventoryCard *card)
{
    if (!has(object, "id", G_TYPE_STRING) || !has(object, "kind", G_TYPE_STRING) ||
        !has(object, "zone", G_TYPE_STRING) || !has(object, "description", G_TYPE_STRING) ||
        !has(object, "zone_description", G_TYPE_STRING) ||
        !has(object, "personalised", G_TYPE_BOOLEAN) || !has(object, "seen", G_TYPE_INT64)) {
        return false;
    }
    card->kind = strcmp(json_object_get_string_member(object, "kind"), "ca") == 0
                     ? TKE_CARD_KIND_CA
                     : TKE_CARD_KIND_EP11;
    get_text(object, "description", card->description);
    get_text(object, "zone_description", card->zone_description);
    card->personalised = json_object_get_boolean_member(object, "personalised");
    card->seen = json_object_get_int_member(object, "seen");
    card->checked =
        has(object, "checked", G_TYPE_INT64) ? json_object_get_int_member(object, "checked") : 0;
    card->suspect = get_flag(object, "suspect");
    card->blocked = get_flag(object, "blocked");
    card->has_signed = get_flag(object, "signed");
    card->part_used = get_flag(object, "part_used");
    if (has(object, "ski", G_TYPE_STRING) && has(object, "administrator", G_TYPE_STRING)) {
        get_text(object, "administrator", card->admin_name);
        card->has_key = get_hex(object, "ski", card->ski, sizeof card->ski);
    }
    return get_hex(object, "id", card->card_id, sizeof card->card_id) &&
           get_hex(object, "zone", card->zone_id, sizeof card->zone_id) &&
           take_patterns(object, card);
}

static bool
parse(TkeInventory *inventory, const GByteArray *data, GError **error)
{
    g_autoptr(JsonNode) root =
        tke_json_text_parse((const char *) data->data, data->len, TKE_JSON_WHOLE, NULL);
    JsonNode *node = root != NULL && JSON_NODE_HOLDS_OBJECT(root)
                         ? json_object_get_member(json_node_get_object(root), "cards")
                         : NULL;
    JsonArray *array =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    bool good = array != NULL;

    for (guint i = 0; good && i < json_array_get_length(array); i++) {
        JsonNode *item = json_array_get_element(array, i);
        TkeInventoryCard *card = g_new0(TkeInventoryCard, 1);

        g_ptr_array_add(inventory->cards, card);
        good = JSON_NODE_HOLDS_OBJECT(item) && card_from_object(json_node_get_object(item), card);
    }
    if (!good) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("the card inventory %s is damaged: mend it or move it away"),
                    inventory->path);
    }
    return good;
}

TkeInventory *
tke_inventory_load(const TkeWorld *world, GError **error)
{
    g_autoptr(TkeInventory) inventory = g_new0(TkeInventory, 1);
    g_autoptr(GByteArray) data = NULL;
    g_autoptr(GError) local = NULL;
    g_autofree char *log = NULL;
    bool found = false;

    inventory->path =
        g_build_filename(tke_world_get_state_directory(world), "inventory.json", NULL);
    inventory->cards = g_ptr_array_new_with_free_func(g_free);
    inventory->rehearsal = tke_world_is_rehearsal(world);
    data = tke_safe_file_read(inventory->path, FILE_MAX, &found, &local);
    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    if (data != NULL && !parse(inventory, data, error)) {
        return NULL;
    }
    log = g_build_filename(tke_world_get_state_directory(world), "activity.log", NULL);
    tke_inventory_apply_log(inventory, log);
    return g_steal_pointer(&inventory);
}

void
tke_inventory_free(TkeInventory *inventory)
{
    if (inventory != NULL) {
        g_clear_pointer(&inventory->cards, g_ptr_array_unref);
        g_free(inventory->path);
        g_free(inventory);
    }
}

bool
tke_inventory_save(TkeInventory *inventory, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(inventory->path);
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();

    for (guint i = 0; i < inventory->cards->len; i++) {
        json_array_add_element(array, card_to_node(inventory->cards->pdata[i]));
    }
    json_object_set_array_member(object, "cards", array);
    json_node_take_object(root, object);
    text = json_to_string(root, TRUE);
    return tke_safe_file_make_dir(dir, error) &&
           tke_safe_file_write(inventory->path, (const uint8_t *) text, strlen(text), error);
}

/* ---- cards ---- */

static void
fill(TkeInventoryCard *card, const TkeCardStatus *status, const TkeKeyPartList *parts)
{
    memcpy(card->card_id, status->card_id, sizeof card->card_id);
    memcpy(card->zone_id, status->zone_id, sizeof card->zone_id);
    g_strlcpy(card->description, status->description, sizeof card->description);
    g_strlcpy(card->zone_description, status->zone_description, sizeof card->zone_description);
    card->kind = status->kind;
    card->personalised =
        status->kind == TKE_CARD_KIND_CA || status->life_cycle == TKE_CARD_PERSONALISED;
    for (unsigned i = 0; i < status->n_pins; i++) {
        card->blocked = card->blocked || status->pins[i].state == TKE_PIN_BLOCKED;
    }
    card->has_key = status->has_signature_key;
    if (card->has_key) {
        memcpy(card->ski, status->ski, sizeof card->ski);
        g_strlcpy(card->admin_name, status->admin_name, sizeof card->admin_name);
    }
    for (unsigned i = 0; parts != NULL && i < parts->n; i++) {
        memcpy(card->patterns[card->n_parts++], parts->parts[i].vp, TKE_VP_LEN);
    }
}

static int
compare_cards(const void *a, const void *b)
{
    const TkeInventoryCard *first = *(const TkeInventoryCard *const *) a;
    const TkeInventoryCard *second = *(const TkeInventoryCard *const *) b;
    int zone = memcmp(first->zone_id, second->zone_id, TKE_ZONE_ID_LEN);
    int kind = (second->kind == TKE_CARD_KIND_CA) - (first->kind == TKE_CARD_KIND_CA);
    int text = strcmp(first->description, second->description);

    return zone != 0   ? zone
           : kind != 0 ? kind
           : text != 0 ? text
                       : memcmp(first->card_id, second->card_id, TKE_CARD_ID_LEN);
}

static bool
holds_the_same(const TkeInventoryCard *a, const TkeInventoryCard *b)
{
    return memcmp(a->zone_id, b->zone_id, sizeof a->zone_id) == 0 && a->kind == b->kind &&
           a->has_key == b->has_key && memcmp(a->ski, b->ski, sizeof a->ski) == 0 &&
           a->n_parts == b->n_parts && memcmp(a->patterns, b->patterns, sizeof a->patterns) == 0;
}

/* All of a card's row but the day of the last look. */
static bool
is_told_already(const TkeInventoryCard *known, const TkeInventoryCard *card)
{
    return holds_the_same(known, card) && known->personalised == card->personalised &&
           known->blocked == card->blocked && known->suspect == card->suspect &&
           known->checked == card->checked && strcmp(known->description, card->description) == 0 &&
           strcmp(known->zone_description, card->zone_description) == 0 &&
           strcmp(known->admin_name, card->admin_name) == 0;
}

/* A check is one of what the card held then. That it has failed is told until it succeeds again. */
static void
keep_check(TkeInventoryCard *card, const TkeInventoryCard *known)
{
    const bool same = holds_the_same(card, known);

    card->checked = same ? known->checked : 0;
    card->has_signed = same && known->has_signed;
    card->part_used = same && known->part_used;
    card->suspect = known->suspect;
}

static TkeInventoryCard *
find_card(TkeInventory *inventory, const uint8_t *card_id)
{
    for (guint i = 0; i < inventory->cards->len; i++) {
        TkeInventoryCard *known = inventory->cards->pdata[i];

        if (memcmp(known->card_id, card_id, TKE_CARD_ID_LEN) == 0) {
            return known;
        }
    }
    return NULL;
}

TkeInventoryCard *
tke_inventory_find_text(TkeInventory *inventory, const char *card_id)
{
    for (guint i = 0; i < inventory->cards->len; i++) {
        TkeInventoryCard *known = inventory->cards->pdata[i];
        g_autofree char *id = tke_card_id_text(known->card_id);

        if (g_strcmp0(id, card_id) == 0) {
            return known;
        }
    }
    return NULL;
}

bool
tke_inventory_note(TkeInventory *inventory, const TkeCardStatus *status,
                   const TkeKeyPartList *parts, gint64 now)
{
    g_autofree TkeInventoryCard *card = g_new0(TkeInventoryCard, 1);
    TkeInventoryCard *known;

    if ((status->kind != TKE_CARD_KIND_CA && status->kind != TKE_CARD_KIND_EP11) ||
        status->life_cycle < TKE_CARD_MEMBER) {
        return false;
    }
    fill(card, status, parts);
    known = find_card(inventory, card->card_id);
    if (known != NULL) {
        card->seen = known->seen;
        keep_check(card, known);
        if (is_told_already(known, card) && now - known->seen < A_DAY) {
            return false; /* the day of the last look is exact enough */
        }
        *known = *card;
        known->seen = now;
    } else {
        card->seen = now;
        g_ptr_array_add(inventory->cards, g_steal_pointer(&card));
    }
    g_ptr_array_sort(inventory->cards, compare_cards);
    return true;
}

bool
tke_inventory_forget(TkeInventory *inventory, const uint8_t card_id[static TKE_CARD_ID_LEN])
{
    TkeInventoryCard *card = find_card(inventory, card_id);

    return card != NULL && g_ptr_array_remove(inventory->cards, card);
}

bool
tke_inventory_note_check(TkeInventory *inventory, const uint8_t card_id[static TKE_CARD_ID_LEN],
                         bool genuine, gint64 now)
{
    TkeInventoryCard *card = find_card(inventory, card_id);

    if (card == NULL ||
        (genuine && !card->suspect && card->checked != 0 && now - card->checked < A_DAY) ||
        (!genuine && card->suspect)) {
        return false;
    }
    card->checked = genuine ? now : 0;
    card->suspect = !genuine;
    return true;
}

bool
tke_inventory_note_uses(TkeInventory *inventory, const uint8_t card_id[static TKE_CARD_ID_LEN],
                        const TkeCardUses *uses)
{
    TkeInventoryCard *card = find_card(inventory, card_id);

    if (card == NULL ||
        ((card->has_signed || !uses->signature) && (card->part_used || !uses->part))) {
        return false;
    }
    card->has_signed = card->has_signed || uses->signature;
    card->part_used = card->part_used || uses->part;
    return true;
}

const GPtrArray *
tke_inventory_get_cards(const TkeInventory *inventory)
{
    return inventory->cards;
}

static bool
holds_part(const TkeInventoryCard *card, const uint8_t *pattern)
{
    for (unsigned i = 0; i < card->n_parts; i++) {
        if (memcmp(card->patterns[i], pattern, TKE_VP_COMPARED) == 0) {
            return true;
        }
    }
    return false;
}

bool
tke_inventory_is_useless(const TkeInventoryCard *card)
{
    return card->suspect || (card->kind == TKE_CARD_KIND_CA && card->blocked);
}

void
tke_inventory_drop_useless(const TkeInventory *inventory, GPtrArray *ids)
{
    for (guint i = 0; inventory != NULL && i < inventory->cards->len; i++) {
        const TkeInventoryCard *card = inventory->cards->pdata[i];
        g_autofree char *id = tke_card_id_text(card->card_id);
        guint at = 0;

        if (tke_inventory_is_useless(card) &&
            g_ptr_array_find_with_equal_func(ids, id, g_str_equal, &at)) {
            g_ptr_array_remove_index(ids, at);
        }
    }
}

/* Does another card hold what is looked for: the zone, a key, a part? */
static bool
another_has(const TkeInventory *inventory, const TkeInventoryCard *card, const uint8_t *pattern)
{
    for (guint i = 0; i < inventory->cards->len; i++) {
        const TkeInventoryCard *other = inventory->cards->pdata[i];
        bool same_zone = memcmp(other->zone_id, card->zone_id, TKE_ZONE_ID_LEN) == 0;

        if (memcmp(other->card_id, card->card_id, TKE_CARD_ID_LEN) == 0 ||
            other->kind != card->kind || !same_zone || tke_inventory_is_useless(other)) {
            continue;
        }
        if (card->kind == TKE_CARD_KIND_CA ||
            (pattern == NULL ? other->has_key && memcmp(other->ski, card->ski, 32) == 0
                             : holds_part(other, pattern))) {
            return true;
        }
    }
    return false;
}

bool
tke_inventory_is_empty(const TkeInventoryCard *card)
{
    return card->kind == TKE_CARD_KIND_EP11 && !card->has_key && card->n_parts == 0;
}

bool
tke_inventory_has_copy(const TkeInventory *inventory, const TkeInventoryCard *card)
{
    if (card->kind == TKE_CARD_KIND_CA) {
        return another_has(inventory, card, NULL);
    }
    if (card->has_key && !another_has(inventory, card, NULL)) {
        return false;
    }
    for (unsigned i = 0; i < card->n_parts; i++) {
        if (!another_has(inventory, card, card->patterns[i])) {
            return false;
        }
    }
    return true;
}

bool
tke_inventory_is_rehearsal(const TkeInventory *inventory)
{
    return inventory->rehearsal;
}
