/*
 * The settings file: what it says of readers and cards (functions 4.1).
 */
#include <check.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/settings.h"
#include "libceremony/world-private.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* Settings of a world of the test's own with this file; NULL with the error. */
static TkeSettings *
load(const char *text, GError **error)
{
    static const char *const instances[] = { NULL };
    g_autofree char *dir = g_dir_make_tmp("tke-settings-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "settings.json", NULL);
    g_autoptr(TkeWorld) world = tke_world_new_of_parts(NULL, NULL, NULL, dir, instances);

    if (text != NULL) {
        ck_assert(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
    return tke_settings_load(world, error);
}

static const struct {
    const char *text;
    int seconds; /* -1: refused */
} rows[] = {
    { NULL, 0 },
    { "{}", 0 },
    { "{\"cardAnswerSeconds\":25}", 25 },
    { "{\"cardAnswerSeconds\":600,\"readers\":[\"A\",\"B\"]}", 600 },
    { "{\"cardAnswerSeconds\":24}", -1 }, /* a PIN alone may take 20 */
    { "{\"cardAnswerSeconds\":601}", -1 },
    { "{\"cardAnswerSeconds\":-1}", -1 },
    { "{\"cardAnswerSeconds\":4294967326}", -1 }, /* 30 in 32 bits */
    { "{\"cardAnswerSeconds\":30.5}", -1 },
    { "{\"cardAnswerSeconds\":\"30\"}", -1 },
    { "{\"cardAnswerSeconds\":null}", -1 },
    { "{\"cardAnswerSeconds\":[30]}", -1 },
    { "{\"cardAnswerSeconds\":", -1 },
};

START_TEST(test_the_time_for_an_answer_is_taken_or_refused_with_the_name_of_the_file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSettings) settings = load(rows[_i].text, &error);

    if (rows[_i].seconds < 0) {
        ck_assert_ptr_null(settings);
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
        ck_assert_msg(strstr(error->message, "settings.json") != NULL, "%s", error->message);
    } else {
        ck_assert_msg(settings != NULL, "%s", error != NULL ? error->message : "no error");
        ck_assert_uint_eq(tke_settings_get_card_answer_ms(settings),
                          (unsigned) rows[_i].seconds * 1000u);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests,
                        test_the_time_for_an_answer_is_taken_or_refused_with_the_name_of_the_file,
                        0, G_N_ELEMENTS(rows));
}

int
main(void)
{
    return test_main("settings", add_tests);
}
