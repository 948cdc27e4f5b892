/*
 * Lines that cannot be run, and what was probably meant (functions 4; F-153).
 */
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/advice.h"
#include "tke/cli.h"
#include "tke/command.h"
#include "tke/text.h"
#include "tke/unknown-option.h"

/* list: the commands to choose from, or NULL. */
static int
tell(TkeCli *cli, const char *name, const GError *error, const char *list)
{
    g_autofree char *advice = tke_advice_for_error(error);

    tke_cli_events_start(cli->events, name);
    if (cli->options.json) {
        g_autoptr(TkeCliOutput) out =
            tke_cli_output_new(true, cli->options.rehearsal != NULL, false);

        if (list != NULL) {
            tke_cli_output_value(out, "text", NULL, list);
        }
        tke_cli_output_finish(out, name, TKE_CLI_WRONG_USE, error, advice, NULL);
        (void) tke_cli_output_flush(NULL);
    } else {
        g_autofree char *safe = tke_cli_text_safe(error->message);

        fprintf(stderr, "tke: %s\n%s", safe, list != NULL ? list : "");
    }
    tke_cli_events_result(cli->events, name, TKE_CLI_WRONG_USE, error);
    return TKE_CLI_WRONG_USE;
}

int
tke_cli_wrong_use(TkeCli *cli, const char *name, const GError *error)
{
    return tell(cli, name, error, NULL);
}

int
tke_cli_unknown_command(TkeCli *cli, int argc, char **argv)
{
    g_autofree char *typed = tke_cli_command_dup_typed(argc, argv);
    const char *group = tke_cli_command_group(argc, argv);
    g_autofree char *list = group != NULL ? tke_cli_command_help_group(group) : NULL;
    g_autoptr(GError) error = NULL;

    if (argv[0][0] == '-' && strcmp(argv[0], "--") != 0 && argv[0][1] != '\0') {
        tke_cli_unknown_option_set_first(cli, argc, argv, &error);
    } else if (group != NULL) {
        g_set_error(&error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("“%s” is not a whole command: a second word is needed"), group);
    } else {
        tke_cli_command_set_unknown(argc, argv, &error);
    }
    return tell(cli, typed, error, list);
}
