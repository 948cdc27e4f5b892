/*
 * Administrators of a domain (crypto-unit-protocol.md, 3.2.1, 3.2.2 and 3.3.2).
 */
#include "simulator/sim-unit-internal.h"

#include <openssl/err.h>
#include <string.h>

#define STRENGTH_MASK 0x7cu

/* Bits of attributes 7 and 8. */
enum {
    KIND_RSA = 1,
    KIND_EC = 2,
    CURVE_NIST = 1,
    CURVE_BRAINPOOL = 2,
    CURVE_EDWARDS = 4,
};

void
sim_unit_put_skis(SimCommand *command)
{
    for (unsigned i = 0; i < command->state->admins->len; i++) {
        const SimAdmin *admin = g_ptr_array_index(command->state->admins, i);

        g_byte_array_append(command->output, admin->ski, sizeof admin->ski);
    }
}

static uint32_t
get_curve(EVP_PKEY *key)
{
    static const char *const nist[] = { "P-",        "prime256v1", "prime192v1",
                                        "secp224r1", "secp384r1",  "secp521r1" };
    char name[32] = "";

    if (EVP_PKEY_get_group_name(key, name, sizeof name, NULL) != 1) {
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(nist); i++) {
        if (g_str_has_prefix(name, nist[i])) {
            return CURVE_NIST;
        }
    }
    return g_str_has_prefix(name, "brainpool") ? CURVE_BRAINPOOL : 0;
}

void
sim_unit_get_key_kind(EVP_PKEY *key, uint32_t *general, uint32_t *curve)
{
    *general = 0;
    *curve = 0;
    if (key == NULL) {
        return;
    }
    if (EVP_PKEY_is_a(key, "RSA") == 1) {
        *general = KIND_RSA;
    } else if (EVP_PKEY_is_a(key, "EC") == 1) {
        *general = KIND_EC;
        *curve = get_curve(key);
    } else if (EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1) {
        *general = KIND_EC;
        *curve = CURVE_EDWARDS;
    }
    ERR_clear_error();
}

unsigned
sim_unit_mode_strength(uint32_t mode)
{
    switch (mode & STRENGTH_MASK) {
    case 0x04:
        return 112;
    case 0x08:
        return 128;
    case 0x10:
        return 160;
    case 0x20:
        return 192;
    case 0x40:
        return 256;
    default:
        return 0;
    }
}

/* Whether attributes let such a key in (3.2.1; 8, 33). */
static SimCode
check_key(const SimUnitState *state, EVP_PKEY *key)
{
    unsigned strength = sim_unit_mode_strength(state->attributes[SIM_ATTR_MODE]);
    uint32_t general = 0;
    uint32_t curve = 0;

    sim_unit_get_key_kind(key, &general, &curve);
    if ((general & state->attributes[SIM_ATTR_GEN_KTYPES]) == 0 ||
        (general == KIND_EC && (curve & state->attributes[SIM_ATTR_ECC_KTYPES]) == 0)) {
        return SIM_CODE(SIM_RC_POLICY, SIM_RSC_ADM_KTYPE_POLICY_VIOLATION);
    }
    if (strength > 0 && EVP_PKEY_get_security_bits(key) < (int) strength) {
        return SIM_CODE(SIM_RC_POLICY, SIM_RSC_KEY_STRENGTH_POLICY_VIOLATION);
    }
    return SIM_OK;
}

SimCode
sim_cmd_add_admin(SimCommand *command)
{
    TkeByteCursor payload = command->block->payload;
    g_autoptr(SimAdmin) admin = NULL;
    SimCode code = SIM_OK;

    if (payload.len == 0 || payload.len > SIM_ADMIN_CERTIFICATE_MAX) {
        return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_NONE);
    }
    admin = sim_admin_new(payload.data, payload.len, NULL);
    if (admin == NULL) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_CERT_FMT);
    }
    code = check_key(command->state, admin->key);
    if (SIM_REFUSED(code)) {
        return code;
    }
    if (sim_unit_state_find_admin(command->state, admin->ski, NULL) != NULL) {
        return SIM_CODE(SIM_RC_ADMIN_LISTED, SIM_RSC_SKI_FOUND);
    }
    if (command->state->admins->len >= SIM_ADMINS_MAX) {
        return SIM_CODE(SIM_RC_ADMIN_NO_ROOM, SIM_RSC_ADMINLIST_FULL);
    }
    g_ptr_array_add(command->state->admins, g_steal_pointer(&admin));
    sim_unit_put_skis(command);
    return SIM_OK;
}

SimCode
sim_cmd_remove_admin(SimCommand *command)
{
    SimUnitState *state = command->state;
    TkeByteCursor payload = command->block->payload;
    unsigned remaining = state->admins->len - 1;
    unsigned index = 0;

    if (payload.len != SIM_SKI_LEN) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_SKI_MALFORMED);
    }
    if (sim_unit_state_find_admin(state, payload.data, &index) == NULL) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_SKI_NOT_FOUND);
    }
    if (remaining < state->attributes[SIM_ATTR_SIGN_THR] ||
        remaining < state->attributes[SIM_ATTR_REVOKE_THR]) {
        return SIM_CODE(SIM_RC_POLICY, SIM_RSC_LOGOUT_BELOW_THRESHOLD);
    }
    if (remaining == 1 && (state->attributes[SIM_ATTR_PERMS] & SIM_PERM_1SIGN) == 0) {
        return SIM_CODE(SIM_RC_POLICY, SIM_RSC_LOGOUT_NO_SINGLE_SIGN);
    }
    if (remaining == 0 && !sim_unit_state_in_imprint_mode(state)) {
        return SIM_CODE(SIM_RC_POLICY, SIM_RSC_LOGOUT_LAST_ADMIN);
    }
    g_ptr_array_remove_index(state->admins, index);
    sim_unit_put_skis(command);
    return SIM_OK;
}

SimCode
sim_query_admins(SimCommand *command)
{
    TkeByteCursor payload = command->block->payload;
    const SimAdmin *admin = NULL;
    const uint8_t *certificate = NULL;
    gsize len = 0;

    if (payload.len == 0) {
        sim_unit_put_skis(command);
        return SIM_OK;
    }
    if (payload.len != SIM_SKI_LEN) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_SKI_MALFORMED);
    }
    admin = sim_unit_state_find_admin(command->state, payload.data, NULL);
    if (admin == NULL) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_SKI_NOT_FOUND);
    }
    certificate = g_bytes_get_data(admin->certificate, &len);
    g_byte_array_append(command->output, certificate, (guint) len);
    return SIM_OK;
}
