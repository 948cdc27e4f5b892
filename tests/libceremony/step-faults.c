/*
 * Faults at every exchange of an operation, each in a process of its own.
 */
#include "tests/libceremony/step-faults.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

#include "libceremony/advice.h"
#include "tests/libceremony/step-faults-private.h"
#include "tests/support/fault-card-source.h"

const char *
step_text_of(const GError *error)
{
    return error != NULL ? error->message : "no error";
}

bool
step_is_cancelled(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

void
step_expect_log(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;
    TkeLogHead head;

    EXPECT(tke_activity_log_verify(world->log, NULL, &head, &error), "%s", step_text_of(error));
}

void
step_expect_clean_error(CeremonyWorld *world, const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);
    bool named = false;

    EXPECT(error != NULL, "it failed without an error");
    if (step_is_cancelled(error)) {
        return;
    }
    named =
        strstr(error->message, "reader 1") != NULL || strstr(error->message, "reader 2") != NULL;
    for (unsigned i = 0; i < tke_unit_directory_get_units(world->units)->len; i++) {
        TkeUnit *unit = g_ptr_array_index(tke_unit_directory_get_units(world->units), i);

        named = named || strstr(error->message, tke_unit_get_name(unit)) != NULL;
    }
    EXPECT(named, "no device in “%s”", error->message);
    EXPECT(advice != NULL || strstr(error->message, "tke c") != NULL ||
               strstr(error->message, "again") != NULL,
           "no next step for “%s”", error->message);
}

/* What a run leaves on the disk is not what the next one begins with. */
static const char *const files[] = { "opentke-journal.json", "opentke-units.json" };

typedef struct Disk {
    char *text[G_N_ELEMENTS(files)]; /* NULL: there is no such file */
} Disk;

static void
disk_keep(const CeremonyWorld *world, Disk *disk)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(world->dir, files[i], NULL);

        disk->text[i] = NULL;
        (void) g_file_get_contents(path, &disk->text[i], NULL, NULL);
    }
}

static void
disk_restore(const CeremonyWorld *world, Disk *disk)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(world->dir, files[i], NULL);

        if (disk->text[i] == NULL) {
            (void) g_unlink(path);
        } else {
            ck_assert(g_file_set_contents(path, disk->text[i], -1, NULL));
        }
        g_clear_pointer(&disk->text[i], g_free);
    }
}

bool
step_run_apart(CeremonyWorld *world, const void *step, unsigned n, unsigned kind, const char *what,
               StepCase func)
{
    int status = 0;
    Disk disk;
    pid_t child;

    disk_keep(world, &disk);
    fflush(NULL);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        g_autoptr(GError) error = NULL;

        EXPECT(tke_secret_heap_init(&error), "%s", step_text_of(error));
        world->keep_dir = true;
        func(world, step, n, kind);
        exit(EXIT_SUCCESS); /* where the leak checker looks */
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    disk_restore(world, &disk);
    if (WIFEXITED(status) && WEXITSTATUS(status) == STEP_EXIT_NOT_STRUCK) {
        return false;
    }
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS,
                  "%s, exchange %u (status %d)", what, n, status);
    return true;
}

/* The units as another process knows them, from the disk. */
static void
read_anew(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    tke_unit_directory_free(world->units);
    world->units = tke_unit_directory_new(world->world, &error);
    EXPECT(world->units != NULL, "%s", step_text_of(error));
}

void
step_between(CeremonyWorld *world, unsigned n)
{
    ceremony_world_go_on(world);
    if (n % 2 == 0) {
        ceremony_world_restart(world);
        read_anew(world);
    }
    world->patience = 0;
}

static void
expect_cards_report(const StepCards *step, StepState state, bool ok, const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);

    if (ok) {
        EXPECT(state == STEP_DONE, "%s reports success, and it is not done", step->name);
        return;
    }
    EXPECT(state != STEP_DONE || !step_is_cancelled(error), "%s reports cancelled, and it is done",
           step->name);
    EXPECT(state == STEP_NOT_DONE || (advice != NULL && strstr(advice, "card info") != NULL) ||
               strstr(error->message, "tke card info") != NULL ||
               strstr(error->message, "start again") != NULL ||
               strstr(error->message, "is missing") != NULL ||
               strstr(error->message, "then: ") != NULL ||
               strstr(error->message, "try first") != NULL,
           "%s has changed something; “%s” does not say how to look", step->name, error->message);
}

/* What the first run has come to is as it should be, and a second one completes it. */
static void
finish(CeremonyWorld *world, const StepCards *step, unsigned n, bool ok, GError *error)
{
    StepState state = step->state(world);
    GError *later = NULL;

    if (!ok) {
        step_expect_clean_error(world, error);
    }
    expect_cards_report(step, state, ok, error);
    step_expect_log(world);
    step_between(world, n);
    if (state != STEP_DONE || step->repeatable) {
        step->hand(world);
        ok = state == STEP_BETWEEN && step->complete != NULL ? step->complete(world, &later)
                                                             : step->run(world, &later);
        EXPECT(ok, "second run: %s; first: %s; prompts:\n%s", step_text_of(later),
               step_text_of(error), world->prompts->str);
        EXPECT(step->state(world) == STEP_DONE, "not done after the second run");
        step_expect_log(world);
    }
    g_clear_error(&error);
    g_clear_error(&later);
    ceremony_world_free(world);
}

static void
cards_case(CeremonyWorld *world, const void *data, unsigned n, unsigned kind)
{
    const StepCards *step = data;
    GError *error = NULL;
    bool ok;

    step->hand(world);
    world->patience = step->patience;
    test_fault_card_source_set(world->source, n, (TestCardFault) kind, world->cancellable);
    ok = step->run(world, &error);
    if (!test_fault_card_source_has_struck(world->source)) {
        EXPECT(ok, "without a fault: %s", step_text_of(error));
        _exit(STEP_EXIT_NOT_STRUCK);
    }
    test_fault_card_source_clear(world->source);
    finish(world, step, n, ok, error);
}

static void
cancel_case(CeremonyWorld *world, const void *data, unsigned n, unsigned kind)
{
    const StepCards *step = data;
    GError *error = NULL;
    bool ok;

    (void) kind;
    step_cancel_prepare(world);
    step_cancel_at_prompt(n);
    step->hand(world);
    ok = step->run(world, &error);
    if (!step_was_cancelled()) {
        EXPECT(ok, "without a fault: %s", step_text_of(error));
        _exit(STEP_EXIT_NOT_STRUCK);
    }
    finish(world, step, n, ok, error);
}

void
step_try_all(CeremonyWorld *world, const void *step, const char *what, unsigned kind, StepCase func)
{
    unsigned n = 1;

    while (n < STEP_MOST_EXCHANGES && step_run_apart(world, step, n, kind, what, func)) {
        n++;
    }
    ck_assert_msg(n > 1, "%s: never", what);
    ck_assert_uint_lt(n, STEP_MOST_EXCHANGES);
}

void
step_faults_cards(CeremonyWorld *world, const StepCards *step)
{
    g_autofree char *cancelled = g_strdup_printf("%s, cancelled at a prompt", step->name);

    for (unsigned kind = 0; kind < TEST_CARD_FAULTS; kind++) {
        g_autofree char *what =
            g_strdup_printf("%s, %s", step->name, test_card_fault_name((TestCardFault) kind));

        step_try_all(world, step, what, kind, cards_case);
    }
    step_try_all(world, step, cancelled, 0, cancel_case);
}
