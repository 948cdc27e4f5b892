/*
 * tke is killed between a deletion on a card and its entry in the log: what was deleted counts for no
 * copy from then on, and the card tells what it has lost when it is next seen (F-042, F-170).
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

#define PATIENCE_MS 60000
#define TRIES 20u

/* What is told of the original before it would be overwritten: is there a copy of its part? */
static void
check_copy(Place *place, bool there)
{
    place_sim(place, "insert 1 ca-1");
    place_sim(place, "insert 2 ep11-5");
    {
        g_auto(Run) run = place_expect(place, 0, "--dry-run --confirm x card enroll");

        assert_contains(run.out, there ? "…: also on card " : "…: NO copy of it is known");
    }
    place_sim(place, "remove 1");
    place_sim(place, "remove 2");
}

static unsigned
count_entries(Place *place, const char *result)
{
    static const char action[] = "\"action\":\"opentke-card.delete\"";
    g_autofree char *wanted = g_strdup_printf("\"result\":\"%s\"", result);
    g_autofree char *path = g_build_filename(place->world, "workstation", "activity.log", NULL);
    g_autofree char *log = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned n = 0;

    ck_assert(g_file_get_contents(path, &log, NULL, NULL));
    lines = g_strsplit(log, "\n", -1);
    for (unsigned i = 0; lines[i] != NULL; i++) {
        n += strstr(lines[i], action) != NULL && strstr(lines[i], wanted) != NULL ? 1 : 0;
    }
    return n;
}

/*
 * The log is locked by this test, but for moments: the program writes that it begins, and then cannot
 * write how it ended. False: it was quick enough to do both in one of them.
 */
static bool
hold_log_after_begin(int log, Place *place)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE_MS * 1000;

    while (count_entries(place, "begun") == 0) {
        ck_assert_msg(g_get_monotonic_time() < end, "the deletion was not begun");
        ck_assert_int_eq(flock(log, LOCK_UN), 0);
        ck_assert_int_eq(flock(log, LOCK_EX), 0);
    }
    return count_entries(place, "done") + count_entries(place, "failed") == 0;
}

static void
wait_until_changed(Place *place, const char *cards)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE_MS * 1000;
    bool changed = false;

    while (!changed) {
        g_autofree char *now = place_digest(place, "cards");

        ck_assert_msg(g_get_monotonic_time() < end, "the card deletes nothing");
        changed = strcmp(now, cards) != 0;
        g_usleep(20000);
    }
}

/* Kills tke in the deletion of the part of ep11-6, a copy of ep11-5's; false: it was too quick. */
static bool
kill_in_deletion(Place *place, bool carried_out)
{
    g_autofree char *path = g_build_filename(place->world, "workstation", "activity.log", NULL);
    g_autofree char *pin = sim_officers_people_dup_pin("ep11-6", 1);
    g_autofree char *type = g_strconcat("pin 2 ", pin, NULL);
    g_autoptr(SimOfficersProgram) program = NULL;
    g_autoptr(JsonObject) question = NULL;
    g_autofree char *cards = NULL;
    int log = open(path, O_RDONLY | O_CLOEXEC);
    bool caught = false;

    ck_assert_int_ge(log, 0);
    place_sim(place, "insert 2 ep11-6");
    program = place_start(place, "card delete --place 1");
    place_sim(place, type);
    question = place_wait_event(program, "prompt", "confirm");
    cards = place_digest(place, "cards");
    ck_assert_int_eq(flock(log, LOCK_EX), 0);
    if (!carried_out) {
        place_sim(place, "fault card ep11-6 silent times=9");
    }
    ck_assert(
        sim_officers_program_type(program, json_object_get_string_member(question, "word"), NULL));
    caught = hold_log_after_begin(log, place);
    if (carried_out) {
        wait_until_changed(place, cards);
    }
    sim_officers_program_signal(program, SIGKILL);
    sim_officers_program_wait(program, PATIENCE_MS, NULL);
    close(log);
    place_sim(place, "fault clear");
    place_sim(place, "remove 2");
    return caught;
}

/* A world in which that has happened. */
static Place *
make_place(bool carried_out)
{
    for (unsigned i = 0; i < TRIES; i++) {
        g_autoptr(Place) place = place_enter_finished();

        check_copy(place, true);
        if (kill_in_deletion(place, carried_out)) {
            return g_steal_pointer(&place);
        }
    }
    ck_abort_msg("the program is never caught");
}

START_TEST(test_a_deletion_that_was_killed_counts_as_done_until_the_card_is_seen)
{
    const bool carried_out = _i == 0;
    g_autoptr(Place) place = make_place(carried_out);

    ck_assert_uint_eq(count_entries(place, "begun"), 1);
    ck_assert_uint_eq(count_entries(place, "done"), 0);
    check_copy(place, false);

    place_sim(place, "insert 2 ep11-6");
    {
        g_auto(Run) info = place_expect(place, 0, "card info --reader 2");
        g_auto(Run) again = place_expect(place, 0, "card info --reader 2");
        g_auto(Run) log G_GNUC_UNUSED = place_expect(place, 0, "log verify");

        assert_contains(info.out, carried_out ? "What the card has lost is in the log now."
                                              : "The card has lost nothing by it.");
        ck_assert_ptr_null(strstr(again.out, "an earlier step that deletes"));
    }
    place_sim(place, "remove 2");
    ck_assert_uint_eq(count_entries(place, "found"), 1);
    check_copy(place, !carried_out);
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_loop_test(
        tests, test_a_deletion_that_was_killed_counts_as_done_until_the_card_is_seen, 0, 2);
}

int
main(void)
{
    return test_main("killed-delete", add_tests);
}
