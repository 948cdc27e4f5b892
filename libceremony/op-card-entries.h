/*
 * What is on an EP11 card, chosen by the operator: to be copied or deleted. Not installed.
 */
#pragma once

#include <stdbool.h>

#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card-transfer.h"
#include "libsmartcard/ep11-card-keys.h"

typedef struct TkeEntriesQuestion {
    const char *what;       /* for programs: "copied", "deleted" */
    const char *title;      /* translated */
    const char *everything; /* translated: stands for all of them; NULL: they are named singly */
} TkeEntriesQuestion;

/* Asks for one entry after another until the operator says that this is all. Where the card holds
 * one only nothing is asked. */
bool tke_op_card_choose_entries(TkeOperation *op, const TkeEntriesQuestion *question,
                                const TkeCardStatus *status, const TkeKeyPartList *list,
                                TkeTransferPlan *chosen, GError **error);

/* Whether the card's signature key begins with these digits, at least 8 of them. */
bool tke_op_card_has_ski(const TkeCardStatus *status, const char *digits);
