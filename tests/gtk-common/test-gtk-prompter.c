/*
 * Questions of a worker, answered on the main thread.
 */
#include "gtk-common/gtk-prompter.h"

#include "tests/support/test-main.h"

/* A view that writes down what it is told, and answers as it was told to. */
typedef struct View {
    TkeUiPrompter *prompter;
    GString *told;
    GCancellable *cancel; /* cancelled instead of an answer */
    bool yes;
    unsigned index;
    unsigned answers; /* how often to answer one question */
} View;

static void
on_show(void *data, const TkePrompt *prompt)
{
    View *view = data;

    g_string_append_printf(view->told, "show %s, reader %u, %s\n", prompt->title, prompt->reader,
                           prompt->reason != NULL ? prompt->reason : "no reason");
}

static void
on_hide(void *data)
{
    g_string_append(((View *) data)->told, "hide\n");
}

static void
on_steps(void *data, const char *const *names)
{
    g_autofree char *all = g_strjoinv(", ", (char **) names);

    g_string_append_printf(((View *) data)->told, "steps %s\n", all);
}

static void
on_step(void *data, unsigned done, unsigned total, const char *what)
{
    g_string_append_printf(((View *) data)->told, "step %u/%u %s\n", done, total, what);
}

static void
on_note(void *data, const char *text)
{
    g_string_append_printf(((View *) data)->told, "note %s\n", text);
}

static void
on_card(void *data, unsigned reader, bool inserted)
{
    g_string_append_printf(((View *) data)->told, "card %u %d\n", reader, inserted);
}

static void
answer(View *view)
{
    if (view->cancel != NULL) {
        g_cancellable_cancel(view->cancel);
    }
    for (unsigned i = 0; i < view->answers; i++) {
        tke_ui_prompter_answer(view->prompter, view->yes, view->index + i);
    }
}

static void
on_confirm(void *data, const TkePlan *plan)
{
    View *view = data;

    g_string_append_printf(view->told, "confirm %s: %s, %s; type %s\n", plan->title, plan->lines[0],
                           plan->lines[1], plan->confirm_text);
    answer(view);
}

static void
on_choose(void *data, const TkeChoice *choice)
{
    View *view = data;

    g_string_append_printf(view->told, "choose %s: %s\n", choice->title, choice->rows[1][0]);
    answer(view);
}

static void
on_ask_texts(void *data, const TkeTextPrompt *prompt)
{
    View *view = data;
    const char *const texts[] = { "a zone", "a card", NULL };

    for (unsigned i = 0; i < prompt->n_fields; i++) {
        g_string_append_printf(view->told, "%s: %s (%s)\n", prompt->title, prompt->fields[i].label,
                               prompt->fields[i].proposal);
    }
    if (view->cancel == NULL && view->yes) {
        tke_ui_prompter_answer_texts(view->prompter, texts);
        tke_ui_prompter_answer(view->prompter, false, 0); /* comes too late */
    } else {
        answer(view);
    }
}

static void
on_withdraw(void *data)
{
    g_string_append(((View *) data)->told, "withdraw\n");
}

static const TkeUiPromptView ops = {
    .show = on_show,
    .hide = on_hide,
    .steps = on_steps,
    .step = on_step,
    .note = on_note,
    .card = on_card,
    .confirm = on_confirm,
    .choose = on_choose,
    .ask_texts = on_ask_texts,
    .withdraw = on_withdraw,
};

/* What the worker asks and gets. */
typedef struct Asked {
    TkeUiPrompter *prompter;
    GCancellable *cancellable;
    GMainLoop *loop;
    bool choose;
    bool texts;
    char *answers[2];
    bool yes;
    unsigned index;
    GError *error;
} Asked;

static gboolean
on_end(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

/* The worker's values are gone when the view reads its copies. */
static gpointer
ask(gpointer data)
{
    Asked *asked = data;
    const TkePrompterOps *p = &tke_ui_prompter_ops;
    g_autofree char *title = g_strdup("All of it");
    g_autofree char *line = g_strdup("one thing");
    const char *lines[] = { line, "another", NULL };
    const TkePlan plan = { .action = "x", .title = title, .lines = lines, .confirm_text = "ERASE" };
    const char *first[] = { "row 0", NULL };
    const char *second[] = { "row 1", NULL };
    const char *columns[] = { "column", NULL };
    const char *const *rows[] = { first, second, NULL };
    const TkeChoice choice = {
        .what = "x", .title = title, .columns = columns, .rows = rows, .n_rows = 2
    };
    const TkePrompt prompt = { .title = title, .reader = 2 };

    p->steps(asked->prompter, lines);
    p->step(asked->prompter, 1, 3, title);
    p->show(asked->prompter, &prompt);
    p->hide(asked->prompter);
    p->card(asked->prompter, 2, true);
    p->note(asked->prompter, line);
    if (asked->texts) {
        const TkeTextField fields[] = {
            { .word = "zone-description", .label = line, .proposal = "" },
            { .word = "card-description", .label = title, .proposal = line },
        };
        const TkeTextPrompt texts = {
            .title = title, .why = line, .fields = fields, .n_fields = 2
        };

        asked->yes = p->ask_texts(asked->prompter, &texts, asked->answers, asked->cancellable,
                                  &asked->error);
        g_idle_add(on_end, asked->loop);
        return NULL;
    }
    asked->yes =
        asked->choose
            ? p->choose(asked->prompter, &choice, &asked->index, asked->cancellable, &asked->error)
            : p->confirm(asked->prompter, &plan, asked->cancellable, &asked->error);
    g_idle_add(on_end, asked->loop);
    return NULL;
}

static void
run(View *view, Asked *asked)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    GThread *thread;

    view->told = g_string_new(NULL);
    view->prompter = tke_ui_prompter_new(&ops, view);
    asked->prompter = view->prompter;
    asked->loop = loop;
    thread = g_thread_new("worker", ask, asked);
    g_main_loop_run(loop);
    g_thread_join(thread);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    tke_ui_prompter_detach(view->prompter);
    tke_ui_prompter_unref(view->prompter);
}

#define TOLD                                                                                       \
    "steps one thing, another\nstep 1/3 All of it\nshow All of it, reader 2, no "                  \
    "reason\nhide\ncard 2 1\nnote one thing\n"

START_TEST(test_what_a_worker_tells_arrives_in_order_and_is_answered)
{
    View view = { .yes = true, .answers = 1 };
    Asked asked = { 0 };

    run(&view, &asked);

    ck_assert(asked.yes);
    ck_assert_ptr_null(asked.error);
    ck_assert_str_eq(view.told->str, TOLD "confirm All of it: one thing, another; type ERASE\n");
    g_string_free(view.told, TRUE);
}
END_TEST

#define TEXTS "All of it: one thing ()\nAll of it: All of it (one thing)\n"

START_TEST(test_texts_are_asked_for_and_answered)
{
    View view = { .yes = true };
    Asked asked = { .texts = true };

    run(&view, &asked);

    ck_assert(asked.yes);
    ck_assert_ptr_null(asked.error);
    ck_assert_str_eq(asked.answers[0], "a zone");
    ck_assert_str_eq(asked.answers[1], "a card");
    ck_assert_str_eq(view.told->str, TOLD TEXTS);
    g_free(asked.answers[0]);
    g_free(asked.answers[1]);
    g_string_free(view.told, TRUE);
}
END_TEST

START_TEST(test_a_no_to_texts_is_a_cancel)
{
    View view = { .yes = false, .answers = 1 };
    Asked asked = { .texts = true };

    run(&view, &asked);

    ck_assert(!asked.yes);
    ck_assert(g_error_matches(asked.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_ptr_null(asked.answers[0]);
    g_clear_error(&asked.error);
    g_string_free(view.told, TRUE);
}
END_TEST

START_TEST(test_texts_are_withdrawn_when_the_operation_is_cancelled)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    View view = { .cancel = cancellable, .yes = true };
    Asked asked = { .texts = true, .cancellable = cancellable };

    run(&view, &asked);

    ck_assert(!asked.yes);
    ck_assert(g_error_matches(asked.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_str_eq(view.told->str, TOLD TEXTS "withdraw\n");
    g_clear_error(&asked.error);
    g_string_free(view.told, TRUE);
}
END_TEST

START_TEST(test_a_no_is_a_cancel)
{
    View view = { .yes = false, .answers = 1 };
    Asked asked = { 0 };

    run(&view, &asked);

    ck_assert(!asked.yes);
    ck_assert(g_error_matches(asked.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_clear_error(&asked.error);
    g_string_free(view.told, TRUE);
}
END_TEST

START_TEST(test_only_the_first_answer_to_a_choice_counts)
{
    View view = { .yes = true, .index = 1, .answers = 2 };
    Asked asked = { .choose = true };

    run(&view, &asked);

    ck_assert(asked.yes);
    ck_assert_uint_eq(asked.index, 1);
    ck_assert_str_eq(view.told->str, TOLD "choose All of it: row 1\n");
    g_string_free(view.told, TRUE);
}
END_TEST

START_TEST(test_an_answer_beyond_the_rows_is_the_last_one)
{
    View view = { .yes = true, .index = 7, .answers = 1 };
    Asked asked = { .choose = true };

    run(&view, &asked);

    ck_assert_uint_eq(asked.index, 1);
    g_string_free(view.told, TRUE);
}
END_TEST

START_TEST(test_cancelling_ends_the_wait_and_withdraws_the_question)
{
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    View view = { .cancel = cancellable };
    Asked asked = { .cancellable = cancellable };

    run(&view, &asked);

    ck_assert(!asked.yes);
    ck_assert(g_error_matches(asked.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert(g_str_has_suffix(view.told->str, "withdraw\n"));
    g_clear_error(&asked.error);
    g_string_free(view.told, TRUE);
}
END_TEST

START_TEST(test_no_secret_is_asked_for_at_the_keyboard)
{
    const TkeSecretPrompt prompt = { .title = "Password", .max = 10 };
    g_autoptr(TkeUiPrompter) prompter = tke_ui_prompter_new(&ops, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_ui_prompter_ops.ask_secret(prompter, &prompt, NULL, &error));
    ck_assert_ptr_nonnull(error);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_a_worker_tells_arrives_in_order_and_is_answered);
    tcase_add_test(tests, test_texts_are_asked_for_and_answered);
    tcase_add_test(tests, test_a_no_to_texts_is_a_cancel);
    tcase_add_test(tests, test_texts_are_withdrawn_when_the_operation_is_cancelled);
    tcase_add_test(tests, test_a_no_is_a_cancel);
    tcase_add_test(tests, test_only_the_first_answer_to_a_choice_counts);
    tcase_add_test(tests, test_an_answer_beyond_the_rows_is_the_last_one);
    tcase_add_test(tests, test_cancelling_ends_the_wait_and_withdraws_the_question);
    tcase_add_test(tests, test_no_secret_is_asked_for_at_the_keyboard);
}

int
main(void)
{
    return test_main("gtk-prompter", add_tests);
}
