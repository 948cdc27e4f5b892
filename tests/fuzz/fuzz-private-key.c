/*
 * Private keys as PEM text, read as both kinds.
 */
#include "libep11admin/private-key.h"

#include "tests/fuzz/fuzz.h"

static void
check(TkeSignerKind kind, const TkeSecret *pem)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkePrivateKey) key = tke_private_key_from_pem(kind, pem, &error);

    FUZZ_REQUIRE((key == NULL) == (error != NULL));
    FUZZ_REQUIRE(key == NULL || tke_private_key_get_public(key) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(TkeSecret) pem = NULL;

    FUZZ_REQUIRE(tke_secret_heap_init(NULL));
    if (size == 0 || size > 4096) {
        return 0;
    }
    pem = tke_secret_new_from(data, size, NULL);
    FUZZ_REQUIRE(pem != NULL);
    check(TKE_SIGNER_P521, pem);
    check(TKE_SIGNER_RSA_2048, pem);
    return 0;
}
