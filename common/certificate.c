/*
 * Administrator certificates as crypto units return them (crypto-unit-protocol.md, 2.10 and 4.1.3).
 */
#include "common/certificate.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <glib/gi18n-lib.h>

#include "common/digest.h"
#include "common/error.h"

/* Text that is safe to show: valid UTF-8, no control characters, no blanks at the end. */
static char *
clean_text(const unsigned char *bytes, size_t len)
{
    g_autofree char *valid = g_utf8_make_valid((const char *) bytes, (gssize) len);
    GString *text = g_string_new(NULL);

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_string_append_unichar(text, g_unichar_isprint(c) ? c : '?');
    }
    while (text->len > 0 && text->str[text->len - 1] == ' ') {
        g_string_truncate(text, text->len - 1);
    }
    return g_string_free(text, FALSE);
}

/*
 * IBM's tools put names into PrintableStrings as they are, UTF-8 included (crypto-unit-protocol.md,
 * 4.1.1); OpenSSL would take the bytes for Latin-1.
 */
static bool
holds_utf8(const ASN1_STRING *value)
{
    return ASN1_STRING_type(value) == V_ASN1_PRINTABLESTRING &&
           g_utf8_validate((const char *) ASN1_STRING_get0_data(value), ASN1_STRING_length(value),
                           NULL);
}

/* The first attribute of this kind in a name; NULL if there is none. */
static char *
dup_attribute(const X509_NAME *name, int nid)
{
    int index = X509_NAME_get_index_by_NID(name, nid, -1);
    const X509_NAME_ENTRY *entry = index < 0 ? NULL : X509_NAME_get_entry(name, index);
    const ASN1_STRING *value = entry == NULL ? NULL : X509_NAME_ENTRY_get_data(entry);
    unsigned char *bytes = NULL;
    char *text = NULL;
    int len = 0;

    if (value == NULL) {
        return NULL;
    }
    if (holds_utf8(value)) {
        return clean_text(ASN1_STRING_get0_data(value), (size_t) ASN1_STRING_length(value));
    }
    len = ASN1_STRING_to_UTF8(&bytes, value);
    if (len >= 0) {
        text = clean_text(bytes, (size_t) len);
        OPENSSL_free(bytes);
    }
    return text;
}

TkeCertificate *
tke_certificate_parse(const uint8_t *der, size_t len, GError **error)
{
    g_autoptr(TkeCertificate) certificate = g_new0(TkeCertificate, 1);
    g_autoptr(X509) x509 = NULL;
    const unsigned char *end = der;
    const ASN1_BIT_STRING *bits = NULL;

    if (der != NULL && len > 0 && len <= G_MAXINT) {
        x509 = d2i_X509(NULL, &end, (long) len);
    }
    bits = x509 == NULL ? NULL : X509_get0_pubkey_bitstr(x509);
    if (bits == NULL || end != der + len) {
        ERR_clear_error();
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("not an X.509 certificate"));
        return NULL;
    }
    certificate->common_name = dup_attribute(X509_get_issuer_name(x509), NID_commonName);
    certificate->unit_name = dup_attribute(X509_get_issuer_name(x509), NID_organizationalUnitName);
    certificate->key_der = g_byte_array_new();
    g_byte_array_append(certificate->key_der, ASN1_STRING_get0_data(bits),
                        (guint) ASN1_STRING_length(bits));
    certificate->key = X509_get_pubkey(x509);
    ERR_clear_error();
    if (!tke_digest_sha256(certificate->key_der->data, certificate->key_der->len, certificate->ski,
                           error)) {
        return NULL;
    }
    return g_steal_pointer(&certificate);
}

void
tke_certificate_free(TkeCertificate *certificate)
{
    if (certificate == NULL) {
        return;
    }
    g_free(certificate->common_name);
    g_free(certificate->unit_name);
    EVP_PKEY_free(certificate->key);
    g_clear_pointer(&certificate->key_der, g_byte_array_unref);
    g_free(certificate);
}
