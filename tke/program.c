/*
 * The program: options of the process, and a thread for the command.
 */
#include "tke/program.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tke/cli.h"
#include "tke/command.h"
#include "tke/option-value.h"
#include "tke/unknown-option.h"

/* The command runs in a thread of its own; this one waits for Ctrl-C only. */
typedef struct Run {
    TkeCli *cli;
    int argc;
    char **argv;
    int exit_code;
    GMainLoop *loop;
} Run;

static gboolean
on_interrupt(gpointer data)
{
    Run *run = data;

    g_cancellable_cancel(run->cli->cancellable);
    return G_SOURCE_CONTINUE;
}

static gboolean
on_done(gpointer data)
{
    Run *run = data;

    g_main_loop_quit(run->loop);
    return G_SOURCE_REMOVE;
}

static gpointer
worker(gpointer data)
{
    Run *run = data;

    /* So that what waits for a tke-sim that hangs hears of it too. */
    g_cancellable_push_current(run->cli->cancellable);
    run->exit_code = tke_cli_run(run->cli, run->argc, run->argv);
    g_cancellable_pop_current(run->cli->cancellable);
    g_idle_add(on_done, run);
    return NULL;
}

/*
 * --rehearsal=pcsc has its readers through PC/SC. Taken out here, since GLib would take the next
 * word for an optional value.
 */
static bool
take_rehearsal(int argc, char **argv, bool *pcsc)
{
    static const char option[] = "--rehearsal=";

    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (!g_str_has_prefix(argv[i], option)) {
            continue;
        }
        if (strcmp(argv[i] + strlen(option), "pcsc") != 0) {
            fprintf(stderr, _("tke: %s: only “pcsc” can be named here\n"), argv[i]);
            return false;
        }
        argv[i][strlen(option) - 1] = '\0';
        *pcsc = true;
    }
    return true;
}

/* The words of the program, and which of its own options are among them. */
typedef struct Arguments {
    int argc;
    char **argv;
    gboolean rehearsal;
    gboolean version;
    gboolean help;
} Arguments;

static GOptionContext *
make_context(TkeCli *cli, Arguments *given, GError **error)
{
    TkeCliOptions *options = &cli->options;
    const GOptionEntry entries[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &options->json,
          N_("print one JSON object for each command"), NULL },
        { "yes", 0, 0, G_OPTION_ARG_NONE, &options->yes, N_("answer yes or no questions with yes"),
          NULL },
        { "confirm", 0, 0, G_OPTION_ARG_STRING, &options->confirm,
          N_("what a destructive step wants typed"), "TEXT" },
        { "select", 0, 0, G_OPTION_ARG_STRING, &options->select,
          N_("crypto units for this command only"), "LIST" },
        { "dry-run", 0, 0, G_OPTION_ARG_NONE, &options->dry_run,
          N_("show what would be done, and do nothing"), NULL },
        { "card", 0, 0, G_OPTION_ARG_NONE, &options->card, N_("sign with the cards in reader 1"),
          NULL },
        { "events-fd", 0, 0, G_OPTION_ARG_INT, &options->events_fd,
          N_("write prompts and steps as JSON lines to this descriptor"), "N" },
        { "rehearsal", 0, 0, G_OPTION_ARG_NONE, &given->rehearsal,
          N_("work in a rehearsal, with virtual readers, cards and crypto units; "
             "--rehearsal=pcsc: with those virtual readers that pcscd has"),
          NULL },
        { "world", 0, 0, G_OPTION_ARG_FILENAME, &options->world, N_("directory of the rehearsal"),
          "DIR" },
        { "instance", 0, 0, G_OPTION_ARG_STRING, &options->instance, N_("service instance"),
          "UUID" },
        { "region", 0, 0, G_OPTION_ARG_STRING, &options->region,
          N_("region of the service, “us-south”"), "NAME" },
        { "token-fd", 0, 0, G_OPTION_ARG_INT, &options->token_fd,
          N_("read the authentication token from this descriptor"), "N" },
        { "version", 0, 0, G_OPTION_ARG_NONE, &given->version, N_("print the version"), NULL },
        { "help", 'h', 0, G_OPTION_ARG_NONE, &given->help, N_("show this help"), NULL },
        G_OPTION_ENTRY_NULL,
    };
    GOptionContext *context = NULL;
    GOptionGroup *group = NULL;

    if (!tke_cli_option_value_check(entries, NULL, given->argc - 1, given->argv + 1, error)) {
        return NULL;
    }
    cli->process_options = tke_cli_option_names(entries);
    context = g_option_context_new(_("COMMAND [OPTION…]"));
    group = g_option_group_new("tke", "", "", options, NULL);
    g_option_group_add_entries(group, entries);
    g_option_group_set_translation_domain(group, GETTEXT_PACKAGE);
    g_option_context_set_main_group(context, group);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_ignore_unknown_options(context, TRUE);
    return context;
}

/* Whoever asks for events and hears nothing would wait for ever. */
static bool
can_write_events(const TkeCliOptions *options)
{
    int flags = options->events_fd != TKE_CLI_NO_FD ? fcntl(options->events_fd, F_GETFL) : 0;

    if (options->events_fd == TKE_CLI_NO_FD || (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)) {
        return true;
    }
    fprintf(stderr, _("tke: --events-fd %d: nothing can be written there\n"), options->events_fd);
    return false;
}

/* A rehearsal and the real world never mix: what is of one alone is not passed over in the other. */
static bool
fits_world(const TkeCliOptions *options)
{
    const char *odd = options->rehearsal == NULL && options->world != NULL ? "--world"
                      : options->rehearsal == NULL                         ? NULL
                      : options->region != NULL                            ? "--region"
                      : options->token_fd != TKE_CLI_NO_FD                 ? "--token-fd"
                                                                           : NULL;

    if (odd != NULL) {
        fprintf(
            stderr,
            options->rehearsal == NULL
                ? _("tke: %s names the world of a rehearsal: start with --rehearsal as well, or "
                    "leave it out\n")
                : _("tke: %s is not for a rehearsal, which has a service of its own\n"),
            odd);
    }
    return odd == NULL;
}

/* The terminal was closed, or the connection to it was lost; not told apart from Ctrl-C, unless
 * nohup wants so. */
static bool
minds_hangup(void)
{
    struct sigaction action = { 0 };

    return sigaction(SIGHUP, NULL, &action) != 0 || action.sa_handler != SIG_IGN;
}

static int
run_cli(TkeCli *cli, int argc, char **argv)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Run run = { .cli = cli, .argc = argc, .argv = argv, .loop = loop };
    GThread *thread;

    g_unix_signal_add(SIGINT, on_interrupt, &run);
    g_unix_signal_add(SIGTERM, on_interrupt, &run);
    if (minds_hangup()) {
        g_unix_signal_add(SIGHUP, on_interrupt, &run);
    }
    thread = g_thread_new("ceremony", worker, &run);
    g_main_loop_run(loop);
    g_thread_join(thread);
    return run.exit_code;
}

/* --help beside a command: as "tke help" and its words. */
static int
help_of(TkeCli *cli, int argc, char **argv)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    g_ptr_array_add(words, (gpointer) "help");
    for (int i = 1; i < argc && argv[i][0] != '-'; i++) {
        g_ptr_array_add(words, argv[i]);
    }
    g_ptr_array_add(words, NULL);
    return run_cli(cli, (int) words->len - 1, (char **) words->pdata);
}

void
tke_cli_program_set_language(const TkeCliOptions *options)
{
    if (options->json || options->events_fd != TKE_CLI_NO_FD) {
        setlocale(LC_MESSAGES, "C");
    }
}

int
tke_cli_program(int argc, char **argv, TkeProcessFlags flags)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCli) cli = NULL;
    g_autoptr(GOptionContext) context = NULL;
    Arguments given = { .argc = argc, .argv = argv };
    bool pcsc = false;

    if (!tke_process_init(flags, &error)) {
        fprintf(stderr, "tke: %s\n", error->message);
        return TKE_CLI_PRECONDITION;
    }
    cli = tke_cli_new(argv[0]);
    if (!take_rehearsal(argc, argv, &pcsc)) {
        return TKE_CLI_WRONG_USE;
    }
    context = make_context(cli, &given, &error);
    if (context == NULL || !g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "tke: %s\n", error->message);
        return TKE_CLI_WRONG_USE;
    }
    tke_cli_program_set_language(&cli->options);
    cli->options.rehearsal = !given.rehearsal ? NULL : g_strdup(pcsc ? "pcsc" : "");
    if (!can_write_events(&cli->options) || !fits_world(&cli->options)) {
        return TKE_CLI_WRONG_USE;
    }
    if (given.version) {
        printf("tke %s\n", TKE_VERSION);
        return TKE_CLI_DONE;
    }
    if (given.help && argc > 1) {
        return help_of(cli, argc, argv);
    }
    if (given.help || argc < 2) {
        g_autofree char *options = g_option_context_get_help(context, TRUE, NULL);
        g_autofree char *commands = tke_cli_command_help_all();

        printf("%s%s", options, commands);
        return given.help ? TKE_CLI_DONE : TKE_CLI_WRONG_USE;
    }
    return run_cli(cli, argc - 1, argv + 1);
}
