/*
 * The lasting state of a virtual card (card-protocol.md, 3, 4 and 8.3).
 */
#include "simulator/sim-card-state.h"

#include <string.h>

#include "common/digest.h"
#include "simulator/sim-usage-log.h"

bool
sim_card_state_init(SimCardState *state, SimCardKind kind, const uint8_t id[SIM_CARD_ID_LEN],
                    GError **error)
{
    memset(state, 0, sizeof *state);
    sim_gp_state_init(&state->gp);
    if (kind == SIM_CARD_BLANK) {
        return true;
    }
    sim_gp_state_put_package(&state->gp);
    return sim_card_state_install(state, kind, id, error);
}

bool
sim_card_state_install(SimCardState *state, SimCardKind kind,
                       const uint8_t id[static SIM_CARD_ID_LEN], GError **error)
{
    sim_gp_state_reset_applet(&state->gp);
    state->kind = (uint8_t) kind;
    memcpy(state->id, id, SIM_CARD_ID_LEN);
    for (unsigned i = 0; i < sim_card_state_pins(state); i++) {
        state->pins[i].tries = sim_card_state_try_limit(state);
    }
    return sim_usage_log_start(state, error);
}

void
sim_card_state_wipe(SimCardState *state)
{
    SimGpState gp = state->gp;
    bool extended = state->extended;

    memset(state, 0, sizeof *state);
    state->gp = gp;
    sim_gp_state_reset_applet(&state->gp);
    state->extended = extended;
}

unsigned
sim_card_state_pins(const SimCardState *state)
{
    return state->kind == SIM_CARD_CA ? 2 : state->kind == SIM_CARD_EP11 ? 1 : 0;
}

uint8_t
sim_card_state_try_limit(const SimCardState *state)
{
    return state->kind == SIM_CARD_CA ? SIM_CA_TRIES : SIM_EP11_TRIES;
}

unsigned
sim_card_state_parts(const SimCardState *state)
{
    unsigned n = 0;

    for (unsigned i = 0; i < SIM_CARD_PLACES; i++) {
        n += state->parts[i].used ? 1 : 0;
    }
    return n;
}

bool
sim_card_state_ski(const SimCardState *state, uint8_t out[static SIM_HASH_LEN])
{
    return tke_digest_sha256(state->signature_key.point, SIM_POINT_LEN, out, NULL);
}

unsigned
sim_card_state_free_place(const SimCardState *state)
{
    for (unsigned i = 0; i < SIM_CARD_PLACES; i++) {
        if (!state->parts[i].used) {
            return i + 1;
        }
    }
    return 0;
}

unsigned
sim_card_state_find_part(const SimCardState *state, const uint8_t value[static SIM_CARD_PART_LEN])
{
    for (unsigned i = 0; i < SIM_CARD_PLACES; i++) {
        if (state->parts[i].used &&
            tke_bytes_equal(state->parts[i].value, value, SIM_CARD_PART_LEN)) {
            return i + 1;
        }
    }
    return 0;
}

bool
sim_card_state_put_part(SimCardState *state, unsigned place,
                        const uint8_t value[static SIM_CARD_PART_LEN], uint8_t origin,
                        const SimText *description)
{
    g_autoptr(TkeSecret) secret = tke_secret_new_from(value, SIM_CARD_PART_LEN, NULL);
    SimPart *part = &state->parts[place - 1];

    memset(part, 0, sizeof *part);
    if (secret == NULL || !tke_digest_verification_pattern(secret, part->pattern, NULL)) {
        return false;
    }
    memcpy(part->value, value, SIM_CARD_PART_LEN);
    part->origin = origin;
    part->description = *description;
    part->used = true;
    return true;
}
