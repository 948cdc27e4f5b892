/*
 * Times of card types: J3R180 is NXP JCOP4, J3H145 JCOP3; 220 ms reset, 14 ms for each APDU and
 * 11.7 bytes/ms of a contact link at 106 kbit/s (card timing profiles, architecture.md). A verified
 * signature counts as a key agreement: both are dominated by the same operation.
 */
#include "simulator/sim-card-profile.h"

#include <string.h>

#define SIM_PROFILE(name_, reset_, apdu_, link_, sign_, agree_, generate_, write_)                 \
    {                                                                                              \
        .name = name_, .ms = { [SIM_COST_RESET] = reset_,       [SIM_COST_APDU] = apdu_,           \
                               [SIM_COST_SIGN] = sign_,         [SIM_COST_AGREE] = agree_,         \
                               [SIM_COST_GENERATE] = generate_, [SIM_COST_WRITE] = write_ },       \
        .bytes_per_ms = link_,                                                                     \
    }

static const SimCardProfile profiles[] = {
    SIM_PROFILE("none", 0, 0, 0, 0, 0, 0, 0),
    SIM_PROFILE("J3R180", 220, 14, 11.7, 73, 55, 100, 4),
    SIM_PROFILE("J3H145", 220, 14, 11.7, 175, 215, 700, 5),
};

const SimCardProfile *
sim_card_profile_get(size_t index)
{
    return index < sizeof profiles / sizeof profiles[0] ? &profiles[index] : NULL;
}

const SimCardProfile *
sim_card_profile_find(const char *name)
{
    const SimCardProfile *profile = NULL;

    for (size_t i = 0; (profile = sim_card_profile_get(i)) != NULL; i++) {
        if (strcmp(profile->name, name) == 0) {
            return profile;
        }
    }
    return NULL;
}

double
sim_card_profile_cost(const SimCardProfile *profile, SimCost kind, size_t count)
{
    return profile->ms[kind] * (double) count;
}

double
sim_card_profile_link(const SimCardProfile *profile, size_t bytes)
{
    return profile->bytes_per_ms > 0 ? (double) bytes / profile->bytes_per_ms : 0;
}
