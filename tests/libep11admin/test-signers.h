/*
 * A signer over a P-521 key pair that the test holds, and one whose answer the test sets.
 */
#pragma once

#include <check.h>
#include <string.h>

#include <glib.h>

#include "common/ec-key.h"
#include "common/error.h"
#include "libep11admin/signer.h"

typedef struct TestSigner {
    TkeSigner base;
    EVP_PKEY *key; /* borrowed; NULL: answers with fixed */
    uint8_t fixed[TKE_SIGNATURE_MAX];
    size_t fixed_len; /* 0: fails */
    TkeSignPurpose purpose;
    unsigned calls;
} TestSigner;

static inline bool
test_signer_sign(TkeSigner *signer, TkeSignPurpose purpose, const uint8_t *message, size_t len,
                 uint8_t *signature, size_t *signature_len, GCancellable *cancellable,
                 GError **error)
{
    TestSigner *test = (TestSigner *) signer;

    test->calls++;
    test->purpose = purpose;
    if (g_cancellable_set_error_if_cancelled(cancellable, error)) {
        return false;
    }
    if (test->key != NULL) {
        return tke_ec_key_sign(test->key, message, len, signature, signature_len, error);
    }
    if (test->fixed_len == 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, "no signature today");
        return false;
    }
    memcpy(signature, test->fixed, test->fixed_len);
    *signature_len = test->fixed_len;
    return true;
}

static inline void
test_signer_free(TkeSigner *signer)
{
    (void) signer;
}

static const TkeSignerOps test_signer_ops = { .sign = test_signer_sign, .free = test_signer_free };

static inline TestSigner
test_signer(EVP_PKEY *key)
{
    TestSigner signer = { .base = { .ops = &test_signer_ops, .kind = TKE_SIGNER_P521 },
                          .key = key };

    if (key != NULL) {
        ck_assert(tke_ec_key_get_ski(key, signer.base.ski, NULL));
    }
    return signer;
}
