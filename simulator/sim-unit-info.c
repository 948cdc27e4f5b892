/*
 * What is asked about module and domain: certificates and the two unsigned information queries
 * (crypto-unit-protocol.md, 2.3, 3.3.3, 3.3.5 and 3.3.6).
 */
#include "simulator/sim-unit-internal.h"

#include <string.h>

#include "common/byte-builder.h"

#define QUERY_MODULE 1u
#define QUERY_DOMAIN 3u
#define MODULE_INFO_LEN 196u
#define DOMAIN_INFO_LEN 80u
#define CP_PROTECTED_KEYS 64u
#define DOMAINS 85u

/* Domain flags (3.3.6). */
enum {
    FLAG_ADMINS = 0x01,
    FLAG_CURRENT = 0x02,
    FLAG_PENDING = 0x04,
    FLAG_COMMITTED = 0x08,
    FLAG_LEFT_IMPRINT = 0x10,
    FLAG_PROTECTED_KEYS = 0x20,
};
#define FLAG_ENFORCES_IMPRINT 0x80000000u

SimCode
sim_query_certificate(SimCommand *command)
{
    TkeByteCursor payload = command->block->payload;
    TkeByteBuilder builder = tke_byte_builder_into(command->output, 4);
    const GByteArray *certificate = NULL;
    GError *error = NULL;
    uint32_t index = 0;

    command->card_level = true;
    if (payload.len == 0) {
        tke_byte_builder_u32(&builder, SIM_CHAIN_LEN);
        return SIM_OK;
    }
    if (payload.len != 4 || !tke_byte_cursor_u32(&payload, &index)) {
        return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_OAIDX_FIELD_SIZE);
    }
    if (index >= SIM_CHAIN_LEN) {
        return SIM_CODE(SIM_RC_NOT_FOUND, SIM_RSC_OAIDX_INVALID);
    }
    certificate = sim_module_get_certificate(command->unit->module, command->chain, index, &error);
    if (certificate == NULL) {
        return sim_unit_internal(error);
    }
    g_byte_array_append(command->output, certificate->data, certificate->len);
    return SIM_OK;
}

/* Filler hashes tell the generation of the module and nothing else. */
static void
put_module_info(TkeByteBuilder *builder, const SimUnit *unit, uint16_t ordinal)
{
    SimModuleKind kind = sim_module_get_kind(unit->module);
    uint8_t id[SIM_MODULE_ID_LEN] = { 0 };

    sim_module_get_id(unit->module, id);
    tke_byte_builder_u32(builder, ordinal);
    tke_byte_builder_fill(builder, (uint8_t) (0xa0 + kind), 4); /* firmware identifier */
    tke_byte_builder_u8(builder, (uint8_t) (kind + 1));         /* EP11 firmware */
    tke_byte_builder_u8(builder, 0);
    tke_byte_builder_u8(builder, (uint8_t) (kind + 4)); /* base firmware */
    tke_byte_builder_u8(builder, 0);
    tke_byte_builder_fill(builder, (uint8_t) (0xa0 + kind), 32);
    tke_byte_builder_fill(builder, (uint8_t) (0xb0 + kind), 32);
    tke_byte_builder_fill(builder, (uint8_t) (0xc0 + kind), 32);
    tke_byte_builder_bytes(builder, id, sizeof id);
    tke_byte_builder_text(builder, "2024010112000000"); /* time */
    tke_byte_builder_u32(builder, 0);                   /* operating mode */
    tke_byte_builder_u32(builder, 1);
    tke_byte_builder_u32(builder, 0);    /* PKCS #11 flags */
    tke_byte_builder_u32(builder, 0x47); /* monitoring, attestation, battery, audit */
    tke_byte_builder_u32(builder, DOMAINS);
    for (unsigned i = 0; i < 6; i++) { /* sizes of states and key blobs */
        tke_byte_builder_u32(builder, 1024);
    }
    tke_byte_builder_u32(builder, 65536); /* largest payload */
    tke_byte_builder_u32(builder, SIM_CPS_LEN);
    tke_byte_builder_u32(builder, 81);
}

static uint32_t
get_flags(const SimUnitState *state)
{
    const SimRegister *pending = &state->registers[SIM_REGISTER_PENDING];
    const uint8_t *cps = state->control_points;
    uint32_t flags = FLAG_ENFORCES_IMPRINT;

    flags |= state->admins->len > 0 ? FLAG_ADMINS : 0u;
    flags |= state->registers[SIM_REGISTER_CURRENT].key != NULL ? FLAG_CURRENT : 0u;
    flags |= pending->key != NULL ? FLAG_PENDING : 0u;
    flags |= pending->key != NULL && pending->committed ? FLAG_COMMITTED : 0u;
    flags |= sim_unit_state_in_imprint_mode(state) ? 0u : FLAG_LEFT_IMPRINT;
    flags |= (cps[CP_PROTECTED_KEYS / 8] & (0x80u >> CP_PROTECTED_KEYS % 8)) != 0
                 ? FLAG_PROTECTED_KEYS
                 : 0u;
    return flags;
}

static void
put_domain_info(TkeByteBuilder *builder, const SimUnit *unit, const SimUnitState *state,
                SimFaultKind fault)
{
    static const uint8_t none[TKE_VP_LEN];
    bool empty = fault == SIM_FAULT_FALSE_EMPTY;
    uint32_t flags = get_flags(state);
    uint8_t current[TKE_VP_LEN];

    memcpy(current, empty ? none : state->registers[SIM_REGISTER_CURRENT].vp, sizeof current);
    if (fault == SIM_FAULT_WRONG_PATTERN) {
        current[0] ^= 0x01;
    }
    if (empty) {
        flags &= ~(uint32_t) (FLAG_CURRENT | FLAG_PENDING | FLAG_COMMITTED);
    } else if (fault == SIM_FAULT_FALSE_COMMITTED && (flags & FLAG_PENDING) != 0) {
        flags |= FLAG_COMMITTED;
    }
    tke_byte_builder_u32(builder, unit->domain);
    tke_byte_builder_bytes(builder, current, sizeof current);
    tke_byte_builder_bytes(builder, empty ? none : state->registers[SIM_REGISTER_PENDING].vp,
                           TKE_VP_LEN);
    tke_byte_builder_u32(builder, flags);
    tke_byte_builder_u32(builder, 0);
    tke_byte_builder_u32(builder, 1);
}

GByteArray *
sim_unit_info(const SimUnit *unit, const SimUnitState *state, const SimMessage *message,
              SimFaultKind fault)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(data, MODULE_INFO_LEN);
    uint32_t return_value = SIM_RC_OK;

    if (message->domain != unit->domain) {
        return_value = SIM_RC_DOMAIN;
    } else if (message->sub_query != 0) {
        return_value = SIM_RC_DATA;
    } else if (message->query == QUERY_MODULE) {
        put_module_info(&builder, unit, message->ordinal);
    } else if (message->query == QUERY_DOMAIN) {
        put_domain_info(&builder, unit, state, fault);
    } else {
        return_value = SIM_RC_UNKNOWN;
    }
    return sim_message_build_info_rsp(message, return_value, data->data, data->len,
                                      unit->options->long_lengths);
}
