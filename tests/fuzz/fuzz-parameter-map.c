/*
 * Parameter maps; what was read is written and read again.
 */
#include "libep11admin/parameter-map.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeParameterMap) map = tke_parameter_map_parse(data, size, &error);
    g_autoptr(TkeParameterMap) again = NULL;
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(out, TKE_PARAMETER_MAP_MAX);

    FUZZ_REQUIRE((map == NULL) == (error != NULL));
    if (map == NULL) {
        return 0;
    }
    tke_parameter_map_write(map, &builder);
    FUZZ_REQUIRE(!builder.failed && out->len <= size);
    again = tke_parameter_map_parse(out->data, out->len, NULL);
    FUZZ_REQUIRE(again != NULL);
    FUZZ_REQUIRE(tke_parameter_map_get_count(again) == tke_parameter_map_get_count(map));
    for (unsigned i = 0; i < tke_parameter_map_get_count(map); i++) {
        const TkeParameterSection *section = tke_parameter_map_get(map, i);

        FUZZ_REQUIRE(tke_parameter_map_find(map, section->tag, section->auxiliary) == section);
    }
    return 0;
}
