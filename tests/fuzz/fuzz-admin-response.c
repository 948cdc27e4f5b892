/*
 * Answers to administrative messages, from the DER on: form, signature, output of every command.
 */
#include "libep11admin/admin-response.h"
#include "libep11admin/control-point.h"
#include "libep11admin/unit-error.h"

#include "common/ec-key.h"
#include "tests/fuzz/fuzz.h"

static void
check_response(TkeAdminResponse *response)
{
    const TkeAdminExpectation expected = { .command = (TkeAdminCommand) response->command,
                                           .domain_index = response->domain_index,
                                           .identity = &response->identity };
    const uint8_t *skis = NULL;
    uint8_t pattern[32];
    uint32_t count = 0;
    size_t n = 0;
    bool good = tke_admin_response_check(response, &expected, NULL);

    FUZZ_REQUIRE(!good || !response->is_malformed);
    if (tke_admin_response_check_done(response, NULL)) {
        FUZZ_REQUIRE(!response->is_malformed && response->return_code == 0);
    }
    if (tke_admin_response_get_skis(response, &skis, &n, NULL)) {
        FUZZ_REQUIRE(n * TKE_SKI_LEN == g_bytes_get_size(response->output));
    }
    tke_admin_response_get_count(response, &count, NULL);
    tke_admin_response_get_vp(response, pattern, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static EVP_PKEY *key;
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeAdminResponse) response = NULL;

    if (key == NULL) {
        key = tke_ec_key_generate(NULL);
        FUZZ_REQUIRE(key != NULL);
    }
    response = tke_admin_response_parse(data, size, &error);
    FUZZ_REQUIRE((response == NULL) == (error != NULL));
    if (response == NULL) {
        FUZZ_REQUIRE(tke_unit_error_get_details(error) != NULL);
        return 0;
    }
    /* Nobody has the private half of this key. */
    FUZZ_REQUIRE(!tke_admin_response_verify(response, key, NULL, &error) && error != NULL);
    check_response(response);
    return 0;
}
