/*
 * Key parts on an EP11 card (card-protocol.md, 8.3): list, generate, describe, delete, encrypt for
 * an importer key. Part values never leave the card in clear. PIN verified, except for the list.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/ec-key.h"
#include "common/public.h"
#include "libsmartcard/card.h"
#include "libsmartcard/card-identity.h"

#define TKE_EP11_PLACES 85u
#define TKE_EP11_UKM_LEN 40u
#define TKE_EP11_WRAPPED_LEN 40u

/* Origin: low half how it came into being, bit 4 when it came from another card. */
#define TKE_ORIGIN_MADE 0x00u
#define TKE_ORIGIN_FILE 0x02u
#define TKE_ORIGIN_TYPED 0x03u
#define TKE_ORIGIN_COPIED 0x10u

/* "generated on card", "copied from card", "copied from file", "typed" (F-031): for programs, marked
 * for translation; and translated. */
TKE_PUBLIC const char *tke_ep11_card_origin_word(uint8_t origin);
TKE_PUBLIC const char *tke_ep11_card_origin_text(uint8_t origin);

typedef struct TkeKeyPart {
    uint8_t place; /* 1–85, the number people see */
    uint8_t origin;
    uint8_t vp[TKE_VP_LEN];
    char description[TKE_CARD_TEXT_MAX + 1];
} TkeKeyPart;

typedef struct TkeKeyPartList {
    unsigned n;
    TkeKeyPart parts[TKE_EP11_PLACES]; /* by place, ascending */
} TkeKeyPartList;

/* All parts; n_parts is what the card's status says. Fewer or more: TKE_CARD_ERROR_PROTOCOL. No
 * command is sent for 0. */
TKE_PUBLIC bool tke_ep11_card_query_parts(TkeCard *card, unsigned n_parts, TkeKeyPartList *list,
                                          GError **error);

/* One page from place first on, appended to list. Parser alone: parse_parts. */
TKE_PUBLIC bool tke_ep11_card_query_parts_page(TkeCard *card, uint8_t first, TkeKeyPartList *list,
                                               GError **error);
TKE_PUBLIC bool tke_ep11_card_parse_parts(const uint8_t *data, size_t len, uint8_t first,
                                          TkeKeyPartList *list, GError **error);

/* The part with this pattern (compared in 28 bytes), or NULL. Borrowed from the list. */
TKE_PUBLIC const TkeKeyPart *tke_key_part_list_find(const TkeKeyPartList *list,
                                                    const uint8_t vp[static TKE_VP_LEN]);

/* Draws a new part on the card. Full: TKE_CARD_ERROR_FULL. */
TKE_PUBLIC bool tke_ep11_card_generate_part(TkeCard *card, const char *description,
                                            TkeKeyPart *part, GError **error);
TKE_PUBLIC bool tke_ep11_card_describe_part(TkeCard *card, uint8_t place, const char *description,
                                            GError **error);
/* Deletes the part at the place if it has the pattern (TKE_CARD_ERROR_REFUSED if another). */
TKE_PUBLIC bool tke_ep11_card_delete_part(TkeCard *card, uint8_t place,
                                          const uint8_t vp[static TKE_VP_LEN], GError **error);

typedef enum {
    TKE_WRAP_WITH_NULL = 0x00, /* shared info with the NULL of its algorithm identifier */
    TKE_WRAP_WITHOUT_NULL = 0x01,
} TkeWrapForm;

/* A part encrypted for one importer key: all public. */
typedef struct TkeWrappedPart {
    uint8_t ephemeral_point[TKE_EC_POINT_LEN];
    uint8_t vp[TKE_VP_LEN];
    uint8_t ukm[TKE_EP11_UKM_LEN];
    uint8_t wrapped[TKE_EP11_WRAPPED_LEN];
} TkeWrappedPart;

/*
 * The card encrypts the part at a place for an importer point. vp is the pattern the custodian
 * confirmed; another one in the answer is TKE_CARD_ERROR_PROTOCOL. The ephemeral point is on the
 * curve.
 */
TKE_PUBLIC bool tke_ep11_card_wrap_part(TkeCard *card, uint8_t place,
                                        const uint8_t vp[static TKE_VP_LEN],
                                        const uint8_t importer_point[static TKE_EC_POINT_LEN],
                                        TkeWrapForm form, TkeWrappedPart *out, GError **error);
