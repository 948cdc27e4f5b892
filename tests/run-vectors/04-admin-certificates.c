/*
 * File 04: administrators' certificates (crypto-unit-protocol.md, 4.1).
 */
#include <string.h>

#include "common/ec-key.h"
#include "common/error.h"
#include "common/rsa.h"
#include "libep11admin/admin-certificate.h"
#include "tests/run-vectors/key-files.h"
#include "tests/run-vectors/keys.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_admin_certificates[];

static TkeSigner *
key_of(Vector *vector, EVP_PKEY **key)
{
    TkeSigner *signer = vector_key_file(vector, vector_object(vector, vector->inputs, "key_file"));

    *key = signer == NULL ? NULL : vector_signer_key(vector, signer);
    return *key == NULL ? NULL : signer;
}

static bool
is_signed(EVP_PKEY *key, const uint8_t *data, size_t len, const uint8_t *signature,
          size_t signature_len, GError **error)
{
    return EVP_PKEY_is_a(key, "RSA") == 1
               ? tke_rsa_verify_x931(key, data, len, signature, signature_len, error)
               : tke_ec_key_verify(key, data, len, signature, signature_len, error);
}

/* The recorded signature is the key's over what the case says, and gives the recorded
 * certificate. */
static void
check_recorded(Vector *vector, EVP_PKEY *key, const GByteArray *tbs)
{
    GByteArray *signature = vector_bytes(vector, vector->expected, "signature_hex");
    GByteArray *algorithm = vector_bytes(vector, vector->expected, "signature_algorithm_hex");
    bool empty = vector_has(vector->expected, "signed_data") &&
                 vector_check_member_text(vector, "signed_data", "empty");
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) certificate = tke_admin_certificate_assemble(
        tbs->data, tbs->len, signature->data, signature->len, &error);

    if (certificate == NULL ||
        !is_signed(key, tbs->data, empty ? 0 : tbs->len, signature->data, signature->len, &error)) {
        vector_fail_error(vector, "recorded certificate", error);
        return;
    }
    vector_check_member_hex(vector, "certificate_hex", certificate->data, certificate->len);
    /* It stands in the body and behind it. */
    vector_check(vector,
                 memmem(tbs->data, tbs->len, algorithm->data, algorithm->len) != NULL &&
                     memcmp(certificate->data + 4 + tbs->len, algorithm->data, algorithm->len) == 0,
                 "another signature algorithm");
}

/* The RSA signature is deterministic: over the same data it is the recorded one. */
static void
check_rsa_signature(Vector *vector, TkeSigner *signer)
{
    uint8_t signature[TKE_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    if (!signer->ops->sign(signer, TKE_SIGN_CERTIFICATE, (const uint8_t *) "", 0, signature, &len,
                           NULL, &error)) {
        vector_fail_error(vector, "signature", error);
        return;
    }
    vector_check_member_hex(vector, "signature_hex", signature, len);
}

/* The certificate that we make has the same body, and its signature covers the body. */
static void
check_own(Vector *vector, TkeSigner *signer, EVP_PKEY *key, const char *name, const GByteArray *tbs)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) own = tke_admin_certificate_new(signer, key, name, NULL, &error);
    g_autoptr(TkeAdminCertificate) read =
        own == NULL ? NULL : tke_admin_certificate_parse(own->data, own->len, &error);

    if (read == NULL) {
        vector_fail_error(vector, "own certificate", error);
        return;
    }
    vector_check(vector, own->len > 4 + tbs->len && memcmp(own->data + 4, tbs->data, tbs->len) == 0,
                 "our certificate has another body");
    vector_check(vector, read->made_by_tke, "our certificate is not known as made by TKE");
    vector_check_bytes(vector, "ski", read->ski, sizeof read->ski, signer->ski, sizeof signer->ski);
}

static void
run_certificate(Vector *vector)
{
    const char *name = vector_text(vector, vector->inputs, "name");
    GByteArray *name_bytes = vector_bytes(vector, vector->inputs, "name_hex");
    GByteArray *recorded = vector_bytes(vector, vector->expected, "certificate_hex");
    EVP_PKEY *key = NULL;
    TkeSigner *signer = key_of(vector, &key);
    g_autoptr(GByteArray) tbs = NULL;
    g_autoptr(TkeAdminCertificate) read = NULL;
    g_autoptr(GError) error = NULL;

    if (signer == NULL) {
        return;
    }
    vector_check_bytes(vector, "name", (const uint8_t *) name, strlen(name), name_bytes->data,
                       name_bytes->len);
    tbs = tke_admin_certificate_new_tbs(key, name, &error);
    if (!vector_check_outcome(vector, vector->expected, error)) {
        return;
    }
    vector_check_member_hex(vector, "to_be_signed_hex", tbs->data, tbs->len);
    check_recorded(vector, key, tbs);
    if (signer->kind == TKE_SIGNER_RSA_2048) {
        check_rsa_signature(vector, signer);
    }
    check_own(vector, signer, key, name, tbs);
    read = tke_admin_certificate_parse(recorded->data, recorded->len, &error);
    if (read == NULL) {
        vector_fail_error(vector, "reading the recorded certificate", error);
        return;
    }
    vector_check_bytes(vector, "ski", read->ski, sizeof read->ski, signer->ski, sizeof signer->ski);
}

static void
run_name_too_long(Vector *vector)
{
    EVP_PKEY *key = NULL;
    TkeSigner *signer = key_of(vector, &key);
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) certificate = NULL;

    if (signer == NULL) {
        return;
    }
    certificate = tke_admin_certificate_new(
        signer, key, vector_text(vector, vector->inputs, "name"), NULL, &error);
    vector_check_outcome(vector, vector->expected, error);
    vector_check(vector, g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE), "another error");
}

static void
run_wrong_password(Vector *vector)
{
    g_autoptr(GError) error = NULL;

    vector_open_key_file(vector, vector_object(vector, vector->inputs, "key_file"),
                         vector_text(vector, vector->inputs, "password_used"), &error);
    vector_check_outcome(vector, vector->expected, error);
    vector_check_member_text(vector, "error_kind", "password");
    vector_check(vector, g_error_matches(error, TKE_ERROR, TKE_ERROR_VERIFY), "another error");
}

static void
run_other_ski(Vector *vector)
{
    GByteArray *ski = vector_bytes(vector, vector->inputs, "caller_ski");
    EVP_PKEY *key = NULL;
    TkeSigner *signer = key_of(vector, &key);
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) certificate = NULL;

    if (signer == NULL || !vector_check_int(vector, "ski", ski->len, TKE_SKI_LEN)) {
        return;
    }
    memcpy(signer->ski, ski->data, sizeof signer->ski);
    certificate = tke_admin_certificate_new(
        signer, key, vector_text(vector, vector->inputs, "name"), NULL, &error);
    vector_check_outcome(vector, vector->expected, error);
    vector_check_member_text(vector, "error_kind", "ski-mismatch");
    vector_check(vector, g_error_matches(error, TKE_ERROR, TKE_ERROR_VERIFY), "another error");
}

/* The template is what is left of a body when the places to fill are emptied. */
static void
run_template(Vector *vector)
{
    g_autoptr(EVP_PKEY) key = tke_ec_key_generate(NULL);
    g_autoptr(GByteArray) tbs = tke_admin_certificate_new_tbs(key, "", NULL);
    size_t len = (size_t) vector_int(vector, vector->expected, "name_length");
    size_t issuer = (size_t) vector_int(vector, vector->expected, "issuer_name_offset");
    size_t subject = (size_t) vector_int(vector, vector->expected, "subject_name_offset");
    size_t bits = (size_t) vector_int(vector, vector->expected, "public_key_bit_string_offset");
    size_t ski = (size_t) vector_int(vector, vector->expected, "ski_offset");
    g_autoptr(GByteArray) named =
        tke_admin_certificate_new_tbs(key, "exactly thirty characters long", NULL);

    if (!vector_check(vector,
                      tbs != NULL && named != NULL && issuer + len <= tbs->len &&
                          subject + len <= tbs->len && bits + 1 + TKE_EC_POINT_LEN <= tbs->len &&
                          ski + TKE_SKI_LEN <= tbs->len,
                      "a place lies outside the body")) {
        return;
    }
    vector_check_int(vector, "name_length", (int64_t) len, TKE_ADMIN_NAME_MAX);
    vector_check(vector,
                 memcmp(named->data + issuer, "exactly thirty characters long", len) == 0 &&
                     memcmp(named->data + subject, "exactly thirty characters long", len) == 0,
                 "the name is somewhere else");
    memset(tbs->data + bits, 0, 1 + TKE_EC_POINT_LEN);
    memset(tbs->data + ski, 0, TKE_SKI_LEN);
    vector_check_member_hex(vector, "template_hex", tbs->data, tbs->len);
}

const VectorKind vectors_admin_certificates[] = {
    { "04-admin-certificates", "ec", run_certificate, NULL },
    { "04-admin-certificates", "rsa", run_certificate, NULL },
    { "04-admin-certificates", "name-too-long", run_name_too_long, NULL },
    { "04-admin-certificates", "wrong-password", run_wrong_password, NULL },
    { "04-admin-certificates", "other-ski", run_other_ski, NULL },
    { "04-admin-certificates", "template", run_template, NULL },
    { 0 },
};
