/*
 * Imports from a file: the host's random values are those of the command, and its scalar is known
 * from its name; what was imported is found by opening the seal.
 */
#include <string.h>

#include "common/aes.h"
#include "common/digest.h"
#include "common/ec-key.h"
#include "common/key-agreement.h"
#include "common/tlv.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/card-transfer.h"
#include "tests/run-vectors/card-host.h"

/* What the host of the case drew. */
typedef struct Drawn {
    EVP_PKEY *key;
    uint8_t nonce[TKE_CARD_NONCE_LEN];
    uint8_t iv[TKE_AES_BLOCK];
} Drawn;

static EVP_PKEY *
drawn_key(void *data, G_GNUC_UNUSED GError **error)
{
    Drawn *drawn = data;

    EVP_PKEY_up_ref(drawn->key);
    return drawn->key;
}

static bool
drawn_bytes(void *data, const char *what, uint8_t *out, size_t len, G_GNUC_UNUSED GError **error)
{
    const Drawn *drawn = data;

    memcpy(out, strcmp(what, "iv") == 0 ? drawn->iv : drawn->nonce, len);
    return true;
}

/* Scalar of the n-th import: 00 00 and SHA-512 of its name. */
static EVP_PKEY *
ephemeral_key(unsigned n)
{
    g_autofree char *name = g_strdup_printf("vector/host ephemeral %u", n);
    uint8_t scalar[TKE_EC_SCALAR_LEN] = { 0 };
    g_autoptr(TkeSecret) secret = NULL;

    if (!tke_digest_sha512((const uint8_t *) name, strlen(name), scalar + 2, NULL)) {
        return NULL;
    }
    secret = tke_secret_new_from(scalar, sizeof scalar, NULL);
    return secret == NULL ? NULL : tke_ec_key_from_scalar(secret, NULL);
}

/* 86, 92 and the seal of the command; fills in nonce and IV. */
static bool
read_import(const HostStep *import, TkeCardAgreement *agreement, Drawn *drawn,
            TkeByteCursor *sealed)
{
    TkeByteCursor cursor = tke_byte_cursor(import->data->data, import->data->len);

    if (!tke_tlv_read_exact(&cursor, 0x86, agreement->sender_point,
                            sizeof agreement->sender_point) ||
        !tke_tlv_read_exact(&cursor, 0x92, agreement->sender_nonce,
                            sizeof agreement->sender_nonce) ||
        !tke_tlv_read(&cursor, 0x99, sealed) || tke_byte_cursor_left(sealed) < TKE_CARD_SEAL_MIN) {
        return false;
    }
    memcpy(drawn->nonce, agreement->sender_nonce, sizeof drawn->nonce);
    return tke_byte_cursor_copy(sealed, drawn->iv, sizeof drawn->iv);
}

/* Opens what the host of the case sealed: kind, record and padding. */
static TkeSecret *
open_seal(HostRun *run, const HostStep *offer_step, const HostStep *import, Drawn *drawn)
{
    TkeCardAgreement agreement = { 0 };
    TkeTransferOffer offer = { .signature_len = 0 };
    TkeByteCursor sealed = { 0 };
    g_autoptr(EVP_PKEY) peer = NULL;
    g_autoptr(TkeSecret) z = NULL;
    g_autoptr(TkeCardSealKeys) keys = NULL;

    if (!read_import(import, &agreement, drawn, &sealed) ||
        !tke_card_transfer_parse_offer(offer_step->answer->data, offer_step->answer->len, &offer,
                                       NULL)) {
        return NULL;
    }
    memcpy(agreement.zone_id, run->zone.zone_id, TKE_ZONE_ID_LEN);
    memcpy(agreement.receiver_id, import->on->card_id, TKE_CARD_ID_LEN);
    memcpy(agreement.receiver_nonce, offer.nonce, TKE_CARD_NONCE_LEN);
    memcpy(agreement.receiver_point, offer.point, TKE_EC_POINT_LEN);
    peer = tke_ec_key_from_point(offer.point, sizeof offer.point, NULL);
    z = peer == NULL ? NULL : tke_key_agreement_ecdh(drawn->key, peer, NULL);
    keys = z == NULL ? NULL : tke_card_seal_keys_new(z, "import keys", &agreement, NULL);
    return keys == NULL ? NULL
                        : tke_aes_cbc_decrypt(keys->encryption, drawn->iv, sealed.data + sealed.pos,
                                              tke_byte_cursor_left(&sealed) - TKE_AES_BLOCK, NULL);
}

static bool
import_part(HostRun *run, const HostStep *step, const TkeCardStatus *status, TkeByteCursor *record,
            GError **error)
{
    const uint8_t *part = NULL;
    const uint8_t *text = NULL;
    uint8_t origin = 0;
    uint8_t len = 0;
    TkeKeyPart out = { .place = 0 };
    g_autofree char *description = NULL;
    g_autoptr(TkeSecret) secret = NULL;

    if (!tke_byte_cursor_u8(record, &origin) || !tke_byte_cursor_bytes(record, 32, &part) ||
        !tke_byte_cursor_u8(record, &len) || !tke_byte_cursor_bytes(record, len, &text)) {
        return false;
    }
    description = g_strndup((const char *) text, len);
    secret = tke_secret_new_from(part, 32, NULL);
    return secret != NULL &&
           tke_card_transfer_import_part(step->on->card, status, &run->zone, secret, origin,
                                         description, &out, error);
}

static bool
import_key(HostRun *run, const HostStep *step, const TkeCardStatus *status, TkeByteCursor *record,
           GError **error)
{
    const uint8_t *scalar = NULL;
    const uint8_t *text = NULL;
    uint8_t len = 0;
    TkeSignatureKey out = { .origin = 0 };
    g_autofree char *name = NULL;
    g_autoptr(TkeSecret) secret = NULL;
    g_autoptr(EVP_PKEY) key = NULL;

    if (!tke_byte_cursor_skip(record, 1) ||
        !tke_byte_cursor_bytes(record, TKE_EC_SCALAR_LEN, &scalar) ||
        !tke_byte_cursor_skip(record, TKE_EC_POINT_LEN) || !tke_byte_cursor_u8(record, &len) ||
        !tke_byte_cursor_bytes(record, len, &text)) {
        return false;
    }
    name = g_strndup((const char *) text, len);
    secret = tke_secret_new_from(scalar, TKE_EC_SCALAR_LEN, NULL);
    key = secret == NULL ? NULL : tke_ec_key_from_scalar(secret, NULL);
    return key != NULL &&
           tke_card_transfer_import_key(step->on->card, status, &run->zone, key, name, &out, error);
}

bool
card_host_import(HostRun *run, const HostStep *offer, const HostStep *import, GError **error)
{
    Drawn drawn = { .key = ephemeral_key(++run->imports) };
    const TkeCardHostRandom random = { .new_key = drawn_key, .fill = drawn_bytes, .data = &drawn };
    TkeCardStatus status = { .kind = TKE_CARD_KIND_EP11,
                             .life_cycle = TKE_CARD_PERSONALISED,
                             .has_zone = true };
    g_autoptr(TkeSecret) plain = NULL;
    TkeByteCursor record = { 0 };
    uint8_t kind = 0;
    bool ok = false;

    memcpy(status.card_id, import->on->card_id, TKE_CARD_ID_LEN);
    memcpy(status.zone_id, run->zone.zone_id, TKE_ZONE_ID_LEN);
    plain = drawn.key == NULL ? NULL : open_seal(run, offer, import, &drawn);
    if (vector_check(run->vector, plain != NULL, "the import cannot be opened")) {
        record = tke_byte_cursor(tke_secret_bytes(plain, NULL), tke_secret_len(plain));
        tke_card_transfer_set_random(&random);
        if (tke_byte_cursor_u8(&record, &kind)) {
            ok = kind == 1 ? import_key(run, import, &status, &record, error)
                           : import_part(run, import, &status, &record, error);
        }
        tke_card_transfer_set_random(NULL);
    }
    EVP_PKEY_free(drawn.key);
    return ok;
}
