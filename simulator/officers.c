/*
 * tke-rehearse: plays the people of a key ceremony against the real programs (rehearsal, 4.12).
 */
#include <errno.h>
#include <gio/gio.h>
#include <glib.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <libintl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/officers-ceremony.h"
#include "simulator/officers-report.h"
#include "simulator/officers-world.h"
#include "simulator/sim-pcscd.h"

#define WAIT_MS 60000

typedef struct Rehearsal {
    /* options */
    char *tke;
    SimOfficersWorld world;
    gboolean through_pcscd;
    gboolean keep;
    gboolean verbose;
    gboolean version;
    /* state */
    bool own_world; /* made here, to be removed */
    bool started;   /* tke-sim runs because of us */
    SimPcscd *pcscd;
    char **environment;
    SimOfficersDesk *desk;
    SimOfficersPeople *people;
    char *units; /* numbers of those that the ceremony is held for, as they are typed */
    unsigned done;
    unsigned total;
} Rehearsal;

static void
rehearsal_clear(Rehearsal *rehearsal)
{
    sim_officers_people_free(rehearsal->people);
    g_free(rehearsal->units);
    sim_officers_desk_free(rehearsal->desk);
    g_strfreev(rehearsal->environment);
    sim_pcscd_free(rehearsal->pcscd);
    g_free(rehearsal->tke);
    sim_officers_world_clear(&rehearsal->world);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rehearsal, rehearsal_clear)

static void
on_signal(int number)
{
    (void) number;
    sim_officers_program_interrupt();
}

/* ---- the ceremony ---- */

static void
print_step(const char *what, void *data)
{
    const Rehearsal *rehearsal = data;

    if (rehearsal->verbose) {
        printf("          %s\n", what);
        fflush(stdout);
    }
}

static void
begin_step(Rehearsal *rehearsal, const char *title)
{
    rehearsal->done++;
    printf("[%2u/%2u] %s\n", rehearsal->done, rehearsal->total, title);
    fflush(stdout);
}

/* What a program printed: always for people who want to see everything, else when it failed. */
static void
show_output(const Rehearsal *rehearsal, SimOfficersProgram *program, bool failed)
{
    g_autofree char *text = sim_officers_program_take_output(program);

    if ((rehearsal->verbose || failed) && *text != '\0') {
        printf("%s", text);
        fflush(stdout);
    }
}

static const char *
get_rehearsal_option(const Rehearsal *rehearsal)
{
    return rehearsal->through_pcscd ? "--rehearsal=pcsc" : "--rehearsal";
}

/* "tke --rehearsal" and the words. */
static SimOfficersProgram *
start_tke(const Rehearsal *rehearsal, const char *words, GError **error)
{
    g_autofree char *line = g_strconcat(get_rehearsal_option(rehearsal), " ", words, NULL);
    g_auto(GStrv) parts = g_strsplit(line, " ", -1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    g_ptr_array_add(argv, rehearsal->tke);
    for (size_t i = 0; parts[i] != NULL; i++) {
        g_ptr_array_add(argv, parts[i]);
    }
    g_ptr_array_add(argv, NULL);
    return sim_officers_program_new((const char *const *) argv->pdata, rehearsal->environment,
                                    error);
}

/* The end of a program whose command was carried out. */
static bool
end_program(const Rehearsal *rehearsal, SimOfficersProgram *program, GError **error)
{
    int code = 0;

    sim_officers_program_close_input(program);
    code = sim_officers_program_wait(program, WAIT_MS, error);
    if (code > 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("tke ended with exit code %d"), code);
    }
    show_output(rehearsal, program, code != 0);
    return code == 0;
}

/* What a command prints as JSON. units: for which ones, or NULL. */
static char *
query_tke(const Rehearsal *rehearsal, const char *command, const char *units, GError **error)
{
    g_autofree char *output = NULL;
    g_autofree char *complaint = NULL;
    const char *argv[] = { rehearsal->tke,
                           get_rehearsal_option(rehearsal),
                           "--json",
                           command,
                           units != NULL ? "--select" : NULL,
                           units,
                           NULL };
    int status = 0;

    if (!g_spawn_sync(NULL, (char **) argv, rehearsal->environment, G_SPAWN_SEARCH_PATH, NULL, NULL,
                      &output, &complaint, &status, error)) {
        return NULL;
    }
    if (!g_spawn_check_wait_status(status, NULL)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("tke %s failed: %s%s"), command, output,
                    complaint);
        return NULL;
    }
    return g_steal_pointer(&output);
}

/* What the service lists, by a program of its own. */
static SimOfficersReport *
query_units(const Rehearsal *rehearsal, GError **error)
{
    g_autofree char *units = query_tke(rehearsal, "cryptounits", NULL, error);

    return units != NULL ? sim_officers_report_new(units, error) : NULL;
}

/* The ceremony is one for units in imprint mode, of modules that are what they say. */
static bool
check_new_units(Rehearsal *rehearsal, GError **error)
{
    g_autoptr(SimOfficersReport) report = NULL;
    g_autofree char *numbers = NULL;
    g_autofree char *thresholds = NULL;

    begin_step(rehearsal, "See that the crypto units are in imprint mode, their modules genuine");
    report = query_units(rehearsal, error);
    if (report == NULL) {
        return false;
    }
    numbers = sim_officers_report_dup_numbers(report);
    thresholds = query_tke(rehearsal, "cryptounit-thrhlds", numbers, error);
    if (thresholds == NULL || !sim_officers_report_take_thresholds(report, thresholds, error) ||
        !sim_officers_report_check_new(report, error)) {
        return false;
    }
    printf(_("        crypto units %s: in imprint mode, module certificates verified\n"), numbers);
    rehearsal->units = g_steal_pointer(&numbers);
    return true;
}

/* Reads the registers back, with a program of its own again. NULL: they cannot be read. */
static SimOfficersReport *
check_done_units(Rehearsal *rehearsal, GError **error)
{
    g_autoptr(SimOfficersReport) report = NULL;
    g_autoptr(GError) differ = NULL;
    g_autofree char *numbers = NULL;
    g_autofree char *registers = NULL;

    begin_step(rehearsal, "Read the state back from the crypto units");
    report = query_units(rehearsal, error);
    if (report == NULL) {
        return NULL;
    }
    numbers = sim_officers_report_dup_numbers(report);
    registers = query_tke(rehearsal, "cryptounit-mk", numbers, error);
    if (registers == NULL || !sim_officers_report_take_registers(report, registers, error)) {
        return NULL;
    }
    if (sim_officers_report_check_patterns(report, &differ)) {
        printf(_("        crypto units %s: verification patterns equal\n"), numbers);
    } else {
        printf("        %s\n", differ->message);
    }
    return g_steal_pointer(&report);
}

static bool
run_card_tasks(Rehearsal *rehearsal, GError **error)
{
    size_t n = 0;
    const SimOfficersTask *tasks = sim_officers_ceremony_get_card_tasks(&n);

    for (size_t i = 0; i < n; i++) {
        g_autoptr(SimOfficersProgram) program = NULL;

        begin_step(rehearsal, tasks[i].title);
        if (!sim_officers_people_clear_desk(rehearsal->people, &tasks[i], error)) {
            return false;
        }
        program = start_tke(rehearsal, tasks[i].command, error);
        if (program == NULL) {
            return false;
        }
        if (!sim_officers_people_follow(rehearsal->people, program, &tasks[i], error)) {
            (void) sim_officers_program_wait(program, 1000, NULL);
            show_output(rehearsal, program, true);
            return false;
        }
        if (!end_program(rehearsal, program, error)) {
            return false;
        }
    }
    return true;
}

static bool
run_unit_tasks(Rehearsal *rehearsal, GError **error)
{
    g_autoptr(SimOfficersProgram) shell = start_tke(rehearsal, "shell", error);
    size_t n = 0;
    const SimOfficersTask *tasks = sim_officers_ceremony_get_unit_tasks(&n);

    for (size_t i = 0; shell != NULL && i < n; i++) {
        const SimOfficersTask task = sim_officers_ceremony_for_units(&tasks[i], rehearsal->units);

        begin_step(rehearsal, task.title);
        if (!sim_officers_people_clear_desk(rehearsal->people, &task, error) ||
            !sim_officers_program_type(shell, task.command, error) ||
            !sim_officers_people_follow(rehearsal->people, shell, &task, error)) {
            sim_officers_program_close_input(shell);
            (void) sim_officers_program_wait(shell, 1000, NULL);
            show_output(rehearsal, shell, true);
            return false;
        }
        show_output(rehearsal, shell, false);
    }
    return shell != NULL && end_program(rehearsal, shell, error);
}

static bool
enter_world(Rehearsal *rehearsal, GError **error)
{
    bool is_new = false;

    rehearsal->environment =
        g_environ_setenv(g_get_environ(), "OPENTKE_WORLD", rehearsal->world.directory, TRUE);
    rehearsal->desk = sim_officers_desk_new(rehearsal->world.directory, error);
    if (rehearsal->desk == NULL || !sim_officers_desk_is_new(rehearsal->desk, &is_new, error)) {
        return false;
    }
    if (!is_new) {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_SETUP,
            _("the cards of the world %s have been used; the ceremony starts with new cards, "
              "name another directory"),
            rehearsal->world.directory);
        return false;
    }
    rehearsal->people = sim_officers_people_new(rehearsal->desk, print_step, rehearsal);
    return true;
}

/* What follows reaches the readers through a pcscd of our own, if that is wanted. */
static bool
enter_pcscd(Rehearsal *rehearsal, GError **error)
{
    if (!rehearsal->through_pcscd) {
        return true;
    }
    rehearsal->pcscd = sim_pcscd_new(rehearsal->world.directory, NULL, error);
    if (rehearsal->pcscd == NULL) {
        return false;
    }
    rehearsal->environment = g_environ_setenv(rehearsal->environment, SIM_PCSCD_SOCKET_VARIABLE,
                                              sim_pcscd_get_socket(rehearsal->pcscd), TRUE);
    return true;
}

static bool
start_world(Rehearsal *rehearsal, GError **error)
{
    rehearsal->started = sim_officers_world_start(&rehearsal->world, error);
    return rehearsal->started;
}

static bool
rehearse(Rehearsal *rehearsal, bool *good, GError **error)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(SimOfficersReport) report = NULL;
    SimOfficersCounts counts = { 0 };
    size_t n_cards = 0;
    size_t n_units = 0;
    unsigned loaded = 0;

    (void) sim_officers_ceremony_get_card_tasks(&n_cards);
    (void) sim_officers_ceremony_get_unit_tasks(&n_units);
    rehearsal->total = (unsigned) (n_cards + 1 + n_units + 1);
    if (!start_world(rehearsal, error) || !enter_world(rehearsal, error) ||
        !enter_pcscd(rehearsal, error) || !run_card_tasks(rehearsal, error) ||
        !check_new_units(rehearsal, error) || !run_unit_tasks(rehearsal, error)) {
        return false;
    }
    report = check_done_units(rehearsal, error);
    if (report == NULL || !sim_officers_desk_count_loaded(rehearsal->desk, &loaded, error)) {
        return false;
    }
    sim_officers_people_get_counts(rehearsal->people, &counts);
    printf(_("\nREHEARSAL: %u steps, %u blank cards loaded, %u cards put in, %u PINs typed, "
             "%.1f s\n\n"),
           rehearsal->done, loaded, counts.insertions, counts.pins,
           (double) (g_get_monotonic_time() - start) / G_USEC_PER_SEC);
    *good = sim_officers_report_print(report);
    return true;
}

static void
print_how_to_go_on(const Rehearsal *rehearsal)
{
    g_autofree char *ca_first = sim_officers_people_dup_pin("ca-1", 1);
    g_autofree char *ca_second = sim_officers_people_dup_pin("ca-1", 2);
    g_autofree char *admin_1 = sim_officers_people_dup_pin("ep11-1", 1);
    g_autofree char *admin_2 = sim_officers_people_dup_pin("ep11-3", 1);

    printf(
        _("\nThe world %s goes on. Look at it with\n"
          "  %s status --world %s\n"
          "and end it with \"stop\" instead of \"status\". PINs: ca-1 %s and %s, ep11-1 %s, ep11-3 "
          "%s.\n"),
        rehearsal->world.directory, rehearsal->world.program, rehearsal->world.directory, ca_first,
        ca_second, admin_1, admin_2);
}

static bool
parse_options(Rehearsal *rehearsal, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "world", 0, 0, G_OPTION_ARG_FILENAME, &rehearsal->world.directory,
          N_("directory of the world, which must be new and is kept (standard: a private one that "
             "is removed)"),
          N_("DIR") },
        { "keep", 0, 0, G_OPTION_ARG_NONE, &rehearsal->keep,
          N_("leave the world as it is at the end, with tke-sim running"), NULL },
        { "scenario", 0, 0, G_OPTION_ARG_FILENAME, &rehearsal->world.scenario,
          N_("what the world is made of (standard: rehearsal)"), N_("NAME|FILE") },
        { "profile", 0, 0, G_OPTION_ARG_STRING, &rehearsal->world.profile,
          N_("how long cards take (none, J3R180, J3H145)"), N_("NAME") },
        { "delay-ms", 0, 0, G_OPTION_ARG_INT, &rehearsal->world.delay_ms,
          N_("wait before each answer of the service"), N_("N") },
        { "pcscd", 0, 0, G_OPTION_ARG_NONE, &rehearsal->through_pcscd,
          N_("let tke reach the readers through PC/SC, by a pcscd that is started for it"), NULL },
        { "verbose", 0, 0, G_OPTION_ARG_NONE, &rehearsal->verbose,
          N_("show each step and what tke prints"), NULL },
        { "tke", 0, 0, G_OPTION_ARG_FILENAME, &rehearsal->tke, N_("the program tke"), N_("PATH") },
        { "tke-sim", 0, 0, G_OPTION_ARG_FILENAME, &rehearsal->world.program,
          N_("the program tke-sim"), N_("PATH") },
        { "version", 0, 0, G_OPTION_ARG_NONE, &rehearsal->version, N_("version"), NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(
        context,
        _("Rehearses a key ceremony: plays its people against the real programs, on virtual "
          "cards and crypto units."));
    g_option_context_add_main_entries(context, entries, GETTEXT_PACKAGE);
    if (!g_option_context_parse(context, argc, argv, error)) {
        return false;
    }
    if (*argc > 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("too many words: \"%s\""), (*argv)[1]);
        return false;
    }
    return true;
}

static bool
settle_options(Rehearsal *rehearsal, GError **error)
{
    if (rehearsal->tke == NULL) {
        rehearsal->tke = sim_officers_world_find_program("tke", "tke");
    }
    if (rehearsal->world.program == NULL) {
        rehearsal->world.program = sim_officers_world_find_program("tke-sim", "simulator");
    }
    if (rehearsal->world.directory != NULL) {
        g_autofree char *given = g_steal_pointer(&rehearsal->world.directory);

        rehearsal->world.directory = g_canonicalize_filename(given, NULL);
        return true;
    }
    rehearsal->world.directory = g_dir_make_tmp("opentke-XXXXXX", error);
    rehearsal->own_world = rehearsal->world.directory != NULL;
    return rehearsal->own_world;
}

int
main(int argc, char **argv)
{
    g_auto(Rehearsal) rehearsal = { .world.delay_ms = -1 };
    g_autoptr(GError) error = NULL;
    struct sigaction action = { .sa_handler = on_signal };
    bool good = false;

    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, TKE_LOCALE_DIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);

    if (!parse_options(&rehearsal, &argc, &argv, &error)) {
        fprintf(stderr, "tke-rehearse: %s\n", error->message);
        return 2;
    }
    if (rehearsal.version) {
        printf("tke-rehearse %s\n", TKE_VERSION);
        return 0;
    }
    if (!settle_options(&rehearsal, &error) || !rehearse(&rehearsal, &good, &error)) {
        fprintf(stderr, "tke-rehearse: %s\n", error->message);
        good = false;
    }
    g_clear_pointer(&rehearsal.pcscd, sim_pcscd_free);
    if (rehearsal.keep && rehearsal.started) {
        print_how_to_go_on(&rehearsal);
    } else if (rehearsal.started) {
        sim_officers_world_stop(&rehearsal.world);
    }
    if (rehearsal.own_world && !rehearsal.keep) {
        sim_officers_world_remove(&rehearsal.world);
    }
    return good ? 0 : 1;
}
