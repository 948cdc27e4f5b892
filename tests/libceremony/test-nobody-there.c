/*
 * Nobody is there to put another card in: the step ends with what is wrong with the card that lies in
 * the reader (functions 2.2, E-C04 to E-C06, E-C10).
 */
#include "common/error.h"
#include "libceremony/advice.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

static void
show_only(void *ui, const TkePrompt *prompt)
{
    CeremonyWorld *world = ui;

    g_string_append_printf(world->prompts, "reader %u: %s\n", prompt->reader,
                           prompt->reason_word != NULL ? prompt->reason_word : "");
}

static bool
is_anybody_there(void *ui, gint64 shown_ms, int *timeout_ms, GError **error)
{
    (void) ui;
    (void) shown_ms;
    (void) timeout_ms;
    g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE, "nobody is there");
    return false;
}

/* Enrolls a card with the CA card that lies in reader 1, if one does. */
static void
enroll(CeremonyWorld *world, const char *in_reader, GError **error)
{
    TkePrompterOps ops = ceremony_world_operator;
    g_autoptr(TkeOperation) op = NULL;

    ops.show = show_only;
    ops.may_wait = is_anybody_there;
    if (in_reader != NULL) {
        ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 1),
                                    ceremony_world_card(world, in_reader), NULL));
    }
    op = tke_operation_new(world->world, world->session, world->log, &ops, world,
                           world->cancellable);
    ck_assert(!tke_op_card_enroll(op, NULL, error));
    ck_assert_str_eq(world->tries->str, ""); /* no PIN was asked for */
}

static CeremonyWorld *
world_with_cards(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_restart(world);
    ceremony_world_go_on(world);
    return world;
}

static const struct {
    bool first, second;
    const char *says;
} losses[] = {
    { true, false, "reader 1: the first PIN of this CA card is blocked, for good" },
    { false, true, "reader 1: the second PIN of this CA card is blocked, for good" },
    { true, true, "reader 1: both PINs of this CA card are blocked, for good" },
};

START_TEST(test_a_ca_card_that_is_lost_is_told_with_its_pin_and_the_next_step)
{
    g_autoptr(CeremonyWorld) world = world_with_cards();
    const char *name = sim_card_get_name(world->cards->ca);
    g_autofree char *advice = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(!losses[_i].first || sim_card_block_pin(world->cards->ca, TKE_PIN_FIRST));
    ck_assert(!losses[_i].second || sim_card_block_pin(world->cards->ca, TKE_PIN_SECOND));
    enroll(world, name, &error);
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_BLOCKED);
    test_says_error(error, losses[_i].says);
    advice = tke_advice_for_error(error);
    test_says(advice, "Use the backup CA card, and make a new backup from it at once.");
    ck_assert_str_eq(world->prompts->str, "reader 1: blocked\n");
}
END_TEST

START_TEST(test_a_card_of_the_wrong_kind_is_told)
{
    g_autoptr(CeremonyWorld) world = world_with_cards();
    TkeCardErrorInfo info;
    g_autoptr(GError) error = NULL;

    enroll(world, "member", &error);
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_KIND);
    ck_assert_str_eq(error->message,
                     "reader 1: nobody is there to change the card: This is an EP11 "
                     "card; a CA card is wanted");
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_uint_eq(info.reader_number, 1);
}
END_TEST

START_TEST(test_an_empty_reader_is_not_the_fault_of_a_card)
{
    g_autoptr(CeremonyWorld) world = world_with_cards();
    g_autoptr(GError) error = NULL;

    enroll(world, NULL, &error);
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
    ck_assert_str_eq(error->message, "nobody is there");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_a_ca_card_that_is_lost_is_told_with_its_pin_and_the_next_step,
                        0, G_N_ELEMENTS(losses));
    tcase_add_test(tests, test_a_card_of_the_wrong_kind_is_told);
    tcase_add_test(tests, test_an_empty_reader_is_not_the_fault_of_a_card);
}

int
main(void)
{
    return test_main("nobody-there", add_tests);
}
