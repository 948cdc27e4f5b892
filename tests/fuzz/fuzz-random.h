/*
 * What a target draws at random: never twice the same, and the same each time it runs. OpenSSL's
 * own generator keeps pointers on the secure heap, where a search for leaks between two inputs
 * does not look.
 */
#pragma once

#include <openssl/rand.h>

#include "tests/fuzz/fuzz.h"

static inline int
fuzz_random_draw(unsigned char *out, int len)
{
    static uint64_t state = 0x9E3779B97F4A7C15u;

    for (int i = 0; i < len; i++) { /* xorshift64 */
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out[i] = (unsigned char) (state >> 32);
    }
    return 1;
}

static inline int
fuzz_random_is_seeded(void)
{
    return 1;
}

/* For all of OpenSSL's generators at once 3.0 has only the way of before. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline void
fuzz_random_start(void)
{
    static const RAND_METHOD method = { .bytes = fuzz_random_draw,
                                        .pseudorand = fuzz_random_draw,
                                        .status = fuzz_random_is_seeded };

    FUZZ_REQUIRE(RAND_set_rand_method(&method) == 1);
}
#pragma GCC diagnostic pop
