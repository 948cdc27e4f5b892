/*
 * From a request to the function that does it: the checks that all commands share, in their order
 * (crypto-unit-protocol.md, 2.12 and 2.13).
 */
#include "simulator/sim-unit-internal.h"

#include <string.h>

#include "common/log.h"

#define DOMAIN_FIELD_LEN 8u

typedef enum {
    SIM_SIGNERS_NONE,
    SIM_SIGNERS_ONE,
    SIM_SIGNERS_SIGN_THR,
    SIM_SIGNERS_REVOKE_THR,
    SIM_SIGNERS_ATTRIBUTES,     /* the signature threshold; the new one when leaving imprint mode */
    SIM_SIGNERS_CONTROL_POINTS, /* the signature threshold, or one if CP_1SIGN */
    SIM_SIGNERS_ZEROIZE,        /* the same with ZERO_1SIGN */
    SIM_SIGNERS_FINALIZE,       /* none, or one as an option */
} SimSigners;

typedef struct SimCommandEntry {
    uint32_t code;
    SimCommandRun run;
    SimSigners signers;
    bool in_imprint_mode;
} SimCommandEntry;

static const SimCommandEntry entries[] = {
#define SIM_COMMAND(code, name, function, signers, imprint, source)                                \
    { code, function, signers, imprint },
#define SIM_QUERY(code, name, function, source)                                                    \
    { SIM_QUERY_BIT | (code), function, SIM_SIGNERS_NONE, true },
#include "simulator/sim-unit-commands.inc"
#undef SIM_COMMAND
#undef SIM_QUERY
};

SimCode
sim_unit_internal(GError *error)
{
    tke_log("sim", "internal error of a unit: %s", error == NULL ? "unknown" : error->message);
    g_clear_error(&error);
    return SIM_CODE(SIM_RC_INTERNAL, SIM_RSC_NONE);
}

static const SimCommandEntry *
find_entry(uint32_t code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++) {
        if (entries[i].code == code) {
            return &entries[i];
        }
    }
    return NULL;
}

/* Step 4: the identity the client copied from an answer. */
static SimCode
check_identity(const SimCommand *command)
{
    TkeByteCursor domain = command->block->domain;
    uint8_t module_id[SIM_MODULE_ID_LEN] = { 0 };
    uint32_t index = 0;
    uint32_t instance = 0;

    if (domain.len != DOMAIN_FIELD_LEN || !tke_byte_cursor_u32(&domain, &index) ||
        !tke_byte_cursor_u32(&domain, &instance)) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_DOMAIN_INST_FMT);
    }
    if (index != command->unit->domain) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_CMD_DOMAIN_RANGE);
    }
    if (instance != command->state->instance) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_DOMAIN_INST_MISMATCH);
    }
    if (command->block->module_id.len != SIM_MODULE_ID_LEN) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_MODULE_INST_FMT);
    }
    sim_module_get_id(command->unit->module, module_id);
    if (memcmp(command->block->module_id.data, module_id, SIM_SERIAL_LEN) != 0) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_MODULE_SERNO_MISMATCH);
    }
    if (memcmp(command->block->module_id.data, module_id, SIM_MODULE_ID_LEN) != 0) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_MODULE_INST_MISMATCH);
    }
    return SIM_OK;
}

/* Step 5: any value greater than the stored one (8, 9). */
static SimCode
check_counter(const SimCommand *command)
{
    if (command->block->counter.len != SIM_COUNTER_LEN) {
        return SIM_CODE(SIM_RC_COUNTER, SIM_RSC_TCTR_FMT);
    }
    if (memcmp(command->block->counter.data, command->state->counter, SIM_COUNTER_LEN) <= 0) {
        return SIM_CODE(SIM_RC_COUNTER, SIM_RSC_TCTR_VALUE);
    }
    return SIM_OK;
}

/* One signature if the permission says so, else the threshold. */
static unsigned
one_if(const SimUnitState *state, uint32_t permission)
{
    return (state->attributes[SIM_ATTR_PERMS] & permission) != 0
               ? 1
               : state->attributes[SIM_ATTR_SIGN_THR];
}

static unsigned
signatures_needed(const SimCommand *command, SimSigners signers)
{
    const SimUnitState *state = command->state;

    if (signers == SIM_SIGNERS_ATTRIBUTES) {
        return sim_unit_attributes_needed(command);
    }
    if (sim_unit_state_in_imprint_mode(state)) {
        return 0;
    }
    switch (signers) {
    case SIM_SIGNERS_ONE:
        return 1;
    case SIM_SIGNERS_SIGN_THR:
        return state->attributes[SIM_ATTR_SIGN_THR];
    case SIM_SIGNERS_REVOKE_THR:
        return state->attributes[SIM_ATTR_REVOKE_THR];
    case SIM_SIGNERS_CONTROL_POINTS:
        return one_if(state, SIM_PERM_CP_1SIGN);
    case SIM_SIGNERS_ZEROIZE:
        return one_if(state, SIM_PERM_ZERO_1SIGN);
    case SIM_SIGNERS_FINALIZE:
        return command->unit->options->finalize_signed ? 1 : 0;
    case SIM_SIGNERS_NONE:
    case SIM_SIGNERS_ATTRIBUTES:
        break;
    }
    return 0;
}

SimCode
sim_unit_run(SimCommand *command)
{
    const SimCommandEntry *entry = find_entry(command->block->command);
    SimCode code = SIM_OK;

    if (entry == NULL) {
        return SIM_CODE(SIM_RC_UNKNOWN, SIM_RSC_NONE);
    }
    if ((entry->code & SIM_QUERY_BIT) != 0) {
        return entry->run(command);
    }
    code = check_identity(command);
    if (!SIM_REFUSED(code)) {
        code = check_counter(command);
    }
    if (!SIM_REFUSED(code) && !entry->in_imprint_mode &&
        sim_unit_state_in_imprint_mode(command->state)) {
        code = SIM_CODE(SIM_RC_IMPRINT, SIM_RSC_MODE_IMPRINT);
    }
    if (!SIM_REFUSED(code)) {
        code = sim_unit_check_signatures(command->state, command->block->whole,
                                         command->message->signatures,
                                         signatures_needed(command, entry->signers));
    }
    return SIM_REFUSED(code) ? code : entry->run(command);
}
