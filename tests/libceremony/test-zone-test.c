/*
 * The test of a backup of the CA card (functions 6.3, step 2): which card is the backup, and that it
 * could take the other one's place.
 */
#include <string.h>

#include "libceremony/op-zone.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

/* ca-1 has a zone, ca-2 is its backup. */
static void
zone_with_backup(CeremonyWorld *world)
{
    const TkeZoneCreateParams create = { .zone_description = "Demo zone",
                                         .card_description = "A/B" };
    const TkeZoneBackupParams backup = { .card_description = "A/B backup" };
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca-1", SIM_CARD_CA);
    ceremony_world_blank(world, "ca-2", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "ca-1", NULL);
    card_world_check(tke_op_zone_create(world->op, &create, NULL, &error), error);
    ceremony_world_hand(world, 2, "ca-2", NULL);
    card_world_check(tke_op_zone_backup(world->op, &backup, NULL, &error), error);
}

static uint8_t *
id_of(CeremonyWorld *world, const char *name)
{
    SimCardInfo info;

    sim_card_get_info(g_hash_table_lookup(world->by_name, name), &info);
    return g_memdup2(info.card_id, TKE_CARD_ID_LEN);
}

/* The CA card that it was made from does not do, nor does one of another zone; nothing is
 * changed. */
START_TEST(test_a_backup_of_the_ca_card_is_tested)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const uint8_t other_zone[TKE_ZONE_ID_LEN] = { 0xee };
    g_autofree uint8_t *original = NULL;
    g_autofree uint8_t *copy = NULL;
    TkeZoneTestParams params = { .other_than = NULL };
    TkeZoneResult result = { 0 };
    TkeZoneResult refused = { 0 };
    g_autoptr(GError) error = NULL;

    zone_with_backup(world);
    original = id_of(world, "ca-1");
    copy = id_of(world, "ca-2");
    params.other_than = original;
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca-1", NULL);
    ceremony_world_hand(world, 1, "ca-2", NULL);
    card_world_check(tke_op_zone_test(world->op, &params, &result, &error), error);
    ck_assert_mem_eq(result.card.card_id, copy, TKE_CARD_ID_LEN);
    ck_assert_uint_eq(ceremony_world_counts(world).pins, 2);
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "insert"));

    params.zone_id = other_zone;
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca-2", NULL);
    /* nobody has a card that fits */
    ck_assert(!tke_op_zone_test(world->op, &params, &refused, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "zone"));
}
END_TEST

/* The card that is put in first is the one that the backup was made from: the log knows it. */
START_TEST(test_the_original_is_not_taken_for_its_backup)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const TkeZoneTestParams params = { .find = true };
    g_autofree uint8_t *copy = NULL;
    TkeZoneResult result = { 0 };
    g_autoptr(GError) error = NULL;

    zone_with_backup(world);
    copy = id_of(world, "ca-2");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca-1", NULL);
    ceremony_world_hand(world, 1, "ca-2", NULL);
    card_world_check(tke_op_zone_test(world->op, &params, &result, &error), error);
    ck_assert_mem_eq(result.card.card_id, copy, TKE_CARD_ID_LEN);
    ck_assert_uint_eq(ceremony_world_counts(world).pins, 2);
    ck_assert_str_eq(world->prompts->str,
                     "insert backup-test, reader 1\ninsert backup-test, reader 1: original\n"
                     "pin, reader 1\npin, reader 1\n");
}
END_TEST

/* After the original only a card of its zone is the backup; a card that nothing is known of may
 * be one. */
START_TEST(test_a_backup_of_another_zone_is_not_the_one_that_is_tested)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const TkeZoneCreateParams other = { .zone_description = "other", .card_description = "" };
    const TkeZoneTestParams params = { .find = true };
    g_autofree uint8_t *stranger = NULL;
    TkeZoneResult result = { 0 };
    g_autoptr(GError) error = NULL;

    zone_with_backup(world);
    ceremony_world_blank(world, "stranger", SIM_CARD_CA);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "stranger", NULL);
    card_world_check(tke_op_zone_create(world->op, &other, NULL, &error), error);
    stranger = id_of(world, "stranger");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca-1", "stranger", NULL);
    ck_assert(!tke_op_zone_test(world->op, &params, &result, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)); /* nobody has another */
    ck_assert_str_eq(world->prompts->str,
                     "insert backup-test, reader 1\ninsert backup-test, reader 1: original\n"
                     "insert backup-test, reader 1: wrong-zone\n");
    g_clear_error(&error);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "stranger", NULL);
    card_world_check(tke_op_zone_test(world->op, &params, &result, &error), error);
    ck_assert_mem_eq(result.card.card_id, stranger, TKE_CARD_ID_LEN);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_backup_of_the_ca_card_is_tested);
    tcase_add_test(tests, test_the_original_is_not_taken_for_its_backup);
    tcase_add_test(tests, test_a_backup_of_another_zone_is_not_the_one_that_is_tested);
}

int
main(void)
{
    return test_main("zone-test", add_tests);
}
