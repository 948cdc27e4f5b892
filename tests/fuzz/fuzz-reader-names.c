/*
 * The list of readers as the smart card service tells it: texts one after the other, each ended by
 * NUL, the list by an empty one (libsmartcard/pcsc-transport-watch.h).
 */
#include <string.h>

#include "libsmartcard/pcsc-transport-watch.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) names = tke_pcsc_watch_parse_names((const char *) data, size);
    size_t at = 0;

    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        const size_t len = strlen(name);

        FUZZ_REQUIRE(len > 0 && len <= size - at && memcmp(data + at, name, len) == 0);
        at += len;
        FUZZ_REQUIRE(at == size || data[at] == 0);
        at += at < size ? 1 : 0;
    }
    FUZZ_REQUIRE(at == size || data[at] == 0); /* nothing was left out before the end */
    return 0;
}
