/*
 * TkeUiPrompter: carries what an operation asks from the worker thread to a view on the main
 * thread.
 *
 * What is only shown is posted. A question is posted and waited for on a condition, which the
 * answer or the cancellable signals. The view sees plain values that live until its function
 * returns.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "libceremony/prompter.h"

/* On the main thread. */
typedef struct TkeUiPromptView {
    void (*show)(void *view, const TkePrompt *prompt);
    void (*hide)(void *view);
    void (*steps)(void *view, const char *const *names);
    void (*step)(void *view, unsigned done, unsigned total, const char *what);
    void (*note)(void *view, const char *text);
    void (*card)(void *view, unsigned reader, bool inserted);
    void (*confirm)(void *view, const TkePlan *plan);    /* answered by tke_ui_prompter_answer() */
    void (*choose)(void *view, const TkeChoice *choice); /* the same */
    /* by tke_ui_prompter_answer_texts(), or no */
    void (*ask_texts)(void *view, const TkeTextPrompt *prompt);
    void (*withdraw)(void *view); /* nobody waits for the answer any more */
} TkeUiPromptView;

typedef struct TkeUiPrompter TkeUiPrompter;

/* Borrows both until it is detached. */
TkeUiPrompter *tke_ui_prompter_new(const TkeUiPromptView *ops, void *view);
TkeUiPrompter *tke_ui_prompter_ref(TkeUiPrompter *prompter);
void tke_ui_prompter_unref(TkeUiPrompter *prompter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUiPrompter, tke_ui_prompter_unref)

/* The view goes away; what is still posted is dropped, and questions are refused. */
void tke_ui_prompter_detach(TkeUiPrompter *prompter);

/* The answer to the question that is asked; without one nothing happens. index: of a choice. */
void tke_ui_prompter_answer(TkeUiPrompter *prompter, bool yes, unsigned index);

/* The answer to a question for texts: as many as it has fields, copied. */
void tke_ui_prompter_answer_texts(TkeUiPrompter *prompter, const char *const *texts);

/* For tke_operation_new(), with the prompter as ui. */
extern const TkePrompterOps tke_ui_prompter_ops;
