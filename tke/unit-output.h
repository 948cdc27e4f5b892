/*
 * Crypto units as commands print them (functions 4.2, 4.4): blocks, one for each service instance.
 */
#pragma once

#include "libceremony/unit-step.h"
#include "tke/cli.h"

/* Endpoint, region, user, account, resource group, as listings begin. */
void tke_cli_output_head(TkeCli *cli);

/* The units with selection, type and location. */
void tke_cli_output_units(TkeCli *cli);

typedef enum {
    TKE_CLI_BLOCK_THRESHOLDS,
    TKE_CLI_BLOCK_ADMINS,
    TKE_CLI_BLOCK_NEW_REGISTER,
    TKE_CLI_BLOCK_CURRENT_REGISTER,
    TKE_CLI_BLOCK_CONTROL_POINTS, /* of states that were queried with them */
    TKE_CLI_BLOCK_STATE,          /* units that could not be read, and why */
} TkeCliBlock;

/* Begins the part of an instance. */
void tke_cli_begin_instance(TkeCli *cli, const char *instance);

/*
 * One block for each instance over the states. With mark, what differs from the first unit is
 * marked; returns true if anything differs.
 */
bool tke_cli_output_block(TkeCli *cli, TkeCliBlock block, GPtrArray *states, bool mark);

/*
 * Prints the warnings of the states. Units that could not be read are told in a block of their
 * own, after the others; the first one's error is the command's then.
 */
bool tke_cli_check_readable(TkeCli *cli, GPtrArray *states, GError **error);

/* Queries the selected units and prints these blocks: what commands show after a change, and
 * queries. */
bool tke_cli_show_state(TkeCli *cli, const TkeCliBlock *blocks, unsigned n, GError **error);

/*
 * What commands show after a change: the state as above, also where only some units were changed;
 * then the error stays. Returns false if ok is false. error may be NULL.
 */
bool tke_cli_show_after(TkeCli *cli, bool ok, const TkeCliBlock *blocks, unsigned n,
                        GError **error);

/* Steps that earlier commands, or this one, have not finished in all units, and what continues
 * them. */
void tke_cli_output_unfinished(TkeCli *cli);

/* What became of a step in each unit. */
void tke_cli_output_results(TkeCli *cli, TkeUnitResults *results);

/* The note that ends listings. */
void tke_cli_output_note(TkeCli *cli);
