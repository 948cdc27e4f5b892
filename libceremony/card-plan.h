/*
 * The set of cards a zone needs (functions 6.3; F-043): how many, which, and which of them are
 * made. What is made is seen in the inventory, wherever it was made.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/inventory.h"

typedef struct TkeCardPlanParams {
    unsigned backups;        /* of every card, 0-3 */
    unsigned administrators; /* 1-8 */
    unsigned parts;          /* 2-3 */
    /* a holder's signature key and key part on one card: as many of both */
    bool together;
} TkeCardPlanParams;

typedef enum {
    TKE_PLAN_CARD_CA,
    TKE_PLAN_CARD_KEY,
    TKE_PLAN_CARD_PART,
    TKE_PLAN_CARD_BOTH,
} TkePlanCardKind;

typedef enum {
    TKE_PLAN_TO_INIT,        /* zone and CA card */
    TKE_PLAN_TO_BACK_UP,     /* the CA card */
    TKE_PLAN_TO_ENROLL,      /* a card is missing */
    TKE_PLAN_TO_PERSONALISE, /* it has no PIN */
    TKE_PLAN_TO_GENERATE,    /* its key or part */
    TKE_PLAN_TO_COPY,        /* from its original */
    TKE_PLAN_TO_UNBLOCK,     /* an EP11 card whose PIN is blocked */
    TKE_PLAN_TO_TEST,        /* the backup of the CA card: same zone, genuine */
    TKE_PLAN_TO_CHECK,       /* all is on it, and it has not proved itself with it yet */
    TKE_PLAN_DONE,
} TkePlanStep;

/* One card of the set. */
typedef struct TkePlanCard {
    TkePlanCardKind kind;
    unsigned number; /* which administrator, part or holder, from 1; CA: 1 */
    unsigned backup; /* 0: the original */
    TkePlanStep step;
    const TkeInventoryCard *card; /* borrowed from the inventory; NULL: none yet */
    /* borrowed: a card of no use any more (tke_inventory_is_useless) that would be here, or one that
     * holds more, or less, than is to be on this one; NULL: none */
    const TkeInventoryCard *unfit;
    const char *holder; /* who has it; borrowed from card-plan-notes; NULL: not noted */
    const char *stored; /* where it is kept; the same */
} TkePlanCard;

/*
 * The CA card of the zone that is to be tested next as a backup: rather one that is of use, then
 * one that is not checked, and rather not the card with this id (NULL: none). zone_id: as below.
 * Borrowed; NULL: there is no other.
 */
TKE_PUBLIC const TkeInventoryCard *tke_card_plan_find_backup(const TkeInventory *inventory,
                                                             const uint8_t *zone_id,
                                                             const uint8_t *rather_not);

/* How many cards the set has; 0: the parameters make no set (together with unequal numbers, out of
 * range). */
TKE_PUBLIC unsigned tke_card_plan_count(const TkeCardPlanParams *params);

/*
 * The set, in the order in which it is made; TkePlanCard, to be freed. zone_id: the zone; NULL:
 * the one whose CA card was seen last. An original has a signature key or key part that no other
 * original of the set has: a copy is no second administrator. Nor does a card count that holds
 * more than the plan puts on one, that is not genuine, or a CA card that is lost for good.
 */
TKE_PUBLIC GPtrArray *tke_card_plan_make(const TkeCardPlanParams *params,
                                         const TkeInventory *inventory, const uint8_t *zone_id);

/*
 * The first card of the set whose step is one that people start (procedures of functions 2): keys,
 * parts and copies are made in another program, and an EP11 card proves itself when it is put in.
 * Borrowed; NULL: there is none.
 */
TKE_PUBLIC const TkePlanCard *tke_card_plan_find_next(const GPtrArray *set);

/* All that is to be on the card is there, whether it is checked or not. */
TKE_PUBLIC bool tke_card_plan_is_made(const TkePlanCard *card);

/* "Administrator 2, backup 1", translated: the label of the card. The caller frees. */
TKE_PUBLIC char *tke_card_plan_label(const TkePlanCard *card);

/* Why a card does not count for this place, translated; the caller frees; NULL: there is none. */
TKE_PUBLIC char *tke_card_plan_unfit_text(const TkePlanCard *card);

/* What is to be done, one sentence, translated; NULL when done. */
TKE_PUBLIC const char *tke_card_plan_step_text(const TkePlanCard *card);

/*
 * What is written on each card, translated, to be printed: with lines to write on for what is not
 * known, holder and place of storage too; rehearsal: the word is on each. The caller frees.
 */
TKE_PUBLIC char *tke_card_plan_labels_text(const GPtrArray *set, bool rehearsal);

/*
 * The labels of a set as CSV with a heading line (RFC 4180), which is not translated; the first
 * column is the label as above. A holder and a place of storage that are not noted are left empty.
 * rehearsal: as in tke_inventory_to_csv. The caller frees.
 */
TKE_PUBLIC char *tke_card_plan_labels_to_csv(const GPtrArray *set, bool rehearsal);
