/*
 * prompter.h between two threads (conventions, section 4).
 */
#include "gtk-common/gtk-prompter.h"

#include <glib/gi18n.h>

#include "common/cancel.h"
#include "common/error.h"

struct TkeUiPrompter {
    gint refs;
    const TkeUiPromptView *ops; /* main thread only; NULL after detaching */
    void *view;
    GMutex lock;
    GCond cond;
    unsigned question; /* number of the one that is asked; 0: none */
    unsigned asked;    /* how many so far */
    bool answered;
    bool yes;
    bool detached;
    unsigned index;
    char **texts; /* answers; NULL: none */
};

typedef enum { SHOW, HIDE, STEPS, STEP, NOTE, CARD, CONFIRM, CHOOSE, TEXTS, WITHDRAW } MessageKind;

/* One thing to be told, with copies of all it needs. */
typedef struct Message {
    TkeUiPrompter *prompter;
    MessageKind kind;
    unsigned question;
    unsigned a, b;
    TkePrompt prompt;
    TkePlan plan;
    TkeChoice choice;
    TkeTextPrompt text_prompt;
    GStringChunk *texts;
    GPtrArray *arrays;
} Message;

TkeUiPrompter *
tke_ui_prompter_new(const TkeUiPromptView *ops, void *view)
{
    TkeUiPrompter *prompter = g_new0(TkeUiPrompter, 1);

    prompter->refs = 1;
    prompter->ops = ops;
    prompter->view = view;
    g_mutex_init(&prompter->lock);
    g_cond_init(&prompter->cond);
    return prompter;
}

TkeUiPrompter *
tke_ui_prompter_ref(TkeUiPrompter *prompter)
{
    g_atomic_int_inc(&prompter->refs);
    return prompter;
}

void
tke_ui_prompter_unref(TkeUiPrompter *prompter)
{
    if (prompter != NULL && g_atomic_int_dec_and_test(&prompter->refs)) {
        g_mutex_clear(&prompter->lock);
        g_cond_clear(&prompter->cond);
        g_strfreev(prompter->texts);
        g_free(prompter);
    }
}

void
tke_ui_prompter_detach(TkeUiPrompter *prompter)
{
    prompter->ops = NULL;
    prompter->view = NULL;
    g_mutex_lock(&prompter->lock);
    prompter->detached = true;
    g_cond_broadcast(&prompter->cond);
    g_mutex_unlock(&prompter->lock);
}

/* Takes the texts. */
static void
take_answer(TkeUiPrompter *prompter, bool yes, unsigned index, char **texts)
{
    g_mutex_lock(&prompter->lock);
    if (prompter->question != 0 && !prompter->answered) {
        prompter->answered = true;
        prompter->yes = yes;
        prompter->index = index;
        g_strfreev(prompter->texts);
        prompter->texts = texts;
        texts = NULL;
        g_cond_broadcast(&prompter->cond);
    }
    g_mutex_unlock(&prompter->lock);
    g_strfreev(texts);
}

void
tke_ui_prompter_answer(TkeUiPrompter *prompter, bool yes, unsigned index)
{
    take_answer(prompter, yes, index, NULL);
}

void
tke_ui_prompter_answer_texts(TkeUiPrompter *prompter, const char *const *texts)
{
    take_answer(prompter, true, 0, g_strdupv((char **) texts));
}

/* ---- messages ---- */

static Message *
message_new(TkeUiPrompter *prompter, MessageKind kind)
{
    Message *message = g_new0(Message, 1);

    message->prompter = tke_ui_prompter_ref(prompter);
    message->kind = kind;
    message->texts = g_string_chunk_new(256);
    message->arrays = g_ptr_array_new_with_free_func(g_free);
    return message;
}

static void
message_free(gpointer data)
{
    Message *message = data;

    tke_ui_prompter_unref(message->prompter);
    g_string_chunk_free(message->texts);
    g_ptr_array_unref(message->arrays);
    g_free(message);
}

static const char *
keep(Message *message, const char *text)
{
    return text != NULL ? g_string_chunk_insert(message->texts, text) : NULL;
}

static const char *const *
keep_list(Message *message, const char *const *list)
{
    guint n = list != NULL ? g_strv_length((char **) list) : 0;
    const char **copy = list != NULL ? g_new0(const char *, n + 1) : NULL;

    for (guint i = 0; i < n; i++) {
        copy[i] = keep(message, list[i]);
    }
    if (copy != NULL) {
        g_ptr_array_add(message->arrays, copy);
    }
    return copy;
}

/* Is the question of this message still asked? */
static bool
is_asked(const Message *message)
{
    TkeUiPrompter *prompter = message->prompter;
    bool asked;

    g_mutex_lock(&prompter->lock);
    asked = prompter->question == message->question && !prompter->answered;
    g_mutex_unlock(&prompter->lock);
    return asked;
}

static gboolean
deliver(gpointer data)
{
    const Message *message = data;
    const TkeUiPromptView *ops = message->prompter->ops;
    void *view = message->prompter->view;

    if (ops == NULL) {
        return G_SOURCE_REMOVE;
    }
    switch (message->kind) {
    case SHOW:
        ops->show(view, &message->prompt);
        break;
    case HIDE:
        ops->hide(view);
        break;
    case STEPS:
        ops->steps(view, message->plan.lines);
        break;
    case STEP:
        ops->step(view, message->a, message->b, message->prompt.title);
        break;
    case NOTE:
        ops->note(view, message->prompt.title);
        break;
    case CARD:
        ops->card(view, message->a, message->b != 0);
        break;
    case CONFIRM:
        if (is_asked(message)) {
            ops->confirm(view, &message->plan);
        }
        break;
    case CHOOSE:
        if (is_asked(message)) {
            ops->choose(view, &message->choice);
        }
        break;
    case TEXTS:
        if (is_asked(message)) {
            ops->ask_texts(view, &message->text_prompt);
        }
        break;
    case WITHDRAW:
        ops->withdraw(view);
        break;
    }
    return G_SOURCE_REMOVE;
}

/* In the order in which they were posted. */
static void
post(Message *message)
{
    g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, deliver, message, message_free);
}

static void
post_simple(TkeUiPrompter *prompter, MessageKind kind, unsigned a, unsigned b, const char *text)
{
    Message *message = message_new(prompter, kind);

    message->a = a;
    message->b = b;
    message->prompt.title = keep(message, text);
    post(message);
}

/* ---- worker ---- */

static void
prompter_show(void *ui, const TkePrompt *prompt)
{
    Message *message = message_new(ui, SHOW);

    message->prompt = *prompt;
    message->prompt.reader_name = keep(message, prompt->reader_name);
    message->prompt.title = keep(message, prompt->title);
    message->prompt.reason = keep(message, prompt->reason);
    message->prompt.advice = keep(message, prompt->advice);
    message->prompt.details = keep(message, prompt->details);
    message->prompt.card = keep(message, prompt->card);
    message->prompt.purpose = keep(message, prompt->purpose);
    message->prompt.reason_word = keep(message, prompt->reason_word);
    post(message);
}

static void
prompter_hide(void *ui)
{
    post_simple(ui, HIDE, 0, 0, NULL);
}

static void
prompter_steps(void *ui, const char *const *names)
{
    Message *message = message_new(ui, STEPS);

    message->plan.lines = keep_list(message, names);
    post(message);
}

static void
prompter_step(void *ui, unsigned done, unsigned total, const char *what)
{
    post_simple(ui, STEP, done, total, what);
}

static void
prompter_note(void *ui, const char *text)
{
    post_simple(ui, NOTE, 0, 0, text);
}

static void
prompter_card(void *ui, unsigned reader, bool inserted)
{
    post_simple(ui, CARD, reader, inserted ? 1 : 0, NULL);
}

static void
on_cancelled(GCancellable *cancellable, gpointer data)
{
    TkeUiPrompter *prompter = data;

    (void) cancellable;
    g_mutex_lock(&prompter->lock);
    g_cond_broadcast(&prompter->cond);
    g_mutex_unlock(&prompter->lock);
}

/* Posts the question and waits. True: answered with yes. */
static bool
ask(TkeUiPrompter *prompter, Message *message, unsigned *index, GCancellable *cancellable,
    GError **error)
{
    gulong handler = 0;
    bool answered;
    bool yes;

    g_mutex_lock(&prompter->lock);
    prompter->question = ++prompter->asked;
    prompter->answered = false;
    message->question = prompter->question;
    g_mutex_unlock(&prompter->lock);
    post(message);
    handler = cancellable != NULL
                  ? g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), prompter, NULL)
                  : 0;
    g_mutex_lock(&prompter->lock);
    while (!prompter->answered && !prompter->detached && !g_cancellable_is_cancelled(cancellable)) {
        g_cond_wait(&prompter->cond, &prompter->lock);
    }
    answered = prompter->answered;
    yes = prompter->yes;
    if (index != NULL && answered) {
        *index = prompter->index;
    }
    prompter->question = 0;
    g_mutex_unlock(&prompter->lock);
    if (handler != 0) {
        g_cancellable_disconnect(cancellable, handler);
    }
    if (answered && yes) {
        return true;
    }
    if (!answered) {
        post_simple(prompter, WITHDRAW, 0, 0, NULL);
    }
    if (answered || !tke_cancel_is_asked(cancellable, error)) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                            _("not done: it was not confirmed"));
    }
    return false;
}

static bool
prompter_confirm(void *ui, const TkePlan *plan, GCancellable *cancellable, GError **error)
{
    Message *message = message_new(ui, CONFIRM);

    message->plan = *plan;
    message->plan.action = keep(message, plan->action);
    message->plan.title = keep(message, plan->title);
    message->plan.lines = keep_list(message, plan->lines);
    message->plan.consequence = keep(message, plan->consequence);
    message->plan.confirm_text = keep(message, plan->confirm_text);
    return ask(ui, message, NULL, cancellable, error);
}

static bool
prompter_choose(void *ui, const TkeChoice *choice, unsigned *index, GCancellable *cancellable,
                GError **error)
{
    Message *message = message_new(ui, CHOOSE);
    const char *const **rows = g_new0(const char *const *, choice->n_rows + 1);
    unsigned picked = 0;

    for (unsigned i = 0; i < choice->n_rows; i++) {
        rows[i] = keep_list(message, choice->rows[i]);
    }
    g_ptr_array_add(message->arrays, rows);
    message->choice = *choice;
    message->choice.what = keep(message, choice->what);
    message->choice.title = keep(message, choice->title);
    message->choice.columns = keep_list(message, choice->columns);
    message->choice.rows = rows;
    if (!ask(ui, message, &picked, cancellable, error)) {
        return false;
    }
    *index = MIN(picked, choice->n_rows - 1);
    return true;
}

/* An answer without texts is one to another kind of question: taken for no. */
static bool
prompter_ask_texts(void *ui, const TkeTextPrompt *prompt, char **texts, GCancellable *cancellable,
                   GError **error)
{
    TkeUiPrompter *prompter = ui;
    Message *message = message_new(prompter, TEXTS);
    TkeTextField *fields = g_new0(TkeTextField, prompt->n_fields);
    g_auto(GStrv) answers = NULL;

    for (unsigned i = 0; i < prompt->n_fields; i++) {
        fields[i].word = keep(message, prompt->fields[i].word);
        fields[i].label = keep(message, prompt->fields[i].label);
        fields[i].proposal = keep(message, prompt->fields[i].proposal);
    }
    g_ptr_array_add(message->arrays, fields);
    message->text_prompt = (TkeTextPrompt){ .title = keep(message, prompt->title),
                                            .why = keep(message, prompt->why),
                                            .fields = fields,
                                            .n_fields = prompt->n_fields };
    if (!ask(prompter, message, NULL, cancellable, error)) {
        return false;
    }
    g_mutex_lock(&prompter->lock);
    answers = g_steal_pointer(&prompter->texts);
    g_mutex_unlock(&prompter->lock);
    if (answers == NULL || g_strv_length(answers) != prompt->n_fields) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                            _("not done: it was not confirmed"));
        return false;
    }
    for (unsigned i = 0; i < prompt->n_fields; i++) {
        texts[i] = g_strdup(answers[i]);
    }
    return true;
}

static TkeSecret *
prompter_ask_secret(void *ui, const TkeSecretPrompt *prompt, GCancellable *cancellable,
                    GError **error)
{
    (void) ui;
    (void) cancellable;
    g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                _("%s: no step of this program asks for a secret at the keyboard"), prompt->title);
    return NULL;
}

const TkePrompterOps tke_ui_prompter_ops = {
    .show = prompter_show,
    .hide = prompter_hide,
    .steps = prompter_steps,
    .step = prompter_step,
    .note = prompter_note,
    .card = prompter_card,
    .confirm = prompter_confirm,
    .choose = prompter_choose,
    .ask_secret = prompter_ask_secret,
    .ask_texts = prompter_ask_texts,
};
