/*
 * Signatures by administrators' cards: signer.h on an EP11 card, and the gathering of as many
 * different ones as the commands need (functions 3.2, P-6; F-052, F-054).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libep11admin/signer.h"
#include "libep11admin/unit-command.h"
#include "libsmartcard/card.h"
#include "libsmartcard/ep11-card-signer.h"

/*
 * A signer on the card, whose PIN is verified; key is what the card holds. Borrows the card, which
 * outlives the signer. Owned by the caller.
 */
TKE_PUBLIC TkeSigner *tke_card_signer_new(TkeCard *card, const TkeSignatureKey *key);

/*
 * Asks for cards in reader 1, one after the other, until every command has the signatures it
 * needs; each card signs for all units in one visit, and a card that is in and unlocked is used
 * without a prompt. A card that has signed, or whose key is no administrator in every unit that
 * still needs a signature, does not fit; the prompt says which units lack it. sent: other commands
 * of the step have gone out before, for the message. skis (may be NULL): identifiers of the
 * signers are added, hex texts. Nothing is sent here.
 */
TKE_PUBLIC bool tke_card_signer_collect(TkeOperation *op, TkeUnitCommand *const *commands, size_t n,
                                        bool sent, GPtrArray *skis, GError **error);
