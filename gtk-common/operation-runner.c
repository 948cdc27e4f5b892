/*
 * One worker thread for cards, services and files (conventions, section 4).
 */
#include "gtk-common/operation-runner.h"

#include <glib/gi18n.h>

#include "common/error.h"

struct _TkeUiRunner {
    GObject parent;
    TkeUiWorkplace *workplace; /* used by the worker */
    GThread *worker;           /* one: cards belong to the thread that opened them */
    GAsyncQueue *tasks;        /* GTask, for the worker */
    GCancellable *looking;     /* of all looks */
    GCancellable *running;     /* of the operation with people; NULL: none */
    GMutex lock;
    TkeOperation *op; /* under lock: the one with people */
};

G_DEFINE_FINAL_TYPE(TkeUiRunner, tke_ui_runner, G_TYPE_OBJECT)

enum { PROP_BUSY = 1, PROP_CAN_CANCEL, N_PROPS };

static GParamSpec *properties[N_PROPS];

typedef struct Job {
    TkeUiRunner *runner;
    const TkePrompterOps *prompter;
    void *ui;
    TkeUiRunnerFunc func;
    TkeUiRunnerDone done;
    gpointer data;
    bool look;
} Job;

/* ---- nobody is asked ---- */

static void
no_show(void *ui, const TkePrompt *prompt)
{
    (void) ui;
    (void) prompt;
}

static void
no_hide(void *ui)
{
    (void) ui;
}

static void
no_step(void *ui, unsigned done, unsigned total, const char *what)
{
    (void) ui;
    (void) done;
    (void) total;
    (void) what;
}

static void
no_note(void *ui, const char *text)
{
    (void) ui;
    (void) text;
}

static void
no_card(void *ui, unsigned reader, bool inserted)
{
    (void) ui;
    (void) reader;
    (void) inserted;
}

static bool
nobody(GError **error)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                        _("not done: nobody is asked at this moment"));
    return false;
}

static bool
no_confirm(void *ui, const TkePlan *plan, GCancellable *cancellable, GError **error)
{
    (void) ui;
    (void) plan;
    (void) cancellable;
    return nobody(error);
}

static bool
no_choose(void *ui, const TkeChoice *choice, unsigned *index, GCancellable *cancellable,
          GError **error)
{
    (void) ui;
    (void) choice;
    (void) index;
    (void) cancellable;
    return nobody(error);
}

static TkeSecret *
no_secret(void *ui, const TkeSecretPrompt *prompt, GCancellable *cancellable, GError **error)
{
    (void) ui;
    (void) prompt;
    (void) cancellable;
    nobody(error);
    return NULL;
}

static const TkePrompterOps silent = {
    .show = no_show,
    .hide = no_hide,
    .step = no_step,
    .note = no_note,
    .card = no_card,
    .confirm = no_confirm,
    .choose = no_choose,
    .ask_secret = no_secret,
};

/* ---- worker ---- */

static void
set_running(TkeUiRunner *runner, TkeOperation *op)
{
    g_mutex_lock(&runner->lock);
    runner->op = op;
    g_mutex_unlock(&runner->lock);
}

static bool
run_job(Job *job, GCancellable *cancellable, GError **error)
{
    TkeUiRunner *runner = job->runner;
    g_autoptr(TkeOperation) op = NULL;
    bool ok;

    if (!tke_ui_workplace_open(runner->workplace, error)) {
        return false;
    }
    op = tke_operation_new(tke_ui_workplace_get_world(runner->workplace),
                           tke_ui_workplace_get_session(runner->workplace),
                           tke_ui_workplace_get_log(runner->workplace), job->prompter, job->ui,
                           cancellable);
    if (job->look) {
        return job->func(op, job->data, error);
    }
    set_running(runner, op);
    ok = job->func(op, job->data, error);
    set_running(runner, NULL);
    return ok;
}

static void
do_task(GTask *task)
{
    g_autoptr(GError) error = NULL;
    GCancellable *cancellable = g_task_get_cancellable(task);
    bool ok;

    /* So that what waits for a tke-sim that hangs hears of it too. */
    g_cancellable_push_current(cancellable);
    ok = run_job(g_task_get_task_data(task), cancellable, &error);
    g_cancellable_pop_current(cancellable);
    if (ok) {
        g_task_return_boolean(task, TRUE);
        return;
    }
    g_task_return_error(task, error != NULL ? g_steal_pointer(&error)
                                            : g_error_new(TKE_ERROR, TKE_ERROR_USAGE, "no reason"));
}

/* The last task has no job: the workplace is freed on the thread that has used it. */
static gpointer
work(gpointer data)
{
    TkeUiRunner *runner = data;
    bool last = false;

    while (!last) {
        g_autoptr(GTask) task = g_async_queue_pop(runner->tasks);

        last = g_task_get_task_data(task) == NULL;
        if (last) {
            g_cancellable_push_current(runner->looking);
            g_clear_pointer(&runner->workplace, tke_ui_workplace_free);
            g_cancellable_pop_current(runner->looking);
            g_task_return_boolean(task, TRUE);
        } else {
            do_task(task);
        }
    }
    return NULL;
}

/* ---- main thread ---- */

static void
notify_state(TkeUiRunner *runner)
{
    g_object_notify_by_pspec(G_OBJECT(runner), properties[PROP_BUSY]);
    g_object_notify_by_pspec(G_OBJECT(runner), properties[PROP_CAN_CANCEL]);
}

static void
on_done(GObject *source, GAsyncResult *result, gpointer user_data)
{
    TkeUiRunner *runner = TKE_UI_RUNNER(source);
    Job *job = user_data;
    g_autoptr(GError) error = NULL;

    (void) g_task_propagate_boolean(G_TASK(result), &error);
    if (!job->look) {
        g_clear_object(&runner->running);
        notify_state(runner);
    }
    job->done(error, job->data);
}

static void
push(TkeUiRunner *runner, GCancellable *cancellable, const Job *model)
{
    Job *job = g_memdup2(model, sizeof *model);
    GTask *task = g_task_new(runner, cancellable, on_done, job);

    job->runner = runner;
    g_task_set_check_cancellable(task, FALSE); /* what was done counts as done */
    g_task_set_task_data(task, job, g_free);
    g_async_queue_push(runner->tasks, task);
}

bool
tke_ui_runner_start(TkeUiRunner *runner, const TkePrompterOps *prompter, void *ui,
                    TkeUiRunnerFunc func, TkeUiRunnerDone done, gpointer data)
{
    const Job job = { .prompter = prompter, .ui = ui, .func = func, .done = done, .data = data };

    if (runner->running != NULL || runner->worker == NULL) {
        return false;
    }
    runner->running = g_cancellable_new();
    notify_state(runner);
    push(runner, runner->running, &job);
    return true;
}

void
tke_ui_runner_look(TkeUiRunner *runner, TkeUiRunnerFunc func, TkeUiRunnerDone done, gpointer data)
{
    const Job job = { .prompter = &silent, .func = func, .done = done, .data = data, .look = true };

    if (runner->worker != NULL) {
        push(runner, runner->looking, &job);
    }
}

void
tke_ui_runner_cancel(TkeUiRunner *runner)
{
    if (runner->running != NULL) {
        g_cancellable_cancel(runner->running);
        notify_state(runner);
    }
}

bool
tke_ui_runner_is_busy(TkeUiRunner *runner)
{
    return runner->running != NULL;
}

bool
tke_ui_runner_can_cancel(TkeUiRunner *runner)
{
    bool committed;

    g_mutex_lock(&runner->lock);
    committed = runner->op != NULL && tke_operation_is_committed(runner->op);
    g_mutex_unlock(&runner->lock);
    return runner->running != NULL && !committed && !g_cancellable_is_cancelled(runner->running);
}

void
tke_ui_runner_shut_down(TkeUiRunner *runner)
{
    GThread *worker = g_steal_pointer(&runner->worker);

    if (worker != NULL) {
        tke_ui_runner_cancel(runner);
        g_cancellable_cancel(runner->looking);
        g_async_queue_push(runner->tasks, g_task_new(runner, NULL, NULL, NULL));
        g_thread_join(worker); /* with all that libraries keep for a thread */
    }
}

static void
get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    TkeUiRunner *runner = TKE_UI_RUNNER(object);

    if (id == PROP_BUSY) {
        g_value_set_boolean(value, tke_ui_runner_is_busy(runner));
    } else if (id == PROP_CAN_CANCEL) {
        g_value_set_boolean(value, tke_ui_runner_can_cancel(runner));
    } else {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static void
finalize(GObject *object)
{
    TkeUiRunner *runner = TKE_UI_RUNNER(object);

    tke_ui_runner_shut_down(runner);
    g_clear_object(&runner->running);
    g_clear_object(&runner->looking);
    g_async_queue_unref(runner->tasks);
    g_mutex_clear(&runner->lock);
    G_OBJECT_CLASS(tke_ui_runner_parent_class)->finalize(object);
}

static void
tke_ui_runner_class_init(TkeUiRunnerClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);

    object_class->get_property = get_property;
    object_class->finalize = finalize;
    properties[PROP_BUSY] =
        g_param_spec_boolean("busy", "", "", FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    properties[PROP_CAN_CANCEL] = g_param_spec_boolean("can-cancel", "", "", FALSE,
                                                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_properties(object_class, N_PROPS, properties);
}

static void
tke_ui_runner_init(TkeUiRunner *runner)
{
    g_mutex_init(&runner->lock);
    runner->looking = g_cancellable_new();
    runner->tasks = g_async_queue_new_full(g_object_unref);
}

TkeUiRunner *
tke_ui_runner_new(TkeUiWorkplace *workplace)
{
    TkeUiRunner *runner = g_object_new(TKE_UI_TYPE_RUNNER, NULL);

    runner->workplace = workplace;
    runner->worker = g_thread_new("worker", work, runner);
    return runner;
}
