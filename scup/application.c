/*
 * Actions, not buttons, carry behaviour; which operation does it says steps.c.
 */
#include "scup/application.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/gap-watch.h"
#include "gtk-common/operation-runner.h"
#include "gtk-common/procedure.h"
#include "gtk-common/rehearsal.h"
#include "gtk-common/window-size.h"
#include "scup/card-set-assistant.h"
#include "scup/cards.h"
#include "scup/main-window.h"
#include "scup/report-window.h"
#include "scup/report.h"
#include "scup/self-check-page.h"
#include "scup/steps.h"

struct _ScupApplication {
    GtkApplication parent;
    TkeUiWorkplace *workplace; /* the runner's after start-up */
    TkeUiRunner *runner;
    ScupCards *cards;
    GtkWidget *window;
    TkeUiProcedure *procedure; /* the one whose dialog is open; NULL: none */
    GtkWidget *focus;          /* of the window when the procedure began; may be gone */
    GtkWidget *question;       /* whether to quit while it runs */
    bool quitting;
    bool rehearsal;
};

G_DEFINE_FINAL_TYPE(ScupApplication, scup_application, GTK_TYPE_APPLICATION)

static GtkWindow *
window_of(ScupApplication *app)
{
    return GTK_WINDOW(app->window);
}

/* ---- procedures ---- */

static void
set_up_step(gpointer data, gpointer user_data)
{
    ScupApplication *app = user_data;
    ScupStep *step = data;

    step->cards = app->cards;
    step->workplace = app->workplace;
}

static void
forget_focus(ScupApplication *app)
{
    if (app->focus != NULL) {
        g_object_remove_weak_pointer(G_OBJECT(app->focus), (gpointer *) &app->focus);
        app->focus = NULL;
    }
}

/* A button that starts a procedure cannot be used while it runs, and loses the focus. */
static void
remember_focus(ScupApplication *app)
{
    forget_focus(app);
    app->focus = gtk_window_get_focus(window_of(app));
    if (app->focus != NULL) {
        g_object_add_weak_pointer(G_OBJECT(app->focus), (gpointer *) &app->focus);
    }
}

/* Back to where it was; where that is gone, to the first place there is. */
static void
restore_focus(ScupApplication *app)
{
    if (app->focus != NULL && gtk_widget_is_sensitive(app->focus) &&
        gtk_widget_get_mapped(app->focus)) {
        gtk_widget_grab_focus(app->focus);
    } else if (gtk_window_get_focus(window_of(app)) == NULL) {
        gtk_widget_child_focus(app->window, GTK_DIR_TAB_FORWARD);
    }
    forget_focus(app);
}

static void
on_procedure_end(const char *action, gpointer user_data)
{
    ScupApplication *app = user_data;

    app->procedure = NULL;
    if (app->cards == NULL) {
        return; /* the program ends, and has broken the procedure off */
    }
    scup_cards_hold(app->cards, false);
    if (app->quitting) {
        forget_focus(app);
        gtk_widget_destroy(app->window);
        return;
    }
    restore_focus(app);
    if (action != NULL) {
        g_action_group_activate_action(G_ACTION_GROUP(app), action + strlen("app."), NULL);
    }
}

static void
on_step(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    ScupApplication *app = data;
    const TkeUiProcedureKind *kind = scup_steps_find(g_action_get_name(G_ACTION(action)));

    (void) parameter;
    g_return_if_fail(kind != NULL);
    if (app->procedure != NULL) {
        gtk_window_present(tke_ui_procedure_get_window(app->procedure));
        return;
    }
    remember_focus(app);
    app->procedure = tke_ui_procedure_start(kind, app->runner, window_of(app), app->rehearsal,
                                            set_up_step, on_procedure_end, app);
    if (app->procedure != NULL) {
        scup_cards_hold(app->cards, true);
    }
}

/* ---- other actions ---- */

/* The window of this kind and title (NULL: any) that is open already comes to the front. */
static bool
present_open(ScupApplication *app, GType type, const char *title)
{
    for (GList *at = gtk_application_get_windows(GTK_APPLICATION(app)); at != NULL; at = at->next) {
        if (G_TYPE_CHECK_INSTANCE_TYPE(at->data, type) &&
            (title == NULL || g_str_has_prefix(gtk_window_get_title(at->data), title))) {
            gtk_window_present(at->data);
            return true;
        }
    }
    return false;
}

static void
show_report(ScupApplication *app, const ScupReport *report)
{
    scup_cards_refresh(app->cards);
    if (present_open(app, SCUP_TYPE_REPORT_WINDOW, _(report->title))) {
        return;
    }
    scup_report_window_show(window_of(app), app->runner, app->cards, report, app->rehearsal);
}

static void
on_card_info(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    show_report(data, &scup_report_of_information);
}

static void
on_key_ids(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    show_report(data, &scup_report_of_key_identifiers);
}

static void
on_inventory(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    show_report(data, &scup_report_of_inventory);
}

static void
on_report(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    show_report(data, &scup_report_of_all);
}

static void
on_plan(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    ScupApplication *app = data;

    (void) action;
    (void) parameter;
    scup_cards_refresh(app->cards);
    if (!present_open(app, SCUP_TYPE_CARD_SET_ASSISTANT, NULL)) {
        scup_card_set_assistant_show(window_of(app), app->runner, app->cards, app->rehearsal);
    }
}

static void
on_readers_check(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    ScupApplication *app = data;

    (void) action;
    (void) parameter;
    scup_cards_refresh(app->cards);
    if (present_open(app, SCUP_TYPE_SELF_CHECK_PAGE, NULL)) {
        return;
    }
    scup_self_check_page_show(window_of(app), app->runner, app->cards, app->workplace,
                              app->rehearsal);
}

static void
on_lock(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    scup_cards_lock(SCUP_APPLICATION(data)->cards);
}

static void
on_refresh(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    scup_cards_refresh(SCUP_APPLICATION(data)->cards);
}

static void
on_about(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    gtk_show_about_dialog(window_of(data), "program-name", _("Smart Card Utility"), "version",
                          TKE_VERSION, "logo-icon-name", "org.opentke.Scup", "license-type",
                          GTK_LICENSE_APACHE_2_0, "comments",
                          _("Makes and looks after the smart cards of a key ceremony"), NULL);
}

/* ---- the end ---- */

/* Stops what runs; the end of its procedure is the end of the program. */
static void
quit_now(ScupApplication *app, bool tell)
{
    app->quitting = true;
    if (app->procedure != NULL) {
        tke_ui_procedure_leave(app->procedure, tell);
    } else if (app->window != NULL) {
        gtk_widget_destroy(app->window);
    }
}

static void
on_question(GtkDialog *dialog, int response, gpointer data)
{
    gtk_widget_destroy(GTK_WIDGET(dialog));
    if (response == GTK_RESPONSE_ACCEPT) {
        quit_now(data, true);
    }
}

/* Something is under way: says what, and how it ends. Its window is the one in front. */
static void
ask_to_quit(ScupApplication *app)
{
    g_autofree char *state = tke_ui_procedure_dup_state(app->procedure);

    app->question = gtk_message_dialog_new(tke_ui_procedure_get_window(app->procedure),
                                           GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
                                           GTK_MESSAGE_QUESTION, GTK_BUTTONS_NONE, "%s",
                                           _("Stop this step and exit?"));
    gtk_window_set_title(GTK_WINDOW(app->question), _("Exit"));
    atk_object_set_name(gtk_widget_get_accessible(app->question), _("Exit"));
    gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(app->question), "%s", state);
    gtk_dialog_add_button(GTK_DIALOG(app->question), _("_Go on working"), GTK_RESPONSE_CANCEL);
    gtk_style_context_add_class(
        gtk_widget_get_style_context(gtk_dialog_add_button(
            GTK_DIALOG(app->question), _("_Stop and exit"), GTK_RESPONSE_ACCEPT)),
        "destructive-action");
    gtk_dialog_set_default_response(GTK_DIALOG(app->question), GTK_RESPONSE_CANCEL);
    g_signal_connect(app->question, "response", G_CALLBACK(on_question), app);
    g_signal_connect(app->question, "destroy", G_CALLBACK(gtk_widget_destroyed), &app->question);
    gtk_window_present(GTK_WINDOW(app->question));
}

static void
on_quit(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    ScupApplication *app = SCUP_APPLICATION(data);

    (void) action;
    (void) parameter;
    if (app->question != NULL) {
        gtk_window_present(GTK_WINDOW(app->question));
    } else if (app->procedure != NULL && tke_ui_runner_is_busy(app->runner) && !app->quitting) {
        ask_to_quit(app);
    } else if (!app->quitting || !tke_ui_runner_is_busy(app->runner)) {
        quit_now(app, true);
    }
}

static gboolean
on_delete(GtkWidget *window, GdkEvent *event, gpointer data)
{
    (void) window;
    (void) event;
    on_quit(NULL, NULL, data);
    return TRUE;
}

/* While a procedure runs no other begins; its dialog is in front. */
static void
on_busy(TkeUiRunner *runner, GParamSpec *pspec, gpointer data)
{
    const char *const *names = scup_steps_names();

    (void) pspec;
    for (unsigned i = 0; names[i] != NULL; i++) {
        GAction *action = g_action_map_lookup_action(G_ACTION_MAP(data), names[i]);

        g_simple_action_set_enabled(G_SIMPLE_ACTION(action), !tke_ui_runner_is_busy(runner));
    }
    if (!tke_ui_runner_is_busy(runner) && SCUP_APPLICATION(data)->question != NULL) {
        /* there is nothing to stop any more */
        gtk_widget_destroy(SCUP_APPLICATION(data)->question);
    }
}

/* Ended from outside, where nobody may be there to answer. */
static gboolean
on_signal(gpointer data)
{
    quit_now(data, false);
    return G_SOURCE_CONTINUE;
}

static void
add_actions(ScupApplication *app)
{
    static const GActionEntry entries[] = {
        { .name = "card-info", .activate = on_card_info },
        { .name = "key-ids", .activate = on_key_ids },
        { .name = "inventory", .activate = on_inventory },
        { .name = "report", .activate = on_report },
        { .name = "plan", .activate = on_plan },
        { .name = "readers-check", .activate = on_readers_check },
        { .name = "lock", .activate = on_lock },
        { .name = "refresh", .activate = on_refresh },
        { .name = "about", .activate = on_about },
        { .name = "quit", .activate = on_quit },
    };
    static const char *const keys[][2] = {
        { "app.card-info", "<Primary>i" },
        { "app.key-ids", "<Primary>k" },
        { "app.refresh", "F5" },
        { "app.quit", "<Primary>q" },
        { "app.lock", "<Primary>l" },
        { "app.ca-init", "<Primary>n" },
        { "app.ca-backup", "<Primary>b" },
        { "app.ep11-enroll", "<Primary>e" },
        { "app.ep11-personalize", "<Primary>p" },
        { "app.ep11-unblock", "<Primary>u" },
        { "app.ep11-contents", "<Primary>m" },
        { "app.readers-identify", "<Primary>r" },
    };
    const char *const *names = scup_steps_names();

    g_action_map_add_action_entries(G_ACTION_MAP(app), entries, G_N_ELEMENTS(entries), app);
    for (unsigned i = 0; names[i] != NULL; i++) {
        const GActionEntry step = { .name = names[i], .activate = on_step };

        g_action_map_add_action_entries(G_ACTION_MAP(app), &step, 1, app);
    }
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *accels[] = { keys[i][1], NULL };

        gtk_application_set_accels_for_action(GTK_APPLICATION(app), keys[i][0], accels);
    }
}

static void
startup(GApplication *application)
{
    ScupApplication *app = SCUP_APPLICATION(application);
    g_autoptr(GtkBuilder) builder = NULL;

    G_APPLICATION_CLASS(scup_application_parent_class)->startup(application);
    tke_ui_rehearsal_mark_dialogs();
    tke_ui_window_size_fit_dialogs();
    gtk_icon_theme_add_resource_path(gtk_icon_theme_get_default(), "/org/opentke/scup/icons");
    gtk_window_set_default_icon_name("org.opentke.Scup");
    builder = gtk_builder_new_from_resource("/org/opentke/scup/menus.ui");
    gtk_application_set_menubar(GTK_APPLICATION(app),
                                G_MENU_MODEL(gtk_builder_get_object(builder, "menubar")));
    add_actions(app);
    app->runner = tke_ui_runner_new(app->workplace);
    g_signal_connect(app->runner, "notify::busy", G_CALLBACK(on_busy), app);
    app->cards = scup_cards_new(app->runner, app->workplace);
}

static void
activate(GApplication *application)
{
    ScupApplication *app = SCUP_APPLICATION(application);

    if (app->window == NULL) {
        g_unix_signal_add(SIGTERM, on_signal, app);
        g_unix_signal_add(SIGINT, on_signal, app);
        tke_ui_gap_watch_start();
        app->window = scup_main_window_new(GTK_APPLICATION(app), app->cards, app->rehearsal);
        g_signal_connect(app->window, "destroy", G_CALLBACK(gtk_widget_destroyed), &app->window);
        g_signal_connect(app->window, "delete-event", G_CALLBACK(on_delete), app);
    }
    gtk_window_present(window_of(app));
}

/* The monitor first, then the worker, which closes what it has opened. */
static void
shutdown(GApplication *application)
{
    ScupApplication *app = SCUP_APPLICATION(application);

    tke_ui_gap_watch_report();
    forget_focus(app);
    if (app->cards != NULL) {
        scup_cards_stop(app->cards);
        tke_ui_runner_shut_down(app->runner);
        g_signal_handlers_disconnect_by_data(app->runner, app);
        g_clear_object(&app->cards);
        g_clear_object(&app->runner);
    }
    G_APPLICATION_CLASS(scup_application_parent_class)->shutdown(application);
}

static void
scup_application_class_init(ScupApplicationClass *class)
{
    GApplicationClass *application_class = G_APPLICATION_CLASS(class);

    application_class->startup = startup;
    application_class->activate = activate;
    application_class->shutdown = shutdown;
}

static void
scup_application_init(ScupApplication *app)
{
    (void) app;
}

ScupApplication *
scup_application_new(const TkeUiWorkplaceOptions *options)
{
    ScupApplication *app = g_object_new(SCUP_TYPE_APPLICATION, "application-id", "org.opentke.Scup",
                                        "flags", G_APPLICATION_NON_UNIQUE, NULL);

    app->workplace = tke_ui_workplace_new(options);
    app->rehearsal = options->rehearsal != NULL;
    return app;
}
