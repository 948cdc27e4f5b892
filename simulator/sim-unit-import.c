/*
 * Import of key parts: signed requests inside an unsigned one (crypto-unit-protocol.md, 3.2.7).
 */
#include "simulator/sim-unit-internal.h"

#include <string.h>

#include "common/der.h"
#include "simulator/sim-envelope.h"

#define IMPORT_COMMAND 0x0cu
#define FIELDS 4u

static SimCode
refuse(uint32_t reason)
{
    return SIM_CODE(SIM_RC_DATA, reason);
}

/* Splits the payload into whole inner requests. */
static SimCode
split(TkeByteCursor payload, TkeByteCursor parts[static SIM_PARTS_MAX], unsigned *n)
{
    unsigned count = 0;

    while (tke_byte_cursor_left(&payload) > 0) {
        TkeByteCursor whole = { 0 };
        TkeByteCursor content = { 0 };

        if (!tke_der_read_whole(&payload, TKE_DER_SEQUENCE, &whole, &content)) {
            return refuse(SIM_RSC_IMPR_CMDBLK_BER);
        }
        if (count == SIM_PARTS_MAX) {
            return refuse(SIM_RSC_IMPR_MANY_KEYPARTS);
        }
        parts[count++] = content;
    }
    *n = count;
    return SIM_OK;
}

/* The four octet strings of an inner request. */
static SimCode
read_fields(TkeByteCursor part, TkeByteCursor fields[static FIELDS])
{
    unsigned n = 0;

    for (; tke_byte_cursor_left(&part) > 0; n++) {
        TkeByteCursor field = { 0 };

        if (!tke_der_read(&part, TKE_DER_OCTET_STRING, &field)) {
            return refuse(SIM_RSC_IMPR_CMDBLK_FIELDS);
        }
        if (n < FIELDS) {
            fields[n] = field;
        }
    }
    return n == FIELDS ? SIM_OK : refuse(SIM_RSC_IMPR_CMDBLK_FIELDCOUNT);
}

/* Function and domain of an inner request agree with the outer one. */
static SimCode
check_head(const SimCommand *command, const TkeByteCursor fields[static FIELDS])
{
    TkeByteCursor function = fields[0];
    TkeByteCursor domain = fields[1];
    uint16_t ordinal = 0;
    uint16_t number = 0;
    uint32_t index = 0;

    if (function.len != 4 || !tke_byte_cursor_u16(&function, &ordinal) ||
        !tke_byte_cursor_u16(&function, &number)) {
        return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_IMPR_EMBEDDED_FN_FMT);
    }
    if (number != SIM_FUNCTION_ADMIN) {
        return refuse(SIM_RSC_IMPR_EMBEDDED_FN);
    }
    if (domain.len != 4 || !tke_byte_cursor_u32(&domain, &index) ||
        index != command->unit->domain) {
        return refuse(SIM_RSC_IMPR_DOMAIN_DIFF);
    }
    if (fields[2].len == 0) {
        return refuse(SIM_RSC_IMPR_NO_INT_CMDBLK);
    }
    if (fields[3].len == 0) {
        return SIM_CODE(SIM_RC_SIGNATURES_FEW, SIM_RSC_IMPR_NO_INT_SIGNATURE);
    }
    return SIM_OK;
}

static bool
equal(const TkeByteCursor *a, const TkeByteCursor *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Identity and counter of an inner block are those of the outer one, which were checked. */
static SimCode
check_block(const SimCommand *command, const SimBlock *block)
{
    const SimBlock *outer = command->block;

    if (block->command != IMPORT_COMMAND) {
        return refuse(SIM_RSC_CMD_EMBEDDED_FN);
    }
    if (block->domain.len != outer->domain.len) {
        return refuse(SIM_RSC_DOMAIN_INST_FMT);
    }
    if (memcmp(block->domain.data, outer->domain.data, 4) != 0) {
        return refuse(SIM_RSC_IMPR_DOMAIN_DIFF);
    }
    if (!equal(&block->domain, &outer->domain)) {
        return refuse(SIM_RSC_DOMAIN_INST_DIFF);
    }
    if (block->module_id.len != outer->module_id.len) {
        return refuse(SIM_RSC_MODULE_INST_FMT);
    }
    if (memcmp(block->module_id.data, outer->module_id.data, SIM_SERIAL_LEN) != 0) {
        return refuse(SIM_RSC_MODULE_SERNO_MISMATCH);
    }
    if (!equal(&block->module_id, &outer->module_id)) {
        return refuse(SIM_RSC_MODULE_INST_MISMATCH);
    }
    if (block->counter.len != outer->counter.len) {
        return SIM_CODE(SIM_RC_COUNTER, SIM_RSC_TCTR_FMT);
    }
    if (!equal(&block->counter, &outer->counter)) {
        return SIM_CODE(SIM_RC_COUNTER, SIM_RSC_TCTR_VALUE);
    }
    return SIM_OK;
}

/* Checks one inner request and opens its envelope. */
static SimCode
open_part(const SimCommand *command, TkeByteCursor part, TkeSecret **key)
{
    TkeByteCursor fields[FIELDS] = { { 0 } };
    SimBlock block = { 0 };
    SimCode code = read_fields(part, fields);

    if (!SIM_REFUSED(code)) {
        code = check_head(command, fields);
    }
    if (SIM_REFUSED(code)) {
        return code;
    }
    if (!sim_message_parse_block(fields[2], &block)) {
        return refuse(SIM_RSC_IMPR_BAD_CMDBLK_BER);
    }
    code = check_block(command, &block);
    if (!SIM_REFUSED(code)) {
        code = sim_unit_check_signatures(command->state, block.whole, fields[3], 1);
    }
    return SIM_REFUSED(code) ? code
                             : sim_envelope_open(command->state->importer, block.payload, key);
}

/* What has to be true before any part is looked at. */
static SimCode
check_policy(const SimCommand *command, unsigned n_parts)
{
    uint32_t permissions = command->state->attributes[SIM_ATTR_PERMS];

    if ((permissions & SIM_PERM_WK_IMPORT) == 0) {
        return SIM_CODE(SIM_RC_FORBIDDEN, SIM_RSC_IMPORT_WK_PROHIBITED);
    }
    if (command->state->importer == NULL) {
        return SIM_CODE(SIM_RC_KEY_NEEDED, SIM_RSC_NO_IMPORTER);
    }
    if (n_parts == 0) {
        return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_NO_KEYPARTS);
    }
    if (n_parts == 1 && (permissions & SIM_PERM_WK_1PART) == 0) {
        return SIM_CODE(SIM_RC_FORBIDDEN, SIM_RSC_IMPR_SINGLE_KEYPART);
    }
    if (command->state->registers[SIM_REGISTER_PENDING].key != NULL &&
        !command->unit->options->import_overwrites) {
        return SIM_CODE(SIM_RC_FORBIDDEN, SIM_RSC_WKS_PRESENT);
    }
    return SIM_OK;
}

SimCode
sim_cmd_import_wk(SimCommand *command)
{
    TkeByteCursor parts[SIM_PARTS_MAX] = { { 0 } };
    uint8_t vps[SIM_PARTS_MAX][TKE_VP_LEN] = { { 0 } };
    SimRegister *pending = &command->state->registers[SIM_REGISTER_PENDING];
    g_autoptr(TkeSecret) sum = NULL;
    GError *error = NULL;
    unsigned n = 0;
    SimCode code = split(command->block->payload, parts, &n);
    SimCode policy = check_policy(command, SIM_REFUSED(code) ? SIM_PARTS_MAX : n);

    if (SIM_REFUSED(policy) || SIM_REFUSED(code)) {
        return SIM_REFUSED(policy) ? policy : code;
    }
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(TkeSecret) part = NULL;

        code = open_part(command, parts[i], &part);
        if (SIM_REFUSED(code)) {
            return code;
        }
        if (!tke_digest_verification_pattern(part, vps[i], &error)) {
            return sim_unit_internal(error);
        }
        if (sum == NULL) {
            sum = g_steal_pointer(&part);
        } else {
            tke_secret_xor(sum, part);
        }
    }
    if (!sim_register_set(pending, g_steal_pointer(&sum), vps, n, &error)) {
        return sim_unit_internal(error);
    }
    g_byte_array_append(command->output, pending->vp, TKE_VP_LEN);
    g_byte_array_append(command->output, vps[0], n * TKE_VP_LEN);
    return SIM_OK;
}
