/*
 * Domain attributes: thresholds, permissions, mode and the rest (crypto-unit-protocol.md, 3.2.3,
 * 4.5). What may change is judged by the change bits as they were before the command (8, 27).
 */
#include "simulator/sim-unit-internal.h"

#include <string.h>

#include "common/byte-builder.h"

#define PAIR_LEN 8u
#define CHANGE_BITS 0xffff0000u /* of attributes 3 and 6 to 9 */
#define CHG_SIGN_THR 0x00100000u
#define CHG_REVOKE_THR 0x00200000u
#define MODE_STRENGTHS 0x0000007cu
#define MODE_CHG_KEYSTR 0x00040000u
#define MODE_READ_ONLY 0x00000383u /* AUTHENTICATED, EXTWNG, WKCLEAN_EXTWNG, BATT_LOW, API_ACTIVE */
#define EXT_OA_CLASSIC 0x1u
#define EXT_OA_ANY 0x3u
#define EXT_ADMIN_CLASSIC 0x4u
#define EXT_ADMIN_ANY 0xcu
#define ORDINAL_ALL 5u    /* from here on all attributes are shown */
#define ATTRIBUTES_FEW 6u /* shown to earlier ordinals */
#define KIND_EC 0x2u
#define KIND_DILITHIUM 0x4u

typedef struct Change {
    const SimUnitState *state;
    const uint32_t *old;
    uint32_t wanted[SIM_ATTRIBUTES + 1];
} Change;

typedef SimCode (*Check)(const Change *change);

#define POLICY(reason) SIM_CODE(SIM_RC_POLICY, SIM_RSC_##reason)

/* Permissions and the bits that allow their change. */
static const struct {
    uint32_t permission, change;
} permissions[] = {
    { 0x00000001, 0x00010000 }, /* WK_IMPORT */
    { 0x00000002, 0x00020000 }, /* WK_EXPORT */
    { 0x00000004, 0x00040000 }, /* WK_1PART */
    { 0x00000008, 0x00080000 }, /* WK_RANDOM */
    { 0x00000010, 0x00400000 }, /* 1SIGN */
    { 0x00000020, 0x00800000 }, /* CP_1SIGN */
    { 0x00000040, 0x01000000 }, /* ZERO_1SIGN */
    { 0x00000100, 0x02000000 }, /* STATE_IMPORT, of the card */
    { 0x00000200, 0x04000000 }, /* STATE_EXPORT, of the card */
    { 0x00000400, 0x08000000 }, /* STATE_1PART, of the card */
    { 0x00000800, 0x20000000 }, /* NO_EPX */
    { 0x00001000, 0x40000000 }, /* NO_EPXVM */
    { 0x00002000, 0x80000000 }, /* DO_NOT_DISTURB */
};
#define PERMISSIONS_FIXED 0x0000c080u /* bits nothing allows to change */

static SimCode
parse_pairs(TkeByteCursor payload, uint32_t wanted[static SIM_ATTRIBUTES + 1])
{
    bool named[SIM_ATTRIBUTES + 1] = { false };
    uint32_t index = 0;
    uint32_t value = 0;

    if (payload.len == 0 || payload.len % PAIR_LEN != 0) {
        return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_ATTRS_FMT);
    }
    while (tke_byte_cursor_u32(&payload, &index) && tke_byte_cursor_u32(&payload, &value)) {
        if (index == 0 || index > SIM_ATTRIBUTES) {
            return POLICY(ATTRS_TYPE_INVALID);
        }
        if (named[index]) {
            return POLICY(ATTRS_REPEAT);
        }
        named[index] = true;
        wanted[index] = value;
    }
    return SIM_OK;
}

unsigned
sim_unit_attributes_needed(const SimCommand *command)
{
    const SimUnitState *state = command->state;
    uint32_t wanted[SIM_ATTRIBUTES + 1] = { 0 };

    if (!sim_unit_state_in_imprint_mode(state)) {
        return state->attributes[SIM_ATTR_SIGN_THR];
    }
    if (SIM_REFUSED(parse_pairs(command->block->payload, wanted))) {
        return 0; /* refused for its form in a moment */
    }
    return MIN(wanted[SIM_ATTR_SIGN_THR], state->admins->len);
}

static SimCode
check_thresholds(const Change *change)
{
    uint32_t sig = change->wanted[SIM_ATTR_SIGN_THR];
    uint32_t rev = change->wanted[SIM_ATTR_REVOKE_THR];
    uint32_t old_sig = change->old[SIM_ATTR_SIGN_THR];
    uint32_t old_rev = change->old[SIM_ATTR_REVOKE_THR];
    bool one_allowed = (change->wanted[SIM_ATTR_PERMS] & SIM_PERM_1SIGN) != 0;

    if (sig > change->state->admins->len) {
        return POLICY(IMPR_TOOMANY_SIGNERS);
    }
    if (rev > change->state->admins->len) {
        return POLICY(IMPR_TOOMANY_REVOKERS);
    }
    if (old_sig == 0 && sig > 0 && rev == 0) {
        return POLICY(IMPR_REVOKE_ZERO);
    }
    if (old_sig == 0 && sig == 0 && rev > 0) {
        return POLICY(IMPRINT_EXIT_INVD);
    }
    if (old_sig > 0 && sig == 0) {
        return POLICY(LOWERING_SIGNERS_TO_ZERO);
    }
    if (old_sig > 0 && rev == 0) {
        return POLICY(LOWERING_REVOKERS_TO_ZERO);
    }
    if (sig == 1 && old_sig != 1 && !one_allowed) {
        return POLICY(CHG_SIGNERS_TO_ONE_NO_1SIGN);
    }
    if (rev == 1 && old_rev != 1 && !one_allowed) {
        return POLICY(CHG_REVOKERS_TO_ONE_NO_1SIGN);
    }
    if ((sig != old_sig && (change->old[SIM_ATTR_PERMS] & CHG_SIGN_THR) == 0) ||
        (rev != old_rev && (change->old[SIM_ATTR_PERMS] & CHG_REVOKE_THR) == 0)) {
        return POLICY(CHG_PROTECTED_THRESHOLD);
    }
    return SIM_OK;
}

static SimCode
check_permissions(const Change *change)
{
    uint32_t old = change->old[SIM_ATTR_PERMS];
    uint32_t wanted = change->wanted[SIM_ATTR_PERMS];
    uint32_t changed = old ^ wanted;

    for (size_t i = 0; i < G_N_ELEMENTS(permissions); i++) {
        if ((changed & permissions[i].permission) != 0 && (old & permissions[i].change) == 0) {
            return POLICY(CHG_PROTECTED_ATTRS);
        }
    }
    if ((wanted & ~old & CHANGE_BITS) != 0) {
        return POLICY(REACTIVATE_RO_ATTRS);
    }
    if ((changed & wanted & SIM_PERM_1SIGN) == 0 && (changed & SIM_PERM_1SIGN) != 0 &&
        (change->wanted[SIM_ATTR_SIGN_THR] == 1 || change->wanted[SIM_ATTR_REVOKE_THR] == 1)) {
        return POLICY(CHG_ATTRS_PREVENTED);
    }
    if ((changed & PERMISSIONS_FIXED) != 0) {
        return POLICY(CHG_READONLY_ATTRS);
    }
    return SIM_OK;
}

/* Administrators needed for the larger of the wanted thresholds. */
static uint32_t
admins_needed(const Change *change)
{
    return MAX(change->wanted[SIM_ATTR_SIGN_THR], change->wanted[SIM_ATTR_REVOKE_THR]);
}

/* Read-only bits were cleared from the wanted value before (they are the client's to repeat). */
static SimCode
check_mode(const Change *change)
{
    uint32_t old = change->old[SIM_ATTR_MODE];
    uint32_t wanted = change->wanted[SIM_ATTR_MODE];
    uint32_t strengths = wanted & MODE_STRENGTHS;
    unsigned strength = sim_unit_mode_strength(wanted);
    unsigned strong = 0;

    if (((old ^ wanted) & MODE_STRENGTHS) != 0 && (old & MODE_CHG_KEYSTR) == 0) {
        return POLICY(CHG_PROTECTED_ATTRS);
    }
    if ((wanted & ~old & MODE_CHG_KEYSTR) != 0) {
        return POLICY(REACTIVATE_RO_ATTRS);
    }
    if (((old ^ wanted) & ~(MODE_STRENGTHS | MODE_CHG_KEYSTR)) != 0) {
        return POLICY(CHG_READONLY_ATTRS);
    }
    if ((strengths & (strengths - 1)) != 0) {
        return POLICY(KEY_STRENGTH_POLICY_VIOLATION);
    }
    for (unsigned i = 0; i < change->state->admins->len; i++) {
        const SimAdmin *admin = g_ptr_array_index(change->state->admins, i);

        strong += EVP_PKEY_get_security_bits(admin->key) >= (int) strength ? 1 : 0;
    }
    if (strong < admins_needed(change)) {
        return POLICY(KEY_STRENGTH_CHANGE_PROHIBITED);
    }
    return SIM_OK;
}

/* Attributes whose low half has its change bits in the high half. */
static SimCode
check_protected(const Change *change)
{
    static const uint32_t known[SIM_ATTRIBUTES + 1] = {
        [SIM_ATTR_PERMS_EXT] = 0xf,
        [SIM_ATTR_GEN_KTYPES] = 0x7,
        [SIM_ATTR_ECC_KTYPES] = 0xf,
        [SIM_ATTR_DIL_KTYPES] = 0x3,
    };

    for (unsigned i = SIM_ATTR_PERMS_EXT; i <= SIM_ATTR_DIL_KTYPES; i++) {
        uint32_t changed = change->old[i] ^ change->wanted[i];

        if ((changed & ~CHANGE_BITS & known[i] & ~(change->old[i] >> 16)) != 0) {
            return POLICY(CHG_PROTECTED_ATTRS);
        }
        if ((change->wanted[i] & ~change->old[i] & CHANGE_BITS) != 0) {
            return POLICY(REACTIVATE_RO_ATTRS);
        }
        if ((changed & ~CHANGE_BITS & ~known[i]) != 0) {
            return POLICY(CHG_READONLY_ATTRS);
        }
    }
    if (change->wanted[SIM_ATTR_STD] != change->old[SIM_ATTR_STD] ||
        ((change->wanted[SIM_ATTR_ADM_COMPL] ^ change->old[SIM_ATTR_ADM_COMPL]) & ~1u) != 0) {
        return POLICY(CHG_READONLY_ATTRS);
    }
    return SIM_OK;
}

static SimCode
check_extension(const Change *change)
{
    uint32_t wanted = change->wanted[SIM_ATTR_PERMS_EXT];

    if ((wanted & EXT_OA_ANY) == 0) {
        return POLICY(OA_SIG_POLICY_VIOLATION);
    }
    if ((wanted & EXT_OA_CLASSIC) == 0) { /* the only kind this module can make */
        return SIM_CODE(SIM_RC_UNKNOWN, SIM_RSC_OA_SIG_NOT_SUPPORTED);
    }
    if ((wanted & EXT_ADMIN_ANY) == 0) {
        return POLICY(ADM_SIG_POLICY_VIOLATION);
    }
    if ((wanted & EXT_ADMIN_CLASSIC) == 0 && admins_needed(change) > 0) {
        return POLICY(ADM_SIG_CHANGE_PROHIBITED);
    }
    return SIM_OK;
}

static SimCode
check_key_kinds(const Change *change)
{
    uint32_t kinds = change->wanted[SIM_ATTR_GEN_KTYPES] & ~CHANGE_BITS;
    uint32_t curves = change->wanted[SIM_ATTR_ECC_KTYPES] & ~CHANGE_BITS;
    uint32_t rounds = change->wanted[SIM_ATTR_DIL_KTYPES] & ~CHANGE_BITS;
    unsigned usable = 0;

    if (kinds == 0 || ((kinds & KIND_EC) != 0 && curves == 0) ||
        ((kinds & KIND_DILITHIUM) != 0 && rounds == 0)) {
        return POLICY(ADM_KTYPE_POLICY_VIOLATION);
    }
    for (unsigned i = 0; i < change->state->admins->len; i++) {
        const SimAdmin *admin = g_ptr_array_index(change->state->admins, i);
        uint32_t kind = 0;
        uint32_t curve = 0;

        sim_unit_get_key_kind(admin->key, &kind, &curve);
        if ((kind & kinds) != 0 && (kind != KIND_EC || (curve & curves) != 0)) {
            usable++;
        }
    }
    if (usable < admins_needed(change)) {
        return POLICY(ADM_KTYPE_CHANGE_PROHIBITED);
    }
    return SIM_OK;
}

SimCode
sim_cmd_set_attributes(SimCommand *command)
{
    static const Check checks[] = { check_thresholds, check_permissions, check_mode,
                                    check_protected,  check_extension,   check_key_kinds };
    SimUnitState *state = command->state;
    Change change = { .state = state, .old = state->attributes };
    SimCode code = SIM_OK;

    memcpy(change.wanted, state->attributes, sizeof change.wanted);
    code = parse_pairs(command->block->payload, change.wanted);
    change.wanted[SIM_ATTR_MODE] = (change.wanted[SIM_ATTR_MODE] & ~MODE_READ_ONLY) |
                                   (state->attributes[SIM_ATTR_MODE] & MODE_READ_ONLY);
    for (size_t i = 0; i < G_N_ELEMENTS(checks) && !SIM_REFUSED(code); i++) {
        code = checks[i](&change);
    }
    if (SIM_REFUSED(code)) {
        return code;
    }
    memcpy(state->attributes, change.wanted, sizeof state->attributes);
    if (state->attributes[SIM_ATTR_SIGN_THR] > 0) {
        state->attributes[SIM_ATTR_MODE] |= SIM_MODE_AUTHENTICATED;
    }
    sim_unit_put_attributes(command);
    return SIM_OK;
}

void
sim_unit_put_attributes(SimCommand *command)
{
    unsigned n = command->message->ordinal >= ORDINAL_ALL ? SIM_ATTRIBUTES : ATTRIBUTES_FEW;
    TkeByteBuilder builder = tke_byte_builder_into(command->output, (size_t) n * PAIR_LEN);

    for (unsigned i = 1; i <= n; i++) {
        tke_byte_builder_u32(&builder, i);
        tke_byte_builder_u32(&builder, command->state->attributes[i]);
    }
}

SimCode
sim_query_attributes(SimCommand *command)
{
    if (command->block->payload.len != 0) {
        return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_NONE);
    }
    sim_unit_put_attributes(command);
    return SIM_OK;
}
