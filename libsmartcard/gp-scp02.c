/*
 * SCP02 (GlobalPlatform 2.3, annex E) with i = 15 or 55: three keys, explicit initiation, C-MAC on
 * the modified command with an encrypted initial vector. The two differ in how the card finds its
 * challenge.
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/des.h"
#include "common/error.h"
#include "libsmartcard/gp-scp-private.h"

#define COUNTER_LEN 2u
#define CHALLENGE_LEN 6u
#define DERIVE_MAC 0x0101u /* E.4.1 */
#define DERIVE_ENC 0x0182u
#define DERIVE_DEK 0x0181u

static const uint8_t zeros[TKE_DES_BLOCK];

/* Behind key version and protocol: counter, challenge, cryptogram. */
static bool
parse(TkeGpScp *scp, TkeByteCursor *cursor)
{
    scp->info.has_counter = true;
    if (!tke_byte_cursor_copy(cursor, scp->card_challenge, COUNTER_LEN + CHALLENGE_LEN) ||
        !tke_byte_cursor_copy(cursor, scp->card_cryptogram, TKE_GP_MAC)) {
        return false;
    }
    scp->info.counter = (uint32_t) (scp->card_challenge[0] << 8 | scp->card_challenge[1]);
    return tke_byte_cursor_left(cursor) == 0;
}

static TkeSecret *
derive_key(const TkeGpScp *scp, const TkeSecret *key, uint16_t constant, GError **error)
{
    uint8_t input[TKE_DES_KEY_LEN];
    TkeByteBuilder b = { .out = input, .size = sizeof input };
    g_autoptr(TkeSecret) derived = tke_secret_new(TKE_DES_KEY_LEN, error);

    tke_byte_builder_u16(&b, constant);
    tke_byte_builder_bytes(&b, scp->card_challenge, COUNTER_LEN);
    tke_byte_builder_fill(&b, 0, sizeof input - 4);
    g_assert(!b.failed);
    if (derived == NULL || !tke_des_cbc_bytes(key, true, zeros, input, sizeof input,
                                              tke_secret_fill(derived, NULL), error)) {
        return NULL;
    }
    return g_steal_pointer(&derived);
}

static bool
derive(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error)
{
    if ((scp->info.level & (TKE_GP_LEVEL_R_MAC | TKE_GP_LEVEL_R_ENC)) != 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE,
                    _("the key set file wants level %02X, which the card does not offer (SCP02)"),
                    scp->info.level);
        return false;
    }
    scp->enc = derive_key(scp, tke_gp_key_set_get_key(keys, TKE_GP_KEY_ENC), DERIVE_ENC, error);
    scp->mac = scp->enc == NULL ? NULL
                                : derive_key(scp, tke_gp_key_set_get_key(keys, TKE_GP_KEY_MAC),
                                             DERIVE_MAC, error);
    scp->dek = scp->mac == NULL ? NULL
                                : derive_key(scp, tke_gp_key_set_get_key(keys, TKE_GP_KEY_DEK),
                                             DERIVE_DEK, error);
    return scp->dek != NULL;
}

/* E.4.2: the last block of both challenges, the other side's last, encrypted in a chain. */
static bool
cryptogram(TkeGpScp *scp, bool of_card, uint8_t out[static TKE_GP_MAC], GError **error)
{
    uint8_t input[3 * TKE_DES_BLOCK];
    TkeByteBuilder b = { .out = input, .size = sizeof input };
    size_t len = 2 * TKE_GP_CHALLENGE;

    tke_byte_builder_bytes(&b, of_card ? scp->host_challenge : scp->card_challenge,
                           TKE_GP_CHALLENGE);
    tke_byte_builder_bytes(&b, of_card ? scp->card_challenge : scp->host_challenge,
                           TKE_GP_CHALLENGE);
    g_assert(!b.failed);
    tke_gp_scp_pad(input, &len, TKE_DES_BLOCK);
    if (!tke_des_cbc_bytes(scp->enc, true, zeros, input, len, input, error)) {
        return false;
    }
    memcpy(out, input + len - TKE_GP_MAC, TKE_GP_MAC);
    return true;
}

/* E.4.4: over the command as it is before its data are encrypted. */
static bool
secure(TkeGpScp *scp, const TkeApdu *apdu, bool encrypt, uint8_t *data, size_t *len,
       uint8_t mac[static TKE_GP_MAC], GError **error)
{
    uint8_t iv[TKE_DES_BLOCK] = { 0 };
    uint8_t input[5 + TKE_GP_DATA_MAX + TKE_DES_BLOCK];
    TkeByteBuilder b = { .out = input, .size = sizeof input };
    size_t input_len = 0;

    tke_byte_builder_bytes(
        &b, (const uint8_t[]){ TKE_GP_CLA_SECURED, apdu->ins, apdu->p1, apdu->p2 }, 4);
    tke_byte_builder_u8(&b, (uint8_t) (*len + TKE_GP_MAC));
    tke_byte_builder_bytes(&b, data, *len);
    g_assert(!b.failed);
    input_len = b.len;
    tke_gp_scp_pad(input, &input_len, TKE_DES_BLOCK);
    if ((scp->chained && !tke_des_encrypt_single(scp->mac, scp->chain, iv, error)) ||
        !tke_des_retail_mac(scp->mac, iv, input, input_len, scp->chain, error)) {
        return false;
    }
    memcpy(mac, scp->chain, TKE_GP_MAC);
    if (encrypt && *len > 0) {
        tke_gp_scp_pad(data, len, TKE_DES_BLOCK);
        return tke_des_cbc_bytes(scp->enc, true, zeros, data, *len, data, error);
    }
    return true;
}

static bool
open_answer(TkeGpScp *scp, TkeCardAnswer *answer, GError **error)
{
    (void) scp;
    (void) answer;
    (void) error;
    return true;
}

const TkeGpScpProtocol tke_gp_scp02_protocol = {
    .block = TKE_DES_BLOCK,
    .parse = parse,
    .derive = derive,
    .cryptogram = cryptogram,
    .secure = secure,
    .open = open_answer,
};
