/*
 * What programs with windows need of the ceremony: cards that are let go between steps, a card
 * opened to name what is on it, readers that get their numbers, and refusal on the thread of the
 * windows.
 */
#include "common/error.h"
#include "common/main-thread.h"
#include "libceremony/card-session-private.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libceremony/op-reader.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/pin-pad.h"
#include "libsmartcard/sim-transport.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

START_TEST(test_a_card_without_open_pin_is_let_go_and_found_again)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;
    const TkeCardInfoParams params = { 0 };

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "alice");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "alice", NULL);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                g_hash_table_lookup(world->by_name, "alice"), &error));
    ck_assert(tke_op_card_info(world->op, &params, &infos, &error));
    ck_assert_ptr_nonnull(tke_card_session_get(world->session, 2, NULL));

    tke_card_session_rest(world->session);
    ck_assert_ptr_null(tke_card_session_get(world->session, 2, NULL));

    g_clear_pointer(&infos, g_ptr_array_unref);
    ck_assert(tke_op_card_info(world->op, &params, &infos, &error));
    ck_assert_int_eq(((TkeCardInfo *) infos->pdata[1])->status.kind, TKE_CARD_KIND_EP11);
}
END_TEST

START_TEST(test_a_card_with_an_open_pin_is_kept)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeCardInfo) info = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "alice");
    ceremony_world_make_part(world, "alice", "Part A");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "alice", NULL);

    ck_assert_msg(tke_op_card_open(world->op, "contents", &info, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_uint_eq(info->parts.n, 1);
    ck_assert_str_eq(info->parts.parts[0].description, "Part A");
    tke_card_session_rest(world->session);
    ck_assert_ptr_nonnull(tke_card_session_get(world->session, 2, NULL));
    ck_assert(tke_card_session_is_unlocked(world->session, 2, TKE_PIN_FIRST));
    ck_assert(tke_card_session_lock(world->session, 2, NULL));
    tke_card_session_rest(world->session);
    ck_assert_ptr_null(tke_card_session_get(world->session, 2, NULL));
}
END_TEST

START_TEST(test_the_open_ca_card_says_how_long)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;
    const TkeCardInfoParams params = { .reader = 1, .check = true };

    ceremony_world_make_zone(world);
    ceremony_world_restart(world);
    ck_assert_uint_eq(tke_card_session_ca_seconds_left(world->session), 0);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 1),
                                g_hash_table_lookup(world->by_name, "ca"), &error));
    ck_assert(tke_op_card_info(world->op, &params, &infos, &error));
    ck_assert_uint_gt(tke_card_session_ca_seconds_left(world->session), 590);
    ck_assert_uint_le(tke_card_session_ca_seconds_left(world->session), 600);
    ck_assert(tke_card_session_lock(world->session, 1, NULL));
    ck_assert_uint_eq(tke_card_session_ca_seconds_left(world->session), 0);
}
END_TEST

START_TEST(test_the_reader_that_gets_a_card_becomes_reader_1)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeSettings) settings = tke_settings_load(world->world, NULL);
    g_autoptr(TkeReaders) before = NULL;
    g_autoptr(TkeReaders) after = NULL;
    g_autoptr(TkeReaders) swapped = NULL;
    g_autoptr(GError) error = NULL;
    bool lasting = false;

    ceremony_world_blank(world, "any", SIM_CARD_EP11);
    ck_assert(tke_card_session_look(world->op, &before, &error));
    ck_assert(tke_op_reader_swap(world->op, settings, &lasting, &error));
    ck_assert(tke_card_session_look(world->op, &swapped, &error));
    ck_assert_str_eq(swapped->reader[0]->name, before->reader[1]->name);

    ceremony_world_hand(world, 1, "any", NULL); /* into the reader that is on the left */
    ck_assert_msg(tke_op_reader_identify(world->op, settings, &lasting, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert(tke_card_session_look(world->op, &after, &error));
    ck_assert_str_eq(after->reader[0]->name, before->reader[0]->name);
    ck_assert_str_eq(tke_settings_get_readers(settings).key[0], before->reader[0]->serial);
}
END_TEST

START_TEST(test_what_was_chosen_on_one_card_is_not_done_to_another)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeCardInfo) info = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) delete_error = NULL;
    TkeDeleteResult deleted = { 0 };

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "alice");
    ceremony_world_make_part(world, "alice", "Part A");
    ceremony_world_make_member(world, "bob");
    ceremony_world_make_part(world, "bob", "Part B");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "alice", NULL);
    ck_assert(tke_op_card_open(world->op, "contents", &info, &error));
    sim_reader_remove(virtual_readers_get(world->cards->readers, 2));
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                g_hash_table_lookup(world->by_name, "bob"), &error));

    ck_assert(!tke_op_card_describe(
        world->op,
        &(TkeCardDescribeParams){ .card_id = info->status.card_id, .place = 1, .description = "x" },
        NULL, &error));
    ck_assert_int_eq(error->code, TKE_CARD_ERROR_REMOVED);
    ck_assert(!tke_op_delete_keys(
        world->op,
        &(TkeDeleteParams){ .card_id = info->status.card_id, .n_places = 1, .places = { 1 } },
        &deleted, &delete_error));
    ck_assert_int_eq(delete_error->code, TKE_CARD_ERROR_REMOVED);
    ck_assert_uint_eq(deleted.n_deleted, 0);
}
END_TEST

START_TEST(test_a_check_asks_every_reader_for_its_keypad)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GPtrArray) checks = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_msg(tke_op_reader_check(world->op, &checks, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_uint_eq(checks->len, 2);
    for (guint i = 0; i < checks->len; i++) {
        const TkeReaderCheck *check = checks->pdata[i];

        ck_assert_uint_eq(check->number, i + 1);
        ck_assert_ptr_null(check->trouble);
    }
}
END_TEST

START_TEST(test_cards_and_services_refuse_the_thread_of_the_windows)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) card_error = NULL;
    g_autoptr(GError) unit_error = NULL;
    TkeUnitRequest *request = tke_unit_request_new("/", NULL, NULL, false);

    tke_main_thread_mark();

    ck_assert_ptr_null(tke_sim_transport_new(world->dir, &card_error));
    ck_assert(g_error_matches(card_error, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert(!tke_unit_transport_check(&request, 1, &unit_error));
    ck_assert(g_error_matches(unit_error, TKE_ERROR, TKE_ERROR_USAGE));
    tke_unit_request_free(request);
}
END_TEST

/* What is in a reader now, and how often its card was asked for that. */
static unsigned
look(CeremonyWorld *world, unsigned reader, const TkeCardInfoParams *params, TkeCardStatus *status)
{
    TkeCard *before = tke_card_session_get(world->session, reader, NULL);
    const unsigned apdus = before != NULL ? tke_card_get_apdus(before) : 0;
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;

    card_world_check(tke_op_card_info(world->op, params, &infos, &error), error);
    *status = ((TkeCardInfo *) infos->pdata[reader - 1])->status;
    return tke_card_get_apdus(tke_card_session_get(world->session, reader, NULL)) - apdus;
}

START_TEST(test_a_card_is_shown_after_three_commands_and_never_as_it_was)
{
    static const char *const cards[TKE_READERS] = { "ca", "alice" };
    static const TkeCardKind kinds[TKE_READERS] = { TKE_CARD_KIND_CA, TKE_CARD_KIND_EP11 };
    const TkeCardInfoParams params = { .quiet = true };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "alice");
    ceremony_world_make_part(world, "alice", "Part A");
    ceremony_world_restart(world);
    for (unsigned i = 0; i < TKE_READERS; i++) {
        SimReader *reader = virtual_readers_get(world->cards->readers, i + 1);

        ck_assert(sim_reader_insert(reader, g_hash_table_lookup(world->by_name, cards[i]), NULL));
    }
    for (unsigned i = 0; i < TKE_READERS; i++) {
        TkeCardStatus status = { 0 };
        unsigned tries = 0;
        g_autoptr(GError) error = NULL;

        tke_card_session_drop(world->session, i + 1);
        ck_assert_uint_le(look(world, i + 1, &params, &status), 3);
        ck_assert_int_eq(status.kind, kinds[i]);
        tries = status.pins[0].tries_left;

        virtual_readers_type(world->cards->readers, i + 1, "000000E");
        ck_assert(!tke_pin_pad_verify(tke_card_session_get(world->session, i + 1, NULL),
                                      TKE_PIN_FIRST, &error));
        ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_PIN_WRONG);
        ck_assert_uint_le(look(world, i + 1, &params, &status), 3);
        ck_assert_uint_eq(status.pins[0].tries_left, tries - 1);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_card_without_open_pin_is_let_go_and_found_again);
    tcase_add_test(tests, test_a_card_with_an_open_pin_is_kept);
    tcase_add_test(tests, test_a_card_is_shown_after_three_commands_and_never_as_it_was);
    tcase_add_test(tests, test_the_open_ca_card_says_how_long);
    tcase_add_test(tests, test_the_reader_that_gets_a_card_becomes_reader_1);
    tcase_add_test(tests, test_what_was_chosen_on_one_card_is_not_done_to_another);
    tcase_add_test(tests, test_a_check_asks_every_reader_for_its_keypad);
    tcase_add_test(tests, test_cards_and_services_refuse_the_thread_of_the_windows);
}

int
main(void)
{
    return test_main("desk-steps", add_tests);
}
