/*
 * Files of issuer keys (libsmartcard/gp-key-set.h).
 */
#include "libsmartcard/gp-key-set.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) text = NULL;
    g_autoptr(TkeGpKeySet) keys = NULL;

    if (size == 0 || size > 4096 || !tke_secret_heap_init(NULL)) {
        return 0;
    }
    text = tke_secret_new_from(data, size, NULL);
    if (text == NULL) {
        return 0;
    }
    keys = tke_gp_key_set_parse(text, "fuzz", &error);
    FUZZ_REQUIRE((keys != NULL) == (error == NULL));
    for (unsigned i = 0; keys != NULL && i < TKE_GP_KEYS; i++) {
        size_t len = tke_secret_len(tke_gp_key_set_get_key(keys, i));

        FUZZ_REQUIRE(len == 16 || len == 24 || len == 32);
    }
    return 0;
}
