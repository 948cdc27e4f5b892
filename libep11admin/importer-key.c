/*
 * Importer keys from the answer to GEN_IMPORTER (crypto-unit-protocol.md, 3.2.4, 2.10, 4.2).
 */
#include "libep11admin/importer-key.h"

#include <openssl/x509.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/der.h"
#include "common/digest.h"
#include "common/secret.h"
#include "libep11admin/unit-error.h"

#define NO_UNUSED_BITS 0x00u
#define RSA_MODULUS_BITS 2048

static const uint8_t p521_algorithm[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                          0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 };
static const uint8_t rsa_algorithm[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                         0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };

void
tke_importer_key_build_payload(TkeImporterType type, uint8_t out[static 4])
{
    TkeByteBuilder b = { .out = out, .size = 4 };

    tke_byte_builder_u32(&b, (uint32_t) type);
}

static void
set_malformed(GError **error)
{
    tke_unit_error_set(error, TKE_UNIT_ERROR_MALFORMED,
                       &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_BLOCK },
                       _("the importer key of the crypto unit is malformed"));
}

/* The key inside a SubjectPublicKeyInfo of the wanted algorithm; nothing may follow. */
static bool
read_spki(const uint8_t *spki, size_t len, const uint8_t *algorithm, size_t algorithm_len,
          TkeByteCursor *key)
{
    TkeByteCursor cursor = tke_byte_cursor(spki, len);
    TkeByteCursor fields = { 0 };
    TkeByteCursor id = { 0 };
    uint8_t unused = 0;

    if (!tke_der_read(&cursor, TKE_DER_SEQUENCE, &fields) || tke_byte_cursor_left(&cursor) > 0 ||
        !tke_der_read(&fields, TKE_DER_SEQUENCE, &id) ||
        !tke_der_read(&fields, TKE_DER_BIT_STRING, key) || tke_byte_cursor_left(&fields) > 0 ||
        !tke_byte_cursor_u8(key, &unused) || unused != NO_UNUSED_BITS) {
        return false;
    }
    *key = tke_byte_cursor(tke_byte_cursor_peek(key), tke_byte_cursor_left(key));
    return id.len == algorithm_len && tke_bytes_equal(id.data, algorithm, algorithm_len);
}

static bool
read_p521(TkeImporterKey *importer, TkeByteCursor key)
{
    importer->key = tke_ec_key_from_point(key.data, key.len, NULL);
    return importer->key != NULL &&
           tke_byte_cursor_copy(&key, importer->point, sizeof importer->point) &&
           tke_digest_sha256(importer->point + 1, sizeof importer->point - 1, importer->ski_xy,
                             NULL);
}

/* A positive INTEGER without its leading zeros. */
static bool
read_unsigned(TkeByteCursor *cursor, TkeByteCursor *number)
{
    TkeByteCursor value = { 0 };

    if (!tke_der_read(cursor, TKE_DER_INTEGER, &value) || value.len == 0 ||
        (value.data[0] & 0x80u) != 0) {
        return false;
    }
    while (value.len > 1 && value.data[0] == 0) {
        value = tke_byte_cursor(value.data + 1, value.len - 1);
    }
    *number = value;
    return true;
}

static bool
read_rsa(TkeImporterKey *importer, TkeByteCursor key, const uint8_t *spki, size_t spki_len)
{
    TkeByteCursor fields = { 0 };
    TkeByteCursor modulus = { 0 };
    TkeByteCursor exponent = { 0 };
    const unsigned char *at = spki;

    if (!tke_der_read(&key, TKE_DER_SEQUENCE, &fields) || tke_byte_cursor_left(&key) > 0 ||
        !read_unsigned(&fields, &modulus) || !read_unsigned(&fields, &exponent) ||
        tke_byte_cursor_left(&fields) > 0 || exponent.len > sizeof importer->exponent) {
        return false;
    }
    for (size_t i = 0; i < exponent.len; i++) {
        importer->exponent = importer->exponent << 8 | exponent.data[i];
    }
    importer->modulus = g_byte_array_new();
    g_byte_array_append(importer->modulus, modulus.data, (guint) modulus.len);
    importer->key = d2i_PUBKEY(NULL, &at, (long) spki_len);
    return importer->key != NULL && EVP_PKEY_get_bits(importer->key) == RSA_MODULUS_BITS;
}

TkeImporterKey *
tke_importer_key_parse(TkeImporterType type, const uint8_t *spki, size_t len, GError **error)
{
    g_autoptr(TkeImporterKey) importer = g_new0(TkeImporterKey, 1);
    TkeByteCursor key = { 0 };
    bool good = false;

    importer->type = type;
    if (type == TKE_IMPORTER_P521) {
        good = read_spki(spki, len, p521_algorithm, sizeof p521_algorithm, &key) &&
               read_p521(importer, key);
    } else {
        good = read_spki(spki, len, rsa_algorithm, sizeof rsa_algorithm, &key) &&
               read_rsa(importer, key, spki, len);
    }
    if (!good || !tke_digest_sha256(key.data, key.len, importer->ski, NULL)) {
        set_malformed(error);
        return NULL;
    }
    return g_steal_pointer(&importer);
}

void
tke_importer_key_free(TkeImporterKey *key)
{
    if (key == NULL) {
        return;
    }
    g_clear_pointer(&key->key, EVP_PKEY_free);
    g_clear_pointer(&key->modulus, g_byte_array_unref);
    g_free(key);
}
