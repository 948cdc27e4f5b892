/*
 * TkeGpKeySet: the issuer keys that open the card manager of a blank card.
 *
 * They come from a file of the user, never from a command line:
 *
 *     # cards of 2026, lot 17
 *     enc = 404142434445464748494a4b4c4d4e4f
 *     mac = 404142434445464748494a4b4c4d4e4f
 *     dek = 404142434445464748494a4b4c4d4e4f
 *     version = 00
 *     protocol = 03
 *     level = 03
 *
 * Keys are hex texts of 16, 24 or 32 bytes, all of one length. version (00: whichever the card
 * names), protocol (02 or 03; absent: whichever the card names) and level (01, 03, 11, 13, 33;
 * absent: 03) are hex and may be absent. There is no diversification: the keys are the card's own.
 * The file belongs to the user and gives nobody else a right (mode 0600). Keys live in TkeSecrets
 * from the first byte read.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"
#include "common/secret.h"

#define TKE_GP_LEVEL_C_MAC 0x01u
#define TKE_GP_LEVEL_C_DEC 0x02u
#define TKE_GP_LEVEL_R_MAC 0x10u
#define TKE_GP_LEVEL_R_ENC 0x20u

#define TKE_GP_KEY_SET_MARK 9u

typedef struct TkeGpKeySet TkeGpKeySet;

/* The keys that makers put on test cards: 40..4F, three times. Everybody knows them. */
TKE_PUBLIC TkeGpKeySet *tke_gp_key_set_new_default(GError **error);

/* Errors (TKE_ERROR_FILE, TKE_ERROR_INVALID_DATA) name file and line, never a key. */
TKE_PUBLIC TkeGpKeySet *tke_gp_key_set_load(const char *path, GError **error);
/* The same from the text of such a file; name stands for it in errors. */
TKE_PUBLIC TkeGpKeySet *tke_gp_key_set_parse(const TkeSecret *text, const char *name,
                                             GError **error);

TKE_PUBLIC void tke_gp_key_set_free(TkeGpKeySet *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeGpKeySet, tke_gp_key_set_free)

typedef enum { TKE_GP_KEY_ENC, TKE_GP_KEY_MAC, TKE_GP_KEY_DEK, TKE_GP_KEYS } TkeGpKey;

TKE_PUBLIC const TkeSecret *tke_gp_key_set_get_key(const TkeGpKeySet *keys, TkeGpKey key);
TKE_PUBLIC uint8_t tke_gp_key_set_get_version(const TkeGpKeySet *keys);
TKE_PUBLIC uint8_t tke_gp_key_set_get_protocol(const TkeGpKeySet *keys); /* 2, 3; 0: any */
TKE_PUBLIC uint8_t tke_gp_key_set_get_level(const TkeGpKeySet *keys);
/* Adds to what the file wants: TKE_GP_LEVEL_C_DEC before an applet is loaded. */
TKE_PUBLIC void tke_gp_key_set_raise_level(TkeGpKeySet *keys, uint8_t level);
TKE_PUBLIC bool tke_gp_key_set_is_default(const TkeGpKeySet *keys);

/* "default test keys", or the file's name; for people. */
TKE_PUBLIC const char *tke_gp_key_set_get_name(const TkeGpKeySet *keys);

/* Check values of the keys, which tell key sets apart and are public. */
TKE_PUBLIC const uint8_t *tke_gp_key_set_get_mark(const TkeGpKeySet *keys);
