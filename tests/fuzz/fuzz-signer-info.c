/*
 * SignerInfos, one after the other, as answers carry them.
 */
#include "libep11admin/signer-info.h"

#include "common/ec-key.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static EVP_PKEY *key;
    TkeByteCursor cursor = tke_byte_cursor(data, size);
    TkeSignerInfo info = { 0 };
    g_autoptr(GError) error = NULL;
    size_t start = 0;

    if (key == NULL) {
        key = tke_ec_key_generate(NULL);
        FUZZ_REQUIRE(key != NULL);
    }
    while (tke_signer_info_read(&cursor, &info, &error)) {
        FUZZ_REQUIRE(cursor.pos == start + info.whole.len);
        FUZZ_REQUIRE(info.signature.len < info.whole.len);
        /* Nobody has the private half of this key. */
        FUZZ_REQUIRE(!tke_signer_info_verify(&info, key, data, start, NULL));
        start = cursor.pos;
    }
    FUZZ_REQUIRE(error != NULL && cursor.pos == start);
    return 0;
}
