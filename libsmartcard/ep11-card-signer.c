/*
 * The administrator's signature key on an EP11 card (card-protocol.md, 8.2, 8.4 and 12).
 */
#include "libsmartcard/ep11-card-signer.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/tlv.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/zone-certificate.h"

#define SKI_LEN 32u
#define P1_SIGN 0x9Eu

/* 86 and 88 that belong together. */
static bool
read_key(TkeByteCursor *cursor, TkeSignatureKey *key)
{
    g_autoptr(EVP_PKEY) public_key = NULL;
    uint8_t ski[SKI_LEN] = { 0 };

    if (!tke_card_read_point(cursor, key->point) ||
        !tke_tlv_read_exact(cursor, TKE_TAG_SKI, key->ski, sizeof key->ski)) {
        return false;
    }
    public_key = tke_ec_key_from_point(key->point, sizeof key->point, NULL);
    return public_key != NULL && tke_ec_key_get_ski(public_key, ski, NULL) &&
           memcmp(ski, key->ski, sizeof ski) == 0;
}

bool
tke_ep11_card_query_signature_key(TkeCard *card, TkeSignatureKey *key, GError **error)
{
    TkeCardAnswer answer;
    TkeByteCursor cursor = { 0 };
    TkeSignatureKey read = { 0 };

    if (!tke_card_get(card, 0, TKE_GET_SIGNATURE_KEY, _("reading the signature key"), &answer,
                      error)) {
        return false;
    }
    cursor = tke_byte_cursor(answer.data, answer.len);
    if (!read_key(&cursor, &read) || !tke_card_read_text(&cursor, TKE_TAG_NAME, 1, read.name) ||
        !tke_card_text_is_name(read.name) ||
        !tke_tlv_read_exact(&cursor, TKE_TAG_ORIGIN, &read.origin, 1) ||
        (read.origin & ~TKE_ORIGIN_COPIED & ~TKE_ORIGIN_FILE) != 0 ||
        tke_byte_cursor_left(&cursor) != 0) {
        tke_card_set_protocol_error(card, _("reading the signature key"), error);
        return false;
    }
    *key = read;
    return true;
}

static bool
make_key(TkeCard *card, const uint8_t *old_ski, const char *name, TkeSignatureKey *key,
         GError **error)
{
    uint8_t data[2 + SKI_LEN + 2 + TKE_CARD_TEXT_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeCardAnswer answer;
    TkeByteCursor cursor = { 0 };
    TkeSignatureKey made = { .origin = TKE_ORIGIN_MADE };

    if (old_ski != NULL) {
        tke_tlv_object(&b, TKE_TAG_SKI, old_ski, SKI_LEN);
    }
    tke_tlv_object(&b, TKE_TAG_NAME, (const uint8_t *) name, strlen(name));
    g_assert(!b.failed);
    if (!tke_card_call(card, TKE_INS_GENERATE, 0x05, old_ski != NULL ? 0x01 : 0x00, data, b.len,
                       _("making the signature key"), &answer, error)) {
        return false;
    }
    cursor = tke_byte_cursor(answer.data, answer.len);
    if (!read_key(&cursor, &made) || tke_byte_cursor_left(&cursor) != 0) {
        tke_card_set_protocol_error(card, _("making the signature key"), error);
        return false;
    }
    g_strlcpy(made.name, name, sizeof made.name);
    *key = made;
    return true;
}

bool
tke_ep11_card_generate_signature_key(TkeCard *card, const char *name, TkeSignatureKey *key,
                                     GError **error)
{
    g_return_val_if_fail(tke_card_text_is_name(name), false);
    return make_key(card, NULL, name, key, error);
}

bool
tke_ep11_card_replace_signature_key(TkeCard *card, const uint8_t old_ski[static 32],
                                    const char *name, TkeSignatureKey *key, GError **error)
{
    g_return_val_if_fail(tke_card_text_is_name(name), false);
    return make_key(card, old_ski, name, key, error);
}

bool
tke_ep11_card_delete_signature_key(TkeCard *card, const uint8_t ski[static 32], GError **error)
{
    uint8_t data[2 + SKI_LEN];
    TkeByteBuilder b = { .out = data, .size = sizeof data };

    tke_tlv_object(&b, TKE_TAG_SKI, ski, SKI_LEN);
    return tke_card_call(card, TKE_INS_DELETE, 0x01, 0, data, b.len,
                         _("deleting the signature key"), NULL, error);
}

/* A record is signed under its label; what units check is not. */
static bool
verify(TkeEp11SignPurpose purpose, const uint8_t point[static TKE_EC_POINT_LEN],
       const uint8_t *message, size_t len, const uint8_t *signature, size_t signature_len)
{
    g_autoptr(EVP_PKEY) key = NULL;

    if (purpose == TKE_EP11_SIGN_RECORD) {
        return tke_zone_label_verify(point, "record", message, len, signature, signature_len, NULL);
    }
    key = tke_ec_key_from_point(point, TKE_EC_POINT_LEN, NULL);
    return key != NULL && tke_ec_key_verify(key, message, len, signature, signature_len, NULL);
}

bool
tke_ep11_card_sign(TkeCard *card, TkeEp11SignPurpose purpose,
                   const uint8_t point[static TKE_EC_POINT_LEN], const uint8_t *message, size_t len,
                   uint8_t signature[static TKE_EC_SIGNATURE_MAX], size_t *signature_len,
                   GError **error)
{
    TkeCardAnswer answer;
    uint8_t minimal[TKE_EC_SIGNATURE_MAX];
    size_t minimal_len = 0;

    g_return_val_if_fail(len >= 1 && len <= TKE_EP11_MESSAGE_MAX, false);
    if (!tke_card_call(card, TKE_INS_PERFORM, P1_SIGN, (uint8_t) purpose, message, len,
                       _("signing"), &answer, error)) {
        return false;
    }
    if (answer.len < TKE_CARD_SIGNATURE_MIN || answer.len > TKE_CARD_SIGNATURE_MAX ||
        !tke_ec_key_normalize_signature(answer.data, answer.len, minimal, &minimal_len, NULL)) {
        tke_card_set_protocol_error(card, _("signing"), error);
        return false;
    }
    if (!verify(purpose, point, message, len, minimal, minimal_len)) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE,
                                         _("the card's signature does not verify under its key")));
    }
    memcpy(signature, minimal, minimal_len);
    *signature_len = minimal_len;
    return true;
}

bool
tke_ep11_card_sign_batch(TkeCard *card, TkeEp11SignPurpose purpose,
                         const uint8_t point[static TKE_EC_POINT_LEN], TkeSignItem *items, size_t n,
                         GError **error)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        items[i].signature_len = 0;
    }
    if (!tke_card_begin(card, error)) {
        return false;
    }
    for (size_t i = 0; i < n && ok; i++) {
        ok = tke_ep11_card_sign(card, purpose, point, items[i].message, items[i].len,
                                items[i].signature, &items[i].signature_len, error);
    }
    tke_card_end(card);
    return ok;
}
