/*
 * JSON of world files and orders. Keys of virtual units pass through ordinary memory here; they
 * are worth nothing outside of a rehearsal, and no real key ever comes this way.
 */
#include "simulator/sim-store.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/hex.h"
#include "common/safe-file.h"
#include "simulator/sim-json.h"

static bool
set_invalid(GError **error, const char *name)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("member \"%s\" is missing or invalid"),
                name);
    return false;
}

bool
sim_store_get_number(JsonObject *object, const char *name, const uint32_t *fallback, uint32_t max,
                     uint32_t *value, GError **error)
{
    int64_t number = 0;
    bool ok = fallback == NULL
                  ? sim_json_need_number(object, name, 0, max, &number, error)
                  : sim_json_get_number(object, name, 0, max, *fallback, &number, error);

    if (ok) {
        *value = (uint32_t) number;
    }
    return ok;
}

bool
sim_store_get_hex(JsonObject *object, const char *name, uint8_t *out, size_t len, GError **error)
{
    const char *text = sim_json_need_text(object, name, error);

    if (text == NULL) {
        return false;
    }
    return tke_hex_decode_exact(text, out, len, NULL) || set_invalid(error, name);
}

GByteArray *
sim_store_get_bytes(JsonObject *object, const char *name, GError **error)
{
    const char *text = sim_json_need_text(object, name, error);
    GByteArray *bytes = text == NULL ? NULL : tke_hex_decode(text, -1, NULL);

    if (text != NULL && bytes == NULL) {
        set_invalid(error, name);
    }
    return bytes;
}

void
sim_store_add_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, text);
}

void
sim_store_add_number(JsonBuilder *builder, const char *name, uint32_t value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

void
sim_store_add_hex(JsonBuilder *builder, const char *name, const uint8_t *bytes, size_t len)
{
    char *text = tke_hex_encode(bytes, len);

    sim_store_add_text(builder, name, text);
    OPENSSL_cleanse(text, strlen(text));
    g_free(text);
}

void
sim_store_add_secret(JsonBuilder *builder, const char *name, const TkeSecret *secret)
{
    if (secret != NULL) {
        sim_store_add_hex(builder, name, tke_secret_bytes(secret, NULL), tke_secret_len(secret));
    }
}

bool
sim_store_get_secret(JsonObject *object, const char *name, TkeSecret **secret, GError **error)
{
    g_autoptr(GByteArray) bytes = NULL;

    *secret = NULL;
    if (!json_object_has_member(object, name)) {
        return true;
    }
    bytes = sim_store_get_bytes(object, name, error);
    if (bytes == NULL) {
        return false;
    }
    if (bytes->len == 0 || bytes->len > TKE_SECRET_MAX) {
        return set_invalid(error, name);
    }
    *secret = tke_secret_new_from(bytes->data, bytes->len, error);
    OPENSSL_cleanse(bytes->data, bytes->len);
    return *secret != NULL;
}

bool
sim_store_add_key(JsonBuilder *builder, const char *name, EVP_PKEY *key, GError **error)
{
    g_autoptr(TkeSecret) der = NULL;
    uint8_t *end = NULL;
    int len = 0;

    if (key == NULL) {
        return true;
    }
    len = i2d_PrivateKey(key, NULL);
    if (len <= 0) {
        tke_openssl_set_error(error, _("cannot encode a private key"));
        return false;
    }
    der = tke_secret_new((size_t) len, error);
    if (der == NULL) {
        return false;
    }
    end = tke_secret_fill(der, NULL);
    if (i2d_PrivateKey(key, &end) != len) {
        tke_openssl_set_error(error, _("cannot encode a private key"));
        return false;
    }
    sim_store_add_secret(builder, name, der);
    return true;
}

bool
sim_store_get_key(JsonObject *object, const char *name, EVP_PKEY **key, GError **error)
{
    g_autoptr(TkeSecret) der = NULL;
    const uint8_t *bytes = NULL;
    size_t len = 0;

    *key = NULL;
    if (!sim_store_get_secret(object, name, &der, error)) {
        return false;
    }
    if (der == NULL) {
        return true;
    }
    bytes = tke_secret_bytes(der, &len);
    *key = d2i_AutoPrivateKey(NULL, &bytes, (long) len);
    if (*key == NULL) {
        tke_openssl_set_error(NULL, "");
        return set_invalid(error, name);
    }
    return true;
}

bool
sim_store_save(JsonBuilder *builder, const char *path, GError **error)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = sim_json_to_text(json_node_get_object(root), true);
    size_t len = strlen(text);
    bool ok = tke_safe_file_write(path, (const uint8_t *) text, len, error);

    OPENSSL_cleanse(text, len);
    return ok;
}

JsonObject *
sim_store_load(const char *path, GError **error)
{
    g_autoptr(GByteArray) bytes = tke_safe_file_read(path, SIM_STORE_FILE_MAX, NULL, error);
    JsonObject *object = NULL;

    if (bytes == NULL) {
        return NULL;
    }
    object = sim_json_parse((const char *) bytes->data, bytes->len, error);
    OPENSSL_cleanse(bytes->data, bytes->len);
    if (object == NULL) {
        g_prefix_error(error, "%s: ", path);
    }
    return object;
}
