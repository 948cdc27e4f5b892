/*
 * The query of one unit, step by step: what to ask, and the verification at the end. Internal to
 * unit-query.c, which sends the questions of all units together.
 */
#pragma once

#include "libep11admin/unit-ask.h"
#include "libep11admin/unit-query.h"

/* What is asked of one unit. The asks belong to the array asks. */
typedef struct TkeUnitQuery {
    TkeUnit *unit;
    TkeUnitState *state;
    TkeUnitQueryFlags flags;
    const TkeModuleRoots *roots;
    TkeModuleChain *chain; /* of this query, until the unit has it */
    bool warm;             /* the chain is known and verified */
    GPtrArray *asks;       /* all of them, owned */
    TkeUnitAsk *attributes, *admins, *info;
    TkeUnitAsk *current_vp, *new_vp; /* NULL unless signed patterns are wanted */
    TkeUnitAsk *control_points;      /* NULL unless they are wanted */
    TkeUnitAsk *count;               /* NULL with a known module */
    GPtrArray *certificates;         /* of TkeUnitAsk, index 0 first; borrowed */
    GPtrArray *names;                /* of TkeUnitAsk, in the order of the list; borrowed */
} TkeUnitQuery;

TkeUnitQuery *tke_unit_query_step_new(TkeUnit *unit, const TkeModuleRoots *roots,
                                      TkeUnitQueryFlags flags);
void tke_unit_query_step_free(TkeUnitQuery *query);

/*
 * What to ask in the first, second and third round; the asks are added to query->asks. The second
 * and third look at the answers so far without trusting them; when they fail, the query is over.
 */
void tke_unit_query_step_first(TkeUnitQuery *query, const TkeKnownModules *known);
bool tke_unit_query_step_second(TkeUnitQuery *query, GError **error);
bool tke_unit_query_step_third(TkeUnitQuery *query, GError **error);

/* The end: verifies chain and answers, then fills the state and brings the unit up to date. */
bool tke_unit_query_step_verify(TkeUnitQuery *query, TkeKnownModules *known, GError **error);
