/*
 * The file that tells which process keeps a directory. One that is told can be written in the same
 * way, and is no process that cannot be.
 */
#include <string.h>

#include "common/safe-file.h"
#include "tests/fuzz/fuzz-strict.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int keeper = tke_safe_file_parse_keeper((const char *) data, size);
    g_autofree char *written = g_strdup_printf("%d\n", keeper);
    size_t zeros = 0;

    fuzz_strict();
    FUZZ_REQUIRE(keeper >= 0);
    if (keeper > 0) {
        while (zeros < size && data[zeros] == '0') {
            zeros++;
        }
        FUZZ_REQUIRE(size - zeros == strlen(written) || size - zeros == strlen(written) - 1);
        FUZZ_REQUIRE(memcmp(data + zeros, written, size - zeros) == 0);
    }
    return 0;
}
