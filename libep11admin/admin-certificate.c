/*
 * Administrator certificates (crypto-unit-protocol.md, 4.1 and 4.2).
 *
 * The body has one shape for all administrators; only name, key and key identifier differ. IBM's
 * own client writes exactly these bytes and reads nothing else, so they are kept to the byte.
 */
#include "libep11admin/admin-certificate.h"

#include <openssl/err.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/certificate.h"
#include "common/der.h"
#include "common/digest.h"
#include "common/error.h"

#define UNIT_NAME "TKE Administration"
#define NOT_BEFORE "20000101000000Z"
#define NOT_AFTER "21001231235959Z"

#define TAG_PRINTABLE_STRING 0x13u
#define TAG_GENERALIZED_TIME 0x18u
#define TAG_VERSION 0xa0u    /* [0] EXPLICIT */
#define TAG_EXTENSIONS 0xa3u /* [3] EXPLICIT */

/* Contents of object identifiers. */
static const uint8_t oid_unit_name[] = { 0x55, 0x04, 0x0b };
static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t oid_key_identifier[] = { 0x55, 0x1d, 0x0e };
static const uint8_t oid_ecdsa_sha512[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 };
static const uint8_t oid_rsa_sha256[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b };

/* SubjectPublicKeyInfo up to and with the unused bits of the BIT STRING (4.2). */
static const uint8_t spki_p521[] = {
    0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
    0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
};
static const uint8_t spki_rsa_2048[] = {
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
    0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00,
};
/* How the RSAPublicKey of a key that fits the form starts and ends: 2048 bits, exponent 65537. */
static const uint8_t rsa_key_start[] = { 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00 };
static const uint8_t rsa_key_end[] = { 0x02, 0x03, 0x01, 0x00, 0x01 };

#define RSA_KEY_LEN (sizeof rsa_key_start + TKE_RSA_LEN + sizeof rsa_key_end)

static bool
is_rsa(EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "RSA") == 1;
}

/* The content of the key's BIT STRING, which the SKI is the hash of. */
static GByteArray *
dup_key_bits(EVP_PKEY *key, GError **error)
{
    g_autoptr(GByteArray) bits = NULL;
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };

    if (!is_rsa(key)) {
        if (!tke_ec_key_get_point(key, point, error)) {
            return NULL;
        }
        bits = g_byte_array_new();
        g_byte_array_append(bits, point, sizeof point);
        return g_steal_pointer(&bits);
    }
    bits = tke_rsa_public_der(key, error);
    if (bits == NULL) {
        return NULL;
    }
    if (bits->len != RSA_KEY_LEN || memcmp(bits->data, rsa_key_start, sizeof rsa_key_start) != 0 ||
        memcmp(bits->data + sizeof rsa_key_start + TKE_RSA_LEN, rsa_key_end, sizeof rsa_key_end) !=
            0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("not an RSA key of 2048 bits with the exponent 65537"));
        return NULL;
    }
    return g_steal_pointer(&bits);
}

/* SEQUENCE or SET around what content holds; content is freed. */
static void
wrap(GByteArray *out, uint8_t tag, GByteArray *content)
{
    TkeByteBuilder builder = tke_byte_builder_into(out, TKE_ADMIN_CERTIFICATE_MAX);

    tke_der_element(&builder, tag, content->data, content->len);
    g_assert(!builder.failed);
    g_byte_array_unref(content);
}

/* One RDN of one PrintableString, padded with blanks to width characters. */
static void
append_rdn(GByteArray *out, const uint8_t oid[static 3], const char *text, size_t width)
{
    GByteArray *attribute = g_byte_array_new();
    GByteArray *set = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(attribute, TKE_ADMIN_CERTIFICATE_MAX);

    tke_der_element(&builder, TKE_DER_OID, oid, 3);
    tke_der_header(&builder, TAG_PRINTABLE_STRING, width);
    tke_byte_builder_text(&builder, text);
    tke_byte_builder_fill(&builder, ' ', width - strlen(text));
    wrap(set, TKE_DER_SEQUENCE, attribute);
    wrap(out, TKE_DER_SET, set);
}

static void
append_name(GByteArray *out, const char *name)
{
    GByteArray *rdns = g_byte_array_new();

    append_rdn(rdns, oid_unit_name, UNIT_NAME, strlen(UNIT_NAME));
    append_rdn(rdns, oid_common_name, name, TKE_ADMIN_NAME_MAX);
    wrap(out, TKE_DER_SEQUENCE, rdns);
}

static void
append_validity(GByteArray *out)
{
    GByteArray *times = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(times, TKE_ADMIN_CERTIFICATE_MAX);

    tke_der_element(&builder, TAG_GENERALIZED_TIME, (const uint8_t *) NOT_BEFORE,
                    strlen(NOT_BEFORE));
    tke_der_element(&builder, TAG_GENERALIZED_TIME, (const uint8_t *) NOT_AFTER, strlen(NOT_AFTER));
    wrap(out, TKE_DER_SEQUENCE, times);
}

/* One extension, the subject key identifier. */
static void
append_extensions(GByteArray *out, const uint8_t ski[static TKE_SKI_LEN])
{
    GByteArray *extension = g_byte_array_new();
    GByteArray *list = g_byte_array_new();
    GByteArray *extensions = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(extension, TKE_ADMIN_CERTIFICATE_MAX);

    tke_der_element(&builder, TKE_DER_OID, oid_key_identifier, sizeof oid_key_identifier);
    tke_der_header(&builder, TKE_DER_OCTET_STRING, tke_der_size(TKE_SKI_LEN));
    tke_der_element(&builder, TKE_DER_OCTET_STRING, ski, TKE_SKI_LEN);
    wrap(list, TKE_DER_SEQUENCE, extension);
    wrap(extensions, TKE_DER_SEQUENCE, list);
    wrap(out, TAG_EXTENSIONS, extensions);
}

/* Version 3, serial number 0, signature algorithm without parameters. */
static void
append_start(GByteArray *out, bool rsa)
{
    static const uint8_t version[] = { TKE_DER_INTEGER, 1, 2 };
    static const uint8_t serial[] = { 0 };
    GByteArray *algorithm = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(out, TKE_ADMIN_CERTIFICATE_MAX);

    tke_der_element(&builder, TAG_VERSION, version, sizeof version);
    tke_der_element(&builder, TKE_DER_INTEGER, serial, sizeof serial);
    builder = tke_byte_builder_into(algorithm, TKE_ADMIN_CERTIFICATE_MAX);
    if (rsa) {
        tke_der_element(&builder, TKE_DER_OID, oid_rsa_sha256, sizeof oid_rsa_sha256);
    } else {
        tke_der_element(&builder, TKE_DER_OID, oid_ecdsa_sha512, sizeof oid_ecdsa_sha512);
    }
    wrap(out, TKE_DER_SEQUENCE, algorithm);
}

static bool
check_name(const char *name, GError **error)
{
    if (!g_utf8_validate(name, -1, NULL)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("the name of an administrator is not UTF-8"));
        return false;
    }
    if (strlen(name) > TKE_ADMIN_NAME_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("the name of an administrator has %zu bytes, at most %u are possible"),
                    strlen(name), TKE_ADMIN_NAME_MAX);
        return false;
    }
    return true;
}

GByteArray *
tke_admin_certificate_new_tbs(EVP_PKEY *key, const char *name, GError **error)
{
    bool rsa = is_rsa(key);
    g_autoptr(GByteArray) bits = NULL;
    g_autoptr(GByteArray) tbs = g_byte_array_new();
    GByteArray *content = NULL;
    uint8_t ski[TKE_SKI_LEN] = { 0 };

    if (!check_name(name, error)) {
        return NULL;
    }
    bits = dup_key_bits(key, error);
    if (bits == NULL || !tke_digest_sha256(bits->data, bits->len, ski, error)) {
        return NULL;
    }
    content = g_byte_array_new();
    append_start(content, rsa);
    append_name(content, name);
    append_validity(content);
    append_name(content, name);
    g_byte_array_append(content, rsa ? spki_rsa_2048 : spki_p521,
                        rsa ? sizeof spki_rsa_2048 : sizeof spki_p521);
    g_byte_array_append(content, bits->data, bits->len);
    append_extensions(content, ski);
    wrap(tbs, TKE_DER_SEQUENCE, content);
    return g_steal_pointer(&tbs);
}

/* The signature algorithm inside a body, as the whole element; false if this is no body. */
static bool
find_algorithm(const uint8_t *tbs, size_t len, TkeByteCursor *algorithm)
{
    TkeByteCursor cursor = tke_byte_cursor(tbs, len);
    TkeByteCursor content = { 0 };
    TkeByteCursor value = { 0 };

    return tke_der_read(&cursor, TKE_DER_SEQUENCE, &content) &&
           tke_byte_cursor_left(&cursor) == 0 && tke_der_read(&content, TAG_VERSION, &value) &&
           tke_der_read(&content, TKE_DER_INTEGER, &value) &&
           tke_der_read_whole(&content, TKE_DER_SEQUENCE, algorithm, &value);
}

GByteArray *
tke_admin_certificate_assemble(const uint8_t *tbs, size_t tbs_len, const uint8_t *signature,
                               size_t signature_len, GError **error)
{
    g_autoptr(GByteArray) certificate = g_byte_array_new();
    TkeByteCursor algorithm = { 0 };
    GByteArray *content = NULL;
    TkeByteBuilder builder = { 0 };
    uint8_t bits[1 + MAX(TKE_RSA_LEN, TKE_EC_SIGNATURE_MAX)] = { 0 }; /* first: unused bits */
    size_t len = signature_len;

    if (!find_algorithm(tbs, tbs_len, &algorithm) ||
        (tbs_len != TKE_ADMIN_CERTIFICATE_TBS_P521 && tbs_len != TKE_ADMIN_CERTIFICATE_TBS_RSA)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("not the body of an administrator's certificate"));
        return NULL;
    }
    if (tbs_len == TKE_ADMIN_CERTIFICATE_TBS_P521) {
        if (!tke_ec_key_normalize_signature(signature, signature_len, bits + 1, &len, error)) {
            return NULL;
        }
    } else if (signature_len == TKE_RSA_LEN) {
        memcpy(bits + 1, signature, signature_len);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("an RSA signature of %zu bytes where %u are wanted"), signature_len,
                    TKE_RSA_LEN);
        return NULL;
    }
    content = g_byte_array_new();
    builder = tke_byte_builder_into(content, TKE_ADMIN_CERTIFICATE_MAX);
    tke_byte_builder_bytes(&builder, tbs, tbs_len);
    tke_byte_builder_bytes(&builder, algorithm.data, algorithm.len);
    tke_der_element(&builder, TKE_DER_BIT_STRING, bits, 1 + len);
    wrap(certificate, TKE_DER_SEQUENCE, content);
    return g_steal_pointer(&certificate);
}

/* The key is the one that the signer says it signs with. */
static bool
check_signer(const TkeSigner *signer, EVP_PKEY *key, GError **error)
{
    g_autoptr(GByteArray) bits = dup_key_bits(key, error);
    uint8_t ski[TKE_SKI_LEN] = { 0 };

    if (bits == NULL || !tke_digest_sha256(bits->data, bits->len, ski, error)) {
        return false;
    }
    if (memcmp(ski, signer->ski, sizeof ski) != 0 ||
        is_rsa(key) != (signer->kind == TKE_SIGNER_RSA_2048)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("the public key is not that of the signature key"));
        return false;
    }
    return true;
}

GByteArray *
tke_admin_certificate_new(TkeSigner *signer, EVP_PKEY *key, const char *name,
                          GCancellable *cancellable, GError **error)
{
    g_autoptr(GByteArray) tbs = NULL;
    uint8_t signature[TKE_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    bool ok = false;

    if (!check_signer(signer, key, error)) {
        return NULL;
    }
    tbs = tke_admin_certificate_new_tbs(key, name, error);
    if (tbs == NULL || !signer->ops->sign(signer, TKE_SIGN_CERTIFICATE, tbs->data, tbs->len,
                                          signature, &len, cancellable, error)) {
        return NULL;
    }
    ok = is_rsa(key) ? tke_rsa_verify_x931(key, tbs->data, tbs->len, signature, len, error)
                     : tke_ec_key_verify(key, tbs->data, tbs->len, signature, len, error);
    if (!ok) {
        g_prefix_error(error, _("certificate of administrator \"%s\": "), name);
        return NULL;
    }
    return tke_admin_certificate_assemble(tbs->data, tbs->len, signature, len, error);
}

TkeAdminCertificate *
tke_admin_certificate_parse(const uint8_t *der, size_t len, GError **error)
{
    g_autoptr(TkeAdminCertificate) certificate = NULL;
    g_autoptr(TkeCertificate) x509 = tke_certificate_parse(der, len, error);

    if (x509 == NULL) {
        return NULL;
    }
    certificate = g_new0(TkeAdminCertificate, 1);
    certificate->made_by_tke =
        x509->unit_name != NULL && strstr(x509->unit_name, UNIT_NAME) != NULL;
    if (x509->common_name != NULL && *g_strstrip(x509->common_name) != '\0') {
        certificate->name = g_steal_pointer(&x509->common_name);
    }
    memcpy(certificate->ski, x509->ski, sizeof certificate->ski);
    certificate->key = g_steal_pointer(&x509->key);
    certificate->der = g_byte_array_new();
    g_byte_array_append(certificate->der, der, (guint) len);
    return g_steal_pointer(&certificate);
}

void
tke_admin_certificate_free(TkeAdminCertificate *certificate)
{
    if (certificate == NULL) {
        return;
    }
    g_free(certificate->name);
    EVP_PKEY_free(certificate->key);
    g_clear_pointer(&certificate->der, g_byte_array_unref);
    g_free(certificate);
}
