/*
 * The service's list of crypto units.
 */
#include "libep11admin/unit-list.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) units = tke_unit_list_parse(200, (const char *) data, size, &error);

    FUZZ_REQUIRE((units == NULL) == (error != NULL));
    for (guint i = 0; units != NULL && i < units->len; i++) {
        const TkeUnitListEntry *unit = units->pdata[i];

        FUZZ_REQUIRE(unit->hsm_id != NULL && unit->location != NULL && unit->serial_number != NULL);
        FUZZ_REQUIRE(unit->location_error != NULL || unit->module_part != NULL);
        FUZZ_REQUIRE(unit->location_error != NULL ||
                     (unit->module_index <= 255 && unit->domain_index <= 255));
        FUZZ_REQUIRE(g_utf8_validate(unit->hsm_id, -1, NULL));
    }
    return 0;
}
