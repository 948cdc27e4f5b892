/*
 * Is the card genuine, and what was it used for: statement and usage log (card-protocol.md, 6.5 and
 * 9).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/card.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/zone-certificate.h"

#define TKE_STATEMENT_CHALLENGE_LEN 32u
#define TKE_USAGE_KEPT 128u
#define TKE_USAGE_PAGES 4u

typedef struct TkeCardStatement {
    uint32_t usage_counter;
    uint8_t usage_head[32];
    uint8_t contents[32];
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t signature_len;
} TkeCardStatement;

/* EP11 from enrolment on without PIN; CA with both PINs verified. Nothing is verified here. */
TKE_PUBLIC bool
tke_card_evidence_query_statement(TkeCard *card,
                                  const uint8_t challenge[static TKE_STATEMENT_CHALLENGE_LEN],
                                  TkeCardStatement *statement, GError **error);

/* Under the identity point (CA card: the zone's point). Wrong: TKE_CARD_ERROR_NOT_GENUINE. */
TKE_PUBLIC bool
tke_card_evidence_verify_statement(const TkeCardStatement *statement,
                                   const uint8_t zone_id[static TKE_ZONE_ID_LEN],
                                   const uint8_t card_id[static TKE_CARD_ID_LEN],
                                   const uint8_t challenge[static TKE_STATEMENT_CHALLENGE_LEN],
                                   const uint8_t point[static TKE_EC_POINT_LEN], GError **error);

/* The digest 8D that an EP11 card with this key (NULL: none) and these parts must state. */
TKE_PUBLIC bool tke_card_evidence_contents(const uint8_t *ski, const TkeKeyPartList *list,
                                           uint8_t out[static 32], GError **error);

/*
 * E-C22: certificates of zone and card, and a statement over a fresh challenge that also agrees
 * with the status (counter, head) and, if list is given, with the contents. zone: the zone the card
 * must belong to (checked certificate), or NULL: the one the card itself holds. A CA card needs
 * both PINs verified. Any doubt is TKE_CARD_ERROR_NOT_GENUINE and the message says which check
 * failed. identity (may be NULL) gets the card's certificate: what records are verified with.
 */
TKE_PUBLIC bool tke_card_evidence_check_genuine(TkeCard *card, const TkeCardStatus *status,
                                                const TkeKeyPartList *list,
                                                const TkeZoneCertificate *zone,
                                                TkeZoneCertificate *identity, GError **error);

/* ---- Usage log ---- */

typedef struct TkeUsageEntry {
    uint32_t counter;
    uint8_t operation; /* usage-operation.inc */
    uint8_t argument;
    uint8_t x[8];
    uint8_t y[16];
    uint8_t bytes[30]; /* all of it: what the head is made from */
} TkeUsageEntry;

/* "part encrypted" and so on, translated; "operation 17" for an unknown one. The caller frees. */
TKE_PUBLIC char *tke_card_evidence_operation_text(const TkeUsageEntry *entry);

typedef struct TkeUsageLog {
    uint32_t counter;
    uint8_t head[32];
    unsigned n;
    TkeUsageEntry entries[TKE_USAGE_KEPT]; /* oldest first, the last has number counter */
} TkeUsageLog;

/* One page: layout, numbers and order of its entries. */
TKE_PUBLIC bool tke_card_evidence_parse_page(const uint8_t *data, size_t len, unsigned page,
                                             TkeUsageLog *log, GError **error);
TKE_PUBLIC bool tke_card_evidence_query_page(TkeCard *card, unsigned page, TkeUsageLog *log,
                                             GError **error);

/* The head of a card that has done nothing, and what one entry makes of a head. */
TKE_PUBLIC bool tke_card_evidence_first_head(const uint8_t card_id[static TKE_CARD_ID_LEN],
                                             uint8_t head[static 32], GError **error);
TKE_PUBLIC bool tke_card_evidence_next_head(uint8_t head[static 32], const TkeUsageEntry *entry,
                                            GError **error);

/* Runs the entries after number since over since_head; a head other than the log's is
 * TKE_CARD_ERROR_NOT_GENUINE, entries missing in between TKE_CARD_ERROR_LOG_GAP. */
TKE_PUBLIC bool tke_card_evidence_check_chain(const TkeUsageLog *log, uint32_t since,
                                              const uint8_t since_head[static 32], GError **error);

/*
 * What the card did after operation number since, whose head was since_head (both noted earlier, or
 * counter 0 and the first head: since_head NULL). The chain is checked. Reads as few pages as it
 * takes. More than 128 operations ago: TKE_CARD_ERROR_LOG_GAP.
 */
TKE_PUBLIC bool tke_card_evidence_query_log(TkeCard *card, const TkeCardStatus *status,
                                            uint32_t since, const uint8_t *since_head,
                                            TkeUsageLog *log, GError **error);
