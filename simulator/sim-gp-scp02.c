/*
 * The card's side of SCP02 (GlobalPlatform Card Specification 2.3, annex E): options i=15 and
 * i=55, that is three keys, explicit initiation, MACs over the modified APDU, initial vectors
 * encrypted, no answer protected.
 */
#include <string.h>

#include "common/des.h"
#include "simulator/sim-gp-private.h"

/* Derivation constants (E.4.1). */
enum { SESSION_MAC = 0x0101, SESSION_DEK = 0x0181, SESSION_ENC = 0x0182 };

static const uint8_t zero_block[TKE_DES_BLOCK];

static TkeSecret *
derive_key(const SimGpKeySet *set, unsigned from, uint16_t constant)
{
    g_autoptr(TkeSecret) key = tke_secret_new_from(set->keys[from], TKE_DES_KEY_LEN, NULL);
    g_autoptr(TkeSecret) derived = tke_secret_new(TKE_DES_KEY_LEN, NULL);
    uint8_t input[TKE_DES_KEY_LEN] = { (uint8_t) (constant >> 8), (uint8_t) constant,
                                       (uint8_t) (set->sequence >> 8), (uint8_t) set->sequence };

    if (key == NULL || derived == NULL ||
        !tke_des_cbc_bytes(key, true, zero_block, input, sizeof input,
                           tke_secret_fill(derived, NULL), NULL)) {
        return NULL;
    }
    return g_steal_pointer(&derived);
}

/* 80 and as many zeros as fill the last block. */
static void
pad(GByteArray *text)
{
    guint len = text->len;

    g_byte_array_set_size(text, (len / TKE_DES_BLOCK + 1) * TKE_DES_BLOCK);
    memset(text->data + len, 0, text->len - len);
    text->data[len] = 0x80;
}

/* Sequence counter and the first six bytes of a MAC over the card manager's AID (E.4.2.3). */
static bool
derive_challenge(const SimGpKeySet *set, const uint8_t *aid, size_t aid_len,
                 uint8_t out[static SIM_GP_CHALLENGE_LEN])
{
    g_autoptr(TkeSecret) key = derive_key(set, 1, SESSION_MAC);
    g_autoptr(GByteArray) text = g_byte_array_new();
    uint8_t mac[TKE_DES_BLOCK] = { 0 };

    g_byte_array_append(text, aid, (guint) aid_len);
    pad(text);
    if (key == NULL || !tke_des_retail_mac(key, zero_block, text->data, text->len, mac, NULL)) {
        return false;
    }
    out[0] = (uint8_t) (set->sequence >> 8);
    out[1] = (uint8_t) set->sequence;
    memcpy(out + 2, mac, SIM_GP_CHALLENGE_LEN - 2);
    return true;
}

static bool
start(SimGpSession *session, const SimGpKeySet *set)
{
    session->enc = derive_key(set, 0, SESSION_ENC);
    session->mac = derive_key(set, 1, SESSION_MAC);
    session->dek = derive_key(set, 2, SESSION_DEK);
    return session->enc != NULL && session->mac != NULL && session->dek != NULL;
}

/* The last block of both challenges under triple DES: whose comes first says who speaks. */
static bool
cryptogram(const SimGpSession *session, bool host, uint8_t out[static SIM_GP_CRYPTOGRAM_LEN])
{
    uint8_t text[3 * TKE_DES_BLOCK] = { 0 };
    const uint8_t *first = host ? session->card_challenge : session->host_challenge;
    const uint8_t *second = host ? session->host_challenge : session->card_challenge;

    memcpy(text, first, SIM_GP_CHALLENGE_LEN);
    memcpy(text + TKE_DES_BLOCK, second, SIM_GP_CHALLENGE_LEN);
    text[2 * TKE_DES_BLOCK] = 0x80;
    if (!tke_des_cbc_bytes(session->enc, true, zero_block, text, sizeof text, text, NULL)) {
        return false;
    }
    memcpy(out, text + 2 * TKE_DES_BLOCK, SIM_GP_CRYPTOGRAM_LEN);
    return true;
}

static bool
decrypt(const SimGpSession *session, TkeByteCursor body, GByteArray *plain)
{
    size_t len = tke_byte_cursor_left(&body);

    if (len % TKE_DES_BLOCK != 0) {
        return false;
    }
    g_byte_array_set_size(plain, (guint) len);
    if (!tke_des_cbc_bytes(session->enc, false, zero_block, tke_byte_cursor_peek(&body), len,
                           plain->data, NULL) ||
        !sim_gp_unpad(plain->data, &len)) {
        return false;
    }
    g_byte_array_set_size(plain, (guint) len);
    return true;
}

/* The MAC is over the plain text; the last one, encrypted, is where the next begins. */
static bool
check_mac(const SimGpSession *session, const SimGpWrapped *wrapped, const GByteArray *plain)
{
    static const uint8_t none[TKE_DES_BLOCK] = { 0 };
    g_autoptr(GByteArray) text = g_byte_array_new();
    uint8_t lc = (uint8_t) (plain->len + SIM_GP_MAC_LEN);
    uint8_t iv[TKE_DES_BLOCK] = { 0 };
    uint8_t mac[TKE_DES_BLOCK] = { 0 };

    if (plain->len + SIM_GP_MAC_LEN > UINT8_MAX ||
        (memcmp(session->chain, none, sizeof none) != 0 &&
         !tke_des_encrypt_single(session->mac, session->chain, iv, NULL))) {
        return false;
    }
    g_byte_array_append(text, wrapped->header, sizeof wrapped->header);
    g_byte_array_append(text, &lc, 1);
    g_byte_array_append(text, plain->data, plain->len);
    pad(text);
    return tke_des_retail_mac(session->mac, iv, text->data, text->len, mac, NULL) &&
           tke_bytes_equal(mac, wrapped->mac, SIM_GP_MAC_LEN);
}

static bool
unwrap(SimGpSession *session, const SimGpWrapped *wrapped, GByteArray *plain)
{
    size_t len = tke_byte_cursor_left(&wrapped->body);

    if (wrapped->encrypted && len > 0) {
        if (!decrypt(session, wrapped->body, plain)) {
            return false;
        }
    } else if (len > 0) {
        g_byte_array_append(plain, tke_byte_cursor_peek(&wrapped->body), (guint) len);
    }
    if (!check_mac(session, wrapped, plain)) {
        return false;
    }
    memcpy(session->chain, wrapped->mac, SIM_GP_MAC_LEN);
    return true;
}

/* Neither option protects answers. */
static bool
wrap(const SimGpSession *session, TkeByteBuilder *out, uint16_t sw)
{
    (void) session;
    (void) out;
    (void) sw;
    return true;
}

static bool
decrypt_key(const SimGpSession *session, const uint8_t *cipher, size_t len, uint8_t *out)
{
    for (size_t at = 0; at < len; at += TKE_DES_BLOCK) {
        if (!tke_des_cbc_bytes(session->dek, false, zero_block, cipher + at, TKE_DES_BLOCK,
                               out + at, NULL)) {
            return false;
        }
    }
    return true;
}

static bool
key_check(const uint8_t *key, size_t len, uint8_t out[static 3])
{
    g_autoptr(TkeSecret) secret = tke_secret_new_from(key, len, NULL);
    uint8_t block[TKE_DES_BLOCK] = { 0 };

    if (secret == NULL ||
        !tke_des_cbc_bytes(secret, true, zero_block, block, sizeof block, block, NULL)) {
        return false;
    }
    memcpy(out, block, 3);
    return true;
}

const SimGpProtocol sim_gp_scp02 = {
    .derive_challenge = derive_challenge,
    .start = start,
    .cryptogram = cryptogram,
    .unwrap = unwrap,
    .wrap = wrap,
    .decrypt_key = decrypt_key,
    .key_check = key_check,
};
