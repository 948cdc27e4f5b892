/*
 * A whole HTTP answer of the service: JSON, HTPResponse, CPRB; and the HTPResponse alone.
 */
#include <string.h>

#include "libep11admin/unit-error.h"
#include "libep11admin/wire-message.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) status_error = NULL;
    g_autofree char *text = g_strndup((const char *) data, size);
    g_autoptr(GByteArray) payload =
        tke_wire_message_open_answer(200, (const char *) data, size, 0, &error);
    g_auto(TkeHtpResponse) response = { 0 };

    FUZZ_REQUIRE((payload == NULL) == (error != NULL));
    FUZZ_REQUIRE(error == NULL || tke_unit_error_get_details(error) != NULL);
    FUZZ_REQUIRE(!tke_wire_message_check_status(TKE_WIRE_COMMAND, 500, (const char *) data, size,
                                                &status_error));
    FUZZ_REQUIRE(g_utf8_validate(status_error->message, -1, NULL));
    g_clear_error(&error);
    if (tke_wire_message_parse_htp(text, &response, &error)) {
        g_clear_error(&error);
        if (!tke_wire_message_check_htp(&response, &error)) {
            FUZZ_REQUIRE(g_utf8_validate(error->message, -1, NULL));
        }
    }
    return 0;
}
