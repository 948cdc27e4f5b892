/*
 * What has to be known of a card first.
 */
#include "scup/notice.h"

#include <glib/gi18n.h>

#include "gtk-common/error-text.h"

/* A CA card is lost as soon as one of its PINs is blocked (E-C10); one without a zone starts anew.
 */
static const char *
lost_text(const TkeCardStatus *status)
{
    bool first = status->n_pins > 0 && status->pins[0].state == TKE_PIN_BLOCKED;
    bool second = status->n_pins > 1 && status->pins[1].state == TKE_PIN_BLOCKED;

    if (status->life_cycle != TKE_CARD_MEMBER || !tke_card_status_is_lost(status)) {
        return NULL;
    }
    return first && second ? _("✗ This CA card is lost for good: both of its PINs are blocked. Use "
                               "the backup CA "
                               "card, and make a new backup from it at once.")
           : first
               ? _("✗ This CA card is lost for good: its first PIN is blocked. Use the backup CA "
                   "card, and make a new backup from it at once.")
               : _("✗ This CA card is lost for good: its second PIN is blocked. Use the backup CA "
                   "card, and make a new backup from it at once.");
}

/* Steps want CA cards in reader 1, and EP11 cards in reader 2; a backup lies beside its source. */
static const char *
place_text(const TkeCardStatus *status, unsigned reader, bool zone_there)
{
    if (status->kind == TKE_CARD_KIND_CA && reader == 2 && !zone_there) {
        return _("⇄ CA cards belong in reader 1: put it there to work with it.");
    }
    if (status->kind == TKE_CARD_KIND_EP11 && reader == 1) {
        return _("⇄ EP11 cards belong in reader 2: put it there to work with it.");
    }
    return NULL;
}

char *
scup_notice_get(const TkeCardInfo *info, unsigned reader, bool zone_there, bool *bad)
{
    const char *lost = lost_text(&info->status);

    *bad = true;
    if (info->genuine == TKE_GENUINE_NO) {
        g_autofree char *why = tke_ui_error_text_message(info->not_genuine);

        return g_strdup_printf(_("✗ This card is not genuine: do not use it. %s"), why);
    }
    if (lost != NULL) {
        return g_strdup(lost);
    }
    *bad = false;
    return g_strdup(place_text(&info->status, reader, zone_there));
}
