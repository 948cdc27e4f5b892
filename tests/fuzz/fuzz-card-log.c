/*
 * Pages of a card's usage log (card-protocol.md, section 9). The first byte is the page asked for.
 */
#include "libsmartcard/card-evidence.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t card_id[TKE_CARD_ID_LEN] = { 1 };
    static TkeUsageLog log;
    uint8_t head[32] = { 0 };

    if (size == 0 ||
        !tke_card_evidence_parse_page(data + 1, size - 1, data[0] % TKE_USAGE_PAGES, &log, NULL)) {
        return 0;
    }
    FUZZ_REQUIRE(log.n <= TKE_USAGE_KEPT && log.n <= log.counter);
    for (unsigned i = 0; i < log.n; i++) {
        g_autofree char *text = tke_card_evidence_operation_text(&log.entries[i]);

        FUZZ_REQUIRE(text != NULL &&
                     (i == 0 || log.entries[i].counter == log.entries[0].counter + i));
    }
    FUZZ_REQUIRE(tke_card_evidence_first_head(card_id, head, NULL));
    tke_card_evidence_check_chain(&log, 0, head, NULL);
    return 0;
}
