/*
 * A report on the cards.
 */
#include "scup/report-window.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/file-save.h"
#include "gtk-common/picture.h"
#include "gtk-common/text-print.h"
#include "gtk-common/window-size.h"

struct _ScupReportWindow {
    GtkWindow parent;
    TkeUiRunner *runner;
    ScupCards *cards;
    const ScupReport *report;
    GtkWidget *banner, *text, *saved, *check_button;
};

G_DEFINE_FINAL_TYPE(ScupReportWindow, scup_report_window, GTK_TYPE_WINDOW)

static char *
get_text(ScupReportWindow *window)
{
    GtkTextBuffer *buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(window->text));
    GtkTextIter start;
    GtkTextIter end;

    gtk_text_buffer_get_bounds(buffer, &start, &end);
    return gtk_text_buffer_get_text(buffer, &start, &end, FALSE);
}

static void
update(ScupReportWindow *window)
{
    g_autofree char *text = window->report->text(window->cards);
    g_autofree char *shown = get_text(window);

    if (strcmp(text, shown) != 0) { /* else the cursor stays where it is */
        GtkTextBuffer *buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(window->text));
        GtkTextIter start;

        gtk_text_buffer_set_text(buffer, text, -1);
        gtk_text_buffer_get_start_iter(buffer, &start);
        gtk_text_buffer_place_cursor(buffer, &start); /* what is read begins at the top */
    }
}

static void
on_copy(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    g_autofree char *text = get_text(data);

    (void) action;
    (void) parameter;
    gtk_clipboard_set_text(gtk_clipboard_get(GDK_SELECTION_CLIPBOARD), text, -1);
}

static void
on_save(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    ScupReportWindow *window = data;
    g_autofree char *text = window->report->file != NULL ? window->report->file(window->cards)
                                                         : get_text(window);
    const TkeUiFile file = { .title = _("Save the report"),
                             .name = window->report->name,
                             .text = text };

    (void) action;
    (void) parameter;
    tke_ui_file_save(GTK_WINDOW(window), window->runner, &file, window->saved);
}

static void
on_pdf(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    ScupReportWindow *window = data;
    g_autofree char *text = get_text(window);
    const TkeUiFile file = { .title = _("Save as PDF"),
                             .name = window->report->pdf_name,
                             .text = text,
                             .head = gtk_window_get_title(GTK_WINDOW(window)) };

    (void) action;
    (void) parameter;
    tke_ui_file_save(GTK_WINDOW(window), window->runner, &file, window->saved);
}

static void
on_print(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    g_autofree char *text = get_text(data);

    (void) action;
    (void) parameter;
    tke_ui_text_print(GTK_WINDOW(data), gtk_window_get_title(GTK_WINDOW(data)), text);
}

static void
on_close(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    gtk_widget_destroy(GTK_WIDGET(data));
}

static gboolean
key_press(GtkWidget *widget, GdkEventKey *event)
{
    if (event->keyval == GDK_KEY_Escape) {
        gtk_widget_destroy(widget);
        return TRUE;
    }
    return GTK_WIDGET_CLASS(scup_report_window_parent_class)->key_press_event(widget, event);
}

static void
destroy(GtkWidget *widget)
{
    ScupReportWindow *window = SCUP_REPORT_WINDOW(widget);

    if (window->cards != NULL) {
        g_signal_handlers_disconnect_by_data(window->cards, window);
        if (window->report->check != NULL) {
            scup_cards_prove(window->cards, false);
        }
        g_clear_object(&window->cards);
        g_clear_object(&window->runner);
    }
    GTK_WIDGET_CLASS(scup_report_window_parent_class)->destroy(widget);
}

static void
scup_report_window_class_init(ScupReportWindowClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    widget_class->destroy = destroy;
    widget_class->key_press_event = key_press;
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/opentke/scup/report-window.ui");
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, banner);
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, text);
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, saved);
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, check_button);
}

static void
scup_report_window_init(ScupReportWindow *window)
{
    static const GActionEntry entries[] = {
        { .name = "copy", .activate = on_copy },
        { .name = "save", .activate = on_save },
        { .name = "pdf", .activate = on_pdf },
        { .name = "print", .activate = on_print },
        { .name = "close", .activate = on_close },
    };
    g_autoptr(GSimpleActionGroup) actions = g_simple_action_group_new();

    g_action_map_add_action_entries(G_ACTION_MAP(actions), entries, G_N_ELEMENTS(entries), window);
    gtk_widget_init_template(GTK_WIDGET(window));
    gtk_widget_insert_action_group(GTK_WIDGET(window), "report", G_ACTION_GROUP(actions));
}

void
scup_report_window_show(GtkWindow *parent, TkeUiRunner *runner, ScupCards *cards,
                        const ScupReport *report, bool rehearsal)
{
    const char *title = _(report->title);
    g_autofree char *marked =
        rehearsal ? g_strdup_printf(_("%s — REHEARSAL"), title) : g_strdup(title);
    ScupReportWindow *window =
        g_object_new(SCUP_TYPE_REPORT_WINDOW, "title", marked, "transient-for", parent,
                     "application", gtk_window_get_application(parent), NULL);

    window->runner = g_object_ref(runner);
    window->cards = g_object_ref(cards);
    window->report = report;
    tke_ui_window_size_follow(GTK_WINDOW(window), "scup-report");
    gtk_widget_set_visible(window->banner, rehearsal);
    gtk_widget_set_visible(window->check_button, report->check != NULL);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(window->check_button), report->check);
    atk_object_set_name(gtk_widget_get_accessible(window->text), title);
    g_signal_connect_swapped(cards, "changed", G_CALLBACK(update), window);
    update(window);
    if (report->check != NULL) {
        scup_cards_prove(cards, true);
    }
    gtk_window_present(GTK_WINDOW(window));
}
