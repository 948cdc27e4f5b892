/*
 * What the parts of a virtual crypto unit share. Nothing outside of sim-unit*, sim-service and
 * their tests includes this.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "simulator/sim-codes.h"
#include "simulator/sim-message.h"
#include "simulator/sim-module.h"
#include "simulator/sim-service-faults.h"
#include "simulator/sim-unit-state.h"
#include "simulator/sim-unit.h"

/* Choices where public sources leave them open (crypto-unit-protocol.md, 8), for a whole
 * service. */
typedef struct SimUnitOptions {
    bool long_lengths;      /* answers carry two-byte DER lengths */
    bool finalize_signed;   /* set immediate needs one signature (else none) */
    bool import_overwrites; /* import replaces a full pending register (else it is refused) */
    uint32_t
        export_limit; /* bytes of an answer to an export; more is a transport error. 0: no limit */
} SimUnitOptions;

struct SimUnit {
    char *hsm_id, *instance_id, *location, *path;
    SimUnitType type;
    uint32_t module_index, domain;
    SimModule *module;             /* borrowed from the service */
    const SimUnitOptions *options; /* borrowed from the service */
    GMutex lock;                   /* of what follows */
    SimUnitState *state;
    unsigned n_requests;
};

/* What a new unit is made of. Everything is copied but module and options. */
typedef struct SimUnitConfig {
    const char *hsm_id, *instance_id, *location, *path;
    SimUnitType type;
    uint32_t module_index, domain;
    SimModule *module;
    const SimUnitOptions *options;
} SimUnitConfig;

/* Takes the state. */
SimUnit *sim_unit_new(const SimUnitConfig *config, SimUnitState *state);
void sim_unit_free(SimUnit *unit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimUnit, sim_unit_free)

/* Counts a request that was sent to the unit. */
void sim_unit_count(SimUnit *unit);

/* Writes this state to the unit's file. */
bool sim_unit_save(const SimUnit *unit, const SimUnitState *state, GError **error);

/*
 * Handles one payload and returns the payload of the answer. fault is never NULL; faults of the
 * connection are not looked at. Fails only if the state cannot be saved or something inside
 * breaks; then nothing has changed.
 */
GByteArray *sim_unit_process(SimUnit *unit, TkeByteCursor payload, const SimFault *fault,
                             GError **error);

/* A command or query under way. */
typedef struct SimCommand {
    const SimUnit *unit;
    SimUnitState *state; /* commands: the copy that is changed; queries: must not be changed */
    const SimMessage *message;
    const SimBlock *block;
    SimChain chain;     /* which certificates to show */
    bool card_level;    /* set by queries that answer for the module */
    GByteArray *output; /* appended to */
} SimCommand;

typedef SimCode (*SimCommandRun)(SimCommand *command);

/* Logs an error of the simulator itself and tells the client "internal error". Takes the error. */
SimCode sim_unit_internal(GError *error);

/* Checks and runs the command or query of the block (2.13, steps 3 to 8). */
SimCode sim_unit_run(SimCommand *command);

/* The payload of the answer to an information query; it is not signed, and a fault may have it
 * lie. */
GByteArray *sim_unit_info(const SimUnit *unit, const SimUnitState *state, const SimMessage *message,
                          SimFaultKind fault);

/*
 * Checks SignerInfos over message against the administrators of the state (2.12, 2.13 step 7):
 * each must be right and from another administrator, and there must be at least needed.
 */
SimCode sim_unit_check_signatures(const SimUnitState *state, TkeByteCursor message,
                                  TkeByteCursor signatures, unsigned needed);

/* Signatures that set attributes needs: with a payload that leaves imprint mode the new
 * threshold. */
unsigned sim_unit_attributes_needed(const SimCommand *command);

/* Key kind of an administrator as bits of attributes 7 and 8; 0: unknown. */
void sim_unit_get_key_kind(EVP_PKEY *key, uint32_t *general, uint32_t *curve);
/* Strength in bits that MODE demands of administrator keys; 0: none. */
unsigned sim_unit_mode_strength(uint32_t mode);

/* The commands and queries; sim-unit-commands.inc says which is which. */
#define SIM_COMMAND(code, name, function, signers, imprint, source)                                \
    SimCode function(SimCommand *command);
#define SIM_QUERY(code, name, function, source) SimCode function(SimCommand *command);
#include "simulator/sim-unit-commands.inc"
#undef SIM_COMMAND
#undef SIM_QUERY

/* All attributes that the ordinal of the request shows. */
void sim_unit_put_attributes(SimCommand *command);
/* All identifiers of administrators. */
void sim_unit_put_skis(SimCommand *command);
