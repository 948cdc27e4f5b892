/*
 * What PINs have opened is closed when its time is over, also while a step waits (functions 2.2,
 * P-4; F-008), and no other card stays open than the CA card in reader 1.
 */
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/test-main.h"

/* As if nobody had used the card in the reader for so long. */
static void
let_pass(CeremonyWorld *world, unsigned reader, gint64 us)
{
    TkeCardSlot *slot = tke_card_session_slot(world->session, reader);

    slot->used_at[0] -= us;
    slot->used_at[1] -= us;
}

/* The time of the card in reader 1 is over, whatever its kind. */
static bool
on_left_alone(CeremonyWorld *world, const TkePrompt *prompt)
{
    ck_assert_uint_eq(prompt->reader, 2);
    let_pass(world, 1, (gint64) TKE_CARD_SESSION_EP11_IDLE_S * G_USEC_PER_SEC);
    return false;
}

/* The zone lies open in reader 1; nobody needs its PINs for what comes next. */
static CeremonyWorld *
open_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);
    const TkeCardInfoParams params = { .reader = 1, .check = true };
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_blank(world, "new", SIM_CARD_EP11);
    ceremony_world_restart(world);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 1),
                                ceremony_world_card(world, "ca"), &error));
    card_world_check(tke_op_card_info(world->op, &params, &infos, &error), error);
    g_string_truncate(world->prompts, 0);
    return world;
}

/* ---- the PINs are asked for again ---- */

START_TEST(test_a_card_is_enrolled_without_pins_while_the_zone_is_open)
{
    g_autoptr(CeremonyWorld) world = open_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "new", NULL);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    ck_assert_str_eq(world->prompts->str, "insert enroll, reader 2\n");
}
END_TEST

START_TEST(test_a_step_that_waits_too_long_asks_for_both_pins_again)
{
    g_autoptr(CeremonyWorld) world = open_world();
    g_autoptr(GError) error = NULL;

    world->at_insert = on_left_alone;
    ceremony_world_hand(world, 2, "new", NULL);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    ck_assert_str_eq(world->prompts->str,
                     "insert enroll, reader 2\npin, reader 1\npin, reader 1\n");
    ck_assert_int_eq(ceremony_world_info(world, "new").life_cycle, TKE_CARD_MEMBER);
    ck_assert_uint_gt(tke_card_session_ca_seconds_left(world->session), 0);
}
END_TEST

START_TEST(test_a_card_is_not_enrolled_without_the_pins_that_are_asked_for_again)
{
    g_autoptr(CeremonyWorld) world = open_world();
    g_autoptr(GError) error = NULL;

    world->at_insert = on_left_alone;
    ceremony_world_hand(world, 2, "new", NULL);
    ceremony_world_type(world, 1, "C");
    ck_assert(!tke_op_card_enroll(world->op, NULL, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_PIN_CANCELLED);
    ck_assert_int_ne(ceremony_world_info(world, "new").life_cycle, TKE_CARD_MEMBER);
    ck_assert_uint_eq(tke_card_session_ca_seconds_left(world->session), 0);
}
END_TEST

START_TEST(test_a_card_is_not_unblocked_without_the_pins_that_are_asked_for_again)
{
    g_autoptr(CeremonyWorld) world = open_world();
    g_autoptr(GError) error = NULL;

    ck_assert(sim_card_block_pin(ceremony_world_card(world, "member"), TKE_PIN_FIRST));
    world->at_insert = on_left_alone;
    ceremony_world_hand(world, 2, "member", NULL);
    ceremony_world_type(world, 1, _i == 0 ? "C" : WORLD_FIRST "E");
    ck_assert_int_eq(tke_op_card_unblock(world->op, NULL, &error), _i == 1);
    ck_assert(_i == 1 || tke_card_error_code(error) == TKE_CARD_ERROR_PIN_CANCELLED);
    ck_assert_uint_eq(ceremony_world_info(world, "member").pin_tries[0],
                      _i == 0 ? 0 : TKE_PIN_TRIES_EP11);
}
END_TEST

START_TEST(test_a_backup_that_waits_too_long_asks_for_both_pins_again)
{
    g_autoptr(CeremonyWorld) world = open_world();
    const TkeZoneBackupParams params = { .card_description = "Copy" };
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca-2", SIM_CARD_CA);
    world->at_insert = on_left_alone;
    ceremony_world_hand(world, 2, "ca-2", NULL);
    card_world_check(tke_op_zone_backup(world->op, &params, NULL, &error), error);
    ck_assert_str_eq(world->prompts->str,
                     "pin, reader 1\npin, reader 1\ninsert backup-target, reader 2\n"
                     "pin, reader 1\npin, reader 1\npin, reader 2\npin, reader 2\n");
}
END_TEST

START_TEST(test_a_copy_that_waits_too_long_asks_for_the_pin_again)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const TkeCopyParams params = { .everything = true };
    TkeCopyResult result = { 0 };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "alice");
    ceremony_world_make_part(world, "alice", "Part A");
    ceremony_world_make_member(world, "copy");
    ceremony_world_restart(world);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 1),
                                ceremony_world_card(world, "alice"), &error));
    world->at_insert = on_left_alone;
    ceremony_world_hand(world, 2, "copy", NULL);
    card_world_check(tke_op_copy_card(world->op, &params, &result, &error), error);
    ck_assert_str_eq(world->prompts->str, "pin, reader 1\ninsert target, reader 2\npin, reader 2\n"
                                          "pin, reader 1\n");
}
END_TEST

/* Somebody has gone while it was asked what to copy, or what to delete. */
static void
on_question(CeremonyWorld *world)
{
    let_pass(world, 1, (gint64) TKE_CARD_SESSION_EP11_IDLE_S * G_USEC_PER_SEC);
    let_pass(world, 2, (gint64) TKE_CARD_SESSION_EP11_IDLE_S * G_USEC_PER_SEC);
    world->at_choice = NULL;
}

START_TEST(test_a_question_that_is_answered_too_late_does_not_use_old_pins)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const TkeCopyParams copy = { .ask = true };
    const TkeDeleteParams delete = { .ask = true };
    TkeCopyResult copied = { 0 };
    TkeDeleteResult deleted = { 0 };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "alice");
    ceremony_world_make_part(world, "alice", "Part A");
    ceremony_world_make_part(world, "alice", "Part B");
    ceremony_world_make_member(world, "copy");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "alice", NULL);
    ceremony_world_hand(world, 2, "copy", NULL);
    world->at_choice = on_question;
    card_world_check(tke_op_copy_card(world->op, &copy, &copied, &error), error);
    ck_assert_msg(
        g_str_has_suffix(world->prompts->str, "pin, reader 2\npin, reader 1\npin, reader 2\n"),
        "%s", world->prompts->str);

    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "copy", NULL);
    world->at_choice = on_question;
    card_world_check(tke_op_delete_keys(world->op, &delete, &deleted, &error), error);
    ck_assert_msg(g_str_has_suffix(world->prompts->str, "pin, reader 2\npin, reader 2\n"), "%s",
                  world->prompts->str);
}
END_TEST

/* ---- and what is open is closed in time ---- */

static unsigned waits;

/* First the step waits until the time is over, then, with the card closed, for as long as it
 * takes. */
static void
on_wait(void *data, int timeout_ms)
{
    CeremonyWorld *world = data;
    const SimCardInfo info = ceremony_world_info(world, "ca");
    g_autoptr(GError) error = NULL;

    waits++;
    if (waits == 1) {
        ck_assert_int_gt(timeout_ms, 0);
        ck_assert_int_le(timeout_ms, (int) TKE_CARD_SESSION_CA_IDLE_S * 1000 + 1);
        ck_assert(info.pin_verified[0] && info.pin_verified[1]);
        let_pass(world, 1, (gint64) TKE_CARD_SESSION_CA_IDLE_S * G_USEC_PER_SEC);
        return;
    }
    ck_assert_uint_eq(waits, 2);
    ck_assert_int_eq(timeout_ms, -1);
    ck_assert(!info.pin_verified[0] && !info.pin_verified[1]);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                ceremony_world_card(world, "new"), &error));
}

static bool
on_nobody_there(CeremonyWorld *world, const TkePrompt *prompt)
{
    (void) world;
    (void) prompt;
    return true;
}

START_TEST(test_the_card_itself_is_closed_while_a_step_waits)
{
    g_autoptr(CeremonyWorld) world = open_world();
    g_autoptr(GError) error = NULL;

    waits = 0;
    world->at_insert = on_nobody_there;
    test_fault_card_source_set_wait(world->source, on_wait);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    ck_assert_uint_eq(waits, 2);
    ck_assert_str_eq(world->prompts->str,
                     "insert enroll, reader 2\npin, reader 1\npin, reader 1\n");
}
END_TEST

static void
check_locked(CeremonyWorld *world, unsigned reader, const char *name)
{
    const SimCardInfo info = ceremony_world_info(world, name);

    ck_assert(!info.pin_verified[0]);
    ck_assert(!info.pin_verified[1]);
    ck_assert(!tke_card_session_is_unlocked(world->session, reader, TKE_PIN_FIRST));
    ck_assert(!tke_card_session_is_unlocked(world->session, reader, TKE_PIN_SECOND));
}

/* Between two commands of a shell. */
START_TEST(test_a_card_is_locked_while_nothing_is_done)
{
    g_autoptr(CeremonyWorld) world = open_world();
    g_autoptr(GError) error = NULL;
    unsigned locked = 7;
    int ms = 0;

    ck_assert(tke_card_session_idle(world->session, &locked, &ms, &error));
    ck_assert_uint_eq(locked, 0);
    ck_assert_int_gt(ms, 0);
    ck_assert_int_le(ms, (int) TKE_CARD_SESSION_CA_IDLE_S * 1000 + 1);
    let_pass(world, 1, (gint64) TKE_CARD_SESSION_CA_IDLE_S * G_USEC_PER_SEC);
    ck_assert(tke_card_session_idle(world->session, &locked, &ms, &error));
    ck_assert_uint_eq(locked, 1);
    check_locked(world, 1, "ca");
    ck_assert(tke_card_session_idle(world->session, &locked, &ms, &error));
    ck_assert_uint_eq(locked, 0);
    ck_assert_int_eq(ms, -1);
}
END_TEST

START_TEST(test_a_card_that_cannot_be_locked_while_nothing_is_done_is_told_once)
{
    g_autoptr(CeremonyWorld) world = open_world();
    g_autoptr(GError) error = NULL;
    unsigned locked = 0;
    int ms = 0;

    test_fault_card_source_set_filter(world->source, 0x9000); /* a reader that answers itself */
    test_fault_card_source_refuse_resets(world->source);
    let_pass(world, 1, (gint64) TKE_CARD_SESSION_CA_IDLE_S * G_USEC_PER_SEC);
    ck_assert(!tke_card_session_idle(world->session, &locked, &ms, &error));
    ck_assert_msg(strstr(error->message, "reader 1: take the card out now") != NULL, "%s",
                  error->message);
    ck_assert_int_eq(ms, 0);
    g_clear_error(&error);
    ck_assert(tke_card_session_idle(world->session, &locked, &ms, &error));
    ck_assert_uint_eq(locked, 0);
    ck_assert_int_eq(ms, -1);
}
END_TEST

/* ---- reader 2 ---- */

static bool
on_pin_of_second(CeremonyWorld *world, const TkePrompt *prompt)
{
    (void) prompt;
    ceremony_world_type(world, 2, WORLD_FIRST "E" WORLD_FIRST "E");
    ceremony_world_type(world, 2, "C");
    return false;
}

START_TEST(test_a_new_backup_is_locked_when_the_step_is_over)
{
    g_autoptr(CeremonyWorld) world = open_world();
    const TkeZoneBackupParams params = { .card_description = "Copy" };
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca-2", SIM_CARD_CA);
    ceremony_world_hand(world, 2, "ca-2", NULL);
    world->at_insert = _i == 1 ? on_pin_of_second : NULL; /* somebody stops at the second PIN */
    ck_assert_int_eq(tke_op_zone_backup(world->op, &params, NULL, &error), _i == 0);
    check_locked(world, 2, "ca-2");
    ck_assert_uint_gt(tke_card_session_ca_seconds_left(world->session), 0);
}
END_TEST

START_TEST(test_a_ca_card_in_reader_2_is_locked_when_it_is_checked)
{
    g_autoptr(CeremonyWorld) world = open_world();
    const TkeCardInfoParams both = { .check = true };
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;

    sim_reader_remove(virtual_readers_get(world->cards->readers, 1));
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                ceremony_world_card(world, "ca"), &error));
    card_world_check(_i == 0 ? tke_op_card_check(world->op, 0, &infos, &error)
                             : tke_op_card_info(world->op, &both, &infos, &error),
                     error);
    ck_assert_str_eq(world->prompts->str, "pin, reader 2\npin, reader 2\n");
    check_locked(world, 2, "ca");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_card_is_enrolled_without_pins_while_the_zone_is_open);
    tcase_add_test(tests, test_a_step_that_waits_too_long_asks_for_both_pins_again);
    tcase_add_test(tests, test_a_card_is_not_enrolled_without_the_pins_that_are_asked_for_again);
    tcase_add_loop_test(
        tests, test_a_card_is_not_unblocked_without_the_pins_that_are_asked_for_again, 0, 2);
    tcase_add_test(tests, test_a_backup_that_waits_too_long_asks_for_both_pins_again);
    tcase_add_test(tests, test_a_copy_that_waits_too_long_asks_for_the_pin_again);
    tcase_add_test(tests, test_a_question_that_is_answered_too_late_does_not_use_old_pins);
    tcase_add_test(tests, test_the_card_itself_is_closed_while_a_step_waits);
    tcase_add_test(tests, test_a_card_is_locked_while_nothing_is_done);
    tcase_add_test(tests, test_a_card_that_cannot_be_locked_while_nothing_is_done_is_told_once);
    tcase_add_loop_test(tests, test_a_new_backup_is_locked_when_the_step_is_over, 0, 2);
    tcase_add_loop_test(tests, test_a_ca_card_in_reader_2_is_locked_when_it_is_checked, 0, 2);
}

int
main(void)
{
    return test_main("open-too-long", add_tests);
}
