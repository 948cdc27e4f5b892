/*
 * Bytes in tests: written as hex text, compared as hex text. Blanks and line ends in the text are
 * skipped, so that values can be written as a specification prints them.
 */
#pragma once

#include <check.h>
#include <string.h>

#include <glib.h>

#include "common/hex.h"
#include "common/secret.h"

/* The digits of a text without its blanks; the caller frees. */
static inline char *
test_bytes_digits(const char *text)
{
    GString *digits = g_string_new(NULL);

    for (; *text != '\0'; text++) {
        if (!g_ascii_isspace(*text)) {
            g_string_append_c(digits, *text);
        }
    }
    return g_string_free(digits, FALSE);
}

/* The bytes of a hex text; the caller unrefs. */
static inline GByteArray *
test_bytes(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *digits = test_bytes_digits(text);
    GByteArray *bytes = tke_hex_decode(digits, -1, &error);

    ck_assert_msg(bytes != NULL, "%s", error == NULL ? "" : error->message);
    return bytes;
}

/* A secret of test bytes (nothing that has to be kept); the caller frees. */
static inline TkeSecret *
test_bytes_secret(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) bytes = test_bytes(text);
    TkeSecret *secret = tke_secret_new_from(bytes->data, bytes->len, &error);

    ck_assert_msg(secret != NULL, "%s", error == NULL ? "" : error->message);
    return secret;
}

/* The bytes are those of the hex text; else the test fails and shows both. */
static inline void
test_bytes_check(const uint8_t *bytes, size_t len, const char *text)
{
    g_autofree char *want = test_bytes_digits(text);
    g_autofree char *got = tke_hex_encode(bytes, len);

    ck_assert_str_eq(got, want);
}

/* The same for a secret whose value the test made itself. */
static inline void
test_bytes_check_secret(const TkeSecret *secret, const char *text)
{
    ck_assert_ptr_nonnull(secret);
    test_bytes_check(tke_secret_bytes(secret, NULL), tke_secret_len(secret), text);
}

/* An error was set, and it is this one. */
static inline void
test_bytes_check_error(const GError *error, GQuark domain, int code)
{
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(g_error_matches(error, domain, code), "another error: %s (%d): %s",
                  g_quark_to_string(error->domain), error->code, error->message);
}
