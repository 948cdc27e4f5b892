/*
 * The list of key parts of a card (card-protocol.md, 8.3 and 12). The first byte is the first
 * place asked for.
 */
#include <string.h>

#include "libsmartcard/ep11-card-keys.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static TkeKeyPartList list;
    g_autoptr(GError) error = NULL;
    uint8_t first = 1;

    if (size == 0) {
        return 0;
    }
    first = (uint8_t) (data[0] % TKE_EP11_PLACES + 1);
    list.n = 0;
    if (!tke_ep11_card_parse_parts(data + 1, size - 1, first, &list, &error)) {
        FUZZ_REQUIRE(error != NULL && list.n == 0);
        return 0;
    }
    FUZZ_REQUIRE(list.n <= TKE_EP11_PLACES);
    for (unsigned i = 0; i < list.n; i++) {
        FUZZ_REQUIRE(list.parts[i].place >= first && list.parts[i].place <= TKE_EP11_PLACES);
        FUZZ_REQUIRE(i == 0 || list.parts[i].place > list.parts[i - 1].place);
        FUZZ_REQUIRE(tke_card_text_is_description(list.parts[i].description));
        FUZZ_REQUIRE(tke_key_part_list_find(&list, list.parts[i].vp) != NULL);
    }
    return 0;
}
