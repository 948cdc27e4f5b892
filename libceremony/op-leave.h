/*
 * Leave unfinished steps as they are, for good (functions 3.2, P-7; F-177).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"

/* A step that is not unfinished any more in this unit. */
typedef struct TkeLeftStep {
    char *action; /* of the activity log */
    char *what;   /* for people, translated */
    char *started;
    char *id; /* of the unit */
    char *instance;
    char *location;
    const char *name;  /* of a unit that is listed, borrowed from that; NULL: it is gone */
    const char *state; /* as noted last: "unknown", "done", "not done" */
} TkeLeftStep;

/*
 * Nothing is sent. Units that are gone from a listing that names others of their instance do not
 * concern the unfinished steps any more; with listed, the selected ones, of one instance, do not
 * either, which has to be typed. Recorded in the activity log. steps (TkeLeftStep; the caller
 * frees) gets what was left, an empty array where there was nothing.
 */
TKE_PUBLIC bool tke_op_leave(TkeOperation *op, TkeUnitDirectory *directory, bool listed,
                             GPtrArray **steps, GError **error);
