/*
 * The command table, which also makes the help.
 */
#pragma once

#include <glib.h>

#include "tke/cli.h"

/* Options a command takes besides those of the process. */
typedef enum {
    TKE_CLI_OPT_NONE = 0,
    TKE_CLI_OPT_READER = 1 << 0,
    TKE_CLI_OPT_CHECK = 1 << 1,
    TKE_CLI_OPT_IDENTIFY = 1 << 2,
    TKE_CLI_OPT_SWAP = 1 << 3,
    TKE_CLI_OPT_DESCRIPTION = 1 << 4,
    TKE_CLI_OPT_ZONE = 1 << 5,
    TKE_CLI_OPT_NAME = 1 << 6,
    TKE_CLI_OPT_SKI = 1 << 7,
    TKE_CLI_OPT_PLACE = 1 << 8,
    TKE_CLI_OPT_PIN = 1 << 9,
    TKE_CLI_OPT_HEAD = 1 << 10,
    TKE_CLI_OPT_THRESHOLDS = 1 << 11,
    TKE_CLI_OPT_PARTS = 1 << 12,
    TKE_CLI_OPT_FILE = 1 << 13,
    TKE_CLI_OPT_REPLACE = 1 << 14,
    TKE_CLI_OPT_LAST = 1 << 15,
    TKE_CLI_OPT_ALL = 1 << 16,
    TKE_CLI_OPT_ARGS = 1 << 17, /* words that are no options */
    TKE_CLI_OPT_RETRY_CUT_OFF = 1 << 18,
    TKE_CLI_OPT_LISTED = 1 << 19,
} TkeCliOpt;

typedef struct TkeCliCommand {
    const char *name;  /* one or two words */
    const char *alias; /* another name that is taken, or NULL */
    TkeCliFunc func;
    unsigned options;    /* TkeCliOpt */
    const char *args;    /* what stands for the words that are no options, or NULL */
    const char *summary; /* for translation */
    const char *functions;
} TkeCliCommand;

extern const TkeCliCommand tke_cli_commands[]; /* ends with a NULL name */

/*
 * The command that argv begins with; words gets how many of it make its name. NULL if there is
 * none, also where the first word is that of several commands and the second none of theirs.
 */
const TkeCliCommand *tke_cli_command_find(int argc, char **argv, int *words);

/* The first word, if several commands begin with it and no other word follows; else NULL. Borrowed
 * from argv. */
const char *tke_cli_command_group(int argc, char **argv);

/* The words of argv that ought to be the name of a command; the caller frees. */
char *tke_cli_command_dup_typed(int argc, char **argv);

/* TKE_ERROR_USAGE: there is no such command; with the nearest one, or where they are listed. */
void tke_cli_command_set_unknown(int argc, char **argv, GError **error);

/* Parses options; argv without the command's name. TKE_ERROR_USAGE on what the command does not
 * take, with what was probably meant. */
bool tke_cli_command_parse(const TkeCli *cli, const TkeCliCommand *command, int argc, char **argv,
                           TkeCliArgs *args, GError **error);
void tke_cli_command_args_clear(TkeCliArgs *args);

/* Names of the options that it takes besides those of the process; the caller frees. */
GStrv tke_cli_command_option_names(const TkeCliCommand *command);

/* List of commands, of those that begin with a word, or usage of one; the caller frees. */
char *tke_cli_command_help_all(void);
char *tke_cli_command_help_group(const char *group);
char *tke_cli_command_help(const TkeCliCommand *command);
