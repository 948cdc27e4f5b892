/*
 * File 06: reading signature key files and signing with them (crypto-unit-protocol.md, 7.6).
 */
#include <string.h>

#include "common/ec-key.h"
#include "common/error.h"
#include "common/rsa.h"
#include "common/safe-file.h"
#include "libep11admin/key-file.h"
#include "tests/run-vectors/keys.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_key_files[];

/* A P-521 signature has 134 bytes and more but for one in 2^50; P-384 ones have at most 104. */
#define LEAST_P521_SIGNATURE 120u

/* The signature of a key whose size or curve the product refuses; the source does not look
 * (README). */
static bool
is_of_another_size(const GByteArray *signature, TkeSignerKind kind)
{
    static const uint8_t zeros[TKE_RSA_LEN / 4] = { 0 };

    if (kind == TKE_SIGNER_P521) {
        return signature->len < LEAST_P521_SIGNATURE;
    }
    return signature->len != TKE_RSA_LEN || memcmp(signature->data, zeros, sizeof zeros) == 0;
}

/* The source found PKCS #8 where it wants the older forms. */
static bool
is_pkcs8(Vector *vector, JsonObject *sign)
{
    return vector_has(sign, "sdk_text") &&
           strstr(vector_text(vector, sign, "sdk_text"), "ParsePKCS8PrivateKey") != NULL;
}

static void
check_read(Vector *vector, const TkeKeyFile *file, const GError *error)
{
    JsonObject *read = vector_object(vector, vector->expected, "read_ski");

    /* The source takes any 64 characters for an identifier. */
    if (file == NULL && strcmp(vector_text(vector, read, "outcome"), "ok") == 0 &&
        strspn(vector_text(vector, read, "ski"), "0123456789abcdefABCDEF") != 64) {
        return;
    }
    if (vector_check_outcome(vector, read, error)) {
        GByteArray *ski = vector_bytes(vector, read, "ski");

        vector_check_bytes(vector, "ski", file->ski, sizeof file->ski, ski->data, ski->len);
    }
}

static void
check_signature(Vector *vector, TkeSigner *signer, const GByteArray *recorded)
{
    GByteArray *data = vector_bytes(vector, vector->inputs, "data_hex");
    EVP_PKEY *key = vector_signer_key(vector, signer);
    uint8_t signature[TKE_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    if (!signer->ops->sign(signer, TKE_SIGN_COMMAND, data->data, data->len, signature, &len, NULL,
                           &error)) {
        vector_fail_error(vector, "signature", error);
        return;
    }
    if (signer->kind == TKE_SIGNER_RSA_2048) {
        vector_check_bytes(vector, "signature", signature, len, recorded->data, recorded->len);
        return;
    }
    if (!tke_ec_key_verify(key, data->data, data->len, signature, len, &error) ||
        !tke_ec_key_verify(key, data->data, data->len, recorded->data, recorded->len, &error)) {
        vector_fail_error(vector, "signature", error);
    }
}

/* The kinds of errors that the case names; where the file is not even read, that is the error. */
static void
check_kind(Vector *vector, JsonObject *sign, const TkeKeyFile *file, const GError *error)
{
    const char *kind =
        vector_has(sign, "error_kind") ? vector_text(vector, sign, "error_kind") : "";

    if (file != NULL && strcmp(kind, "password") == 0) {
        vector_check(vector, g_error_matches(error, TKE_ERROR, TKE_ERROR_VERIFY),
                     "not known as a wrong password");
    } else if (*kind != '\0') {
        vector_check(vector, g_error_matches(error, TKE_ERROR, TKE_ERROR_INVALID_DATA),
                     "another error");
    }
}

static void
run_key_file(Vector *vector)
{
    const char *text = vector_text(vector, vector->inputs, "file_text");
    JsonObject *sign = vector_object(vector, vector->expected, "sign");
    g_autoptr(GError) unread = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeKeyFile) file = tke_key_file_parse((const uint8_t *) text, strlen(text), &unread);
    TkeSigner *signer = vector_open_key_file(
        vector, vector->inputs, vector_text(vector, vector->inputs, "password"), &error);

    check_read(vector, file, unread);
    if (signer == NULL && vector_has(sign, "signature_hex") && file != NULL &&
        is_of_another_size(vector_bytes(vector, sign, "signature_hex"), file->kind)) {
        vector_skip(vector, "README: size and curve of the key are not checked");
        return;
    }
    if (signer != NULL && is_pkcs8(vector, sign)) {
        vector_skip(vector, "the source refuses PKCS #8, the product reads it (7.6)");
        return;
    }
    if (vector_check_outcome(vector, sign, error)) {
        check_signature(vector, signer, vector_bytes(vector, sign, "signature_hex"));
    } else {
        check_kind(vector, sign, file, error);
    }
}

static void
run_missing_file(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) text = tke_safe_file_read(
        vector_text(vector, vector->inputs, "file_name"), TKE_KEY_FILE_MAX, NULL, &error);

    vector_check(vector, text == NULL, "the file is there");
    vector_check_outcome(vector, vector_object(vector, vector->expected, "read_ski"), error);
    vector_check_outcome(vector, vector_object(vector, vector->expected, "sign"), error);
}

const VectorKind vectors_key_files[] = {
    { "06-key-files", "valid-ec", run_key_file, NULL },
    { "06-key-files", "valid-rsa", run_key_file, NULL },
    { "06-key-files", "other", run_key_file, NULL },
    { "06-key-files", "missing-file", run_missing_file, NULL },
    { 0 },
};
