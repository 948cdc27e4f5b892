/*
 * What every fuzz target defines: fuzz-NAME.c parses the bytes with one parser of the product and
 * checks what must hold whatever they are. Seeds are in corpus/NAME/; every crash found becomes
 * one more.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Something that must hold does not. */
#define FUZZ_REQUIRE(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)
