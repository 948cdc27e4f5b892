/*
 * Key parts that are named beforehand: what no card can satisfy is refused before anybody acts
 * (functions 3.8; E-L02).
 */
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/op-mk-load.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/test-main.h"

static bool
load(CeremonyWorld *world, const char *first, const char *second, GError **error)
{
    const char *const parts[] = { first, second, NULL };
    const TkeMkLoadParams params = { .n_parts = 2, .parts = parts };
    g_auto(TkeMkLoadResult) result = { .units = NULL };

    unfinished_hand_all(world);
    return tke_op_mk_load(world->op, world->units, &params, &result, error);
}

static unsigned
count_entries(CeremonyWorld *world)
{
    TkeLogHead head = { .count = 0 };

    ck_assert(tke_activity_log_get_head(world->log, &head, NULL));
    return (unsigned) head.count;
}

/* Pattern of the part that was made as number index, 64 digits; the caller frees. */
static char *
pattern_of(CeremonyWorld *world, unsigned index)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 0, NULL);
    g_autofree char *all = g_strjoinv("\n", lines);
    const char *at = all;

    for (unsigned i = 0; i < index; i++) {
        at = strstr(at, "\"pattern\":\"");
        ck_assert_ptr_nonnull(at);
        at += strlen("\"pattern\":\"");
    }
    return g_strndup(at, 64);
}

START_TEST(test_names_that_no_card_can_satisfy_are_refused_at_once)
{
    static const struct {
        const char *first, *second, *told;
    } names[] = {
        { "xyz", "any", "“xyz” names no key part" },
        { "any", "0123456", "“0123456” names no key part" },
        { "any", "", "“” names no key part" },
        { "0123456789abcdefg", "any", "names no key part" },
        { "01234567-89ab", "any", "names no key part" },
        { "00000000000000000000000000000000000000000000000000000000000000000", "any",
          "names no key part" },
        { "099d70c0", "099d70c0", "name the same key part" },
        { "099d70c0", "099D70C0", "name the same key part" },
        { "099D 70C0 11", "099d70c0", "name the same key part" },
        { "099d70c0", "099d 70c0 11", "name the same key part" },
    };
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        const unsigned entries = count_entries(world);
        g_autoptr(GError) error = NULL;

        ck_assert_msg(!load(world, names[i].first, names[i].second, &error), "%s", names[i].first);
        ck_assert_msg(g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE), "%s", error->message);
        ck_assert_msg(strstr(error->message, names[i].told) != NULL, "%s", error->message);
        ck_assert_str_eq(world->prompts->str, "");
        ck_assert_str_eq(world->plans->str, "");
        ck_assert_uint_eq(count_entries(world), entries);
        unfinished_start_anew(world);
    }
}
END_TEST

START_TEST(test_names_are_taken_as_they_are_read_from_a_screen)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autofree char *first = pattern_of(world, 1);
    g_autofree char *second = pattern_of(world, 2);
    g_autoptr(GByteArray) bytes = tke_hex_decode(first, -1, NULL);
    g_autofree char *grouped = tke_hex_grouped(bytes->data, 6, 4, ' ');
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(strchr(grouped, ' '));
    card_world_check(load(world, grouped, second, &error), error);
    unfinished_check_one_key(world);
}
END_TEST

START_TEST(test_any_may_be_said_of_every_part)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    card_world_check(load(world, "any", "ANY", &error), error);
    unfinished_check_one_key(world);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_names_that_no_card_can_satisfy_are_refused_at_once);
    tcase_add_test(tests, test_names_are_taken_as_they_are_read_from_a_screen);
    tcase_add_test(tests, test_any_may_be_said_of_every_part);
}

int
main(void)
{
    return test_main("part-names", add_tests);
}
