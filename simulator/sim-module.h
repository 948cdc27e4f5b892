/*
 * SimModule: one virtual module (HSM card): identity, epoch key, certificate chain of three below
 * a root key that belongs to the world (crypto-unit-protocol.md, 5).
 *
 * A module does not change after it was made; it may be used by any number of threads.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/openssl.h"
#include "common/secret.h"
#include "simulator/sim-message.h"
#include "simulator/sim-oa.h"

#define SIM_SERIAL_LEN 8u
#define SIM_CHAIN_LEN 3u
#define SIM_ROOT_INDEX 0u /* in the name of a root key of the first layout */

typedef struct SimModule SimModule;

/* Which certificates a module shows (sim-service-faults.h). */
typedef enum {
    SIM_CHAIN_GENUINE,
    SIM_CHAIN_OTHER_ROOT,  /* below a root key nobody knows, which it names */
    SIM_CHAIN_FORGED_ROOT, /* names the right root key, was signed by another one */
} SimChain;

/* Draws instance, keys and certificates. root signs the last certificate and is not kept. */
SimModule *sim_module_new(SimModuleKind kind, const char *serial, EVP_PKEY *root, GError **error);
void sim_module_free(SimModule *module);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimModule, sim_module_free)

/* The file of a module and back (rehearsal material: the private key stands in it). */
bool sim_module_save(const SimModule *module, const char *path, GError **error);
SimModule *sim_module_load(const char *path, GError **error);

SimModuleKind sim_module_get_kind(const SimModule *module);
const char *sim_module_get_serial(const SimModule *module);
void sim_module_get_id(const SimModule *module, uint8_t id[static SIM_MODULE_ID_LEN]);

/* Borrowed; NULL if there is no certificate at this place. Forged ones are made on first use. */
const GByteArray *sim_module_get_certificate(SimModule *module, SimChain chain, uint32_t index,
                                             GError **error);

/* Signatures element of an answer: one SignerInfo of the epoch key over the block. */
GByteArray *sim_module_sign(const SimModule *module, const GByteArray *block, bool long_lengths,
                            GError **error);

/* Private scalar of the epoch key (tests). */
TkeSecret *sim_module_dup_scalar(const SimModule *module, GError **error);
