/*
 * Which cards a zone needs, and which are there (functions 6.3).
 */
#include "libceremony/card-plan.h"

#include <glib/gi18n-lib.h>
#include <string.h>

unsigned
tke_card_plan_count(const TkeCardPlanParams *params)
{
    bool fits = params->backups <= 3 && params->administrators >= 1 &&
                params->administrators <= 8 && params->parts >= 2 && params->parts <= 3;

    if (!fits || (params->together && params->administrators != params->parts)) {
        return 0;
    }
    return params->together ? (1 + params->backups) * (1 + params->parts)
                            : (1 + params->backups) * (1 + params->administrators + params->parts);
}

static void
add(GPtrArray *set, TkePlanCardKind kind, unsigned number, unsigned backups)
{
    for (unsigned backup = 0; backup <= backups; backup++) {
        TkePlanCard *card = g_new0(TkePlanCard, 1);

        card->kind = kind;
        card->number = number;
        card->backup = backup;
        card->step = kind != TKE_PLAN_CARD_CA ? TKE_PLAN_TO_ENROLL
                     : backup == 0            ? TKE_PLAN_TO_INIT
                                              : TKE_PLAN_TO_BACK_UP;
        g_ptr_array_add(set, card);
    }
}

static const uint8_t *
latest_zone(const GPtrArray *cards)
{
    const TkeInventoryCard *latest = NULL;

    for (guint i = 0; i < cards->len; i++) {
        const TkeInventoryCard *card = cards->pdata[i];

        if (card->kind == TKE_CARD_KIND_CA && (latest == NULL || card->seen > latest->seen)) {
            latest = card;
        }
    }
    return latest != NULL ? latest->zone_id : NULL;
}

/* Cards of the zone that have no place yet. */
static GPtrArray *
cards_of(const GPtrArray *cards, const uint8_t *zone_id)
{
    GPtrArray *left = g_ptr_array_new();

    for (guint i = 0; zone_id != NULL && i < cards->len; i++) {
        const TkeInventoryCard *card = cards->pdata[i];

        if (memcmp(card->zone_id, zone_id, TKE_ZONE_ID_LEN) == 0) {
            g_ptr_array_add(left, (gpointer) card);
        }
    }
    return left;
}

const TkeInventoryCard *
tke_card_plan_find_backup(const TkeInventory *inventory, const uint8_t *zone_id,
                          const uint8_t *rather_not)
{
    const GPtrArray *cards = tke_inventory_get_cards(inventory);
    g_autoptr(GPtrArray) of_zone = cards_of(cards, zone_id != NULL ? zone_id : latest_zone(cards));
    const TkeInventoryCard *found = NULL;
    unsigned best = 0;

    for (guint i = 0; i < of_zone->len; i++) {
        const TkeInventoryCard *card = of_zone->pdata[i];
        bool away = rather_not == NULL || memcmp(card->card_id, rather_not, TKE_CARD_ID_LEN) != 0;
        unsigned fits = (tke_inventory_is_useless(card) ? 0u : 4u) +
                        (card->checked == 0 ? 2u : 0u) + (away ? 1u : 0u);

        if (card->kind == TKE_CARD_KIND_CA && fits > best) {
            found = card;
            best = fits;
        }
    }
    return found;
}

/* Does the card hold what the place wants, and nothing that would make it serve two people? */
static bool
has_what(const TkeInventoryCard *card, TkePlanCardKind kind)
{
    if (kind == TKE_PLAN_CARD_CA || card->kind == TKE_CARD_KIND_CA) {
        return kind == TKE_PLAN_CARD_CA && card->kind == TKE_CARD_KIND_CA;
    }
    return card->has_key == (kind != TKE_PLAN_CARD_PART) &&
           card->n_parts == (kind != TKE_PLAN_CARD_KEY ? 1 : 0);
}

static bool
same_key(const TkeInventoryCard *a, const TkeInventoryCard *b)
{
    return a->has_key && b->has_key && memcmp(a->ski, b->ski, sizeof a->ski) == 0;
}

/* Both hold a part, and the same one. */
static bool
same_part(const TkeInventoryCard *a, const TkeInventoryCard *b)
{
    return a->n_parts == 1 && b->n_parts == 1 &&
           memcmp(a->patterns[0], b->patterns[0], TKE_VP_COMPARED) == 0;
}

static bool
is_copy(const TkeInventoryCard *copy, const TkeInventoryCard *original, TkePlanCardKind kind)
{
    return has_what(copy, kind) &&
           (kind == TKE_PLAN_CARD_CA || kind == TKE_PLAN_CARD_PART || same_key(copy, original)) &&
           (kind == TKE_PLAN_CARD_CA || kind == TKE_PLAN_CARD_KEY || same_part(copy, original));
}

/* No original that has its place holds the same key or part: two cards with one key are one
 * administrator. */
static bool
is_new(const GPtrArray *set, const TkeInventoryCard *card)
{
    for (guint i = 0; i < set->len; i++) {
        const TkePlanCard *place = set->pdata[i];

        if (place->backup == 0 && place->card != NULL &&
            (same_key(place->card, card) || same_part(place->card, card))) {
            return false;
        }
    }
    return true;
}

/* Has the card what the place wants? original: of which it has to be a copy. */
static bool
is_for(const GPtrArray *set, const TkeInventoryCard *card, TkePlanCardKind kind,
       const TkeInventoryCard *original)
{
    return original != NULL ? is_copy(card, original, kind)
                            : has_what(card, kind) && is_new(set, card);
}

/* Takes the first card that is of use and fits the place. */
static const TkeInventoryCard *
take(const GPtrArray *set, GPtrArray *left, const TkePlanCard *place,
     const TkeInventoryCard *original)
{
    for (guint i = 0; i < left->len; i++) {
        const TkeInventoryCard *card = left->pdata[i];

        if (!tke_inventory_is_useless(card) && is_for(set, card, place->kind, original)) {
            g_ptr_array_remove_index(left, i);
            return card;
        }
    }
    return NULL;
}

/* What is left to do with a card that has all that it is to have. */
static TkePlanStep
step_of_made(const TkePlanCard *place)
{
    return place->card->blocked                                    ? TKE_PLAN_TO_UNBLOCK
           : place->card->checked != 0                             ? TKE_PLAN_DONE
           : place->kind == TKE_PLAN_CARD_CA && place->backup != 0 ? TKE_PLAN_TO_TEST
                                                                   : TKE_PLAN_TO_CHECK;
}

/* First the originals, so that no copy is taken for one: the copies of each follow it at once. */
static void
place_made(GPtrArray *set, GPtrArray *left)
{
    const TkeInventoryCard *original = NULL;

    for (guint i = 0; i < set->len; i++) {
        TkePlanCard *place = set->pdata[i];

        if (place->backup == 0) {
            original = take(set, left, place, NULL);
            place->card = original;
        } else if (original != NULL) {
            place->card = take(set, left, place, original);
        }
        if (place->card != NULL) {
            place->step = step_of_made(place);
        }
    }
}

/* Would the card be here, were it of use? One that is empty would be on any card that is missing. */
static bool
is_missed(const GPtrArray *set, const TkePlanCard *place, const TkeInventoryCard *original,
          const TkeInventoryCard *card)
{
    bool open = place->card == NULL && place->unfit == NULL;

    if (tke_inventory_is_empty(card)) {
        return open && place->kind != TKE_PLAN_CARD_CA;
    }
    return open && (place->backup == 0 || original != NULL || place->kind == TKE_PLAN_CARD_CA) &&
           is_for(set, card, place->kind, original);
}

/* What is of no use is told at the place where it is missed; after the cards that are, for it may be
 * a copy of one of them. */
static void
place_useless(GPtrArray *set, GPtrArray *left)
{
    const TkeInventoryCard *original = NULL;

    for (guint i = 0; i < set->len; i++) {
        TkePlanCard *place = set->pdata[i];

        original = place->backup == 0 ? place->card : original;
        for (guint k = 0; k < left->len; k++) {
            const TkeInventoryCard *card = left->pdata[k];

            if (tke_inventory_is_useless(card) && is_missed(set, place, original, card)) {
                place->unfit = card;
            }
        }
        g_ptr_array_remove(left, (gpointer) place->unfit);
    }
}

/* A card with more on it than the plan puts on one, or with less than it puts together, where it
 * would have gone. */
static bool
could_have_been(const TkeInventoryCard *card, TkePlanCardKind kind)
{
    return kind == TKE_PLAN_CARD_KEY    ? card->has_key
           : kind == TKE_PLAN_CARD_PART ? card->n_parts > 0 && !card->has_key
           : kind == TKE_PLAN_CARD_BOTH ? card->has_key || card->n_parts > 0
                                        : false;
}

/* What does not do is told at the first open place that it looks made for. */
static void
place_unfit(GPtrArray *set, GPtrArray *left)
{
    for (guint i = 0; i < set->len; i++) {
        TkePlanCard *place = set->pdata[i];

        for (guint k = 0;
             place->card == NULL && place->unfit == NULL && place->backup == 0 && k < left->len;
             k++) {
            const TkeInventoryCard *card = left->pdata[k];

            if (could_have_been(card, place->kind) && !has_what(card, place->kind)) {
                place->unfit = card;
                g_ptr_array_remove_index(left, k);
            }
        }
    }
}

/* Cards that hold nothing yet go to the first places that are open. */
static void
place_empty(GPtrArray *set, GPtrArray *left)
{
    for (guint i = 0; i < set->len; i++) {
        TkePlanCard *place = set->pdata[i];

        for (guint k = 0; place->card == NULL && place->kind != TKE_PLAN_CARD_CA && k < left->len;
             k++) {
            const TkeInventoryCard *card = left->pdata[k];

            if (tke_inventory_is_empty(card) && !tke_inventory_is_useless(card)) {
                place->card = card;
                place->step = card->blocked         ? TKE_PLAN_TO_UNBLOCK
                              : !card->personalised ? TKE_PLAN_TO_PERSONALISE
                              : place->backup == 0  ? TKE_PLAN_TO_GENERATE
                                                    : TKE_PLAN_TO_COPY;
                g_ptr_array_remove_index(left, k);
            }
        }
    }
}

GPtrArray *
tke_card_plan_make(const TkeCardPlanParams *params, const TkeInventory *inventory,
                   const uint8_t *zone_id)
{
    const GPtrArray *cards = tke_inventory_get_cards(inventory);
    g_autoptr(GPtrArray) left = cards_of(cards, zone_id != NULL ? zone_id : latest_zone(cards));
    GPtrArray *set = g_ptr_array_new_with_free_func(g_free);

    if (tke_card_plan_count(params) == 0) {
        return set;
    }
    add(set, TKE_PLAN_CARD_CA, 1, params->backups);
    for (unsigned i = 1; i <= params->administrators; i++) {
        add(set, params->together ? TKE_PLAN_CARD_BOTH : TKE_PLAN_CARD_KEY, i, params->backups);
    }
    for (unsigned i = 1; !params->together && i <= params->parts; i++) {
        add(set, TKE_PLAN_CARD_PART, i, params->backups);
    }
    place_made(set, left);
    place_useless(set, left);
    place_unfit(set, left);
    place_empty(set, left);
    return set;
}

static bool
is_started_by_people(const TkePlanCard *place)
{
    switch (place->step) {
    case TKE_PLAN_TO_INIT:
    case TKE_PLAN_TO_BACK_UP:
    case TKE_PLAN_TO_TEST:
    case TKE_PLAN_TO_ENROLL:
    case TKE_PLAN_TO_PERSONALISE:
    case TKE_PLAN_TO_UNBLOCK:
        return true;
    case TKE_PLAN_TO_CHECK:
        return place->kind == TKE_PLAN_CARD_CA;
    case TKE_PLAN_TO_GENERATE:
    case TKE_PLAN_TO_COPY:
    case TKE_PLAN_DONE:
    default:
        return false;
    }
}

const TkePlanCard *
tke_card_plan_find_next(const GPtrArray *set)
{
    for (guint i = 0; i < set->len; i++) {
        if (is_started_by_people(set->pdata[i])) {
            return set->pdata[i];
        }
    }
    return NULL;
}

bool
tke_card_plan_is_made(const TkePlanCard *card)
{
    return card->card != NULL && has_what(card->card, card->kind);
}

char *
tke_card_plan_label(const TkePlanCard *card)
{
    g_autofree char *what =
        card->kind == TKE_PLAN_CARD_CA    ? g_strdup(_("CA card"))
        : card->kind == TKE_PLAN_CARD_KEY ? g_strdup_printf(_("Administrator %u"), card->number)
        : card->kind == TKE_PLAN_CARD_PART
            ? g_strdup_printf(_("Key part %u"), card->number)
            : g_strdup_printf(_("Holder %u: signature key and key part"), card->number);

    return card->backup == 0 ? g_steal_pointer(&what)
                             : g_strdup_printf(_("%s, backup %u"), what, card->backup);
}

const char *
tke_card_plan_step_text(const TkePlanCard *card)
{
    switch (card->step) {
    case TKE_PLAN_TO_INIT:
        return _("Make the zone on a blank card.");
    case TKE_PLAN_TO_BACK_UP:
        return _("Back up the CA card on a blank card.");
    case TKE_PLAN_TO_ENROLL:
        return _("Enroll a blank card and give it its PIN.");
    case TKE_PLAN_TO_PERSONALISE:
        return _("Give the card its PIN.");
    case TKE_PLAN_TO_GENERATE:
        return card->kind == TKE_PLAN_CARD_KEY
                   ? _("Generate the signature key (tke card generate-signature-key).")
               : card->kind == TKE_PLAN_CARD_PART
                   ? _("Generate the key part (tke card generate-key-part).")
                   : _("Generate signature key and key part (tke card generate-signature-key, tke "
                       "card generate-key-part).");
    case TKE_PLAN_TO_COPY:
        return _("Copy the original to it (tke card copy).");
    case TKE_PLAN_TO_UNBLOCK:
        return _("The PIN of the card is blocked: unblock it.");
    case TKE_PLAN_TO_TEST:
        return _("Test the backup: its PINs, the zone, whether it is genuine.");
    case TKE_PLAN_TO_CHECK:
        return card->kind == TKE_PLAN_CARD_CA
                   ? _("Check the card: insert it in reader 1 and enter its PINs.")
                   : _("Check the card: insert it, it proves by itself that it is genuine.");
    case TKE_PLAN_DONE:
    default:
        return NULL;
    }
}

/* A CA card that nothing has taken the place of may have a backup that was not seen yet. */
static char *
dup_useless_text(const TkePlanCard *place)
{
    const TkeInventoryCard *card = place->unfit;
    g_autofree char *id = tke_card_id_text(card->card_id);

    return g_strdup_printf(
        card->suspect
            ? _("“%s” · %s does not count here: it has failed to prove that it is genuine. It is "
                "not to be used.")
        : place->backup == 0
            ? _("“%s” · %s does not count here: one of its PINs is blocked, the card is lost for "
                "good. Insert a backup of it, if there is one.")
            : _("“%s” · %s does not count here: one of its PINs is blocked, the card is lost for "
                "good."),
        card->description, id);
}

char *
tke_card_plan_unfit_text(const TkePlanCard *card)
{
    const TkeInventoryCard *unfit = card->unfit;
    g_autofree char *id = unfit != NULL ? tke_card_id_text(unfit->card_id) : NULL;
    g_autofree char *parts = NULL;
    g_autofree char *holds = NULL;

    if (unfit == NULL || tke_inventory_is_useless(unfit)) {
        return unfit != NULL ? dup_useless_text(card) : NULL;
    }
    parts =
        g_strdup_printf(ngettext("%u key part", "%u key parts", unfit->n_parts), unfit->n_parts);
    holds = !unfit->has_key       ? g_strdup(parts)
            : unfit->n_parts == 0 ? g_strdup(_("a signature key"))
                                  : g_strdup_printf(_("a signature key and %s"), parts);
    return g_strdup_printf(
        card->kind == TKE_PLAN_CARD_KEY
            ? _("“%s” · %s does not count here: it holds %s, and here the signature "
                "key is to be alone on its card.")
        : card->kind == TKE_PLAN_CARD_PART
            ? _("“%s” · %s does not count here: it holds %s, and here one key part "
                "is to be alone on its card.")
            : _("“%s” · %s does not count here: it holds %s, and here a signature "
                "key and one key part are to be on one card."),
        unfit->description, id, holds);
}
