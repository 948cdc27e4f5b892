/*
 * tke is killed at any event of a step that is sent to all crypto units: a second run completes
 * it, unless it was done (functions 3.2, P-7; F-177). Loads: test-killed-load.
 */
#include <string.h>

#include "tests/cli/kills.h"
#include "tests/support/test-main.h"

#define UNITS 3u

static const SimOfficersTask new_key = {
    "", "card generate-signature-key --name Carol", { { NULL }, { "ep11-5" } }, { NULL }
};
static const SimOfficersTask add = {
    "", "--yes cryptounit-admin-add", { { "ep11-5", "ep11-1", "ep11-3" }, { NULL } }, { NULL }
};
static const SimOfficersTask commit = {
    "", "--yes cryptounit-mk-commit", { KILLS_SIGNERS, { NULL } }, { NULL }
};
static const SimOfficersTask activate = {
    "", "--yes --confirm 9f4d2c1e cryptounit-mk-setimm", { KILLS_SIGNERS, { NULL } }, { NULL }
};

/* What comes before the step, and how its end is seen: this text for each unit. */
static const struct {
    const SimOfficersTask *before[2];
    const SimOfficersTask *step;
    const char *look;
    const char *done;
} steps[] = {
    { { &kills_load, NULL }, &commit, "--json cryptounit-mk", "\"Full Committed\"" },
    { { &kills_load, &commit }, &activate, "--json cryptounit-mk", "\"Valid\"" },
    { { &new_key, NULL }, &add, "--json cryptounit-admins", "\"Carol\"" },
};

/* In how many units it was done; unfinished: it is noted as not known, or not done, in some. */
static unsigned
count_done(Place *place, unsigned i, bool *unfinished)
{
    g_auto(Run) run = place_expect(place, 0, steps[i].look);
    unsigned n = 0;

    for (const char *at = run.out; (at = strstr(at, steps[i].done)) != NULL; at++) {
        n++;
    }
    *unfinished = json_object_has_member(run.json, "unfinished");
    return n;
}

static char *
prepare(unsigned i)
{
    g_autoptr(Place) place = kills_enter();
    bool unfinished = false;

    for (unsigned k = 0; k < G_N_ELEMENTS(steps[i].before) && steps[i].before[k] != NULL; k++) {
        place_act(place, 0, steps[i].before[k]);
        kills_take_cards_out(place);
    }
    ck_assert_uint_eq(count_done(place, i, &unfinished), 0);
    ck_assert(!unfinished);
    return place_keep(place);
}

/* Nothing is done twice where all was done, and known. */
static void
complete(Place *place, unsigned i)
{
    bool unfinished = false;

    if (count_done(place, i, &unfinished) < UNITS || unfinished) {
        place_act(place, 0, steps[i].step);
        kills_take_cards_out(place);
    }
    ck_assert_uint_eq(count_done(place, i, &unfinished), UNITS);
    kills_check_whole(place);
}

START_TEST(test_a_step_is_completed_after_its_program_was_killed_at_any_event)
{
    unsigned i = (unsigned) _i;
    g_autofree char *kept = prepare(i);
    bool killed = true;
    unsigned kills = 0;

    for (unsigned at = 1; killed; at++) {
        g_autoptr(Place) place = place_enter_kept(kept);

        killed = kills_at_event(place, steps[i].step, at);
        kills += killed ? 1 : 0;
        kills_take_cards_out(place);
        complete(place, i);
    }
    ck_assert_uint_ge(kills, 4);
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_loop_test(tests, test_a_step_is_completed_after_its_program_was_killed_at_any_event,
                        0, (int) G_N_ELEMENTS(steps));
}

int
main(void)
{
    return test_main("killed-steps", add_tests);
}
