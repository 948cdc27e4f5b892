/*
 * Units of the simulator behind real TLS on loopback, reached by the real HTTPS transport; two
 * administrators with keys in memory.
 */
#pragma once

#include "libep11admin/known-modules.h"
#include "libep11admin/module-roots.h"
#include "libep11admin/unit-command.h"
#include "libep11admin/unit-query.h"
#include "simulator/sim-https-server.h"
#include "simulator/sim-service.h"
#include "tests/libep11admin/test-signers.h"

typedef struct SimUnits {
    char *dir;
    char *instance;
    SimService *service;
    SimHttpsServer *server;
    TkeModuleRoots *roots;
    TkeUnitTransport *transport;
    GPtrArray *units; /* of TkeUnit */
    EVP_PKEY *keys[2];
    TestSigner signers[2];
    GByteArray *certificates[2];
} SimUnits;

/*
 * One unit for each letter: o operational, r recovery, f failover; each on a module of its own, of
 * the four kinds in turn. In imprint mode, listed, not queried.
 */
SimUnits *sim_units_new(const char *types);
void sim_units_free(SimUnits *units);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimUnits, sim_units_free)

/* Another transport, list and TkeUnits: as a new process would begin. */
void sim_units_start_anew(SimUnits *units);

TkeUnit *sim_units_unit(SimUnits *units, unsigned i);
SimUnit *sim_units_sim(SimUnits *units, unsigned i);

/* Orders a fault (sim-service-faults.h); JSON text with ' for ". */
void sim_units_fault(SimUnits *units, const char *order);

GPtrArray *sim_units_query(SimUnits *units, TkeKnownModules *known, TkeUnitQueryFlags flags);
void sim_units_query_well(SimUnits *units);

/* One command for each unit, signed by the first n_signers, sent; all must be done. */
typedef TkeUnitCommand *(*SimUnitsMake)(SimUnits *units, unsigned i, GError **error);
GPtrArray *sim_units_run(SimUnits *units, SimUnitsMake make, unsigned n_signers);

/* Both administrators added, thresholds 2 and 2. */
void sim_units_secure(SimUnits *units);
