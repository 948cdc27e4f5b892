/*
 * The card's side of SCP03 (GlobalPlatform Card Specification 2.3, Amendment D): key derivation in
 * counter mode with CMAC, MACs that are chained, ciphertext under a counter.
 */
#include <string.h>

#include "common/aes.h"
#include "simulator/sim-gp-private.h"

/* Derivation constants (Amendment D, 4.1.5). */
enum {
    CARD_CRYPTOGRAM = 0x00,
    HOST_CRYPTOGRAM = 0x01,
    CARD_CHALLENGE = 0x02,
    SESSION_ENC = 0x04,
    SESSION_MAC = 0x06,
    SESSION_R_MAC = 0x07
};

#define LABEL_ZEROS 11u
#define CONTEXT_MAX 19u /* sequence counter and AID */
#define ANSWER_COUNTER 0x80u
#define SHORT_MAX 255u

static const uint8_t zero_block[TKE_AES_BLOCK];

/* len bytes (at most two blocks) from a key, a constant and a context. */
static bool
derive(const TkeSecret *key, uint8_t constant, const uint8_t *context, size_t context_len,
       uint8_t *out, size_t len)
{
    uint8_t input[LABEL_ZEROS + 5 + CONTEXT_MAX] = { 0 };
    uint8_t block[TKE_AES_BLOCK] = { 0 };

    for (size_t done = 0; done < len; done += TKE_AES_BLOCK) {
        TkeByteBuilder b = { .out = input, .size = sizeof input };

        tke_byte_builder_fill(&b, 0, LABEL_ZEROS);
        tke_byte_builder_u8(&b, constant);
        tke_byte_builder_u8(&b, 0);
        tke_byte_builder_u16(&b, (uint16_t) (8 * len));
        tke_byte_builder_u8(&b, (uint8_t) (done / TKE_AES_BLOCK + 1));
        tke_byte_builder_bytes(&b, context, context_len);
        if (b.failed || !tke_aes_cmac(key, input, b.len, block, NULL)) {
            return false;
        }
        memcpy(out + done, block, MIN(len - done, TKE_AES_BLOCK));
    }
    return true;
}

static TkeSecret *
derive_key(const SimGpSession *session, const SimGpKeySet *set, unsigned from, uint8_t constant)
{
    g_autoptr(TkeSecret) key = tke_secret_new_from(set->keys[from], set->key_len, NULL);
    g_autoptr(TkeSecret) derived = tke_secret_new(set->key_len, NULL);
    uint8_t context[2 * SIM_GP_CHALLENGE_LEN] = { 0 };

    memcpy(context, session->host_challenge, SIM_GP_CHALLENGE_LEN);
    memcpy(context + SIM_GP_CHALLENGE_LEN, session->card_challenge, SIM_GP_CHALLENGE_LEN);
    if (key == NULL || derived == NULL ||
        !derive(key, constant, context, sizeof context, tke_secret_fill(derived, NULL),
                set->key_len)) {
        return NULL;
    }
    return g_steal_pointer(&derived);
}

static bool
derive_challenge(const SimGpKeySet *set, const uint8_t *aid, size_t aid_len,
                 uint8_t out[static SIM_GP_CHALLENGE_LEN])
{
    g_autoptr(TkeSecret) key = tke_secret_new_from(set->keys[0], set->key_len, NULL);
    uint8_t context[CONTEXT_MAX] = { (uint8_t) (set->sequence >> 16),
                                     (uint8_t) (set->sequence >> 8), (uint8_t) set->sequence };

    if (key == NULL || aid_len > sizeof context - 3) {
        return false;
    }
    memcpy(context + 3, aid, aid_len);
    return derive(key, CARD_CHALLENGE, context, 3 + aid_len, out, SIM_GP_CHALLENGE_LEN);
}

static bool
start(SimGpSession *session, const SimGpKeySet *set)
{
    session->enc = derive_key(session, set, 0, SESSION_ENC);
    session->mac = derive_key(session, set, 1, SESSION_MAC);
    session->r_mac = derive_key(session, set, 1, SESSION_R_MAC);
    session->dek = tke_secret_new_from(set->keys[2], set->key_len, NULL);
    return session->enc != NULL && session->mac != NULL && session->r_mac != NULL &&
           session->dek != NULL;
}

static bool
cryptogram(const SimGpSession *session, bool host, uint8_t out[static SIM_GP_CRYPTOGRAM_LEN])
{
    uint8_t context[2 * SIM_GP_CHALLENGE_LEN] = { 0 };

    memcpy(context, session->host_challenge, SIM_GP_CHALLENGE_LEN);
    memcpy(context + SIM_GP_CHALLENGE_LEN, session->card_challenge, SIM_GP_CHALLENGE_LEN);
    return derive(session->mac, host ? HOST_CRYPTOGRAM : CARD_CRYPTOGRAM, context, sizeof context,
                  out, SIM_GP_CRYPTOGRAM_LEN);
}

/* The initial vector of a command or an answer: its counter, encrypted. */
static bool
make_iv(const SimGpSession *session, bool answer, uint8_t iv[static TKE_AES_BLOCK])
{
    uint8_t counter[TKE_AES_BLOCK] = { 0 };
    TkeByteBuilder b = { .out = counter, .size = sizeof counter };

    tke_byte_builder_u8(&b, answer ? ANSWER_COUNTER : 0);
    tke_byte_builder_fill(&b, 0, TKE_AES_BLOCK - 5);
    tke_byte_builder_u32(&b, session->counter);
    return tke_aes_cbc_bytes(session->enc, true, zero_block, counter, sizeof counter, iv, NULL);
}

/* The MAC of a command as it is on the line; chain becomes the next chaining value. */
static bool
command_mac(const SimGpSession *session, const SimGpWrapped *wrapped,
            uint8_t chain[static SIM_GP_CHAIN_LEN])
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    size_t len = tke_byte_cursor_left(&wrapped->body);
    size_t lc = len + SIM_GP_MAC_LEN;
    const uint8_t extended[] = { 0, (uint8_t) (lc >> 8), (uint8_t) lc };

    g_byte_array_append(text, session->chain, SIM_GP_CHAIN_LEN);
    g_byte_array_append(text, wrapped->header, sizeof wrapped->header);
    if (lc > SHORT_MAX) {
        g_byte_array_append(text, extended, sizeof extended);
    } else {
        g_byte_array_append(text, extended + 2, 1);
    }
    if (len > 0) {
        g_byte_array_append(text, tke_byte_cursor_peek(&wrapped->body), (guint) len);
    }
    return tke_aes_cmac(session->mac, text->data, text->len, chain, NULL);
}

static bool
decrypt(const SimGpSession *session, TkeByteCursor body, GByteArray *plain)
{
    uint8_t iv[TKE_AES_BLOCK] = { 0 };
    size_t len = tke_byte_cursor_left(&body);

    if (len % TKE_AES_BLOCK != 0 || !make_iv(session, false, iv)) {
        return false;
    }
    g_byte_array_set_size(plain, (guint) len);
    if (!tke_aes_cbc_bytes(session->enc, false, iv, tke_byte_cursor_peek(&body), len, plain->data,
                           NULL) ||
        !sim_gp_unpad(plain->data, &len)) {
        return false;
    }
    g_byte_array_set_size(plain, (guint) len);
    return true;
}

static bool
unwrap(SimGpSession *session, const SimGpWrapped *wrapped, GByteArray *plain)
{
    uint8_t chain[SIM_GP_CHAIN_LEN] = { 0 };
    size_t len = tke_byte_cursor_left(&wrapped->body);

    if (!command_mac(session, wrapped, chain) ||
        !tke_bytes_equal(chain, wrapped->mac, SIM_GP_MAC_LEN)) {
        return false;
    }
    memcpy(session->chain, chain, sizeof chain);
    if (session->phase == SIM_GP_OPEN) {
        session->counter++; /* EXTERNAL AUTHENTICATE is not counted */
    }
    if (wrapped->encrypted && len > 0) {
        return decrypt(session, wrapped->body, plain);
    }
    if (len > 0) {
        g_byte_array_append(plain, tke_byte_cursor_peek(&wrapped->body), (guint) len);
    }
    return true;
}

/* The data of an answer, padded and encrypted where they are. */
static bool
encrypt_answer(const SimGpSession *session, TkeByteBuilder *out)
{
    uint8_t iv[TKE_AES_BLOCK] = { 0 };

    tke_byte_builder_u8(out, 0x80);
    while (!out->failed && out->len % TKE_AES_BLOCK != 0) {
        tke_byte_builder_u8(out, 0x00);
    }
    return !out->failed && make_iv(session, true, iv) &&
           tke_aes_cbc_bytes(session->enc, true, iv, out->out, out->len, out->out, NULL);
}

static bool
wrap(const SimGpSession *session, TkeByteBuilder *out, uint16_t sw)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    const uint8_t status[] = { (uint8_t) (sw >> 8), (uint8_t) sw };
    uint8_t mac[TKE_AES_BLOCK] = { 0 };

    if ((session->level & SIM_GP_LEVEL_R_ENC) != 0 && out->len > 0 &&
        !encrypt_answer(session, out)) {
        return false;
    }
    g_byte_array_append(text, session->chain, SIM_GP_CHAIN_LEN);
    g_byte_array_append(text, out->out, (guint) out->len);
    g_byte_array_append(text, status, sizeof status);
    if (!tke_aes_cmac(session->r_mac, text->data, text->len, mac, NULL)) {
        return false;
    }
    tke_byte_builder_bytes(out, mac, SIM_GP_MAC_LEN);
    return !out->failed;
}

static bool
decrypt_key(const SimGpSession *session, const uint8_t *cipher, size_t len, uint8_t *out)
{
    return tke_aes_cbc_bytes(session->dek, false, zero_block, cipher, len, out, NULL);
}

static bool
key_check(const uint8_t *key, size_t len, uint8_t out[static 3])
{
    g_autoptr(TkeSecret) secret = tke_secret_new_from(key, len, NULL);
    uint8_t block[TKE_AES_BLOCK] = { 0 };

    memset(block, 0x01, sizeof block);
    if (secret == NULL ||
        !tke_aes_cbc_bytes(secret, true, zero_block, block, sizeof block, block, NULL)) {
        return false;
    }
    memcpy(out, block, 3);
    return true;
}

const SimGpProtocol sim_gp_scp03 = {
    .derive_challenge = derive_challenge,
    .start = start,
    .cryptogram = cryptogram,
    .unwrap = unwrap,
    .wrap = wrap,
    .decrypt_key = decrypt_key,
    .key_check = key_check,
};
