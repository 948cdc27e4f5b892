/*
 * TkeUiProcedure: one procedure in its dialog: perhaps a look at a card, then a form, then the
 * operation, then how it ended. It connects runner, prompter and dialog; the work is done by
 * operations of libceremony.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "gtk-common/form.h"
#include "gtk-common/operation-runner.h"
#include "gtk-common/summary.h"

typedef struct TkeUiProcedureKind {
    const char *title; /* of the dialog; marked with N_() */
    size_t data_size;  /* of what the functions share, zeroed */
    /* Of a procedure that looks before it asks: three steps, look, question, work; marked with
     * N_(). NULL: the operation names its own. */
    const char *const *steps;
    TkeUiRunnerFunc prepare;           /* worker, before the form; may be NULL */
    TkeUiForm *(*form)(gpointer data); /* NULL, or returning NULL: begin at once */
    /* Takes the answers; otherwise what is wrong with them, translated, to be freed. */
    char *(*take)(gpointer data, const TkeUiForm *form);
    TkeUiRunnerFunc run; /* worker */
    void (*summarise)(gpointer data, TkeUiSummary *summary);
    void (*clear)(gpointer data); /* may be NULL */
} TkeUiProcedureKind;

typedef struct TkeUiProcedure TkeUiProcedure;

/* The action of the button that was pressed at the end, detailed; NULL: closed. The procedure is
 * gone then. */
typedef void (*TkeUiProcedureEnd)(const char *action, gpointer user_data);

/*
 * Shows the dialog; it lives until it is closed, and so does the procedure. NULL if an operation
 * runs. setup (may be NULL) may fill data before anything begins.
 */
TkeUiProcedure *tke_ui_procedure_start(const TkeUiProcedureKind *kind, TkeUiRunner *runner,
                                       GtkWindow *parent, bool rehearsal,
                                       void (*setup)(gpointer data, gpointer user_data),
                                       TkeUiProcedureEnd end, gpointer user_data);

/* Borrowed: what is under way, and what ends it; translated, to be freed. */
GtkWindow *tke_ui_procedure_get_window(TkeUiProcedure *procedure);
char *tke_ui_procedure_dup_state(TkeUiProcedure *procedure);

/*
 * Stops what runs and closes the dialog as soon as it has stopped; with tell, what was done
 * before, or went wrong, is told first. Without anything that runs the dialog closes at once.
 */
void tke_ui_procedure_leave(TkeUiProcedure *procedure, bool tell);
