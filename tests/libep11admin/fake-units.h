/*
 * A scripted service with units: answers queries with signed blocks under a chain of three
 * certificates, takes any command whose counter has not passed, and lies where a test tells it to.
 * It checks no signatures and no policy; that is the simulator's.
 */
#pragma once

#include <glib.h>

#include "common/openssl.h"
#include "libep11admin/admin-block.h"
#include "libep11admin/module-roots.h"
#include "libep11admin/unit-transport.h"

#define FAKE_INSTANCE "11111111-2222-3333-4444-555555555555"
#define FAKE_CHAIN 3u

typedef struct FakeUnit {
    char *hsm_id;
    char *serial;
    uint32_t domain;
    EVP_PKEY *epoch;         /* signs the answers; is certified by certificates[0] */
    GPtrArray *certificates; /* of GByteArray */
    TkeUnitIdentity identity;
    uint32_t sig, rev, perms, mode;
    GPtrArray *admins; /* of GByteArray: certificates */
    uint8_t current_vp[32], new_vp[32];
    bool committed;
    unsigned n_commands; /* that were executed */
    /* lies: */
    bool other_key;         /* answers are signed by another key */
    bool old_counter;       /* answers report a counter that has passed */
    bool old_admins;        /* so do those about administrators, */
    bool other_admins;      /* or they come from another instance of the domain */
    bool other_vp;          /* the unsigned information shows another pattern */
    uint32_t other_flags;   /* bits that are wrong there */
    uint32_t refuse_code;   /* next command is refused with this return code, */
    uint32_t refuse_reason; /* and this reason */
    /* commands are executed, and answered with a refusal of before: this code */
    uint32_t replay_code;
    uint32_t replay_reason; /* and this reason; */
    /* or with one of after: got by a command with a counter that has passed */
    bool replay_after;
    struct FakeUnit *before;    /* what it was (fake_unit_note_before), */
    uint32_t before_query;      /* from which this query is answered */
    uint32_t refuse_query;      /* this query is refused, */
    uint32_t refuse_query_code; /* with this return code */
} FakeUnit;

typedef struct FakeUnits FakeUnits;

/* n units on as many modules; the first n - n_recovery are operational. */
FakeUnits *fake_units_new(unsigned n, unsigned n_recovery);
void fake_units_free(FakeUnits *units);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeUnits, fake_units_free)

FakeUnit *fake_units_get(FakeUnits *units, unsigned i); /* from 0 */
const TkeModuleRoots *fake_units_get_roots(FakeUnits *units);

/* The unit as it is now can answer a query later on. */
void fake_unit_note_before(FakeUnit *unit);

/* The certificate is copied. */
void fake_unit_add_admin(FakeUnit *unit, const GByteArray *certificate);
/* A chain anew: with another epoch key, or below a root that nobody knows. */
void fake_unit_renew_chain(FakeUnits *units, FakeUnit *unit, bool unknown_root);

/* A transport to the units, which must outlive it. */
TkeUnitTransport *fake_units_new_transport(FakeUnits *units);
