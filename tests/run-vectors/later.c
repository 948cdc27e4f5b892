/*
 * Parts of file 06, files 10 and 11: primitives of key files, signing service, check of a
 * transition. The product gets these with its support for key files and recovery units.
 */
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_later[];

static void
skip(Vector *vector)
{
    vector_skip(vector, "comes with key files and recovery units");
}

const VectorKind vectors_later[] = {
    { "06-key-files", "derive-and-decrypt", skip, NULL },
    { "10-signing-service", "public-key", skip, NULL },
    { "10-signing-service", "sign", skip, NULL },
    { "10-signing-service", "signer-info", skip, NULL },
    { "10-signing-service", "admin-certificate", skip, NULL },
    { "10-signing-service", "public-key-error", skip, NULL },
    { "10-signing-service", "sign-error", skip, NULL },
    { "11-check-transition", "inputs", skip, NULL },
    { "11-check-transition", "transition", skip, NULL },
    { 0 },
};
