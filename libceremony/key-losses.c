/*
 * Keys that a step takes from a card, before and after (F-042, F-170).
 */
#include "libceremony/key-losses.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/inventory-private.h"
#include "libceremony/key-copies.h"
#include "libceremony/log-entry.h"
#include "libceremony/record.h"

#define DELETE "opentke-card.delete"
#define ERASE "opentke-card.erase"
#define GENERATE "opentke-card.signature-key.generate"

/* ---- before ---- */

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
    g_autofree char *id = tke_card_id_text(card_id);
    TkeInventoryCard *card = inventory != NULL ? tke_inventory_find_text(inventory, id) : NULL;

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

/* The first one that has no end names the entry of what was found. */
static const char *const actions[] = { ERASE, DELETE, GENERATE };

/* The last begin of this action among those without end; -1: there is none. */
static int
find_begun(const GPtrArray *begun, const char *action)
{
    int i = (int) begun->len - 1;

    while (i >= 0 && g_strcmp0(tke_log_entry_text(begun->pdata[i], "action"), action) != 0) {
        i--;
    }
    return i;
}

/* begun: what a card may lose of which it has not said yet what became of it. */
static void
read_entry(GPtrArray *begun, JsonObject *entry, const char *action)
{
    const char *result = tke_log_entry_text(entry, "result");
    const int last = find_begun(begun, action);

    if (g_strcmp0(result, "found") == 0) {
        g_ptr_array_set_size(begun, 0);
    } else if (g_strcmp0(result, "begun") == 0) {
        g_ptr_array_add(begun, json_object_ref(entry));
    } else if (g_strcmp0(result, "done") == 0 && last >= 0 &&
               /* a signature key where there was none has no begin */
               (strcmp(action, GENERATE) != 0 || json_object_has_member(entry, "replaced"))) {
        g_ptr_array_remove_index(begun, (guint) last);
    }
}

static void
read_lines(GPtrArray *begun, char **lines, const char *id)
{
    for (; *lines != NULL; lines++) {
        g_autoptr(JsonObject) entry = NULL;

        if (strstr(*lines, "\"opentke-card.") == NULL || strstr(*lines, id) == NULL) {
            continue; /* logs are long */
        }
        entry = tke_log_entry_parse(*lines);
        for (unsigned i = 0; entry != NULL && i < G_N_ELEMENTS(actions); i++) {
            if (g_strcmp0(tke_log_entry_text(entry, "action"), actions[i]) == 0 &&
                g_strcmp0(tke_log_entry_card(entry, "card"), id) == 0) {
                read_entry(begun, entry, actions[i]);
            }
        }
    }
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

static bool
add_lost_key(JsonObject *found, JsonObject *begun, const char *member, const TkeCardStatus *status)
{
    const char *ski = tke_log_entry_text(begun, member);

    if (ski == NULL || has_key(status, ski)) {
        return false;
    }
    json_object_set_string_member(found, member, ski);
    return true;
}

/* What was to be lost and is not there. False: nothing. */
static bool
add_lost(JsonObject *found, const GPtrArray *begun, const TkeCardStatus *status,
         const TkeKeyPartList *list)
{
    JsonArray *patterns = json_array_new();
    bool lost = false;

    for (guint i = 0; i < begun->len; i++) {
        JsonObject *entry = begun->pdata[i];

        lost = add_lost_key(found, entry, "ski", status) || lost;
        lost = add_lost_key(found, entry, "replaced", status) || lost;
        for (guint k = 0; k < tke_log_entry_n_texts(entry, "patterns"); k++) {
            const char *pattern = tke_log_entry_nth_text(entry, "patterns", k);

            if (pattern != NULL && !has_part(list, pattern)) {
                json_array_add_string_element(patterns, pattern);
                lost = true;
            }
        }
    }
    json_object_set_array_member(found, "patterns", patterns);
    return lost;
}

static void
add_kept(JsonObject *found, const TkeCardStatus *status, const TkeKeyPartList *list)
{
    JsonArray *kept = json_array_new();

    if (status->has_signature_key) {
        g_autofree char *ski = tke_hex_encode(status->ski, sizeof status->ski);

        json_object_set_string_member(found, "kept_ski", ski);
    }
    for (unsigned i = 0; i < list->n; i++) {
        g_autofree char *pattern = tke_hex_encode(list->parts[i].vp, TKE_VP_LEN);

        json_array_add_string_element(kept, pattern);
    }
    json_object_set_array_member(found, "kept", kept);
}

static void
settle(TkeOperation *op, const GPtrArray *begun, const TkeCardStatus *status,
       const TkeKeyPartList *list)
{
    g_autoptr(JsonObject) found = json_object_new();
    const bool lost = add_lost(found, begun, status, list);
    unsigned action = 0;

    while (find_begun(begun, actions[action]) < 0) {
        action++;
    }
    add_kept(found, status, list);
    tke_record_card(found, "card", status);
    json_object_set_string_member(found, "result", "found");
    /* what cannot be written is said the next time, and is not missed */
    if (tke_activity_log_append(tke_operation_get_log(op), actions[action], found, NULL)) {
        tke_operation_note(
            op,
            lost ? _("Card “%s”: an earlier step that deletes from this card has no end in the "
                     "activity log. What the card has lost is in the log now.")
                 : _("Card “%s”: an earlier step that deletes from this card has no end in the "
                     "activity log. The card has lost nothing by it."),
            status->description);
    }
}

void
tke_key_losses_settle(TkeOperation *op, TkeCard *card, const TkeCardStatus *status)
{
    TkeActivityLog *log = tke_operation_get_log(op);
    g_autofree char *id = tke_card_id_text(status->card_id);
    g_autoptr(GPtrArray) begun = g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
    g_auto(GStrv) lines = NULL;
    TkeKeyPartList list = { 0 };

    if (log == NULL || tke_operation_is_dry_run(op) ||
        (status->kind != TKE_CARD_KIND_EP11 && status->kind != TKE_CARD_KIND_CA)) {
        return;
    }
    lines = tke_activity_log_read(log, 0, NULL);
    if (lines != NULL) {
        read_lines(begun, lines, id);
    }
    if (begun->len > 0 && (status->kind == TKE_CARD_KIND_CA ||
                           tke_ep11_card_query_parts(card, status->n_parts, &list, NULL))) {
        settle(op, begun, status, &list);
    }
}
