/*
 * Options there are not, and what was probably meant (functions 4; F-153).
 */
#include "tke/unknown-option.h"

#include <glib/gi18n.h>
#include <string.h>

#include "common/error.h"
#include "common/nearest.h"
#include "tke/command.h"

GStrv
tke_cli_option_names(const GOptionEntry *entries)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (; entries->long_name != NULL; entries++) {
        g_strv_builder_add(names, entries->long_name);
    }
    return g_strv_builder_end(names);
}

static const GOptionEntry *
find_entry(const GOptionEntry *entries, const char *name)
{
    for (; entries->long_name != NULL; entries++) {
        if (strcmp(entries->long_name, name) == 0) {
            return entries;
        }
    }
    return NULL;
}

const GOptionEntry *
tke_cli_option_find(const GOptionEntry *entries, const char *word)
{
    g_autofree char *name = g_strndup(word, strcspn(word, "="));

    return g_str_has_prefix(name, "--") ? find_entry(entries, name + 2) : NULL;
}

char *
tke_cli_unknown_option_find(const GOptionEntry *entries, int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *value = strchr(argv[i], '=');
        g_autofree char *typed =
            value != NULL ? g_strndup(argv[i], (gsize) (value - argv[i])) : g_strdup(argv[i]);
        const GOptionEntry *entry = NULL;

        if (typed[0] != '-' || typed[1] == '\0') {
            continue;
        }
        entry = typed[1] == '-' ? find_entry(entries, typed + 2) : NULL;
        if (entry == NULL) {
            return g_steal_pointer(&typed);
        }
        i += entry->arg != G_OPTION_ARG_NONE && value == NULL ? 1 : 0; /* the next is its value */
    }
    return NULL;
}

static const char *
without_dashes(const char *option)
{
    return option + strspn(option, "-");
}

static bool
is_among(const char *const *names, const char *option)
{
    return names != NULL && g_strv_contains(names, without_dashes(option));
}

/* Those that a line may begin or go on with here: a shell's line takes fewer than a program. */
static const char *const *
names_here(const TkeCli *cli)
{
    return (const char *const *) (cli->in_shell ? cli->line_options : cli->process_options);
}

/* The one that was probably meant; NULL: none is near. */
static const char *
find_nearest(const TkeCli *cli, const char *option, const char *const *own)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *const *lists[] = { own, names_here(cli) };

    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (const char *const *name = lists[i]; name != NULL && *name != NULL; name++) {
            g_ptr_array_add(names, (gpointer) *name);
        }
    }
    g_ptr_array_add(names, NULL);
    return tke_nearest_name(without_dashes(option), (const char *const *) names->pdata);
}

void
tke_cli_unknown_option_set(const TkeCli *cli, const char *command, const char *option,
                           const char *const *own, GError **error)
{
    const char *nearest = find_nearest(cli, option, own);
    g_autofree char *where = command != NULL ? g_strconcat(command, ": ", NULL) : g_strdup("");

    const char *name = without_dashes(option);
    const bool is_help = strcmp(name, "help") == 0 || strcmp(name, "version") == 0;

    if (cli->in_shell && !is_help && is_among((const char *const *) cli->process_options, option)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("%s“%s” holds for the whole program: give it when the shell is started"),
                    where, option);
    } else if (nearest != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("%sthere is no option “%s”; did you mean “--%s”?"), where, option, nearest);
    } else if (command != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("%sthere is no option “%s”; “tke help %s” shows what it takes"), where,
                    option, command);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("there is no option “%s”; “tke --help” shows those that all commands take"),
                    option);
    }
}

/* The command that one of these words begins; NULL: none. */
static const TkeCliCommand *
find_command(int argc, char **argv)
{
    const TkeCliCommand *command = NULL;
    int words = 0;

    for (int i = 1; command == NULL && i < argc; i++) {
        command = tke_cli_command_find(argc - i, argv + i, &words);
    }
    return command;
}

void
tke_cli_unknown_option_set_first(const TkeCli *cli, int argc, char **argv, GError **error)
{
    const TkeCliCommand *command = find_command(argc, argv);
    g_auto(GStrv) own = command != NULL ? tke_cli_command_option_names(command) : NULL;
    const GOptionEntry none = G_OPTION_ENTRY_NULL;
    g_autofree char *option = tke_cli_unknown_option_find(&none, 1, argv);

    if (is_among((const char *const *) own, option)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("“%s” is an option of “%s”: give it after the command"), option,
                    command->name);
    } else {
        tke_cli_unknown_option_set(cli, NULL, option, (const char *const *) own, error);
    }
}
