/*
 * Crypto units of two service instances in one selection: it is said, and what destroys keys, or
 * leaves a step as it is, takes one instance at a time (functions 4.2, E-S07).
 */
#include "tests/cli/place.h"
#include "tests/support/test-main.h"

#define FIRST_INSTANCE "11111111-7a35-4b8e-9c60-52d1e83b7f04"
#define SECOND_INSTANCE "22222222-7a35-4b8e-9c60-52d1e83b7f04"

/* The identifier of the selected unit that is not this one. */
static char *
other_selected(const char *world, const char *known)
{
    g_autofree char *path = g_build_filename(world, "workstation", "opentke-selection.json", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GRegex) regex = g_regex_new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *id = g_match_info_fetch(match, 0);

        if (g_strcmp0(id, known) != 0) {
            return g_steal_pointer(&id);
        }
    }
    ck_abort_msg("no other unit in %s", text);
}

/* As noted when a command that was sent to both came to a sudden end. */
static void
write_step_of_both(const char *world, const char *first, const char *second)
{
    static const char unit[] = "{\"id\":\"%s\",\"location\":\"x\",\"instance\":\"%s\",\"state\":"
                               "\"unknown\"}";
    g_autofree char *path = g_build_filename(world, "workstation", "opentke-journal.json", NULL);
    g_autofree char *one = g_strdup_printf(unit, first, FIRST_INSTANCE);
    g_autofree char *two = g_strdup_printf(unit, second, SECOND_INSTANCE);
    g_autofree char *text = g_strdup_printf("{\"unfinished\":[{\"action\":\"tke-cryptounit.reset\","
                                            "\"started\":\"2026-01-01T00:00:00Z\","
                                            "\"units\":[%s,%s]}]}",
                                            one, two);

    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

/* What is typed names one instance, and --select says which units are meant. */
static void
check_leaving(Place *place, const char *const *words)
{
    place_check_row(place, "E-S07", 3, "--yes --confirm 11111111 cryptounit-leave --listed", words);
    {
        g_auto(Run) left = place_expect(
            place, 0, "--json --yes --confirm 22222222 --select 2 cryptounit-leave --listed");
        g_auto(Run) rest = place_expect(
            place, 0, "--json --yes --confirm 11111111 --select 1 cryptounit-leave --listed");

        ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(left.json, "left")),
                          1);
        ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(rest.json, "left")),
                          1);
    }
}

START_TEST(test_units_of_two_instances)
{
    static const char scenario[] =
        "{\"format\":1,\"name\":\"two\",\"description\":\"two\","
        "\"readers\":[{\"name\":\"P 1\"},{\"name\":\"P "
        "2\"}],\"cards\":[{\"label\":\"ca-1\",\"applet\":\"ca\"}],\"service\":{"
        "\"account\":\"A\",\"user\":\"U\",\"resource_group\":\"R\",\"region\":\"us-south\","
        "\"instances\":["
        "{\"id\":\"" FIRST_INSTANCE "\",\"name\":\"one\",\"units\":[{\"type\":"
        "\"operational\",\"zone\":\"us-south\",\"host\":\"AZ1\",\"module\":1,\"domain\":1}]},"
        "{\"id\":\"" SECOND_INSTANCE "\",\"name\":\"two\",\"units\":[{\"type\":"
        "\"operational\",\"zone\":\"us-south\",\"host\":\"AZ2\",\"module\":2,\"domain\":2}]}]}}";
    static const char *const words[] = { "more than one instance", "11111111-", "22222222-",
                                         "--select", NULL };
    g_autoptr(Place) place = place_enter_nothing();
    g_autofree char *file = g_build_filename(place->world, "two.json", NULL);
    g_autofree char *world = g_build_filename(place->world, "world", NULL);
    g_autofree char *start = g_strconcat("start --scenario ", file, NULL);

    ck_assert(g_file_set_contents(file, scenario, -1, NULL));
    place_set(place, "OPENTKE_WORLD", world);
    place_sim(place, start);
    {
        g_auto(Run) one = place_expect(place, 0, "cryptounit-add 1");
        g_autofree char *first = other_selected(world, NULL);
        g_auto(Run) both = place_expect(place, 0, "cryptounit-add 2");
        g_auto(Run) json = place_expect(place, 0, "--json cryptounit-add 2");
        g_autofree char *second = other_selected(world, first);

        ck_assert_ptr_null(strstr(one.out, "WARNING"));
        assert_contains(both.out, "WARNING: crypto units of more than one instance are selected");
        ck_assert(json_object_get_boolean_member(json.json, "several_instances"));
        write_step_of_both(world, first, second);
    }
    {
        g_auto(Run) one = place_expect(place, 0, "--instance " SECOND_INSTANCE " cryptounits");

        assert_contains(one.out, SECOND_INSTANCE);
        ck_assert_ptr_null(strstr(one.out, FIRST_INSTANCE));
    }
    check_leaving(place, words);
    place_check_row(place, "E-S07", 3, "--yes --confirm 11111111 cryptounit-zeroize", words);
    {
        g_auto(Run) one =
            place_expect(place, 0, "--yes --confirm 22222222 --select 2 cryptounit-zeroize");

        assert_contains(one.out, "OK");
    }
    place_sim(place, "stop");
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    tcase_add_test(tests, test_units_of_two_instances);
}

int
main(void)
{
    return test_main("two-instances", add_tests);
}
