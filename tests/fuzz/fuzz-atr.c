/*
 * A card's answer to reset (ISO 7816-3, 8.2).
 */
#include "libsmartcard/atr.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeAtr atr = { 0 };

    if (tke_atr_parse(data, size, &atr)) {
        g_autofree char *protocols = tke_atr_dup_protocols(&atr);
        g_autofree char *historical = tke_atr_dup_historical(&atr);

        FUZZ_REQUIRE(size >= 2 && size <= 33);
        FUZZ_REQUIRE(atr.protocols != 0 && atr.protocols < 0x8000);
        FUZZ_REQUIRE((atr.protocols & 1u << atr.first) != 0);
        FUZZ_REQUIRE(atr.n_historical + 2 <= size);
        FUZZ_REQUIRE(strlen(historical) == atr.n_historical && protocols[0] == 'T');
    }
    return 0;
}
