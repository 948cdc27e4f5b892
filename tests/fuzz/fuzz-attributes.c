/*
 * Output of the attributes query, and the command made from it; control points.
 */
#include "libep11admin/attribute.h"
#include "libep11admin/control-point.h"

#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeAttributes attributes = { 0 };
    TkeAttributes again = { 0 };
    TkeControlPointSet set = { 0 };
    uint8_t command[TKE_ATTRIBUTE_COMMAND_LEN];
    bool fragment = false;

    tke_attribute_parse(data, size, &attributes, &fragment);
    FUZZ_REQUIRE(fragment == (size % 8 != 0));
    for (TkeUnitType type = TKE_UNIT_OPERATIONAL; type <= TKE_UNIT_FAILOVER; type++) {
        uint32_t present = attributes.value[TKE_ATTRIBUTE_PERMS];
        uint32_t wanted = tke_attribute_wanted_permissions(type, present);

        /* What the policy wants, it still wants when it is there. */
        FUZZ_REQUIRE(tke_attribute_wanted_permissions(type, wanted) == wanted);
        tke_attribute_build_thresholds(type, &attributes, 1, 2, command);
        tke_attribute_parse(command, sizeof command, &again, &fragment);
        FUZZ_REQUIRE(!fragment && again.value[TKE_ATTRIBUTE_PERMS] == wanted &&
                     again.value[TKE_ATTRIBUTE_SIGN_THR] == 1 &&
                     again.value[TKE_ATTRIBUTE_MODE] == attributes.value[TKE_ATTRIBUTE_MODE]);
    }
    FUZZ_REQUIRE(tke_control_point_parse(data, size, &set, NULL) ==
                 (size == TKE_CONTROL_POINTS_LEN));
    return 0;
}
