/*
 * tke is told to end, by Ctrl-C, by the machine or by the end of its terminal, while crypto units
 * do what was signed: too late to stop. It learns what became of the step, and says, shows and
 * records just that (functions 3.2, F-170).
 */
#include <signal.h>
#include <string.h>

#include "tests/cli/kills.h"
#include "tests/support/test-main.h"

#define CLEAR_CURRENT 27u

static const SimOfficersTask clear = {
    "", "--yes --confirm 9f4d2c1e cryptounit-mk-clrcur", { KILLS_SIGNERS, { NULL } }, { NULL }
};
static const KilledStep step = { .task = &clear,
                                 .action = "tke-cryptounit-current-master-key-register.clear",
                                 .command = CLEAR_CURRENT };
static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

START_TEST(test_a_step_that_was_done_is_no_refused_one)
{
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *output = NULL;
    const int exit_code = kills_signal_in_step(place, &step, signals[_i], &output);

    ck_assert_msg(exit_code == 0, "exit %d: %s", exit_code, output);
    assert_contains(output, "done, answer lost");
    assert_contains(output, "too late to stop");
    assert_contains(output, "CURRENT MASTER KEY REGISTER"); /* what it has come to is shown */
    {
        g_auto(Run) registers = place_expect(place, 0, "--json cryptounit-mk");
        g_auto(Run) log = place_expect(place, 0, "--json log --last 1");

        ck_assert_ptr_null(strstr(registers.out, "Valid"));
        assert_contains(log.out, step.action);
        assert_contains(log.out, "done");
        ck_assert(!json_object_has_member(registers.json, "unfinished"));
    }
    kills_check_whole(place);
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_loop_test(tests, test_a_step_that_was_done_is_no_refused_one, 0,
                        (int) G_N_ELEMENTS(signals));
}

int
main(void)
{
    return test_main("signalled-steps", add_tests);
}
