/*
 * The dialog of a procedure shows what lasts, and nothing that comes and goes at once. What must
 * not be seen is changed back before the main loop runs, so that no timer can come in between,
 * however slow the machine is.
 */
#include <gtk/gtk.h>
#include <string.h>

#include "gtk-common/prompt-dialog-private.h"
#include "tests/support/test-main.h"

typedef struct Owner {
    unsigned starts;
    unsigned stops;
    unsigned answers;
    unsigned nexts;
    GString *seen; /* every headline */
} Owner;

static void
on_start(void *owner)
{
    ((Owner *) owner)->starts++;
}

static void
on_stop(void *owner)
{
    ((Owner *) owner)->stops++;
}

static void
on_again(void *owner)
{
    (void) owner;
}

static void
on_answer(void *owner, bool yes, unsigned index)
{
    (void) yes;
    (void) index;
    ((Owner *) owner)->answers++;
}

static void
on_next(void *owner, const char *action)
{
    (void) action;
    ((Owner *) owner)->nexts++;
}

static void
on_headline(GtkLabel *label, GParamSpec *pspec, gpointer data)
{
    Owner *owner = data;

    (void) pspec;
    g_string_append_printf(owner->seen, "%s|", gtk_label_get_text(label));
}

static TkeUiPromptDialog *
open_dialog(Owner *owner)
{
    static const TkeUiPromptDialogFuncs funcs = {
        .start = on_start, .stop = on_stop, .again = on_again, .answer = on_answer, .next = on_next
    };
    TkeUiPromptDialog *dialog = NULL;

    ck_assert_msg(gtk_init_check(NULL, NULL), "there is no display");
    dialog = tke_ui_prompt_dialog_new(NULL, "Test", false, &funcs, owner);
    owner->seen = g_string_new(NULL);
    g_signal_connect(dialog->headline, "notify::label", G_CALLBACK(on_headline), owner);
    return dialog;
}

static void
close_dialog(TkeUiPromptDialog *dialog, Owner *owner)
{
    gtk_widget_destroy(GTK_WIDGET(dialog));
    g_string_free(owner->seen, TRUE);
}

static void
wait_for_headline(TkeUiPromptDialog *dialog, const char *text)
{
    while (strcmp(gtk_label_get_text(GTK_LABEL(dialog->headline)), text) != 0) {
        g_main_context_iteration(NULL, TRUE);
    }
}

static const TkePrompt first = { .kind = TKE_PROMPT_ENTER_PIN,
                                 .wanted = TKE_WANTED_CA,
                                 .reader = 1,
                                 .pin = 1,
                                 .title = "first PIN",
                                 .timeout_s = 20,
                                 .tries_left = 5 };
static const TkePrompt second = { .kind = TKE_PROMPT_ENTER_PIN,
                                  .wanted = TKE_WANTED_CA,
                                  .reader = 1,
                                  .pin = 2,
                                  .title = "second PIN",
                                  .timeout_s = 20,
                                  .tries_left = 5 };

START_TEST(test_what_is_done_between_two_prompts_at_once_is_never_shown)
{
    const TkeUiPromptView *view = &tke_ui_prompt_dialog_view;
    Owner owner = { 0 };
    TkeUiPromptDialog *dialog = open_dialog(&owner);

    view->show(dialog, &first);
    ck_assert(gtk_widget_get_visible(dialog->countdown_box));
    view->hide(dialog);
    ck_assert_uint_eq(tke_ui_prompt_dialog_get_pad(dialog), 0);
    view->step(dialog, 1, 2, "The card makes the zone");
    view->show(dialog, &second);
    ck_assert_str_eq(owner.seen->str, "Reader 1: first PIN|Reader 1: second PIN|");
    ck_assert_uint_eq(dialog->patience, 0);
    close_dialog(dialog, &owner);
}
END_TEST

START_TEST(test_what_lasts_is_shown_and_the_last_step_of_it)
{
    const TkeUiPromptView *view = &tke_ui_prompt_dialog_view;
    Owner owner = { 0 };
    TkeUiPromptDialog *dialog = open_dialog(&owner);

    view->show(dialog, &first);
    view->hide(dialog);
    view->step(dialog, 0, 2, "The card is erased");
    view->step(dialog, 1, 2, "The card makes the zone");
    wait_for_headline(dialog, "The card makes the zone");
    ck_assert(!gtk_widget_get_visible(dialog->countdown_box));
    ck_assert_str_eq(owner.seen->str, "Reader 1: first PIN|The card makes the zone|");
    /* The page is there: a step that comes and goes is not shown, one that lasts is. */
    view->step(dialog, 1, 2, "A short one");
    view->step(dialog, 1, 2, "The card proves its key");
    wait_for_headline(dialog, "The card proves its key");
    ck_assert_ptr_null(strstr(owner.seen->str, "A short one"));
    close_dialog(dialog, &owner);
}
END_TEST

START_TEST(test_dialog_comes_up_with_its_first_page)
{
    TkeUiForm *form = tke_ui_form_new("A form", "Why", "_Start");
    Owner owner = { 0 };
    TkeUiPromptDialog *dialog = open_dialog(&owner);

    tke_ui_prompt_dialog_show_working(dialog, "Looking at the cards…");
    ck_assert(!gtk_widget_get_visible(GTK_WIDGET(dialog)));
    tke_ui_prompt_dialog_show_form(dialog, form);
    ck_assert(gtk_widget_get_visible(GTK_WIDGET(dialog)));
    ck_assert_str_eq(gtk_label_get_text(GTK_LABEL(dialog->headline)), "A form");
    close_dialog(dialog, &owner);
    tke_ui_form_free(form);

    dialog = open_dialog(&owner);
    tke_ui_prompt_dialog_show_working(dialog, "Looking at the cards…");
    while (!gtk_widget_get_visible(GTK_WIDGET(dialog))) {
        g_main_context_iteration(NULL, TRUE);
    }
    ck_assert_str_eq(gtk_label_get_text(GTK_LABEL(dialog->headline)), "Looking at the cards…");
    close_dialog(dialog, &owner);
}
END_TEST

START_TEST(test_question_is_answered_once_and_stop_stops_what_came_of_it)
{
    const TkePlan plan = { .action = "test", .title = "Go on?" };
    Owner owner = { 0 };
    TkeUiPromptDialog *dialog = open_dialog(&owner);
    GActionGroup *actions = G_ACTION_GROUP(dialog->actions);

    tke_ui_prompt_dialog_view.confirm(dialog, &plan);
    g_action_group_activate_action(actions, "primary", NULL);
    g_action_group_activate_action(actions, "primary", NULL);
    ck_assert_uint_eq(owner.answers, 1);
    g_action_group_activate_action(actions, "stop", NULL);
    ck_assert_uint_eq(owner.stops, 1);
    ck_assert_uint_eq(owner.answers, 1);
    tke_ui_prompt_dialog_set_stopping(dialog);
    wait_for_headline(dialog, "Working…");
    ck_assert_str_eq(gtk_label_get_text(GTK_LABEL(dialog->hint)), "Stopping…");
    close_dialog(dialog, &owner);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_is_done_between_two_prompts_at_once_is_never_shown);
    tcase_add_test(tests, test_what_lasts_is_shown_and_the_last_step_of_it);
    tcase_add_test(tests, test_dialog_comes_up_with_its_first_page);
    tcase_add_test(tests, test_question_is_answered_once_and_stop_stops_what_came_of_it);
}

int
main(void)
{
    return test_main("prompt-dialog", add_tests);
}
