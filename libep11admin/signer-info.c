/*
 * SignerInfo (crypto-unit-protocol.md, 2.9 and 2.11).
 */
#include "libep11admin/signer-info.h"

#include <openssl/err.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/der.h"
#include "common/ec-key.h"
#include "common/error.h"
#include "common/rsa.h"
#include "libep11admin/unit-error.h"

#define TAG_SKI 0x80u /* [0] IMPLICIT OCTET STRING */
#define VERSION 3u
#define MOST_BYTES 65536u /* of one SignerInfo that is written */

/* Contents of object identifiers. */
static const uint8_t oid_sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
static const uint8_t oid_sha512[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03 };
static const uint8_t oid_ecdsa_sha512[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 };
static const uint8_t oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const uint8_t oid_rsa_sha256[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b };
static const uint8_t oid_dilithium[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x02,
                                         0x82, 0x0b, 0x01, 0x08, 0x07 };

static bool
is_oid(const TkeByteCursor *oid, const uint8_t *wanted, size_t len)
{
    return oid->len == len && memcmp(oid->data, wanted, len) == 0;
}

static TkeSignerInfoDigest
digest_of(const TkeByteCursor *oid)
{
    if (is_oid(oid, oid_sha256, sizeof oid_sha256)) {
        return TKE_SIGNER_INFO_SHA256;
    }
    if (is_oid(oid, oid_sha512, sizeof oid_sha512)) {
        return TKE_SIGNER_INFO_SHA512;
    }
    return TKE_SIGNER_INFO_DIGEST_OTHER;
}

static TkeSignerInfoAlgorithm
algorithm_of(const TkeByteCursor *oid)
{
    if (is_oid(oid, oid_ecdsa_sha512, sizeof oid_ecdsa_sha512)) {
        return TKE_SIGNER_INFO_ECDSA_SHA512;
    }
    if (is_oid(oid, oid_rsa, sizeof oid_rsa)) {
        return TKE_SIGNER_INFO_RSA_X931;
    }
    if (is_oid(oid, oid_rsa_sha256, sizeof oid_rsa_sha256)) {
        return TKE_SIGNER_INFO_RSA_PKCS1;
    }
    if (is_oid(oid, oid_dilithium, sizeof oid_dilithium)) {
        return TKE_SIGNER_INFO_DILITHIUM;
    }
    return TKE_SIGNER_INFO_ALGORITHM_OTHER;
}

/* An AlgorithmIdentifier: the OID, then NULL or nothing. */
static bool
read_algorithm(TkeByteCursor *cursor, TkeByteCursor *identifier, TkeByteCursor *oid)
{
    TkeByteCursor content = { 0 };
    TkeByteCursor parameters = { 0 };

    if (!tke_der_read(cursor, TKE_DER_SEQUENCE, &content)) {
        return false;
    }
    *identifier = content;
    if (!tke_der_read(&content, TKE_DER_OID, oid)) {
        return false;
    }
    if (tke_byte_cursor_left(&content) == 0) {
        return true;
    }
    return tke_der_read(&content, TKE_DER_NULL, &parameters) && parameters.len == 0 &&
           tke_byte_cursor_left(&content) == 0;
}

static bool
read_fields(TkeByteCursor *content, TkeSignerInfo *info)
{
    TkeByteCursor digest_oid = { 0 };
    TkeByteCursor algorithm_oid = { 0 };

    if (!tke_der_read_exact(content, TKE_DER_INTEGER, &info->version, 1) ||
        !tke_der_read_exact(content, TAG_SKI, info->ski, sizeof info->ski) ||
        !read_algorithm(content, &info->digest_id, &digest_oid) ||
        !read_algorithm(content, &info->algorithm_id, &algorithm_oid) ||
        !tke_der_read(content, TKE_DER_OCTET_STRING, &info->signature)) {
        return false;
    }
    info->digest = digest_of(&digest_oid);
    info->algorithm = algorithm_of(&algorithm_oid);
    return tke_byte_cursor_left(content) == 0;
}

bool
tke_signer_info_read(TkeByteCursor *cursor, TkeSignerInfo *info, GError **error)
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor content = { 0 };
    TkeSignerInfo read = { 0 };

    if (!tke_der_read_whole(&copy, TKE_DER_SEQUENCE, &read.whole, &content) ||
        !read_fields(&content, &read)) {
        const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_SIGNER_INFO };

        tke_unit_error_set(error, TKE_UNIT_ERROR_MALFORMED, &details,
                           _("the information about a signature is malformed"));
        return false;
    }
    *cursor = copy;
    *info = read;
    return true;
}

static bool
verify_pkcs1(EVP_PKEY *key, const uint8_t *data, size_t len, const TkeByteCursor *signature)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
              EVP_DigestVerify(ctx, signature->data, signature->len,
                               len > 0 ? data : (const uint8_t *) "", len) == 1;

    ERR_clear_error();
    return ok;
}

bool
tke_signer_info_verify(const TkeSignerInfo *info, EVP_PKEY *key, const uint8_t *data, size_t len,
                       GError **error)
{
    const TkeByteCursor *signature = &info->signature;
    bool is_rsa = EVP_PKEY_is_a(key, "RSA") == 1;
    bool ok = false;

    if (info->algorithm == TKE_SIGNER_INFO_ECDSA_SHA512 && tke_ec_key_is_p521(key)) {
        ok = tke_ec_key_verify(key, data, len, signature->data, signature->len, NULL);
    } else if (info->algorithm == TKE_SIGNER_INFO_RSA_X931 && is_rsa) {
        ok = tke_rsa_verify_x931(key, data, len, signature->data, signature->len, NULL);
    } else if (info->algorithm == TKE_SIGNER_INFO_RSA_PKCS1 && is_rsa) {
        ok = verify_pkcs1(key, data, len, signature);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("the signature was not made with an algorithm that fits the key"));
        return false;
    }
    if (!ok) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY, _("the signature is wrong"));
    }
    return ok;
}

static void
write_algorithm(TkeByteBuilder *builder, const uint8_t *oid, size_t len)
{
    tke_der_header(builder, TKE_DER_SEQUENCE, tke_der_size(len) + tke_der_size(0));
    tke_der_element(builder, TKE_DER_OID, oid, len);
    tke_der_header(builder, TKE_DER_NULL, 0);
}

void
tke_signer_info_append(GByteArray *out, TkeSignerKind kind, const uint8_t *ski, size_t ski_len,
                       const uint8_t *signature, size_t signature_len)
{
    const uint8_t version[] = { VERSION };
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(content, MOST_BYTES);

    tke_der_element(&builder, TKE_DER_INTEGER, version, sizeof version);
    tke_der_element(&builder, TAG_SKI, ski, ski_len);
    if (kind == TKE_SIGNER_RSA_2048) {
        write_algorithm(&builder, oid_sha256, sizeof oid_sha256);
        write_algorithm(&builder, oid_rsa, sizeof oid_rsa);
    } else {
        write_algorithm(&builder, oid_sha512, sizeof oid_sha512);
        write_algorithm(&builder, oid_ecdsa_sha512, sizeof oid_ecdsa_sha512);
    }
    tke_der_element(&builder, TKE_DER_OCTET_STRING, signature, signature_len);
    g_return_if_fail(!builder.failed);

    builder = tke_byte_builder_into(out, MOST_BYTES);
    tke_der_element(&builder, TKE_DER_SEQUENCE, content->data, content->len);
}

bool
tke_signer_info_sign(GByteArray *out, TkeSigner *signer, const uint8_t *block, size_t block_len,
                     GCancellable *cancellable, GError **error)
{
    uint8_t signature[TKE_SIGNATURE_MAX] = { 0 };
    uint8_t minimal[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    if (!signer->ops->sign(signer, TKE_SIGN_COMMAND, block, block_len, signature, &len, cancellable,
                           error)) {
        return false;
    }
    if (signer->kind == TKE_SIGNER_RSA_2048) {
        if (len != TKE_RSA_LEN) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                        _("an RSA signature of %zu bytes where %u are wanted"), len, TKE_RSA_LEN);
            return false;
        }
        tke_signer_info_append(out, signer->kind, signer->ski, sizeof signer->ski, signature, len);
        return true;
    }
    if (!tke_ec_key_normalize_signature(signature, len, minimal, &len, error)) {
        return false;
    }
    tke_signer_info_append(out, signer->kind, signer->ski, sizeof signer->ski, minimal, len);
    return true;
}
