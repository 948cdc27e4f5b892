/*
 * Key sets of tests, written as their file is.
 */
#pragma once

#include <check.h>
#include <string.h>

#include "common/secret.h"
#include "libsmartcard/gp-key-set.h"

/* The key set of such a file's text; NULL with error set. */
static inline TkeGpKeySet *
key_set_from_text(const char *text, GError **error)
{
    g_autoptr(TkeSecret) secret = tke_secret_new_from((const uint8_t *) text, strlen(text), error);

    ck_assert_ptr_nonnull(secret);
    return tke_gp_key_set_parse(secret, "keys.txt", error);
}

/* A key set that must be one. */
static inline TkeGpKeySet *
key_set_of(const char *enc, const char *mac, const char *dek, const char *more)
{
    g_autofree char *text =
        g_strdup_printf("enc = %s\nmac = %s\ndek = %s\n%s\n", enc, mac, dek, more);
    g_autoptr(GError) error = NULL;
    TkeGpKeySet *keys = key_set_from_text(text, &error);

    ck_assert_msg(keys != NULL, "%s", error != NULL ? error->message : "");
    return keys;
}
