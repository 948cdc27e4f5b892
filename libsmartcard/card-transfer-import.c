/*
 * File to card: the host is the sender (card-protocol.md, 5.4 and 8.5).
 */
#include <glib/gi18n-lib.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/aes.h"
#include "common/byte-builder.h"
#include "common/key-agreement.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/card-transfer.h"

#define KIND_KEY 0x01u
#define KIND_PARTS 0x02u
#define PART_LEN 32u
#define SKI_LEN 32u
#define FIRST_NUMBER 1u
#define IMPORT_DATA_MAX 512u

static EVP_PKEY *
ordinary_key(G_GNUC_UNUSED void *data, GError **error)
{
    return tke_ec_key_generate(error);
}

static bool
ordinary_bytes(G_GNUC_UNUSED void *data, G_GNUC_UNUSED const char *what, uint8_t *out, size_t len,
               GError **error)
{
    if (RAND_bytes(out, (int) len) != 1) {
        tke_openssl_set_error(error, _("drawing random numbers failed"));
        return false;
    }
    return true;
}

static const TkeCardHostRandom ordinary = { .new_key = ordinary_key, .fill = ordinary_bytes };
static const TkeCardHostRandom *host_random = &ordinary;

void
tke_card_transfer_set_random(const TkeCardHostRandom *random)
{
    host_random = random != NULL ? random : &ordinary;
}

/* Object 99 for the card that made the offer; agreement comes out with the host's point and nonce.
 */
static bool
seal_for(const TkeTransferOffer *offer, const TkeSecret *plain, TkeCardAgreement *agreement,
         TkeTransferSealed *sealed, GError **error)
{
    uint8_t iv[TKE_AES_BLOCK];
    g_autoptr(EVP_PKEY) peer = tke_ec_key_from_point(offer->point, sizeof offer->point, error);
    g_autoptr(EVP_PKEY) own = NULL;
    g_autoptr(TkeSecret) z = NULL;
    g_autoptr(TkeCardSealKeys) keys = NULL;

    if (peer == NULL) {
        return false;
    }
    own = host_random->new_key(host_random->data, error);
    if (own == NULL || !tke_ec_key_get_point(own, agreement->sender_point, error) ||
        !host_random->fill(host_random->data, "nonce", agreement->sender_nonce,
                           sizeof agreement->sender_nonce, error) ||
        !host_random->fill(host_random->data, "iv", iv, sizeof iv, error)) {
        return false;
    }
    memcpy(agreement->zone_id, offer->certificate.zone_id, TKE_ZONE_ID_LEN);
    memcpy(agreement->receiver_id, offer->certificate.card_id, TKE_CARD_ID_LEN);
    memcpy(agreement->receiver_nonce, offer->nonce, TKE_CARD_NONCE_LEN);
    memcpy(agreement->receiver_point, offer->point, TKE_EC_POINT_LEN);
    z = tke_key_agreement_ecdh(own, peer, error);
    if (z == NULL) {
        return false;
    }
    keys = tke_card_seal_keys_new(z, "import keys", agreement, error);
    return keys != NULL &&
           tke_card_seal_close(keys, FIRST_NUMBER, iv, plain, sealed->content, &sealed->len, error);
}

/* Offer, check, seal, `2A 08`. */
static bool
import_records(TkeCard *card, const TkeCardStatus *status, const TkeZoneCertificate *zone,
               const TkeSecret *plain, const char *what, TkeCardAnswer *answer, GError **error)
{
    uint8_t data[IMPORT_DATA_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeTransferOffer offer = { 0 };
    TkeTransferSealed sealed = { .len = 0 };
    TkeCardAgreement agreement = { 0 }; /* the sender's id stays zero: the host */
    g_autoptr(GError) inner = NULL;

    if (!tke_card_status_need_personalised(status, zone->zone_id, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    if (!tke_card_transfer_make_offer(card, &offer, error)) {
        return false;
    }
    if (!tke_zone_certificate_check_card(&offer.certificate, zone, status->card_id, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    if (!seal_for(&offer, plain, &agreement, &sealed, error)) {
        return false;
    }
    tke_tlv_object(&b, TKE_TAG_POINT, agreement.sender_point, sizeof agreement.sender_point);
    tke_tlv_object(&b, TKE_TAG_NONCE, agreement.sender_nonce, sizeof agreement.sender_nonce);
    tke_tlv_object(&b, TKE_TAG_SEALED, sealed.content, sealed.len);
    g_assert(!b.failed);
    return tke_card_call(card, TKE_INS_PERFORM, 0x08, 0, data, b.len, what, answer, error);
}

/* Kind 02 with one record. */
static TkeSecret *
part_record(const TkeSecret *part, uint8_t origin, const char *description, GError **error)
{
    const size_t text_len = strlen(description);
    const size_t len = 2 + PART_LEN + 1 + text_len;
    TkeSecret *plain = tke_secret_new(len, error);
    TkeByteBuilder b = { .size = len };

    if (plain == NULL) {
        return NULL;
    }
    b.out = tke_secret_fill(plain, NULL);
    tke_byte_builder_u8(&b, KIND_PARTS);
    tke_byte_builder_u8(&b, origin);
    tke_byte_builder_bytes(&b, tke_secret_bytes(part, NULL), PART_LEN);
    tke_byte_builder_u8(&b, (uint8_t) text_len);
    tke_byte_builder_bytes(&b, (const uint8_t *) description, text_len);
    g_assert(!b.failed && b.len == len);
    return plain;
}

bool
tke_card_transfer_import_part(TkeCard *card, const TkeCardStatus *status,
                              const TkeZoneCertificate *zone, const TkeSecret *part, uint8_t origin,
                              const char *description, TkeKeyPart *out, GError **error)
{
    g_autoptr(TkeSecret) plain = NULL;
    TkeCardAnswer answer = { 0 };
    TkeByteCursor cursor = { 0 };
    TkeKeyPart made = { .origin = origin };
    uint8_t vp[TKE_VP_LEN];

    g_return_val_if_fail(tke_secret_len(part) == PART_LEN, false);
    g_return_val_if_fail(origin == TKE_ORIGIN_FILE || origin == TKE_ORIGIN_TYPED, false);
    g_return_val_if_fail(tke_card_text_is_description(description), false);
    plain = part_record(part, origin, description, error);
    if (plain == NULL || !tke_digest_verification_pattern(part, vp, error) ||
        !import_records(card, status, zone, plain, _("importing the key part"), &answer, error)) {
        return false;
    }
    cursor = tke_byte_cursor(answer.data, answer.len);
    if (!tke_tlv_read_exact(&cursor, TKE_TAG_PATTERN, made.vp, sizeof made.vp) ||
        !tke_tlv_read_exact(&cursor, TKE_TAG_PLACE, &made.place, 1) || made.place < 1 ||
        made.place > TKE_EP11_PLACES || tke_byte_cursor_left(&cursor) != 0 ||
        memcmp(made.vp, vp, sizeof vp) != 0) {
        tke_card_set_protocol_error(card, _("importing the key part"), error);
        return false;
    }
    g_strlcpy(made.description, description, sizeof made.description);
    *out = made;
    return true;
}

/* Kind 01: origin, scalar, point, name. */
static TkeSecret *
key_record(EVP_PKEY *key, const uint8_t point[static TKE_EC_POINT_LEN], const char *name,
           GError **error)
{
    const size_t name_len = strlen(name);
    const size_t len = 2 + TKE_EC_SCALAR_LEN + TKE_EC_POINT_LEN + 1 + name_len;
    g_autoptr(TkeSecret) scalar = tke_ec_key_dup_scalar(key, error);
    TkeSecret *plain = NULL;
    TkeByteBuilder b = { .size = len };

    if (scalar == NULL) {
        return NULL;
    }
    plain = tke_secret_new(len, error);
    if (plain == NULL) {
        return NULL;
    }
    b.out = tke_secret_fill(plain, NULL);
    tke_byte_builder_u8(&b, KIND_KEY);
    tke_byte_builder_u8(&b, TKE_ORIGIN_FILE);
    tke_byte_builder_bytes(&b, tke_secret_bytes(scalar, NULL), TKE_EC_SCALAR_LEN);
    tke_byte_builder_bytes(&b, point, TKE_EC_POINT_LEN);
    tke_byte_builder_u8(&b, (uint8_t) name_len);
    tke_byte_builder_bytes(&b, (const uint8_t *) name, name_len);
    g_assert(!b.failed && b.len == len);
    return plain;
}

bool
tke_card_transfer_import_key(TkeCard *card, const TkeCardStatus *status,
                             const TkeZoneCertificate *zone, EVP_PKEY *key, const char *name,
                             TkeSignatureKey *out, GError **error)
{
    g_autofree char *trimmed = g_strdup(name);
    g_autoptr(TkeSecret) plain = NULL;
    TkeCardAnswer answer = { 0 };
    TkeByteCursor cursor = { 0 };
    TkeSignatureKey made = { .origin = TKE_ORIGIN_FILE };
    uint8_t ski[SKI_LEN] = { 0 };

    g_strstrip(trimmed);
    g_return_val_if_fail(tke_card_text_is_name(trimmed), false);
    if (!tke_ec_key_get_point(key, made.point, error) ||
        !tke_ec_key_get_ski(key, made.ski, error)) {
        return false;
    }
    plain = key_record(key, made.point, trimmed, error);
    if (plain == NULL || !import_records(card, status, zone, plain,
                                         _("importing the signature key"), &answer, error)) {
        return false;
    }
    cursor = tke_byte_cursor(answer.data, answer.len);
    if (!tke_tlv_read_exact(&cursor, TKE_TAG_SKI, ski, sizeof ski) ||
        tke_byte_cursor_left(&cursor) != 0 || memcmp(ski, made.ski, sizeof ski) != 0) {
        tke_card_set_protocol_error(card, _("importing the signature key"), error);
        return false;
    }
    g_strlcpy(made.name, trimmed, sizeof made.name);
    *out = made;
    return true;
}
