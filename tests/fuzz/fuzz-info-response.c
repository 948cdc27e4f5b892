/*
 * Answers to information queries.
 */
#include <string.h>

#include "libep11admin/info-response.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeInfoResponse response = { 0 };
    TkeDomainInfo domain = { 0 };
    TkeModuleInfo module = { 0 };

    if (!tke_info_response_parse(data, size, &response, NULL)) {
        return 0;
    }
    if (tke_info_response_check(&response, response.domain_index, NULL)) {
        FUZZ_REQUIRE(response.return_value == 0 && !response.has_trailing_bytes);
    }
    FUZZ_REQUIRE(tke_info_response_get_domain(&response, &domain, NULL) ==
                 (response.payload_len >= 80));
    FUZZ_REQUIRE(*tke_info_response_register_word(domain.new_state) != '\0');
    FUZZ_REQUIRE(tke_info_response_get_module(&response, &module, NULL) ==
                 (response.payload_len >= 196));
    FUZZ_REQUIRE(memchr(module.utc_time, '\0', sizeof module.utc_time) != NULL);
    return 0;
}
