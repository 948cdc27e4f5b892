/*
 * Module certificates in their three formats (crypto-unit-protocol.md, 5.1 to 5.4).
 *
 * The fields are found by their places alone, as IBM's own client finds them; a certificate whose
 * bytes around the key are not those of a P-521 key is read, but marked, and no chain accepts it.
 */
#include "libep11admin/module-certificate.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/digest.h"
#include "common/error.h"

#define SPKI_LEN 158u
#define SPKI_POINT 25u /* the point in it */
#define POINT_UNCOMPRESSED 0x04u

/* SubjectPublicKeyInfo of a P-521 key up to the point (4.2). */
static const uint8_t spki_prefix[SPKI_POINT] = {
    0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
    0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
};

/* The bytes offset..offset+len-1 of whole; false if they are not there. */
static bool
view(const TkeByteCursor *whole, uint64_t offset, size_t len, TkeByteCursor *out)
{
    TkeByteCursor cursor = tke_byte_cursor(whole->data, whole->len);

    return offset <= cursor.len && tke_byte_cursor_skip(&cursor, (size_t) offset) &&
           tke_byte_cursor_sub(&cursor, len, out);
}

static bool
copy(const TkeByteCursor *whole, uint64_t offset, uint8_t *out, size_t len)
{
    TkeByteCursor field = { 0 };

    return view(whole, offset, len, &field) && tke_byte_cursor_copy(&field, out, len);
}

static bool
number(const TkeByteCursor *whole, uint64_t offset, uint32_t *value)
{
    TkeByteCursor field = { 0 };

    return view(whole, offset, 4, &field) && tke_byte_cursor_u32(&field, value);
}

/* Text of a field for people: what cannot be shown becomes '?'. */
static bool
dup_text(const TkeByteCursor *whole, uint64_t offset, size_t len, char **text)
{
    TkeByteCursor field = { 0 };
    GString *shown = NULL;
    uint8_t byte = 0;

    if (!view(whole, offset, len, &field)) {
        return false;
    }
    shown = g_string_new(NULL);
    while (tke_byte_cursor_u8(&field, &byte)) {
        g_string_append_c(shown, g_ascii_isprint((char) byte) ? (char) byte : '?');
    }
    *text = g_strchomp(g_string_free(shown, FALSE));
    return true;
}

static bool
append(GByteArray *out, const TkeByteCursor *whole, uint64_t offset, size_t len)
{
    TkeByteCursor field = { 0 };

    if (!view(whole, offset, len, &field)) {
        return false;
    }
    g_byte_array_append(out, field.data, (guint) field.len);
    return true;
}

/* Key and form from a SubjectPublicKeyInfo. */
static bool
read_spki(TkeModuleCertificate *certificate, const TkeByteCursor *spki)
{
    if (!copy(spki, SPKI_POINT, certificate->point, TKE_EC_POINT_LEN)) {
        return false;
    }
    certificate->known_form = memcmp(spki->data, spki_prefix, sizeof spki_prefix) == 0 &&
                              certificate->point[0] == POINT_UNCOMPRESSED;
    return true;
}

/* ---- OA1 (5.2) ---- */

#define OA1_NAME_LEN 8u
#define OA1_BODY_LEN 72u  /* its fixed part */
#define OA1_KEY_POINT 26u /* the point in the public key section */
#define OA1_SIGNATURE_LEN (8u + 2 * TKE_EC_SCALAR_LEN)
#define OA1_KIND_CERTIFICATE 1u
#define OA1_KEY_ECC 2u
#define OA1_FAMILY_PRIME 0u
#define OA1_CURVE_BITS 521u

/* Offsets in OA1 count from the field that holds them. */
static bool
read_reference(const TkeByteCursor *whole, uint64_t place, uint64_t *start, uint32_t *len)
{
    uint32_t offset = 0;

    if (!number(whole, place, &offset) || !number(whole, place + 4, len)) {
        return false;
    }
    *start = place + offset;
    return true;
}

static bool
read_oa1_key(TkeModuleCertificate *certificate, const TkeByteCursor *body)
{
    TkeByteCursor *section = &certificate->key_section;
    TkeByteCursor field = { 0 };
    uint16_t point_len = 0;
    uint64_t start = 0;
    uint32_t len = 0;

    if (!number(body, 4, &certificate->key_kind) || !read_reference(body, 8, &start, &len) ||
        !view(body, start, len, section) || !view(section, 20, 6, &field) ||
        !tke_byte_cursor_u8(&field, &certificate->curve_family) ||
        !tke_byte_cursor_skip(&field, 1) ||
        !tke_byte_cursor_u16(&field, &certificate->curve_bits) ||
        !tke_byte_cursor_u16(&field, &point_len) || point_len != TKE_EC_POINT_LEN) {
        return false;
    }
    return copy(section, OA1_KEY_POINT, certificate->point, TKE_EC_POINT_LEN);
}

static bool
parse_oa1(TkeModuleCertificate *certificate, const TkeByteCursor *whole)
{
    TkeByteCursor body = { 0 };
    TkeByteCursor signature = { 0 };
    uint64_t start = 0;
    uint32_t len = 0;

    if (!number(whole, 4, &certificate->data_kind) || !read_reference(whole, 8, &start, &len) ||
        !view(whole, start, len, &body) || body.len < OA1_BODY_LEN ||
        !append(certificate->signed_data, &body, 0, body.len) ||
        !copy(&body, 52, certificate->name, OA1_NAME_LEN) ||
        !copy(&body, 64, certificate->parent_name, OA1_NAME_LEN) ||
        !dup_text(&body, 36, 8, &certificate->adapter_id) || !read_oa1_key(certificate, &body)) {
        return false;
    }
    if (!read_reference(whole, 16, &start, &len) || len != OA1_SIGNATURE_LEN ||
        !view(whole, start, len, &signature) ||
        !copy(&signature, 8, certificate->r, TKE_EC_SCALAR_LEN) ||
        !copy(&signature, 8 + TKE_EC_SCALAR_LEN, certificate->s, TKE_EC_SCALAR_LEN)) {
        return false;
    }
    certificate->known_form =
        certificate->data_kind == OA1_KIND_CERTIFICATE && certificate->key_kind == OA1_KEY_ECC &&
        certificate->curve_family == OA1_FAMILY_PRIME &&
        certificate->curve_bits == OA1_CURVE_BITS && certificate->point[0] == POINT_UNCOMPRESSED;
    return true;
}

/* ---- OA2 (5.3) ---- */

#define OA2_FIRST_BYTE 0x45u
#define OA2_HEADER_LEN 32u
#define OA2_SECTIONS 5u
#define OA2_META 1u
#define OA2_SPKI 3u
#define OA2_SIGNER 4u
#define OA2_META_LEN 173u /* without OA info */
#define OA2_SIGNER_LEN 207u

/* Where the five sections are; each that is not empty has a pad behind it. */
static bool
find_oa2_sections(const TkeByteCursor *whole, uint32_t lengths[static OA2_SECTIONS],
                  TkeByteCursor sections[static OA2_SECTIONS], uint64_t *signer_start)
{
    static const uint8_t pads[OA2_SECTIONS] = { 4, 3, 5, 2, 1 };
    uint64_t place = OA2_HEADER_LEN;
    TkeByteCursor with_pad = { 0 };

    for (unsigned i = 0; i < OA2_SECTIONS; i++) {
        if (!number(whole, 8 + 4 * i, &lengths[i])) {
            return false;
        }
    }
    for (unsigned i = 0; i < OA2_SECTIONS; i++) {
        size_t pad = lengths[i] > 0 ? pads[i] : 0;

        if (lengths[i] > whole->len || !view(whole, place, lengths[i] + pad, &with_pad) ||
            !view(&with_pad, 0, lengths[i], &sections[i])) {
            return false;
        }
        *signer_start = place;
        place += lengths[i] + pad;
    }
    return true;
}

static bool
parse_oa2(TkeModuleCertificate *certificate, const TkeByteCursor *whole)
{
    TkeByteCursor sections[OA2_SECTIONS] = { 0 };
    const TkeByteCursor *meta = &sections[OA2_META];
    const TkeByteCursor *signer = &sections[OA2_SIGNER];
    TkeByteCursor first = *whole;
    uint64_t signer_start = 0;
    uint8_t first_byte = 0;

    if (!find_oa2_sections(whole, certificate->section_lengths, sections, &signer_start) ||
        meta->len < OA2_META_LEN || sections[OA2_SPKI].len != SPKI_LEN ||
        signer->len != OA2_SIGNER_LEN || !tke_byte_cursor_u8(&first, &first_byte)) {
        return false;
    }
    if (!append(certificate->signed_data, whole, 0, (size_t) signer_start) ||
        !dup_text(meta, 27, 12, &certificate->adapter_id) ||
        !copy(meta, 87, certificate->subject_ski, TKE_MODULE_SKI_LEN) ||
        !copy(meta, 121, certificate->signer_ski, TKE_MODULE_SKI_LEN) ||
        !view(meta, OA2_META_LEN, meta->len - OA2_META_LEN, &certificate->oa_info) ||
        !read_spki(certificate, &sections[OA2_SPKI]) ||
        !copy(signer, 73, certificate->r, TKE_EC_SCALAR_LEN) ||
        !copy(signer, 141, certificate->s, TKE_EC_SCALAR_LEN)) {
        return false;
    }
    certificate->known_form = certificate->known_form && first_byte == OA2_FIRST_BYTE;
    return true;
}

/* ---- OA3 (5.4) ---- */

#define OA3_META 4u
#define OA3_META_LEN 95u
#define OA3_AUX_LEN 83u
#define OA3_SIGNER 182u /* the two SignerInfos, from which the places below count */

/* The two lengths that occur. */
typedef struct Oa3Form {
    size_t len;
    uint16_t signed_start; /* [0] of the ECC SignerInfo */
    uint16_t signed_len;
    uint16_t key_info;
    uint16_t oa_info_len;
    uint16_t spki;
    uint16_t r;
    uint16_t s;
    uint16_t dilithium_ski;
    uint16_t dilithium_signed_start; /* [0] of the Dilithium SignerInfo */
    uint16_t dilithium_signed_len;
} Oa3Form;

static const Oa3Form oa3_forms[] = {
    { 7973, 54, 302, 61, 80, 198, 376, 444, 519, 564, 2518 },
    { 7810, 54, 220, 59, 0, 116, 294, 362, 437, 482, 2437 },
};

static const Oa3Form *
find_oa3_form(size_t len)
{
    for (size_t i = 0; i < G_N_ELEMENTS(oa3_forms); i++) {
        if (oa3_forms[i].len == len) {
            return &oa3_forms[i];
        }
    }
    return NULL;
}

static bool
parse_oa3(TkeModuleCertificate *certificate, const TkeByteCursor *whole)
{
    const Oa3Form *form = find_oa3_form(whole->len);
    TkeByteCursor spki = { 0 };

    if (form == NULL) {
        return false;
    }
    certificate->dilithium_signed_data = g_byte_array_new();
    return append(certificate->signed_data, whole, OA3_META, OA3_META_LEN + OA3_AUX_LEN) &&
           append(certificate->signed_data, whole, OA3_SIGNER + form->signed_start,
                  form->signed_len) &&
           append(certificate->dilithium_signed_data, whole, OA3_META,
                  OA3_META_LEN + OA3_AUX_LEN) &&
           append(certificate->dilithium_signed_data, whole,
                  OA3_SIGNER + form->dilithium_signed_start, form->dilithium_signed_len) &&
           dup_text(whole, OA3_META + 25, 12, &certificate->adapter_id) &&
           copy(whole, OA3_SIGNER + 9, certificate->signer_ski, TKE_MODULE_SKI_LEN) &&
           copy(whole, OA3_SIGNER + form->key_info + 23, certificate->subject_ski,
                TKE_MODULE_SKI_LEN) &&
           view(whole, OA3_SIGNER + form->key_info + 57, form->oa_info_len,
                &certificate->oa_info) &&
           view(whole, OA3_SIGNER + form->spki, SPKI_LEN, &spki) && read_spki(certificate, &spki) &&
           copy(whole, OA3_SIGNER + form->r, certificate->r, TKE_EC_SCALAR_LEN) &&
           copy(whole, OA3_SIGNER + form->s, certificate->s, TKE_EC_SCALAR_LEN) &&
           copy(whole, OA3_SIGNER + form->dilithium_ski, certificate->dilithium_signer_ski,
                TKE_MODULE_SKI_LEN);
}

/* ---- all ---- */

TkeModuleCertificateKind
tke_module_certificate_guess_kind(const uint8_t *der, size_t len)
{
    if (find_oa3_form(len) != NULL) {
        return TKE_MODULE_CERTIFICATE_OA3;
    }
    return len > 0 && der[0] == OA2_FIRST_BYTE ? TKE_MODULE_CERTIFICATE_OA2
                                               : TKE_MODULE_CERTIFICATE_OA1;
}

TkeModuleCertificate *
tke_module_certificate_parse(TkeModuleCertificateKind kind, const uint8_t *der, size_t len,
                             GError **error)
{
    g_autoptr(TkeModuleCertificate) certificate = NULL;
    TkeByteCursor whole = { 0 };
    bool ok = false;

    if (len > 0 && len <= TKE_MODULE_CERTIFICATE_MAX) {
        certificate = g_new0(TkeModuleCertificate, 1);
        certificate->kind = kind;
        certificate->signed_data = g_byte_array_new();
        certificate->der = g_byte_array_new();
        g_byte_array_append(certificate->der, der, (guint) len);
        whole = tke_byte_cursor(certificate->der->data, certificate->der->len);
        switch (kind) {
        case TKE_MODULE_CERTIFICATE_OA1:
            ok = parse_oa1(certificate, &whole);
            break;
        case TKE_MODULE_CERTIFICATE_OA2:
            ok = parse_oa2(certificate, &whole);
            break;
        case TKE_MODULE_CERTIFICATE_OA3:
            ok = parse_oa3(certificate, &whole);
            break;
        }
    }
    if (!ok) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("the module certificate of %zu bytes is malformed"), len);
        return NULL;
    }
    return g_steal_pointer(&certificate);
}

void
tke_module_certificate_free(TkeModuleCertificate *certificate)
{
    if (certificate == NULL) {
        return;
    }
    g_clear_pointer(&certificate->der, g_byte_array_unref);
    g_clear_pointer(&certificate->signed_data, g_byte_array_unref);
    g_clear_pointer(&certificate->dilithium_signed_data, g_byte_array_unref);
    g_free(certificate->adapter_id);
    g_free(certificate);
}

bool
tke_module_certificate_ski(const uint8_t point[static TKE_EC_POINT_LEN],
                           uint8_t ski[static TKE_MODULE_SKI_LEN], GError **error)
{
    uint8_t hash[TKE_SHA512_LEN] = { 0 };

    if (!tke_digest_sha512(point, TKE_EC_POINT_LEN, hash, error)) {
        return false;
    }
    memcpy(ski, hash, TKE_MODULE_SKI_LEN);
    return true;
}
