/*
 * The key pairs A, O and P of crypto-unit-protocol.md, Annex A.1: the scalar is 32 bytes counting
 * up.
 */
#pragma once

#include <check.h>

#include <glib.h>

#include "common/ec-key.h"
#include "common/secret.h"

#define TEST_KEY_A 0x00u
#define TEST_KEY_O 0x20u
#define TEST_KEY_P 0x40u

static inline EVP_PKEY *
test_key(uint8_t first)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) scalar = tke_secret_new(TKE_EC_SCALAR_LEN, &error);
    EVP_PKEY *key = NULL;

    ck_assert_ptr_nonnull(scalar);
    for (size_t i = 0; i < 32; i++) {
        tke_secret_fill(scalar, NULL)[TKE_EC_SCALAR_LEN - 32 + i] = (uint8_t) (first + i);
    }
    key = tke_ec_key_from_scalar(scalar, &error);
    ck_assert_msg(key != NULL, "%s", error == NULL ? "" : error->message);
    return key;
}

static inline void
test_key_point(EVP_PKEY *key, uint8_t point[static TKE_EC_POINT_LEN])
{
    ck_assert(tke_ec_key_get_point(key, point, NULL));
}
