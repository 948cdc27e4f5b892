/*
 * SimUnitState: everything a virtual crypto unit holds (crypto-unit-protocol.md, 2.7 and 4.5 to
 * 4.6).
 *
 * A command works on a copy of the state, which replaces the old one only after it has been saved;
 * so a command happens whole or not at all. Copies share certificates and keys, which never change.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/openssl.h"
#include "common/secret.h"
#include "simulator/sim-message.h"
#include "simulator/sim-unit.h"

#define SIM_ADMINS_MAX 8u
#define SIM_ADMIN_CERTIFICATE_MAX 12288u
#define SIM_PARTS_MAX 20u
#define SIM_KEY_LEN 32u
#define SIM_CPS_LEN 16u
#define SIM_ATTRIBUTES 10u /* numbers 1 to 10 */

/* Attribute numbers. */
enum {
    SIM_ATTR_SIGN_THR = 1,
    SIM_ATTR_REVOKE_THR = 2,
    SIM_ATTR_PERMS = 3,
    SIM_ATTR_MODE = 4,
    SIM_ATTR_STD = 5,
    SIM_ATTR_PERMS_EXT = 6,
    SIM_ATTR_GEN_KTYPES = 7,
    SIM_ATTR_ECC_KTYPES = 8,
    SIM_ATTR_DIL_KTYPES = 9,
    SIM_ATTR_ADM_COMPL = 10,
};

/* Permissions (attribute 3) with a meaning of their own here. */
#define SIM_PERM_WK_IMPORT 0x00000001u
#define SIM_PERM_WK_EXPORT 0x00000002u
#define SIM_PERM_WK_1PART 0x00000004u
#define SIM_PERM_WK_RANDOM 0x00000008u
#define SIM_PERM_1SIGN 0x00000010u
#define SIM_PERM_CP_1SIGN 0x00000020u
#define SIM_PERM_ZERO_1SIGN 0x00000040u

/* Mode (attribute 4). */
#define SIM_MODE_AUTHENTICATED 0x00000001u

typedef struct SimAdmin {
    uint8_t ski[SIM_SKI_LEN];
    GBytes *certificate;
    EVP_PKEY *key;
} SimAdmin;

/* From a certificate; NULL with TKE_ERROR_INVALID_DATA if it is none or its key is unknown. */
SimAdmin *sim_admin_new(const uint8_t *certificate, size_t len, GError **error);
SimAdmin *sim_admin_ref(SimAdmin *admin); /* a copy that shares everything */
void sim_admin_free(SimAdmin *admin);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimAdmin, sim_admin_free)

typedef struct SimRegister {
    TkeSecret *key; /* NULL: empty */
    uint8_t vp[TKE_VP_LEN];
    uint8_t part_vps[SIM_PARTS_MAX][TKE_VP_LEN];
    unsigned n_parts; /* 0: not made of parts */
    bool committed;
} SimRegister;

typedef struct SimUnitState {
    uint32_t instance;
    uint8_t counter[SIM_COUNTER_LEN];
    uint32_t attributes[SIM_ATTRIBUTES + 1]; /* by number */
    GPtrArray *admins;                       /* SimAdmin, in storage order */
    SimRegister registers[2];                /* by SimRegisterId */
    EVP_PKEY *importer;                      /* NULL: none */
    uint8_t control_points[SIM_CPS_LEN];
} SimUnitState;

/* State of a new domain: imprint mode, a random instance, counter 0. */
SimUnitState *sim_unit_state_new(GError **error);
SimUnitState *sim_unit_state_dup(const SimUnitState *state, GError **error);
void sim_unit_state_free(SimUnitState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimUnitState, sim_unit_state_free)

/* Back to a new domain with another instance; the counter is kept. */
bool sim_unit_state_zeroize(SimUnitState *state, GError **error);

bool sim_unit_state_in_imprint_mode(const SimUnitState *state);
SimAdmin *sim_unit_state_find_admin(const SimUnitState *state,
                                    const uint8_t ski[static SIM_SKI_LEN],
                                    unsigned *index); /* borrowed; NULL: none. index may be NULL */

/* Fills a register; the key is taken. part_vps NULL: not made of parts. */
bool sim_register_set(SimRegister *reg, TkeSecret *key, uint8_t (*part_vps)[TKE_VP_LEN],
                      unsigned n_parts, GError **error);
void sim_register_clear(SimRegister *reg);

/* Value of STD (attribute 5) that follows from control points (4.5). */
uint32_t sim_control_points_standards(const uint8_t cps[static SIM_CPS_LEN]);
/* Whether a control point has a meaning; may ever be on. */
bool sim_control_point_is_assigned(unsigned number);
bool sim_control_point_may_be_on(unsigned number);
void sim_control_points_initial(uint8_t cps[static SIM_CPS_LEN]);

/* Members of a unit's file and back. */
bool sim_unit_state_to_json(const SimUnitState *state, JsonBuilder *builder, GError **error);
SimUnitState *sim_unit_state_from_json(JsonObject *object, GError **error);
