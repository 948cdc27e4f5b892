/*
 * Properties of readers as TLV (PC/SC part 10, 2.6.14), and what is made of them.
 */
#include <string.h>

#include "libsmartcard/pin-pad.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkePinPad pad = { .verify_direct = 1, .modify_direct = 2 };
    TkePinPadProperties *properties = &pad.properties;
    uint8_t block[TKE_PIN_PAD_BLOCK_MAX];
    size_t len = 0;

    tke_pin_pad_properties_add_tlv(properties, data, size);
    FUZZ_REQUIRE(!properties->malformed || !properties->told);
    FUZZ_REQUIRE(properties->conditions <= TKE_PIN_PAD_ENDS_ON_ANY);
    FUZZ_REQUIRE(!properties->has_min_pin || !properties->has_max_pin ||
                 properties->min_pin <= properties->max_pin);
    FUZZ_REQUIRE(memchr(properties->firmware, 0, sizeof properties->firmware) != NULL);
    for (const char *c = properties->firmware; *c != '\0'; c++) {
        FUZZ_REQUIRE(g_ascii_isprint(*c));
    }
    pad.quirk =
        tke_pin_pad_quirk_find(properties->vendor, properties->product, properties->firmware);
    FUZZ_REQUIRE(pad.quirk != NULL);
    if (tke_pin_pad_check(&pad, "reader", NULL)) {
        tke_pin_pad_build(&pad, TKE_PIN_PAD_VERIFY, TKE_PIN_FIRST, block, &len);
        FUZZ_REQUIRE(block[7] == TKE_PIN_PAD_ENDS_ON_KEY || block[7] == TKE_PIN_PAD_ENDS_ON_FULL);
    }
    return 0;
}
