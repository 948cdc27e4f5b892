/*
 * Pages of text with Pango.
 */
#include "gtk-common/text-print.h"

#include <cairo-pdf.h>
#include <glib/gi18n.h>
#include <string.h>

#include "common/error.h"

#define FONT_PT 9
#define LINE_PT 12.0
#define HEAD_LINES 3 /* title and a gap */
#define A4_WIDTH_PT 595.0
#define A4_HEIGHT_PT 842.0
#define MARGIN_PT 54.0
#define HANG 4 /* characters */

/* One line as it is printed: a line of the text, or, where that is too long, a piece of it. */
typedef struct Line {
    char *text;
    double indent;
} Line;

typedef struct Pages {
    char *title;
    char *text;
    GArray *lines; /* of Line */
    guint per_page;
} Pages;

static void
line_clear(gpointer data)
{
    g_free(((Line *) data)->text);
}

static Pages *
pages_new(const char *title, const char *text)
{
    Pages *pages = g_new0(Pages, 1);

    pages->title = g_strdup(title);
    pages->text = g_strdup(text);
    pages->lines = g_array_new(FALSE, FALSE, sizeof(Line));
    g_array_set_clear_func(pages->lines, line_clear);
    return pages;
}

static void
pages_free(gpointer data)
{
    Pages *pages = data;

    g_free(pages->title);
    g_free(pages->text);
    g_array_unref(pages->lines);
    g_free(pages);
}

static void
on_gone(gpointer data, GClosure *closure)
{
    (void) closure;
    pages_free(data);
}

static void
set_font(PangoLayout *layout)
{
    PangoFontDescription *font = pango_font_description_from_string("Monospace");

    pango_font_description_set_size(font, FONT_PT * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
}

/* Where the rest of a line goes on that is too long: further in than it begins. */
static int
find_indent(PangoLayout *layout, const char *text)
{
    const size_t blanks = strspn(text, " ");
    g_autofree char *before = g_strnfill(blanks + HANG, ' ');
    int width = 0;

    pango_layout_set_text(layout, before, -1);
    pango_layout_get_size(layout, &width, NULL);
    return width;
}

/* A line of the text becomes as many as it needs. */
static void
break_line(Pages *pages, PangoLayout *layout, const char *text, int width)
{
    int indent = 0;

    pango_layout_set_width(layout, -1);
    pango_layout_set_indent(layout, 0);
    indent = find_indent(layout, text);
    pango_layout_set_width(layout, width);
    pango_layout_set_indent(layout, -indent);
    pango_layout_set_text(layout, text, -1);
    for (GSList *at = pango_layout_get_lines_readonly(layout); at != NULL; at = at->next) {
        const PangoLayoutLine *piece = at->data;
        const Line line = { .text = g_strndup(text + piece->start_index, (gsize) piece->length),
                            .indent = piece->start_index > 0 ? (double) indent / PANGO_SCALE : 0 };

        g_array_append_val(pages->lines, line);
    }
}

/* How many pages of this size there are. */
static int
lay_out(Pages *pages, PangoLayout *layout, double width, double height)
{
    g_auto(GStrv) lines = g_strsplit(pages->text, "\n", -1);

    set_font(layout);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    g_array_set_size(pages->lines, 0);
    for (guint i = 0; lines[i] != NULL; i++) {
        break_line(pages, layout, lines[i], (int) (width * PANGO_SCALE));
    }
    pages->per_page = (guint) MAX(1, height / LINE_PT - HEAD_LINES);
    return (int) MAX(1, (pages->lines->len + pages->per_page - 1) / pages->per_page);
}

static void
on_begin(GtkPrintOperation *operation, GtkPrintContext *context, gpointer data)
{
    g_autoptr(PangoLayout) layout = gtk_print_context_create_pango_layout(context);

    gtk_print_operation_set_n_pages(operation,
                                    lay_out(data, layout, gtk_print_context_get_width(context),
                                            gtk_print_context_get_height(context)));
}

static void
draw_line(cairo_t *cairo, PangoLayout *layout, const char *text, double indent, guint line)
{
    pango_layout_set_text(layout, text, -1);
    cairo_move_to(cairo, indent, line * LINE_PT);
    pango_cairo_show_layout(cairo, layout);
}

static void
draw_page(const Pages *pages, cairo_t *cairo, PangoLayout *layout, int page)
{
    g_autofree char *head = g_strdup_printf(_("%s · page %d"), pages->title, page + 1);
    guint first = (guint) page * pages->per_page;

    set_font(layout);
    pango_layout_set_width(layout, -1); /* they are broken already */
    pango_layout_set_indent(layout, 0);
    draw_line(cairo, layout, head, 0, 0);
    for (guint i = first; i < MIN(first + pages->per_page, pages->lines->len); i++) {
        const Line *line = &g_array_index(pages->lines, Line, i);

        draw_line(cairo, layout, line->text, line->indent, i - first + HEAD_LINES);
    }
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
    int n = lay_out(pages, layout, A4_WIDTH_PT - 2 * MARGIN_PT, A4_HEIGHT_PT - 2 * MARGIN_PT);
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
