/*
 * Runs one procedure in its dialog.
 */
#include "gtk-common/procedure.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/error-text.h"
#include "gtk-common/gtk-prompter.h"
#include "gtk-common/prompt-dialog.h"
#include "gtk-common/remedy.h"
#include "libsmartcard/card-error.h"

struct TkeUiProcedure {
    const TkeUiProcedureKind *kind;
    TkeUiRunner *runner;
    TkeUiPrompter *prompter;
    TkeUiPromptDialog *dialog;
    TkeUiProcedureEnd end;
    gpointer user_data;
    gpointer data;
    TkeUiForm *form;
    bool prepared;
    bool running;
    bool stopping; /* somebody has said so: there is nothing to try again */
    bool leaving;  /* it closes when nothing runs any more */
    bool tell;     /* but says first what people have to know */
    char *instead; /* action that was chosen while the operation waited; NULL: none */
};

static void
finish(TkeUiProcedure *procedure, const char *action)
{
    g_autofree char *next = g_strdup(action);

    tke_ui_prompter_detach(procedure->prompter);
    tke_ui_prompter_unref(procedure->prompter);
    gtk_widget_destroy(GTK_WIDGET(procedure->dialog));
    procedure->end(next, procedure->user_data);
    if (procedure->kind->clear != NULL) {
        procedure->kind->clear(procedure->data);
    }
    tke_ui_form_free(procedure->form);
    g_free(procedure->data);
    g_free(procedure->instead);
    g_object_unref(procedure->runner);
    g_free(procedure);
}

/*
 * A cancel that says nothing but that it was one: nothing was done, so nothing has to be told.
 * Where something was, operations put it before the reason, "the card has its first PIN now: …".
 */
static bool
is_plain_cancel(const GError *error)
{
    return strstr(error->message, ": ") == NULL ||
           g_strcmp0(error->message, _("not done: it was not confirmed")) == 0;
}

/* What was done before; that somebody stopped, and said so, is the headline. */
static char *
dup_before_cancel(const char *message)
{
    const char *unconfirmed = g_strrstr(message, _("not done: it was not confirmed"));
    const char *end = unconfirmed != NULL ? unconfirmed - strlen(": ") : g_strrstr(message, ": ");

    return g_strdup_printf("%.*s.", (int) (end - message), message);
}

/* What became of the card, where it may not be as it was; NULL: nothing of that kind. */
static const char *
get_outcome(const GError *error)
{
    if (g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_BLOCKED)) {
        return _("The PIN is blocked");
    }
    return tke_card_error_is_outcome_unknown(error) ? _("The card was lost in the middle") : NULL;
}

/* It was to end anyway: only what people have to know keeps the dialog open. */
static void
show_last(TkeUiProcedure *procedure, const GError *error)
{
    const TkeUiRemedy remedy = tke_ui_remedy_for_error(error);
    g_autofree char *message = tke_ui_error_text_message(error);
    g_autofree char *advice = tke_ui_error_text_advice(error);
    g_autofree char *text = g_strdup_printf("%s%s%s", message, advice != NULL ? "\n" : "",
                                            advice != NULL ? advice : "");

    tke_ui_prompt_dialog_show_stopped(procedure->dialog, get_outcome(error), text,
                                      procedure->leaving ? NULL : &remedy);
    tke_ui_prompt_dialog_set_details(procedure->dialog, error);
}

static void
show_failure(TkeUiProcedure *procedure, const GError *error)
{
    g_autofree char *message = tke_ui_error_text_message(error);
    g_autofree char *advice = tke_ui_error_text_advice(error);
    const char *headline = get_outcome(error);
    const TkeUiRemedy remedy = tke_ui_remedy_for_error(error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        if (is_plain_cancel(error)) {
            finish(procedure, procedure->instead);
        } else {
            g_autofree char *before = dup_before_cancel(message);

            tke_ui_prompt_dialog_show_stopped(procedure->dialog, NULL, before, NULL);
        }
        return;
    }
    if (procedure->leaving || procedure->stopping) {
        show_last(procedure, error);
        return;
    }
    if (g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_CANCELLED)) {
        headline = _("The PIN was not entered");
    } else if (headline == NULL) {
        headline = _("This did not work");
    }
    tke_ui_prompt_dialog_show_error(procedure->dialog, headline, message, advice, &remedy);
    tke_ui_prompt_dialog_set_details(procedure->dialog, error);
}

static void begin(TkeUiProcedure *procedure);

/* Where a procedure names its steps itself: the one that begins. */
static void
reach(TkeUiProcedure *procedure, int index)
{
    const char *const *names = procedure->kind->steps;
    g_autoptr(GPtrArray) told = g_ptr_array_new();

    for (unsigned i = 0; names != NULL && names[i] != NULL; i++) {
        g_ptr_array_add(told, (gpointer) _(names[i]));
    }
    g_ptr_array_add(told, NULL);
    if (names != NULL) {
        tke_ui_prompt_dialog_set_steps(procedure->dialog, (const char *const *) told->pdata);
        tke_ui_prompt_dialog_reach_step(procedure->dialog, index);
    }
}

static void
on_prepared(const GError *error, gpointer data)
{
    TkeUiProcedure *procedure = data;

    procedure->running = false;
    if (procedure->leaving && (error == NULL || !procedure->tell)) {
        finish(procedure, NULL);
        return;
    }
    if (error != NULL) {
        show_failure(procedure, error);
        return;
    }
    if (procedure->stopping) { /* a look leaves nothing to tell */
        finish(procedure, procedure->instead);
        return;
    }
    procedure->prepared = true;
    begin(procedure);
}

static void
on_run(const GError *error, gpointer data)
{
    TkeUiProcedure *procedure = data;
    g_autoptr(TkeUiSummary) summary = NULL;

    procedure->running = false;
    if (procedure->leaving && !procedure->tell) {
        finish(procedure, NULL);
        return;
    }
    if (error != NULL) {
        show_failure(procedure, error);
        return;
    }
    summary = tke_ui_summary_new();
    procedure->kind->summarise(procedure->data, summary);
    if (procedure->leaving) { /* there is no next step */
        tke_ui_summary_set_next(summary, NULL, NULL);
        tke_ui_summary_set_other(summary, NULL, NULL);
    }
    tke_ui_prompt_dialog_show_summary(procedure->dialog, summary);
}

static bool
on_worker(TkeOperation *op, gpointer data, GError **error)
{
    TkeUiProcedure *procedure = data;
    TkeUiRunnerFunc func = procedure->kind->prepare != NULL && !procedure->prepared
                               ? procedure->kind->prepare
                               : procedure->kind->run;

    return func(op, procedure->data, error);
}

static void
run(TkeUiProcedure *procedure, TkeUiRunnerDone done)
{
    g_clear_pointer(&procedure->instead, g_free);
    procedure->stopping = false;
    tke_ui_prompt_dialog_restart(procedure->dialog);
    reach(procedure, procedure->prepared ? 2 : 0);
    tke_ui_prompt_dialog_show_working(procedure->dialog, _("Looking at the cards…"));
    procedure->running = tke_ui_runner_start(procedure->runner, &tke_ui_prompter_ops,
                                             procedure->prompter, on_worker, done, procedure);
    if (!procedure->running) {
        const TkeUiRemedy remedy = { _("_Try again"), NULL, NULL };

        tke_ui_prompt_dialog_show_error(procedure->dialog, _("Another step is running"),
                                        _("Only one step runs at a time."),
                                        _("Wait until it has ended, then try again."), &remedy);
    }
}

/* What comes next: the look, the form, or the operation. */
static void
begin(TkeUiProcedure *procedure)
{
    const TkeUiProcedureKind *kind = procedure->kind;

    if (kind->prepare != NULL && !procedure->prepared) {
        run(procedure, on_prepared);
        return;
    }
    if (kind->form != NULL && procedure->form == NULL) {
        procedure->form = kind->form(procedure->data);
        if (procedure->form != NULL) {
            reach(procedure, 1);
            tke_ui_prompt_dialog_show_form(procedure->dialog, procedure->form);
            return;
        }
    }
    run(procedure, on_run);
}

static void
on_again(void *owner)
{
    TkeUiProcedure *procedure = owner;

    if (procedure->kind->prepare != NULL) { /* perhaps another card: look again */
        procedure->prepared = false;
        g_clear_pointer(&procedure->form, tke_ui_form_free);
    }
    begin(procedure);
}

static void
on_start(void *owner)
{
    TkeUiProcedure *procedure = owner;
    g_autofree char *wrong = procedure->kind->take != NULL
                                 ? procedure->kind->take(procedure->data, procedure->form)
                                 : NULL;

    if (wrong != NULL) {
        tke_ui_prompt_dialog_show_form(procedure->dialog, procedure->form);
        tke_ui_prompt_dialog_set_reason(procedure->dialog, wrong);
        return;
    }
    run(procedure, on_run);
}

static void
on_stop(void *owner)
{
    TkeUiProcedure *procedure = owner;

    if (!procedure->running) {
        finish(procedure, NULL);
        return;
    }
    procedure->stopping = true;
    tke_ui_prompt_dialog_set_stopping(procedure->dialog);
    tke_ui_runner_cancel(procedure->runner);
}

static void
on_answer(void *owner, bool yes, unsigned index)
{
    TkeUiProcedure *procedure = owner;

    tke_ui_prompter_answer(procedure->prompter, yes, index);
}

static void
on_answer_texts(void *owner, const char *const *texts)
{
    TkeUiProcedure *procedure = owner;

    tke_ui_prompter_answer_texts(procedure->prompter, texts);
}

static void
on_next(void *owner, const char *action)
{
    TkeUiProcedure *procedure = owner;

    if (!procedure->running) {
        finish(procedure, action);
        return;
    }
    g_free(procedure->instead); /* when what runs has stopped */
    procedure->instead = g_strdup(action);
    on_stop(procedure);
}

GtkWindow *
tke_ui_procedure_get_window(TkeUiProcedure *procedure)
{
    return GTK_WINDOW(procedure->dialog);
}

char *
tke_ui_procedure_dup_state(TkeUiProcedure *procedure)
{
    unsigned reader = tke_ui_prompt_dialog_get_pad(procedure->dialog);
    const char *title = _(procedure->kind->title);

    if (reader != 0) {
        return g_strdup_printf(
            _("“%s” is under way, and reader %u waits for a PIN. Press the red key on "
              "reader %u to end the entry; the program ends with it."),
            title, reader, reader);
    }
    if (!tke_ui_runner_can_cancel(procedure->runner)) {
        return g_strdup_printf(
            _("“%s” is under way and cannot be stopped at this moment. The program "
              "ends as soon as it is done."),
            title);
    }
    return g_strdup_printf(
        _("“%s” is under way. It is stopped where that does no harm; then the program "
          "ends."),
        title);
}

void
tke_ui_procedure_leave(TkeUiProcedure *procedure, bool tell)
{
    if (!procedure->running) {
        finish(procedure, NULL);
        return;
    }
    procedure->leaving = true;
    procedure->tell = tell;
    tke_ui_prompt_dialog_set_stopping(procedure->dialog);
    tke_ui_runner_cancel(procedure->runner);
}

TkeUiProcedure *
tke_ui_procedure_start(const TkeUiProcedureKind *kind, TkeUiRunner *runner, GtkWindow *parent,
                       bool rehearsal, void (*setup)(gpointer data, gpointer user_data),
                       TkeUiProcedureEnd end, gpointer user_data)
{
    static const TkeUiPromptDialogFuncs funcs = { .start = on_start,
                                                  .stop = on_stop,
                                                  .again = on_again,
                                                  .answer = on_answer,
                                                  .answer_texts = on_answer_texts,
                                                  .next = on_next };
    TkeUiProcedure *procedure;

    if (tke_ui_runner_is_busy(runner)) {
        return NULL;
    }
    procedure = g_new0(TkeUiProcedure, 1);
    procedure->kind = kind;
    procedure->runner = g_object_ref(runner);
    procedure->end = end;
    procedure->user_data = user_data;
    procedure->data = g_malloc0(MAX(1, kind->data_size));
    procedure->dialog =
        tke_ui_prompt_dialog_new(parent, _(kind->title), rehearsal, &funcs, procedure);
    procedure->prompter = tke_ui_prompter_new(&tke_ui_prompt_dialog_view, procedure->dialog);
    if (setup != NULL) {
        setup(procedure->data, user_data);
    }
    begin(procedure);
    return procedure;
}
