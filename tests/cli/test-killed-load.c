/*
 * tke is killed at any event of a load: a second one completes it (functions 3.2, P-7; F-177).
 */
#include <string.h>

#include "tests/cli/kills.h"
#include "tests/support/test-main.h"

#define LOOPS 4 /* each kills at every fourth event, so that all of them are tried */

static JsonArray *
noted_parts(JsonNode *journal)
{
    JsonArray *entries = json_object_get_array_member(json_node_get_object(journal), "unfinished");
    JsonObject *values;

    if (json_array_get_length(entries) == 0) {
        return NULL;
    }
    values = json_object_get_object_member(json_array_get_object_element(entries, 0), "values");
    return json_object_get_array_member(values, "parts");
}

/* The load that is noted, with its parts by their patterns: nobody but who knows them continues it
 * unasked. */
static char *
named_load(Place *place)
{
    g_autofree char *path =
        g_build_filename(place->world, "workstation", "opentke-journal.json", NULL);
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) journal = NULL;
    g_autoptr(GString) command = g_string_new("--yes cryptounit-mk-load");
    JsonArray *parts = NULL;

    if (g_file_get_contents(path, &text, NULL, NULL)) {
        journal = json_from_string(text, NULL);
        ck_assert_ptr_nonnull(journal);
        parts = noted_parts(journal);
    }
    for (unsigned i = 0; i < 3; i++) {
        g_string_append_printf(command, " --part %s",
                               parts == NULL
                                   ? "any"
                                   : json_object_get_string_member(
                                         json_array_get_object_element(parts, i), "pattern"));
    }
    return g_string_free(g_steal_pointer(&command), FALSE);
}

START_TEST(test_a_load_is_completed_after_its_program_was_killed_at_any_event)
{
    g_autoptr(Place) place = kills_enter();
    unsigned kills = 0;

    for (unsigned at = 1 + (unsigned) _i; kills_at_event(place, &kills_load, at); at += LOOPS) {
        g_autofree char *command = named_load(place);
        const SimOfficersTask again = { "", command, { KILLS_SIGNERS, KILLS_PARTS }, { NULL } };

        kills++;
        kills_take_cards_out(place);
        place_act(place, 0, &again);
        kills_take_cards_out(place);
        kills_check_whole(place);
        place_act(place, 0, &kills_clear);
        kills_take_cards_out(place);
    }
    kills_take_cards_out(place);
    kills_check_whole(place); /* of a load that nobody has killed */
    ck_assert_uint_ge(kills, 4);
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_loop_test(tests, test_a_load_is_completed_after_its_program_was_killed_at_any_event,
                        0, LOOPS);
}

int
main(void)
{
    return test_main("killed-load", add_tests);
}
