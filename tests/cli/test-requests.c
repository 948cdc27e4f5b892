/*
 * What the commands of the real program ask the service and cards for: each request counted, and
 * that what is called the same rests on signed answers (functions 4.4; docs/numbers.md).
 */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

#define ALL "--select 1,2,3,4,5 "
#define UNITS 5u /* 3 operational, 2 recovery */

/* Requests, by the lines of the trace. */
static unsigned
count(const Run *run)
{
    g_auto(GStrv) lines = g_strsplit(run->err, "\n", -1);
    unsigned n = 0;

    for (char **line = lines; *line != NULL; line++) {
        if (strstr(*line, "https: ") != NULL && strstr(*line, " /v1/tke/") != NULL) {
            ck_assert_msg(strstr(*line, "status 200") != NULL, "%s", *line);
            n++;
        }
    }
    return n;
}

static void
forget_modules(const Place *place)
{
    g_autofree char *path =
        g_build_filename(place->world, "workstation", "opentke-units.json", NULL);

    ck_assert_int_eq(g_remove(path), 0);
}

/* The signature keys of two administrators get into the recovery units, which the ceremony leaves
 * alone. */
static void
add_administrators(Place *place)
{
    static const SimOfficersTask tasks[] = {
        { "", "--yes --select 4,5 cryptounit-admin-add", { { "ep11-1" } }, { NULL } },
        { "", "--yes --select 4,5 cryptounit-admin-add", { { "ep11-3" } }, { NULL } },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(tasks); i++) {
        place_act(place, 0, &tasks[i]);
        ck_assert(sim_officers_desk_remove(place->desk, 1, NULL));
    }
}

START_TEST(test_commands_take_the_written_down_requests)
{
    static const struct {
        const char *line;
        int exit_code;
        unsigned cold; /* for each unit */
        unsigned warm;
    } commands[] = {
        { "cryptounits", 0, 0, 0 },         { "cryptounit-admins", 0, 9, 5 },
        { "cryptounit-thrhlds", 0, 7, 3 },  { "cryptounit-mk", 0, 9, 5 },
        { "cryptounit-compare", 8, 12, 8 }, /* the recovery units have no key */
    };
    g_autoptr(Place) place = place_enter_finished();

    add_administrators(place);
    place_set(place, "OPENTKE_TRACE", "1");
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *line = g_strconcat(ALL, commands[i].line, NULL);
        g_auto(Run) cold = { 0 };
        g_auto(Run) warm = { 0 };

        forget_modules(place);
        cold = place_expect(place, commands[i].exit_code, line);
        warm = place_expect(place, commands[i].exit_code, line);
        ck_assert_msg(count(&cold) == 1 + UNITS * commands[i].cold, "%s: %u cold", line,
                      count(&cold));
        ck_assert_msg(count(&warm) == 1 + UNITS * commands[i].warm, "%s: %u warm", line,
                      count(&warm));
        if (commands[i].cold == 0) { /* for the next one, which begins without it */
            g_auto(Run) any = place_expect(place, 0, ALL "cryptounit-mk");

            ck_assert_uint_eq(count(&any), 1 + UNITS * 9);
        }
    }
}
END_TEST

START_TEST(test_patterns_that_are_not_the_signed_ones_are_not_called_the_same)
{
    static const char *const commands[] = { "--json cryptounit-compare", "--json cryptounit-mk" };
    g_autoptr(Place) place = place_enter_finished();

    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        {
            g_auto(Run) good = place_expect(place, 0, commands[i]);

            ck_assert_ptr_nonnull(good.json);
        }
        place_sim(place, "fault service wrong-pattern count=0 command=info");
        {
            g_auto(Run) lied = place_expect(place, 6, commands[i]);

            assert_contains(json_object_get_string_member(lied.json, "error"),
                            "signed and unsigned");
        }
        place_sim(place, "fault clear");
    }
}
END_TEST

/* Commands to the card in a reader, by the lines of the trace. */
static unsigned
count_apdus(const Run *run, unsigned reader)
{
    g_autofree char *mark = g_strdup_printf("reader %u > ", reader);
    g_auto(GStrv) lines = g_strsplit(run->err, mark, -1);

    return g_strv_length(lines) - 1;
}

START_TEST(test_a_card_is_shown_after_three_commands)
{
    g_autoptr(Place) place = place_enter_finished();

    place_set(place, "OPENTKE_TRACE", "1");
    place_sim(place, "insert 1 ca-1");
    place_sim(place, "insert 2 ep11-1");
    for (unsigned reader = 1; reader <= 2; reader++) {
        g_autofree char *line = g_strdup_printf("card info --reader %u", reader);
        g_auto(Run) run = place_expect(place, 0, line);
        const unsigned n = count_apdus(&run, reader);

        assert_contains(run.out, "Card identifier");
        ck_assert_msg(n >= 2 && n <= 3, "reader %u: %u commands", reader, n);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse_scenario("recovery");
    tcase_add_test(tests, test_commands_take_the_written_down_requests);
    tcase_add_test(tests, test_a_card_is_shown_after_three_commands);
    tcase_add_test(tests, test_patterns_that_are_not_the_signed_ones_are_not_called_the_same);
}

int
main(void)
{
    return test_main("requests", add_tests);
}
