/*
 * The card's end of SCP03 (GlobalPlatform amendment D).
 */
#include "tests/support/gp-peer.h"

#include <check.h>
#include <string.h>

#include "common/aes.h"

#define KEY_LEN 16u
#define HEAD 5u

typedef struct Peer {
    TkeCardConnection base;
    TkeCardConnection *inner;
    TkeSecret *master, *enc, *mac;
    uint8_t context[16]; /* both challenges */
    uint8_t chain[16];
    uint16_t commands;
    bool open;
} Peer;

static const uint8_t zeros[16];

static void
derive(const Peer *peer, const TkeSecret *key, uint8_t constant, uint8_t bits,
       uint8_t out[static 16])
{
    uint8_t input[32] = { [11] = constant, [14] = bits, [15] = 1 };

    memcpy(input + 16, peer->context, sizeof peer->context);
    ck_assert(tke_aes_cmac(key, input, sizeof input, out, NULL));
}

static TkeSecret *
session_key(const Peer *peer, uint8_t constant)
{
    TkeSecret *key = tke_secret_new(KEY_LEN, NULL);

    ck_assert_ptr_nonnull(key);
    derive(peer, peer->master, constant, 128, tke_secret_fill(key, NULL));
    return key;
}

static void
answer_sw(uint16_t sw, uint8_t *response, size_t *len)
{
    response[0] = (uint8_t) (sw >> 8);
    response[1] = (uint8_t) sw;
    *len = 2;
}

static void
initialize(Peer *peer, const uint8_t *command, uint8_t *response, size_t *len)
{
    static const uint8_t head[13] = { 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x01, 0x03, 0x10 };
    uint8_t cryptogram[16];

    memcpy(peer->context, command + HEAD, 8);
    memcpy(peer->context + 8, "peer----", 8);
    tke_secret_free(peer->enc);
    tke_secret_free(peer->mac);
    peer->enc = session_key(peer, 0x04);
    peer->mac = session_key(peer, 0x06);
    memset(peer->chain, 0, sizeof peer->chain);
    peer->commands = 0;
    peer->open = false;
    derive(peer, peer->mac, 0x00, 64, cryptogram);
    memcpy(response, head, sizeof head);
    memcpy(response + 13, peer->context + 8, 8);
    memcpy(response + 21, cryptogram, 8);
    memcpy(response + 29, "\0\0\x05\x90\0", 5);
    *len = 34;
}

/* The MAC at the end of the data is right; len of the data without it. */
static bool
check_mac(Peer *peer, const uint8_t *command, size_t *len)
{
    uint8_t input[16 + HEAD + 255];

    if (command[4] < 8) {
        return false;
    }
    *len = command[4] - 8u;
    memcpy(input, peer->chain, 16);
    memcpy(input + 16, command, HEAD + *len);
    ck_assert(tke_aes_cmac(peer->mac, input, 16 + HEAD + *len, peer->chain, NULL));
    return memcmp(peer->chain, command + HEAD + *len, 8) == 0;
}

static void
decrypt(Peer *peer, uint8_t *data, size_t *len)
{
    uint8_t iv[16] = { [14] = (uint8_t) (peer->commands >> 8), [15] = (uint8_t) peer->commands };

    ck_assert_uint_eq(*len % 16, 0);
    ck_assert(tke_aes_cbc_bytes(peer->enc, true, zeros, iv, 16, iv, NULL));
    ck_assert(tke_aes_cbc_bytes(peer->enc, false, iv, data, *len, data, NULL));
    while (*len > 0 && data[*len - 1] == 0) {
        (*len)--;
    }
    ck_assert(*len > 0 && data[*len - 1] == 0x80);
    (*len)--;
}

static bool
secured(Peer *peer, const uint8_t *command, size_t command_len, uint8_t *response, size_t size,
        size_t *response_len, GError **error)
{
    const bool has_le = command_len == HEAD + command[4] + 1u;
    uint8_t plain[HEAD + 256];
    size_t len = 0;
    size_t plain_len = 4;

    if (!peer->open || !check_mac(peer, command, &len)) {
        peer->open = false;
        answer_sw(0x6982, response, response_len);
        return true;
    }
    peer->commands++;
    memcpy(plain, command, HEAD + len);
    plain[0] = 0x80;
    if (len > 0) {
        decrypt(peer, plain + HEAD, &len);
        plain[4] = (uint8_t) len;
        plain_len = HEAD + len;
    }
    if (has_le) {
        plain[plain_len++] = 0;
    }
    return peer->inner->ops->exchange(peer->inner, plain, plain_len, response, size, response_len,
                                      error);
}

static bool
authenticate(Peer *peer, const uint8_t *command, uint8_t *response, size_t *response_len)
{
    uint8_t cryptogram[16];
    size_t len = 0;

    derive(peer, peer->mac, 0x01, 64, cryptogram);
    ck_assert_uint_eq(command[2], 0x03);
    peer->open =
        check_mac(peer, command, &len) && len == 8 && memcmp(command + HEAD, cryptogram, 8) == 0;
    answer_sw(peer->open ? 0x9000 : 0x6300, response, response_len);
    return true;
}

static bool
exchange(TkeCardConnection *connection, const uint8_t *command, size_t len, uint8_t *response,
         size_t size, size_t *response_len, GError **error)
{
    Peer *peer = (Peer *) connection;

    connection->exchanges++;
    if (len > HEAD && command[0] == 0x80 && command[1] == 0x50) {
        initialize(peer, command, response, response_len);
        return true;
    }
    if (len > HEAD && command[0] == 0x84 && command[1] == 0x82) {
        return authenticate(peer, command, response, response_len);
    }
    if (len > HEAD && command[0] == 0x84) {
        return secured(peer, command, len, response, size, response_len, error);
    }
    peer->open = false;
    return peer->inner->ops->exchange(peer->inner, command, len, response, size, response_len,
                                      error);
}

static bool
control(TkeCardConnection *connection, uint32_t code, const uint8_t *in, size_t in_len,
        uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    Peer *peer = (Peer *) connection;

    return peer->inner->ops->control(peer->inner, code, in, in_len, out, size, out_len, error);
}

static bool
reset(TkeCardConnection *connection, GError **error)
{
    Peer *peer = (Peer *) connection;

    peer->open = false;
    return peer->inner->ops->reset(peer->inner, error);
}

static bool
begin(TkeCardConnection *connection, GError **error)
{
    Peer *peer = (Peer *) connection;

    return peer->inner->ops->begin(peer->inner, error);
}

static void
end(TkeCardConnection *connection)
{
    Peer *peer = (Peer *) connection;

    peer->inner->ops->end(peer->inner);
}

static void
close_peer(TkeCardConnection *connection)
{
    Peer *peer = (Peer *) connection;

    peer->inner->ops->close(peer->inner);
    tke_secret_free(peer->master);
    tke_secret_free(peer->enc);
    tke_secret_free(peer->mac);
    g_free(peer);
}

TkeCardConnection *
gp_peer_new(TkeCardConnection *inner)
{
    static const TkeCardConnectionOps ops = { .exchange = exchange,
                                              .control = control,
                                              .reset = reset,
                                              .begin = begin,
                                              .end = end,
                                              .close = close_peer };
    Peer *peer = g_new0(Peer, 1);

    peer->base = *inner;
    peer->base.ops = &ops;
    peer->inner = inner;
    peer->master = tke_secret_new(KEY_LEN, NULL);
    ck_assert_ptr_nonnull(peer->master);
    for (unsigned i = 0; i < KEY_LEN; i++) {
        tke_secret_fill(peer->master, NULL)[i] = (uint8_t) (0x40 + i);
    }
    return &peer->base;
}
