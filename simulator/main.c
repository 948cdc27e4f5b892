/*
 * tke-sim: the virtual world of rehearsals (4.12): readers with PIN pads, cards, crypto units.
 */
#include <glib.h>
#include <glib/gi18n-lib.h>
#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/process.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-command-pcscd.h"
#include "simulator/sim-command.h"
#include "simulator/sim-daemon.h"

#define DELAY_MS_MAX 600000
#define TIMEOUT_S_MAX 3600

typedef struct Arguments {
    char *world;
    char *scenario;
    char *profile;
    int delay_ms;
    int timeout_s;
    gboolean foreground;
    gboolean force;
    gboolean json;
    gboolean version;
    char **words;
} Arguments;

static void
clear_arguments(Arguments *arguments)
{
    g_free(arguments->world);
    g_free(arguments->scenario);
    g_free(arguments->profile);
    g_strfreev(arguments->words);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, clear_arguments)

static const char *const description = N_(
    "Commands:\n"
    "  start                  open the world, make it first if it is new; returns when it answers\n"
    "  stop                   end it; everything is kept\n"
    "  status                 readers, cards, service\n"
    "  pcscd [COMMAND…]       a pcscd of one's own in which the world's readers are PC/SC readers, "
    "while\n"
    "                         COMMAND runs (after --, where it has options), else until Ctrl-C\n"
    "  insert R CARD          put a card of the box into reader R\n"
    "  remove R               pull the card out of reader R\n"
    "  pin R DIGITS           wait until the pad of reader R asks, type and confirm (-: read "
    "digits)\n"
    "  keys R KEY…            the same key by key: 0 to 9, enter, cancel, clear\n"
    "  cancel R               wait until the pad asks, press its cancel key\n"
    "  wait-pad R             wait until the pad asks\n"
    "  add-card [LABEL] [applet=none|ca|ep11]\n"
    "                         one more card for the box, blank unless said otherwise\n"
    "  note CARD [front=TEXT] [back=TEXT]\n"
    "                         write on the sticker of a card, on its back\n"
    "  fault card CARD|R FAULT [after=N] [times=N] [sw=XXXX]\n"
    "                         pull-before, pull-after, silent, silent-after, garbage, cut, "
    "status,\n"
    "                         torn-before, torn-after, unwritable; forged-key, "
    "forged-certificate,\n"
    "                         forged-id, genuine; block-pin [pin=1|2]\n"
    "  fault reader [R] FAULT\n"
    "                         held, free (by another program); unplugged, plugged;\n"
    "                         pad-status sw=XXXX, pad-garbage, no-length-check, no-comparison,\n"
    "                         quick-clock; claims-keypad, cut-features, long-features, two-codes,\n"
    "                         zero-codes, cut-properties, long-properties, swapped-sizes, "
    "long-pins;\n"
    "                         pad-fails; no-keypad; contactless; honest\n"
    "  fault daemon FAULT     stopped, running: the smart card service\n"
    "  fault service FAULT [unit=N] [count=N] [skip=N] [command=NAME] …\n"
    "                         drop-before, drop-after, silence, silence-after, http [status=N],\n"
    "                         garbage, bad-json, oversized, cut, truncated, code, bad-signature,\n"
    "                         no-signature, stale-counter, wrong-serial, forged-chain, "
    "forged-root,\n"
    "                         expire-tokens, …; only at requests with this command: COMMIT_WK,\n"
    "                         DOM_ZEROIZE, Q_DOM_ATTRS … or its code, or info\n"
    "  fault clear            everything works again\n"
    "\n"
    "The world is the directory of --world, else OPENTKE_WORLD, else\n"
    "$XDG_STATE_HOME/opentke/rehearsal.\n");

static bool
check_arguments(const Arguments *arguments, GError **error)
{
    bool start = arguments->words != NULL && strcmp(arguments->words[0], "start") == 0;

    if (arguments->words == NULL) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE,
                            _("name a command; see tke-sim --help"));
        return false;
    }
    if (!start && (arguments->scenario != NULL || arguments->profile != NULL ||
                   arguments->delay_ms >= 0 || arguments->foreground)) {
        g_set_error_literal(
            error, TKE_ERROR, TKE_ERROR_USAGE,
            _("--scenario, --profile, --delay-ms and --foreground go with start only"));
        return false;
    }
    if (arguments->force && strcmp(arguments->words[0], "stop") != 0) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE, _("--force goes with stop only"));
        return false;
    }
    if (arguments->delay_ms > DELAY_MS_MAX || arguments->timeout_s > TIMEOUT_S_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("at most %d for --delay-ms and %d for --timeout"), DELAY_MS_MAX,
                    TIMEOUT_S_MAX);
        return false;
    }
    if ((start || strcmp(arguments->words[0], "stop") == 0) && arguments->words[1] != NULL) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE,
                            _("too many words; see tke-sim --help"));
        return false;
    }
    return true;
}

static bool
parse_arguments(int *argc, char ***argv, Arguments *arguments, GError **error)
{
    const GOptionEntry entries[] = {
        { "world", 0, 0, G_OPTION_ARG_FILENAME, &arguments->world, N_("directory of the world"),
          N_("DIR") },
        { "scenario", 0, 0, G_OPTION_ARG_FILENAME, &arguments->scenario,
          N_("start: what a new world is made of (standard: rehearsal)"), N_("NAME|FILE") },
        { "profile", 0, 0, G_OPTION_ARG_STRING, &arguments->profile,
          N_("start: how long cards take (none, J3R180, J3H145)"), N_("NAME") },
        { "delay-ms", 0, 0, G_OPTION_ARG_INT, &arguments->delay_ms,
          N_("start: wait before each answer of the service"), N_("N") },
        { "foreground", 0, 0, G_OPTION_ARG_NONE, &arguments->foreground,
          N_("start: stay, and say \"ready\" when the world answers"), NULL },
        { "force", 0, 0, G_OPTION_ARG_NONE, &arguments->force,
          N_("stop: kill it where it does not answer; nothing of the world is lost"), NULL },
        { "timeout", 0, 0, G_OPTION_ARG_INT, &arguments->timeout_s,
          N_("pin, keys, cancel, wait-pad: seconds to wait for the pad (standard: 30)"), N_("N") },
        { "json", 0, 0, G_OPTION_ARG_NONE, &arguments->json, N_("answers as JSON"), NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &arguments->version, N_("version"), NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->words, NULL, NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(_("COMMAND [ARGUMENT…]"));

    g_option_context_set_summary(context,
                                 _("The virtual world in which key ceremonies are rehearsed."));
    g_option_context_set_description(context, _(description));
    g_option_context_add_main_entries(context, entries, GETTEXT_PACKAGE);
    if (!g_option_context_parse(context, argc, argv, error)) {
        return false;
    }
    return arguments->version || check_arguments(arguments, error);
}

static int
run(const Arguments *arguments)
{
    g_autofree char *directory = tke_sim_world_directory(arguments->world);
    const SimWorldOptions world = { .scenario = arguments->scenario,
                                    .profile = arguments->profile,
                                    .delay_ms = arguments->delay_ms };
    const SimCommandOptions command = { .directory = directory,
                                        .json = arguments->json,
                                        .timeout_s = arguments->timeout_s };

    if (strcmp(arguments->words[0], "start") == 0) {
        return sim_daemon_start(directory, &world, arguments->foreground);
    }
    if (strcmp(arguments->words[0], "stop") == 0) {
        return sim_daemon_stop(directory, arguments->force);
    }
    if (strcmp(arguments->words[0], "pcscd") == 0) {
        return sim_command_pcscd(directory, arguments->words + 1);
    }
    return sim_command_run(&command, arguments->words);
}

int
main(int argc, char **argv)
{
    g_auto(Arguments) arguments = { .delay_ms = -1, .timeout_s = -1 };
    g_autoptr(GError) error = NULL;

    tke_process_open_standard();
    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, TKE_LOCALE_DIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
    if (!parse_arguments(&argc, &argv, &arguments, &error)) {
        fprintf(stderr, "tke-sim: %s\n", error->message);
        return SIM_EXIT_USAGE;
    }
    if (arguments.version) {
        printf("tke-sim %s\n", TKE_VERSION);
        return SIM_EXIT_OK;
    }
    return run(&arguments);
}
