/*
 * A copy of one signature key that is named, and what the activity log says of a copy (functions
 * 3.3, F-103): only what this copy has brought onto the card.
 */
#include <string.h>

#include "common/hex.h"
#include "libceremony/op-key-part.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

static CeremonyWorld *
make_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "alice", "Alice");
    ceremony_world_make_member(world, "backup");
    ceremony_world_restart(world);
    g_string_truncate(world->prompts, 0);
    return world;
}

static bool
copy(CeremonyWorld *world, const TkeCopyParams *params, GError **error)
{
    g_autofree TkeCopyResult *result = g_new0(TkeCopyResult, 1);

    ceremony_world_hand(world, 1, "alice", NULL);
    ceremony_world_hand(world, 2, "backup", NULL);
    return tke_op_copy_card(world->op, params, result, error);
}

/* The last entry of the log holds these members. */
static void
check_last_entry(CeremonyWorld *world, const char *members)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 1, NULL);

    ck_assert_ptr_nonnull(lines);
    ck_assert_msg(strstr(lines[0], members) != NULL, "no %s in %s", members, lines[0]);
}

START_TEST(test_another_key_than_the_named_one_is_not_copied)
{
    static const char *const others[] = { "ffffffff", "00000000000000000000", "no identifier", "" };
    g_autoptr(CeremonyWorld) world = make_world();
    const SimCardInfo alice = ceremony_world_info(world, "alice");
    g_autofree char *ski = tke_hex_encode(alice.ski, sizeof alice.ski);
    g_autofree char *grouped = tke_hex_grouped(alice.ski, sizeof alice.ski, 4, ' ');
    g_autofree char *few = g_strndup(ski, 7);

    for (unsigned i = 0; i <= G_N_ELEMENTS(others); i++) {
        const TkeCopyParams params = { .signature_key = true,
                                       .ski = i < G_N_ELEMENTS(others) ? others[i] : few };
        g_autoptr(GError) error = NULL;

        ck_assert(!copy(world, &params, &error));
        ck_assert(g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND));
        ck_assert_msg(strstr(error->message, grouped) != NULL, "%s", error->message);
        ck_assert_msg(strstr(error->message, "Alice") != NULL, "%s", error->message);
        ck_assert_msg(strstr(world->prompts->str, "pin") == NULL, "%s", world->prompts->str);
        ck_assert(!ceremony_world_info(world, "backup").has_signature_key);
        ceremony_world_restart(world);
    }
}
END_TEST

START_TEST(test_a_card_without_a_key_has_none_that_is_named)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const TkeCopyParams params = { .signature_key = true, .ski = "ffffffff" };
    g_autofree TkeCopyResult *result = g_new0(TkeCopyResult, 1);
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "backup", NULL);
    ck_assert(!tke_op_copy_card(world->op, &params, result, &error));
    ck_assert(g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND));
    ck_assert_msg(strstr(error->message, "reader 1: the card holds no signature key") != NULL, "%s",
                  error->message);
}
END_TEST

START_TEST(test_the_log_tells_what_was_copied_and_what_was_there)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const SimCardInfo alice = ceremony_world_info(world, "alice");
    g_autofree char *ski = tke_hex_encode(alice.ski, sizeof alice.ski);
    g_autofree char *upper = g_ascii_strup(ski, 8);
    const TkeCopyParams params = { .signature_key = true, .ski = upper };
    g_autoptr(GError) error = NULL;

    card_world_check(copy(world, &params, &error), error);
    ck_assert(ceremony_world_info(world, "backup").has_signature_key);
    check_last_entry(world, "\"signature_key\":true,\"parts\":0,\"already_there\":0");
    ceremony_world_restart(world);
    card_world_check(copy(world, &params, &error), error);
    check_last_entry(world, "\"signature_key\":false,\"parts\":0,\"already_there\":1");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_another_key_than_the_named_one_is_not_copied);
    tcase_add_test(tests, test_a_card_without_a_key_has_none_that_is_named);
    tcase_add_test(tests, test_the_log_tells_what_was_copied_and_what_was_there);
}

int
main(void)
{
    return test_main("key-copy", add_tests);
}
