/*
 * What people have decided about their card set (functions 6.3, step 1): its numbers, the
 * thresholds, who holds each card and where it is kept. A file of the workstation, card-plan.json
 * beside the inventory; a rehearsal has its own.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/card-plan.h"
#include "libceremony/world.h"

#define TKE_CARD_PLAN_NOTE_MAX 60 /* characters of a name or place */

typedef struct TkeCardPlanNotes {
    TkeCardPlanParams params;
    unsigned signatures;  /* of a command, 1-8 */
    unsigned revocations; /* to remove an administrator, 1-8 */
    GPtrArray *places;    /* private */
} TkeCardPlanNotes;

/* One backup of each card, two administrators who sign together, two key parts. */
TKE_PUBLIC TkeCardPlanNotes *tke_card_plan_notes_new(void);
TKE_PUBLIC TkeCardPlanNotes *tke_card_plan_notes_copy(const TkeCardPlanNotes *notes);
TKE_PUBLIC void tke_card_plan_notes_free(TkeCardPlanNotes *notes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCardPlanNotes, tke_card_plan_notes_free)

/* Missing: as new. Damaged: TKE_ERROR_FILE that names the file, which stays as it is. */
TKE_PUBLIC TkeCardPlanNotes *tke_card_plan_notes_load(const TkeWorld *world, GError **error);
TKE_PUBLIC bool tke_card_plan_notes_save(const TkeCardPlanNotes *notes, const TkeWorld *world,
                                         GError **error);

/* Notes who holds the card of this place and where; what is longer than a note may be is cut
 * off. */
TKE_PUBLIC void tke_card_plan_notes_set(TkeCardPlanNotes *notes, const TkePlanCard *place,
                                        const char *holder, const char *stored);

/* Fills holder and stored of each card of the set; a backup is held by who holds the original
 * unless it is noted. */
TKE_PUBLIC void tke_card_plan_notes_apply(const TkeCardPlanNotes *notes, GPtrArray *set);

/* What is weak about the plan (6.4), sentences, translated; the weightiest first. The caller
 * frees. */
TKE_PUBLIC GStrv tke_card_plan_notes_advice(const TkeCardPlanNotes *notes, const GPtrArray *set);

/*
 * What is to be done with the set as a whole (6.3, steps 7 to 10). Done is what the cards that were
 * inserted tell; what no card tells is for people to tick off, on paper.
 */
typedef enum {
    TKE_PLAN_TICK_COMPARED, /* all cards made, checked and not blocked, and there are backups */
    TKE_PLAN_TICK_UNITS,    /* enough administrators have signed, all parts were encrypted */
    TKE_PLAN_TICK_BACKUP,   /* a backup with a signature key has signed */
    TKE_PLAN_TICK_SAFES,    /* never told by cards */
    TKE_PLAN_TICKS
} TkePlanTick;

TKE_PUBLIC bool tke_card_plan_notes_is_done(const TkeCardPlanNotes *notes, const GPtrArray *set,
                                            TkePlanTick tick);
TKE_PUBLIC const char *tke_card_plan_tick_text(TkePlanTick tick); /* translated */
/* All of them with their marks, a line each, translated. The caller frees. */
TKE_PUBLIC char *tke_card_plan_notes_ticks_text(const TkeCardPlanNotes *notes,
                                                const GPtrArray *set);

/*
 * The record of the set (6.3, step 10), translated, to be printed and signed: the thresholds, each
 * card with holder, place, identifiers and checks, and what is left to do. day: of today, in local
 * form. The caller frees.
 */
TKE_PUBLIC char *tke_card_plan_notes_record(const TkeCardPlanNotes *notes, const GPtrArray *set,
                                            const char *day, bool rehearsal);
