/*
 * Cards in words (functions 2.11, F-031).
 */
#include "tke/card-output.h"

#include <glib/gi18n.h>

#include "common/hex.h"

const char *
tke_cli_card_kind_word(const TkeCardStatus *status)
{
    switch (status->kind) {
    case TKE_CARD_KIND_CA:
        return tke_card_status_is_blank(status) ? "blank-ca" : "ca";
    case TKE_CARD_KIND_EP11:
        return tke_card_status_is_blank(status) ? "blank-ep11" : "ep11";
    case TKE_CARD_KIND_EMPTY:
        return "blank";
    case TKE_CARD_KIND_OTHER_VERSION:
        return "other-version";
    case TKE_CARD_KIND_FOREIGN:
    default:
        return "foreign";
    }
}

const char *
tke_cli_card_kind_text(const TkeCardStatus *status)
{
    switch (status->kind) {
    case TKE_CARD_KIND_CA:
        return tke_card_status_is_blank(status) ? N_("blank card for a CA card") : N_("CA card");
    case TKE_CARD_KIND_EP11:
        return tke_card_status_is_blank(status) ? N_("blank card for an EP11 card")
                                                : N_("EP11 card");
    case TKE_CARD_KIND_EMPTY:
        return N_("blank card without applet");
    case TKE_CARD_KIND_OTHER_VERSION:
        return N_("card of another version of OpenTKE");
    case TKE_CARD_KIND_FOREIGN:
    default:
        return N_("foreign card");
    }
}

static char *
pin_text(const TkePinStatus *pin)
{
    switch (pin->state) {
    case TKE_PIN_NOT_SET:
        return g_strdup(_("not set"));
    case TKE_PIN_BLOCKED:
        return g_strdup(_("blocked"));
    case TKE_PIN_SET:
    case TKE_PIN_VERIFIED:
    default:
        return g_strdup_printf(ngettext("%u try left", "%u tries left", pin->tries_left),
                               pin->tries_left);
    }
}

static const char *
pin_word(const TkePinStatus *pin)
{
    switch (pin->state) {
    case TKE_PIN_NOT_SET:
        return "not-set";
    case TKE_PIN_BLOCKED:
        return "blocked";
    case TKE_PIN_VERIFIED:
        return "verified";
    case TKE_PIN_SET:
    default:
        return "set";
    }
}

static void
output_pins(TkeCliOutput *out, const TkeCardStatus *status)
{
    for (unsigned i = 0; i < status->n_pins; i++) {
        g_autofree char *text = pin_text(&status->pins[i]);

        if (status->n_pins == 1) {
            tke_cli_output_line(out, "%s: %s", _("PIN"), text);
        } else {
            tke_cli_output_line(out, "%s: %s", i == 0 ? _("First PIN") : _("Second PIN"), text);
        }
        tke_cli_output_group_begin(out, "pins");
        tke_cli_output_value(out, "state", NULL, pin_word(&status->pins[i]));
        tke_cli_output_number(out, "tries", NULL, status->pins[i].tries_left);
        tke_cli_output_group_end(out);
    }
}

static void
output_zone(TkeCliOutput *out, const TkeCardStatus *status)
{
    g_autofree char *id = status->has_zone ? tke_card_id_text(status->zone_id) : NULL;

    if (id != NULL) {
        tke_cli_output_value(out, "zone", N_("Zone"), id);
        tke_cli_output_value(out, "zone_description", N_("Zone description"),
                             status->zone_description);
        /* there is no other (F-040) */
        tke_cli_output_value(out, "zone_key", N_("Zone key"), "P-521");
    }
}

static void
output_key(TkeCliOutput *out, const TkeCardStatus *status)
{
    g_autofree char *ski = NULL;

    if (!status->has_signature_key) {
        tke_cli_output_line(out, "%s: %s", _("Signature key"), _("none"));
        return;
    }
    ski = tke_hex_encode(status->ski, sizeof status->ski);
    tke_cli_output_value(out, "administrator", N_("Administrator"), status->admin_name);
    tke_cli_output_digits(out, "ski", N_("Subject key identifier"), ski);
}

void
tke_cli_output_card(TkeCliOutput *out, const TkeCardStatus *status)
{
    g_autofree char *version =
        g_strdup_printf("%u.%u.%u", status->version[0], status->version[1], status->version[2]);
    g_autofree char *id = NULL;
    g_autofree char *head = NULL;

    tke_cli_output_line(out, "%s: %s", _("Card"), _(tke_cli_card_kind_text(status)));
    tke_cli_output_value(out, "kind", NULL, tke_cli_card_kind_word(status));
    if (status->kind == TKE_CARD_KIND_OTHER_VERSION) {
        tke_cli_output_value(out, "version", N_("Applet version"), version);
    }
    if (status->kind != TKE_CARD_KIND_CA && status->kind != TKE_CARD_KIND_EP11) {
        return;
    }
    id = tke_card_id_text(status->card_id);
    head = tke_hex_encode(status->usage_head, sizeof status->usage_head);
    tke_cli_output_value(out, "id", N_("Card identifier"), id);
    tke_cli_output_value(out, "version", N_("Applet version"), version);
    tke_cli_output_value(out, "description", N_("Description"), status->description);
    output_zone(out, status);
    output_pins(out, status);
    if (status->kind == TKE_CARD_KIND_EP11) {
        output_key(out, status);
        tke_cli_output_number(out, "n_parts", N_("Key parts"), status->n_parts);
        tke_cli_output_number(out, "free_places", N_("Free places"),
                              (gint64) status->n_places - status->n_parts);
    }
    tke_cli_output_number(out, "usage_counter", N_("Usage counter"), status->usage_counter);
    tke_cli_output_value(out, "usage_head", N_("Usage log head"), head);
}

void
tke_cli_output_parts(TkeCliOutput *out, const TkeKeyPartList *list)
{
    static const TkeCliColumn columns[] = {
        { "place", N_("NUMBER"), TKE_CLI_NUMBER },
        { "description", N_("DESCRIPTION"), TKE_CLI_TEXT },
        { "pattern", N_("VERIFICATION PATTERN"), TKE_CLI_GROUPED },
        { "origin", N_("ORIGIN"), TKE_CLI_WORD },
    };

    tke_cli_output_table_begin(out, "parts", columns, G_N_ELEMENTS(columns));
    for (unsigned i = 0; i < list->n; i++) {
        const TkeKeyPart *part = &list->parts[i];
        g_autofree char *place = g_strdup_printf("%u", part->place);
        g_autofree char *pattern = tke_hex_encode(part->vp, sizeof part->vp);
        const char *cells[] = { place, part->description, pattern,
                                tke_ep11_card_origin_word(part->origin) };

        tke_cli_output_row(out, cells);
    }
    tke_cli_output_table_end(out, _("No key parts."));
}
