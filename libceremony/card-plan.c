/*
 * Which cards a zone needs, and which are there (functions 6.3).
 */
#include "libceremony/card-plan.h"

#include <glib/gi18n-lib.h>
#include <string.h>

unsigned
tke_card_plan_count(const TkeCardPlanParams *params)
{
    bool fits = params->backups <= 3 && params->administrators >= 1 && params->administrators <= 8 &&
                params->parts >= 2 && params->parts <= 3;

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

static bool
has_what(const TkeInventoryCard *card, TkePlanCardKind kind)
{
    switch (kind) {
    case TKE_PLAN_CARD_KEY:
        return card->has_key;
    case TKE_PLAN_CARD_PART:
        return card->n_parts > 0;
    case TKE_PLAN_CARD_BOTH:
        return card->has_key && card->n_parts > 0;
    case TKE_PLAN_CARD_CA:
    default:
        return card->kind == TKE_CARD_KIND_CA;
    }
}

static bool
is_copy(const TkeInventoryCard *copy, const TkeInventoryCard *original, TkePlanCardKind kind)
{
    bool key = original->has_key && copy->has_key && memcmp(copy->ski, original->ski, 32) == 0;
    bool part = original->n_parts > 0 && copy->n_parts > 0;

    for (unsigned i = 0; part && i < original->n_parts; i++) {
        bool found = false;

        for (unsigned k = 0; k < copy->n_parts && !found; k++) {
            found = memcmp(copy->patterns[k], original->patterns[i], TKE_VP_COMPARED) == 0;
        }
        part = found;
    }
    return kind == TKE_PLAN_CARD_CA    ? copy->kind == TKE_CARD_KIND_CA
           : kind == TKE_PLAN_CARD_KEY ? key
           : kind == TKE_PLAN_CARD_PART ? part
                                        : key && part;
}

/* Takes the first card that fits the place; original: of which it has to be a copy. */
static const TkeInventoryCard *
take(GPtrArray *left, const TkePlanCard *place, const TkeInventoryCard *original)
{
    for (guint i = 0; i < left->len; i++) {
        const TkeInventoryCard *card = left->pdata[i];
        bool right_kind =
            (card->kind == TKE_CARD_KIND_CA) == (place->kind == TKE_PLAN_CARD_CA);

        if (right_kind && (original != NULL ? is_copy(card, original, place->kind)
                                            : has_what(card, place->kind))) {
            g_ptr_array_remove_index(left, i);
            return card;
        }
    }
    return NULL;
}

/* First the originals, so that no copy is taken for one: the copies of each follow it at once. */
static void
place_made(GPtrArray *set, GPtrArray *left)
{
    const TkeInventoryCard *original = NULL;

    for (guint i = 0; i < set->len; i++) {
        TkePlanCard *place = set->pdata[i];

        if (place->backup == 0) {
            original = take(left, place, NULL);
            place->card = original;
        } else if (original != NULL) {
            place->card = take(left, place, original);
        }
        if (place->card != NULL) {
            place->step = TKE_PLAN_DONE;
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

            if (card->kind == TKE_CARD_KIND_EP11 && !card->has_key && card->n_parts == 0) {
                place->card = card;
                place->step = !card->personalised  ? TKE_PLAN_TO_PERSONALISE
                              : place->backup == 0 ? TKE_PLAN_TO_GENERATE
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
    place_empty(set, left);
    return set;
}

char *
tke_card_plan_label(const TkePlanCard *card)
{
    g_autofree char *what = card->kind == TKE_PLAN_CARD_CA    ? g_strdup(_("CA card"))
                            : card->kind == TKE_PLAN_CARD_KEY ? g_strdup_printf(_("Administrator %u"),
                                                                                card->number)
                            : card->kind == TKE_PLAN_CARD_PART
                                ? g_strdup_printf(_("Key part %u"), card->number)
                                : g_strdup_printf(_("Holder %u: signature key and key part"),
                                                  card->number);

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
    case TKE_PLAN_DONE:
    default:
        return NULL;
    }
}
