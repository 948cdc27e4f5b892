/*
 * Issuer keys of cards (card-protocol.md, 1; GlobalPlatform 2.3, 7.5). Check values as for AES keys
 * (amendment D, 4.1.4): the first bytes of the encryption of a block of ones.
 */
#include "libsmartcard/gp-key-set.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/aes.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/safe-file.h"

#define FILE_MAX 4096u
#define CHECK_VALUE_LEN 3u
#define FIRST_TEST_BYTE 0x40u
#define TEST_KEY_LEN 16u
#define LEVEL_DEFAULT (TKE_GP_LEVEL_C_MAC | TKE_GP_LEVEL_C_DEC)

struct TkeGpKeySet {
    char *name;
    TkeSecret *keys[TKE_GP_KEYS];
    uint8_t version;
    uint8_t protocol;
    uint8_t level;
    bool is_default;
    uint8_t mark[TKE_GP_KEY_SET_MARK];
};

static const char *const key_names[TKE_GP_KEYS] = { "enc", "mac", "dek" };

void
tke_gp_key_set_free(TkeGpKeySet *keys)
{
    if (keys == NULL) {
        return;
    }
    for (unsigned i = 0; i < TKE_GP_KEYS; i++) {
        tke_secret_free(keys->keys[i]);
    }
    g_free(keys->name);
    g_free(keys);
}

static TkeGpKeySet *
new_key_set(const char *name)
{
    TkeGpKeySet *keys = g_new0(TkeGpKeySet, 1);

    keys->name = g_strdup(name);
    keys->level = LEVEL_DEFAULT;
    return keys;
}

static bool
make_mark(TkeGpKeySet *keys, GError **error)
{
    uint8_t zeros[TKE_AES_BLOCK] = { 0 };
    uint8_t block[TKE_AES_BLOCK];

    for (unsigned i = 0; i < TKE_GP_KEYS; i++) {
        memset(block, 0x01, sizeof block);
        if (!tke_aes_cbc_bytes(keys->keys[i], true, zeros, block, sizeof block, block, error)) {
            return false;
        }
        memcpy(keys->mark + i * CHECK_VALUE_LEN, block, CHECK_VALUE_LEN);
    }
    return true;
}

TkeGpKeySet *
tke_gp_key_set_new_default(GError **error)
{
    g_autoptr(TkeGpKeySet) keys = new_key_set(_("default test keys"));

    keys->is_default = true;
    for (unsigned i = 0; i < TKE_GP_KEYS; i++) {
        keys->keys[i] = tke_secret_new(TEST_KEY_LEN, error);
        if (keys->keys[i] == NULL) {
            return NULL;
        }
        for (unsigned j = 0; j < TEST_KEY_LEN; j++) {
            tke_secret_fill(keys->keys[i], NULL)[j] = (uint8_t) (FIRST_TEST_BYTE + j);
        }
    }
    return make_mark(keys, error) ? g_steal_pointer(&keys) : NULL;
}

/* Where a text is in the secret that holds the file. */
typedef struct Span {
    size_t start, len;
} Span;

static bool
is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static Span
trim(const uint8_t *text, Span span)
{
    while (span.len > 0 && is_blank(text[span.start])) {
        span.start++;
        span.len--;
    }
    while (span.len > 0 && is_blank(text[span.start + span.len - 1])) {
        span.len--;
    }
    return span;
}

static bool
span_is(const uint8_t *text, Span span, const char *word)
{
    return span.len == strlen(word) && memcmp(text + span.start, word, span.len) == 0;
}

/* A line that cannot be; its text may be a key and is not repeated. */
static bool
refuse_line(const TkeGpKeySet *keys, unsigned line, const char *why, GError **error)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("key set file %s, line %u: %s"),
                keys->name, line, why);
    return false;
}

static bool
take_key(TkeGpKeySet *keys, const TkeSecret *text, unsigned which, Span value, unsigned line,
         GError **error)
{
    g_autoptr(TkeSecret) digits = NULL;

    if (keys->keys[which] != NULL) {
        return refuse_line(keys, line, _("this key is given twice"), error);
    }
    if (value.len != 32 && value.len != 48 && value.len != 64) {
        return refuse_line(keys, line, _("a key has 32, 48 or 64 hexadecimal digits"), error);
    }
    digits = tke_secret_new_slice(text, value.start, value.len, error);
    if (digits != NULL) {
        keys->keys[which] = tke_hex_decode_secret(digits, error);
    }
    if (keys->keys[which] == NULL) {
        g_prefix_error(error, _("key set file %s, line %u: "), keys->name, line);
        return false;
    }
    return true;
}

/* One byte of public hex text; false if it is none. */
static bool
read_byte(const uint8_t *text, Span value, uint8_t *out)
{
    int high = value.len == 2 ? g_ascii_xdigit_value((char) text[value.start]) : -1;
    int low = value.len == 2 ? g_ascii_xdigit_value((char) text[value.start + 1]) : -1;

    if (high < 0 || low < 0) {
        return false;
    }
    *out = (uint8_t) (high << 4 | low);
    return true;
}

static bool
is_level(uint8_t level)
{
    return level == 0x01 || level == 0x03 || level == 0x11 || level == 0x13 || level == 0x33;
}

static bool
take_number(TkeGpKeySet *keys, const uint8_t *text, Span name, Span value, unsigned line,
            GError **error)
{
    uint8_t byte = 0;

    if (!read_byte(text, value, &byte)) {
        return refuse_line(keys, line, _("two hexadecimal digits are wanted"), error);
    }
    if (span_is(text, name, "version")) {
        keys->version = byte;
    } else if (span_is(text, name, "protocol") && (byte == 2 || byte == 3)) {
        keys->protocol = byte;
    } else if (span_is(text, name, "level") && is_level(byte)) {
        keys->level = byte;
    } else {
        return refuse_line(keys, line,
                           _("the protocol is 02 or 03, the level 01, 03, 11, 13 or 33"), error);
    }
    return true;
}

static bool
take_line(TkeGpKeySet *keys, const TkeSecret *secret, Span line_span, unsigned line, GError **error)
{
    const uint8_t *text = tke_secret_bytes(secret, NULL);
    const Span whole = trim(text, line_span);
    Span name = { whole.start, 0 };
    Span value = { 0, 0 };

    if (whole.len == 0 || text[whole.start] == '#') {
        return true;
    }
    while (name.len < whole.len && text[name.start + name.len] != '=') {
        name.len++;
    }
    if (name.len == whole.len) {
        return refuse_line(keys, line, _("“name = value” is wanted"), error);
    }
    value = trim(text, (Span){ name.start + name.len + 1, whole.len - name.len - 1 });
    name = trim(text, name);
    for (unsigned i = 0; i < TKE_GP_KEYS; i++) {
        if (span_is(text, name, key_names[i])) {
            return take_key(keys, secret, i, value, line, error);
        }
    }
    if (span_is(text, name, "version") || span_is(text, name, "protocol") ||
        span_is(text, name, "level")) {
        return take_number(keys, text, name, value, line, error);
    }
    return refuse_line(keys, line, _("known are enc, mac, dek, version, protocol and level"),
                       error);
}

static bool
check_keys(const TkeGpKeySet *keys, GError **error)
{
    const size_t len = keys->keys[0] != NULL ? tke_secret_len(keys->keys[0]) : 0;

    for (unsigned i = 0; i < TKE_GP_KEYS; i++) {
        if (keys->keys[i] == NULL) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                        _("key set file %s: the key “%s” is missing"), keys->name, key_names[i]);
            return false;
        }
        if (tke_secret_len(keys->keys[i]) != len || (keys->protocol == 2 && len != TEST_KEY_LEN)) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                        _("key set file %s: the three keys have one length, and with protocol 02 "
                          "32 digits"),
                        keys->name);
            return false;
        }
    }
    return true;
}

TkeGpKeySet *
tke_gp_key_set_parse(const TkeSecret *text, const char *name, GError **error)
{
    g_autofree char *display = g_filename_display_name(name);
    g_autoptr(TkeGpKeySet) keys = new_key_set(display);
    size_t len = 0;
    const uint8_t *bytes = tke_secret_bytes(text, &len);
    Span span = { 0, 0 };

    for (unsigned line = 1; span.start < len; line++) {
        for (span.len = 0; span.start + span.len < len && bytes[span.start + span.len] != '\n';) {
            span.len++;
        }
        if (!take_line(keys, text, span, line, error)) {
            return NULL;
        }
        span.start += span.len + 1;
    }
    return check_keys(keys, error) && make_mark(keys, error) ? g_steal_pointer(&keys) : NULL;
}

TkeGpKeySet *
tke_gp_key_set_load(const char *path, GError **error)
{
    g_autoptr(TkeSecret) text = tke_safe_file_read_secret(path, FILE_MAX, error);

    return text != NULL ? tke_gp_key_set_parse(text, path, error) : NULL;
}

const TkeSecret *
tke_gp_key_set_get_key(const TkeGpKeySet *keys, TkeGpKey key)
{
    g_return_val_if_fail(key < TKE_GP_KEYS, NULL);
    return keys->keys[key];
}

uint8_t
tke_gp_key_set_get_version(const TkeGpKeySet *keys)
{
    return keys->version;
}

uint8_t
tke_gp_key_set_get_protocol(const TkeGpKeySet *keys)
{
    return keys->protocol;
}

uint8_t
tke_gp_key_set_get_level(const TkeGpKeySet *keys)
{
    return keys->level;
}

void
tke_gp_key_set_raise_level(TkeGpKeySet *keys, uint8_t level)
{
    keys->level |= level;
}

bool
tke_gp_key_set_is_default(const TkeGpKeySet *keys)
{
    return keys->is_default;
}

const char *
tke_gp_key_set_get_name(const TkeGpKeySet *keys)
{
    return keys->name;
}

const uint8_t *
tke_gp_key_set_get_mark(const TkeGpKeySet *keys)
{
    return keys->mark;
}
