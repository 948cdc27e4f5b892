/*
 * TkeSecret: a fixed-size buffer for key parts, session keys and PINs.
 *
 * The bytes live on the locked secure heap and are wiped on free. There is
 * deliberately no function that prints them or copies them elsewhere.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_SECRET_MAX 8192u        /* bytes in one secret */
#define TKE_SECRET_HEAP_SIZE 65536u /* bytes of locked memory of a program */

typedef struct TkeSecret TkeSecret;

/*
 * Sets up the locked heap, once for each process; later calls do nothing. Fails with
 * TKE_ERROR_SECURE_MEMORY, naming the remedy, when the memory cannot be locked. A child made by
 * fork() inherits the heap with its contents but not the lock on it: it calls this again, which
 * locks it anew.
 */
TKE_PUBLIC bool tke_secret_heap_init(GError **error);

/*
 * Returns a zeroed secret of len bytes (1..TKE_SECRET_MAX), owned by the
 * caller. Fails with TKE_ERROR_SECURE_MEMORY when the secure heap is full or
 * was never set up; it does not fall back to ordinary memory.
 */
TKE_PUBLIC TkeSecret *tke_secret_new(size_t len, GError **error);

/* The same, filled with len random bytes from OpenSSL's private generator. */
TKE_PUBLIC TkeSecret *tke_secret_new_random(size_t len, GError **error);

/* The same, filled from bytes; the caller wipes its own copy (which should be on the secure
 * heap). */
TKE_PUBLIC TkeSecret *tke_secret_new_from(const uint8_t *bytes, size_t len, GError **error);

/* A secret of the bytes offset..offset+len-1 of another one. Out of range:
 * TKE_ERROR_INVALID_DATA. */
TKE_PUBLIC TkeSecret *tke_secret_new_slice(const TkeSecret *secret, size_t offset, size_t len,
                                           GError **error);

/* Borrowed views, valid until the secret is freed; len may be NULL. */
TKE_PUBLIC const uint8_t *tke_secret_bytes(const TkeSecret *secret, size_t *len);
TKE_PUBLIC uint8_t *tke_secret_fill(TkeSecret *secret, size_t *len);
TKE_PUBLIC size_t tke_secret_len(const TkeSecret *secret);

/* Equal length and content, compared in constant time for a given length. */
TKE_PUBLIC bool tke_secret_equal(const TkeSecret *a, const TkeSecret *b);

/* a ^= b; both have the same length (programming error otherwise). */
TKE_PUBLIC void tke_secret_xor(TkeSecret *a, const TkeSecret *b);

TKE_PUBLIC void tke_secret_free(TkeSecret *secret); /* wipes; NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeSecret, tke_secret_free)

/* Constant-time compare of public-length buffers that are not TkeSecrets (patterns, tags). */
TKE_PUBLIC bool tke_bytes_equal(const uint8_t *a, const uint8_t *b, size_t len);
