/*
 * Pages of text with Pango.
 */
#include "gtk-common/text-print.h"

#include <cairo-pdf.h>
#include <glib/gi18n.h>

#include "common/error.h"

#define FONT_PT 9
#define LINE_PT 12.0
#define HEAD_LINES 3 /* title and a gap */
#define A4_WIDTH_PT 595.0
#define A4_HEIGHT_PT 842.0
#define MARGIN_PT 54.0

typedef struct Pages {
    char *title;
    char **lines;
    guint n_lines;
    guint per_page;
} Pages;

static Pages *
pages_new(const char *title, const char *text)
{
    Pages *pages = g_new0(Pages, 1);

    pages->title = g_strdup(title);
    pages->lines = g_strsplit(text, "\n", -1);
    pages->n_lines = g_strv_length(pages->lines);
    return pages;
}

static void
pages_free(gpointer data)
{
    Pages *pages = data;

    g_free(pages->title);
    g_strfreev(pages->lines);
    g_free(pages);
}

static void
on_gone(gpointer data, GClosure *closure)
{
    (void) closure;
    pages_free(data);
}

/* How many pages of this height there are. */
static int
lay_out(Pages *pages, double height)
{
    pages->per_page = (guint) MAX(1, height / LINE_PT - HEAD_LINES);
    return (int) MAX(1, (pages->n_lines + pages->per_page - 1) / pages->per_page);
}

static void
on_begin(GtkPrintOperation *operation, GtkPrintContext *context, gpointer data)
{
    gtk_print_operation_set_n_pages(operation,
                                    lay_out(data, gtk_print_context_get_height(context)));
}

static void
draw_line(cairo_t *cairo, PangoLayout *layout, const char *text, guint line)
{
    pango_layout_set_text(layout, text, -1);
    cairo_move_to(cairo, 0, line * LINE_PT);
    pango_cairo_show_layout(cairo, layout);
}

static void
draw_page(const Pages *pages, cairo_t *cairo, PangoLayout *layout, int page)
{
    PangoFontDescription *font = pango_font_description_from_string("Monospace");
    g_autofree char *head = g_strdup_printf(_("%s · page %d"), pages->title, page + 1);
    guint first = (guint) page * pages->per_page;

    pango_font_description_set_size(font, FONT_PT * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    draw_line(cairo, layout, head, 0);
    for (guint i = first; i < MIN(first + pages->per_page, pages->n_lines); i++) {
        draw_line(cairo, layout, pages->lines[i], i - first + HEAD_LINES);
    }
    pango_font_description_free(font);
}

static void
on_draw(GtkPrintOperation *operation, GtkPrintContext *context, int page, gpointer data)
{
    g_autoptr(PangoLayout) layout = gtk_print_context_create_pango_layout(context);

    (void) operation;
    draw_page(data, gtk_print_context_get_cairo_context(context), layout, page);
}

static cairo_status_t
take_bytes(void *closure, const unsigned char *data, unsigned len)
{
    g_byte_array_append(closure, data, len);
    return CAIRO_STATUS_SUCCESS;
}

GByteArray *
tke_ui_text_pdf(const char *title, const char *text, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Pages *pages = pages_new(title, text);
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(take_bytes, bytes, A4_WIDTH_PT, A4_HEIGHT_PT);
    cairo_t *cairo = cairo_create(surface);
    g_autoptr(PangoLayout) layout = pango_cairo_create_layout(cairo);
    int n = lay_out(pages, A4_HEIGHT_PT - 2 * MARGIN_PT);
    cairo_status_t status;

    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title);
    cairo_translate(cairo, MARGIN_PT, MARGIN_PT);
    for (int page = 0; page < n; page++) {
        draw_page(pages, cairo, layout, page);
        cairo_show_page(cairo);
    }
    status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    status = status == CAIRO_STATUS_SUCCESS ? cairo_surface_status(surface) : status;
    cairo_surface_destroy(surface);
    pages_free(pages);
    if (status != CAIRO_STATUS_SUCCESS) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("the pages cannot be made: %s"),
                    cairo_status_to_string(status));
        return NULL;
    }
    return g_steal_pointer(&bytes);
}

GtkPrintOperation *
tke_ui_text_print_new(const char *title, const char *text)
{
    GtkPrintOperation *operation = gtk_print_operation_new();
    Pages *pages = pages_new(title, text);

    gtk_print_operation_set_unit(operation, GTK_UNIT_POINTS);
    gtk_print_operation_set_job_name(operation, title);
    g_signal_connect(operation, "draw-page", G_CALLBACK(on_draw), pages);
    g_signal_connect_data(operation, "begin-print", G_CALLBACK(on_begin), pages, on_gone, 0);
    return operation;
}

void
tke_ui_text_print(GtkWindow *parent, const char *title, const char *text)
{
    g_autoptr(GtkPrintOperation) operation = tke_ui_text_print_new(title, text);

    gtk_print_operation_set_allow_async(operation, TRUE);
    (void) gtk_print_operation_run(operation, GTK_PRINT_OPERATION_ACTION_PRINT_DIALOG, parent,
                                   NULL);
}
