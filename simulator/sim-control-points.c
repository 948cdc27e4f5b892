/*
 * Control points of a domain, and the standards that follow from them (crypto-unit-protocol.md,
 * 4.5 and 4.9).
 */
#include "simulator/sim-unit-state.h"

#include <string.h>

#define LAST_ASSIGNED 80u
#define LIST_END 255u

/* Without a meaning. */
static const uint8_t unassigned[] = { 49, 50, 51, 52, 53, 54, 56, 57, 58, 59, LIST_END };
/* Can never be switched on; off in a new domain besides these: the two that FIPS 2011 forbids. */
static const uint8_t never_on[] = { 15, 19, 21, 22, 23, LIST_END };
static const uint8_t off_at_first[] = { 24, 29, LIST_END };

/* The suites of STD: which points must be off, which on. */
static const uint8_t fips_2011_off[] = { 35, 24, 29, LIST_END };
static const uint8_t bsi_2009_off[] = { 21, 16, LIST_END };
static const uint8_t bsi_2011_off[] = { 36, 16, 24, LIST_END };
static const uint8_t bsi_2017_off[] = { 16, 18, 29, 37, 38, 39, 40, 41, 42, 43, 44, 45, LIST_END };
static const uint8_t bsi_2017_on[] = {
    2,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 17, 21, 24,
    25, 26, 27, 28, 30, 31, 32, 33, 34, 35, 36, 46, 47, LIST_END
};
static const uint8_t fips_2021_off[] = { 35, 24, 29, 68, 55, 65, 66, 67, 48,
                                         60, 33, 70, 71, 8,  10, 73, 74, LIST_END };
static const uint8_t fips_2024_off[] = { 69, LIST_END };
static const uint8_t none[] = { LIST_END };

enum {
    STD_FIPS_2009 = 0x001,
    STD_BSI_2009 = 0x002,
    STD_FIPS_2011 = 0x004,
    STD_BSI_2011 = 0x008,
    STD_BSI_2017 = 0x040,
    STD_FIPS_2021 = 0x080,
    STD_FIPS_2024 = 0x100,
};

static bool
is_listed(const uint8_t *list, unsigned number)
{
    for (; *list != LIST_END; list++) {
        if (*list == number) {
            return true;
        }
    }
    return false;
}

static bool
is_on(const uint8_t cps[static SIM_CPS_LEN], unsigned number)
{
    return (cps[number / 8] & (0x80u >> number % 8)) != 0;
}

static bool
all_are(const uint8_t cps[static SIM_CPS_LEN], const uint8_t *list, bool on)
{
    for (; *list != LIST_END; list++) {
        if (is_on(cps, *list) != on) {
            return false;
        }
    }
    return true;
}

bool
sim_control_point_is_assigned(unsigned number)
{
    return number <= LAST_ASSIGNED && !is_listed(unassigned, number);
}

bool
sim_control_point_may_be_on(unsigned number)
{
    return sim_control_point_is_assigned(number) && !is_listed(never_on, number);
}

void
sim_control_points_initial(uint8_t cps[static SIM_CPS_LEN])
{
    memset(cps, 0, SIM_CPS_LEN);
    for (unsigned i = 0; i < SIM_CPS_LEN * 8; i++) {
        if (sim_control_point_may_be_on(i) && !is_listed(off_at_first, i)) {
            cps[i / 8] |= (uint8_t) (0x80u >> i % 8);
        }
    }
}

uint32_t
sim_control_points_standards(const uint8_t cps[static SIM_CPS_LEN])
{
    static const struct {
        uint32_t bit;
        const uint8_t *off, *on;
    } suites[] = {
        { STD_BSI_2009, bsi_2009_off, none },   { STD_FIPS_2011, fips_2011_off, none },
        { STD_BSI_2011, bsi_2011_off, none },   { STD_BSI_2017, bsi_2017_off, bsi_2017_on },
        { STD_FIPS_2021, fips_2021_off, none },
    };
    uint32_t standards = STD_FIPS_2009;

    for (unsigned i = 0; i < G_N_ELEMENTS(suites); i++) {
        if (all_are(cps, suites[i].off, false) && all_are(cps, suites[i].on, true)) {
            standards |= suites[i].bit;
        }
    }
    if ((standards & STD_FIPS_2021) != 0 && all_are(cps, fips_2024_off, false)) {
        standards |= STD_FIPS_2024;
    }
    return standards;
}
