/*
 * Signature key files (crypto-unit-protocol.md, 7.6): a JSON object with a salt and an encrypted
 * PEM text.
 */
#include "libep11admin/key-file.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/aes.h"
#include "common/cancel.h"
#include "common/error.h"
#include "common/hex.h"
#include "libep11admin/json-text.h"
#include "libep11admin/private-key.h"

#define KEY_TYPE_P521 "p521ec"
#define ROUNDS 4096u
#define KEY_LEN 32u
#define NONCE_LEN 12u
#define TAG_LEN 16u

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_KDF, EVP_KDF_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_KDF_CTX, EVP_KDF_CTX_free)

typedef struct FileSigner {
    TkeSigner base;
    TkePrivateKey *key;
} FileSigner;

static void
set_malformed(GError **error)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("not a signature key file"));
}

/* Members are strings; IBM's tools also read null, as if the member were missing. */
static bool
check_members(JsonObject *object)
{
    g_autoptr(GList) values = json_object_get_values(object);

    for (const GList *at = values; at != NULL; at = at->next) {
        JsonNode *node = at->data;

        if (!json_node_is_null(node) && json_node_get_value_type(node) != G_TYPE_STRING) {
            return false;
        }
    }
    return true;
}

static bool
read_ski(TkeKeyFile *file, const char *text)
{
    g_autofree char *lower = NULL;

    if (text == NULL || !tke_hex_decode_exact(text, file->ski, sizeof file->ski, NULL)) {
        return false;
    }
    lower = g_ascii_strdown(text, -1);
    file->exact_ski = strcmp(lower, text) == 0;
    return true;
}

TkeKeyFile *
tke_key_file_parse(const uint8_t *text, size_t len, GError **error)
{
    g_autoptr(TkeKeyFile) file = g_new0(TkeKeyFile, 1);
    g_autoptr(JsonNode) node = NULL;
    JsonObject *object = NULL;

    if (len == 0 || len > TKE_KEY_FILE_MAX) {
        set_malformed(error);
        return NULL;
    }
    node = tke_json_text_parse((const char *) text, len, TKE_JSON_WHOLE, error);
    if (node == NULL) {
        g_prefix_error(error, _("not a signature key file: "));
        return NULL;
    }
    object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    if (object == NULL || !check_members(object) ||
        !read_ski(file, tke_json_text_get_string(object, "ski"))) {
        set_malformed(error);
        return NULL;
    }
    file->kind = g_strcmp0(tke_json_text_get_string(object, "keyType"), KEY_TYPE_P521) == 0
                     ? TKE_SIGNER_P521
                     : TKE_SIGNER_RSA_2048;
    file->salt = g_strdup(tke_json_text_get_string(object, "seaSalt"));
    file->encrypted_key = g_strdup(tke_json_text_get_string(object, "enckey"));
    return g_steal_pointer(&file);
}

/* PBKDF2 with HMAC-SHA-256. The password may be NULL, which is the empty one. */
static TkeSecret *
derive(const TkeSecret *password, const GByteArray *salt, GError **error)
{
    g_autoptr(EVP_KDF) kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_PBKDF2, NULL);
    g_autoptr(EVP_KDF_CTX) ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    g_autoptr(TkeSecret) key = tke_secret_new(KEY_LEN, error);
    char digest[] = "SHA256";
    char none[] = "";
    unsigned rounds = ROUNDS;
    void *pass = password == NULL ? none : (void *) tke_secret_bytes(password, NULL);
    void *salt_bytes = salt->len == 0 ? none : (void *) salt->data;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, pass,
                                          password == NULL ? 0 : tke_secret_len(password)),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_bytes, salt->len),
        OSSL_PARAM_construct_uint(OSSL_KDF_PARAM_ITER, &rounds),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };

    if (key == NULL) {
        return NULL;
    }
    if (ctx == NULL || EVP_KDF_derive(ctx, tke_secret_fill(key, NULL), KEY_LEN, params) != 1) {
        tke_openssl_set_error(error, _("cannot derive a key from the password"));
        return NULL;
    }
    return g_steal_pointer(&key);
}

/* The PEM text inside; a wrong password is TKE_ERROR_VERIFY. */
static TkeSecret *
decrypt(const TkeKeyFile *file, const TkeSecret *password, GError **error)
{
    g_autoptr(GByteArray) salt = NULL;
    g_autoptr(GByteArray) encrypted = NULL;
    g_autoptr(TkeSecret) key = NULL;
    g_autoptr(TkeSecret) text = NULL;
    g_autoptr(GError) cause = NULL;

    salt = tke_hex_decode(file->salt == NULL ? "" : file->salt, -1, error);
    encrypted =
        salt == NULL
            ? NULL
            : tke_hex_decode(file->encrypted_key == NULL ? "" : file->encrypted_key, -1, error);
    if (encrypted == NULL) {
        g_prefix_error(error, _("not a signature key file: "));
        return NULL;
    }
    key = derive(password, salt, error);
    if (key == NULL) {
        return NULL;
    }
    if (encrypted->len > NONCE_LEN + TAG_LEN) {
        text = tke_aes_gcm_decrypt(key, encrypted->data, encrypted->data + NONCE_LEN,
                                   encrypted->len - NONCE_LEN, &cause);
    }
    if (text != NULL) {
        return g_steal_pointer(&text);
    }
    if (cause != NULL && !g_error_matches(cause, TKE_ERROR, TKE_ERROR_VERIFY)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                _("wrong password, or the signature key file is damaged"));
    return NULL;
}

static bool
sign(TkeSigner *signer, TkeSignPurpose purpose, const uint8_t *message, size_t len,
     uint8_t *signature, size_t *signature_len, GCancellable *cancellable, GError **error)
{
    const FileSigner *file_signer = (FileSigner *) signer;

    (void) purpose; /* the same signature for both */
    if (tke_cancel_is_asked(cancellable, error)) {
        return false;
    }
    return tke_private_key_sign(file_signer->key, message, len, signature, signature_len, error);
}

static void
free_signer(TkeSigner *signer)
{
    FileSigner *file_signer = (FileSigner *) signer;

    tke_private_key_free(file_signer->key);
    g_free(signer->name);
    g_free(file_signer);
}

static const TkeSignerOps file_signer_ops = { .sign = sign, .free = free_signer };

TkeSigner *
tke_key_file_open(const TkeKeyFile *file, const TkeSecret *password, const char *name,
                  GError **error)
{
    g_autoptr(TkeSecret) pem = decrypt(file, password, error);
    g_autoptr(TkePrivateKey) key = NULL;
    FileSigner *signer = NULL;

    if (pem == NULL) {
        return NULL;
    }
    key = tke_private_key_from_pem(file->kind, pem, error);
    if (key == NULL) {
        return NULL;
    }
    if (!file->exact_ski ||
        memcmp(tke_private_key_get_ski(key), file->ski, sizeof file->ski) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("the key in the file is not the one that the file names"));
        return NULL;
    }
    signer = g_new0(FileSigner, 1);
    signer->base.ops = &file_signer_ops;
    signer->base.kind = file->kind;
    memcpy(signer->base.ski, file->ski, sizeof file->ski);
    signer->base.name = g_strdup(name);
    signer->key = g_steal_pointer(&key);
    return &signer->base;
}

EVP_PKEY *
tke_key_file_dup_public_key(TkeSigner *signer, GError **error)
{
    EVP_PKEY *key = NULL;

    g_return_val_if_fail(signer->ops == &file_signer_ops, NULL);

    key = tke_private_key_get_public(((FileSigner *) signer)->key);
    if (EVP_PKEY_up_ref(key) != 1) {
        tke_openssl_set_error(error, _("the public key cannot be used"));
        return NULL;
    }
    return key;
}

void
tke_key_file_free(TkeKeyFile *file)
{
    if (file == NULL) {
        return;
    }
    g_free(file->salt);
    g_free(file->encrypted_key);
    g_free(file);
}
