/*
 * PINs of cards in use: unblock an EP11 card, change a PIN (functions 2.5, 2.8, 2.9; F-023, F-028,
 * F-029).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"

/* CA card of the card's zone in reader 1, both PINs; blocked EP11 card in reader 2. */
TKE_PUBLIC bool tke_op_card_unblock(TkeOperation *op, TkeCardStatus *card, GError **error);

typedef struct TkeCardChangePinParams {
    unsigned reader; /* 1: a CA card; 2: an EP11 card */
    unsigned pin;    /* 1 or 2, of a CA card */
    /* Of a CA card: which of the two is asked for once the card is there (2.5, step 2); what is in
     * it is proposed, then it holds the answer. NULL: pin is meant. */
    unsigned *ask_pin;
    const uint8_t *other_than; /* card id that it must not have; NULL: any */
    unsigned n_other_than;     /* of so many, one after the other; 0: of one */
    const uint8_t *zone_id;    /* 8 bytes: of which it has to be; NULL: any */
    const char *title;         /* what to insert, one sentence; NULL: made from reader */
} TkeCardChangePinParams;

TKE_PUBLIC bool tke_op_card_change_pin(TkeOperation *op, const TkeCardChangePinParams *params,
                                       TkeCardStatus *card, GError **error);

/*
 * After the change of a PIN (1 or 2) of the CA card in reader 1: offers to enter the other one, which
 * the change has cost a try (2.5). entered: it was, and card is as it is now; false: it is left for
 * later, also by who does not type it. Fails where the entry shows that something is wrong.
 */
TKE_PUBLIC bool tke_op_card_offer_other_pin(TkeOperation *op, unsigned changed, bool *entered,
                                            TkeCardStatus *card, GError **error);

/*
 * After that: offers to change a PIN of a backup, which has kept its own (2.5, step 4). wanted: now.
 * changed: the card whose PIN was changed first, and backups where that was done since; they are not
 * taken. done: it was changed, and card is the backup; false without error: it was stopped.
 */
TKE_PUBLIC bool tke_op_card_offer_backup_pin(TkeOperation *op, bool *wanted, GError **error);
TKE_PUBLIC bool tke_op_card_change_backup_pin(TkeOperation *op, unsigned pin,
                                              const TkeCardStatus *changed, unsigned n_changed,
                                              TkeCardStatus *card, bool *done, GError **error);
