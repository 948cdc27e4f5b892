/*
 * The procedures of the menus (functions 2.3 to 2.13): what is asked before, which operation does
 * it, how it ended and what comes next. No widgets: forms and summaries are plain values.
 */
#pragma once

#include "gtk-common/procedure.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libceremony/op-zone.h"
#include "scup/cards.h"

/* What one run of a procedure knows; shared by main thread and worker, which take turns. */
typedef struct ScupStep {
    ScupCards *cards;          /* main thread only */
    TkeUiWorkplace *workplace; /* worker only */
    /* answers */
    char *description;
    TkeCardTexts texts; /* as the operation has asked for them */
    unsigned pin;
    unsigned place;
    uint8_t other_than[TKE_CARD_ID_LEN]; /* card that it is not to be */
    bool has_other_than;
    uint8_t *changed; /* ids of cards whose PINs were changed before: nor one of these */
    unsigned n_changed;
    uint8_t zone_id[TKE_ZONE_ID_LEN]; /* of the CA card that is wanted */
    char zone_description[TKE_CARD_TEXT_MAX + 1];
    bool has_zone_id;
    TkeDeleteParams deletion;
    char ski[65];
    /* results */
    TkeCardInfo *opened;
    TkeCardStatus card;
    TkeZoneResult zone;
    TkeDeleteResult deleted;
    char old[TKE_CARD_TEXT_MAX + 1];
    GPtrArray *infos;
    bool lasting; /* the readers are remembered */
} ScupStep;

/* The cards whose PINs were changed before, from what is known on the main thread. */
void scup_steps_take_changed(ScupStep *step);

/* Frees what a step owns. */
void scup_steps_clear(gpointer data);

/* The procedure of an action ("ca-init"); NULL: the action is none. */
const TkeUiProcedureKind *scup_steps_find(const char *action);

/* The names of all of them, NULL-terminated. */
const char *const *scup_steps_names(void);

/* By file. */
extern const TkeUiProcedureKind scup_steps_ca_init;
extern const TkeUiProcedureKind scup_steps_ca_backup;
extern const TkeUiProcedureKind scup_steps_ca_test;
extern const TkeUiProcedureKind scup_steps_ca_change_pin;
extern const TkeUiProcedureKind scup_steps_ca_change_copy;
extern const TkeUiProcedureKind scup_steps_ca_enter;
extern const TkeUiProcedureKind scup_steps_ep11_enroll;
extern const TkeUiProcedureKind scup_steps_ep11_personalize;
extern const TkeUiProcedureKind scup_steps_ep11_unblock;
extern const TkeUiProcedureKind scup_steps_ep11_change_pin;
extern const TkeUiProcedureKind scup_steps_ep11_change_copy;
extern const TkeUiProcedureKind scup_steps_ep11_describe;
extern const TkeUiProcedureKind scup_steps_ep11_contents;
extern const TkeUiProcedureKind scup_steps_card_check;
extern const TkeUiProcedureKind scup_steps_readers_identify;
extern const TkeUiProcedureKind scup_steps_readers_swap;
