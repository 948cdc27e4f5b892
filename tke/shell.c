/*
 * Help, and several commands in one process (F-153, F-158).
 */
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "tke/command.h"
#include "tke/commands.h"

#define SCRIPT_MAX 1048576u

bool
tke_cli_help(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    int n = (int) g_strv_length(args->rest);
    const char *group = tke_cli_command_group(n, args->rest);
    const TkeCliCommand *command = NULL;
    g_autofree char *text = NULL;
    int words = 0;

    command = n > 0 ? tke_cli_command_find(n, args->rest, &words) : NULL;
    if (command != NULL) {
        text = tke_cli_command_help(command);
    } else if (n == 0) {
        text = tke_cli_command_help_all();
    } else if (group != NULL) {
        text = tke_cli_command_help_group(group);
    } else {
        tke_cli_command_set_unknown(n, args->rest, error);
        return false;
    }
    tke_cli_output_value(cli->out, "text", NULL, g_strchomp(text));
    tke_cli_output_text(cli->out, text);
    return true;
}

/* A command line; *code is untouched by blank lines and comments. False ends the shell. */
static bool
run_line(TkeCli *cli, const char *line, int *code)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strstrip(g_strdup(line));
    int n = 0;

    if (*text == '\0' || *text == '#') {
        return true;
    }
    if (strcmp(text, "exit") == 0 || strcmp(text, "quit") == 0) {
        return false;
    }
    if (!g_shell_parse_argv(text, &n, &words, &error)) {
        *code = tke_cli_wrong_use(cli, text, error);
        return true;
    }
    if (strcmp(words[0], "shell") == 0) {
        g_set_error(&error, TKE_ERROR, TKE_ERROR_USAGE, "%s", _("this is the shell already"));
        *code = tke_cli_wrong_use(cli, text, error);
        return true;
    }
    g_cancellable_reset(cli->cancellable);
    *code = tke_cli_run(cli, n, words);
    return true;
}

/* A script has stopped, and not at its end: nobody takes it for done (functions 4.2). */
static void
say_stopped(TkeCli *cli, const char *line)
{
    g_autofree char *command = g_strstrip(g_strdup(line));
    g_autofree char *text = g_strdup_printf(
        _("the script stopped at “%s”, which failed; no line after it was run"), command);

    tke_cli_output_value(cli->out, "stopped_at", NULL, command);
    tke_cli_output_set_failure(cli->out, text);
}

static bool
run_file(TkeCli *cli, const char *path, int *code, GError **error)
{
    g_autoptr(GByteArray) data = tke_safe_file_read(path, SCRIPT_MAX, NULL, error);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (data == NULL) {
        return false;
    }
    text = g_strndup((const char *) data->data, data->len);
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL && *code == TKE_CLI_DONE; line++) {
        /* too late for the line before this one */
        if (g_cancellable_is_cancelled(cli->cancellable)) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                        _("stopped by the operator before line %td"), line - lines + 1);
            return false;
        }
        if (!run_line(cli, *line, code)) {
            break;
        }
        if (*code != TKE_CLI_DONE) {
            say_stopped(cli, *line);
        }
    }
    return true;
}

static void
show_prompt(TkeCli *cli)
{
    FILE *to = cli->options.json ? stderr : stdout;

    if (isatty(STDIN_FILENO) == 1) {
        fputs(cli->options.rehearsal != NULL ? "REHEARSAL tke> " : "tke> ", to);
        fflush(to);
    }
}

/* Locks the cards that were open too long; milliseconds until the next one will have been. */
static int
lock_what_lapsed(TkeCli *cli)
{
    int ms = -1;
    unsigned locked = 0;

    do {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        if (cli->session == NULL) {
            return -1;
        }
        if (!tke_card_session_idle(cli->session, &locked, &ms, &error)) {
            text = g_strdup(error->message);
        } else if (locked != 0) {
            text = g_strdup_printf(_("Reader %u: the PIN was entered too long ago; the card is "
                                     "locked and the PIN will be asked for again."),
                                   locked);
        }
        if (text != NULL) {
            if (isatty(STDIN_FILENO) == 1) {
                fputs("\n", cli->options.json ? stderr : stdout); /* below the prompt */
            }
            tke_cli_tty_ops.note(cli->tty, text);
            show_prompt(cli);
        }
    } while (ms == 0);
    return ms;
}

/* Nobody may be there for a long time. */
static bool
wait_for_line(TkeCli *cli, GError **error)
{
    bool there = false;

    do {
        if (!tke_cli_tty_wait(cli->tty, lock_what_lapsed(cli), &there, cli->cancellable, error)) {
            return false;
        }
    } while (!there);
    return true;
}

/* At a terminal a failure is followed by the next prompt; a script stops at the first. */
static bool
run_input(TkeCli *cli, int *code, GError **error)
{
    bool terminal = isatty(STDIN_FILENO) == 1;

    for (;;) {
        g_autoptr(GError) local = NULL;
        g_autofree char *line = NULL;

        show_prompt(cli);
        if (wait_for_line(cli, &local)) {
            line = tke_cli_tty_read_line(cli->tty, cli->cancellable, &local);
        }
        if (local != NULL) {
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
        if (line == NULL || !run_line(cli, line, code)) {
            return true;
        }
        if (!terminal && *code != TKE_CLI_DONE) {
            say_stopped(cli, line);
            return true;
        }
    }
}

bool
tke_cli_token(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    (void) args;
    if (!cli->in_shell) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, "%s",
                    _("a token is replaced in “tke shell” only: a single command gets it by "
                      "--token-fd"));
        return false;
    }
    if (tke_cli_need_world(cli, error) == NULL || !tke_world_renew_token(cli->world, error)) {
        return false;
    }
    tke_cli_output_line(cli->out, "%s",
                        _("The new authentication token is in use from the next command on."));
    return true;
}

bool
tke_cli_shell(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    int code = TKE_CLI_DONE;
    bool ok;

    cli->in_shell = true;
    ok =
        args->file != NULL ? run_file(cli, args->file, &code, error) : run_input(cli, &code, error);
    cli->exit_code = code;
    return ok;
}
