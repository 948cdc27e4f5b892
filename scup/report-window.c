/*
 * A report on the cards.
 */
#include "scup/report-window.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/page-window.h"

struct _ScupReportWindow {
    TkeUiPageWindow parent;
    ScupCards *cards; /* as long as it is open */
    const ScupReport *report;
    GtkWidget *banner, *choice, *reader_1, *reader_2, *text, *saved, *check_button;
};

G_DEFINE_FINAL_TYPE(ScupReportWindow, scup_report_window, TKE_UI_TYPE_PAGE_WINDOW)

static char *
get_text(ScupReportWindow *window)
{
    GtkTextBuffer *buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(window->text));
    GtkTextIter start;
    GtkTextIter end;

    gtk_text_buffer_get_bounds(buffer, &start, &end);
    return gtk_text_buffer_get_text(buffer, &start, &end, FALSE);
}

/* 1, 2; 0: both. */
static unsigned
get_reader(ScupReportWindow *window)
{
    return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(window->reader_1))   ? 1
           : gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(window->reader_2)) ? 2
                                                                               : 0;
}

static void
update(TkeUiPageWindow *page)
{
    ScupReportWindow *window = SCUP_REPORT_WINDOW(page);
    g_autofree char *text = window->report->text(window->cards, get_reader(window));
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
leave(TkeUiPageWindow *page)
{
    ScupReportWindow *window = SCUP_REPORT_WINDOW(page);

    if (window->report->check != NULL) {
        scup_cards_prove(window->cards, false);
    }
}

static void
on_copy(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    g_autofree char *text = get_text(data);

    (void) action;
    (void) parameter;
    tke_ui_page_window_copy(data, text);
}

static void
on_save(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    ScupReportWindow *window = data;
    g_autofree char *text =
        window->report->file != NULL ? window->report->file(window->cards, 0) : get_text(window);

    (void) action;
    (void) parameter;
    tke_ui_page_window_save(data, _("Save the report"), window->report->name, text);
}

static void
on_pdf(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    g_autofree char *text = get_text(data);

    (void) action;
    (void) parameter;
    tke_ui_page_window_save_pages(data, SCUP_REPORT_WINDOW(data)->report->pdf_name, text);
}

static void
on_print(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    g_autofree char *text = get_text(data);

    (void) action;
    (void) parameter;
    tke_ui_page_window_print(data, text);
}

static void
on_reader_changed(ScupReportWindow *window)
{
    if (window->cards != NULL && window->report != NULL) {
        update(TKE_UI_PAGE_WINDOW(window));
    }
}

static void
scup_report_window_class_init(ScupReportWindowClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    TKE_UI_PAGE_WINDOW_CLASS(class)->update = update;
    TKE_UI_PAGE_WINDOW_CLASS(class)->leave = leave;
    gtk_widget_class_set_template_from_resource(widget_class, "/org/opentke/scup/report-window.ui");
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, banner);
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, choice);
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, reader_1);
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, reader_2);
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, text);
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, saved);
    gtk_widget_class_bind_template_child(widget_class, ScupReportWindow, check_button);
    gtk_widget_class_bind_template_callback(widget_class, on_reader_changed);
}

static void
scup_report_window_init(ScupReportWindow *window)
{
    static const GActionEntry entries[] = {
        { .name = "copy", .activate = on_copy },
        { .name = "save", .activate = on_save },
        { .name = "pdf", .activate = on_pdf },
        { .name = "print", .activate = on_print },
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
    ScupReportWindow *window = g_object_new(SCUP_TYPE_REPORT_WINDOW, NULL);
    const TkeUiPage page = { .parent = parent,
                             .runner = runner,
                             .model = G_OBJECT(cards),
                             .title = _(report->title),
                             .size_name = "scup-report",
                             .rehearsal = rehearsal,
                             .banner = window->banner,
                             .saved = window->saved };

    window->cards = cards;
    window->report = report;
    tke_ui_page_window_open(TKE_UI_PAGE_WINDOW(window), &page);
    gtk_widget_set_visible(window->choice, report->choice);
    gtk_widget_set_visible(window->check_button, report->check != NULL);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(window->check_button), report->check);
    atk_object_set_name(gtk_widget_get_accessible(window->text), page.title);
    update(TKE_UI_PAGE_WINDOW(window));
    if (report->check != NULL) {
        scup_cards_prove(cards, true);
    }
    gtk_window_present(GTK_WINDOW(window));
}
