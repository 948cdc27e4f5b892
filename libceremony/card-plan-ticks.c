/*
 * Steps of a card set that are not about one card (functions 6.3, steps 7 to 9): done as far as the
 * cards that were inserted tell it.
 */
#include <glib/gi18n-lib.h>

#include "libceremony/card-plan-notes.h"

#define HOLDERS_MAX 8u

/* A card of this kind: of an administrator, of a part; both on one card are of both. */
static bool
is_of(const TkePlanCard *place, TkePlanCardKind kind)
{
    return place->kind == kind || place->kind == TKE_PLAN_CARD_BOTH;
}

/* How many administrators, or parts, have a card that was used, be it the original or a copy. */
static unsigned
count_used(const GPtrArray *set, TkePlanCardKind kind)
{
    bool used[HOLDERS_MAX + 1] = { false };
    unsigned n = 0;

    for (guint i = 0; i < set->len; i++) {
        const TkePlanCard *place = set->pdata[i];
        const TkeInventoryCard *card = tke_card_plan_is_made(place) ? place->card : NULL;

        if (card != NULL && is_of(place, kind) && place->number <= HOLDERS_MAX &&
            (kind == TKE_PLAN_CARD_KEY ? card->has_signed : card->part_used)) {
            used[place->number] = true;
        }
    }
    for (unsigned i = 0; i <= HOLDERS_MAX; i++) {
        n += used[i] ? 1 : 0;
    }
    return n;
}

/* Each card is made, proved genuine, not blocked; copies are known by their keys. */
static bool
are_compared(const TkeCardPlanNotes *notes, const GPtrArray *set)
{
    bool done = set->len > 0 && notes->params.backups > 0;

    for (guint i = 0; i < set->len; i++) {
        done = done && ((const TkePlanCard *) set->pdata[i])->step == TKE_PLAN_DONE;
    }
    return done;
}

/* As many administrators have signed as a command needs, and all parts were loaded. */
static bool
are_units_made(const TkeCardPlanNotes *notes, const GPtrArray *set)
{
    return set->len > 0 && count_used(set, TKE_PLAN_CARD_KEY) >= MAX(1, notes->signatures) &&
           count_used(set, TKE_PLAN_CARD_PART) >= notes->params.parts;
}

static bool
is_backup_tried(const GPtrArray *set)
{
    bool tried = false;

    for (guint i = 0; i < set->len; i++) {
        const TkePlanCard *place = set->pdata[i];

        tried = tried || (place->backup > 0 && is_of(place, TKE_PLAN_CARD_KEY) &&
                          tke_card_plan_is_made(place) && place->card->has_signed);
    }
    return tried;
}

bool
tke_card_plan_notes_is_done(const TkeCardPlanNotes *notes, const GPtrArray *set, TkePlanTick tick)
{
    switch (tick) {
    case TKE_PLAN_TICK_COMPARED:
        return are_compared(notes, set);
    case TKE_PLAN_TICK_UNITS:
        return are_units_made(notes, set);
    case TKE_PLAN_TICK_BACKUP:
        return is_backup_tried(set);
    case TKE_PLAN_TICK_SAFES: /* no card tells it */
    case TKE_PLAN_TICKS:
    default:
        return false;
    }
}

const char *
tke_card_plan_tick_text(TkePlanTick tick)
{
    switch (tick) {
    case TKE_PLAN_TICK_COMPARED:
        return _("Originals and backups compared, best on another workstation");
    case TKE_PLAN_TICK_UNITS:
        return _("Crypto units initialised: administrators have signed, each key part was "
                 "encrypted for a crypto unit");
    case TKE_PLAN_TICK_BACKUP:
        return _("A backup of a signature key tried for signing");
    case TKE_PLAN_TICK_SAFES:
    case TKE_PLAN_TICKS:
    default:
        return _("Cards, PINs and readers put into different safes");
    }
}

char *
tke_card_plan_notes_ticks_text(const TkeCardPlanNotes *notes, const GPtrArray *set)
{
    GString *text = g_string_new(_("And then, ticked off by what the cards tell:"));

    for (TkePlanTick tick = 0; tick < TKE_PLAN_TICKS; tick++) {
        g_string_append_printf(text, "\n%s %s",
                               tke_card_plan_notes_is_done(notes, set, tick) ? "✓" : "○",
                               tke_card_plan_tick_text(tick));
    }
    return g_string_free(text, FALSE);
}
