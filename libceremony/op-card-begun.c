/*
 * A card on which a step was begun before (functions 2.3, 2.4; E-C07, E-C10).
 */
#include "libceremony/op-card-begun.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"

/* The card is what was asked for: with the right applet, in no zone or begun in this one. */
static bool
is_ready(const TkeCardNeed *need, const TkeCardStatus *status)
{
    const TkeCardKind kind =
        need->wanted == TKE_WANTED_BLANK_CA ? TKE_CARD_KIND_CA : TKE_CARD_KIND_EP11;
    const bool same_zone = need->zone_id != NULL && status->has_zone &&
                           memcmp(need->zone_id, status->zone_id, TKE_ZONE_ID_LEN) == 0;

    if (status->kind != kind || tke_card_status_is_lost(status)) {
        return false;
    }
    if (!status->has_zone) {
        return true;
    }
    if (kind == TKE_CARD_KIND_CA) {
        return need->unfinished_too && same_zone && status->description[0] == '\0';
    }
    return same_zone && (status->life_cycle < TKE_CARD_MEMBER ||
                         (need->unfinished_too && status->life_cycle == TKE_CARD_MEMBER));
}

/* To go on with it somebody has to know a PIN that was set earlier. */
static bool
needs_old_pin(const TkeCardNeed *need, const TkeCardStatus *status)
{
    bool set = false;

    for (unsigned i = 0; i < status->n_pins; i++) {
        set = set || status->pins[i].state == TKE_PIN_SET;
    }
    return set && status->kind == TKE_CARD_KIND_CA && (!status->has_zone || need->unfinished_too);
}

static bool
ask(TkeOperation *op, const TkeCardNeed *need, const TkeCardStatus *status, bool *goes_on,
    GError **error)
{
    const bool zone = status->has_zone;
    g_autofree char *title =
        g_strdup_printf(zone ? _("The card in reader %u is a CA card of this zone already, and has "
                                 "no description. What is to be done with it?")
                             : _("The card in reader %u was begun as a CA card before, and has a "
                                 "PIN. What is to be done with it?"),
                        need->reader);
    const char *const columns[] = { _("What is to be done"), NULL };
    const char *const go_on[] = { zone ? _("Go on: its PINs are typed, and it gets its description")
                                       : _("Go on: the PIN that it has is typed"),
                                  NULL };
    const char *const anew[] = { zone ? _("Make it again: what is on it is erased, and it gets new "
                                          "PINs")
                                      : _("Start anew: it gets its applet again, and new PINs"),
                                 NULL };
    const char *const *const rows[] = { go_on, anew, NULL };
    const TkeChoice choice = { .what = "card-begun",
                               .title = title,
                               .columns = columns,
                               .rows = rows,
                               .n_rows = 2,
                               .default_row = 1 };
    unsigned index = 0;

    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, "%s", title);
        return tke_operation_may_change(op, error);
    }
    if (!tke_operation_choose(op, &choice, &index, error)) {
        return false;
    }
    *goes_on = index == 0;
    return true;
}

bool
tke_op_card_begun_goes_on(TkeOperation *op, const TkeCardNeed *need, const TkeCardStatus *status,
                          bool *goes_on, GError **error)
{
    const bool begun_now = tke_card_need_is_begun(need, status); /* its PINs are fresh in mind */

    *goes_on = begun_now || is_ready(need, status);
    if (*goes_on && !begun_now && needs_old_pin(need, status)) {
        return ask(op, need, status, goes_on, error);
    }
    if (!*goes_on && need->wanted == TKE_WANTED_BLANK_CA && !status->has_zone &&
        tke_card_status_is_lost(status)) {
        tke_operation_note(op,
                           _("A PIN of the card in reader %u is blocked. It has no zone yet, so it "
                             "starts anew."),
                           need->reader);
    }
    return true;
}
