/*
 * TkeCli: what the commands of one process share: options, world, cards that stay unlocked, units,
 * log.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "common/safe-file.h"
#include "libceremony/activity-log.h"
#include "libceremony/card-session.h"
#include "libceremony/operation.h"
#include "libceremony/settings.h"
#include "libceremony/unit-directory.h"
#include "libceremony/world.h"
#include "libsmartcard/card-identity.h"
#include "tke/events.h"
#include "tke/output.h"
#include "tke/tty-prompter.h"

/* Exit codes (functions 4). */
typedef enum {
    TKE_CLI_DONE = 0,
    TKE_CLI_REFUSED = 1, /* by the operator */
    TKE_CLI_WRONG_USE = 2,
    TKE_CLI_PRECONDITION = 3, /* also directory and lock */
    TKE_CLI_CARD = 4,
    TKE_CLI_SERVICE = 5,
    TKE_CLI_UNIT = 6,
    TKE_CLI_PARTLY = 7,
    TKE_CLI_DIFFER = 8,
} TkeCliExit;

#define TKE_CLI_NO_FD (-1)

/* Options that hold for the whole process. */
typedef struct TkeCliOptions {
    gboolean json;
    gboolean yes;
    gboolean dry_run;
    gboolean card; /* sign with cards: the only way there is until key files come */
    char *select;
    char *confirm;
    char *rehearsal; /* NULL: no; "": through the socket; "pcsc" */
    char *instance;
    char *region;
    char *world;   /* directory of the rehearsal; NULL: the usual one */
    int events_fd; /* TKE_CLI_NO_FD: not given */
    int token_fd;
} TkeCliOptions;

#define TKE_CLI_NOT_GIVEN G_MININT

/* Options and arguments of one command; those a command does not take are refused before it
 * runs. */
typedef struct TkeCliArgs {
    int reader; /* 0: not given */
    int pin;
    int signature; /* thresholds; or TKE_CLI_NOT_GIVEN */
    int revocation;
    int last; /* likewise */
    gboolean check;
    gboolean identify;
    gboolean swap;
    gboolean replace;
    gboolean retry_cut_off;
    gboolean all;
    gboolean listed;
    char *description;
    char *zone_description;
    char *card_description;
    char *name;
    char *ski;
    char *place; /* list of places */
    char *head;
    char *file;
    char **parts; /* verification pattern or place of each part, in order */
    char **rest;  /* what is no option */
} TkeCliArgs;

typedef struct TkeCli {
    TkeCliOptions options;
    char *program_dir;
    GCancellable *cancellable;
    TkeCliEvents *events;
    TkeCliTty *tty;
    TkeCliOutput *out; /* of the command that runs */
    bool changed;      /* some crypto unit has done what the command is for */
    int exit_code;     /* a command may set it when it succeeds in saying something unwelcome */
    /* opened when first needed */
    TkeWorld *world;
    TkeCardSession *session;
    TkeActivityLog *log;
    TkeSettings *settings;
    TkeUnitDirectory *units;
    TkeDirLock *lock;
    bool in_shell; /* commands follow each other in this process */
    /* names of the options of the process, and of those that a line of the shell may have */
    char **process_options;
    char **line_options;
} TkeCli;

typedef bool (*TkeCliFunc)(TkeCli *cli, const TkeCliArgs *args, GError **error);

TkeCli *tke_cli_new(const char *program);
void tke_cli_free(TkeCli *cli);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCli, tke_cli_free)

/* The world; made on first use from the options. */
TkeWorld *tke_cli_need_world(TkeCli *cli, GError **error);

/* An operation on cards, units or both, with what it needs opened. */
TkeOperation *tke_cli_operation_for_cards(TkeCli *cli, GError **error);
TkeOperation *tke_cli_operation_for_units(TkeCli *cli,
                                          GError **error); /* takes the directory's lock */

/* The activity log, which belongs to the workstation. */
TkeActivityLog *tke_cli_need_log(TkeCli *cli, GError **error);

/* The exit code that tells a caller what kind of failure this is. */
TkeCliExit tke_cli_exit_code(const GError *error);

/* Runs one command line (without the program's name and the options of the process). */
int tke_cli_run(TkeCli *cli, int argc, char **argv);

/* Tells a line that cannot be run, named by its first word, as a command that has failed. */
int tke_cli_wrong_use(TkeCli *cli, const char *name, const GError *error);

/* The same for words that begin with no command: with the nearest one, or with those that begin
 * with the first word. */
int tke_cli_unknown_command(TkeCli *cli, int argc, char **argv);

/*
 * A text that the step at hand wants: given by its option, or asked for now where nobody can be
 * asked later (E-L09 where there is nothing to be read); in both cases it is checked, before
 * anything begins. later: it was neither, the step asks for it at its place, and text is "".
 */
bool tke_cli_take_text(TkeCli *cli, const char *given, TkeTextKind kind,
                       const TkeCliQuestion *question, char text[static TKE_CARD_TEXT_MAX + 1],
                       bool *later, GError **error);
