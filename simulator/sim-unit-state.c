/*
 * What a virtual crypto unit holds, and how it begins (crypto-unit-protocol.md, 2.7, 3.2.11, 4.5).
 */
#include "simulator/sim-unit-state.h"

#include <openssl/rand.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/certificate.h"
#include "common/error.h"

/* Initial values of a domain's attributes, by number. */
static const uint32_t initial_attributes[SIM_ATTRIBUTES + 1] = {
    0, 0, 0, 0x81ff0011, 0x00040202, 0x00000001, 0x000f000f, 0x00070007, 0x00070007, 0x00030003, 0,
};

SimAdmin *
sim_admin_new(const uint8_t *certificate, size_t len, GError **error)
{
    g_autoptr(TkeCertificate) parsed = tke_certificate_parse(certificate, len, error);
    SimAdmin *admin = NULL;

    if (parsed == NULL) {
        return NULL;
    }
    admin = g_new0(SimAdmin, 1);
    memcpy(admin->ski, parsed->ski, sizeof admin->ski);
    admin->certificate = g_bytes_new(certificate, len);
    admin->key = g_steal_pointer(&parsed->key);
    return admin;
}

SimAdmin *
sim_admin_ref(SimAdmin *admin)
{
    SimAdmin *copy = g_new0(SimAdmin, 1);

    memcpy(copy->ski, admin->ski, sizeof copy->ski);
    copy->certificate = g_bytes_ref(admin->certificate);
    if (admin->key != NULL && EVP_PKEY_up_ref(admin->key) == 1) {
        copy->key = admin->key;
    }
    return copy;
}

void
sim_admin_free(SimAdmin *admin)
{
    if (admin != NULL) {
        g_bytes_unref(admin->certificate);
        EVP_PKEY_free(admin->key);
        g_free(admin);
    }
}

static void
free_admin(gpointer admin)
{
    sim_admin_free(admin);
}

/* A random instance, neither zero nor the old one. */
static bool
draw_instance(SimUnitState *state, GError **error)
{
    uint32_t instance = 0;

    do {
        if (RAND_bytes((unsigned char *) &instance, sizeof instance) != 1) {
            tke_openssl_set_error(error, _("no random numbers"));
            return false;
        }
    } while (instance == 0 || instance == state->instance);
    state->instance = instance;
    return true;
}

SimUnitState *
sim_unit_state_new(GError **error)
{
    g_autoptr(SimUnitState) state = g_new0(SimUnitState, 1);

    state->admins = g_ptr_array_new_with_free_func(free_admin);
    return sim_unit_state_zeroize(state, error) ? g_steal_pointer(&state) : NULL;
}

bool
sim_unit_state_zeroize(SimUnitState *state, GError **error)
{
    if (!draw_instance(state, error)) {
        return false;
    }
    g_ptr_array_set_size(state->admins, 0);
    sim_register_clear(&state->registers[SIM_REGISTER_CURRENT]);
    sim_register_clear(&state->registers[SIM_REGISTER_PENDING]);
    g_clear_pointer(&state->importer, EVP_PKEY_free);
    memcpy(state->attributes, initial_attributes, sizeof state->attributes);
    sim_control_points_initial(state->control_points);
    return true;
}

static bool
dup_register(const SimRegister *from, SimRegister *to, GError **error)
{
    *to = *from;
    to->key = NULL;
    if (from->key != NULL) {
        to->key = tke_secret_new_slice(from->key, 0, tke_secret_len(from->key), error);
        return to->key != NULL;
    }
    return true;
}

SimUnitState *
sim_unit_state_dup(const SimUnitState *state, GError **error)
{
    g_autoptr(SimUnitState) copy = g_new0(SimUnitState, 1);

    copy->instance = state->instance;
    memcpy(copy->counter, state->counter, sizeof copy->counter);
    memcpy(copy->attributes, state->attributes, sizeof copy->attributes);
    memcpy(copy->control_points, state->control_points, sizeof copy->control_points);
    copy->admins = g_ptr_array_new_with_free_func(free_admin);
    for (unsigned i = 0; i < state->admins->len; i++) {
        g_ptr_array_add(copy->admins, sim_admin_ref(g_ptr_array_index(state->admins, i)));
    }
    if (state->importer != NULL && EVP_PKEY_up_ref(state->importer) == 1) {
        copy->importer = state->importer;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(copy->registers); i++) {
        if (!dup_register(&state->registers[i], &copy->registers[i], error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&copy);
}

void
sim_unit_state_free(SimUnitState *state)
{
    if (state == NULL) {
        return;
    }
    g_clear_pointer(&state->admins, g_ptr_array_unref);
    sim_register_clear(&state->registers[SIM_REGISTER_CURRENT]);
    sim_register_clear(&state->registers[SIM_REGISTER_PENDING]);
    EVP_PKEY_free(state->importer);
    g_free(state);
}

bool
sim_unit_state_in_imprint_mode(const SimUnitState *state)
{
    return state->attributes[SIM_ATTR_SIGN_THR] == 0;
}

SimAdmin *
sim_unit_state_find_admin(const SimUnitState *state, const uint8_t ski[static SIM_SKI_LEN],
                          unsigned *index)
{
    for (unsigned i = 0; i < state->admins->len; i++) {
        SimAdmin *admin = g_ptr_array_index(state->admins, i);

        if (memcmp(admin->ski, ski, SIM_SKI_LEN) == 0) {
            if (index != NULL) {
                *index = i;
            }
            return admin;
        }
    }
    return NULL;
}

void
sim_register_clear(SimRegister *reg)
{
    tke_secret_free(reg->key);
    memset(reg, 0, sizeof *reg);
}

bool
sim_register_set(SimRegister *reg, TkeSecret *key, uint8_t (*part_vps)[TKE_VP_LEN],
                 unsigned n_parts, GError **error)
{
    g_autoptr(TkeSecret) taken = key;
    uint8_t vp[TKE_VP_LEN] = { 0 };

    g_return_val_if_fail(n_parts <= SIM_PARTS_MAX, false);
    if (!tke_digest_verification_pattern(key, vp, error)) {
        return false;
    }
    sim_register_clear(reg);
    reg->key = g_steal_pointer(&taken);
    memcpy(reg->vp, vp, sizeof vp);
    reg->n_parts = part_vps == NULL ? 0 : n_parts;
    for (unsigned i = 0; i < reg->n_parts; i++) {
        memcpy(reg->part_vps[i], part_vps[i], TKE_VP_LEN);
    }
    return true;
}
