/*
 * Keys of golden cases beyond the signers of key-files.h.
 */
#pragma once

#include "libep11admin/signer.h"
#include "common/openssl.h"
#include "tests/run-vectors/vectors.h"

/*
 * Opens the key file with a password of the case. The vector owns the signer. NULL with error set
 * if it cannot be opened.
 */
TkeSigner *vector_open_key_file(Vector *vector, JsonObject *key_file, const char *password,
                                GError **error);

/* The public key of a signer made from a key file; the vector owns it. NULL fails the case. */
EVP_PKEY *vector_signer_key(Vector *vector, TkeSigner *signer);

/* The point of two members, coordinates of 66 bytes. False fails the case. */
bool vector_point(Vector *vector, JsonObject *object, const char *x, const char *y,
                  uint8_t out[static 133]);
