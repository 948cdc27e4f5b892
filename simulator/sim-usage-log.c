/*
 * The usage log of a virtual card (card-protocol.md, 9).
 */
#include "simulator/sim-usage-log.h"

#include <string.h>

#include "common/digest.h"
#include "common/tlv.h"
#include "simulator/sim-card-private.h"

#define USAGE_LABEL "OpenTKE:usage"

bool
sim_usage_log_start(SimCardState *state, GError **error)
{
    uint8_t text[sizeof USAGE_LABEL + SIM_CARD_ID_LEN] = USAGE_LABEL; /* with its 00 */

    memcpy(text + sizeof USAGE_LABEL, state->id, SIM_CARD_ID_LEN);
    state->usage_counter = 0;
    state->usage_kept = 0;
    return tke_digest_sha256(text, sizeof text, state->usage_head, error);
}

bool
sim_usage_log_has_room(const SimCardState *state, unsigned n)
{
    return state->usage_counter <= UINT32_MAX - n;
}

bool
sim_usage_log_add(SimCardState *state, SimUse use, uint8_t argument, const uint8_t *x,
                  const uint8_t *y)
{
    uint8_t chained[SIM_HASH_LEN + SIM_USAGE_ENTRY] = { 0 };
    uint8_t head[SIM_HASH_LEN] = { 0 };
    TkeByteBuilder b = { .out = chained, .size = sizeof chained };

    tke_byte_builder_bytes(&b, state->usage_head, SIM_HASH_LEN);
    tke_byte_builder_u32(&b, state->usage_counter + 1);
    tke_byte_builder_u8(&b, (uint8_t) use);
    tke_byte_builder_u8(&b, argument);
    if (x != NULL) {
        tke_byte_builder_bytes(&b, x, SIM_USAGE_X);
    } else {
        tke_byte_builder_fill(&b, 0, SIM_USAGE_X);
    }
    if (y != NULL) {
        tke_byte_builder_bytes(&b, y, SIM_USAGE_Y);
    } else {
        tke_byte_builder_fill(&b, 0, SIM_USAGE_Y);
    }
    if (!tke_digest_sha256(chained, sizeof chained, head, NULL)) {
        return false;
    }
    memcpy(state->usage[state->usage_counter % SIM_USAGE_KEPT], chained + SIM_HASH_LEN,
           SIM_USAGE_ENTRY);
    memcpy(state->usage_head, head, sizeof head);
    state->usage_counter++;
    state->usage_kept = MIN(state->usage_kept + 1, SIM_USAGE_KEPT);
    return true;
}

void
sim_usage_log_page(const SimCardState *state, unsigned page, TkeByteBuilder *out)
{
    uint8_t counter[4] = { 0 };
    TkeByteBuilder b = { .out = counter, .size = sizeof counter };
    unsigned first = MIN(SIM_USAGE_PAGE * (page + 1), state->usage_kept); /* entries back */
    unsigned n = first > SIM_USAGE_PAGE * page ? first - SIM_USAGE_PAGE * page : 0;

    tke_byte_builder_u32(&b, state->usage_counter);
    tke_tlv_object(out, SIM_TAG_COUNTER, counter, sizeof counter);
    tke_tlv_object(out, SIM_TAG_HEAD, state->usage_head, SIM_HASH_LEN);
    tke_tlv_header(out, SIM_TAG_ENTRIES, n * SIM_USAGE_ENTRY);
    for (unsigned i = 0; i < n; i++) {
        tke_byte_builder_bytes(out,
                               state->usage[(state->usage_counter - first + i) % SIM_USAGE_KEPT],
                               SIM_USAGE_ENTRY);
    }
}
