/*
 * Pages of text with Pango.
 */
#include "gtk-common/text-print.h"

#include <glib/gi18n.h>

#define FONT_PT 9
#define LINE_PT 12.0
#define HEAD_LINES 3 /* title and a gap */

typedef struct Pages {
    char *title;
    char **lines;
    guint n_lines;
    guint per_page;
} Pages;

static void
pages_free(gpointer data, GClosure *closure)
{
    Pages *pages = data;

    (void) closure;
    g_free(pages->title);
    g_strfreev(pages->lines);
    g_free(pages);
}

static void
on_begin(GtkPrintOperation *operation, GtkPrintContext *context, gpointer data)
{
    Pages *pages = data;
    double height = gtk_print_context_get_height(context);

    pages->per_page = (guint) MAX(1, height / LINE_PT - HEAD_LINES);
    gtk_print_operation_set_n_pages(
        operation, (int) MAX(1, (pages->n_lines + pages->per_page - 1) / pages->per_page));
}

static void
draw_line(cairo_t *cairo, PangoLayout *layout, const char *text, guint line)
{
    pango_layout_set_text(layout, text, -1);
    cairo_move_to(cairo, 0, line * LINE_PT);
    pango_cairo_show_layout(cairo, layout);
}

static void
on_draw(GtkPrintOperation *operation, GtkPrintContext *context, int page, gpointer data)
{
    const Pages *pages = data;
    cairo_t *cairo = gtk_print_context_get_cairo_context(context);
    g_autoptr(PangoLayout) layout = gtk_print_context_create_pango_layout(context);
    PangoFontDescription *font = pango_font_description_from_string("Monospace");
    g_autofree char *head = g_strdup_printf(_("%s · page %d"), pages->title, page + 1);
    guint first = (guint) page * pages->per_page;

    (void) operation;
    pango_font_description_set_size(font, FONT_PT * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    draw_line(cairo, layout, head, 0);
    for (guint i = first; i < MIN(first + pages->per_page, pages->n_lines); i++) {
        draw_line(cairo, layout, pages->lines[i], i - first + HEAD_LINES);
    }
    pango_font_description_free(font);
}

void
tke_ui_text_print(GtkWindow *parent, const char *title, const char *text)
{
    g_autoptr(GtkPrintOperation) operation = gtk_print_operation_new();
    Pages *pages = g_new0(Pages, 1);

    pages->title = g_strdup(title);
    pages->lines = g_strsplit(text, "\n", -1);
    pages->n_lines = g_strv_length(pages->lines);
    gtk_print_operation_set_unit(operation, GTK_UNIT_POINTS);
    gtk_print_operation_set_allow_async(operation, TRUE);
    gtk_print_operation_set_job_name(operation, title);
    g_signal_connect(operation, "draw-page", G_CALLBACK(on_draw), pages);
    g_signal_connect_data(operation, "begin-print", G_CALLBACK(on_begin), pages, pages_free, 0);
    (void) gtk_print_operation_run(operation, GTK_PRINT_OPERATION_ACTION_PRINT_DIALOG, parent,
                                   NULL);
}
