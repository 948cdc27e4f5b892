/*
 * JSON from outside: what is accepted is JSON to json-glib as well, and can be written as text
 * again.
 */
#include "libep11admin/json-text.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *) data;
    g_autoptr(JsonNode) whole = tke_json_text_parse(text, size, TKE_JSON_WHOLE, NULL);
    g_autoptr(JsonNode) first = tke_json_text_parse(text, size, TKE_JSON_FIRST_VALUE, NULL);

    FUZZ_REQUIRE(whole == NULL || first != NULL);
    if (whole != NULL) {
        g_autofree char *written = json_to_string(whole, FALSE);

        FUZZ_REQUIRE(g_utf8_validate(written, -1, NULL));
    }
    return 0;
}
