/*
 * A zone and its CA cards: create a zone, back up its CA card (functions 2.3 and 2.4; F-021,
 * F-022).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/op-card.h"
#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"

typedef struct TkeZoneCreateParams {
    const char *zone_description; /* 0-30 printable ASCII characters */
    const char *card_description;
    /* asked for when both PINs are set (2.3, steps 5 and 6); NULL: the two above are meant */
    TkeCardTexts *ask;
} TkeZoneCreateParams;

typedef struct TkeZoneResult {
    TkeCardStatus card;   /* the CA card that was made */
    TkeCardStatus source; /* of a backup: the card it was made from */
} TkeZoneResult;

/*
 * Reader 1: a blank card becomes the CA card of a new zone; both PINs are set. Goes on where an
 * earlier try stopped. result may be NULL.
 */
TKE_PUBLIC bool tke_op_zone_create(TkeOperation *op, const TkeZoneCreateParams *params,
                                   TkeZoneResult *result, GError **error);

typedef struct TkeZoneBackupParams {
    const char *card_description; /* of the backup; NULL: as the source's */
    /* asked for when the backup has the zone (2.4, step 4); NULL: the one above is meant */
    TkeCardTexts *ask;
} TkeZoneBackupParams;

typedef struct TkeZoneTestParams {
    const uint8_t *zone_id;       /* 8 bytes: of which it has to be a CA card; NULL: any */
    const char *zone_description; /* what that zone is called; NULL: as a card seen has said */
    const uint8_t *other_than;    /* card id: the card it was made from; NULL: not known */
    /* neither is known: a card of which this workstation knows backups, and no card that it was made
     * from, is not the backup, and shows of which zone it has to be */
    bool find;
} TkeZoneTestParams;

/*
 * Reader 1: a backup of the CA card shows that it could take the other's place: it is of the zone,
 * its two PINs are known, and it is genuine (6.3, step 2). Nothing is changed. result->card: the
 * card; may be NULL.
 */
TKE_PUBLIC bool tke_op_zone_test(TkeOperation *op, const TkeZoneTestParams *params,
                                 TkeZoneResult *result, GError **error);

/*
 * What a backup of the CA card of this description may be called: the description, cut off where
 * it is too long, and what it is. To be freed.
 */
TKE_PUBLIC char *tke_op_zone_propose_backup(const char *description);

/* Reader 1: CA card, both PINs fresh; reader 2: blank card, which gets two PINs of its own. */
TKE_PUBLIC bool tke_op_zone_backup(TkeOperation *op, const TkeZoneBackupParams *params,
                                   TkeZoneResult *result, GError **error);
