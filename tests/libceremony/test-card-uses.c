/*
 * What cards tell of their use, after the ceremony in which they were used.
 */
#include "libceremony/card-uses.h"

#include "libceremony/op-card.h"
#include "libceremony/op-mk-load.h"
#include "libceremony/op-thresholds.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

/* The card is put into reader 2 and proves itself there. */
static TkeCardUses
uses_of(CeremonyWorld *world, const char *name)
{
    const TkeCardInfoParams params = { .reader = 2, .prove = true, .quiet = true };
    SimReader *reader = virtual_readers_get(world->cards->readers, 2);
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_restart(world);
    (void) sim_reader_remove(reader);
    card_world_check(sim_reader_insert(reader, g_hash_table_lookup(world->by_name, name), &error),
                     error);
    card_world_check(tke_op_card_info(world->op, &params, &infos, &error), error);
    (void) sim_reader_remove(reader);
    return ((const TkeCardInfo *) g_ptr_array_index(infos, 0))->uses;
}

static void
check_uses(CeremonyWorld *world, const char *name, bool signature, bool part)
{
    const TkeCardUses uses = uses_of(world, name);

    ck_assert_msg(uses.known, "%s", name);
    ck_assert_msg(uses.signature == signature, "%s", name);
    ck_assert_msg(uses.part == part, "%s", name);
}

static void
load_master_key(CeremonyWorld *world)
{
    static const char *const any[] = { "any", "any" };
    const TkeThresholdsParams thresholds = { .signature = 1, .revocation = 1 };
    const TkeMkLoadParams params = { .n_parts = 2, .parts = any };
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    g_autoptr(GError) error = NULL;

    ceremony_world_restart(world);
    ceremony_world_add_admins(world, 1);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(tke_op_thresholds_set(world->op, world->units, &thresholds, results, &error),
                     error);
    ceremony_world_hand(world, 2, "part-1", "part-2", NULL);
    card_world_check(tke_op_mk_load(world->op, world->units, &params, &result, &error), error);
}

START_TEST(test_a_card_tells_that_its_key_has_signed_and_its_part_was_encrypted)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "empty");
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_part(world, "part-1", "one");
    ceremony_world_make_part(world, "part-2", "two");
    check_uses(world, "admin-1", false, false);
    check_uses(world, "part-1", false, false);
    load_master_key(world);
    check_uses(world, "admin-1", true, false);
    check_uses(world, "part-1", false, true);
    check_uses(world, "part-2", false, true);
    check_uses(world, "empty", false, false);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_card_tells_that_its_key_has_signed_and_its_part_was_encrypted);
}

int
main(void)
{
    return test_main("card-uses", add_tests);
}
