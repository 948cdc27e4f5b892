/*
 * Answers of card managers (libsmartcard/gp-registry.h). The first byte chooses the parser.
 */
#include "libsmartcard/gp-registry.h"

#include "tests/fuzz/fuzz.h"

static void
check_data(const TkeGpCardData *data)
{
    FUZZ_REQUIRE(!data->has_aid ||
                 (data->aid.len >= TKE_GP_AID_MIN && data->aid.len <= TKE_GP_AID_MAX));
    FUZZ_REQUIRE(data->n_channels <= TKE_GP_CHANNELS_MAX);
    FUZZ_REQUIRE(data->n_keys <= TKE_GP_KEY_INFOS_MAX);
    FUZZ_REQUIRE(data->version[sizeof data->version - 1] == '\0');
}

static void
parse_entries(const uint8_t *data, size_t size)
{
    g_autoptr(GArray) entries = tke_gp_registry_parse_entries(data, size);

    for (guint i = 0; entries != NULL && i < entries->len; i++) {
        const TkeGpEntry *entry = &g_array_index(entries, TkeGpEntry, i);

        FUZZ_REQUIRE(entry->aid.len >= TKE_GP_AID_MIN && entry->aid.len <= TKE_GP_AID_MAX);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(const uint8_t *, size_t, TkeGpCardData *) = {
        tke_gp_registry_parse_select, tke_gp_registry_parse_recognition, tke_gp_registry_parse_keys,
        tke_gp_registry_parse_cplc,   tke_gp_registry_parse_free,
    };
    TkeGpCardData parsed = { 0 };

    if (size == 0) {
        return 0;
    }
    if (data[0] < G_N_ELEMENTS(parsers)) {
        parsers[data[0]](data + 1, size - 1, &parsed);
        check_data(&parsed);
    } else {
        parse_entries(data + 1, size - 1);
    }
    return 0;
}
