/*
 * What the parts of the service share: what it shall be (sim-service-plan.c), how it is made and
 * kept (sim-service-setup.c), how it answers
 * (sim-service.c), what it tells of itself (sim-service-status.c).
 */
#pragma once

#include <glib.h>

#include "simulator/sim-service.h"
#include "simulator/sim-service-faults.h"
#include "simulator/sim-tls.h"
#include "simulator/sim-unit-internal.h"

typedef struct SimInstance {
    char *id, *name;
} SimInstance;

struct SimService {
    char *units_dir;
    char *account, *user, *region, *resource_group;
    SimUnitOptions options;
    SimTls tls;
    GArray *roots;        /* SimRoot */
    GPtrArray *instances; /* SimInstance */
    GPtrArray *modules;   /* SimModule */
    GPtrArray *units;     /* SimUnit, in listing order */
    SimFaults *faults;
    GMutex lock;        /* of what follows */
    GHashTable *tokens; /* hex SHA-256 of a token → end, monotonic microseconds (gint64 *) */
    unsigned delay_ms, n_requests, n_done;
};

/* A unit as a scenario or service.json describes it; texts are owned. */
typedef struct SimUnitPlan {
    SimUnitType type;
    SimModuleKind kind;
    uint32_t module, domain;
    char *zone, *host;
    char *serial, *hsm_id; /* NULL in a scenario: to be drawn */
    unsigned instance;
    bool has_permissions, has_control_points; /* in a scenario: how the unit begins */
    uint8_t permissions[4], control_points[SIM_CPS_LEN];
} SimUnitPlan;

void sim_unit_plan_free(gpointer plan);

/* Reads texts, options and instances into the service, and its units, in listing order, into
 * plans. */
bool sim_service_read(SimService *service, JsonObject *object, GPtrArray *plans, GError **error);

/* Draws serial numbers and hsm ids that are missing; refuses plans that contradict each other. */
bool sim_service_complete(GPtrArray *plans, GError **error);

/* Whether an Authorization header (NULL: none) holds a token that has not expired. */
bool sim_service_check_token(SimService *service, const char *authorization);
