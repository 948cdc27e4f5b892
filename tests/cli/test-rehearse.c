/*
 * tke-rehearse looks for itself: it ends well only if the units were new before and hold one key
 * after.
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

/* tke-rehearse in the world of a place, with another tke if one is named. */
static Run
rehearse(const Place *place, const char *tke)
{
    const char *const argv[] = { TKE_REHEARSE, "--world",
                                 place->world, tke != NULL ? "--tke" : NULL,
                                 tke,          NULL };
    g_autoptr(GError) error = NULL;
    Run run = { 0 };
    int status = 0;

    ck_assert_msg(g_spawn_sync(NULL, (char **) argv, place->environment, 0, NULL, NULL, &run.out,
                               &run.err, &status, &error),
                  "%s", error != NULL ? error->message : "");
    run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return run;
}

/* A tke that tells what it has found through a filter of sed, where its words are like the
 * pattern. */
static char *
make_liar(const Place *place, const char *words, const char *script)
{
    char *path = g_strconcat(place->world, "-liar", NULL);
    g_autofree char *text = g_strdup_printf("#!/bin/sh\n"
                                            "case \"$*\" in\n"
                                            "%s) \"%s\" \"$@\" | sed '%s' ;;\n"
                                            "*) exec \"%s\" \"$@\" ;;\n"
                                            "esac\n",
                                            words, TKE, script, TKE);

    ck_assert(g_file_set_contents(path, text, -1, NULL));
    ck_assert_int_eq(g_chmod(path, 0700), 0);
    return path;
}

START_TEST(test_the_rehearsal_ends_with_the_master_key_valid_everywhere)
{
    int exit_code = -1;
    const char *output = place_get_rehearsal(&exit_code);

    ck_assert_int_eq(exit_code, 0);
    ck_assert_msg(g_str_has_suffix(output, "\nmaster key Valid on 3 of 3 crypto units\n"), "%s",
                  output);
    assert_contains(output, "[44/44]");
    assert_contains(output, "crypto units 1,2,3: in imprint mode, module certificates verified");
    assert_contains(output, "crypto units 1,2,3: verification patterns equal");
    assert_contains(output, "12 blank cards loaded");
    assert_contains(output, "REHEARSAL");
}
END_TEST

START_TEST(test_units_that_have_been_set_up_are_not_rehearsed_with)
{
    g_autoptr(Place) finished = place_enter_finished();
    g_autoptr(Place) blank = place_enter_scenario("ready");
    g_autofree char *command = g_strdup_printf("rm -r %s/cards && cp -a %s/cards %s/cards",
                                               finished->world, blank->world, finished->world);
    g_auto(Run) run = { 0 };

    /* New cards on a desk whose crypto units others have set up. */
    place_sim(finished, "stop");
    place_sim(blank, "stop");
    {
        const char *argv[] = { "sh", "-c", command, NULL };
        int status = 1;

        ck_assert(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, &status, NULL));
        ck_assert_int_eq(status, 0);
    }
    run = rehearse(finished, NULL);
    ck_assert_int_eq(run.exit_code, 1);
    assert_contains(run.out, "See that the crypto units are in imprint mode");
    assert_contains(run.err, "crypto unit 1 is not in imprint mode");
    ck_assert_ptr_null(strstr(run.out, "Add administrator"));
    ck_assert_ptr_null(strstr(run.out, "master key Valid"));
}
END_TEST

START_TEST(test_a_unit_with_another_pattern_makes_the_rehearsal_fail)
{
    g_autoptr(Place) place = place_enter_scenario("ready");
    g_autofree char *liar =
        make_liar(place, "*--json*cryptounit-mk*",
                  "s/\\(\"number\":2,\"status\":\"Valid\",\"pattern\":\"\\)../\\1xx/");
    g_auto(Run) run = { 0 };

    place_sim(place, "stop");
    run = rehearse(place, liar);
    ck_assert_int_eq(run.exit_code, 1);
    assert_contains(run.out, "crypto units 1,2,3: in imprint mode, module certificates verified");
    assert_contains(run.out, "crypto unit 2 has another verification pattern than crypto unit 1");
    ck_assert_msg(g_str_has_suffix(run.out, "\nmaster key Valid on 2 of 3 crypto units\n"), "%s",
                  run.out);
}
END_TEST

/* One unit that serves, of each kind, beside a recovery unit; another instance with one of its own. */
static char *
write_scenario(const Place *place)
{
    static const char unit[] = "{\"type\":\"%s\",\"zone\":\"us-south\",\"host\":\"AZ%u-CS1\","
                               "\"module\":%u,\"domain\":7,\"kind\":\"CEX7\"}";
    static const char *const types[] = { "operational", "recovery", "failover", "operational" };
    g_autoptr(GString) text = g_string_new(
        "{\"format\":1,\"name\":\"mixed\",\"description\":\"all kinds of units\",\"readers\":["
        "{\"name\":\"P 1\",\"serial\":\"V1\",\"port\":\"a\"},"
        "{\"name\":\"P 2\",\"serial\":\"V2\",\"port\":\"b\"}],\"cards\":[");
    char *path = g_strconcat(place->world, "-mixed.json", NULL);

    for (unsigned i = 1; i <= 12; i++) {
        g_string_append_printf(text, "%s{\"label\":\"%s-%u\",\"applet\":\"%s\"}", i > 1 ? "," : "",
                               i > 2 ? "ep11" : "ca", i > 2 ? i - 2 : i, i > 2 ? "ep11" : "ca");
    }
    g_string_append(text, "],\"service\":{\"account\":\"A\",\"user\":\"u@x\",\"resource_group\":"
                          "\"default\",\"region\":\"us-south\",\"instances\":[{\"id\":"
                          "\"3b0f6d52-18c4-4e0a-8d7b-a64c91f2e5d3\",\"name\":\"one\",\"units\":[");
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        g_string_append(text, i == 3
                                  ? "]},{\"id\":\"4b0f6d52-18c4-4e0a-8d7b-a64c91f2e5d3\",\"name\":"
                                    "\"two\",\"units\":["
                              : i == 0 ? ""
                                       : ",");
        g_string_append_printf(text, unit, types[i], i + 1, i + 1);
    }
    g_string_append(text, "]}]}}");
    ck_assert(g_file_set_contents(path, text->str, -1, NULL));
    return path;
}

START_TEST(test_the_units_that_serve_the_first_instance_are_rehearsed_with)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_autofree char *path = write_scenario(place);
    const char *const argv[] = { TKE_REHEARSE, "--scenario", path, NULL };
    g_autoptr(GError) error = NULL;
    g_auto(Run) run = { 0 };
    int status = 0;

    ck_assert_msg(g_spawn_sync(NULL, (char **) argv, place->environment, 0, NULL, NULL, &run.out,
                               &run.err, &status, &error),
                  "%s", error != NULL ? error->message : "");
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s%s", run.out, run.err);
    assert_contains(run.out, "crypto units 1,3: verification patterns equal");
    ck_assert_msg(g_str_has_suffix(run.out, "\nmaster key Valid on 2 of 2 crypto units\n"), "%s",
                  run.out);
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_test(tests, test_the_rehearsal_ends_with_the_master_key_valid_everywhere);
    tcase_add_test(tests, test_units_that_have_been_set_up_are_not_rehearsed_with);
    tcase_add_test(tests, test_the_units_that_serve_the_first_instance_are_rehearsed_with);
    tcase_add_test(tests, test_a_unit_with_another_pattern_makes_the_rehearsal_fail);
}

int
main(void)
{
    return test_main("rehearse", add_tests);
}
