/*
 * Roots of golden cases: input "trusted_roots".
 */
#pragma once

#include "libep11admin/module-roots.h"
#include "tests/run-vectors/vectors.h"

/* A list of roots, or the word "built-in"; belongs to the vector. NULL fails the case. */
const TkeModuleRoots *vector_roots(Vector *vector);
