/*
 * The card inventory as a table for spreadsheets (F-042).
 */
#include "common/hex.h"
#include "libceremony/csv.h"
#include "libceremony/inventory.h"

#define REHEARSAL "REHEARSAL" /* the first column then, heading included (4.12) */

static char *
dup_day(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);

    return seconds != 0 && time != NULL ? g_date_time_format(time, "%Y-%m-%d") : g_strdup("");
}

static void
add_card(GString *text, const TkeInventory *inventory, const TkeInventoryCard *card)
{
    g_autofree char *id = tke_card_id_text(card->card_id);
    g_autofree char *zone = tke_card_id_text(card->zone_id);
    g_autofree char *ski =
        card->has_key ? tke_hex_encode(card->ski, sizeof card->ski) : g_strdup("");
    g_autofree char *day = dup_day(card->seen);
    g_autofree char *checked = dup_day(card->checked);
    g_autoptr(GString) parts = g_string_new(NULL);

    for (unsigned i = 0; i < card->n_parts; i++) {
        g_autofree char *pattern = tke_hex_encode(card->patterns[i], TKE_VP_LEN);

        g_string_append_printf(parts, "%s%s", i > 0 ? " " : "", pattern);
    }
    if (tke_inventory_is_rehearsal(inventory)) {
        tke_csv_append(text, REHEARSAL, false);
    }
    tke_csv_append(text, card->kind == TKE_CARD_KIND_CA ? "CA" : "EP11", false);
    tke_csv_append(text, card->description, false);
    tke_csv_append(text, id, false);
    tke_csv_append(text, card->zone_description, false);
    tke_csv_append(text, zone, false);
    tke_csv_append(text, card->personalised ? "yes" : "no", false);
    tke_csv_append(text, card->admin_name, false);
    tke_csv_append(text, ski, false);
    tke_csv_append(text, parts->str, false);
    tke_csv_append(text,
                   tke_inventory_is_empty(card)              ? ""
                   : tke_inventory_has_copy(inventory, card) ? "yes"
                                                             : "no",
                   false);
    tke_csv_append(text, day, false);
    tke_csv_append(text, card->suspect ? "NOT GENUINE" : checked, false);
    tke_csv_append(text, card->blocked ? "yes" : "no", true);
}

char *
tke_inventory_to_csv(const TkeInventory *inventory)
{
    const GPtrArray *cards = tke_inventory_get_cards(inventory);
    GString *text = g_string_new(tke_inventory_is_rehearsal(inventory) ? REHEARSAL "," : "");

    g_string_append(text, "kind,description,card,zone description,zone,personalised,administrator,"
                          "ski,part patterns,has a copy,seen,proved genuine,blocked\r\n");
    for (guint i = 0; i < cards->len; i++) {
        add_card(text, inventory, cards->pdata[i]);
    }
    return g_string_free(text, FALSE);
}
