/*
 * Control points of a domain: replace, add, delete, read (crypto-unit-protocol.md, 3.2.12, 3.3.4,
 * 4.9).
 */
#include "simulator/sim-unit-internal.h"

#include <string.h>

#define CP_ADD 0u    /* permits switching on */
#define CP_DELETE 1u /* permits switching off */

static bool
is_set(const uint8_t cps[static SIM_CPS_LEN], unsigned number)
{
    return (cps[number / 8] & (0x80u >> number % 8)) != 0;
}

/* Every bit must have a meaning, and every one that goes on must be allowed to. */
static SimCode
check_bits(const uint8_t old[static SIM_CPS_LEN], const uint8_t wanted[static SIM_CPS_LEN])
{
    SimCode code = SIM_OK;

    for (unsigned i = 0; i < SIM_CPS_LEN * 8; i++) {
        if (!is_set(wanted, i)) {
            continue;
        }
        if (!sim_control_point_is_assigned(i)) {
            return SIM_CODE(SIM_RC_DATA, SIM_RSC_CP_SET_INVALID);
        }
        if (!is_set(old, i) && !sim_control_point_may_be_on(i)) {
            code = SIM_CODE(SIM_RC_POLICY, SIM_RSC_CPS_SET_INCONSISTENT);
        }
    }
    return code;
}

/* Puts a set in force if the points 0 and 1 allow the difference. */
static SimCode
apply(SimCommand *command, const uint8_t wanted[static SIM_CPS_LEN], bool needs_add,
      bool needs_delete)
{
    SimUnitState *state = command->state;
    SimCode code = SIM_OK;

    if (needs_add && !is_set(state->control_points, CP_ADD)) {
        return SIM_CODE(SIM_RC_FORBIDDEN, SIM_RSC_CPS_PREVENT_ADD);
    }
    if (needs_delete && !is_set(state->control_points, CP_DELETE)) {
        return SIM_CODE(SIM_RC_FORBIDDEN, SIM_RSC_CPS_PREVENT_DEL);
    }
    code = check_bits(state->control_points, wanted);
    if (SIM_REFUSED(code)) {
        return code;
    }
    memcpy(state->control_points, wanted, SIM_CPS_LEN);
    state->attributes[SIM_ATTR_STD] = sim_control_points_standards(wanted);
    g_byte_array_append(command->output, state->control_points, SIM_CPS_LEN);
    return SIM_OK;
}

static bool
has_set(const SimCommand *command)
{
    return command->block->payload.len == SIM_CPS_LEN;
}

static SimCode
refuse_length(void)
{
    return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_CPS_FMT);
}

SimCode
sim_cmd_set_control_points(SimCommand *command)
{
    const uint8_t *old = command->state->control_points;
    const uint8_t *wanted = command->block->payload.data;
    bool adds = false;
    bool deletes = false;

    if (!has_set(command)) {
        return refuse_length();
    }
    for (unsigned i = 0; i < SIM_CPS_LEN; i++) {
        adds = adds || (wanted[i] & ~old[i]) != 0;
        deletes = deletes || (old[i] & ~wanted[i]) != 0;
    }
    return apply(command, wanted, adds, deletes);
}

SimCode
sim_cmd_add_control_points(SimCommand *command)
{
    uint8_t wanted[SIM_CPS_LEN] = { 0 };

    if (!has_set(command)) {
        return refuse_length();
    }
    for (unsigned i = 0; i < SIM_CPS_LEN; i++) {
        wanted[i] = command->state->control_points[i] | command->block->payload.data[i];
    }
    return apply(command, wanted, true, false);
}

SimCode
sim_cmd_delete_control_points(SimCommand *command)
{
    uint8_t wanted[SIM_CPS_LEN] = { 0 };

    if (!has_set(command)) {
        return refuse_length();
    }
    for (unsigned i = 0; i < SIM_CPS_LEN * 8; i++) {
        if (is_set(command->block->payload.data, i) && !sim_control_point_is_assigned(i)) {
            return SIM_CODE(SIM_RC_DATA, SIM_RSC_CP_SET_INVALID);
        }
    }
    for (unsigned i = 0; i < SIM_CPS_LEN; i++) {
        wanted[i] = command->state->control_points[i] & (uint8_t) ~command->block->payload.data[i];
    }
    return apply(command, wanted, false, true);
}

SimCode
sim_query_control_points(SimCommand *command)
{
    if (command->block->payload.len != 0) {
        return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_NONE);
    }
    g_byte_array_append(command->output, command->state->control_points, SIM_CPS_LEN);
    return SIM_OK;
}
