/*
 * Cards that answer what an input says: each answer is two bytes of length and so many bytes.
 * Several cards may share one script. What the host draws at random is always the same, so that an
 * input does the same every time.
 */
#pragma once

#include <openssl/rand.h>
#include <string.h>

#include "common/byte-cursor.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/card-transport.h"
#include "tests/fuzz/fuzz.h"

#define CARD_SCRIPT_DRAWN 0x11

typedef struct CardScript {
    TkeCardConnection base;
    TkeByteCursor *script;
} CardScript;

static inline bool
card_script_exchange(TkeCardConnection *base, G_GNUC_UNUSED const uint8_t *command,
                     G_GNUC_UNUSED size_t len, uint8_t *response, size_t size, size_t *response_len,
                     GError **error)
{
    CardScript *card = (CardScript *) base;
    uint16_t n = 0;

    if (!tke_byte_cursor_u16(card->script, &n) || n > size ||
        !tke_byte_cursor_copy(card->script, response, n)) {
        g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED, "the script is over");
        return false;
    }
    *response_len = n;
    return true;
}

static inline bool
card_script_begin(G_GNUC_UNUSED TkeCardConnection *base, G_GNUC_UNUSED GError **error)
{
    return true;
}

static inline void
card_script_nothing(G_GNUC_UNUSED TkeCardConnection *base)
{
}

/* A card; script (borrowed) must live as long. */
static inline CardScript
card_script(TkeByteCursor *script)
{
    static const TkeCardConnectionOps ops = { .exchange = card_script_exchange,
                                              .begin = card_script_begin,
                                              .end = card_script_nothing,
                                              .close = card_script_nothing };

    return (CardScript){ .base = { .ops = &ops, .extended_length = true }, .script = script };
}

static inline int
card_script_draw(unsigned char *out, int len)
{
    memset(out, CARD_SCRIPT_DRAWN, (size_t) len);
    return 1;
}

static inline int
card_script_is_seeded(void)
{
    return 1;
}

/* For all of OpenSSL's generators at once 3.0 has only the way of before. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline void
card_script_draw_always_the_same(void)
{
    static const RAND_METHOD method = { .bytes = card_script_draw,
                                        .pseudorand = card_script_draw,
                                        .status = card_script_is_seeded };

    FUZZ_REQUIRE(RAND_set_rand_method(&method) == 1);
}
#pragma GCC diagnostic pop
