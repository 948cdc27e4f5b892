/*
 * What is remembered of tries to open card managers under several names that one card may have, and
 * by several programs.
 */
#include "tests/libsmartcard/gp-session.h"
#include "tests/support/test-main.h"

#define NAME "GPShell, delete, i=70"
#define PROOF 42u /* a digit of the card's proof in the answer */

/* ---- what may be one card ---- */

START_TEST(test_names_that_may_be_one_card_are_taken_for_one)
{
    static const struct {
        const char *a, *b;
        bool may_be;
    } pairs[] = {
        { "3b00.9f7f", "3b00.9f7f", true },
        { "3b00.9f7f", "3b01.9f7f",
          true }, /* the same chip without contacts, or another protocol */
        { "3b00.9f7f", "3b00.9f80", false },
        { "3b00.9f7f", "3b01.9f80", false },
        { "3b00.9f7f", "3b00.", true }, /* it was not told once */
        { "3b00.9f7f", "3b01.", false },
        { "3b00.", "3b00.", true },
        { "3b00.", "3b0001.", false },
        { "3b00", "3b00.", true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        ck_assert_msg(tke_gp_card_may_be(pairs[i].a, pairs[i].b) == pairs[i].may_be, "%zu", i);
        ck_assert_msg(tke_gp_card_may_be(pairs[i].b, pairs[i].a) == pairs[i].may_be, "%zu", i);
    }
}
END_TEST

/* What is noted of any card that may be this one counts: the worst of each. */
START_TEST(test_notes_of_cards_that_may_be_one_are_joined)
{
    static const struct {
        TkeGpTries one, other, both;
    } cases[] = {
        { { .cut_off = 1 }, { .cut_off = 3 }, { .cut_off = 3 } },
        { { .refused = true, .proven = true },
          { .cut_off = 2 },
          { .refused = true, .proven = true, .cut_off = 2 } },
        { { .refused = true, .proven = true },
          { .refused = true, .proven = true },
          { .refused = true, .proven = true } },
        { { .refused = true, .proven = true }, { .refused = true }, { .refused = true } },
        { { .refused = true, .proven = true },
          { .refused = true, .pending = true },
          { .refused = true, .pending = true } },
        { { .refused = true }, { .refused = true, .pending = true }, { .refused = true } },
    };

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        const size_t n = i / 2;
        TkeGpTries all = i % 2 == 0 ? cases[n].one : cases[n].other;

        tke_gp_tries_join(&all, i % 2 == 0 ? &cases[n].other : &cases[n].one);
        ck_assert_msg(all.refused == cases[n].both.refused && all.proven == cases[n].both.proven &&
                          all.pending == cases[n].both.pending &&
                          all.cut_off == cases[n].both.cut_off,
                      "%zu", i);
    }
}
END_TEST

/* Bars that a person may lift: neither another answer to reset nor one without maker's data does. */
START_TEST(test_no_bar_is_left_behind_under_another_name)
{
    static const char *const others[] = { "3b01.01", "3b00." };
    static const TkeGpTries bars[] = { { .refused = true, .proven = true },
                                       { .refused = true, .pending = true },
                                       { .cut_off = TKE_GP_CUT_OFF_MAX } };
    const TkeGpMemory *memory = tke_gp_memory_of_process();
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(bars) * G_N_ELEMENTS(others); i++) {
        const TkeGpTries *bar = &bars[i / G_N_ELEMENTS(others)];
        const char *other = others[i % G_N_ELEMENTS(others)];
        TkeGpTries found = { 0 };

        tke_gp_scp_forget_refusals();
        ck_assert(memory->note(NULL, "3b00.01", keys, bar, NULL));
        ck_assert(memory->look(NULL, other, keys, &found, NULL, NULL));
        ck_assert_msg(found.refused == bar->refused && found.proven == bar->proven &&
                          found.pending == bar->pending && found.cut_off == bar->cut_off,
                      "%zu", i);
    }
}
END_TEST

/* It is the same card, whatever its answer to reset; one without maker's data may be another. */
START_TEST(test_a_success_takes_back_what_other_names_of_the_card_say)
{
    const TkeGpMemory *memory = tke_gp_memory_of_process();
    const TkeGpTries right = { .refused = true, .proven = true };
    const TkeGpTries wrong = { .refused = true };
    const TkeGpTries clean = { .refused = false };
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    TkeGpTries found = { 0 };

    tke_gp_scp_forget_refusals();
    ck_assert(memory->note(NULL, "3b00.01", keys, &right, NULL));
    ck_assert(memory->note(NULL, "3b02.", keys, &right, NULL));
    ck_assert(memory->note(NULL, "3b01.01", keys, &clean, NULL));
    ck_assert(memory->look(NULL, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(!found.refused);
    ck_assert(memory->note(NULL, "3b02.01", keys, &clean, NULL));
    ck_assert(memory->look(NULL, "3b02.", keys, &found, NULL, NULL));
    ck_assert(found.refused && found.proven);

    ck_assert(memory->note(NULL, "3b00.01", keys, &wrong, NULL));
    ck_assert(memory->note(NULL, "3b01.01", keys, &clean, NULL));
    ck_assert(memory->look(NULL, "3b01.01", keys, &found, NULL, NULL));
    ck_assert(tke_gp_tries_is_final(&found));
}
END_TEST

/* The answer that names the card is refused, cut off or missing the next time. */
START_TEST(test_a_card_that_does_not_name_itself_again_is_not_another_card)
{
    static const struct {
        const char *data, *sw;
    } names[] = {
        { "", "6F00" }, { "", "6A88" }, { "9F7F0201", "9000" }, { "9F", "9000" }, { "", "9000" }
    };
    const Row *session = find(NAME);

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
        g_autofree char *answer = g_strdup(session->b);
        g_autoptr(TkeCard) card = NULL;
        g_autoptr(GError) error = NULL;

        tke_gp_scp_forget_refusals();
        answer[PROOF] = answer[PROOF] == '0' ? '1' : '0';
        expect(transcript, CPLC, "9F7F020102", "9000");
        expect(transcript, session->a, answer, "9000");
        expect(transcript, CPLC, names[i].data, names[i].sw);
        card = card_of(transcript);
        ck_assert_ptr_null(open_session(card, session, NULL));
        ck_assert_ptr_null(open_session(card, session, &error));
        ck_assert_msg(strstr(error->message, "it is never tried again") != NULL, "%zu: %s", i,
                      error->message);
        ck_assert_ptr_null(transcript_card_get_problem(transcript));
    }
}
END_TEST

/* The same after a refusal in spite of a right proof: no program repeats it by itself. */
START_TEST(test_a_proof_is_not_repeated_on_a_card_that_does_not_name_itself_again)
{
    const Row *session = find(NAME);
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;

    tke_gp_scp_forget_refusals();
    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, session->b, "9000");
    expect(transcript, session->c, "", "6300");
    expect(transcript, CPLC, "", "6A88"); /* and INITIALIZE UPDATE is not expected */
    card = card_of(transcript);
    ck_assert_ptr_null(open_session(card, session, NULL));
    ck_assert_ptr_null(open_session(card, session, &error));
    ck_assert_msg(strstr(error->message, "not tried again by itself") != NULL, "%s",
                  error->message);
    ck_assert_ptr_null(transcript_card_get_problem(transcript));
}
END_TEST

/* ---- two programs ---- */

/* Both have looked before one of them has seen the wrong proof: its word stays. */
START_TEST(test_nothing_takes_a_wrong_proof_back)
{
    static const TkeGpTries later[] = { { .refused = false },
                                        { .cut_off = 1 },
                                        { .refused = true, .proven = true },
                                        { .refused = true, .pending = true } };
    const TkeGpMemory *memory = tke_gp_memory_of_process();
    const TkeGpTries wrong = { .refused = true };
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(later); i++) {
        TkeGpTries found = { 0 };

        ck_assert(memory->note(NULL, "3b00.01", keys, &wrong, NULL));
        ck_assert(memory->note(NULL, "3b00.01", keys, &later[i], NULL));
        ck_assert(memory->look(NULL, "3b00.01", keys, &found, NULL, NULL));
        ck_assert_msg(tke_gp_tries_is_final(&found), "%zu", i);
    }
}
END_TEST

/* A retry of another program that is under way, or was killed: only a wrong proof takes its place. */
START_TEST(test_a_retry_under_way_is_nobody_elses)
{
    static const TkeGpTries others[] = { { .cut_off = 1, .owner = 2 },
                                         { .refused = true, .proven = true, .owner = 2 },
                                         { .refused = true, .pending = true, .owner = 2 } };
    const TkeGpTries pending = { .refused = true, .pending = true, .owner = 1 };
    const TkeGpTries wrong = { .refused = true, .owner = 2 };
    const TkeGpTries clean[] = { { .owner = 2 }, { .owner = 1 } };
    const TkeGpMemory *memory = tke_gp_memory_of_process();
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    g_autoptr(GError) error = NULL;
    TkeGpTries found = { 0 };

    ck_assert(memory->note(NULL, "3b00.01", keys, &pending, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        ck_assert_msg(!memory->note(NULL, "3b00.01", keys, &others[i], &error), "%zu", i);
        ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_CARD_KEYS);
        g_clear_error(&error);
    }
    ck_assert(memory->note(NULL, "3b00.01", keys, &clean[0], NULL));
    ck_assert(memory->note(NULL, "3b01.01", keys, &clean[0], NULL));
    ck_assert(memory->look(NULL, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(found.pending);
    ck_assert(memory->note(NULL, "3b01.01", keys, &clean[1], NULL)); /* its own */
    ck_assert(memory->look(NULL, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(!found.refused);

    ck_assert(memory->note(NULL, "3b00.01", keys, &pending, NULL));
    ck_assert(memory->note(NULL, "3b00.01", keys, &wrong, NULL));
    ck_assert(memory->note(NULL, "3b00.01", keys, &clean[1], NULL));
    ck_assert(memory->look(NULL, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(tke_gp_tries_is_final(&found));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_names_that_may_be_one_card_are_taken_for_one);
    tcase_add_test(tests, test_notes_of_cards_that_may_be_one_are_joined);
    tcase_add_test(tests, test_no_bar_is_left_behind_under_another_name);
    tcase_add_test(tests, test_a_success_takes_back_what_other_names_of_the_card_say);
    tcase_add_test(tests, test_a_card_that_does_not_name_itself_again_is_not_another_card);
    tcase_add_test(tests, test_a_proof_is_not_repeated_on_a_card_that_does_not_name_itself_again);
    tcase_add_test(tests, test_nothing_takes_a_wrong_proof_back);
    tcase_add_test(tests, test_a_retry_under_way_is_nobody_elses);
}

int
main(void)
{
    return test_main("gp-memory-names", add_tests);
}
