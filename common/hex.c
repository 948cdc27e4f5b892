/*
 * Hex text.
 */
#include "common/hex.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"

static const char lower_digits[] = "0123456789abcdef";
static const char upper_digits[] = "0123456789ABCDEF";

static char *
encode(const uint8_t *bytes, size_t len, const char *digits)
{
    char *text = g_malloc(2 * len + 1);

    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 0x0f];
    }
    text[2 * len] = '\0';
    return text;
}

/* The caller has checked that text has 2 * len characters. */
static bool
decode(const char *text, uint8_t *out, size_t len, GError **error)
{
    for (size_t i = 0; i < len; i++) {
        int high = g_ascii_xdigit_value(text[2 * i]);
        int low = g_ascii_xdigit_value(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                        _("character %zu is not a hexadecimal digit"), 2 * i + (high < 0 ? 1 : 2));
            return false;
        }
        out[i] = (uint8_t) (high << 4 | low);
    }
    return true;
}

static bool
check_even(size_t text_len, GError **error)
{
    if (text_len % 2 != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("%zu hexadecimal digits do not make whole bytes"), text_len);
        return false;
    }
    return true;
}

char *
tke_hex_encode(const uint8_t *bytes, size_t len)
{
    return encode(bytes, len, lower_digits);
}

char *
tke_hex_encode_upper(const uint8_t *bytes, size_t len)
{
    return encode(bytes, len, upper_digits);
}

GByteArray *
tke_hex_decode(const char *text, gssize text_len, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    size_t len = 0;

    g_return_val_if_fail(text != NULL, NULL);

    len = text_len < 0 ? strlen(text) : (size_t) text_len;
    if (!check_even(len, error)) {
        return NULL;
    }
    if (len / 2 > G_MAXUINT / 2) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("hexadecimal text is too long"));
        return NULL;
    }
    g_byte_array_set_size(bytes, (guint) (len / 2));
    if (!decode(text, bytes->data, len / 2, error)) {
        return NULL;
    }
    return g_steal_pointer(&bytes);
}

bool
tke_hex_decode_exact(const char *text, uint8_t *out, size_t len, GError **error)
{
    g_autoptr(GByteArray) bytes = tke_hex_decode(text, -1, error);

    if (bytes == NULL) {
        return false;
    }
    if (bytes->len != len) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("%zu hexadecimal digits where %zu are wanted"), 2 * (size_t) bytes->len,
                    2 * len);
        return false;
    }
    if (len > 0) {
        memcpy(out, bytes->data, len);
    }
    return true;
}

TkeSecret *
tke_hex_decode_secret(const TkeSecret *text, GError **error)
{
    g_autoptr(TkeSecret) secret = NULL;
    size_t len = 0;
    const uint8_t *digits = tke_secret_bytes(text, &len);

    if (!check_even(len, error)) {
        return NULL;
    }
    secret = tke_secret_new(len / 2, error);
    if (secret == NULL ||
        !decode((const char *) digits, tke_secret_fill(secret, NULL), len / 2, error)) {
        return NULL;
    }
    return g_steal_pointer(&secret);
}

char *
tke_hex_grouped(const uint8_t *bytes, size_t len, unsigned group, char sep)
{
    g_autofree char *digits = NULL;
    GString *text = NULL;

    g_return_val_if_fail(group > 0, NULL);

    digits = encode(bytes, len, upper_digits);
    text = g_string_new(NULL);
    for (size_t i = 0; i < 2 * len; i++) {
        if (i > 0 && i % group == 0) {
            g_string_append_c(text, sep);
        }
        g_string_append_c(text, digits[i]);
    }
    return g_string_free(text, FALSE);
}
