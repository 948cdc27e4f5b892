/*
 * Key file objects of the cases as signers. Their keys and passwords are test data.
 */
#include "tests/run-vectors/key-files.h"

#include <string.h>

#include "libep11admin/key-file.h"

TkeSigner *
vector_key_file(Vector *vector, JsonObject *key_file)
{
    const char *text = vector_text(vector, key_file, "file_text");
    const char *password_text = vector_text(vector, key_file, "password");
    GByteArray *ski = vector_bytes(vector, key_file, "ski");
    g_autoptr(TkeKeyFile) file = NULL;
    g_autoptr(TkeSecret) password = NULL;
    g_autoptr(GError) error = NULL;
    TkeSigner *signer = NULL;

    file = tke_key_file_parse((const uint8_t *) text, strlen(text), &error);
    if (file != NULL && *password_text != '\0') {
        password =
            tke_secret_new_from((const uint8_t *) password_text, strlen(password_text), &error);
    }
    if (file != NULL && (password != NULL || *password_text == '\0')) {
        signer = tke_key_file_open(file, password, NULL, &error);
    }
    if (signer == NULL) {
        vector_fail_error(vector, "key file", error);
        return NULL;
    }
    vector_own(vector, signer, (GDestroyNotify) tke_signer_free);
    vector_check_bytes(vector, "ski of the key file", signer->ski, sizeof signer->ski, ski->data,
                       ski->len);
    return signer;
}

GPtrArray *
vector_key_files(Vector *vector, JsonObject *object, const char *member)
{
    JsonArray *array = vector_array(vector, object, member);
    GPtrArray *signers = g_ptr_array_new();

    vector_own(vector, signers, (GDestroyNotify) g_ptr_array_unref);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        TkeSigner *signer = vector_key_file(vector, vector_element(vector, array, i));

        if (signer != NULL) {
            g_ptr_array_add(signers, signer);
        }
    }
    return signers;
}
