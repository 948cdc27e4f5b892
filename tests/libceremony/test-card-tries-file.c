/*
 * The file that remembers tries to open card managers (F-041): what several names of a card and
 * several programs note in it.
 */
#include "libceremony/card-tries.h"
#include "libsmartcard/card-error.h"
#include "tests/support/test-main.h"

/* Another program has noted a wrong proof after this one has looked; and a card of the same maker's
 * data, or of none, counts as the same. */
START_TEST(test_nothing_that_is_noted_later_takes_a_wrong_proof_back)
{
    static const TkeGpTries later[] = { { .refused = false },
                                        { .cut_off = 1 },
                                        { .refused = true, .proven = true },
                                        { .refused = true, .pending = true } };
    static const char *const same[] = { "3b00.01", "3b01.01", "3b00." };
    const TkeGpTries wrong = { .refused = true };
    g_autofree char *directory = g_dir_make_tmp("tries-XXXXXX", NULL);
    const TkeGpMemory memory = tke_card_tries_memory(directory, NULL, true);
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    TkeGpTries found = { 0 };

    ck_assert(memory.note(memory.data, "3b00.01", keys, &wrong, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(later); i++) {
        ck_assert(memory.note(memory.data, "3b00.01", keys, &later[i], NULL));
        ck_assert(memory.look(memory.data, same[i % G_N_ELEMENTS(same)], keys, &found, NULL, NULL));
        ck_assert_msg(tke_gp_tries_is_final(&found), "%zu", i);
    }
    ck_assert(memory.look(memory.data, "3b00.02", keys, &found, NULL, NULL));
    ck_assert(!found.refused);
}
END_TEST

/* Bars that a person may lift stand whatever name the card has the next time; a success under one
 * name of a card takes back what its others say, and nothing that another card may have said. */
START_TEST(test_a_bar_stands_under_every_name_of_the_card)
{
    static const TkeGpTries bars[] = { { .refused = true, .proven = true },
                                       { .refused = true, .pending = true },
                                       { .cut_off = TKE_GP_CUT_OFF_MAX } };
    static const char *const others[] = { "3b01.01", "3b00." };
    const TkeGpTries *bar = &bars[_i];
    const TkeGpTries clean = { .refused = false };
    g_autofree char *directory = g_dir_make_tmp("tries-XXXXXX", NULL);
    const TkeGpMemory memory = tke_card_tries_memory(directory, NULL, true);
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    TkeGpTries found = { 0 };

    ck_assert(memory.note(memory.data, "3b00.01", keys, bar, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *under = NULL;

        ck_assert(memory.look(memory.data, others[i], keys, &found, &under, NULL));
        ck_assert_str_eq(under, "3b00.01"); /* what a person looks for in the file */
        ck_assert_msg(found.refused == bar->refused && found.proven == bar->proven &&
                          found.pending == bar->pending && found.cut_off == bar->cut_off,
                      "%s", others[i]);
    }
    ck_assert(memory.note(memory.data, "3b00.", keys, &clean, NULL));
    ck_assert(memory.look(memory.data, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(found.refused || found.cut_off > 0);
}
END_TEST

START_TEST(test_a_success_takes_back_what_is_noted_under_other_names)
{
    const TkeGpTries right = { .refused = true, .proven = true };
    const TkeGpTries wrong = { .refused = true };
    const TkeGpTries clean = { .refused = false };
    g_autofree char *directory = g_dir_make_tmp("tries-XXXXXX", NULL);
    const TkeGpMemory memory = tke_card_tries_memory(directory, NULL, true);
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    TkeGpTries found = { 0 };

    ck_assert(memory.note(memory.data, "3b00.01", keys, &right, NULL));
    ck_assert(memory.note(memory.data, "3b00.02", keys, &right, NULL));
    ck_assert(memory.note(memory.data, "3b01.01", keys, &clean, NULL));
    ck_assert(memory.look(memory.data, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(!found.refused && found.cut_off == 0);
    ck_assert(memory.look(memory.data, "3b00.02", keys, &found, NULL, NULL));
    ck_assert(found.refused && found.proven);
    ck_assert(memory.note(memory.data, "3b00.02", keys, &wrong, NULL));
    ck_assert(memory.note(memory.data, "3b01.02", keys, &clean, NULL));
    ck_assert(memory.look(memory.data, "3b01.02", keys, &found, NULL, NULL));
    ck_assert(tke_gp_tries_is_final(&found));
}
END_TEST

/* A retry that is under way: it can be taken back by itself, and by nobody else. */
START_TEST(test_a_retry_under_way_is_noted_and_can_be_taken_back)
{
    const TkeGpTries right = { .refused = true, .proven = true, .cut_off = 1 };
    const TkeGpTries pending = { .refused = true, .pending = true, .cut_off = 1 };
    g_autofree char *directory = g_dir_make_tmp("tries-XXXXXX", NULL);
    const TkeGpMemory memory = tke_card_tries_memory(directory, NULL, true);
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    TkeGpTries found = { 0 };

    ck_assert(memory.note(memory.data, "3b00.01", keys, &right, NULL));
    ck_assert(memory.note(memory.data, "3b00.01", keys, &pending, NULL));
    ck_assert(memory.look(memory.data, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(found.refused && found.pending && !found.proven && found.cut_off == 1);
    ck_assert(memory.note(memory.data, "3b00.01", keys, &right, NULL));
    ck_assert(memory.look(memory.data, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(found.refused && !found.pending && found.proven && found.cut_off == 1);
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
    g_autofree char *directory = g_dir_make_tmp("tries-XXXXXX", NULL);
    const TkeGpMemory memory = tke_card_tries_memory(directory, NULL, true);
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    g_autoptr(GError) error = NULL;
    TkeGpTries found = { 0 };

    ck_assert(memory.note(memory.data, "3b00.01", keys, &pending, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        ck_assert_msg(!memory.note(memory.data, "3b00.01", keys, &others[i], &error), "%zu", i);
        ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_CARD_KEYS);
        g_clear_error(&error);
    }
    ck_assert(memory.note(memory.data, "3b00.01", keys, &clean[0], NULL));
    ck_assert(memory.note(memory.data, "3b01.01", keys, &clean[0], NULL));
    ck_assert(memory.look(memory.data, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(found.pending);
    ck_assert(memory.note(memory.data, "3b01.01", keys, &clean[1], NULL)); /* its own */
    ck_assert(memory.look(memory.data, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(!found.refused);

    ck_assert(memory.note(memory.data, "3b00.01", keys, &pending, NULL));
    ck_assert(memory.note(memory.data, "3b00.01", keys, &wrong, NULL));
    ck_assert(memory.note(memory.data, "3b00.01", keys, &clean[1], NULL));
    ck_assert(memory.look(memory.data, "3b00.01", keys, &found, NULL, NULL));
    ck_assert(tke_gp_tries_is_final(&found));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_nothing_that_is_noted_later_takes_a_wrong_proof_back);
    tcase_add_loop_test(tests, test_a_bar_stands_under_every_name_of_the_card, 0, 3);
    tcase_add_test(tests, test_a_success_takes_back_what_is_noted_under_other_names);
    tcase_add_test(tests, test_a_retry_under_way_is_noted_and_can_be_taken_back);
    tcase_add_test(tests, test_a_retry_under_way_is_nobody_elses);
}

int
main(void)
{
    return test_main("card-tries-file", add_tests);
}
