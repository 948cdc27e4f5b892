/*
 * Context of one running procedure: prompts, cancel, commit point.
 */
#include "libceremony/operation.h"

#include <glib/gi18n-lib.h>
#include <stdarg.h>

#include "common/cancel.h"
#include "libceremony/ceremony-error.h"

struct TkeOperation {
    TkeWorld *world;
    TkeCardSession *session;
    TkeActivityLog *log;
    const TkePrompterOps *prompter;
    void *ui;
    GCancellable *cancellable;
    gint committed; /* atomic: windows ask whether cancelling makes sense */
    bool dry_run;
    bool overwrite;
    bool shown;
    gint64 shown_at;          /* monotonic, microseconds */
    const char *const *steps; /* marked, not translated; NULL: not known */
};

TkeOperation *
tke_operation_new(TkeWorld *world, TkeCardSession *session, TkeActivityLog *log,
                  const TkePrompterOps *prompter, void *ui, GCancellable *cancellable)
{
    TkeOperation *op;

    g_return_val_if_fail(prompter != NULL, NULL);

    op = g_new0(TkeOperation, 1);
    op->world = world;
    op->session = session;
    op->log = log;
    op->prompter = prompter;
    op->ui = ui;
    op->cancellable = cancellable != NULL ? g_object_ref(cancellable) : NULL;
    return op;
}

void
tke_operation_free(TkeOperation *op)
{
    if (op == NULL) {
        return;
    }
    tke_operation_hide(op);
    g_clear_object(&op->cancellable);
    g_free(op);
}

TkeWorld *
tke_operation_get_world(TkeOperation *op)
{
    return op->world;
}

TkeCardSession *
tke_operation_get_card_session(TkeOperation *op)
{
    return op->session;
}

TkeActivityLog *
tke_operation_get_log(TkeOperation *op)
{
    return op->log;
}

GCancellable *
tke_operation_get_cancellable(TkeOperation *op)
{
    return tke_operation_is_committed(op) ? NULL : op->cancellable;
}

bool
tke_operation_check(TkeOperation *op, GError **error)
{
    return tke_operation_is_committed(op) || !tke_cancel_is_asked(op->cancellable, error);
}

bool
tke_operation_commit(TkeOperation *op, GError **error)
{
    if (!tke_operation_check(op, error)) {
        return false;
    }
    g_atomic_int_inc(&op->committed);
    return true;
}

void
tke_operation_committed_done(TkeOperation *op)
{
    g_return_if_fail(tke_operation_is_committed(op));
    (void) g_atomic_int_dec_and_test(&op->committed);
}

bool
tke_operation_is_committed(const TkeOperation *op)
{
    return g_atomic_int_get(&op->committed) > 0;
}

void
tke_operation_set_dry_run(TkeOperation *op, bool dry_run)
{
    op->dry_run = dry_run;
}

void
tke_operation_set_overwrite(TkeOperation *op, bool overwrite)
{
    op->overwrite = overwrite;
}

bool
tke_operation_may_overwrite(const TkeOperation *op)
{
    return op->overwrite;
}

bool
tke_operation_is_dry_run(const TkeOperation *op)
{
    return op->dry_run;
}

bool
tke_operation_may_change(const TkeOperation *op, GError **error)
{
    if (op->dry_run) {
        g_set_error_literal(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_DRY_RUN,
                            _("dry run: nothing was done"));
    }
    return !op->dry_run;
}

void
tke_operation_show(TkeOperation *op, const TkePrompt *prompt)
{
    op->shown = true;
    op->shown_at = g_get_monotonic_time();
    op->prompter->show(op->ui, prompt);
}

gint64
tke_operation_get_shown_ms(const TkeOperation *op)
{
    return (g_get_monotonic_time() - op->shown_at) / 1000;
}

bool
tke_operation_may_wait(TkeOperation *op, int *timeout_ms, GError **error)
{
    const gint64 shown_ms = (g_get_monotonic_time() - op->shown_at) / 1000;

    *timeout_ms = -1;
    return op->prompter->may_wait == NULL ||
           op->prompter->may_wait(op->ui, shown_ms, timeout_ms, error);
}

void
tke_operation_hide(TkeOperation *op)
{
    if (op->shown) {
        op->shown = false;
        op->prompter->hide(op->ui);
    }
}

void
tke_operation_step(TkeOperation *op, unsigned done, unsigned total, const char *what)
{
    op->prompter->step(op->ui, done, total, what);
}

void
tke_operation_set_steps(TkeOperation *op, const char *const *names)
{
    g_autoptr(GPtrArray) told = g_ptr_array_new();

    op->steps = names;
    if (op->dry_run) {
        return; /* none begins */
    }
    for (unsigned i = 0; names[i] != NULL; i++) {
        g_ptr_array_add(told, (gpointer) _(names[i]));
    }
    g_ptr_array_add(told, NULL);
    if (op->prompter->steps != NULL) {
        op->prompter->steps(op->ui, (const char *const *) told->pdata);
    }
}

void
tke_operation_reach(TkeOperation *op, unsigned index)
{
    unsigned total = op->steps != NULL ? g_strv_length((char **) op->steps) : 0;

    g_return_if_fail(index < total);
    if (!op->dry_run) {
        tke_operation_step(op, index, total, _(op->steps[index]));
    }
}

void
tke_operation_note(TkeOperation *op, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    op->prompter->note(op->ui, text);
}

void
tke_operation_card(TkeOperation *op, unsigned reader, bool inserted)
{
    op->prompter->card(op->ui, reader, inserted);
}

/* A plan that will not be carried out is told, not asked about. */
static bool
tell_plan(const TkeOperation *op, const TkePlan *plan)
{
    op->prompter->note(op->ui, plan->title);
    for (const char *const *line = plan->lines; line != NULL && *line != NULL; line++) {
        op->prompter->note(op->ui, *line);
    }
    if (plan->consequence != NULL) {
        op->prompter->note(op->ui, plan->consequence);
    }
    return true;
}

bool
tke_operation_confirm(TkeOperation *op, const TkePlan *plan, GError **error)
{
    if (op->dry_run) {
        return tke_operation_check(op, error) && tell_plan(op, plan);
    }
    return tke_operation_check(op, error) &&
           op->prompter->confirm(op->ui, plan, tke_operation_get_cancellable(op), error);
}

bool
tke_operation_choose(TkeOperation *op, const TkeChoice *choice, unsigned *index, GError **error)
{
    return tke_operation_check(op, error) &&
           op->prompter->choose(op->ui, choice, index, tke_operation_get_cancellable(op), error);
}

bool
tke_operation_ask_texts(TkeOperation *op, const TkeTextPrompt *prompt, char **texts, GError **error)
{
    if (!tke_operation_check(op, error)) {
        return false;
    }
    if (op->prompter->ask_texts != NULL) {
        return op->prompter->ask_texts(op->ui, prompt, texts, tke_operation_get_cancellable(op),
                                       error);
    }
    for (unsigned i = 0; i < prompt->n_fields; i++) {
        texts[i] = g_strdup(prompt->fields[i].proposal);
    }
    return true;
}
