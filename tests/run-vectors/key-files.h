/*
 * Key file objects of the cases as signers.
 */
#pragma once

#include "libep11admin/signer.h"
#include "tests/run-vectors/vectors.h"

/* The signer of one key file object; NULL (and the case failed) if it cannot be had. */
TkeSigner *vector_key_file(Vector *vector, JsonObject *key_file);

/* Array of TkeSigner, one for each object of an array of them, in their order. */
GPtrArray *vector_key_files(Vector *vector, JsonObject *object, const char *member);
