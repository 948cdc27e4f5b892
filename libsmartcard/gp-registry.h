/*
 * The card manager's registry: what it says of itself, which packages and applets are on a card,
 * deleting, keys (GlobalPlatform 2.3, 11).
 *
 * What is read without keys comes from cards of any maker and is taken as far as it can be
 * understood; what decides something is read under the secure channel and must have the form of
 * the specification.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/card.h"
#include "libsmartcard/gp-aid.h"
#include "libsmartcard/gp-scp.h"

#define TKE_GP_CPLC_LEN 42u
#define TKE_GP_CHANNELS_MAX 8u
#define TKE_GP_KEY_INFOS_MAX 32u

/* One secure channel protocol that a card offers (card recognition data, tag 64). */
typedef struct TkeGpChannelInfo {
    uint8_t protocol, options;
} TkeGpChannelInfo;

/* One key of the card manager (key information template, tag E0). */
typedef struct TkeGpKeyInfo {
    uint8_t id, version, type, len;
} TkeGpKeyInfo;

/* What a card manager tells everybody. Absent things are zero. */
typedef struct TkeGpCardData {
    bool has_aid;
    TkeGpAid aid;     /* of the issuer security domain */
    bool locked;      /* it says that its issuer has locked the card */
    char version[16]; /* of GlobalPlatform, "2.3"; "" if not told */
    unsigned n_channels;
    TkeGpChannelInfo channels[TKE_GP_CHANNELS_MAX];
    unsigned n_keys;
    TkeGpKeyInfo keys[TKE_GP_KEY_INFOS_MAX];
    bool has_cplc;
    uint8_t cplc[TKE_GP_CPLC_LEN]; /* what the maker wrote about this very card */
    bool has_free;
    uint32_t free_bytes; /* of lasting memory */
} TkeGpCardData;

/* Selects the card manager (empty AID). None answers: TKE_CARD_ERROR_UNSUITABLE. */
TKE_PUBLIC bool tke_gp_registry_select(TkeCard *card, TkeGpCardData *data, GError **error);

/* The rest of what it tells without keys: GET DATA 66, E0, 9F7F, FF21. Goes on where a card tells
 * nothing. */
TKE_PUBLIC bool tke_gp_registry_query_data(TkeCard *card, TkeGpCardData *data, GError **error);

/* Parsers of these answers; what cannot be understood is left out. */
TKE_PUBLIC void tke_gp_registry_parse_select(const uint8_t *bytes, size_t len, TkeGpCardData *data);
TKE_PUBLIC void tke_gp_registry_parse_recognition(const uint8_t *bytes, size_t len,
                                                  TkeGpCardData *data);
TKE_PUBLIC void tke_gp_registry_parse_keys(const uint8_t *bytes, size_t len, TkeGpCardData *data);
TKE_PUBLIC void tke_gp_registry_parse_cplc(const uint8_t *bytes, size_t len, TkeGpCardData *data);
TKE_PUBLIC void tke_gp_registry_parse_free(const uint8_t *bytes, size_t len, TkeGpCardData *data);

/* An application (its load file is the package it came from) or a package. */
typedef struct TkeGpEntry {
    TkeGpAid aid;
    uint8_t life_cycle;
    bool has_package;
    TkeGpAid package;
} TkeGpEntry;

typedef struct TkeGpRegistry {
    uint8_t card_life_cycle;
    GArray *applications; /* of TkeGpEntry */
    GArray *packages;
} TkeGpRegistry;

#define TKE_GP_OP_READY 0x01u
#define TKE_GP_INITIALIZED 0x07u
#define TKE_GP_SECURED 0x0Fu
#define TKE_GP_CARD_LOCKED 0x7Fu
#define TKE_GP_TERMINATED 0xFFu

/* Lists the card (GET STATUS, as many answers as it takes). */
TKE_PUBLIC TkeGpRegistry *tke_gp_registry_query(TkeGpScp *scp, GError **error);
TKE_PUBLIC void tke_gp_registry_free(TkeGpRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeGpRegistry, tke_gp_registry_free)

/* The entries of a whole answer; NULL if it has not the form of the specification. */
TKE_PUBLIC GArray *tke_gp_registry_parse_entries(const uint8_t *bytes, size_t len);

TKE_PUBLIC bool tke_gp_registry_has_package(const TkeGpRegistry *registry, const TkeGpAid *aid);

/* "SECURED", as the specification calls it; never NULL. Not translated. */
TKE_PUBLIC const char *tke_gp_registry_life_cycle_text(uint8_t life_cycle);

/* Free lasting memory, asked under the channel, for cards that tell it nobody else. found: it is
 * told. */
TKE_PUBLIC bool tke_gp_registry_query_free(TkeGpScp *scp, bool *found, uint32_t *bytes,
                                           GError **error);

/* Deletes a package with all that was made of it. found: it was there. */
TKE_PUBLIC bool tke_gp_registry_delete(TkeGpScp *scp, const TkeGpAid *aid, bool *found,
                                       GError **error);

/*
 * Puts three new keys on the card (PUT KEY), as version of the new set, in place of the keys of
 * version replaced (0: besides those there are). The card's check values are compared.
 */
TKE_PUBLIC bool tke_gp_registry_put_keys(TkeGpScp *scp, const TkeGpKeySet *keys, uint8_t replaced,
                                         GError **error);
