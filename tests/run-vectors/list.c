/*
 * All arrays of handlers; one line each.
 */
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_der[];
extern const VectorKind vectors_later[];
extern const VectorKind vectors_requests[];

const VectorKind *const vector_lists[] = {
    vectors_der,
    vectors_later,
    vectors_requests,
    NULL,
};
