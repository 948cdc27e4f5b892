/*
 * What is told before a signature key is deleted: the crypto units that are known to have it
 * (functions 2.13).
 */
#include <string.h>

#include "common/hex.h"
#include "libceremony/op-key-part.h"
#include "libceremony/unit-memory.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

#define TOLD "installed as administrator, when seen last, in: "

/* Asks to delete the key of the card, and refuses; what was told. */
static const char *
ask_to_delete(CeremonyWorld *world, const char *card)
{
    g_autofree char *ski = NULL;
    TkeDeleteParams params = { .n_places = 0 };
    TkeDeleteResult result = { 0 };
    g_autoptr(GError) error = NULL;
    SimCardInfo info;

    sim_card_get_info(g_hash_table_lookup(world->by_name, card), &info);
    params.ski = ski = tke_hex_encode(info.ski, sizeof info.ski);
    ceremony_world_hand(world, 2, card, NULL);
    world->refuse = true;
    ck_assert(!tke_op_delete_keys(world->op, &params, &result, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    return world->details->str;
}

START_TEST(test_units_that_have_the_key_are_named_before_it_is_deleted)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(2);
    g_autoptr(GPtrArray) states = NULL;
    const char *told = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_admin(world, "admin-2", "Bob");
    ck_assert_ptr_null(strstr(ask_to_delete(world, "admin-1"), TOLD));
    ceremony_world_restart(world);

    ceremony_world_add_admins(world, 1);
    states = ceremony_world_states(world);
    told = strstr(ask_to_delete(world, "admin-1"), TOLD);
    ck_assert_ptr_nonnull(told);
    for (guint i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        ck_assert_ptr_nonnull(strstr(told, tke_unit_get_name(state->unit)));
    }
    ceremony_world_restart(world);
    ck_assert_ptr_null(strstr(ask_to_delete(world, "admin-2"), TOLD)); /* it is installed nowhere */
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_units_that_have_the_key_are_named_before_it_is_deleted);
}

int
main(void)
{
    return test_main("key-delete", add_tests);
}
