/*
 * What the commands of one process share (functions 4, F-157, F-158).
 */
#include "tke/cli.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "libceremony/advice.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/op-card.h"
#include "libep11admin/unit-error.h"
#include "libsmartcard/card-error.h"
#include "tke/command.h"
#include "tke/option-value.h"
#include "tke/unknown-option.h"
#include "tke/commands.h"

#define TOKEN_MAX 8000u

TkeCli *
tke_cli_new(const char *program)
{
    TkeCli *cli = g_new0(TkeCli, 1);

    cli->options.events_fd = TKE_CLI_NO_FD;
    cli->options.token_fd = TKE_CLI_NO_FD;
    cli->program_dir = g_path_get_dirname(program);
    cli->cancellable = g_cancellable_new();
    return cli;
}

void
tke_cli_free(TkeCli *cli)
{
    if (cli == NULL) {
        return;
    }
    tke_unit_directory_free(cli->units);
    tke_card_session_free(cli->session);
    tke_activity_log_free(cli->log);
    tke_settings_free(cli->settings);
    tke_dir_lock_free(cli->lock);
    tke_world_free(cli->world);
    tke_cli_tty_free(cli->tty);
    tke_cli_events_free(cli->events);
    g_object_unref(cli->cancellable);
    g_free(cli->program_dir);
    g_strfreev(cli->process_options);
    g_strfreev(cli->line_options);
    g_free(cli->options.select);
    g_free(cli->options.confirm);
    g_free(cli->options.rehearsal);
    g_free(cli->options.instance);
    g_free(cli->options.region);
    g_free(cli->options.world);
    g_free(cli);
}

/* The token goes from the descriptor into locked memory; line ends at its end are left off. */
static TkeSecret *
read_token(int fd, GError **error)
{
    g_autoptr(TkeSecret) buffer = tke_secret_new(TOKEN_MAX, error);
    size_t len = 0;
    ssize_t n = 1;

    while (buffer != NULL && n > 0 && len < TOKEN_MAX) {
        n = read(fd, tke_secret_fill(buffer, NULL) + len, TOKEN_MAX - len);
        len += n > 0 ? (size_t) n : 0;
    }
    if (buffer == NULL) {
        return NULL;
    }
    while (len > 0 && strchr("\r\n", tke_secret_bytes(buffer, NULL)[len - 1]) != NULL) {
        len--;
    }
    if (n < 0 || len == 0 || len == TOKEN_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("--token-fd %d: no token could be read there"), fd);
        return NULL;
    }
    return tke_secret_new_slice(buffer, 0, len, error);
}

/* Where the token has expired, or is about to: only a person can get another. */
static TkeSecret *
ask_token(void *data, GError **error)
{
    TkeCli *cli = data;
    const TkeSecretPrompt prompt = { .title = _("New authentication token (not shown):"),
                                     .max = TOKEN_MAX - 1 };

    return tke_cli_tty_ops.ask_secret(cli->tty, &prompt, cli->cancellable, error);
}

TkeWorld *
tke_cli_need_world(TkeCli *cli, GError **error)
{
    TkeWorldParams params = { .instance = cli->options.instance,
                              .region = cli->options.region,
                              .private_address = g_getenv("TKE_PRIVATE_ADDR"),
                              .directory = g_getenv("CLOUDTKEFILES") };
    g_autoptr(TkeWorld) world = NULL;

    if (cli->world != NULL) {
        return cli->world;
    }
    if (cli->options.rehearsal != NULL) {
        world = tke_world_new_rehearsal(cli->options.world, cli->program_dir, 0, error);
        if (world == NULL ||
            (strcmp(cli->options.rehearsal, "pcsc") == 0 && !tke_world_use_pcsc(world, error)) ||
            (cli->options.instance != NULL &&
             !tke_world_choose_instance(world, cli->options.instance, error))) {
            return NULL;
        }
        cli->world = g_steal_pointer(&world);
        return cli->world;
    }
    if (cli->options.token_fd >= 0) {
        params.token = read_token(cli->options.token_fd, error);
        if (params.token == NULL) {
            return NULL;
        }
    }
    cli->world = tke_world_new(&params, error);
    if (cli->world != NULL) {
        tke_world_set_ask_token(cli->world, ask_token, cli);
    }
    return cli->world;
}

TkeActivityLog *
tke_cli_need_log(TkeCli *cli, GError **error)
{
    TkeWorld *world = tke_cli_need_world(cli, error);
    g_autofree char *path = NULL;

    if (world == NULL) {
        return NULL;
    }
    if (cli->log == NULL) {
        path = g_build_filename(tke_world_get_state_directory(world), "activity.log", NULL);
        cli->log = tke_activity_log_new(path, tke_world_is_rehearsal(world));
    }
    return cli->log;
}

static bool
need_settings(TkeCli *cli, GError **error)
{
    if (cli->settings == NULL) {
        cli->settings = tke_settings_load(cli->world, error);
        if (cli->settings != NULL) {
            tke_settings_limit_world(cli->settings, cli->world);
        }
    }
    return cli->settings != NULL;
}

/* Card session, unless this world has no cards. */
static bool
open_session(TkeCli *cli, GError **error)
{
    TkeCardSource *cards;
    g_autoptr(GPtrArray) there = NULL;

    if (cli->session != NULL) {
        return true;
    }
    if (!need_settings(cli, error)) {
        return false;
    }
    cards = tke_world_get_cards(cli->world, error);
    there = cards != NULL ? cards->ops->list(cards, error) : NULL;
    if (there == NULL) {
        return false; /* before anybody is asked for anything */
    }
    cli->session = tke_card_session_new(cards);
    tke_settings_prepare_session(cli->settings, cli->session);
    return true;
}

static TkeOperation *
make_operation(TkeCli *cli)
{
    TkeOperation *op = tke_operation_new(cli->world, cli->session, cli->log, &tke_cli_tty_ops,
                                         cli->tty, cli->cancellable);

    tke_operation_set_dry_run(op, cli->options.dry_run);
    /* Who says beforehand what P-5 wants typed means the card that is in. */
    tke_operation_set_overwrite(op, cli->options.confirm != NULL);
    return op;
}

TkeOperation *
tke_cli_operation_for_cards(TkeCli *cli, GError **error)
{
    if (tke_cli_need_log(cli, error) == NULL || !open_session(cli, error)) {
        return NULL;
    }
    return make_operation(cli);
}

static bool
open_directory(TkeCli *cli, GError **error)
{
    const char *path = tke_world_get_directory(cli->world, error);

    if (path == NULL || !need_settings(cli, error)) {
        return false;
    }
    if (cli->lock == NULL) {
        cli->lock = tke_safe_file_lock_dir(path, error);
        if (cli->lock == NULL) {
            return false;
        }
    }
    if (cli->units == NULL) {
        cli->units = tke_unit_directory_new(cli->world, error);
    }
    return cli->units != NULL;
}

/* A command after one that the service has refused for its token begins with another token. */
static bool
refresh_units(TkeCli *cli, GError **error)
{
    unsigned vanished = 0;

    if (tke_world_is_token_refused(cli->world) && !tke_world_renew_token(cli->world, error)) {
        return false;
    }
    if (!tke_unit_directory_refresh(cli->units, &vanished, cli->cancellable, error)) {
        return false;
    }
    if (vanished > 0) {
        tke_cli_output_line(cli->out,
                            ngettext("%u selected crypto unit is not there any more.",
                                     "%u selected crypto units are not there any more.", vanished),
                            vanished);
    }
    return tke_unit_directory_select_once(cli->units, cli->options.select, error);
}

TkeOperation *
tke_cli_operation_for_units(TkeCli *cli, GError **error)
{
    g_autoptr(GError) no_cards = NULL;

    if (tke_cli_need_log(cli, error) == NULL || !open_directory(cli, error) ||
        !refresh_units(cli, error)) {
        return NULL;
    }
    (void) open_session(cli, &no_cards); /* looking at units needs no cards */
    return make_operation(cli);
}

bool
tke_cli_take_text(TkeCli *cli, const char *given, TkeTextKind kind, const TkeCliQuestion *question,
                  char text[static TKE_CARD_TEXT_MAX + 1], bool *later, GError **error)
{
    g_autofree char *answer = NULL;

    text[0] = '\0';
    *later = given == NULL && tke_cli_tty_asks_later(cli->tty);
    if (*later) {
        return true;
    }
    answer = given != NULL ? g_strdup(given)
                           : tke_cli_tty_ask_text(cli->tty, question, TKE_CARD_TEXT_MAX,
                                                  cli->cancellable, error);
    if (answer == NULL || !(kind == TKE_TEXT_NAME ? tke_op_card_check_name(answer, error)
                                                  : tke_op_card_check_description(answer, error))) {
        return false;
    }
    g_strlcpy(text, answer, TKE_CARD_TEXT_MAX + 1);
    return true;
}

/*
 * The head of the log after the command, for a note on paper: a cut end shows only against a head
 * that was noted, so whatever is told of cards and crypto units ends with it (functions 7). The
 * log's own commands tell it themselves.
 */
static char *
log_head(TkeCli *cli, const TkeCliCommand *command)
{
    static const TkeCliFunc without[] = { tke_cli_help, tke_cli_log_show, tke_cli_log_head,
                                          tke_cli_log_verify };
    TkeLogHead now = { .count = 0 };

    for (unsigned i = 0; i < G_N_ELEMENTS(without); i++) {
        if (command->func == without[i]) {
            return NULL;
        }
    }
    if (cli->log == NULL || !tke_activity_log_get_head(cli->log, &now, NULL)) {
        return NULL;
    }
    return tke_activity_log_head_to_text(&now);
}

static bool
call(TkeCli *cli, const TkeCliCommand *command, const TkeCliArgs *args, GError **error)
{
    g_autoptr(GPtrArray) plan = g_ptr_array_new_with_free_func(g_free);
    bool ok;

    if (!cli->options.dry_run || command->func == tke_cli_shell) {
        return command->func(cli, args, error);
    }
    tke_cli_tty_set_notes(cli->tty, plan);
    ok = command->func(cli, args, error);
    tke_cli_tty_set_notes(cli->tty, NULL);
    tke_cli_output_dry_run(cli->out, plan);
    return ok;
}

/* A record that nobody got is no success, though what the command did was done. */
static int
deliver(int code)
{
    g_autoptr(GError) error = NULL;

    if (tke_cli_output_flush(&error)) {
        return code;
    }
    fprintf(stderr, "tke: %s\n", error->message);
    if (code == TKE_CLI_DONE) {
        fprintf(stderr, "%s\n",
                _("The command itself was carried out; what it changed is in the activity log."));
    }
    return code == TKE_CLI_DONE ? TKE_CLI_PRECONDITION : code;
}

static int
run_command(TkeCli *cli, const TkeCliCommand *command, const TkeCliArgs *args)
{
    g_autoptr(TkeCliOutput) out =
        tke_cli_output_new(cli->options.json, cli->options.rehearsal != NULL, false);
    TkeCliOutput *outer = cli->out;
    g_autoptr(GError) error = NULL;
    g_autofree char *advice = NULL;
    g_autofree char *head = NULL;
    int code;

    cli->out = out;
    cli->exit_code = TKE_CLI_DONE;
    cli->changed = false;
    tke_cli_events_start(cli->events, command->name);
    if (cli->options.rehearsal != NULL && command->func != tke_cli_shell) {
        tke_cli_output_line(out, "%s", _("REHEARSAL: virtual readers, cards and crypto units"));
    }
    code = call(cli, command, args, &error) ? cli->exit_code : (int) tke_cli_exit_code(error);
    advice = tke_advice_for_error(error);
    head = log_head(cli, command);
    tke_cli_output_finish(out, command->name, code, error, advice, head);
    code = deliver(code);
    tke_cli_events_result(cli->events, command->name, code, error);
    cli->out = outer;
    return code;
}

static void
open_terminal(TkeCli *cli)
{
    const TkeCliTtyOptions options = { .json = cli->options.json,
                                       .yes = cli->options.yes,
                                       .confirm = cli->options.confirm };

    if (cli->tty == NULL) {
        cli->events = tke_cli_events_new(cli->options.events_fd);
        cli->tty = tke_cli_tty_new(&options, cli->events);
    }
}

/* Options that a line of the shell may give for itself; the process's hold where it does not. */
static bool
take_line_options(TkeCli *cli, char ***words, TkeCliOptions *line, GError **error)
{
    const GOptionEntry entries[] = {
        { "yes", 0, 0, G_OPTION_ARG_NONE, &line->yes, NULL, NULL },
        { "confirm", 0, 0, G_OPTION_ARG_STRING, &line->confirm, NULL, NULL },
        { "select", 0, 0, G_OPTION_ARG_STRING, &line->select, NULL, NULL },
        { "dry-run", 0, 0, G_OPTION_ARG_NONE, &line->dry_run, NULL, NULL },
        { "card", 0, 0, G_OPTION_ARG_NONE, &line->card, NULL, NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    if (cli->line_options == NULL) {
        cli->line_options = tke_cli_option_names(entries);
    }
    *line = (TkeCliOptions){ .yes = cli->options.yes, .dry_run = cli->options.dry_run };
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_ignore_unknown_options(context, TRUE);
    g_option_context_add_main_entries(context, entries, NULL);
    return tke_cli_option_value_check(entries, NULL, (int) g_strv_length(*words), *words, error) &&
           g_option_context_parse_strv(context, words, error);
}

static int
run_words(TkeCli *cli, int argc, char **argv)
{
    TkeCliArgs args = { 0 };
    g_autoptr(GError) error = NULL;
    int words = 0;
    int code;
    const TkeCliCommand *command = tke_cli_command_find(argc, argv, &words);

    if (command == NULL) {
        return tke_cli_unknown_command(cli, argc, argv);
    }
    if (!tke_cli_command_parse(cli, command, argc - words, argv + words, &args, &error)) {
        tke_cli_command_args_clear(&args);
        return tke_cli_wrong_use(cli, command->name, error);
    }
    code = run_command(cli, command, &args);
    tke_cli_command_args_clear(&args);
    return code;
}

int
tke_cli_run(TkeCli *cli, int argc, char **argv)
{
    const TkeCliOptions process = cli->options;
    g_auto(GStrv) words = g_new0(char *, (gsize) argc + 2);
    g_autoptr(GError) error = NULL;
    TkeCliOptions line;
    int code;

    open_terminal(cli);
    words[0] = g_strdup("tke");
    for (int i = 0; i < argc; i++) {
        words[i + 1] = g_strdup(argv[i]);
    }
    if (take_line_options(cli, &words, &line, &error) && words[1] == NULL) {
        g_set_error(&error, TKE_ERROR, TKE_ERROR_USAGE, "%s", _("no command is given"));
    }
    if (error != NULL) {
        code = tke_cli_wrong_use(cli, argc > 0 ? argv[0] : "", error);
    } else {
        cli->options.yes = line.yes;
        cli->options.dry_run = line.dry_run;
        cli->options.select = line.select != NULL ? line.select : process.select;
        tke_cli_tty_set_answers(cli->tty, line.yes,
                                line.confirm != NULL ? line.confirm : process.confirm);
        code = run_words(cli, (int) g_strv_length(words) - 1, words + 1);
        cli->options = process;
        tke_cli_tty_set_answers(cli->tty, process.yes, process.confirm);
    }
    g_free(line.select);
    g_free(line.confirm);
    return code;
}
