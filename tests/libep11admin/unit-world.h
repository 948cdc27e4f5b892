/*
 * What tests of queries and commands start from: scripted units behind a transport that can be
 * spoiled, their TkeUnits, administrators with keys in memory.
 */
#pragma once

#include "libep11admin/admin-certificate.h"
#include "libep11admin/unit-command.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-query.h"
#include "tests/libep11admin/fake-units.h"
#include "tests/libep11admin/test-signers.h"
#include "tests/support/fault-unit-transport.h"
#include "tests/support/test-bytes.h"

typedef struct UnitAdmin {
    EVP_PKEY *key;
    TestSigner signer;
    GByteArray *certificate;
} UnitAdmin;

typedef struct UnitWorld {
    FakeUnits *fakes;
    TkeUnitTransport *transport; /* a fault transport */
    GPtrArray *units;            /* of TkeUnit */
    UnitAdmin admins[3];         /* Alice, Bob, Carol */
} UnitWorld;

static inline void
unit_admin_init(UnitAdmin *admin, const char *name)
{
    g_autoptr(GError) error = NULL;

    admin->key = tke_ec_key_generate(&error);
    ck_assert_ptr_nonnull(admin->key);
    admin->signer = test_signer(admin->key);
    admin->signer.base.name = (char *) name;
    admin->certificate =
        tke_admin_certificate_new(&admin->signer.base, admin->key, name, NULL, &error);
    ck_assert_msg(admin->certificate != NULL, "%s", error == NULL ? "" : error->message);
}

static inline void
unit_world_check(bool ok, const GError *error)
{
    ck_assert_msg(ok, "%s", error == NULL ? "failed without an error" : error->message);
}

/* n units with so many of the administrators; thresholds sig and rev (0: imprint mode). */
static inline UnitWorld *
unit_world_new(unsigned n, unsigned n_recovery, unsigned n_admins, unsigned sig, unsigned rev)
{
    static const char *const names[] = { "Alice", "Bob", "Carol" };
    UnitWorld *world = g_new0(UnitWorld, 1);
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        unit_admin_init(&world->admins[i], names[i]);
    }
    world->fakes = fake_units_new(n, n_recovery);
    for (unsigned i = 0; i < n; i++) {
        FakeUnit *fake = fake_units_get(world->fakes, i);

        for (unsigned j = 0; j < n_admins; j++) {
            fake_unit_add_admin(fake, world->admins[j].certificate);
        }
        fake->sig = sig;
        fake->rev = rev;
    }
    world->transport = test_fault_unit_transport_new(fake_units_new_transport(world->fakes));
    world->units = tke_unit_query_list(world->transport, FAKE_INSTANCE, 1, NULL, &error);
    unit_world_check(world->units != NULL, error);
    ck_assert_uint_eq(world->units->len, n);
    return world;
}

static inline void
unit_world_free(UnitWorld *world)
{
    g_ptr_array_unref(world->units);
    tke_unit_transport_free(world->transport);
    fake_units_free(world->fakes);
    for (unsigned i = 0; i < G_N_ELEMENTS(world->admins); i++) {
        EVP_PKEY_free(world->admins[i].key);
        g_byte_array_unref(world->admins[i].certificate);
    }
    g_free(world);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UnitWorld, unit_world_free)

static inline TkeUnit *
unit_world_unit(UnitWorld *world, unsigned i)
{
    return g_ptr_array_index(world->units, i);
}

/* The states of all units; errors are in the states. */
static inline GPtrArray *
unit_world_query(UnitWorld *world, TkeKnownModules *known, TkeUnitQueryFlags flags)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *states = tke_unit_query_states(
        world->transport, (TkeUnit *const *) world->units->pdata, world->units->len,
        fake_units_get_roots(world->fakes), known, flags, NULL, &error);

    unit_world_check(states != NULL, error);
    ck_assert_uint_eq(states->len, world->units->len);
    return states;
}

/* The same, and all of them are in order. */
static inline void
unit_world_query_well(UnitWorld *world)
{
    g_autoptr(GPtrArray) states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);

    for (guint i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        unit_world_check(state->error == NULL, state->error);
    }
}

/* Sends a command that must be done. */
static inline void
unit_world_send(UnitWorld *world, TkeUnitCommand *command)
{
    g_autoptr(GError) error = NULL;

    unit_world_check(tke_unit_command_send(world->transport, &command, 1, NULL, &error), error);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_DONE);
    ck_assert_ptr_null(tke_unit_command_get_error(command));
}

/* Lets administrator number so sign. */
static inline void
unit_world_sign(UnitWorld *world, TkeUnitCommand *command, unsigned admin)
{
    g_autoptr(GError) error = NULL;

    unit_world_check(
        tke_unit_command_add_signer(command, &world->admins[admin].signer.base, NULL, &error),
        error);
}

/* A command that must have been made; returns it. */
static inline TkeUnitCommand *
unit_world_made(TkeUnitCommand *command, GError **error)
{
    unit_world_check(command != NULL, *error);
    return command;
}

/* There is no command, because of a precondition that names the word. */
static inline void
unit_world_check_precondition(TkeUnitCommand *command, GError **error, const char *word)
{
    ck_assert_ptr_null(command);
    test_bytes_check_error(*error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_PRECONDITION);
    ck_assert_msg(strstr((*error)->message, word) != NULL, "%s", (*error)->message);
}
