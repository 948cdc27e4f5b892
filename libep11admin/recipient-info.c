/*
 * RecipientInfo (crypto-unit-protocol.md, 4.3): close to CMS, but not CMS, so it is built and read
 * here.
 */
#include "libep11admin/recipient-info.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/aes.h"
#include "common/der.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/key-agreement.h"
#include "common/rsa.h"

#define VERSION_EC 3u
#define VERSION_RSA 2u

#define TAG_0 0xa0u
#define TAG_1 0xa1u
#define TAG_2 0xa2u
#define TAG_SKI 0x80u /* [0] IMPLICIT OCTET STRING */

#define RSA_LEN_MIN 256u
#define RSA_LEN_MAX 512u
#define KEK_BITS 256u
#define KDF_COUNTER 1u

static const uint8_t oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const uint8_t oid_ecdh_sha256[] = { 0x2b, 0x81, 0x04, 0x01, 0x0b, 0x01 };
static const uint8_t oid_aes256_wrap[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2d };

/* Puts an element of this tag around the content, in place. */
static void
wrap(GByteArray *content, uint8_t tag)
{
    uint8_t header[8] = { 0 };
    TkeByteBuilder builder = { .out = header, .size = sizeof header };

    tke_der_header(&builder, tag, content->len);
    g_assert(!builder.failed);
    g_byte_array_prepend(content, header, (guint) builder.len);
}

static void
append_algorithm(TkeByteBuilder *builder, const uint8_t *oid, size_t len, bool with_null)
{
    tke_der_header(builder, TKE_DER_SEQUENCE,
                   tke_der_size(len) + (with_null ? tke_der_size(0) : 0));
    tke_der_element(builder, TKE_DER_OID, oid, len);
    if (with_null) {
        tke_der_header(builder, TKE_DER_NULL, 0);
    }
}

/* [1] originatorKey inside [0] originator: the bare OID, then the point. */
static GByteArray *
new_originator(const uint8_t point[static TKE_EC_POINT_LEN])
{
    GByteArray *originator = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(originator, TKE_RECIPIENT_INFO_MAX);

    tke_der_element(&builder, TKE_DER_OID, oid_ec, sizeof oid_ec);
    tke_der_header(&builder, TKE_DER_BIT_STRING, 1 + TKE_EC_POINT_LEN);
    tke_byte_builder_u8(&builder, 0); /* unused bits */
    tke_byte_builder_bytes(&builder, point, TKE_EC_POINT_LEN);
    g_assert(!builder.failed);
    wrap(originator, TKE_DER_SEQUENCE);
    wrap(originator, TAG_1);
    wrap(originator, TAG_0);
    return originator;
}

/* One RecipientEncryptedKey in its list. */
static GByteArray *
new_encrypted_keys(const uint8_t ski[static TKE_SKI_LEN],
                   const uint8_t wrapped[static TKE_WRAPPED_PART_LEN])
{
    GByteArray *keys = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(keys, TKE_RECIPIENT_INFO_MAX);

    tke_der_header(&builder, TAG_0, tke_der_size(TKE_SKI_LEN));
    tke_der_element(&builder, TKE_DER_OCTET_STRING, ski, TKE_SKI_LEN);
    tke_der_element(&builder, TKE_DER_OCTET_STRING, wrapped, TKE_WRAPPED_PART_LEN);
    g_assert(!builder.failed);
    wrap(keys, TKE_DER_SEQUENCE);
    wrap(keys, TKE_DER_SEQUENCE);
    return keys;
}

/* Appends the finished envelope; the builder may be full. */
static bool
finish(TkeByteBuilder *builder, const GByteArray *content, GError **error)
{
    tke_der_element(builder, TKE_DER_SEQUENCE, content->data, content->len);
    if (builder->failed) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("no room for the envelope of a key part"));
        return false;
    }
    return true;
}

static bool
check_len(const char *what, size_t len, size_t wanted, GError **error)
{
    if (len != wanted) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("%s of %zu bytes where %zu are wanted"), what, len, wanted);
        return false;
    }
    return true;
}

bool
tke_recipient_info_write_ec(TkeByteBuilder *builder, const uint8_t *point, size_t point_len,
                            const uint8_t *ukm, size_t ukm_len, const uint8_t *ski, size_t ski_len,
                            const uint8_t *wrapped, size_t wrapped_len, GError **error)
{
    const uint8_t version[] = { VERSION_EC };
    g_autoptr(EVP_PKEY) key = NULL;
    g_autoptr(GByteArray) content = g_byte_array_new();
    g_autoptr(GByteArray) originator = NULL;
    g_autoptr(GByteArray) keys = NULL;
    TkeByteBuilder inner = tke_byte_builder_into(content, TKE_RECIPIENT_INFO_MAX);

    if (!check_len(_("a public key"), point_len, TKE_EC_POINT_LEN, error) ||
        !check_len(_("user keying material"), ukm_len, TKE_UKM_LEN, error) ||
        !check_len(_("a key identifier"), ski_len, TKE_SKI_LEN, error) ||
        !check_len(_("an encrypted key part"), wrapped_len, TKE_WRAPPED_PART_LEN, error)) {
        return false;
    }
    key = tke_ec_key_from_point(point, point_len, error);
    if (key == NULL) {
        return false;
    }
    originator = new_originator(point);
    keys = new_encrypted_keys(ski, wrapped);
    tke_der_element(&inner, TKE_DER_INTEGER, version, sizeof version);
    tke_byte_builder_bytes(&inner, originator->data, originator->len);
    tke_der_header(&inner, TAG_1, tke_der_size(TKE_UKM_LEN));
    tke_der_element(&inner, TKE_DER_OCTET_STRING, ukm, TKE_UKM_LEN);
    tke_der_header(&inner, TKE_DER_SEQUENCE,
                   tke_der_size(sizeof oid_ecdh_sha256) +
                       tke_der_size(tke_der_size(sizeof oid_aes256_wrap) + tke_der_size(0)));
    tke_der_element(&inner, TKE_DER_OID, oid_ecdh_sha256, sizeof oid_ecdh_sha256);
    append_algorithm(&inner, oid_aes256_wrap, sizeof oid_aes256_wrap, true);
    tke_byte_builder_bytes(&inner, keys->data, keys->len);
    g_assert(!inner.failed);
    return finish(builder, content, error);
}

bool
tke_recipient_info_write_rsa(TkeByteBuilder *builder, const uint8_t *ski, size_t ski_len,
                             const uint8_t *encrypted, size_t encrypted_len, GError **error)
{
    const uint8_t version[] = { VERSION_RSA };
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, TKE_RECIPIENT_INFO_MAX);

    if (!check_len(_("a key identifier"), ski_len, TKE_SKI_LEN, error)) {
        return false;
    }
    if (encrypted_len < RSA_LEN_MIN || encrypted_len > RSA_LEN_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("an encrypted key part of %zu bytes where %u to %u are wanted"),
                    encrypted_len, RSA_LEN_MIN, RSA_LEN_MAX);
        return false;
    }
    tke_der_element(&inner, TKE_DER_INTEGER, version, sizeof version);
    tke_der_element(&inner, TAG_SKI, ski, ski_len);
    append_algorithm(&inner, oid_rsa, sizeof oid_rsa, true);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, encrypted, encrypted_len);
    g_assert(!inner.failed);
    return finish(builder, content, error);
}

/* What is hashed with the shared secret (4.3.2, step 2). */
static GByteArray *
new_shared_info(const uint8_t ukm[static TKE_UKM_LEN], TkeSharedInfoForm form)
{
    GByteArray *info = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(info, TKE_RECIPIENT_INFO_MAX);

    append_algorithm(&builder, oid_aes256_wrap, sizeof oid_aes256_wrap,
                     form == TKE_SHARED_INFO_WITH_NULL);
    tke_der_header(&builder, TAG_0, tke_der_size(TKE_UKM_LEN));
    tke_der_element(&builder, TKE_DER_OCTET_STRING, ukm, TKE_UKM_LEN);
    tke_der_header(&builder, TAG_2, tke_der_size(4));
    tke_der_octet_u32(&builder, KEK_BITS);
    g_assert(!builder.failed);
    wrap(info, TKE_DER_SEQUENCE);
    return info;
}

bool
tke_recipient_info_encrypt_with(TkeByteBuilder *builder, EVP_PKEY *importer, EVP_PKEY *ephemeral,
                                const uint8_t ukm[static TKE_UKM_LEN], const TkeSecret *part,
                                TkeSharedInfoForm form, GError **error)
{
    g_autoptr(GByteArray) shared_info = new_shared_info(ukm, form);
    g_autoptr(TkeSecret) z = NULL;
    g_autoptr(TkeSecret) kek = NULL;
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[TKE_SKI_LEN] = { 0 };
    uint8_t wrapped[TKE_WRAPPED_PART_LEN] = { 0 };

    if (!check_len(_("a key part"), tke_secret_len(part), TKE_KEY_PART_LEN, error) ||
        !tke_ec_key_get_ski(importer, ski, error) ||
        !tke_ec_key_get_point(ephemeral, point, error)) {
        return false;
    }
    z = tke_key_agreement_ecdh(ephemeral, importer, error);
    kek = z == NULL
              ? NULL
              : tke_key_agreement_x963(z, KDF_COUNTER, shared_info->data, shared_info->len, error);
    if (kek == NULL || !tke_aes_wrap(kek, part, wrapped, error)) {
        return false;
    }
    return tke_recipient_info_write_ec(builder, point, sizeof point, ukm, TKE_UKM_LEN, ski,
                                       sizeof ski, wrapped, sizeof wrapped, error);
}

static bool
encrypt_ec(TkeByteBuilder *builder, EVP_PKEY *importer, const TkeSecret *part,
           TkeSharedInfoForm form, GError **error)
{
    uint8_t ukm[TKE_UKM_LEN] = { 0 };
    g_autoptr(EVP_PKEY) ephemeral = tke_ec_key_generate(error);

    if (ephemeral == NULL) {
        return false;
    }
    if (RAND_bytes(ukm, sizeof ukm) != 1) {
        tke_openssl_set_error(error, _("no random numbers"));
        return false;
    }
    return tke_recipient_info_encrypt_with(builder, importer, ephemeral, ukm, part, form, error);
}

static bool
encrypt_rsa(TkeByteBuilder *builder, EVP_PKEY *importer, const TkeSecret *part, GError **error)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(importer, NULL);
    g_autoptr(GByteArray) public_der = tke_rsa_public_der(importer, error);
    uint8_t ski[TKE_SKI_LEN] = { 0 };
    uint8_t encrypted[RSA_LEN_MAX] = { 0 };
    size_t len = sizeof encrypted;

    if (public_der == NULL ||
        !check_len(_("a key part"), tke_secret_len(part), TKE_KEY_PART_LEN, error) ||
        !tke_digest_sha256(public_der->data, public_der->len, ski, error)) {
        return false;
    }
    if (EVP_PKEY_get_size(importer) > (int) sizeof encrypted) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("the importer key has more than 4096 bits"));
        return false;
    }
    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_encrypt(ctx, encrypted, &len, tke_secret_bytes(part, NULL),
                         tke_secret_len(part)) != 1) {
        tke_openssl_set_error(error, _("the key part cannot be encrypted"));
        return false;
    }
    return tke_recipient_info_write_rsa(builder, ski, sizeof ski, encrypted, len, error);
}

bool
tke_recipient_info_encrypt(TkeByteBuilder *builder, EVP_PKEY *importer, const TkeSecret *part,
                           TkeSharedInfoForm form, GError **error)
{
    return EVP_PKEY_is_a(importer, "RSA") == 1 ? encrypt_rsa(builder, importer, part, error)
                                               : encrypt_ec(builder, importer, part, form, error);
}

static bool
next_is(TkeByteCursor *cursor, uint8_t tag, const uint8_t *wanted, size_t len)
{
    TkeByteCursor value = { 0 };

    return tke_der_read(cursor, tag, &value) && value.len == len &&
           memcmp(value.data, wanted, len) == 0;
}

/* An AlgorithmIdentifier of this OID with NULL. */
static bool
next_is_algorithm(TkeByteCursor *cursor, const uint8_t *oid, size_t len)
{
    TkeByteCursor content = { 0 };

    return tke_der_read(cursor, TKE_DER_SEQUENCE, &content) &&
           next_is(&content, TKE_DER_OID, oid, len) &&
           next_is(&content, TKE_DER_NULL, (const uint8_t *) "", 0) &&
           tke_byte_cursor_left(&content) == 0;
}

/* The only element inside an element of this tag. */
static bool
enter(TkeByteCursor *cursor, uint8_t outer_tag, uint8_t tag, TkeByteCursor *content)
{
    TkeByteCursor outer = { 0 };

    return tke_der_read(cursor, outer_tag, &outer) && tke_der_read(&outer, tag, content) &&
           tke_byte_cursor_left(&outer) == 0;
}

static bool
read_originator(TkeByteCursor *cursor, uint8_t point[static TKE_EC_POINT_LEN])
{
    TkeByteCursor originator = { 0 };
    TkeByteCursor key = { 0 };
    TkeByteCursor bits = { 0 };
    uint8_t unused = 0;
    g_autoptr(EVP_PKEY) on_curve = NULL;

    if (!enter(cursor, TAG_0, TAG_1, &originator) ||
        !tke_der_read(&originator, TKE_DER_SEQUENCE, &key) ||
        tke_byte_cursor_left(&originator) != 0 ||
        !next_is(&key, TKE_DER_OID, oid_ec, sizeof oid_ec) ||
        !tke_der_read(&key, TKE_DER_BIT_STRING, &bits) || tke_byte_cursor_left(&key) != 0 ||
        bits.len != 1 + TKE_EC_POINT_LEN || !tke_byte_cursor_u8(&bits, &unused) || unused != 0 ||
        !tke_byte_cursor_copy(&bits, point, TKE_EC_POINT_LEN)) {
        return false;
    }
    on_curve = tke_ec_key_from_point(point, TKE_EC_POINT_LEN, NULL);
    return on_curve != NULL;
}

static bool
read_ec(TkeByteCursor *content, TkeRecipientInfo *info)
{
    TkeByteCursor ukm = { 0 };
    TkeByteCursor scheme = { 0 };
    TkeByteCursor key = { 0 };
    TkeByteCursor ski = { 0 };

    if (!read_originator(content, info->point) ||
        !enter(content, TAG_1, TKE_DER_OCTET_STRING, &ukm) || ukm.len != TKE_UKM_LEN ||
        !tke_byte_cursor_copy(&ukm, info->ukm, TKE_UKM_LEN) ||
        !tke_der_read(content, TKE_DER_SEQUENCE, &scheme) ||
        !next_is(&scheme, TKE_DER_OID, oid_ecdh_sha256, sizeof oid_ecdh_sha256) ||
        !next_is_algorithm(&scheme, oid_aes256_wrap, sizeof oid_aes256_wrap) ||
        tke_byte_cursor_left(&scheme) != 0) {
        return false;
    }
    return enter(content, TKE_DER_SEQUENCE, TKE_DER_SEQUENCE, &key) &&
           tke_byte_cursor_left(content) == 0 && enter(&key, TAG_0, TKE_DER_OCTET_STRING, &ski) &&
           ski.len == TKE_SKI_LEN && tke_byte_cursor_copy(&ski, info->ski, TKE_SKI_LEN) &&
           tke_der_read(&key, TKE_DER_OCTET_STRING, &info->encrypted) &&
           info->encrypted.len == TKE_WRAPPED_PART_LEN && tke_byte_cursor_left(&key) == 0;
}

static bool
read_rsa(TkeByteCursor *content, TkeRecipientInfo *info)
{
    info->is_rsa = true;
    return tke_der_read_exact(content, TAG_SKI, info->ski, TKE_SKI_LEN) &&
           next_is_algorithm(content, oid_rsa, sizeof oid_rsa) &&
           tke_der_read(content, TKE_DER_OCTET_STRING, &info->encrypted) &&
           info->encrypted.len >= RSA_LEN_MIN && info->encrypted.len <= RSA_LEN_MAX &&
           tke_byte_cursor_left(content) == 0;
}

bool
tke_recipient_info_parse(const uint8_t *der, size_t len, TkeRecipientInfo *info, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(der, len);
    TkeByteCursor content = { 0 };
    TkeRecipientInfo read = { 0 };
    uint8_t version = 0;
    bool ok = tke_der_read(&cursor, TKE_DER_SEQUENCE, &content) &&
              tke_byte_cursor_left(&cursor) == 0 &&
              tke_der_read_exact(&content, TKE_DER_INTEGER, &version, 1);

    if (ok && version == VERSION_EC) {
        ok = read_ec(&content, &read);
    } else if (ok && version == VERSION_RSA) {
        ok = read_rsa(&content, &read);
    } else {
        ok = false;
    }
    if (!ok) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("the envelope of a key part is malformed"));
        return false;
    }
    *info = read;
    return true;
}
