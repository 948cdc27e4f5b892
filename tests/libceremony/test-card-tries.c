/*
 * Key sets that a card has refused, and openings that were cut off, are remembered by the next run
 * (F-041): cards lock after a few tries. Each call of the operations below is a run of its own.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/card-tries.h"
#include "libceremony/op-card-accept.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/gp-scp-private.h"
#include "simulator/sim-gp-state.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

#define MOST_EXCHANGES 30u /* before the channel is open */

/* A new process knows what the files say, and nothing else. */
static bool
create_zone(CeremonyWorld *world, GError **error)
{
    const TkeZoneCreateParams params = { .zone_description = "Zone", .card_description = "CA 1" };

    tke_gp_scp_forget_refusals();
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "new", NULL);
    return tke_op_zone_create(world->op, &params, NULL, error);
}

static TkeCardAcceptance *
accept(CeremonyWorld *world, bool retry, GError **error)
{
    const TkeCardAcceptParams params = { .reader = 2, .retry_cut_off = retry };

    tke_gp_scp_forget_refusals();
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "new", NULL);
    return tke_op_card_accept(world->op, &params, error);
}

static char *
path_of(CeremonyWorld *world)
{
    return g_build_filename(tke_world_get_state_directory(world->world), "opentke-card-keys.json",
                            NULL);
}

static void
check_file(CeremonyWorld *world, const char *text, bool has)
{
    g_autofree char *path = path_of(world);
    g_autofree char *contents = NULL;

    ck_assert(g_file_get_contents(path, &contents, NULL, NULL));
    ck_assert_msg((strstr(contents, text) != NULL) == has, "%s in %s", text, contents);
}

static void
check_advice(const GError *error, const char *text)
{
    g_autofree char *advice = tke_advice_for_error(error);

    ck_assert_msg(strstr(advice, text) != NULL, "%s", advice);
}

static CeremonyWorld *
world_with_blank(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    return world;
}

START_TEST(test_a_refused_key_set_is_not_tried_by_the_next_run)
{
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autoptr(TkeCardAcceptance) report = NULL;
    g_autoptr(GError) error = NULL;

    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_OTHER_KEYS, 0);
    ck_assert(!create_zone(world, &error));
    test_says_error(error, "the issuer keys of this card are others");
    g_clear_error(&error);
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    test_says_error(error, "has refused the key set (default test keys) before");
    check_advice(error, "Name the card's own key set in the settings (card_keys)");
    report = accept(world, false, NULL);
    ck_assert_ptr_nonnull(report);
    ck_assert(!report->opened);
    test_says_error(report->refused, "before");
}
END_TEST

static unsigned
tries_left(CeremonyWorld *world)
{
    SimGpState manager;

    sim_card_get_manager(ceremony_world_card(world, "new"), &manager);
    return manager.sets[0].tries;
}

/* The card has other keys now, and the settings name them. */
static void
use_other_keys(CeremonyWorld *world)
{
    g_autofree char *settings = g_build_filename(world->dir, "settings.json", NULL);
    g_autofree char *file = g_build_filename(world->dir, "own.keys", NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    SimGpState manager;

    sim_card_get_manager(ceremony_world_card(world, "new"), &manager);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const names[] = { "enc", "mac", "dek" };

        memset(manager.sets[0].keys[i], 0x5A, manager.sets[0].key_len);
        g_string_append_printf(text, "%s = ", names[i]);
        for (size_t n = 0; n < manager.sets[0].key_len; n++) {
            g_string_append(text, "5A");
        }
        g_string_append_c(text, '\n');
    }
    ck_assert(sim_card_set_manager(ceremony_world_card(world, "new"), &manager));
    ck_assert(g_file_set_contents(settings, "{\"card_keys\":[{\"file\":\"own.keys\"}]}", -1, NULL));
    ck_assert(g_file_set_contents(file, text->str, -1, NULL));
    ck_assert_int_eq(g_chmod(file, 0600), 0);
}

/* Not by another run, not when a person says so, not when the card would take it now; another key
 * set is. */
START_TEST(test_a_refused_key_set_is_never_tried_again_and_another_is)
{
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autoptr(GError) error = NULL;

    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_OTHER_KEYS, 0);
    ck_assert(!create_zone(world, NULL));
    check_file(world, "\"refused\" : true", true);
    for (unsigned run = 0; run < 4; run++) {
        g_autoptr(TkeCardAcceptance) report = accept(world, run % 2 == 1, &error);
        const unsigned before = tries_left(world);

        ck_assert(report != NULL && !report->opened);
        test_says_error(report->refused, "has refused the key set (default test keys) before");
        ck_assert_uint_eq(tries_left(world), before);
        sim_card_clear_traits(
            ceremony_world_card(world, "new")); /* from the second run on it would open */
    }
    use_other_keys(world);
    card_world_check(create_zone(world, &error), error);
}
END_TEST

START_TEST(test_the_file_tells_no_key)
{
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autofree char *path = path_of(world);
    GStatBuf info;

    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_OTHER_KEYS, 0);
    ck_assert(!create_zone(world, NULL));
    check_file(world, "default test keys", true);
    check_file(world, "404142", false);
    /* the check value of 40..4F (AES of a block of ones), for each of the three keys */
    check_file(world, "\"504a77504a77504a77\"", true);
    ck_assert_int_eq(g_stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
}
END_TEST

/* Pulls the card at each exchange in turn until it is that of the host's proof. */
static unsigned
find_proof(CeremonyWorld *world, TestCardFault fault)
{
    for (unsigned n = 1; n <= MOST_EXCHANGES; n++) {
        g_autoptr(GError) error = NULL;

        tke_gp_scp_forget_refusals();
        ceremony_world_restart(world);
        test_fault_card_source_clear(world->source);
        test_fault_card_source_set(world->source, n, fault, NULL);
        ck_assert_msg(!create_zone(world, &error), "exchange %u", n);
        if (error->domain == TKE_CARD_ERROR &&
            strstr(error->message, "it may have counted a failed try") != NULL) {
            return n;
        }
    }
    ck_abort_msg("no exchange is the proof");
}

static bool
cut_off(CeremonyWorld *world, unsigned n, TestCardFault fault, GError **error)
{
    bool done = false;

    test_fault_card_source_clear(world->source);
    test_fault_card_source_set(world->source, n, fault, NULL);
    done = create_zone(world, error);
    test_fault_card_source_clear(world->source);
    return done;
}

START_TEST(test_an_opening_that_was_cut_off_is_told_and_taken_back_by_the_next)
{
    static const TestCardFault faults[] = { TEST_CARD_FAULT_PULL_BEFORE, TEST_CARD_FAULT_PULL_AFTER,
                                            TEST_CARD_FAULT_SILENT };
    const TestCardFault fault = faults[_i];
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autoptr(GError) error = NULL;
    g_autofree char *advice = NULL;
    unsigned proof = find_proof(world, fault);

    check_file(world, "\"cut_off\" : 1", true);
    check_file(world, "\"refused\" : false", true);
    ck_assert(!cut_off(world, proof, fault, &error));
    ck_assert(tke_card_error_is_outcome_unknown(error));
    test_says_error(error, "the issuer keys; they are right");
    advice = tke_advice_for_error(error);
    ck_assert_msg(strstr(advice, "leave the card in") != NULL, "%s", advice);
    check_file(world, "\"cut_off\" : 2", true);
    g_clear_error(&error);
    card_world_check(create_zone(world, &error), error);
    ck_assert_msg(strstr(world->notes->str, "was cut off 2 times before") != NULL, "%s",
                  world->notes->str);
    check_file(world, "cut_off", false);
}
END_TEST

START_TEST(test_a_card_that_is_cut_off_again_and_again_is_left_alone)
{
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autoptr(TkeCardAcceptance) report = NULL;
    g_autoptr(GError) error = NULL;
    unsigned proof = find_proof(world, TEST_CARD_FAULT_PULL_AFTER);

    for (unsigned i = 1; i < TKE_GP_CUT_OFF_MAX; i++) {
        ck_assert(!cut_off(world, proof, TEST_CARD_FAULT_PULL_AFTER, NULL));
    }
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    test_says_error(error, "was cut off 3 times in a row");
    check_advice(error, "--retry-cut-off");
    test_says_error(error, "the card is as it was");
    g_clear_error(&error);
    report = accept(world, true, &error);
    ck_assert(report != NULL && report->opened);
    card_world_check(create_zone(world, &error), error);
}
END_TEST

/* The card may have counted a failed try, whatever word it has for it; an opening that succeeds
 * ends the count. */
START_TEST(test_another_answer_to_the_proof_counts_until_an_opening_succeeds)
{
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autoptr(GError) error = NULL;
    unsigned proof = find_proof(world, TEST_CARD_FAULT_PULL_BEFORE);

    ck_assert(!cut_off(world, proof, TEST_CARD_FAULT_STATUS, &error));
    check_file(world, "\"cut_off\" : 2", true);
    g_clear_error(&error);
    card_world_check(create_zone(world, &error), error);
}
END_TEST

/* The keys are right, as the card's own proof shows; ours was spoilt on its way. */
static bool
create_refused(CeremonyWorld *world, unsigned proof, GError **error)
{
    const SimCardFault fault = {
        .kind = SIM_CARD_FAULT_STATUS, .after = proof, .times = 1, .sw = 0x6300
    };

    test_fault_card_source_clear(world->source);
    sim_card_add_fault(ceremony_world_card(world, "new"), &fault);
    return create_zone(world, error);
}

START_TEST(test_a_proof_refused_in_spite_of_right_keys_is_repeated_on_a_persons_word_only)
{
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autoptr(TkeCardAcceptance) again = NULL;
    g_autoptr(TkeCardAcceptance) report = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *details = NULL;
    g_autofree char *path = path_of(world);
    unsigned proof = find_proof(world, TEST_CARD_FAULT_PULL_BEFORE);

    ck_assert(!create_refused(world, proof, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    test_says_error(error, "although its own proof has shown that it is right");
    check_advice(error, "--retry-cut-off");
    check_file(world, "\"proven\" : true", true);
    details = tke_advice_details_for_error(error);
    ck_assert_msg(details != NULL && strstr(details, path) != NULL, "%s", details);
    g_clear_error(&error);
    for (unsigned run = 0; run < 2; run++) { /* no run does it by itself */
        ck_assert(!create_zone(world, &error));
        test_says_error(error, "although its own proof had shown that it is right");
        g_clear_error(&error);
    }
    again = accept(world, false, NULL);
    ck_assert(again != NULL && !again->opened);
    report = accept(world, true, &error);
    ck_assert_msg(report != NULL && report->opened, "%s", error != NULL ? error->message : "");
    check_file(world, "refused", false);
    card_world_check(create_zone(world, &error), error);
}
END_TEST

/* Whoever answers nonsense has got the proof, and may have counted it. */
START_TEST(test_nonsense_in_answer_to_the_proof_counts_until_an_opening_succeeds)
{
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autoptr(GError) error = NULL;
    unsigned proof = find_proof(world, TEST_CARD_FAULT_PULL_BEFORE);

    ck_assert(!cut_off(world, proof, TEST_CARD_FAULT_GARBAGE, &error));
    check_file(world, "\"cut_off\" : 2", true);
    test_says_error(error, "it may have counted a failed try");
    g_clear_error(&error);
    ck_assert(!cut_off(world, proof, TEST_CARD_FAULT_GARBAGE, &error));
    g_clear_error(&error);
    ck_assert(!create_zone(world, &error));
    test_says_error(error, "was cut off 3 times in a row");
}
END_TEST

/* The first key that a session needs is right, so that only the card can tell that the other is
 * not. */
static void
speak_scp02(CeremonyWorld *world, uint16_t refusal)
{
    SimGpState manager;

    sim_card_get_manager(ceremony_world_card(world, "new"), &manager);
    manager.scp = SIM_GP_SCP02;
    manager.option = SIM_GP_SCP02_RANDOM;
    manager.refusal = refusal;
    memset(manager.sets[0].keys[1], 0x77, manager.sets[0].key_len); /* mac */
    ck_assert(sim_card_set_manager(ceremony_world_card(world, "new"), &manager));
}

START_TEST(test_a_card_that_refuses_the_proof_is_left_alone_whatever_word_it_has)
{
    static const struct {
        uint16_t word;
        const char *told;
    } words[] = {
        { 0, "the issuer keys of this card are others" },
        { SIM_GP_REFUSAL_OBJECT, "the issuer keys of this card are others" },
        { SIM_GP_REFUSAL_TRIES, "the card says that 9 more tries are left" },
    };
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autoptr(GError) error = NULL;

    speak_scp02(world, words[_i].word);
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    test_says_error(error, words[_i].told);
    test_says_error(error, "“enc” fits, “mac” is another");
    check_file(world, "\"refused\" : true", true);
    check_file(world, "\"cut_off\" : 0", true);
    ck_assert_uint_eq(tries_left(world), SIM_GP_TRIES - 1);
    for (unsigned run = 0; run < 2; run++) {
        g_clear_error(&error);
        ck_assert(!create_zone(world, &error));
        test_says_error(error, "has refused the key set (default test keys) before");
        ck_assert_uint_eq(tries_left(world), SIM_GP_TRIES - 1);
    }
}
END_TEST

START_TEST(test_nothing_is_tried_while_the_memory_is_not_whole)
{
    static const char *const contents[] = { "{", "[]", "{\"cards\": 1}", "" };
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autofree char *path = path_of(world);

    for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(g_file_set_contents(path, contents[i], -1, NULL));
        ck_assert(!create_zone(world, &error));
        test_says_error(error, "none are tried");
        test_says_error(error, "opentke-card-keys.json");
        test_says_error(error, "the card is as it was");
    }
    ck_assert_int_eq(g_unlink(path), 0);
    ck_assert(create_zone(world, NULL));
}
END_TEST

START_TEST(test_an_entry_of_another_form_is_no_permission)
{
    g_autoptr(CeremonyWorld) world = world_with_blank();
    g_autofree char *path = path_of(world);
    g_autofree char *contents = NULL;
    g_autoptr(GError) error = NULL;

    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_OTHER_KEYS, 0);
    ck_assert(!create_zone(world, NULL));
    ck_assert(g_file_get_contents(path, &contents, NULL, NULL));
    memcpy(strstr(contents, "true"), "1234", 4);
    ck_assert(g_file_set_contents(path, contents, -1, NULL));
    ck_assert(!create_zone(world, &error));
    test_says_error(error, "does not have the form");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_refused_key_set_is_not_tried_by_the_next_run);
    tcase_add_test(tests, test_a_refused_key_set_is_never_tried_again_and_another_is);
    tcase_add_test(tests, test_the_file_tells_no_key);
    tcase_add_loop_test(tests, test_an_opening_that_was_cut_off_is_told_and_taken_back_by_the_next,
                        0, 3);
    tcase_add_test(tests, test_a_card_that_is_cut_off_again_and_again_is_left_alone);
    tcase_add_test(tests,
                   test_a_proof_refused_in_spite_of_right_keys_is_repeated_on_a_persons_word_only);
    tcase_add_test(tests, test_nonsense_in_answer_to_the_proof_counts_until_an_opening_succeeds);
    tcase_add_test(tests, test_another_answer_to_the_proof_counts_until_an_opening_succeeds);
    tcase_add_loop_test(
        tests, test_a_card_that_refuses_the_proof_is_left_alone_whatever_word_it_has, 0, 3);
    tcase_add_test(tests, test_nothing_is_tried_while_the_memory_is_not_whole);
    tcase_add_test(tests, test_an_entry_of_another_form_is_no_permission);
}

int
main(void)
{
    return test_main("card-tries", add_tests);
}
