/*
 * IFD_PIN_PROPERTIES (PC/SC part 10, 2.5.5) after any TLV: the first byte says how long that is.
 */
#include "libsmartcard/pin-pad-properties.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkePinPadProperties properties = { 0 };
    size_t tlv = 0;

    if (size > 0) {
        tlv = MIN((size_t) data[0], size - 1);
        tke_pin_pad_properties_add_tlv(&properties, data + 1, tlv);
        tke_pin_pad_properties_add_structure(&properties, data + 1 + tlv, size - 1 - tlv);
        FUZZ_REQUIRE((size - 1 - tlv == 4) == properties.has_display || tlv > 0);
    }
    FUZZ_REQUIRE(properties.conditions <= TKE_PIN_PAD_ENDS_ON_ANY);
    return 0;
}
