/*
 * The insides of a unit, for the files of this library that send to it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libep11admin/admin-response.h"
#include "libep11admin/unit-transport.h"
#include "libep11admin/unit.h"

struct TkeUnit {
    char *instance;
    char *path; /* of requests to it */
    TkeUnitListEntry entry;
    unsigned number;
    char *name;

    TkeUnitTrust trust;
    GError *refusal;
    bool refused_for_good; /* because of what the service lists: nothing is asked of it */
    TkeModuleChain *chain;

    bool has_identity;
    TkeUnitIdentity identity;
    bool has_remembered;
    TkeUnitIdentity remembered;
    uint8_t floor[TKE_ADMIN_COUNTER_LEN]; /* least counter of an answer to what is under way */

    bool has_attributes;
    TkeAttributes attributes;
    GPtrArray *admins;                    /* of TkeUnitAdmin; NULL: not known */
    unsigned n_waiting;                   /* commands that were prepared and not sent */
    uint8_t given[TKE_ADMIN_COUNTER_LEN]; /* counter of the last of them */
};

TkeUnitAdmin *tke_unit_admin_new(const uint8_t ski[static TKE_SKI_LEN], const char *name,
                                 EVP_PKEY *key, bool made_by_tke);
TkeUnitAdmin *tke_unit_admin_copy(const TkeUnitAdmin *admin);
void tke_unit_admin_free(TkeUnitAdmin *admin);

/* Puts the unit's name in front of the message and into the details. */
void tke_unit_name_error(const TkeUnit *unit, GError **error);

/* From now on no command goes there. */
void tke_unit_refuse(TkeUnit *unit, const GError *why);

/* The same, and nothing that it answers changes that: it is not even asked. Takes why. */
void tke_unit_refuse_for_good(TkeUnit *unit, GError *why);

/* The chain, verified, becomes that of the unit; it is taken. */
void tke_unit_take_chain(TkeUnit *unit, TkeModuleChain *chain);

/*
 * The identifier by which answers name the key of certificate 0: the one in that certificate. The
 * certificates of CEX5 have none (NULL): not compared.
 */
const uint8_t *tke_unit_get_key_ski(const TkeModuleChain *chain);

/* A request around an EP11 message; before it is sent, notes the counter that answers must have
 * reached. */
TkeUnitRequest *tke_unit_new_request(TkeUnit *unit, const GByteArray *message, bool changes_state);

/* The EP11 message in the answer to a request that was run. Errors carry the unit's name. */
GByteArray *tke_unit_open_answer(const TkeUnit *unit, const TkeUnitRequest *request,
                                 GError **error);

/*
 * Accepts an answer: signature by the module's key, right unit, right command, serial number as
 * listed, a counter that has not passed; then identity and counter are the unit's. What is not in
 * order refuses the unit. A refusal of the command is no error here.
 */
bool tke_unit_accept(TkeUnit *unit, TkeAdminResponse *response, const TkeAdminExpectation *expected,
                     GError **error);
