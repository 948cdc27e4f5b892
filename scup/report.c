/*
 * Cards as text.
 */
#include "scup/report.h"

#include <glib/gi18n.h>
#include <string.h>

#include "common/hex.h"
#include "gtk-common/rehearsal.h"
#include "libceremony/record.h"
#include "libsmartcard/reader.h"
#include "scup/card-text.h"

#define GROUPS_A_LINE 8
#define LABEL_LEAST 26 /* characters */
#define LABEL_GAP 2

/* The text goes on paper and into files: in a rehearsal its first line says so (4.12). */
static GString *
begin(void)
{
    GString *text = g_string_new(NULL);

    if (tke_ui_rehearsal_is()) {
        g_string_append_printf(text, "%s\n\n", _("REHEARSAL: virtual readers and cards"));
    }
    return text;
}

/* A label and its value, until columns() knows how wide the labels are; lines of one value below
 * each other. */
static void
add(GString *text, const char *label, const char *value)
{
    g_auto(GStrv) lines = g_strsplit(value, "\n", -1);

    for (unsigned i = 0; lines[i] != NULL; i++) {
        g_string_append_printf(text, "%s%c%s\n", i == 0 ? label : "", SCUP_REPORT_COLUMN, lines[i]);
    }
}

/* Labels have other lengths in other languages. */
char *
scup_report_columns(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *result = g_string_new(NULL);
    glong widest = LABEL_LEAST - LABEL_GAP;

    for (unsigned i = 0; lines[i] != NULL; i++) {
        const char *end = strchr(lines[i], SCUP_REPORT_COLUMN);

        if (end != NULL) {
            widest = MAX(widest, g_utf8_strlen(lines[i], end - lines[i]));
        }
    }
    for (unsigned i = 0; lines[i] != NULL; i++) {
        const char *end = strchr(lines[i], SCUP_REPORT_COLUMN);

        if (end == NULL) {
            g_string_append(result, lines[i]);
        } else {
            glong length = g_utf8_strlen(lines[i], end - lines[i]);

            g_string_append_len(result, lines[i], end - lines[i]);
            g_string_append_printf(result, "%*s%s", (int) (widest + LABEL_GAP - length), "",
                                   end + 1);
        }
        if (lines[i + 1] != NULL) {
            g_string_append_c(result, '\n');
        }
    }
    return g_string_free(result, FALSE);
}

static char *
finish(GString *text)
{
    char *result = scup_report_columns(text->str);

    g_string_free(text, TRUE);
    return result;
}

static void
add_number(GString *text, const char *label, unsigned value)
{
    g_autofree char *number = g_strdup_printf("%u", value);

    add(text, label, number);
}

static void
add_reader(GString *text, ScupCards *cards, unsigned reader)
{
    const TkeReaderInfo *info = scup_cards_get_reader(cards, reader);
    g_autofree char *name = info != NULL ? tke_reader_dup_text(info) : g_strdup(_("not found"));

    g_string_append_printf(text, _("READER %u"), reader);
    g_string_append_printf(text, "  %s\n\n", name);
}

/* False, and says so, unless a card that can be read is there. */
static bool
add_presence(GString *text, ScupCards *cards, unsigned reader)
{
    const GError *trouble = scup_cards_get_trouble(cards, reader);
    g_autofree char *why = trouble != NULL ? tke_record_text(trouble) : NULL;

    switch (scup_cards_get_place(cards, reader)) {
    case SCUP_PLACE_CARD:
        return true;
    case SCUP_PLACE_TROUBLE:
    case SCUP_PLACE_NO_SERVICE:
        g_string_append_printf(text, "%s\n\n", why);
        return false;
    case SCUP_PLACE_ALIKE:
        g_string_append_printf(text, "%s\n\n", _("the readers cannot be told apart"));
        return false;
    default:
        g_string_append_printf(text, "%s\n\n", _("no card"));
        return false;
    }
}

static void
add_pins(GString *text, const TkeCardStatus *status)
{
    for (unsigned i = 0; i < status->n_pins; i++) {
        g_autofree char *pin = scup_card_text_pin(status, i);

        add(text, status->n_pins == 1 ? _("PIN") : i == 0 ? _("First PIN") : _("Second PIN"), pin);
    }
}

static void
add_parts(GString *text, const TkeKeyPartList *parts)
{
    for (unsigned i = 0; i < parts->n; i++) {
        const TkeKeyPart *part = &parts->parts[i];
        g_autofree char *label = g_strdup_printf(_("Key part %u"), part->place);
        g_autofree char *pattern = scup_card_text_groups(part->vp, sizeof part->vp, GROUPS_A_LINE);

        add(text, label, part->description[0] != '\0' ? part->description : _("no description"));
        add(text, "", tke_ep11_card_origin_text(part->origin));
        add(text, "", pattern);
    }
}

static void
add_keys(GString *text, const TkeCardInfo *info)
{
    const TkeCardStatus *status = &info->status;

    if (status->has_signature_key) {
        g_autofree char *ski =
            scup_card_text_groups(status->ski, sizeof status->ski, GROUPS_A_LINE);

        add(text, _("Administrator"), status->admin_name);
        add(text, _("Subject key identifier"), ski);
    } else {
        add(text, _("Signature key"), _("none"));
    }
    add_parts(text, &info->parts);
}

static void
add_genuine(GString *text, const TkeCardInfo *info)
{
    if (info->genuine == TKE_GENUINE_NO) {
        add(text, _("Genuine"), _("NO: do not use this card"));
        add(text, "", info->not_genuine->message);
    } else {
        add(text, _("Genuine"),
            info->genuine == TKE_GENUINE_YES ? _("yes, checked") : _("not checked"));
    }
}

static void
add_card(GString *text, const TkeCardInfo *info)
{
    const TkeCardStatus *status = &info->status;
    g_autofree char *id = tke_card_id_text(status->card_id);
    g_autofree char *zone_id = tke_card_id_text(status->zone_id);
    g_autofree char *version = scup_card_text_version(status);
    g_autofree char *head = scup_card_text_groups(status->usage_head, 32, GROUPS_A_LINE);
    bool ours = status->kind == TKE_CARD_KIND_CA || status->kind == TKE_CARD_KIND_EP11;

    add(text, _("Card"), scup_card_text_kind(status));
    if (version != NULL) {
        add(text, _("Applet version"), version);
    }
    if (!ours) {
        return;
    }
    add(text, _("Card identifier"), id);
    add(text, _("Description"), scup_card_text_description(status));
    add(text, _("Zone identifier"), status->has_zone ? zone_id : _("none"));
    if (status->has_zone) {
        add(text, _("Zone description"), status->zone_description);
        add(text, _("Zone key"), _("P-521 elliptic curve"));
    }
    add_pins(text, status);
    if (status->kind == TKE_CARD_KIND_EP11) {
        add_keys(text, info);
        add_number(text, _("Free places"), status->n_places - status->n_parts);
    }
    add_number(text, _("Usage counter"), status->usage_counter);
    add(text, _("Usage log head"), head);
    add_genuine(text, info);
}

/* only: 1, 2, or 0 for both. */
static void
add_information(GString *text, ScupCards *cards, unsigned only)
{
    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        if (only != 0 && only != reader) {
            continue;
        }
        add_reader(text, cards, reader);
        if (add_presence(text, cards, reader)) {
            add_card(text, scup_cards_get_card(cards, reader));
            g_string_append_c(text, '\n');
        }
    }
}

char *
scup_report_information(ScupCards *cards, unsigned reader)
{
    GString *text = begin();

    add_information(text, cards, reader);
    return finish(text);
}

char *
scup_report_key_identifiers(ScupCards *cards, unsigned only)
{
    GString *text = begin();

    (void) only;
    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        const TkeCardInfo *info = NULL;

        add_reader(text, cards, reader);
        if (!add_presence(text, cards, reader)) {
            continue;
        }
        info = scup_cards_get_card(cards, reader);
        if (info->status.kind == TKE_CARD_KIND_EP11 &&
            (info->status.has_signature_key || info->parts.n > 0)) {
            add(text, _("Card"), scup_card_text_description(&info->status));
            add_keys(text, info);
        } else {
            g_string_append_printf(text, "%s\n", _("This card holds no keys."));
        }
        g_string_append_c(text, '\n');
    }
    return finish(text);
}

static char *
dup_day(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);

    return time != NULL ? g_date_time_format(time, "%x") : g_strdup("");
}

static void
add_inventory_card(GString *text, const TkeInventory *inventory, const TkeInventoryCard *card)
{
    g_autofree char *id = tke_card_id_text(card->card_id);
    g_autofree char *day = dup_day(card->seen);
    g_autofree char *checked = dup_day(card->checked);

    add(text, card->kind == TKE_CARD_KIND_CA ? _("CA smart card") : _("EP11 smart card"),
        card->description[0] != '\0' ? card->description : _("no description"));
    add(text, _("  Card identifier"), id);
    if (card->has_key) {
        g_autofree char *ski = scup_card_text_groups(card->ski, 8, GROUPS_A_LINE);

        add(text, _("  Administrator"), card->admin_name);
        add(text, _("  Key identifier begins"), ski);
    }
    for (unsigned i = 0; i < card->n_parts; i++) {
        g_autofree char *pattern = scup_card_text_groups(card->patterns[i], 8, GROUPS_A_LINE);

        add(text, _("  Key part begins"), pattern);
    }
    add(text, _("  Copy"),
        tke_inventory_is_empty(card)              ? _("holds nothing yet")
        : tke_inventory_has_copy(inventory, card) ? _("✓ there is another card with the same")
        : tke_inventory_is_useless(card)          ? _("✗ none known")
                                                  : _("✗ none known: copy it"));
    add(text, _("  Proved genuine"),
        card->suspect        ? _("✗ NO: do not use this card")
        : card->checked != 0 ? checked
                             : _("✗ not yet, with what it holds now"));
    if (card->blocked) {
        add(text, _("  PIN"),
            card->kind == TKE_CARD_KIND_CA ? _("✗ blocked: the card is lost for good")
                                           : _("✗ blocked"));
    }
    add(text, _("  Seen last"), day);
}

static void
add_inventory(GString *text, ScupCards *cards)
{
    const GError *error = NULL;
    const TkeInventory *inventory = scup_cards_get_inventory(cards, &error);
    const GPtrArray *all = inventory != NULL ? tke_inventory_get_cards(inventory) : NULL;
    const TkeInventoryCard *before = NULL;

    if (error != NULL) {
        g_string_append_printf(text, "%s\n\n", error->message);
    }
    if (all != NULL && all->len == 0) {
        g_string_append_printf(text, "%s\n",
                               _("No card of a zone was seen yet: cards are noted when they "
                                 "are inserted."));
    }
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const TkeInventoryCard *card = all->pdata[i];

        if (before == NULL || memcmp(before->zone_id, card->zone_id, TKE_ZONE_ID_LEN) != 0) {
            g_autofree char *zone = tke_card_id_text(card->zone_id);

            g_string_append_printf(text, _("ZONE %s  %s"), zone, card->zone_description);
            g_string_append(text, "\n\n");
        }
        add_inventory_card(text, inventory, card);
        g_string_append_c(text, '\n');
        before = card;
    }
}

char *
scup_report_inventory(ScupCards *cards, unsigned reader)
{
    GString *text = begin();

    (void) reader;
    add_inventory(text, cards);
    return finish(text);
}

char *
scup_report_all(ScupCards *cards, unsigned reader)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *day = g_date_time_format(now, "%x");
    GString *text = begin();

    (void) reader;
    g_string_append_printf(text, _("Made on %s"), day);
    g_string_append_printf(text, "\n\n== %s ==\n\n", _("Smart card information"));
    add_information(text, cards, 0);
    g_string_append_printf(text, "== %s ==\n\n", _("Card inventory"));
    add_inventory(text, cards);
    return finish(text);
}

char *
scup_report_inventory_csv(ScupCards *cards, unsigned reader)
{
    const GError *error = NULL;
    const TkeInventory *inventory = scup_cards_get_inventory(cards, &error);

    (void) reader;
    return inventory != NULL ? tke_inventory_to_csv(inventory) : g_strdup("");
}

const ScupReport scup_report_of_information = {
    .title = N_("Smart card information"),
    .text = scup_report_information,
    .choice = true,
    .name = "cards.txt",
    .pdf_name = "cards.pdf",
    .check = "app.card-check",
};

const ScupReport scup_report_of_key_identifiers = {
    .title = N_("Smart card key identifiers"),
    .text = scup_report_key_identifiers,
    .name = "key-identifiers.txt",
    .pdf_name = "key-identifiers.pdf",
};

const ScupReport scup_report_of_inventory = {
    .title = N_("Card inventory"),
    .text = scup_report_inventory,
    .file = scup_report_inventory_csv,
    .name = "card-inventory.csv",
    .pdf_name = "card-inventory.pdf",
};

const ScupReport scup_report_of_all = {
    .title = N_("Card report"),
    .text = scup_report_all,
    .name = "card-report.txt",
    .pdf_name = "card-report.pdf",
    .check = "app.card-check",
};
