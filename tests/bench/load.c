/*
 * Loads of three key parts into three crypto units with cards that take the time of a real type
 * (J3R180): the whole command in a tke shell, from empty readers to its result, against what the
 * model of the cards says they were busy. People lose no time here: cards are in and PINs typed as
 * soon as they are asked for.
 */
#include <check.h>

#include "libsmartcard/sim-protocol.h"
#include "simulator/officers-people.h"
#include "tests/bench/programs.h"
#include "tests/support/card-world.h"

#define PROFILE "J3R180"
#define RUNS 5u
#define MOST_OF_MODEL 1.25
#define MOST_MEGABYTES 50.0
#define SHELL_PATIENCE_MS 60000

#define ADMINISTRATORS                                                                             \
    {                                                                                              \
        "ep11-1", "ep11-3"                                                                         \
    }

static const SimOfficersTask load_task = {
    "Load three key parts",
    "cryptounit-mk-load",
    { ADMINISTRATORS, { "ep11-5", "ep11-7", "ep11-9" } },
    { "3", "Part 1", "Part 2", "Part 3", "keep it" }, /* it is the current key again */
};
static const SimOfficersTask clear_task = {
    "Clear the new registers", "cryptounit-mk-clrnew", { ADMINISTRATORS, { NULL } }, { NULL }
};
static const SimOfficersTask finish_tasks[] = {
    { "Commit", "cryptounit-mk-commit", { ADMINISTRATORS, { NULL } }, { NULL } },
    { "Set immediate", "cryptounit-mk-setimm", { ADMINISTRATORS, { NULL } }, { NULL } },
    { "Compare", "cryptounit-compare", { { NULL }, { NULL } }, { NULL } },
};

typedef struct Shell {
    SimOfficersDesk *desk;
    SimOfficersPeople *people;
    SimOfficersProgram *program;
    TkeSimClient *client;
} Shell;

static void
shell_clear(Shell *shell)
{
    sim_officers_program_free(shell->program);
    sim_officers_people_free(shell->people);
    sim_officers_desk_free(shell->desk);
    tke_sim_client_free(shell->client);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Shell, shell_clear)

static void
open_shell(Shell *shell, const char *world)
{
    g_autofree char *tke = bench_programs_dup_path("tke/tke");
    const char *const argv[] = { tke, "--rehearsal", "shell", NULL };
    g_auto(GStrv) environment = bench_programs_dup_environment(world);
    g_autoptr(GError) error = NULL;

    shell->client = tke_sim_client_open(world, &error);
    card_world_check(shell->client != NULL, error);
    shell->desk = sim_officers_desk_new(world, &error);
    card_world_check(shell->desk != NULL, error);
    shell->people = sim_officers_people_new(shell->desk, NULL, NULL);
    shell->program = sim_officers_program_new(argv, environment, &error);
    card_world_check(shell->program != NULL, error);
}

/* Types the command; seconds until its result. */
static double
follow(Shell *shell, const SimOfficersTask *task)
{
    const gint64 start = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    card_world_check(sim_officers_people_clear_desk(shell->people, task, &error), error);
    card_world_check(sim_officers_program_type(shell->program, task->command, &error), error);
    card_world_check(sim_officers_people_follow(shell->people, shell->program, task, &error),
                     error);
    return (double) (g_get_monotonic_time() - start) / G_USEC_PER_SEC;
}

/* Seconds that all cards were busy so far. */
static double
query_spent(Shell *shell)
{
    g_autoptr(JsonObject) command = json_object_new();
    g_autoptr(JsonObject) status = NULL;
    g_autoptr(GError) error = NULL;
    JsonArray *cards = NULL;
    double sum = 0;

    json_object_set_string_member(command, "command", "status");
    status = tke_sim_client_command(shell->client, command, &error);
    card_world_check(status != NULL, error);
    ck_assert_str_eq(json_object_get_string_member(status, "profile"), PROFILE);
    cards = json_object_get_array_member(status, "cards");
    for (guint i = 0; i < json_array_get_length(cards); i++) {
        sum += json_object_get_double_member(json_array_get_object_element(cards, i), "spent_ms");
    }
    return sum / 1000;
}

static void
empty_readers(Shell *shell)
{
    g_autoptr(GError) error = NULL;

    for (unsigned reader = 1; reader <= SIM_OFFICERS_READERS; reader++) {
        card_world_check(sim_officers_desk_remove(shell->desk, reader, &error), error);
    }
}

static void
measure(Bench *bench, Shell *shell)
{
    const char *group = "Load of 3 parts into 3 units with cards of type " PROFILE;
    const unsigned runs = bench->quick ? 1 : RUNS;
    double walls[RUNS] = { 0 };
    double models[RUNS] = { 0 };
    double ratios[RUNS] = { 0 };

    for (unsigned i = 0; i < runs; i++) {
        double before = 0;

        if (i > 0) {
            follow(shell, &clear_task);
        }
        empty_readers(shell);
        before = query_spent(shell);
        walls[i] = follow(shell, &load_task);
        models[i] = query_spent(shell) - before;
        ratios[i] = walls[i] / models[i];
    }
    bench_report_samples(bench->report, group, "tke cryptounit-mk-load, typed to result", "s",
                         walls, runs, BENCH_NO_LIMIT);
    bench_report_samples(bench->report, group, "cards busy, as their model says", "s", models, runs,
                         BENCH_NO_LIMIT);
    bench_report_samples(bench->report, group, "ratio of the two", "x", ratios, runs,
                         MOST_OF_MODEL);
}

void
bench_load(Bench *bench)
{
    g_auto(Shell) shell = { 0 };
    g_autoptr(GError) error = NULL;
    double megabytes = 0;

    if (bench->kept_world == NULL) {
        bench_rehearsal(bench);
    }
    card_world_check(bench_programs_stop_sim(bench->kept_world, &error), error);
    card_world_check(bench_programs_start_sim(bench->kept_world, PROFILE, &error), error);
    open_shell(&shell, bench->kept_world);
    measure(bench, &shell);
    for (size_t i = 0; i < G_N_ELEMENTS(finish_tasks); i++) {
        follow(&shell, &finish_tasks[i]);
    }
    megabytes = bench_programs_get_child_megabytes("tke");
    ck_assert_double_gt(megabytes, 0);
    bench_report_samples(bench->report, "Memory of tke shell",
                         "after these loads, commit, set immediate and compare", "MB", &megabytes,
                         1, MOST_MEGABYTES);
    sim_officers_program_close_input(shell.program);
    ck_assert_int_eq(sim_officers_program_wait(shell.program, SHELL_PATIENCE_MS, &error), 0);
}
