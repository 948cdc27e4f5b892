/*
 * SimUnit: one virtual crypto unit (a domain of a virtual module) as the world sees it from
 * outside.
 *
 * The accessors are for tests and for the status of tke-sim. They may be called from any thread and
 * tell the state after the last finished command. What a unit holds and how commands work on it:
 * sim-unit-state.h, sim-unit-commands.h.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"

typedef struct SimUnit SimUnit;

typedef enum {
    SIM_UNIT_OPERATIONAL,
    SIM_UNIT_RECOVERY,
    SIM_UNIT_FAILOVER,
} SimUnitType;

typedef enum {
    SIM_REGISTER_CURRENT,
    SIM_REGISTER_PENDING,
} SimRegisterId;

const char *sim_unit_get_hsm_id(const SimUnit *unit);
const char *sim_unit_get_instance_id(const SimUnit *unit);
const char *sim_unit_get_location(const SimUnit *unit);
const char *sim_unit_get_serial(const SimUnit *unit); /* of its module, 8 characters */
SimUnitType sim_unit_get_type(const SimUnit *unit);
const char *sim_unit_get_type_name(const SimUnit *unit); /* "operational", "recovery", "failover" */
unsigned sim_unit_get_domain(const SimUnit *unit);
unsigned sim_unit_get_n_requests(SimUnit *unit); /* handled since the process started */

/* Attribute 1 to 10 (ep11 administration protocol, 4.5). */
uint32_t sim_unit_get_attribute(SimUnit *unit, unsigned index);
unsigned sim_unit_get_n_admins(SimUnit *unit);
bool sim_unit_get_admin_ski(SimUnit *unit, unsigned i, uint8_t ski[static 32]);
void sim_unit_get_counter(SimUnit *unit, uint8_t counter[static 16]);

/* Zeros if the register is empty. */
void sim_unit_get_vp(SimUnit *unit, SimRegisterId which, uint8_t vp[static 32]);
bool sim_unit_is_committed(SimUnit *unit);

/* The key in a register; NULL without an error if it is empty. For tests. */
TkeSecret *sim_unit_dup_key(SimUnit *unit, SimRegisterId which, GError **error);

/*
 * Shows every secret of the unit and of its module to a visitor (the secret scan of the tests):
 * master keys, private scalars of importer key and module key. The bytes are valid during the call.
 */
typedef void (*SimSecretVisitor)(const char *what, const uint8_t *bytes, size_t len, void *data);
bool sim_unit_visit_secrets(SimUnit *unit, SimSecretVisitor visit, void *data, GError **error);
