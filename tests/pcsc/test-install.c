/*
 * opentke-virtual-readers: what it would write on a machine used for rehearsals is what pcscd was
 * given here.
 */
#include <gio/gio.h>
#include <string.h>

#include "tests/support/private-pcscd.h"
#include "tests/support/test-main.h"

/* Runs it below a root of the test's own; its exit code. */
static int
run(PrivatePcscd *place, const char *words)
{
    g_autofree char *root = g_build_filename(place->world, "root", NULL);
    g_autofree char *line = g_strdup_printf("%s --root=%s %s", VIRTUAL_READERS, root, words);
    g_auto(GStrv) argv = NULL;
    int status = 0;

    ck_assert(g_shell_parse_argv(line, NULL, &argv, NULL));
    ck_assert(g_spawn_sync(NULL, argv, NULL,
                           G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                           NULL, NULL, &status, NULL));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The lines of a file that are no comments. */
static char *
read_settings(const PrivatePcscd *place, const char *name)
{
    g_autofree char *path = g_build_filename(place->world, name, NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GString *settings = g_string_new("");

    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s is not there", path);
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (**line != '#' && **line != '\0') {
            g_string_append_printf(settings, "%s\n", *line);
        }
    }
    return g_string_free(settings, FALSE);
}

static bool
is_there(const PrivatePcscd *place, const char *name)
{
    g_autofree char *path = g_build_filename(place->world, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

START_TEST(test_readers_are_installed_as_a_private_pcscd_has_them_and_taken_away_again)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    g_autofree char *words =
        g_strdup_printf("--world=%s --driver=%s install", place->world, IFD_DRIVER);
    g_autofree char *mine = NULL;
    g_autofree char *theirs = NULL;

    ck_assert_int_eq(run(place, words), 0);
    mine = read_settings(place, "pcscd/readers/opentke");
    theirs = read_settings(place, "root/etc/reader.conf.d/opentke");
    ck_assert_str_eq(theirs, mine);
    ck_assert(is_there(place, "root/etc/systemd/system/pcscd.service.d/opentke.conf"));
    ck_assert_int_eq(run(place, "remove"), 0);
    ck_assert(!is_there(place, "root/etc/reader.conf.d/opentke"));
    ck_assert(!is_there(place, "root/etc/systemd/system/pcscd.service.d"));
    ck_assert(is_there(place, "root/etc/reader.conf.d"));
    ck_assert_int_eq(run(place, "remove"), 0);
}
END_TEST

START_TEST(test_paths_that_pcscd_cannot_take_are_refused_and_nothing_is_written)
{
    static const char *const words[] = {
        "--world=relative install",
        "'--world=/with space' install",
        "'--world=/with|bar' install",
        "--world=/w --driver=/nowhere install",
        "--world=/w",
        "frobnicate",
        "--what install",
    };
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        ck_assert_int_ne(run(place, words[i]), 0);
        ck_assert(!is_there(place, "root"));
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests,
                   test_readers_are_installed_as_a_private_pcscd_has_them_and_taken_away_again);
    tcase_add_test(tests, test_paths_that_pcscd_cannot_take_are_refused_and_nothing_is_written);
}

int
main(void)
{
    return private_pcscd_main("install", add_tests);
}
