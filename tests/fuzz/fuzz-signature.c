/*
 * ECDSA signatures of cards and units. Whatever is accepted becomes minimal, and stays as it is
 * when it is read once more.
 */
#include "common/ec-key.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t minimal[TKE_EC_SIGNATURE_MAX] = { 0 };
    uint8_t again[TKE_EC_SIGNATURE_MAX] = { 0 };
    uint8_t raw[132] = { 0 };
    size_t len = 0;
    size_t again_len = 0;

    if (!tke_ec_key_normalize_signature(data, size, minimal, &len, NULL)) {
        FUZZ_REQUIRE(!tke_ec_key_signature_to_raw(data, size, raw, NULL));
        return 0;
    }
    FUZZ_REQUIRE(len <= sizeof minimal);
    FUZZ_REQUIRE(tke_ec_key_signature_to_raw(minimal, len, raw, NULL));
    FUZZ_REQUIRE(tke_ec_key_signature_from_raw(raw, again, &again_len, NULL));
    FUZZ_REQUIRE(again_len == len && memcmp(minimal, again, len) == 0);
    return 0;
}
