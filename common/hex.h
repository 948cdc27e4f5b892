/*
 * Hex text.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "common/secret.h"

/* Lower-case (upper-case) hex digits of len bytes; the caller frees. */
TKE_PUBLIC char *tke_hex_encode(const uint8_t *bytes, size_t len);
TKE_PUBLIC char *tke_hex_encode_upper(const uint8_t *bytes, size_t len);

/*
 * The bytes of a text of hex digits in either case, nothing else in it (text_len -1: up to the
 * NUL). Odd number of digits or another character: TKE_ERROR_INVALID_DATA. Empty text: empty array.
 */
TKE_PUBLIC GByteArray *tke_hex_decode(const char *text, gssize text_len, GError **error);

/* The same for a value whose length is known; another length is an error. */
TKE_PUBLIC bool tke_hex_decode_exact(const char *text, uint8_t *out, size_t len, GError **error);

/*
 * The bytes of secret hex text (typed key part values, key files), on the secure heap like the
 * text. The error names the place of a wrong character, never the character.
 */
TKE_PUBLIC TkeSecret *tke_hex_decode_secret(const TkeSecret *text, GError **error);

/* Hex digits for people: upper case in groups of group digits, parted by sep ("XXXX-XXXX-…"). */
TKE_PUBLIC char *tke_hex_grouped(const uint8_t *bytes, size_t len, unsigned group, char sep);
