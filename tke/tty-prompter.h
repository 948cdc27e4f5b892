/*
 * prompter.h on a terminal: prompts on standard output (standard error with --json), answers from
 * standard input. PINs are typed on the pad of the reader, never here.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "libceremony/card-session.h"
#include "libceremony/prompter.h"
#include "tke/events.h"

typedef struct TkeCliTty TkeCliTty;

typedef struct TkeCliTtyOptions {
    bool json;           /* standard output belongs to the result */
    bool yes;            /* answers yes or no questions with yes */
    const char *confirm; /* what P-5 and P-9 want typed; NULL: ask */
} TkeCliTtyOptions;

/* Borrows the options' texts and the events. */
TkeCliTty *tke_cli_tty_new(const TkeCliTtyOptions *options, TkeCliEvents *events);
void tke_cli_tty_free(TkeCliTty *tty);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCliTty, tke_cli_tty_free)

/* What is told from now on, a text each, is also added to notes (until NULL is set): the plan of a
 * dry run. */
void tke_cli_tty_set_notes(TkeCliTty *tty, GPtrArray *notes);

/* Answers given by the options of one command line. */
void tke_cli_tty_set_answers(TkeCliTty *tty, bool yes, const char *confirm);

/*
 * For so long a card is waited for with --yes where neither a terminal shows the prompt nor a program
 * reads the events; without --yes not at all (E-L09).
 */
#define TKE_CLI_TTY_PATIENCE_S TKE_CARD_SESSION_EP11_IDLE_S

extern const TkePrompterOps tke_cli_tty_ops; /* ui is the TkeCliTty */

/*
 * Somebody can be asked in the middle of a step: they are at the terminal, or a program follows the
 * events and has not closed what it types into. Otherwise everything is asked for beforehand, and
 * where nothing is there to be read, refused then.
 */
bool tke_cli_tty_asks_later(TkeCliTty *tty);

/* The same, but for those who want to be asked as little as can be (--yes). */
bool tke_cli_tty_asks_for_choices(TkeCliTty *tty);

/* What is asked for beforehand. */
typedef struct TkeCliQuestion {
    const char *title;
    const char *what;   /* for programs */
    const char *option; /* that gives the answer: named where nobody is there (E-L09); NULL: none */
} TkeCliQuestion;

/* A line of text, 0 to max printable characters. E-L09 where there is nobody to ask. */
char *tke_cli_tty_ask_text(TkeCliTty *tty, const TkeCliQuestion *question, unsigned max,
                           GCancellable *cancellable, GError **error);

/* A number between min and max; asked again until it is one. */
bool tke_cli_tty_ask_number(TkeCliTty *tty, const TkeCliQuestion *question, unsigned min,
                            unsigned max, unsigned *value, GCancellable *cancellable,
                            GError **error);

/* Until something is there for tke_cli_tty_read_line() (*there), its end too, or ms milliseconds are over
 * (-1: never). */
bool tke_cli_tty_wait(TkeCliTty *tty, int ms, bool *there, GCancellable *cancellable,
                      GError **error);

/* A line of standard input as it is, for the shell; NULL without error at its end. */
char *tke_cli_tty_read_line(TkeCliTty *tty, GCancellable *cancellable, GError **error);
