/*
 * Signature key files: the JSON text, and opening it with the empty password.
 */
#include "libep11admin/key-file.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) closed = NULL;
    g_autoptr(TkeKeyFile) file = NULL;
    g_autoptr(TkeSigner) signer = NULL;

    FUZZ_REQUIRE(tke_secret_heap_init(NULL));
    file = tke_key_file_parse(data, size, &error);
    FUZZ_REQUIRE((file == NULL) == (error != NULL));
    if (file == NULL) {
        return 0;
    }
    signer = tke_key_file_open(file, NULL, NULL, &closed);
    FUZZ_REQUIRE((signer == NULL) == (closed != NULL));
    return 0;
}
