/*
 * Cryptography of virtual cards, on OpenSSL's primitives (card-protocol.md, 5.1, 5.3, 5.4 and 8.3;
 * crypto unit protocol, 4.3.2).
 */
#include "simulator/sim-card-crypto.h"

#include <string.h>

#include "common/aes.h"
#include "common/digest.h"
#include "common/ec-key.h"
#include "common/error.h"
#include "common/key-agreement.h"
#include "common/log.h"

#define LABEL_START "OpenTKE:"
#define FORM_WITH_NULL 0x00u

/* What an error means on a card. The reason of an internal one is for the log. */
static uint16_t
status_of(const GError *error)
{
    if (g_error_matches(error, TKE_ERROR, TKE_ERROR_INVALID_DATA) ||
        g_error_matches(error, TKE_ERROR, TKE_ERROR_VERIFY)) {
        return SIM_SW_WRONG;
    }
    tke_log("sim", "a virtual card failed: %s", error == NULL ? "unknown" : error->message);
    return SIM_SW_INTERNAL;
}

static EVP_PKEY *
key_of(const uint8_t scalar[static SIM_SCALAR_LEN], GError **error)
{
    g_autoptr(TkeSecret) secret = tke_secret_new_from(scalar, SIM_SCALAR_LEN, error);

    return secret == NULL ? NULL : tke_ec_key_from_scalar(secret, error);
}

uint16_t
sim_crypto_hash(const uint8_t *data, size_t len, uint8_t out[static SIM_HASH_LEN])
{
    g_autoptr(GError) error = NULL;

    return tke_digest_sha256(data, len, out, &error) ? SIM_SW_DONE : status_of(error);
}

uint16_t
sim_crypto_generate(SimCard *card, SimDraw what, SimKeyPair *out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EVP_PKEY) key = NULL;
    g_autoptr(TkeSecret) scalar = NULL;

    sim_card_charge(card, SIM_COST_GENERATE, 1);
    memset(out, 0, sizeof *out);
    if (sim_card_random_take(&card->random, what, out->scalar)) {
        key = key_of(out->scalar, &error);
    } else {
        key = tke_ec_key_generate(&error);
        scalar = key == NULL ? NULL : tke_ec_key_dup_scalar(key, &error);
        if (scalar == NULL) {
            return status_of(error);
        }
        memcpy(out->scalar, tke_secret_bytes(scalar, NULL), SIM_SCALAR_LEN);
    }
    if (key == NULL || !tke_ec_key_get_point(key, out->point, &error)) {
        return status_of(error);
    }
    out->used = true;
    return SIM_SW_DONE;
}

uint16_t
sim_crypto_point_of(const uint8_t scalar[static SIM_SCALAR_LEN],
                    uint8_t point[static SIM_POINT_LEN])
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EVP_PKEY) key = key_of(scalar, &error);

    return key != NULL && tke_ec_key_get_point(key, point, &error) ? SIM_SW_DONE : status_of(error);
}

/* A real card signs and verifies; here the point itself can be computed, which is as strict. */
uint16_t
sim_crypto_check_pair(SimCard *card, const uint8_t scalar[static SIM_SCALAR_LEN],
                      const uint8_t point[static SIM_POINT_LEN])
{
    uint8_t right[SIM_POINT_LEN] = { 0 };
    uint16_t sw = sim_crypto_point_of(scalar, right);

    sim_card_charge(card, SIM_COST_SIGN, 1);
    sim_card_charge(card, SIM_COST_AGREE, 1);
    if (sw == SIM_SW_DONE && memcmp(right, point, SIM_POINT_LEN) != 0) {
        return SIM_SW_WRONG;
    }
    return sw;
}

uint16_t
sim_crypto_check_point(const uint8_t point[static SIM_POINT_LEN])
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EVP_PKEY) key = tke_ec_key_from_point(point, SIM_POINT_LEN, &error);

    return key != NULL ? SIM_SW_DONE : status_of(error);
}

void
sim_crypto_labelled(const char *label, const uint8_t *message, size_t len, GByteArray *out)
{
    g_byte_array_append(out, (const uint8_t *) LABEL_START, sizeof LABEL_START - 1);
    g_byte_array_append(out, (const uint8_t *) label, (guint) strlen(label) + 1);
    g_byte_array_append(out, message, (guint) len);
}

uint16_t
sim_crypto_sign(SimCard *card, const SimKeyPair *key, const char *label, const uint8_t *message,
                size_t len, uint8_t out[static SIM_SIGNATURE_MAX], size_t *out_len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EVP_PKEY) pkey = key_of(key->scalar, &error);
    g_autoptr(GByteArray) labelled = g_byte_array_new();

    sim_card_charge(card, SIM_COST_SIGN, 1);
    if (label != NULL) {
        sim_crypto_labelled(label, message, len, labelled);
        message = labelled->data;
        len = labelled->len;
    }
    if (pkey == NULL || !tke_ec_key_sign(pkey, message, len, out, out_len, &error)) {
        return status_of(error);
    }
    sim_card_note_signature(card, key->point, message, len, out, *out_len);
    return SIM_SW_DONE;
}

uint16_t
sim_crypto_verify(SimCard *card, const uint8_t point[static SIM_POINT_LEN], const char *label,
                  const uint8_t *message, size_t len, const uint8_t *signature,
                  size_t signature_len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(EVP_PKEY) key = tke_ec_key_from_point(point, SIM_POINT_LEN, &error);
    g_autoptr(GByteArray) labelled = g_byte_array_new();

    sim_card_charge(card, SIM_COST_AGREE, 1);
    sim_crypto_labelled(label, message, len, labelled);
    if (key == NULL ||
        !tke_ec_key_verify(key, labelled->data, labelled->len, signature, signature_len, &error)) {
        return status_of(error);
    }
    return SIM_SW_DONE;
}

void
sim_crypto_transcript(const SimAgreement *agreement, uint8_t out[static SIM_TRANSCRIPT_LEN])
{
    TkeByteBuilder b = { .out = out, .size = SIM_TRANSCRIPT_LEN };

    tke_byte_builder_bytes(&b, agreement->zone_id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, agreement->receiver_id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, agreement->sender_id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, agreement->receiver_nonce, SIM_NONCE_LEN);
    tke_byte_builder_bytes(&b, agreement->sender_nonce, SIM_NONCE_LEN);
    tke_byte_builder_bytes(&b, agreement->receiver_point, SIM_POINT_LEN);
    tke_byte_builder_bytes(&b, agreement->sender_point, SIM_POINT_LEN);
    g_assert(!b.failed && b.len == SIM_TRANSCRIPT_LEN);
}

static TkeSecret *
shared_secret(SimCard *card, const SimKeyPair *own, const uint8_t peer[static SIM_POINT_LEN],
              GError **error)
{
    g_autoptr(EVP_PKEY) key = key_of(own->scalar, error);
    g_autoptr(EVP_PKEY) other = NULL;

    if (key == NULL) {
        return NULL;
    }
    other = tke_ec_key_from_point(peer, SIM_POINT_LEN, error);
    sim_card_charge(card, SIM_COST_AGREE, 1);
    return other == NULL ? NULL : tke_key_agreement_ecdh(key, other, error);
}

uint16_t
sim_crypto_agree(SimCard *card, const SimKeyPair *own, const uint8_t peer[static SIM_POINT_LEN],
                 const char *label, const SimAgreement *agreement, TkeSecret **encryption_key,
                 TkeSecret **mac_key)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) z = shared_secret(card, own, peer, &error);
    g_autoptr(TkeSecret) ke = NULL;
    g_autoptr(TkeSecret) km = NULL;
    g_autoptr(GByteArray) info = g_byte_array_new();
    uint8_t transcript[SIM_TRANSCRIPT_LEN] = { 0 };

    sim_crypto_transcript(agreement, transcript);
    sim_crypto_labelled(label, transcript, sizeof transcript, info);
    ke = z == NULL ? NULL : tke_key_agreement_x963(z, 1, info->data, info->len, &error);
    km = ke == NULL ? NULL : tke_key_agreement_x963(z, 2, info->data, info->len, &error);
    if (km == NULL) {
        return status_of(error);
    }
    *encryption_key = g_steal_pointer(&ke);
    *mac_key = g_steal_pointer(&km);
    return SIM_SW_DONE;
}

/* number ‖ IV ‖ C under the MAC key. */
static bool
seal_mac(const TkeSecret *mac_key, uint32_t number, const uint8_t *sealed, size_t len,
         uint8_t mac[static SIM_MAC_LEN], GError **error)
{
    uint8_t text[4 + SIM_SEALED_MAX] = { 0 };
    TkeByteBuilder b = { .out = text, .size = sizeof text };

    tke_byte_builder_u32(&b, number);
    tke_byte_builder_bytes(&b, sealed, len);
    return tke_aes_cmac(mac_key, text, b.len, mac, error);
}

uint16_t
sim_crypto_seal(const TkeSecret *encryption_key, const TkeSecret *mac_key, uint32_t number,
                const uint8_t iv[static SIM_IV_LEN], const uint8_t *plain, size_t len,
                uint8_t out[static SIM_SEALED_MAX], size_t *out_len)
{
    g_autoptr(GError) error = NULL;
    size_t padded = (len / TKE_AES_BLOCK + 1) * TKE_AES_BLOCK;
    g_autoptr(TkeSecret) text = NULL;

    if (SIM_IV_LEN + padded + SIM_MAC_LEN > SIM_SEALED_MAX) {
        return SIM_SW_INTERNAL;
    }
    text = tke_secret_new(padded, &error);
    if (text == NULL) {
        return status_of(error);
    }
    memcpy(tke_secret_fill(text, NULL), plain, len);
    tke_secret_fill(text, NULL)[len] = 0x80;
    memcpy(out, iv, SIM_IV_LEN);
    if (!tke_aes_cbc_encrypt(encryption_key, iv, text, out + SIM_IV_LEN, &error) ||
        !seal_mac(mac_key, number, out, SIM_IV_LEN + padded, out + SIM_IV_LEN + padded, &error)) {
        return status_of(error);
    }
    *out_len = SIM_IV_LEN + padded + SIM_MAC_LEN;
    return SIM_SW_DONE;
}

uint16_t
sim_crypto_unseal(const TkeSecret *encryption_key, const TkeSecret *mac_key, uint32_t number,
                  const uint8_t *sealed, size_t sealed_len, uint8_t plain[static SIM_SEALED_MAX],
                  size_t *len)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) text = NULL;
    uint8_t mac[SIM_MAC_LEN] = { 0 };
    const uint8_t *bytes = NULL;
    size_t n = 0;

    if (sealed_len < SIM_SEALED_MIN || sealed_len > SIM_SEALED_MAX ||
        sealed_len % TKE_AES_BLOCK != 0) {
        return SIM_SW_DATA;
    }
    if (!seal_mac(mac_key, number, sealed, sealed_len - SIM_MAC_LEN, mac, &error)) {
        return status_of(error);
    }
    if (!tke_bytes_equal(mac, sealed + sealed_len - SIM_MAC_LEN, SIM_MAC_LEN)) {
        return SIM_SW_WRONG;
    }
    text = tke_aes_cbc_decrypt(encryption_key, sealed, sealed + SIM_IV_LEN,
                               sealed_len - SIM_IV_LEN - SIM_MAC_LEN, &error);
    if (text == NULL) {
        return status_of(error);
    }
    bytes = tke_secret_bytes(text, &n);
    for (size_t pad = 1; pad <= TKE_AES_BLOCK && pad < n; pad++) {
        if (bytes[n - pad] == 0x80) {
            *len = n - pad;
            memcpy(plain, bytes, *len);
            return SIM_SW_DONE;
        }
        if (bytes[n - pad] != 0) {
            break;
        }
    }
    return SIM_SW_DATA;
}

size_t
sim_crypto_shared_info(uint8_t form, const uint8_t ukm[static SIM_UKM_LEN],
                       uint8_t out[static SIM_SHARED_INFO_MAX])
{
    static const uint8_t oid[] = {
        0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2D
    }; /* AES-256 key wrap */
    static const uint8_t bits[] = { 0xA2, 0x06, 0x04, 0x04, 0x00, 0x00, 0x01, 0x00 };
    TkeByteBuilder b = { .out = out, .size = SIM_SHARED_INFO_MAX };
    uint8_t null_len = form == FORM_WITH_NULL ? 2 : 0;

    tke_byte_builder_u8(&b, 0x30);
    tke_byte_builder_u8(&b, (uint8_t) (0x41 + null_len));
    tke_byte_builder_u8(&b, 0x30);
    tke_byte_builder_u8(&b, (uint8_t) (sizeof oid + null_len));
    tke_byte_builder_bytes(&b, oid, sizeof oid);
    if (null_len != 0) {
        tke_byte_builder_u16(&b, 0x0500);
    }
    tke_byte_builder_u16(&b, 0xA02A);
    tke_byte_builder_u16(&b, 0x0428);
    tke_byte_builder_bytes(&b, ukm, SIM_UKM_LEN);
    tke_byte_builder_bytes(&b, bits, sizeof bits);
    g_assert(!b.failed);
    return b.len;
}

uint16_t
sim_crypto_wrap(SimCard *card, const SimKeyPair *ephemeral,
                const uint8_t importer[static SIM_POINT_LEN], uint8_t form,
                const uint8_t ukm[static SIM_UKM_LEN], const uint8_t part[static SIM_CARD_PART_LEN],
                uint8_t out[static SIM_WRAPPED_LEN])
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) z = shared_secret(card, ephemeral, importer, &error);
    g_autoptr(TkeSecret) kek = NULL;
    g_autoptr(TkeSecret) key = NULL;
    uint8_t info[SIM_SHARED_INFO_MAX] = { 0 };
    size_t len = sim_crypto_shared_info(form, ukm, info);

    kek = z == NULL ? NULL : tke_key_agreement_x963(z, 1, info, len, &error);
    key = kek == NULL ? NULL : tke_secret_new_from(part, SIM_CARD_PART_LEN, &error);
    if (key == NULL || !tke_aes_wrap(kek, key, out, &error)) {
        return status_of(error);
    }
    return SIM_SW_DONE;
}
