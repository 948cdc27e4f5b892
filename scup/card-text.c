/*
 * Cards in words (functions 2.11 and 2.12).
 */
#include "scup/card-text.h"

#include <glib/gi18n.h>
#include <string.h>

#include "common/hex.h"

const char *
scup_card_text_kind(const TkeCardStatus *status)
{
    switch (status->kind) {
    case TKE_CARD_KIND_CA:
        return tke_card_status_is_blank(status) ? _("Blank card for a CA card")
                                                : _("CA smart card");
    case TKE_CARD_KIND_EP11:
        return tke_card_status_is_blank(status) ? _("Blank card for an EP11 card")
                                                : _("EP11 smart card");
    case TKE_CARD_KIND_EMPTY:
        return _("Blank card without applet");
    case TKE_CARD_KIND_OTHER_VERSION:
        return _("Card of another version");
    case TKE_CARD_KIND_FOREIGN:
    default:
        return _("Foreign card");
    }
}

char *
scup_card_text_version(const TkeCardStatus *status)
{
    const uint8_t *v = status->version;

    switch (status->kind) {
    case TKE_CARD_KIND_CA:
    case TKE_CARD_KIND_EP11:
        return g_strdup_printf("%u.%u.%u", v[0], v[1], v[2]);
    case TKE_CARD_KIND_OTHER_VERSION:
        return g_strdup_printf(tke_card_status_is_newer(status)
                                   ? _("%u.%u.%u, newer than this program")
                                   : _("%u.%u.%u, older than this program"),
                               v[0], v[1], v[2]);
    case TKE_CARD_KIND_EMPTY:
    case TKE_CARD_KIND_FOREIGN:
    default:
        return NULL;
    }
}

const char *
scup_card_text_picture(const TkeCardStatus *status)
{
    if (tke_card_status_is_blank(status)) {
        return "card-blank";
    }
    return status->kind == TKE_CARD_KIND_CA     ? "card-ca"
           : status->kind == TKE_CARD_KIND_EP11 ? "card-ep11"
                                                : "card-foreign";
}

const char *
scup_card_text_description(const TkeCardStatus *status)
{
    return status->description[0] != '\0' ? status->description : _("no description");
}

char *
scup_card_text_pin(const TkeCardStatus *status, unsigned index)
{
    const TkePinStatus *pin = &status->pins[index];
    unsigned tries = status->kind == TKE_CARD_KIND_CA ? TKE_PIN_TRIES_CA : TKE_PIN_TRIES_EP11;
    GString *text = NULL;

    if (pin->state == TKE_PIN_NOT_SET) {
        return g_strdup(_("not set"));
    }
    if (pin->state == TKE_PIN_BLOCKED) {
        return g_strdup(_("✗ blocked"));
    }
    text = g_string_new(NULL);
    for (unsigned i = 0; i < tries; i++) {
        g_string_append(text, i < pin->tries_left ? "●" : "○");
    }
    g_string_append(text, "  ");
    g_string_append_printf(text, ngettext("%u try left", "%u tries left", pin->tries_left),
                           pin->tries_left);
    return g_string_free(text, FALSE);
}

char *
scup_card_text_zone(const TkeCardStatus *status)
{
    g_autofree char *id = status->has_zone ? tke_card_id_text(status->zone_id) : NULL;

    if (id == NULL) {
        return NULL;
    }
    return status->zone_description[0] != '\0'
               ? g_strdup_printf("%s · %s", status->zone_description, id)
               : g_steal_pointer(&id);
}

char *
scup_card_text_groups(const uint8_t *bytes, size_t len, unsigned groups_per_line)
{
    g_autofree char *hex = tke_hex_encode_upper(bytes, len);
    GString *text = g_string_new(NULL);
    unsigned group = 0;

    for (size_t i = 0; i < 2 * len; i += 4, group++) {
        if (group > 0) {
            g_string_append_c(text, group % groups_per_line == 0 ? '\n' : ' ');
        }
        g_string_append_len(text, hex + i, MIN(4, (gssize) (2 * len - i)));
    }
    return g_string_free(text, FALSE);
}
