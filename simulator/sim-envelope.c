/*
 * Envelopes of key parts, seen from the module (crypto-unit-protocol.md, 4.3 and 4.4).
 */
#include "simulator/sim-envelope.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/aes.h"
#include "common/byte-builder.h"
#include "common/der.h"
#include "common/digest.h"
#include "common/ec-key.h"
#include "common/error.h"
#include "common/key-agreement.h"
#include "common/log.h"
#include "common/rsa.h"

#define KEY_LEN 32u
#define WRAPPED_LEN (KEY_LEN + TKE_AES_WRAP_EXTRA)
#define UKM_LEN 40u
#define SKI_LEN 32u
#define ENVELOPE_MAX 4096u
#define RSA_MAX 1024u

static const uint8_t oid_ec[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t oid_agreement[] = { 0x06, 0x06, 0x2b, 0x81, 0x04, 0x01, 0x0b, 0x01 };
static const uint8_t oid_wrap[] = {
    0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2d
};
static const uint8_t oid_rsa[] = {
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01
};
static const uint8_t der_null[] = { 0x05, 0x00 };
static const uint8_t key_bits[] = { 0xa2, 0x06, 0x04, 0x04, 0x00, 0x00, 0x01, 0x00 };

/* Types by number; 8, the form with TKE's own signature, is not made (4.4). */
static const struct {
    const char *algorithm, *group;
    unsigned bits;
} importer_types[] = {
    { "RSA", NULL, 2048 },          { "RSA", NULL, 4096 },          { "EC", "P-256", 0 },
    { "EC", "P-521", 0 },           { "EC", "brainpoolP256r1", 0 }, { "EC", "brainpoolP320r1", 0 },
    { "EC", "brainpoolP512r1", 0 }, { "RSA", NULL, 3072 },
};

bool
sim_importer_type_is_known(uint32_t type)
{
    return type < G_N_ELEMENTS(importer_types);
}

EVP_PKEY *
sim_importer_generate(uint32_t type, GError **error)
{
    EVP_PKEY *key = NULL;

    g_return_val_if_fail(sim_importer_type_is_known(type), NULL);
    key = importer_types[type].group != NULL ? EVP_EC_gen(importer_types[type].group)
                                             : EVP_RSA_gen(importer_types[type].bits);
    if (key == NULL) {
        tke_openssl_set_error(error, _("cannot generate an importer key"));
    }
    return key;
}

static SimCode
refuse(uint32_t reason)
{
    ERR_clear_error();
    return SIM_CODE(SIM_RC_DATA, reason);
}

/* The next element is this one, byte for byte. */
static bool
skip_constant(TkeByteCursor *cursor, const uint8_t *bytes, size_t len)
{
    const uint8_t *found = NULL;

    return tke_byte_cursor_bytes(cursor, len, &found) && memcmp(found, bytes, len) == 0;
}

/* SEQUENCE { OID, NULL }; the NULL may be missing. */
static bool
read_algorithm(TkeByteCursor *cursor, const uint8_t *oid, size_t len)
{
    TkeByteCursor sequence = { 0 };

    return tke_der_read(cursor, TKE_DER_SEQUENCE, &sequence) &&
           skip_constant(&sequence, oid, len) &&
           (tke_byte_cursor_left(&sequence) == 0 ||
            (skip_constant(&sequence, der_null, sizeof der_null) &&
             tke_byte_cursor_left(&sequence) == 0));
}

/* What an envelope for an EC key holds. */
typedef struct Agreement {
    TkeByteCursor point, ukm, recipient, wrapped;
} Agreement;

static bool
read_originator(TkeByteCursor *cursor, TkeByteCursor *point)
{
    TkeByteCursor outer = { 0 };
    TkeByteCursor inner = { 0 };
    TkeByteCursor key = { 0 };
    TkeByteCursor bits = { 0 };
    uint8_t unused = 0;

    return tke_der_read(cursor, 0xa0, &outer) && tke_der_read(&outer, 0xa1, &inner) &&
           tke_byte_cursor_left(&outer) == 0 && tke_der_read(&inner, TKE_DER_SEQUENCE, &key) &&
           tke_byte_cursor_left(&inner) == 0 && skip_constant(&key, oid_ec, sizeof oid_ec) &&
           tke_der_read(&key, TKE_DER_BIT_STRING, &bits) && tke_byte_cursor_left(&key) == 0 &&
           tke_byte_cursor_u8(&bits, &unused) && unused == 0 &&
           tke_byte_cursor_sub(&bits, tke_byte_cursor_left(&bits), point);
}

static bool
read_recipient(TkeByteCursor *cursor, Agreement *agreement)
{
    TkeByteCursor list = { 0 };
    TkeByteCursor entry = { 0 };
    TkeByteCursor identifier = { 0 };

    return tke_der_read(cursor, TKE_DER_SEQUENCE, &list) &&
           tke_der_read(&list, TKE_DER_SEQUENCE, &entry) && tke_byte_cursor_left(&list) == 0 &&
           tke_der_read(&entry, 0xa0, &identifier) &&
           tke_der_read(&identifier, TKE_DER_OCTET_STRING, &agreement->recipient) &&
           tke_byte_cursor_left(&identifier) == 0 && agreement->recipient.len == SKI_LEN &&
           tke_der_read(&entry, TKE_DER_OCTET_STRING, &agreement->wrapped) &&
           tke_byte_cursor_left(&entry) == 0;
}

static bool
read_agreement(TkeByteCursor bytes, Agreement *agreement)
{
    TkeByteCursor cursor = { 0 };
    TkeByteCursor ukm = { 0 };
    TkeByteCursor method = { 0 };
    uint8_t version = 0;

    return tke_der_read(&bytes, TKE_DER_SEQUENCE, &cursor) && tke_byte_cursor_left(&bytes) == 0 &&
           tke_der_read_exact(&cursor, TKE_DER_INTEGER, &version, 1) && version == 3 &&
           read_originator(&cursor, &agreement->point) && tke_der_read(&cursor, 0xa1, &ukm) &&
           tke_der_read(&ukm, TKE_DER_OCTET_STRING, &agreement->ukm) &&
           tke_byte_cursor_left(&ukm) == 0 && tke_der_read(&cursor, TKE_DER_SEQUENCE, &method) &&
           skip_constant(&method, oid_agreement, sizeof oid_agreement) &&
           read_algorithm(&method, oid_wrap, sizeof oid_wrap) &&
           tke_byte_cursor_left(&method) == 0 && read_recipient(&cursor, agreement) &&
           tke_byte_cursor_left(&cursor) == 0;
}

/* The shared information of RFC 5753, 69 bytes, or 67 without the NULL (4.3.2). */
static void
put_shared_info(TkeByteBuilder *builder, const uint8_t *ukm, bool with_null)
{
    size_t algorithm = sizeof oid_wrap + (with_null ? sizeof der_null : 0);

    tke_der_header(builder, TKE_DER_SEQUENCE,
                   tke_der_size(algorithm) + tke_der_size(tke_der_size(UKM_LEN)) + sizeof key_bits);
    tke_der_header(builder, TKE_DER_SEQUENCE, algorithm);
    tke_byte_builder_bytes(builder, oid_wrap, sizeof oid_wrap);
    tke_byte_builder_bytes(builder, der_null, with_null ? sizeof der_null : 0);
    tke_der_header(builder, 0xa0, tke_der_size(UKM_LEN));
    tke_der_element(builder, TKE_DER_OCTET_STRING, ukm, UKM_LEN);
    tke_byte_builder_bytes(builder, key_bits, sizeof key_bits);
}

static TkeSecret *
derive_kek(const TkeSecret *z, const uint8_t *ukm, bool with_null, GError **error)
{
    uint8_t info[128] = { 0 };
    TkeByteBuilder builder = { .out = info, .size = sizeof info };

    put_shared_info(&builder, ukm, with_null);
    g_return_val_if_fail(!builder.failed, NULL);
    return tke_key_agreement_x963(z, 1, info, builder.len, error);
}

/* A point on the curve of the importer key. */
static EVP_PKEY *
import_point(EVP_PKEY *importer, const TkeByteCursor *point)
{
    g_autoptr(EVP_PKEY) key = EVP_PKEY_new();

    if (key == NULL || EVP_PKEY_copy_parameters(key, importer) != 1 ||
        EVP_PKEY_set1_encoded_public_key(key, point->data, point->len) != 1) {
        return NULL;
    }
    return g_steal_pointer(&key);
}

/* Differences in the recipient's identifier are only logged (8, 2). */
static void
compare_recipient(EVP_PKEY *importer, const TkeByteCursor *recipient)
{
    unsigned char *point = NULL;
    size_t len = EVP_PKEY_get1_encoded_public_key(importer, &point);
    uint8_t ski[SKI_LEN] = { 0 };

    if (len > 0 && tke_digest_sha256(point, len, ski, NULL) &&
        memcmp(ski, recipient->data, SKI_LEN) != 0) {
        tke_log("sim", "an envelope names another recipient than the importer key");
    }
    OPENSSL_free(point);
}

static SimCode
open_agreement(EVP_PKEY *importer, TkeByteCursor bytes, TkeSecret **part)
{
    Agreement agreement = { 0 };
    g_autoptr(EVP_PKEY) originator = NULL;
    g_autoptr(TkeSecret) z = NULL;

    if (!read_agreement(bytes, &agreement)) {
        return refuse(SIM_RSC_RCPTINFO_FMT);
    }
    if (agreement.wrapped.len != WRAPPED_LEN) {
        return refuse(SIM_RSC_RCPTINFO_ENCRD_SIZE);
    }
    if (agreement.ukm.len != UKM_LEN) {
        return refuse(SIM_RSC_RCPTINFO_KDF_SHARED);
    }
    originator = import_point(importer, &agreement.point);
    z = originator == NULL ? NULL : tke_key_agreement_ecdh(importer, originator, NULL);
    if (z == NULL) {
        return refuse(SIM_RSC_RCPTINFO_ECDH_SRC);
    }
    compare_recipient(importer, &agreement.recipient);
    for (unsigned with_null = 2; with_null-- > 0 && *part == NULL;) {
        g_autoptr(TkeSecret) kek = derive_kek(z, agreement.ukm.data, with_null == 1, NULL);

        *part = kek == NULL ? NULL : tke_aes_unwrap(kek, agreement.wrapped.data, WRAPPED_LEN, NULL);
    }
    return *part == NULL ? refuse(SIM_RSC_EC_IMPORT_SYMM) : SIM_OK;
}

/* Decrypts into the secure heap, whatever length comes out. */
static TkeSecret *
decrypt_rsa(EVP_PKEY *importer, const TkeByteCursor *encrypted)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(importer, NULL);
    g_autoptr(TkeSecret) block = tke_secret_new(RSA_MAX, NULL);
    size_t len = RSA_MAX;

    if (ctx == NULL || block == NULL || EVP_PKEY_decrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_decrypt(ctx, tke_secret_fill(block, NULL), &len, encrypted->data,
                         encrypted->len) != 1 ||
        len == 0) {
        return NULL;
    }
    return tke_secret_new_slice(block, 0, len, NULL);
}

static SimCode
open_rsa(EVP_PKEY *importer, TkeByteCursor bytes, TkeSecret **part)
{
    TkeByteCursor cursor = { 0 };
    TkeByteCursor encrypted = { 0 };
    uint8_t ski[SKI_LEN] = { 0 };
    uint8_t version = 0;
    g_autoptr(TkeSecret) key = NULL;

    if (!tke_der_read(&bytes, TKE_DER_SEQUENCE, &cursor) || tke_byte_cursor_left(&bytes) != 0 ||
        !tke_der_read_exact(&cursor, TKE_DER_INTEGER, &version, 1) || version != 2 ||
        !tke_der_read_exact(&cursor, 0x80, ski, sizeof ski) ||
        !read_algorithm(&cursor, oid_rsa, sizeof oid_rsa) ||
        !tke_der_read(&cursor, TKE_DER_OCTET_STRING, &encrypted) ||
        tke_byte_cursor_left(&cursor) != 0) {
        return refuse(SIM_RSC_RCPTINFO_FMT);
    }
    if (encrypted.len != (size_t) EVP_PKEY_get_size(importer)) {
        return refuse(SIM_RSC_RCPTINFO_ENCRD_SIZE);
    }
    key = decrypt_rsa(importer, &encrypted);
    if (key == NULL || tke_secret_len(key) != KEY_LEN) {
        return refuse(SIM_RSC_RCPTINFO_KEY_SIZE);
    }
    *part = g_steal_pointer(&key);
    return SIM_OK;
}

SimCode
sim_envelope_open(EVP_PKEY *importer, TkeByteCursor recipient_info, TkeSecret **part)
{
    *part = NULL;
    return EVP_PKEY_is_a(importer, "RSA") == 1 ? open_rsa(importer, recipient_info, part)
                                               : open_agreement(importer, recipient_info, part);
}

static void
put_algorithm(TkeByteBuilder *builder, const uint8_t *oid, size_t len)
{
    tke_der_header(builder, TKE_DER_SEQUENCE, len + sizeof der_null);
    tke_byte_builder_bytes(builder, oid, len);
    tke_byte_builder_bytes(builder, der_null, sizeof der_null);
}

static GByteArray *
finish(GByteArray *content)
{
    GByteArray *bytes = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(bytes, ENVELOPE_MAX);

    tke_der_element(&builder, TKE_DER_SEQUENCE, content->data, content->len);
    return bytes;
}

/* The 313 bytes of 4.3.1. */
static GByteArray *
build_agreement(const uint8_t point[static TKE_EC_POINT_LEN], const uint8_t ukm[static UKM_LEN],
                const uint8_t ski[static SKI_LEN], const uint8_t wrapped[static WRAPPED_LEN])
{
    static const uint8_t version[] = { 0x02, 0x01, 0x03 };
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(content, ENVELOPE_MAX);
    size_t bits = tke_der_size(TKE_EC_POINT_LEN + 1);
    size_t key = tke_der_size(sizeof oid_ec + bits);
    size_t method = tke_der_size(sizeof oid_wrap + sizeof der_null);
    size_t entry = tke_der_size(tke_der_size(SKI_LEN)) + tke_der_size(WRAPPED_LEN);

    tke_byte_builder_bytes(&builder, version, sizeof version);
    tke_der_header(&builder, 0xa0, tke_der_size(key));
    tke_der_header(&builder, 0xa1, key);
    tke_der_header(&builder, TKE_DER_SEQUENCE, sizeof oid_ec + bits);
    tke_byte_builder_bytes(&builder, oid_ec, sizeof oid_ec);
    tke_der_header(&builder, TKE_DER_BIT_STRING, TKE_EC_POINT_LEN + 1);
    tke_byte_builder_u8(&builder, 0);
    tke_byte_builder_bytes(&builder, point, TKE_EC_POINT_LEN);
    tke_der_header(&builder, 0xa1, tke_der_size(UKM_LEN));
    tke_der_element(&builder, TKE_DER_OCTET_STRING, ukm, UKM_LEN);
    tke_der_header(&builder, TKE_DER_SEQUENCE, sizeof oid_agreement + method);
    tke_byte_builder_bytes(&builder, oid_agreement, sizeof oid_agreement);
    put_algorithm(&builder, oid_wrap, sizeof oid_wrap);
    tke_der_header(&builder, TKE_DER_SEQUENCE, tke_der_size(entry));
    tke_der_header(&builder, TKE_DER_SEQUENCE, entry);
    tke_der_header(&builder, 0xa0, tke_der_size(SKI_LEN));
    tke_der_element(&builder, TKE_DER_OCTET_STRING, ski, SKI_LEN);
    tke_der_element(&builder, TKE_DER_OCTET_STRING, wrapped, WRAPPED_LEN);
    return finish(content);
}

static GByteArray *
seal_agreement(EVP_PKEY *recipient, const TkeSecret *part, GError **error)
{
    g_autoptr(EVP_PKEY) originator = tke_ec_key_generate(error);
    g_autoptr(TkeSecret) z = NULL;
    g_autoptr(TkeSecret) kek = NULL;
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ukm[UKM_LEN] = { 0 };
    uint8_t ski[SKI_LEN] = { 0 };
    uint8_t wrapped[WRAPPED_LEN] = { 0 };

    if (originator == NULL || !tke_ec_key_get_point(originator, point, error) ||
        !tke_ec_key_get_ski(recipient, ski, error)) {
        return NULL;
    }
    if (RAND_bytes(ukm, sizeof ukm) != 1) {
        tke_openssl_set_error(error, _("no random numbers"));
        return NULL;
    }
    z = tke_key_agreement_ecdh(originator, recipient, error);
    kek = z == NULL ? NULL : derive_kek(z, ukm, true, error);
    if (kek == NULL || !tke_aes_wrap(kek, part, wrapped, error)) {
        return NULL;
    }
    return build_agreement(point, ukm, ski, wrapped);
}

static GByteArray *
seal_rsa(EVP_PKEY *recipient, const TkeSecret *part, GError **error)
{
    static const uint8_t version[] = { 0x02, 0x01, 0x02 };
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(recipient, NULL);
    g_autoptr(GByteArray) public_key = tke_rsa_public_der(recipient, error);
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(content, ENVELOPE_MAX);
    uint8_t ski[SKI_LEN] = { 0 };
    uint8_t encrypted[RSA_MAX] = { 0 };
    size_t len = sizeof encrypted;

    if (public_key == NULL || !tke_digest_sha256(public_key->data, public_key->len, ski, error)) {
        return NULL;
    }
    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_encrypt(ctx, encrypted, &len, tke_secret_bytes(part, NULL),
                         tke_secret_len(part)) != 1) {
        tke_openssl_set_error(error, _("cannot encrypt a key part"));
        return NULL;
    }
    tke_byte_builder_bytes(&builder, version, sizeof version);
    tke_der_element(&builder, 0x80, ski, sizeof ski);
    put_algorithm(&builder, oid_rsa, sizeof oid_rsa);
    tke_der_element(&builder, TKE_DER_OCTET_STRING, encrypted, len);
    return finish(content);
}

GByteArray *
sim_envelope_seal(EVP_PKEY *recipient, const TkeSecret *part, GError **error)
{
    return EVP_PKEY_is_a(recipient, "RSA") == 1 ? seal_rsa(recipient, part, error)
                                                : seal_agreement(recipient, part, error);
}
