/*
 * Feature lists of readers (PC/SC part 10, 2.2).
 */
#include "libsmartcard/pin-pad.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkePinPad pad = { 0 };
    g_autoptr(GError) error = NULL;

    if (!tke_pin_pad_parse_features(data, size, &pad, &error)) {
        FUZZ_REQUIRE(error != NULL && pad.verify_direct == 0 && pad.modify_direct == 0);
    }
    return 0;
}
