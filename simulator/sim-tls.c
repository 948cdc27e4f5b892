/*
 * Certificates for the loopback interface (P-256, SHA-256).
 */
#include "simulator/sim-tls.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/openssl.h"

#define BACKDATED_S (-86400L)
#define VALID_DAYS 3650
#define SERIAL_BITS 64

static bool
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension = NULL;
    bool ok = false;

    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool
set_serial(X509 *certificate)
{
    g_autoptr(BIGNUM) serial = BN_new();

    return serial != NULL &&
           BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
           BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
}

/* Everything but extensions and signature. issuer NULL: itself. */
static X509 *
start(EVP_PKEY *key, const char *name, X509 *issuer)
{
    g_autoptr(X509) certificate = X509_new();
    X509_NAME *subject = NULL;

    if (certificate == NULL || X509_set_version(certificate, X509_VERSION_3) != 1 ||
        !set_serial(certificate) ||
        X509_gmtime_adj(X509_getm_notBefore(certificate), BACKDATED_S) == NULL ||
        X509_time_adj_ex(X509_getm_notAfter(certificate), VALID_DAYS, 0, NULL) == NULL ||
        X509_set_pubkey(certificate, key) != 1) {
        return NULL;
    }
    subject = X509_get_subject_name(certificate);
    if (X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
                                   (const unsigned char *) "OpenTKE rehearsal", -1, -1, 0) != 1 ||
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *) name, -1,
                                   -1, 0) != 1 ||
        X509_set_issuer_name(certificate,
                             X509_get_subject_name(issuer == NULL ? certificate : issuer)) != 1) {
        return NULL;
    }
    return g_steal_pointer(&certificate);
}

static X509 *
make_ca(EVP_PKEY *key)
{
    g_autoptr(X509) ca = start(key, "rehearsal authority", NULL);

    if (ca == NULL || !add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(ca, ca, NID_key_usage, "critical,keyCertSign") ||
        !add_extension(ca, ca, NID_subject_key_identifier, "hash") ||
        X509_sign(ca, key, EVP_sha256()) == 0) {
        return NULL;
    }
    return g_steal_pointer(&ca);
}

static X509 *
make_server(EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
    g_autoptr(X509) server = start(key, "rehearsal service", ca);

    if (server == NULL || !add_extension(server, ca, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(server, ca, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(server, ca, NID_ext_key_usage, "serverAuth") ||
        !add_extension(server, ca, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost") ||
        !add_extension(server, ca, NID_authority_key_identifier, "keyid") ||
        X509_sign(server, ca_key, EVP_sha256()) == 0) {
        return NULL;
    }
    return g_steal_pointer(&server);
}

/* The text in a memory BIO, with a NUL. */
static char *
take_text(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    return g_strndup(data, (gsize) len);
}

static char *
certificate_to_pem(X509 *certificate)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_mem());

    return bio != NULL && PEM_write_bio_X509(bio, certificate) == 1 ? take_text(bio) : NULL;
}

static char *
key_to_pem(EVP_PKEY *key)
{
    g_autoptr(BIO) bio = BIO_new(BIO_s_secmem());

    return bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1
               ? take_text(bio)
               : NULL;
}

bool
sim_tls_make(SimTls *tls, GError **error)
{
    g_autoptr(EVP_PKEY) ca_key = EVP_EC_gen("P-256");
    g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
    g_autoptr(X509) ca = ca_key == NULL ? NULL : make_ca(ca_key);
    g_autoptr(X509) server = ca == NULL || key == NULL ? NULL : make_server(key, ca, ca_key);
    g_auto(SimTls) made = { 0 };

    if (server != NULL) {
        made.ca_pem = certificate_to_pem(ca);
        made.server_pem = certificate_to_pem(server);
        made.server_key_pem = key_to_pem(key);
    }
    if (made.ca_pem == NULL || made.server_pem == NULL || made.server_key_pem == NULL) {
        tke_openssl_set_error(error, _("cannot make the TLS certificates of the rehearsal"));
        return false;
    }
    *tls = made;
    made = (SimTls){ 0 };
    return true;
}

void
sim_tls_clear(SimTls *tls)
{
    if (tls->server_key_pem != NULL) {
        OPENSSL_cleanse(tls->server_key_pem, strlen(tls->server_key_pem));
    }
    g_clear_pointer(&tls->ca_pem, g_free);
    g_clear_pointer(&tls->server_pem, g_free);
    g_clear_pointer(&tls->server_key_pem, g_free);
}
