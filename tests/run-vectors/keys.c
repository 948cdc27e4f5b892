/*
 * Keys of golden cases.
 */
#include "tests/run-vectors/keys.h"

#include <string.h>

#include "common/ec-key.h"
#include "libep11admin/key-file.h"

static void
free_signer(void *signer)
{
    tke_signer_free(signer);
}

static void
free_key(void *key)
{
    EVP_PKEY_free(key);
}

TkeSigner *
vector_open_key_file(Vector *vector, JsonObject *key_file, const char *password, GError **error)
{
    const char *text = vector_text(vector, key_file, "file_text");
    const char *name = vector_has(key_file, "name") ? vector_text(vector, key_file, "name") : NULL;
    g_autoptr(TkeKeyFile) file = tke_key_file_parse((const uint8_t *) text, strlen(text), error);
    g_autoptr(TkeSecret) secret = NULL;
    TkeSigner *signer = NULL;

    if (file == NULL) {
        return NULL;
    }
    if (*password != '\0') {
        secret = tke_secret_new_from((const uint8_t *) password, strlen(password), error);
        if (secret == NULL) {
            return NULL;
        }
    }
    signer = tke_key_file_open(file, secret, name, error);
    return signer == NULL ? NULL : vector_own(vector, signer, free_signer);
}

EVP_PKEY *
vector_signer_key(Vector *vector, TkeSigner *signer)
{
    g_autoptr(GError) error = NULL;
    EVP_PKEY *key = tke_key_file_dup_public_key(signer, &error);

    if (key == NULL) {
        vector_fail_error(vector, "public key", error);
        return NULL;
    }
    return vector_own(vector, key, free_key);
}

bool
vector_point(Vector *vector, JsonObject *object, const char *x, const char *y,
             uint8_t out[static 133])
{
    GByteArray *x_bytes = vector_bytes(vector, object, x);
    GByteArray *y_bytes = vector_bytes(vector, object, y);

    if (!vector_check(vector,
                      x_bytes->len == TKE_EC_SCALAR_LEN && y_bytes->len == TKE_EC_SCALAR_LEN,
                      "the coordinates do not have 66 bytes")) {
        return false;
    }
    out[0] = 0x04;
    memcpy(out + 1, x_bytes->data, TKE_EC_SCALAR_LEN);
    memcpy(out + 1 + TKE_EC_SCALAR_LEN, y_bytes->data, TKE_EC_SCALAR_LEN);
    return true;
}
