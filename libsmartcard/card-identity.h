/*
 * What was inserted: CA card, EP11 card, empty, foreign, another version; and the card's status
 * (card-protocol.md, 6.1 and 12).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/card.h"

/* Section 4. CA cards know only BLANK and MEMBER. */
typedef enum {
    TKE_CARD_BLANK = 0x00,
    TKE_CARD_ZONE_KNOWN = 0x01,
    TKE_CARD_IDENTITY_MADE = 0x02,
    TKE_CARD_MEMBER = 0x03,       /* CA card of a zone; EP11 card enrolled, no PIN */
    TKE_CARD_PERSONALISED = 0x04, /* EP11 card with PIN */
} TkeCardLifeCycle;

typedef enum {
    TKE_PIN_NOT_SET = 0x00,
    TKE_PIN_SET = 0x01,
    TKE_PIN_BLOCKED = 0x02,
    TKE_PIN_VERIFIED = 0x03, /* verified now */
} TkePinState;

#define TKE_PIN_FIRST 0x81u
#define TKE_PIN_SECOND 0x82u
#define TKE_PIN_TRIES_CA 5u
#define TKE_PIN_TRIES_EP11 3u

typedef struct TkePinStatus {
    uint8_t reference;
    TkePinState state;
    unsigned tries_left;
} TkePinStatus;

/* A plain value; everything it holds is public. Kinds other than CA and EP11 fill kind (and for
 * another version version and applet) only. */
typedef struct TkeCardStatus {
    TkeCardKind kind;
    TkeCardKind applet; /* of another version: CA or EP11, whatever the version is */
    uint8_t version[3];
    TkeCardLifeCycle life_cycle;
    uint8_t card_id[TKE_CARD_ID_LEN];
    bool has_zone;
    uint8_t zone_id[TKE_ZONE_ID_LEN];
    char zone_description[TKE_CARD_TEXT_MAX + 1];
    unsigned n_pins; /* CA 2, EP11 1 */
    TkePinStatus pins[2];
    bool has_signature_key;
    uint8_t ski[32];
    char admin_name[TKE_CARD_TEXT_MAX + 1];
    unsigned n_parts, n_places; /* EP11: n_places 85 */
    uint32_t usage_counter;
    uint8_t usage_head[32];
    char description[TKE_CARD_TEXT_MAX + 1];
} TkeCardStatus;

/*
 * Finds out what the card is: SELECT EP11, perhaps SELECT CA, status; for a card with neither
 * applet the third is SELECT of the card manager. At most 3 APDUs (short; nothing in the status
 * needs collecting). Foreign and empty cards are success. Afterwards the applet found is selected.
 */
TKE_PUBLIC bool tke_card_recognise(TkeCard *card, TkeCardStatus *status, GError **error);

/* The status of the selected applet: one APDU. */
TKE_PUBLIC bool tke_card_query_status(TkeCard *card, TkeCardStatus *status, GError **error);

/*
 * Parses an answer to the status command (kind FOREIGN: whatever the answer says). Anything
 * that 6.1 does not allow is TKE_CARD_ERROR_PROTOCOL; objects after 8E are skipped.
 */
TKE_PUBLIC bool tke_card_status_parse(const uint8_t *data, size_t len, TkeCardKind kind,
                                      TkeCardStatus *status, GError **error);

/* A CA card one of whose PINs is blocked: nothing gives it its tries back (E-C10). */
TKE_PUBLIC bool tke_card_status_is_lost(const TkeCardStatus *status);

/* The status of one PIN, or NULL if this kind of card has none of that reference. */
TKE_PUBLIC const TkePinStatus *tke_card_status_get_pin(const TkeCardStatus *status,
                                                       uint8_t reference);

/*
 * Checks of a recognised card, each with the error that says what it is instead. zone_id NULL: any
 * zone. need_member: CA card of a zone; need_personalised: EP11 card with a PIN.
 */
TKE_PUBLIC bool tke_card_status_need_ca(const TkeCardStatus *status, const uint8_t *zone_id,
                                        GError **error);
TKE_PUBLIC bool tke_card_status_need_enrolled(const TkeCardStatus *status, const uint8_t *zone_id,
                                              GError **error);
TKE_PUBLIC bool tke_card_status_need_personalised(const TkeCardStatus *status,
                                                  const uint8_t *zone_id, GError **error);

/* An applet of ours without a zone holds nothing and counts as blank, as does an empty card (P-5).
 */
TKE_PUBLIC bool tke_card_status_is_blank(const TkeCardStatus *status);

/* Of TKE_CARD_KIND_OTHER_VERSION: the applet is newer than what this program knows; else it is
 * older. */
TKE_PUBLIC bool tke_card_status_is_newer(const TkeCardStatus *status);

/* "XXXX-XXXX-XXXX-XXXX", as card and zone ids are shown; the caller frees. */
TKE_PUBLIC char *tke_card_id_text(const uint8_t id[static 8]);

/* True for a text of 0 to 30 bytes 20–7E: descriptions. */
TKE_PUBLIC bool tke_card_text_is_description(const char *text);
/* True for an administrator name: 1–30 letters, digits, blank, ' ( ) + , - . / : = ?, no blank at
 * either end. */
TKE_PUBLIC bool tke_card_text_is_name(const char *text);

/* Description of the card (6.6). EP11: PIN; CA: both PINs. */
TKE_PUBLIC bool tke_card_set_description(TkeCard *card, const char *description, GError **error);

/* The ten marks of the probe (6.4), marks[0] being mark 01; answers that lack a must are success.
 */
TKE_PUBLIC bool tke_card_query_probe(TkeCard *card, bool marks[static 10], GError **error);
