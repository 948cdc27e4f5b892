/*
 * CPRB header and payload.
 */
#include "libep11admin/wire-message.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeCprb cprb = { 0 };

    if (tke_wire_message_parse_cprb(data, size, &cprb, NULL)) {
        FUZZ_REQUIRE(TKE_CPRB_LEN + cprb.payload_len + cprb.extra_len == size);
        FUZZ_REQUIRE(cprb.payload == data + TKE_CPRB_LEN);
        if (tke_wire_message_check_cprb(&cprb, cprb.domain_index, NULL)) {
            FUZZ_REQUIRE(cprb.extra_len == 0);
        }
    }
    return 0;
}
