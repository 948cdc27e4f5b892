/*
 * Location strings, and addresses given by the user.
 */
#include <string.h>

#include "libep11admin/unit-list.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    g_auto(TkeLocation) location = { 0 };
    g_autofree char *module = tke_unit_list_module_part(text, NULL);
    g_autofree char *url = tke_unit_list_check_url(text, NULL);
    g_autofree char *path = tke_unit_list_unit_path(text, text, NULL);
    int64_t number = 0;

    if (tke_unit_list_parse_location(text, &location, NULL)) {
        FUZZ_REQUIRE(module != NULL && location.zone != NULL && location.host != NULL);
    }
    for (unsigned part = 0; part < 4; part++) {
        tke_unit_list_location_number(text, part, &number, NULL);
    }
    FUZZ_REQUIRE(url == NULL || g_str_has_prefix(url, "https://"));
    FUZZ_REQUIRE(path == NULL || strpbrk(path, " \t\r\n?#%") == NULL);
    return 0;
}
