/*
 * The command table: finding, parsing, help.
 */
#include "tke/command.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/nearest.h"
#include "tke/commands.h"
#include "tke/option-value.h"
#include "tke/unknown-option.h"

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
#define RETRY_CUT_OFF TKE_CLI_OPT_RETRY_CUT_OFF
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

/* Whether names of two words begin with this one ("card", "zone"). */
static bool
is_group(const char *word)
{
    size_t len = strlen(word);

    for (const TkeCliCommand *command = tke_cli_commands; command->name != NULL; command++) {
        if (strncmp(command->name, word, len) == 0 && command->name[len] == ' ') {
            return true;
        }
    }
    return false;
}

const char *
tke_cli_command_group(int argc, char **argv)
{
    return argc > 0 && (argc == 1 || argv[1][0] == '-') && is_group(argv[0]) ? argv[0] : NULL;
}

const TkeCliCommand *
tke_cli_command_find(int argc, char **argv, int *words)
{
    const TkeCliCommand *best = NULL;
    int most = 0;

    *words = 0;
    for (const TkeCliCommand *command = tke_cli_commands; command->name != NULL; command++) {
        int n = MAX(match(command->name, argc, argv), match(command->alias, argc, argv));

        if (n > most) {
            most = n;
            best = command;
        }
    }
    /* "log verfy" means none of the log's commands, not "log" with something behind it. */
    if (most == 1 && is_group(argv[0]) && tke_cli_command_group(argc, argv) == NULL) {
        return NULL;
    }
    *words = most;
    return best;
}

char *
tke_cli_command_dup_typed(int argc, char **argv)
{
    bool two = argc > 1 && argv[1][0] != '-' && is_group(argv[0]);

    return two ? g_strjoin(" ", argv[0], argv[1], NULL) : g_strdup(argv[0]);
}

/* Names of commands whose first word is this one. */
static GPtrArray *
names_of_group(const char *group)
{
    GPtrArray *names = g_ptr_array_new();
    g_autofree char *begin = g_strconcat(group, " ", NULL);

    for (const TkeCliCommand *command = tke_cli_commands; command->name != NULL; command++) {
        if (g_str_has_prefix(command->name, begin)) {
            g_ptr_array_add(names, (gpointer) (command->name + strlen(begin)));
        }
        if (command->alias != NULL && g_str_has_prefix(command->alias, begin)) {
            g_ptr_array_add(names, (gpointer) (command->alias + strlen(begin)));
        }
    }
    g_ptr_array_add(names, NULL);
    return names;
}

/* Names of that many words, and the groups among those of one. */
static GPtrArray *
names_of(bool two)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (const TkeCliCommand *command = tke_cli_commands; command->name != NULL; command++) {
        const char *space = strchr(command->name, ' ');

        if (two == (space != NULL)) {
            g_ptr_array_add(names, g_strdup(command->name));
        } else if (space != NULL) {
            g_ptr_array_add(names, g_strndup(command->name, (gsize) (space - command->name)));
        }
        if (command->alias != NULL && two == (strchr(command->alias, ' ') != NULL)) {
            g_ptr_array_add(names, g_strdup(command->alias));
        }
    }
    g_ptr_array_add(names, NULL);
    return names;
}

/* The known name nearest to what was typed, NULL if none is near; the caller frees. */
static char *
find_nearest(int argc, char **argv, const char *typed)
{
    bool two = argc > 1 && argv[1][0] != '-';
    g_autofree char *both = two ? g_strjoin(" ", argv[0], argv[1], NULL) : NULL;
    g_autoptr(GPtrArray) ones = names_of(false);
    g_autoptr(GPtrArray) pairs = names_of(true);
    const char *near = NULL;

    if (strchr(typed, ' ') != NULL) {
        g_autoptr(GPtrArray) group = names_of_group(argv[0]);

        near = tke_nearest_name(argv[1], (const char *const *) group->pdata);
        return near != NULL ? g_strjoin(" ", argv[0], near, NULL) : NULL;
    }
    near = two ? tke_nearest_name(both, (const char *const *) pairs->pdata) : NULL;
    if (near == NULL) {
        near = tke_nearest_name(argv[0], (const char *const *) ones->pdata);
    }
    return g_strdup(near);
}

void
tke_cli_command_set_unknown(int argc, char **argv, GError **error)
{
    g_autofree char *typed = tke_cli_command_dup_typed(argc, argv);
    g_autofree char *nearest = find_nearest(argc, argv, typed);

    if (nearest != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("there is no command “%s”; did you mean “%s”?"), typed, nearest);
    } else if (strchr(typed, ' ') != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("there is no command “%s”; “tke help %s” lists those that begin so"), typed,
                    argv[0]);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("there is no command “%s”; “tke help” lists them"), typed);
    }
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
        { RETRY_CUT_OFF,
          { "retry-cut-off", 0, 0, G_OPTION_ARG_NONE, &args->retry_cut_off,
            N_("try the issuer keys once more where the card's own proof has shown that they are "
               "right; too many tries lock a card for good"),
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

/* The options of the command, ended by one without name. */
static GArray *
make_entries(const TkeCliCommand *command, TkeCliArgs *args)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Option));
    GArray *entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));

    fill_options(args, all);
    fill_key_options(args, all);
    for (unsigned i = 0; i < all->len; i++) {
        const Option *option = &g_array_index(all, Option, i);

        if ((option->mask & command->options) != 0) {
            g_array_append_val(entries, option->entry);
        }
    }
    return entries;
}

static const GOptionEntry *
first_of(const GArray *entries)
{
    return (const GOptionEntry *) (const void *) entries->data;
}

static GOptionContext *
make_context(const TkeCliCommand *command, const GArray *entries)
{
    g_autofree char *usage =
        g_strdup_printf("%s%s%s", command->name, command->args != NULL ? " " : "",
                        command->args != NULL ? _(command->args) : "");
    GOptionContext *context = g_option_context_new(usage);

    g_option_context_set_summary(context, _(command->summary));
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_translation_domain(context, GETTEXT_PACKAGE);
    g_option_context_add_main_entries(context, first_of(entries), GETTEXT_PACKAGE);
    return context;
}

GStrv
tke_cli_command_option_names(const TkeCliCommand *command)
{
    TkeCliArgs args = { 0 };
    g_autoptr(GArray) entries = make_entries(command, &args);

    return tke_cli_option_names(first_of(entries));
}

static void
set_not_taken(const TkeCli *cli, const TkeCliCommand *command, const char *unknown,
              const GError *why, GError **error)
{
    g_auto(GStrv) own = tke_cli_command_option_names(command);

    if (unknown != NULL) {
        tke_cli_unknown_option_set(cli, command->name, unknown, (const char *const *) own, error);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("%s: %s; “tke help %s” shows what it takes"), command->name, why->message,
                    command->name);
    }
}

bool
tke_cli_command_parse(const TkeCli *cli, const TkeCliCommand *command, int argc, char **argv,
                      TkeCliArgs *args, GError **error)
{
    g_autoptr(GArray) entries = make_entries(command, args);
    g_autoptr(GOptionContext) context = make_context(command, entries);
    g_autoptr(GError) local = NULL;
    g_auto(GStrv) list = g_new0(char *, (gsize) argc + 2);

    args->signature = TKE_CLI_NOT_GIVEN;
    args->revocation = TKE_CLI_NOT_GIVEN;
    args->last = TKE_CLI_NOT_GIVEN;
    list[0] = g_strdup("tke");
    for (int i = 0; i < argc; i++) {
        list[i + 1] = g_strdup(argv[i]);
    }
    if (!tke_cli_option_value_check(first_of(entries), command->name, argc, argv, error)) {
        return false;
    }
    if (!g_option_context_parse_strv(context, &list, &local)) {
        g_autofree char *unknown =
            g_error_matches(local, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION)
                ? tke_cli_unknown_option_find(first_of(entries), argc, argv)
                : NULL;

        set_not_taken(cli, command, unknown, local, error);
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

/* Lines "name summary" of the commands that begin with this; NULL: of all. */
static void
append_list(GString *text, const char *begin)
{
    for (const TkeCliCommand *command = tke_cli_commands; command->name != NULL; command++) {
        if (begin == NULL || g_str_has_prefix(command->name, begin)) {
            g_string_append_printf(text, "  %-29s %s\n", command->name, _(command->summary));
        }
    }
}

char *
tke_cli_command_help_all(void)
{
    GString *text = g_string_new(_("Commands:\n"));

    append_list(text, NULL);
    g_string_append(text,
                    _("“tke help COMMAND” shows the options of one, “tke --help” those that every "
                      "command takes.\n"));
    return g_string_free(text, FALSE);
}

char *
tke_cli_command_help_group(const char *group)
{
    GString *text = g_string_new(_("Commands:\n"));

    append_list(text, group);
    g_string_append(text, _("“tke help COMMAND” shows the options of one.\n"));
    return g_string_free(text, FALSE);
}

char *
tke_cli_command_help(const TkeCliCommand *command)
{
    TkeCliArgs args = { 0 };
    g_autoptr(GArray) entries = make_entries(command, &args);
    g_autoptr(GOptionContext) context = make_context(command, entries);
    char *usage = g_option_context_get_help(context, TRUE, NULL);

    if (is_group(command->name)) {
        g_autofree char *own = usage;
        g_autofree char *group = tke_cli_command_help_group(command->name);

        usage = g_strconcat(own, group, NULL);
    }
    return usage;
}
