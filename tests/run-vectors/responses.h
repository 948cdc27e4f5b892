/*
 * Answers of crypto units in golden cases.
 */
#pragma once

#include "tests/run-vectors/vectors.h"

/* Compares outcome, kind and codes of an error; true if there are results to compare. */
bool vector_check_error(Vector *vector, const GError *error);

/*
 * The EP11 answer in the input "htp_response"; the vector owns it. NULL and error if there is
 * none. What the case expects of the framing is compared.
 */
GByteArray *vector_open_response(Vector *vector, GError **error);
