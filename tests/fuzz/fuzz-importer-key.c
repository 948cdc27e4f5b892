/*
 * Importer keys: SubjectPublicKeyInfo of both kinds.
 */
#include "libep11admin/importer-key.h"

#include "tests/fuzz/fuzz.h"

static void
check(TkeImporterType type, const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeImporterKey) key = tke_importer_key_parse(type, data, size, &error);

    FUZZ_REQUIRE((key == NULL) == (error != NULL));
    FUZZ_REQUIRE(key == NULL || key->key != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(TKE_IMPORTER_P521, data, size);
    check(TKE_IMPORTER_RSA_2048, data, size);
    return 0;
}
