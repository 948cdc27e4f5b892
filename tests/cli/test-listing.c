/*
 * Lists of crypto units that cannot be right: the others are shown and used all the same (functions 4.4, E-H09).
 */
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

static JsonArray *
table(const Run *run, const char *key)
{
    JsonArray *instances = json_object_get_array_member(run->json, "instances");
    JsonObject *first = json_array_get_object_element(instances, 0);

    return json_object_has_member(first, key) ? json_object_get_array_member(first, key) : NULL;
}

/* The message about unit number so. */
static const char *
trouble(const Run *run, gint64 number)
{
    JsonArray *rows = table(run, "troubles");

    for (unsigned i = 0; rows != NULL && i < json_array_get_length(rows); i++) {
        JsonObject *row = json_array_get_object_element(rows, i);

        if (json_object_get_int_member(row, "number") == number) {
            return json_object_get_string_member(row, "trouble");
        }
    }
    return "";
}

START_TEST(test_one_unit_in_an_impossible_place_does_not_block_the_instance)
{
    g_autoptr(Place) place = place_enter_new();

    place_sim(place, "fault service listed-nowhere list=true count=0");
    {
        g_auto(Run) list = place_expect(place, 0, "--json cryptounits");
        g_auto(Run) text = place_expect(place, 0, "cryptounits");
        g_auto(Run) named = place_expect(place, 6, "--json cryptounit-add 1 2 3");
        g_auto(Run) all = place_expect(place, 0, "--json cryptounit-add --all");
        g_auto(Run) used = place_expect(place, 0, "--json cryptounit-mk");
        g_auto(Run) refused = place_expect(place, 6, "--json --select 1,2,3 cryptounit-mk");

        ck_assert_uint_eq(json_array_get_length(table(&list, "units")), 3);
        ck_assert_uint_eq(json_array_get_length(table(&list, "troubles")), 1);
        assert_contains(trouble(&list, 1), "between 0 and 255");
        assert_contains(text.out, "TROUBLE");
        assert_contains(json_object_get_string_member(named.json, "error"), "crypto unit 1");
        ck_assert_uint_eq(json_array_get_length(table(&all, "units")), 3);
        ck_assert_uint_eq(json_array_get_length(table(&used, "new_register")), 2);
        assert_contains(json_object_get_string_member(refused.json, "error"), "between 0 and 255");
    }
}
END_TEST

START_TEST(test_a_unit_that_is_listed_twice_is_refused)
{
    g_autoptr(Place) place = place_enter_new();

    place_sim(place, "fault service listed-twice list=true count=0");
    {
        g_auto(Run) list = place_expect(place, 0, "--json cryptounits");
        g_auto(Run) all = place_expect(place, 0, "--json cryptounit-add --all");
        g_auto(Run) used = place_expect(place, 0, "--json cryptounit-mk");
        g_auto(Run) twice = place_expect(place, 6, "--json --select 1 cryptounit-mk");

        ck_assert_uint_eq(json_array_get_length(table(&list, "units")), 4);
        assert_contains(trouble(&list, 1), "also as crypto unit 2");
        assert_contains(trouble(&list, 2), "also as crypto unit 1");
        ck_assert_ptr_nonnull(all.json);
        ck_assert_uint_eq(json_array_get_length(table(&used, "new_register")), 2);
        assert_contains(json_object_get_string_member(twice.json, "advice"), "tampering");
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    tcase_add_test(tests, test_one_unit_in_an_impossible_place_does_not_block_the_instance);
    tcase_add_test(tests, test_a_unit_that_is_listed_twice_is_refused);
}

int
main(void)
{
    return test_main("listing", add_tests);
}
