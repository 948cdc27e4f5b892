/*
 * Agreement and seal (card-protocol.md, 5.4).
 */
#include "libsmartcard/card-seal.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/aes.h"
#include "common/byte-builder.h"
#include "common/error.h"
#include "common/key-agreement.h"
#include "libsmartcard/zone-certificate.h"

#define PAD_MARK 0x80u
#define COUNTER_ENCRYPTION 1u
#define COUNTER_MAC 2u

void
tke_card_seal_transcript(const TkeCardAgreement *agreement,
                         uint8_t out[static TKE_CARD_TRANSCRIPT_LEN])
{
    TkeByteBuilder b = { .out = out, .size = TKE_CARD_TRANSCRIPT_LEN };

    tke_byte_builder_bytes(&b, agreement->zone_id, sizeof agreement->zone_id);
    tke_byte_builder_bytes(&b, agreement->receiver_id, sizeof agreement->receiver_id);
    tke_byte_builder_bytes(&b, agreement->sender_id, sizeof agreement->sender_id);
    tke_byte_builder_bytes(&b, agreement->receiver_nonce, sizeof agreement->receiver_nonce);
    tke_byte_builder_bytes(&b, agreement->sender_nonce, sizeof agreement->sender_nonce);
    tke_byte_builder_bytes(&b, agreement->receiver_point, sizeof agreement->receiver_point);
    tke_byte_builder_bytes(&b, agreement->sender_point, sizeof agreement->sender_point);
    g_assert(!b.failed && b.len == TKE_CARD_TRANSCRIPT_LEN);
}

TkeCardSealKeys *
tke_card_seal_keys_new(const TkeSecret *z, const char *label, const TkeCardAgreement *agreement,
                       GError **error)
{
    g_autoptr(TkeCardSealKeys) keys = g_new0(TkeCardSealKeys, 1);
    g_autoptr(GByteArray) info = g_byte_array_new();
    uint8_t transcript[TKE_CARD_TRANSCRIPT_LEN];

    tke_card_seal_transcript(agreement, transcript);
    tke_zone_label_append(info, label, transcript, sizeof transcript);
    keys->encryption = tke_key_agreement_x963(z, COUNTER_ENCRYPTION, info->data, info->len, error);
    if (keys->encryption == NULL) {
        return NULL;
    }
    keys->mac = tke_key_agreement_x963(z, COUNTER_MAC, info->data, info->len, error);
    if (keys->mac == NULL) {
        return NULL;
    }
    return g_steal_pointer(&keys);
}

void
tke_card_seal_keys_free(TkeCardSealKeys *keys)
{
    if (keys == NULL) {
        return;
    }
    tke_secret_free(keys->encryption);
    tke_secret_free(keys->mac);
    g_free(keys);
}

TkeSecret *
tke_card_seal_pad(const TkeSecret *plain, GError **error)
{
    const size_t len = tke_secret_len(plain);
    TkeSecret *padded = NULL;

    if (len > TKE_CARD_SEAL_PLAIN_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("%zu bytes are too many for one sealed object"), len);
        return NULL;
    }
    padded = tke_secret_new((len / TKE_AES_BLOCK + 1) * TKE_AES_BLOCK, error);
    if (padded != NULL) {
        memcpy(tke_secret_fill(padded, NULL), tke_secret_bytes(plain, NULL), len);
        tke_secret_fill(padded, NULL)[len] = PAD_MARK;
    }
    return padded;
}

bool
tke_card_seal_close(const TkeCardSealKeys *keys, uint32_t number, const uint8_t iv[static 16],
                    const TkeSecret *plain, uint8_t out[static TKE_CARD_SEAL_MAX], size_t *len,
                    GError **error)
{
    g_autoptr(TkeSecret) padded = tke_card_seal_pad(plain, error);
    uint8_t sealed[4 + TKE_CARD_SEAL_MAX];
    uint8_t cipher[TKE_CARD_SEAL_MAX];
    uint8_t mac[TKE_AES_BLOCK];
    TkeByteBuilder b = { .out = sealed, .size = sizeof sealed };

    if (padded == NULL || !tke_aes_cbc_encrypt(keys->encryption, iv, padded, cipher, error)) {
        return false;
    }
    tke_byte_builder_u32(&b, number);
    tke_byte_builder_bytes(&b, iv, TKE_AES_BLOCK);
    tke_byte_builder_bytes(&b, cipher, tke_secret_len(padded));
    if (!tke_aes_cmac(keys->mac, sealed, b.len, mac, error)) {
        return false;
    }
    tke_byte_builder_bytes(&b, mac, sizeof mac);
    g_assert(!b.failed);
    *len = b.len - 4; /* the number is not sent */
    memcpy(out, sealed + 4, *len);
    return true;
}
