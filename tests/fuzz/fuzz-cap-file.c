/*
 * Applet files (libsmartcard/cap-file.h).
 */
#include "libsmartcard/cap-file.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static void
check_cap(const TkeCapFile *cap)
{
    size_t len = 0;
    const uint8_t *load_file = tke_cap_file_get_load_file(cap, &len);
    const TkeGpAid *package = tke_cap_file_get_package(cap);

    FUZZ_REQUIRE(len > 0 && len <= TKE_CAP_FILE_LOAD_MAX && load_file[0] == 1);
    FUZZ_REQUIRE(package->len >= TKE_GP_AID_MIN && package->len <= TKE_GP_AID_MAX);
    FUZZ_REQUIRE(tke_cap_file_get_n_applets(cap) >= 1 &&
                 tke_cap_file_get_n_applets(cap) <= TKE_CAP_FILE_APPLETS_MAX);
    for (const char *c = tke_cap_file_get_package_name(cap); *c != '\0'; c++) {
        FUZZ_REQUIRE(*c > 0x20 && *c <= 0x7E);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCapFile) cap = tke_cap_file_new(data, size, "fuzz", &error);

    FUZZ_REQUIRE((cap != NULL) == (error == NULL));
    FUZZ_REQUIRE(error == NULL || g_utf8_validate(error->message, -1, NULL));
    if (cap != NULL) {
        check_cap(cap);
        tke_cap_file_check_ours(cap, NULL);
    }
    return 0;
}
