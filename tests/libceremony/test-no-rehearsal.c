/*
 * A program built without the simulator says that it rehearses nothing.
 */
#include <check.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/world.h"
#include "tests/support/test-main.h"

START_TEST(test_a_rehearsal_is_refused_in_words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeWorld) world = tke_world_new_rehearsal(NULL, NULL, 0, &error);

    ck_assert_ptr_null(world);
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_SETUP));
    ck_assert_ptr_nonnull(strstr(error->message, "not part of this program"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_rehearsal_is_refused_in_words);
}

int
main(void)
{
    return test_main("no-rehearsal", add_tests);
}
