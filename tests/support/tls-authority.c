/*
 * A throw-away authority and a server certificate below it, made with OpenSSL.
 */
#include "tests/support/tls-authority.h"

#include <check.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <glib.h>

static void
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension = NULL;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ck_assert_ptr_nonnull(extension);
    ck_assert_int_eq(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *
make_certificate(const char *name, long serial, EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *) name, -1, -1,
                               0);
    X509_set_pubkey(certificate, key);
    return certificate;
}

void
test_tls_authority_init(TestTlsAuthority *authority, const char *subject_alt_name)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    X509 *ca = make_certificate("OpenTKE test authority", 1, ca_key);
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len = 0;

    X509_set_issuer_name(ca, X509_get_subject_name(ca));
    add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(ca, ca, NID_key_usage, "critical,keyCertSign");
    add_extension(ca, ca, NID_subject_key_identifier, "hash");
    ck_assert_int_gt(X509_sign(ca, ca_key, EVP_sha256()), 0);

    authority->key = EVP_EC_gen("P-256");
    authority->server = make_certificate("OpenTKE test server", 2, authority->key);
    X509_set_issuer_name(authority->server, X509_get_subject_name(ca));
    add_extension(authority->server, ca, NID_subject_alt_name, subject_alt_name);
    ck_assert_int_gt(X509_sign(authority->server, ca_key, EVP_sha256()), 0);

    ck_assert_int_eq(PEM_write_bio_X509(bio, ca), 1);
    len = BIO_get_mem_data(bio, &text);
    authority->pem = g_strndup(text, (gsize) len);
    BIO_free(bio);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
}

void
test_tls_authority_clear(TestTlsAuthority *authority)
{
    EVP_PKEY_free(authority->key);
    X509_free(authority->server);
    g_free(authority->pem);
}
