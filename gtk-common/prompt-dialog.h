/*
 * TkeUiPromptDialog: the one dialog of a whole procedure. Its content changes from step to step,
 * its place and layout do not: picture, what to do, why; below it steps, notes and buttons.
 *
 * It knows nothing of cards: a procedure says what to show and is told what was pressed.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "gtk-common/form.h"
#include "gtk-common/gtk-prompter.h"
#include "gtk-common/remedy.h"
#include "gtk-common/summary.h"

#define TKE_UI_TYPE_PROMPT_DIALOG (tke_ui_prompt_dialog_get_type())
G_DECLARE_FINAL_TYPE(TkeUiPromptDialog, tke_ui_prompt_dialog, TKE_UI, PROMPT_DIALOG, GtkWindow)

/*
 * An action of the parent window, with the number of a reader, if it has one of that name: a prompt
 * about that reader is shown.
 */
#define TKE_UI_SHOW_READER "show-reader"

/* What was pressed. The owner outlives the dialog. */
typedef struct TkeUiPromptDialogFuncs {
    void (*start)(void *owner);                                  /* the form is filled in */
    void (*stop)(void *owner);                                   /* cancel, stop, close, Escape */
    void (*again)(void *owner);                                  /* after an error */
    void (*answer)(void *owner, bool yes, unsigned index);       /* of a question */
    void (*answer_texts)(void *owner, const char *const *texts); /* of one for texts */
    void (*next)(void *owner, const char *action);               /* an action instead, detailed */
} TkeUiPromptDialogFuncs;

/* It comes up with its first page. */
TkeUiPromptDialog *tke_ui_prompt_dialog_new(GtkWindow *parent, const char *title, bool rehearsal,
                                            const TkeUiPromptDialogFuncs *funcs, void *owner);

/* For tke_ui_prompter_new(), with the dialog as view. */
extern const TkeUiPromptView tke_ui_prompt_dialog_view;

/* The form is borrowed until something else is shown. */
void tke_ui_prompt_dialog_show_form(TkeUiPromptDialog *dialog, TkeUiForm *form);
/*
 * Only what lasts is shown, after TKE_UI_PATIENCE_MS: until then the page before it stays, but
 * nothing on it can be answered any more. A dialog that was not shown yet waits too, so that it
 * begins with its first page.
 */
void tke_ui_prompt_dialog_show_working(TkeUiPromptDialog *dialog, const char *what);
/* What remedy offers is on the buttons. */
void tke_ui_prompt_dialog_show_error(TkeUiPromptDialog *dialog, const char *headline,
                                     const char *message, const char *advice,
                                     const TkeUiRemedy *remedy);
/* What is behind the error, for those who want to know. */
void tke_ui_prompt_dialog_set_details(TkeUiPromptDialog *dialog, const GError *error);

/*
 * Stopped by the officer; message says what was done before. headline NULL: that it was stopped.
 * remedy may be NULL; nothing is tried again, but another step may be offered.
 */
void tke_ui_prompt_dialog_show_stopped(TkeUiPromptDialog *dialog, const char *headline,
                                       const char *message, const TkeUiRemedy *remedy);
void tke_ui_prompt_dialog_show_summary(TkeUiPromptDialog *dialog, const TkeUiSummary *summary);

/* What is wrong with what was entered. */
void tke_ui_prompt_dialog_set_reason(TkeUiPromptDialog *dialog, const char *reason);

/* The reader whose keypad waits for a PIN; 0: none does. */
unsigned tke_ui_prompt_dialog_get_pad(TkeUiPromptDialog *dialog);

/* Cancelling was asked for and takes its time. */
void tke_ui_prompt_dialog_set_stopping(TkeUiPromptDialog *dialog);

/* Notes of an earlier run go away, and so do its steps. */
void tke_ui_prompt_dialog_restart(TkeUiPromptDialog *dialog);

/* The names of all steps, translated, NULL-terminated; then the one that has begun, from 0. */
void tke_ui_prompt_dialog_set_steps(TkeUiPromptDialog *dialog, const char *const *names);
void tke_ui_prompt_dialog_reach_step(TkeUiPromptDialog *dialog, int index);
