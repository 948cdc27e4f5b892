/*
 * The command table: finding, parsing, help.
 */
#include "tke/command.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "tke/commands.h"

#define NONE TKE_CLI_OPT_NONE
#define READER TKE_CLI_OPT_READER
#define CHECK TKE_CLI_OPT_CHECK
#define IDENTIFY TKE_CLI_OPT_IDENTIFY
#define SWAP TKE_CLI_OPT_SWAP
#define DESCRIPTION TKE_CLI_OPT_DESCRIPTION
#define ZONE TKE_CLI_OPT_ZONE
#define NAME TKE_CLI_OPT_NAME
#define SKI TKE_CLI_OPT_SKI
#define PLACE TKE_CLI_OPT_PLACE
#define PIN TKE_CLI_OPT_PIN
#define HEAD TKE_CLI_OPT_HEAD
#define THRESHOLDS TKE_CLI_OPT_THRESHOLDS
#define PARTS TKE_CLI_OPT_PARTS
#define FILE TKE_CLI_OPT_FILE
#define REPLACE TKE_CLI_OPT_REPLACE
#define RETRY_KEYS TKE_CLI_OPT_RETRY_KEYS
#define LAST TKE_CLI_OPT_LAST
#define ALL TKE_CLI_OPT_ALL
#define LISTED TKE_CLI_OPT_LISTED
#define ARGS TKE_CLI_OPT_ARGS

const TkeCliCommand tke_cli_commands[] = {
#define COMMAND(name, alias, func, options, args, summary, functions)                              \
    { name, alias, func, options, args, summary, functions },
#include "tke/command.inc"
#undef COMMAND
    { NULL, NULL, NULL, 0, NULL, NULL, NULL },
};

/* Name of one or two words at the start of argv; how many words matched, 0 for none. */
static int
match(const char *name, int argc, char **argv)
{
    g_auto(GStrv) words = NULL;
    int n;

    if (name == NULL) {
        return 0;
    }
    words = g_strsplit(name, " ", -1);
    n = (int) g_strv_length(words);
    if (argc < n) {
        return 0;
    }
    for (int i = 0; i < n; i++) {
        if (strcmp(words[i], argv[i]) != 0) {
            return 0;
        }
    }
    return n;
}

const TkeCliCommand *
tke_cli_command_find(int argc, char **argv, int *words)
{
    const TkeCliCommand *best = NULL;

    *words = 0;
    for (const TkeCliCommand *command = tke_cli_commands; command->name != NULL; command++) {
        int n = MAX(match(command->name, argc, argv), match(command->alias, argc, argv));

        if (n > *words) {
            *words = n;
            best = command;
        }
    }
    return best;
}

/* Edit distance (Levenshtein). */
static unsigned
distance(const char *a, const char *b)
{
    size_t n = strlen(b);
    g_autofree unsigned *row = g_new(unsigned, n + 1);

    for (size_t j = 0; j <= n; j++) {
        row[j] = (unsigned) j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned) i + 1;
        for (size_t j = 0; j < n; j++) {
            unsigned above = row[j + 1];
            unsigned change = diagonal + (a[i] == b[j] ? 0 : 1);

            row[j + 1] = MIN(change, MIN(above, row[j]) + 1);
            diagonal = above;
        }
    }
    return row[n];
}

const char *
tke_cli_command_nearest(int argc, char **argv)
{
    const char *best = NULL;
    unsigned least = 4; /* further away is no help */
    g_autofree char *two = argc > 1 ? g_strjoin(" ", argv[0], argv[1], NULL) : NULL;

    for (const TkeCliCommand *command = tke_cli_commands; command->name != NULL; command++) {
        bool pair = strchr(command->name, ' ') != NULL;
        const char *typed = pair && two != NULL ? two : argv[0];
        unsigned d = distance(typed, command->name);

        if (d < least && 2 * d <= strlen(command->name)) {
            least = d;
            best = command->name;
        }
    }
    return best;
}

typedef struct Option {
    unsigned mask;
    GOptionEntry entry;
} Option;

static void
fill_key_options(TkeCliArgs *args, GArray *all)
{
    const Option options[] = {
        { REPLACE,
          { "replace", 0, 0, G_OPTION_ARG_NONE, &args->replace,
            N_("replace the key that the card has"), NULL } },
        { RETRY_KEYS,
          { "retry-keys", 0, 0, G_OPTION_ARG_NONE, &args->retry_keys,
            N_("try issuer keys once more that this card has refused; too many tries lock a card "
               "for good"),
            NULL } },
    };

    g_array_append_vals(all, options, G_N_ELEMENTS(options));
}

static void
fill_card_options(TkeCliArgs *args, GArray *all)
{
    const Option options[] = {
        { READER, { "reader", 0, 0, G_OPTION_ARG_INT, &args->reader, N_("reader 1 or 2"), "N" } },
        { CHECK,
          { "check", 0, 0, G_OPTION_ARG_NONE, &args->check,
            N_("let the card prove that it is genuine"), NULL } },
        { IDENTIFY,
          { "identify", 0, 0, G_OPTION_ARG_NONE, &args->identify,
            N_("find out which reader is which by inserting a card"), NULL } },
        { SWAP,
          { "swap", 0, 0, G_OPTION_ARG_NONE, &args->swap, N_("swap reader 1 and reader 2"),
            NULL } },
        { DESCRIPTION,
          { "description", 0, 0, G_OPTION_ARG_STRING, &args->description,
            N_("description, up to 30 characters"), "TEXT" } },
        { ZONE,
          { "zone-description", 0, 0, G_OPTION_ARG_STRING, &args->zone_description,
            N_("description of the zone"), "TEXT" } },
        { ZONE,
          { "card-description", 0, 0, G_OPTION_ARG_STRING, &args->card_description,
            N_("description of the CA card"), "TEXT" } },
        { NAME,
          { "name", 0, 0, G_OPTION_ARG_STRING, &args->name,
            N_("name of the administrator, 1 to 30 characters"), "TEXT" } },
        { SKI,
          { "ski", 0, 0, G_OPTION_ARG_STRING, &args->ski,
            N_("signature key, by the first digits of its identifier"), "HEX" } },
        { PLACE,
          { "place", 0, 0, G_OPTION_ARG_STRING, &args->place,
            N_("key parts by their places on the card, “1,4-6”"), "LIST" } },
        { PIN,
          { "pin", 0, 0, G_OPTION_ARG_INT, &args->pin, N_("first or second PIN of a CA card"),
            "1|2" } },
    };

    g_array_append_vals(all, options, G_N_ELEMENTS(options));
}

static void
fill_options(TkeCliArgs *args, GArray *all)
{
    const Option options[] = {
        { HEAD,
          { "head", 0, 0, G_OPTION_ARG_STRING, &args->head,
            N_("head of the log that was noted earlier"), "COUNT:HASH" } },
        { THRESHOLDS,
          { "signature", 0, 0, G_OPTION_ARG_INT, &args->signature,
            N_("new signature threshold, 1 to 8"), "N" } },
        { THRESHOLDS,
          { "revocation", 0, 0, G_OPTION_ARG_INT, &args->revocation,
            N_("new revocation threshold, 1 to 8"), "N" } },
        { PARTS,
          { "part", 0, 0, G_OPTION_ARG_STRING_ARRAY, &args->parts,
            N_("verification pattern of a key part to load, or its first digits; once for each "
               "part, “any” takes the only part of a card"),
            "HEX" } },
        { FILE,
          { "file", 0, 0, G_OPTION_ARG_FILENAME, &args->file, N_("read the commands from a file"),
            "FILE" } },
        { LAST, { "last", 0, 0, G_OPTION_ARG_INT, &args->last, N_("only the last entries"), "N" } },
        { ALL,
          { "all", 0, 0, G_OPTION_ARG_NONE, &args->all,
            N_("all operational and failover crypto units"), NULL } },
        { LISTED,
          { "listed", 0, 0, G_OPTION_ARG_NONE, &args->listed,
            N_("in the selected crypto units too, which are still listed"), NULL } },
    };

    fill_card_options(args, all);
    g_array_append_vals(all, options, G_N_ELEMENTS(options));
}

static GOptionContext *
make_context(const TkeCliCommand *command, TkeCliArgs *args)
{
    g_autofree char *usage =
        g_strdup_printf("%s%s%s", command->name, command->args != NULL ? " " : "",
                        command->args != NULL ? _(command->args) : "");
    GOptionContext *context = g_option_context_new(usage);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Option));
    g_autoptr(GArray) entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));

    fill_options(args, all);
    fill_key_options(args, all);
    for (unsigned i = 0; i < all->len; i++) {
        const Option *option = &g_array_index(all, Option, i);

        if ((option->mask & command->options) != 0) {
            g_array_append_val(entries, option->entry);
        }
    }
    g_option_context_set_summary(context, _(command->summary));
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_translation_domain(context, GETTEXT_PACKAGE);
    g_option_context_add_main_entries(context, (const GOptionEntry *) (void *) entries->data,
                                      GETTEXT_PACKAGE);
    return context;
}

bool
tke_cli_command_parse(const TkeCliCommand *command, int argc, char **argv, TkeCliArgs *args,
                      GError **error)
{
    g_autoptr(GOptionContext) context = make_context(command, args);
    g_autoptr(GError) local = NULL;
    g_auto(GStrv) list = g_new0(char *, (gsize) argc + 2);

    args->signature = TKE_CLI_NOT_GIVEN;
    args->revocation = TKE_CLI_NOT_GIVEN;
    args->last = TKE_CLI_NOT_GIVEN;
    list[0] = g_strdup("tke");
    for (int i = 0; i < argc; i++) {
        list[i + 1] = g_strdup(argv[i]);
    }
    if (!g_option_context_parse_strv(context, &list, &local)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("%s: %s; “tke help %s” shows what it takes"), command->name, local->message,
                    command->name);
        return false;
    }
    if (list[1] != NULL && (command->options & TKE_CLI_OPT_ARGS) == 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("%s: “%s” is not wanted here"),
                    command->name, list[1]);
        return false;
    }
    args->rest = g_strdupv(list + 1);
    return true;
}

void
tke_cli_command_args_clear(TkeCliArgs *args)
{
    g_free(args->description);
    g_free(args->zone_description);
    g_free(args->card_description);
    g_free(args->name);
    g_free(args->ski);
    g_free(args->place);
    g_free(args->head);
    g_free(args->file);
    g_strfreev(args->parts);
    g_strfreev(args->rest);
    memset(args, 0, sizeof *args);
}

char *
tke_cli_command_help_all(void)
{
    GString *text = g_string_new(_("Commands:\n"));

    for (const TkeCliCommand *command = tke_cli_commands; command->name != NULL; command++) {
        g_string_append_printf(text, "  %-29s %s\n", command->name, _(command->summary));
    }
    g_string_append(text,
                    _("“tke help COMMAND” shows the options of one, “tke --help” those that every "
                      "command takes.\n"));
    return g_string_free(text, FALSE);
}

char *
tke_cli_command_help(const TkeCliCommand *command)
{
    TkeCliArgs args = { 0 };
    g_autoptr(GOptionContext) context = make_context(command, &args);

    return g_option_context_get_help(context, TRUE, NULL);
}
