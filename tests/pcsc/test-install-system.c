/*
 * opentke-virtual-readers on a running system's pcscd, which its init script starts in namespaces
 * of the test's own.
 */
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/private-pcscd.h"
#include "tests/support/test-main.h"

#define SKIPPED 77 /* exit code that meson knows */
#define NAMESPACES "unshare", "--mount", "--pid", "--fork", "--mount-proc"

static void
assert_contains(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text);
}

/* root's namespaces, or those of any user. */
static const char *
own_root(void)
{
    return getuid() == 0 ? "--" : "--map-root-user";
}

/* Where the sanitizers' library is that a driver with sanitizers needs; NULL: none is needed. */
#ifdef SIM_PCSCD_SANITIZER
#define SANITIZER SIM_PCSCD_SANITIZER
#else
#define SANITIZER NULL
#endif

/* A system's pcscd, started as its init script does, in namespaces: root's, or those of any
 * user. */
START_TEST(test_the_pcscd_of_a_system_has_the_readers_until_they_are_taken_away)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter_empty();
    g_autofree char *copy = g_build_filename(place->world, "..", "etc", NULL);
    const char *argv[] = { "timeout",       "300",      NAMESPACES,   own_root(), INSTALL_ON_SYSTEM,
                           VIRTUAL_READERS, IFD_DRIVER, place->world, copy,       TKE,
                           SANITIZER,       NULL };
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *output = NULL;
    g_autoptr(GError) error = NULL;

    private_pcscd_start_sim(place, NULL);
    private_pcscd_insert(place, 1, "ca-1");
    process = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);
    ck_assert_msg(process != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL));
    ck_assert_msg(g_subprocess_get_if_exited(process) && g_subprocess_get_exit_status(process) == 0,
                  "%s", output);
    assert_contains(output, "0    Yes   PIN pad   " PRIVATE_PCSCD_READER_1);
    assert_contains(output, "3b:8b:81:31:fe:45"); /* of the card in the first one */
    assert_contains(output, "REHEARSAL");
    assert_contains(output, "this is a virtual reader, which is refused outside a rehearsal");
    assert_contains(output, "all done");
}
END_TEST

/* Besides what every pcscd of a test needs: processes of its own. Without them nothing is tried. */
static bool
has_processes(char **why)
{
    const char *argv[] = { NAMESPACES, own_root(), "true", NULL };
    int status = 0;

    return g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, why,
                        &status, NULL) &&
           status == 0;
}

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_the_pcscd_of_a_system_has_the_readers_until_they_are_taken_away);
}

int
main(void)
{
    g_autofree char *why = NULL;

    if (has_processes(&why)) {
        return private_pcscd_main("install-system", add_tests);
    }
    g_print("skipped: this machine allows no process namespace here: %s\n", why);
    return g_getenv("CI") == NULL ? SKIPPED : EXIT_FAILURE;
}
