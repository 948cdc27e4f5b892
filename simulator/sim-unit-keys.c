/*
 * Importer key and master key registers of a domain (crypto-unit-protocol.md, 3.2.4, 3.2.5, 3.2.8
 * to 3.2.11, 4.6).
 */
#include "simulator/sim-unit-internal.h"

#include <openssl/x509.h>
#include <string.h>

#include "simulator/sim-envelope.h"

static SimRegister *
get_register(SimCommand *command, SimRegisterId which)
{
    return &command->state->registers[which];
}

static bool
has_permission(const SimCommand *command, uint32_t permission)
{
    return (command->state->attributes[SIM_ATTR_PERMS] & permission) != 0;
}

static void
put_vp(SimCommand *command, const SimRegister *reg)
{
    g_byte_array_append(command->output, reg->vp, TKE_VP_LEN);
}

/* The patterns of the parts, or of the key if it is not made of parts. */
static void
put_origins(SimCommand *command, const SimRegister *reg)
{
    for (unsigned i = 0; i < reg->n_parts; i++) {
        g_byte_array_append(command->output, reg->part_vps[i], TKE_VP_LEN);
    }
    if (reg->n_parts == 0) {
        put_vp(command, reg);
    }
}

/* Payload where none is expected (6.2, 33). */
static SimCode
refuse_data(void)
{
    return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_NONE);
}

SimCode
sim_cmd_generate_importer(SimCommand *command)
{
    TkeByteCursor payload = command->block->payload;
    g_autoptr(EVP_PKEY) key = NULL;
    GError *error = NULL;
    uint32_t type = 0;
    unsigned char *spki = NULL;
    int len = 0;

    if (payload.len != 4 || !tke_byte_cursor_u32(&payload, &type)) {
        return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_IMPR_FIELD_SIZE);
    }
    if (!sim_importer_type_is_known(type)) {
        return SIM_CODE(SIM_RC_DATA, SIM_RSC_IMPORTER_INVD_TYPE);
    }
    key = sim_importer_generate(type, &error);
    len = key == NULL ? 0 : i2d_PUBKEY(key, &spki);
    if (len <= 0) {
        return sim_unit_internal(error);
    }
    g_byte_array_append(command->output, spki, (guint) len);
    OPENSSL_free(spki);
    EVP_PKEY_free(command->state->importer);
    command->state->importer = g_steal_pointer(&key);
    return SIM_OK;
}

SimCode
sim_cmd_random_wk(SimCommand *command)
{
    SimRegister *current = get_register(command, SIM_REGISTER_CURRENT);
    SimRegister *pending = get_register(command, SIM_REGISTER_PENDING);
    SimRegister *target = current->key == NULL ? current : pending;
    TkeSecret *key = NULL;
    GError *error = NULL;

    if (command->block->payload.len != 0) {
        return refuse_data();
    }
    if (!has_permission(command, SIM_PERM_WK_RANDOM)) {
        return SIM_CODE(SIM_RC_FORBIDDEN, SIM_RSC_RANDOM_WK_PROHIBITED);
    }
    if (target->key != NULL) {
        return SIM_CODE(SIM_RC_FORBIDDEN, SIM_RSC_WKS_PRESENT);
    }
    key = tke_secret_new_random(SIM_KEY_LEN, &error);
    if (key == NULL || !sim_register_set(target, key, NULL, 0, &error)) {
        return sim_unit_internal(error);
    }
    put_vp(command, target);
    return SIM_OK;
}

/* The payload is the pattern of the register; only the first 28 bytes count (3.2.9). */
static bool
vp_matches(const SimCommand *command, const SimRegister *reg)
{
    return command->block->payload.len == TKE_VP_LEN &&
           tke_digest_vp_equal(command->block->payload.data, reg->vp);
}

SimCode
sim_cmd_commit_wk(SimCommand *command)
{
    SimRegister *pending = get_register(command, SIM_REGISTER_PENDING);

    if (command->block->payload.len != TKE_VP_LEN) {
        return SIM_CODE(SIM_RC_WK_CHANGED, SIM_RSC_WK_MISMATCH);
    }
    if (pending->key == NULL) {
        return SIM_CODE(SIM_RC_KEY_NEEDED, SIM_RSC_NEXT_WK_MISSING);
    }
    if (!vp_matches(command, pending)) {
        return SIM_CODE(SIM_RC_WK_CHANGED, SIM_RSC_WK_MISMATCH);
    }
    pending->committed = true;
    put_origins(command, pending);
    return SIM_OK;
}

SimCode
sim_cmd_finalize_wk(SimCommand *command)
{
    SimRegister *current = get_register(command, SIM_REGISTER_CURRENT);
    SimRegister *pending = get_register(command, SIM_REGISTER_PENDING);

    if (pending->key == NULL || !pending->committed) {
        return SIM_CODE(SIM_RC_KEY_NEEDED, SIM_RSC_COMMITTED_WK_MISSING);
    }
    if (!vp_matches(command, pending)) {
        return SIM_CODE(SIM_RC_WK_CHANGED, SIM_RSC_WK_MISMATCH);
    }
    sim_register_clear(current);
    *current = *pending;
    current->committed = false;
    memset(pending, 0, sizeof *pending);
    put_vp(command, current);
    return SIM_OK;
}

static SimCode
clear(SimCommand *command, SimRegisterId which)
{
    if (command->block->payload.len != 0) {
        return refuse_data();
    }
    sim_register_clear(get_register(command, which));
    return SIM_OK;
}

SimCode
sim_cmd_clear_wk(SimCommand *command)
{
    return clear(command, SIM_REGISTER_CURRENT);
}

SimCode
sim_cmd_clear_next_wk(SimCommand *command)
{
    return clear(command, SIM_REGISTER_PENDING);
}

SimCode
sim_cmd_zeroize(SimCommand *command)
{
    GError *error = NULL;

    if (command->block->payload.len != 0) {
        return refuse_data();
    }
    return sim_unit_state_zeroize(command->state, &error) ? SIM_OK : sim_unit_internal(error);
}

static SimCode
query(SimCommand *command, SimRegisterId which, bool origins)
{
    const SimRegister *reg = get_register(command, which);

    if (command->block->payload.len != 0) {
        return refuse_data();
    }
    if (reg->key == NULL) {
        return SIM_CODE(SIM_RC_KEY_NEEDED, which == SIM_REGISTER_CURRENT ? SIM_RSC_WK_MISSING
                                                                         : SIM_RSC_NEXT_WK_MISSING);
    }
    if (origins) {
        put_origins(command, reg);
    } else {
        put_vp(command, reg);
    }
    return SIM_OK;
}

SimCode
sim_query_wk(SimCommand *command)
{
    return query(command, SIM_REGISTER_CURRENT, false);
}

SimCode
sim_query_next_wk(SimCommand *command)
{
    return query(command, SIM_REGISTER_PENDING, false);
}

SimCode
sim_query_wk_origins(SimCommand *command)
{
    return query(command, SIM_REGISTER_CURRENT, true);
}
