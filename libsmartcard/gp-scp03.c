/*
 * SCP03 (GlobalPlatform amendment D 1.1.2): S8 mode.
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/aes.h"
#include "common/byte-builder.h"
#include "common/error.h"
#include "libsmartcard/gp-scp-private.h"

#define LABEL_ZEROS 11u
#define BLOCK_BITS (TKE_AES_BLOCK * 8)
#define KEY_MAX 32u
#define DERIVE_CARD_CRYPTOGRAM 0x00u /* table 4-1 */
#define DERIVE_HOST_CRYPTOGRAM 0x01u
#define DERIVE_ENC 0x04u
#define DERIVE_MAC 0x06u
#define DERIVE_RMAC 0x07u
#define OPTION_PSEUDO_RANDOM 0x10u /* table 5-1 */
#define OPTION_R_MAC 0x20u
#define OPTION_R_ENC 0x40u
#define OPTIONS (OPTION_PSEUDO_RANDOM | OPTION_R_MAC | OPTION_R_ENC)
#define ANSWER_BIT 0x80u /* in the counter block of answers (6.2.7) */

static const uint8_t zeros[TKE_AES_BLOCK];

/* 4.1.5: CMAC in counter mode, the counter behind the length. out gets whole blocks, at least
 * bits. */
static bool
derive_blocks(const TkeGpScp *scp, const TkeSecret *key, uint8_t constant, unsigned bits,
              uint8_t *out, GError **error)
{
    uint8_t input[LABEL_ZEROS + 5 + 2 * TKE_GP_CHALLENGE];

    for (unsigned done = 0; done * BLOCK_BITS < bits; done++) {
        TkeByteBuilder b = { .out = input, .size = sizeof input };

        tke_byte_builder_fill(&b, 0, LABEL_ZEROS);
        tke_byte_builder_u8(&b, constant);
        tke_byte_builder_u8(&b, 0);
        tke_byte_builder_u16(&b, (uint16_t) bits);
        tke_byte_builder_u8(&b, (uint8_t) (done + 1));
        tke_byte_builder_bytes(&b, scp->host_challenge, TKE_GP_CHALLENGE);
        tke_byte_builder_bytes(&b, scp->card_challenge, TKE_GP_CHALLENGE);
        g_assert(!b.failed && b.len == sizeof input);
        if (!tke_aes_cmac(key, input, sizeof input, out + done * TKE_AES_BLOCK, error)) {
            return false;
        }
    }
    return true;
}

static TkeSecret *
derive_key(const TkeGpScp *scp, const TkeSecret *key, uint8_t constant, GError **error)
{
    g_autoptr(TkeSecret) blocks = tke_secret_new(KEY_MAX, error);
    const size_t len = tke_secret_len(key);

    if (blocks == NULL || !derive_blocks(scp, key, constant, (unsigned) len * 8,
                                         tke_secret_fill(blocks, NULL), error)) {
        return NULL;
    }
    return tke_secret_new_slice(blocks, 0, len, error);
}

static bool
are_options(uint8_t i)
{
    return (i & ~OPTIONS) == 0 && ((i & OPTION_R_ENC) == 0 || (i & OPTION_R_MAC) != 0);
}

/* Behind key version and protocol: i, challenge, cryptogram, and a counter if the challenge is
 * pseudo-random. */
static bool
parse(TkeGpScp *scp, TkeByteCursor *cursor)
{
    uint8_t high = 0;
    uint16_t low = 0;

    if (!tke_byte_cursor_u8(cursor, &scp->info.options) || !are_options(scp->info.options) ||
        !tke_byte_cursor_copy(cursor, scp->card_challenge, TKE_GP_CHALLENGE) ||
        !tke_byte_cursor_copy(cursor, scp->card_cryptogram, TKE_GP_MAC)) {
        return false;
    }
    scp->info.has_counter = (scp->info.options & OPTION_PSEUDO_RANDOM) != 0;
    if (scp->info.has_counter) {
        if (!tke_byte_cursor_u8(cursor, &high) || !tke_byte_cursor_u16(cursor, &low)) {
            return false;
        }
        scp->info.counter = (uint32_t) high << 16 | low;
    }
    return tke_byte_cursor_left(cursor) == 0;
}

static bool
derive(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error)
{
    const TkeSecret *enc = tke_gp_key_set_get_key(keys, TKE_GP_KEY_ENC);
    const TkeSecret *mac = tke_gp_key_set_get_key(keys, TKE_GP_KEY_MAC);
    const TkeSecret *dek = tke_gp_key_set_get_key(keys, TKE_GP_KEY_DEK);
    size_t len = 0;
    const uint8_t *bytes = tke_secret_bytes(dek, &len);

    if (((scp->info.level & TKE_GP_LEVEL_R_MAC) != 0 && (scp->info.options & OPTION_R_MAC) == 0) ||
        ((scp->info.level & TKE_GP_LEVEL_R_ENC) != 0 && (scp->info.options & OPTION_R_ENC) == 0)) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE,
                    _("the key set file wants level %02X, which the card does not offer (SCP03, "
                      "i=%02X)"),
                    scp->info.level, scp->info.options);
        return false;
    }
    scp->enc = derive_key(scp, enc, DERIVE_ENC, error);
    scp->mac = scp->enc != NULL ? derive_key(scp, mac, DERIVE_MAC, error) : NULL;
    scp->rmac = scp->mac != NULL ? derive_key(scp, mac, DERIVE_RMAC, error) : NULL;
    scp->dek = scp->rmac != NULL ? tke_secret_new_from(bytes, len, error) : NULL;
    return scp->dek != NULL;
}

static bool
cryptogram(TkeGpScp *scp, bool of_card, uint8_t out[static TKE_GP_MAC], GError **error)
{
    const uint8_t constant = (uint8_t) (of_card ? DERIVE_CARD_CRYPTOGRAM : DERIVE_HOST_CRYPTOGRAM);
    uint8_t block[TKE_AES_BLOCK];

    if (!derive_blocks(scp, scp->mac, constant, TKE_GP_MAC * 8, block, error)) {
        return false;
    }
    memcpy(out, block, TKE_GP_MAC);
    return true;
}

/* 6.2.6 and 6.2.7: the encrypted counter of commands is the initial vector. */
static bool
make_iv(const TkeGpScp *scp, bool answer, uint8_t iv[static TKE_AES_BLOCK], GError **error)
{
    uint8_t block[TKE_AES_BLOCK];
    TkeByteBuilder b = { .out = block, .size = sizeof block };

    tke_byte_builder_u8(&b, (uint8_t) (answer ? ANSWER_BIT : 0));
    tke_byte_builder_fill(&b, 0, TKE_AES_BLOCK - 5);
    tke_byte_builder_u32(&b, scp->commands);
    g_assert(!b.failed);
    return tke_aes_cbc_bytes(scp->enc, true, zeros, block, sizeof block, iv, error);
}

static bool
secure(TkeGpScp *scp, const TkeApdu *apdu, bool encrypt, uint8_t *data, size_t *len,
       uint8_t mac[static TKE_GP_MAC], GError **error)
{
    uint8_t iv[TKE_AES_BLOCK];
    uint8_t input[TKE_AES_BLOCK + 5 + TKE_GP_DATA_MAX];
    TkeByteBuilder b = { .out = input, .size = sizeof input };

    if (encrypt && *len > 0) {
        tke_gp_scp_pad(data, len, TKE_AES_BLOCK);
        if (!make_iv(scp, false, iv, error) ||
            !tke_aes_cbc_bytes(scp->enc, true, iv, data, *len, data, error)) {
            return false;
        }
    }
    tke_byte_builder_bytes(&b, scp->chain, TKE_AES_BLOCK);
    tke_byte_builder_bytes(
        &b, (const uint8_t[]){ TKE_GP_CLA_SECURED, apdu->ins, apdu->p1, apdu->p2 }, 4);
    tke_byte_builder_u8(&b, (uint8_t) (*len + TKE_GP_MAC));
    tke_byte_builder_bytes(&b, data, *len);
    g_assert(!b.failed);
    if (!tke_aes_cmac(scp->mac, input, b.len, scp->chain, error)) {
        return false;
    }
    memcpy(mac, scp->chain, TKE_GP_MAC);
    return true;
}

/* 6.2.5: chaining value, data, status word. */
static bool
check_mac(TkeGpScp *scp, const TkeCardAnswer *answer, size_t len, GError **error)
{
    uint8_t mac[TKE_AES_BLOCK];
    uint8_t input[TKE_AES_BLOCK + sizeof answer->data + 2];
    TkeByteBuilder b = { .out = input, .size = sizeof input };

    tke_byte_builder_bytes(&b, scp->chain, TKE_AES_BLOCK);
    tke_byte_builder_bytes(&b, answer->data, len);
    tke_byte_builder_u16(&b, answer->sw);
    g_assert(!b.failed);
    if (!tke_aes_cmac(scp->rmac, input, b.len, mac, error)) {
        return false;
    }
    if (!tke_bytes_equal(mac, answer->data + len, TKE_GP_MAC)) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                    _("the answer does not bear the MAC of this card: it was changed on its way"));
        return false;
    }
    return true;
}

static bool
decrypt(TkeGpScp *scp, TkeCardAnswer *answer, GError **error)
{
    uint8_t iv[TKE_AES_BLOCK];
    size_t len = answer->len;

    if (len == 0) {
        return true;
    }
    if (len % TKE_AES_BLOCK == 0) {
        if (!make_iv(scp, true, iv, error) ||
            !tke_aes_cbc_bytes(scp->enc, false, iv, answer->data, len, answer->data, error)) {
            return false;
        }
        while (len > 0 && answer->data[len - 1] == 0x00) {
            len--;
        }
        if (len > 0 && answer->data[len - 1] == 0x80 && answer->len - len < TKE_AES_BLOCK) {
            answer->len = len - 1;
            return true;
        }
    }
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                _("the answer is not encrypted as it should be"));
    return false;
}

static bool
open_answer(TkeGpScp *scp, TkeCardAnswer *answer, GError **error)
{
    if ((scp->info.level & TKE_GP_LEVEL_R_MAC) == 0) {
        return true;
    }
    if (answer->len < TKE_GP_MAC) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                    _("the answer bears no MAC of this card"));
        return false;
    }
    if (!check_mac(scp, answer, answer->len - TKE_GP_MAC, error)) {
        return false;
    }
    answer->len -= TKE_GP_MAC;
    return (scp->info.level & TKE_GP_LEVEL_R_ENC) == 0 || decrypt(scp, answer, error);
}

const TkeGpScpProtocol tke_gp_scp03_protocol = {
    .block = TKE_AES_BLOCK,
    .parse = parse,
    .derive = derive,
    .cryptogram = cryptogram,
    .secure = secure,
    .open = open_answer,
};
