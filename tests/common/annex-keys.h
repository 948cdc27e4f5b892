/*
 * The test keys of crypto-unit-protocol.md, A.1: the scalar of each is 32 consecutive numbers.
 */
#pragma once

#include "common/ec-key.h"
#include "tests/support/test-bytes.h"

#define ANNEX_SCALAR_A                                                                             \
    "00000000000000000000000000000000000000000000000000000000000000000000"                         \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define ANNEX_SCALAR_O                                                                             \
    "00000000000000000000000000000000000000000000000000000000000000000000"                         \
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define ANNEX_POINT_A                                                                              \
    "04"                                                                                           \
    "00df3ec97448b70a1e6c7e14d18fe2e265888f0ae704e922961520b610a7248c709ba3410eca5a2d62946151b360" \
    "f47f0a1dfc98632ce27f8c1d9ce1c04d47c38de3"                                                     \
    "00a1d1cf55787695c49950e441f48eadf76c6948b9b7c35c5d80fceaa046ef286370404602bfee96bcfa16984c8d" \
    "c0e8f67584e3b957b529c73914ce6142ea8018d7"
#define ANNEX_SKI_A "4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22"
#define ANNEX_SKI_O "78d2679b0900910cb92d6b9e441d3dc3d55ed5e3134f70cb96a7abb62ebddfb6"

static inline EVP_PKEY *
annex_key(const char *scalar_text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) scalar = test_bytes_secret(scalar_text);
    EVP_PKEY *key = tke_ec_key_from_scalar(scalar, &error);

    ck_assert_msg(key != NULL, "%s", error == NULL ? "" : error->message);
    return key;
}
