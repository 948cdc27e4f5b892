/*
 * What becomes of a procedure that somebody has cancelled. The runner is a stand-in: what is under
 * way ends when the test says so, and how.
 */
#include <gtk/gtk.h>
#include <string.h>

#include "gtk-common/procedure.h"
#include "gtk-common/prompt-dialog-private.h"
#include "libsmartcard/card-error.h"
#include "tests/support/test-main.h"

struct _TkeUiRunner {
    GObject parent;
    unsigned starts;
    TkeUiRunnerDone done; /* NULL: nothing runs */
    gpointer data;
    bool cancelled;
};

G_DEFINE_FINAL_TYPE(TkeUiRunner, tke_ui_runner, G_TYPE_OBJECT)

static void
tke_ui_runner_class_init(TkeUiRunnerClass *class)
{
    (void) class;
}

static void
tke_ui_runner_init(TkeUiRunner *runner)
{
    (void) runner;
}

bool
tke_ui_runner_start(TkeUiRunner *runner, const TkePrompterOps *prompter, void *ui,
                    TkeUiRunnerFunc func, TkeUiRunnerDone done, gpointer data)
{
    (void) prompter;
    (void) ui;
    (void) func;
    runner->starts++;
    runner->done = done;
    runner->data = data;
    runner->cancelled = false;
    return true;
}

void
tke_ui_runner_cancel(TkeUiRunner *runner)
{
    runner->cancelled = true;
}

bool
tke_ui_runner_is_busy(TkeUiRunner *runner)
{
    return runner->done != NULL;
}

bool
tke_ui_runner_can_cancel(TkeUiRunner *runner)
{
    return runner->done != NULL && !runner->cancelled;
}

/* ---- a procedure ---- */

typedef struct Shown {
    TkeUiRunner *runner;
    TkeUiProcedure *procedure;
    TkeUiPromptDialog *dialog;
    unsigned ends;
    char *action; /* that it ended with */
} Shown;

static unsigned forms;

/* Never called: the test says how it ended. */
static bool
work(TkeOperation *op, gpointer data, GError **error)
{
    (void) op;
    (void) data;
    (void) error;
    return true;
}

static TkeUiForm *
make_form(gpointer data)
{
    (void) data;
    forms++;
    return tke_ui_form_new("A form", "Why", "_Start");
}

static const TkeUiProcedureKind with_form = {
    .title = "Test", .prepare = work, .form = make_form, .run = work
};
static const TkeUiProcedureKind without_form = { .title = "Test", .prepare = work, .run = work };
static const TkeUiProcedureKind at_once = { .title = "Test", .run = work };

static void
on_end(const char *action, gpointer user_data)
{
    Shown *shown = user_data;

    shown->ends++;
    shown->action = g_strdup(action);
}

static void
start(Shown *shown, const TkeUiProcedureKind *kind)
{
    ck_assert_msg(gtk_init_check(NULL, NULL), "there is no display");
    forms = 0;
    *shown = (Shown){ .runner = g_object_new(TKE_UI_TYPE_RUNNER, NULL) };
    shown->procedure =
        tke_ui_procedure_start(kind, shown->runner, NULL, false, NULL, on_end, shown);
    ck_assert_ptr_nonnull(shown->procedure);
    shown->dialog = TKE_UI_PROMPT_DIALOG(tke_ui_procedure_get_window(shown->procedure));
    ck_assert_uint_eq(shown->runner->starts, 1);
}

static void
press(const Shown *shown, const char *action)
{
    g_action_group_activate_action(G_ACTION_GROUP(shown->dialog->actions), action, NULL);
}

/* What runs has ended. error NULL: it was done. */
static void
end_work(const Shown *shown, const GError *error)
{
    TkeUiRunnerDone done = shown->runner->done;

    shown->runner->done = NULL;
    done(error, shown->runner->data);
}

static void
fail_work(const Shown *shown, int code, const char *message)
{
    g_autoptr(GError) error = g_error_new_literal(TKE_CARD_ERROR, code, message);

    end_work(shown, error);
}

static void
see(const Shown *shown, const char *headline, const char *other)
{
    const TkeUiPromptDialog *dialog = shown->dialog;

    ck_assert_str_eq(gtk_label_get_text(GTK_LABEL(dialog->headline)), headline);
    ck_assert_str_eq(gtk_button_get_label(GTK_BUTTON(dialog->stop_button)), "_Close");
    ck_assert(!gtk_widget_get_visible(dialog->primary_button));
    ck_assert_int_eq(gtk_widget_get_visible(dialog->other_button), other != NULL);
    if (other != NULL) {
        ck_assert_str_eq(gtk_button_get_label(GTK_BUTTON(dialog->other_button)), other);
    }
}

static void
check_ended(Shown *shown, const char *action)
{
    ck_assert_uint_eq(shown->ends, 1);
    ck_assert(shown->runner->done == NULL); /* nothing was begun after it */
    if (action == NULL) {
        ck_assert_ptr_null(shown->action);
    } else {
        ck_assert_str_eq(shown->action, action);
    }
    g_object_unref(shown->runner);
    g_free(shown->action);
}

START_TEST(test_who_cancels_the_look_at_the_cards_gets_no_form)
{
    Shown shown;

    start(&shown, &with_form);
    press(&shown, "stop");
    ck_assert(shown.runner->cancelled);
    end_work(&shown, NULL); /* it was done already */
    ck_assert_uint_eq(forms, 0);
    check_ended(&shown, NULL);
}
END_TEST

START_TEST(test_who_cancels_the_look_at_the_cards_has_cancelled_what_comes_after_it)
{
    Shown shown;

    start(&shown, &without_form);
    press(&shown, "stop");
    end_work(&shown, NULL);
    ck_assert_uint_eq(shown.runner->starts, 1);
    check_ended(&shown, NULL);
}
END_TEST

START_TEST(test_who_chooses_another_step_during_the_look_gets_that_step)
{
    static const TkePrompt prompt = { .kind = TKE_PROMPT_INSERT_CARD,
                                      .wanted = TKE_WANTED_CA,
                                      .reader = 1 };
    Shown shown;

    start(&shown, &with_form);
    tke_ui_prompt_dialog_view.show(shown.dialog, &prompt);
    tke_ui_prompt_dialog_set_other(shown.dialog, "app.other");
    tke_ui_prompt_dialog_set_buttons(shown.dialog, "_Cancel", "_Other", NULL, false);
    press(&shown, "other");
    end_work(&shown, NULL);
    ck_assert_uint_eq(forms, 0);
    check_ended(&shown, "app.other");
}
END_TEST

START_TEST(test_look_that_nobody_cancels_leads_to_the_form)
{
    Shown shown;

    start(&shown, &with_form);
    end_work(&shown, NULL);
    ck_assert_uint_eq(forms, 1);
    ck_assert_str_eq(gtk_label_get_text(GTK_LABEL(shown.dialog->headline)), "A form");
    press(&shown, "stop");
    check_ended(&shown, NULL);
}
END_TEST

/* What has happened to the card comes before who has stopped: it may not be as it was. */
START_TEST(test_what_became_of_the_card_is_the_headline_after_a_cancel_too)
{
    static const struct {
        int code;
        const char *headline, *other, *action;
    } cases[] = {
        { TKE_CARD_ERROR_REMOVED, "The card was lost in the middle", "Display card _information",
          "app.card-info" },
        { TKE_CARD_ERROR_COMMUNICATION, "The card was lost in the middle",
          "Display card _information", "app.card-info" },
        { TKE_CARD_ERROR_PIN_BLOCKED, "The PIN is blocked", "_Unblock the card",
          "app.ep11-unblock" },
        { TKE_CARD_ERROR_NO_READER, "Stopped", "C_heck readers…", "app.readers-check" },
        { TKE_CARD_ERROR_STATE, "Stopped", NULL, NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        Shown shown;

        start(&shown, &at_once);
        press(&shown, "stop");
        fail_work(&shown, cases[i].code, "it went wrong");
        see(&shown, cases[i].headline, cases[i].other);
        ck_assert_ptr_nonnull(
            strstr(gtk_label_get_text(GTK_LABEL(shown.dialog->reason)), "t went wrong"));
        press(&shown, cases[i].action != NULL ? "other" : "stop");
        check_ended(&shown, cases[i].action);
    }
}
END_TEST

/* The program ends: there is no next step. */
START_TEST(test_program_that_ends_tells_what_became_of_the_card_and_offers_nothing)
{
    Shown shown;

    start(&shown, &at_once);
    tke_ui_procedure_leave(shown.procedure, true);
    fail_work(&shown, TKE_CARD_ERROR_REMOVED, "it went wrong");
    see(&shown, "The card was lost in the middle", NULL);
    press(&shown, "stop");
    check_ended(&shown, NULL);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_who_cancels_the_look_at_the_cards_gets_no_form);
    tcase_add_test(tests, test_who_cancels_the_look_at_the_cards_has_cancelled_what_comes_after_it);
    tcase_add_test(tests, test_who_chooses_another_step_during_the_look_gets_that_step);
    tcase_add_test(tests, test_look_that_nobody_cancels_leads_to_the_form);
    tcase_add_test(tests, test_what_became_of_the_card_is_the_headline_after_a_cancel_too);
    tcase_add_test(tests, test_program_that_ends_tells_what_became_of_the_card_and_offers_nothing);
}

int
main(void)
{
    return test_main("procedure", add_tests);
}
