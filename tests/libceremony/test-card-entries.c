/*
 * What is copied or deleted is chosen when the cards and their PINs are there (functions 2.13; 3.3,
 * copy smart card, step 3).
 */
#include <string.h>

#include "libceremony/op-card-entries.h"
#include "libceremony/op-key-part.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

/* "full" has a key and two parts, "empty" nothing; both are in one zone. */
static CeremonyWorld *
make_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);
    const TkeGenerateKeyParams key = { .name = "Alice" };
    const TkeGeneratePartParams first = { .description = "Part 1" };
    const TkeGeneratePartParams second = { .description = "Part 2" };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "full");
    ceremony_world_make_member(world, "empty");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "full", NULL);
    card_world_check(tke_op_generate_signature_key(world->op, &key, NULL, NULL, &error), error);
    card_world_check(tke_op_generate_key_part(world->op, &first, NULL, NULL, &error), error);
    card_world_check(tke_op_generate_key_part(world->op, &second, NULL, NULL, &error), error);
    ceremony_world_restart(world);
    return world;
}

static void
choose(CeremonyWorld *world, const unsigned *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_queue_push_tail(world->choices, GUINT_TO_POINTER(rows[i]));
    }
}

/* Rows: everything, key, part 1, part 2; then: that is all, key, part 2; and so on. */
static const struct {
    unsigned rows[3];
    unsigned n;
    bool key;
    unsigned parts;
} copies[] = {
    { { 0 }, 1, true, 2 },        { { 1, 0 }, 2, true, 0 },    { { 2, 0 }, 2, false, 1 },
    { { 3, 2, 0 }, 3, false, 2 }, { { 2, 1, 1 }, 3, true, 2 }, /* then nothing is left to ask */
};

START_TEST(test_entries_are_chosen_one_after_another)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const TkeCopyParams params = { .ask = true };
    g_autofree TkeCopyResult *result = g_new0(TkeCopyResult, 1);
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "full", NULL);
    ceremony_world_hand(world, 2, "empty", NULL);
    choose(world, copies[_i].rows, copies[_i].n);
    card_world_check(tke_op_copy_card(world->op, &params, result, &error), error);
    ck_assert(g_queue_is_empty(world->choices));
    ck_assert(g_str_has_suffix(world->prompts->str, "pin, reader 2\n"));
    ck_assert(ceremony_world_info(world, "empty").has_signature_key == copies[_i].key);
    ck_assert_uint_eq(ceremony_world_info(world, "empty").parts, copies[_i].parts);
}
END_TEST

START_TEST(test_one_entry_alone_is_not_asked_about)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const TkeDeleteParams most = { .n_places = 2, .places = { 1, 2 } };
    const TkeDeleteParams rest = { .ask = true };
    TkeDeleteResult result = { 0 };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "full", NULL);
    card_world_check(tke_op_delete_keys(world->op, &most, &result, &error), error);
    card_world_check(tke_op_delete_keys(world->op, &rest, &result, &error), error);
    ck_assert_str_eq(world->choose->str, "");
    ck_assert(result.key_deleted);
    ck_assert(!tke_op_delete_keys(world->op, &rest, &result, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "there is nothing to delete"));
}
END_TEST

/* 2.13: card, PIN, table, confirmation. */
START_TEST(test_what_is_deleted_is_chosen_after_the_pin)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const TkeDeleteParams params = { .ask = true };
    const unsigned rows[] = { 2, 0 }; /* part 2; that is all */
    TkeDeleteResult result = { 0 };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "full", NULL);
    choose(world, rows, G_N_ELEMENTS(rows));
    card_world_check(tke_op_delete_keys(world->op, &params, &result, &error), error);
    ck_assert_str_eq(world->prompts->str, "insert delete, reader 2\npin, reader 2\n");
    ck_assert_str_eq(world->choose->str, "deleted: What is to be deleted?\n"
                                         "deleted: What is to be deleted?\n");
    ck_assert_uint_eq(result.n_deleted, 1);
    ck_assert(!result.key_deleted);
    ck_assert_uint_eq(ceremony_world_info(world, "full").parts, 1);
    ck_assert(ceremony_world_info(world, "full").has_signature_key);
}
END_TEST

START_TEST(test_a_copy_of_another_key_than_was_named_is_refused)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const TkeCopyParams params = { .signature_key = true, .ski = "0123456789" };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "full", NULL);
    ceremony_world_hand(world, 2, "empty", NULL);
    ck_assert(!tke_op_copy_card(world->op, &params, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "does not begin with “0123456789”"));
    ck_assert(!ceremony_world_info(world, "empty").has_signature_key);
}
END_TEST

START_TEST(test_a_key_is_named_by_eight_digits_or_more)
{
    TkeCardStatus status = { .has_signature_key = true, .ski = { 0xab, 0xcd, 0xef, 0x01, 0x23 } };

    ck_assert(tke_op_card_has_ski(&status, "abcdef01"));
    ck_assert(tke_op_card_has_ski(&status, "ABCDEF0123"));
    ck_assert(!tke_op_card_has_ski(&status, "abcdef0"));
    ck_assert(!tke_op_card_has_ski(&status, "abcdef02"));
    status.has_signature_key = false;
    ck_assert(!tke_op_card_has_ski(&status, "abcdef01"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_entries_are_chosen_one_after_another, 0, G_N_ELEMENTS(copies));
    tcase_add_test(tests, test_one_entry_alone_is_not_asked_about);
    tcase_add_test(tests, test_what_is_deleted_is_chosen_after_the_pin);
    tcase_add_test(tests, test_a_copy_of_another_key_than_was_named_is_refused);
    tcase_add_test(tests, test_a_key_is_named_by_eight_digits_or_more);
}

int
main(void)
{
    return test_main("card-entries", add_tests);
}
