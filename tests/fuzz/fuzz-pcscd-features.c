/*
 * What "pcscd --version" prints. Folders are words of it, features are words of their own.
 */
#include <string.h>

#include "simulator/sim-pcscd-features.h"
#include "tests/fuzz/fuzz-strict.h"
#include "tests/fuzz/fuzz.h"

static void
check_folder(const char *text, const char *name, const char *folder)
{
    g_autofree char *word = g_strconcat(name, folder, NULL);

    FUZZ_REQUIRE(folder == NULL ? !g_str_has_prefix(text, name) : strstr(text, word) != NULL);
    FUZZ_REQUIRE(folder == NULL || strpbrk(folder, " \n") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    g_auto(SimPcscdFeatures) features = { 0 };

    fuzz_strict();
    features = sim_pcscd_features_read(text);
    check_folder(text, "ipcdir=", features.run_dir);
    check_folder(text, "usbdropdir=", features.drivers_dir);
    FUZZ_REQUIRE(!features.takes_socket || strstr(text, "systemd") != NULL);
    FUZZ_REQUIRE(!features.has_polkit || strstr(text, "polkit") != NULL);
    return 0;
}
