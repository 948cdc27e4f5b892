/*
 * The end of a session: what PINs have opened is closed, or a person is told to take the card out
 * (functions 2.2, P-2; F-006).
 */
#include "libceremony/advice.h"
#include "libceremony/card-session-private.h"
#include "libceremony/op-card.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

/* What a reader answers in the card's place to a command to a PIN that does not come from its
 * keypad. */
static const uint16_t filters[] = { 0x6404, 0x9000 };

/* The member's card lies in reader 2. */
static CeremonyWorld *
member_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_restart(world);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                ceremony_world_card(world, "member"), &error));
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    return world;
}

static bool
need_pin(CeremonyWorld *world, bool fresh, GError **error)
{
    return tke_card_session_need_pin(world->op, 2, TKE_PIN_FIRST, fresh, error);
}

/* What windows and “tke card info” show of the reader. */
static void
check_shown(CeremonyWorld *world)
{
    const TkeCardInfoParams params = { .quiet = true };
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;
    const TkeCardInfo *second = NULL;

    card_world_check(tke_op_card_info(world->op, &params, &infos, &error), error);
    for (guint i = 0; i < infos->len; i++) {
        const TkeCardInfo *info = g_ptr_array_index(infos, i);

        second = info->reader == 2 ? info : second;
    }
    ck_assert(second != NULL && second->trouble != NULL);
    test_says(second->trouble->message, "take the card out now");
}

/* The officer ends the session, and the card does not. */
static void
check_left_open(CeremonyWorld *world, const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);
    g_autoptr(GError) none = NULL;

    test_says(error != NULL ? error->message : NULL, "reader 2: take the card out now");
    test_says(error->message, "may still be open");
    test_says(advice, "without power no PIN stays open");
    ck_assert_ptr_null(tke_card_session_get(world->session, 2, NULL));
    /* a look at the readers does not make it a card that is used */
    card_world_check(tke_card_session_look(world->op, NULL, &none), none);
    ck_assert_ptr_null(tke_card_session_get(world->session, 2, NULL));
    test_says(tke_card_session_get_trouble(world->session, 2)->message, "take the card out now");
    check_shown(world);
    /* nor does a step that has failed */
    tke_card_session_drop(world->session, 2);
    card_world_check(tke_card_session_look(world->op, NULL, &none), none);
    ck_assert_ptr_null(tke_card_session_get(world->session, 2, NULL));
    check_shown(world);
}

START_TEST(test_a_session_that_cannot_be_ended_says_that_the_card_is_to_be_taken_out)
{
    g_autoptr(CeremonyWorld) world = member_world();
    SimReader *reader = virtual_readers_get(world->cards->readers, 2);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) later = NULL;

    card_world_check(need_pin(world, false, &later), later);
    test_fault_card_source_set_filter(world->source, filters[_i]);
    test_fault_card_source_refuse_resets(world->source);
    ck_assert(!tke_card_session_lock(world->session, 2, &error));
    check_left_open(world, error);
    sim_reader_remove(reader);
    card_world_check(tke_card_session_look(world->op, NULL, &later), later);
    ck_assert_ptr_null(tke_card_session_get_trouble(world->session, 2));
    ck_assert(sim_reader_insert(reader, ceremony_world_card(world, "member"), &later));
    card_world_check(tke_card_session_look(world->op, NULL, &later), later);
    card_world_check(need_pin(world, false, &later), later);
}
END_TEST

START_TEST(test_a_card_that_is_silent_when_the_session_ends_is_to_be_taken_out)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    card_world_check(need_pin(world, false, &error), error);
    test_fault_card_source_clear(world->source);
    test_fault_card_source_set(world->source, 1, TEST_CARD_FAULT_SILENT, NULL);
    ck_assert(!tke_card_session_lock(world->session, 2, &error));
    check_left_open(world, error);
}
END_TEST

START_TEST(test_a_card_that_was_pulled_or_reset_meanwhile_is_locked)
{
    static const TestCardFault faults[] = { TEST_CARD_FAULT_PULL_BEFORE, TEST_CARD_FAULT_RESET };
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    card_world_check(need_pin(world, false, &error), error);
    test_fault_card_source_clear(world->source);
    test_fault_card_source_set(world->source, 1, faults[_i], NULL);
    card_world_check(tke_card_session_lock(world->session, 2, &error), error);
    ck_assert_ptr_null(tke_card_session_get_trouble(world->session, 2));
    ck_assert(!tke_card_session_is_unlocked(world->session, 2, TKE_PIN_FIRST));
}
END_TEST

/* From now on no PIN is closed. */
static void
on_first_pin(CeremonyWorld *world)
{
    test_fault_card_source_set_filter(world->source, filters[0]);
    test_fault_card_source_refuse_resets(world->source);
}

/* The CA card in reader 2 is to be locked when it was checked, and a new backup when it is made. */
START_TEST(test_a_card_that_a_step_leaves_open_is_told)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardInfoParams params = { .reader = 2, .check = true };
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_restart(world);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                ceremony_world_card(world, "ca"), &error));
    world->at_pin = on_first_pin;
    card_world_check(tke_op_card_info(world->op, &params, &infos, &error), error);
    ck_assert_int_eq(((TkeCardInfo *) infos->pdata[0])->genuine, TKE_GENUINE_YES);
    test_says(world->notes->str, "reader 2: take the card out now");
    check_shown(world);
}
END_TEST

START_TEST(test_a_new_backup_that_stays_open_is_told)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeZoneBackupParams params = { .card_description = "backup" };
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_CA);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "new", NULL);
    world->at_pin = on_first_pin;
    card_world_check(tke_op_zone_backup(world->op, &params, NULL, &error), error);
    test_says(world->notes->str, "reader 2: take the card out now");
    check_shown(world);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_card_that_a_step_leaves_open_is_told);
    tcase_add_test(tests, test_a_new_backup_that_stays_open_is_told);
    const int n_filters = (int) G_N_ELEMENTS(filters);

    tcase_add_loop_test(tests,
                        test_a_session_that_cannot_be_ended_says_that_the_card_is_to_be_taken_out,
                        0, n_filters);
    tcase_add_test(tests, test_a_card_that_is_silent_when_the_session_ends_is_to_be_taken_out);
    tcase_add_loop_test(tests, test_a_card_that_was_pulled_or_reset_meanwhile_is_locked, 0, 2);
}

int
main(void)
{
    return test_main("session-lock", add_tests);
}
