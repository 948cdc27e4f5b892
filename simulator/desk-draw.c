/*
 * Pictures of the virtual desk (look.md, rules: SVG-like, flat, two tones, 2 px lines).
 */
#include "simulator/desk-draw.h"

#include <glib/gi18n-lib.h>
#include <math.h>

#define LINE 2.0
#define RADIUS 7.0
#define EDGE 6.0
#define SHORT_TITLE 12 /* characters that fit into one line */

typedef struct Colours {
    const char *surface;
    const char *line; /* and letters: 5 : 1 on the surface */
    const char *band; /* of the sticker's edge */
} Colours;

static const Colours kinds[] = {
    [SIM_DESK_BLANK] = { "#f6f5f4", "#5e5c64", "#c0bfbc" },
    [SIM_DESK_CA] = { "#dc8add", "#4a2268", "#9141ac" },
    [SIM_DESK_EP11] = { "#99c1f1", "#15407a", "#1c71d8" },
};

#define CHIP "#f9f06b"
#define PAPER "#ffffff"
#define INK "#241f31"
#define TROUBLE "#a51d2d"
#define STRIPE "#3d3846"

static void
set_colour(cairo_t *cr, const char *name)
{
    GdkRGBA colour = { 0 };

    gdk_rgba_parse(&colour, name);
    gdk_cairo_set_source_rgba(cr, &colour);
}

static void
rounded(cairo_t *cr, double x, double y, double width, double height, double radius)
{
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + width - radius, y + radius, radius, -G_PI / 2, 0);
    cairo_arc(cr, x + width - radius, y + height - radius, radius, 0, G_PI / 2);
    cairo_arc(cr, x + radius, y + height - radius, radius, G_PI / 2, G_PI);
    cairo_arc(cr, x + radius, y + radius, radius, G_PI, 3 * G_PI / 2);
    cairo_close_path(cr);
}

static void
filled(cairo_t *cr, const char *surface, const char *line)
{
    set_colour(cr, surface);
    cairo_fill_preserve(cr);
    set_colour(cr, line);
    cairo_set_line_width(cr, LINE);
    cairo_stroke(cr);
}

typedef struct Writing {
    double x, y, width, height;
    double size;  /* px */
    double least; /* down to which a long text shrinks; 0: it does not */
    bool bold;
    bool wrap;
    PangoAlignment align;
    const char *colour;
} Writing;

static void
set_font(PangoLayout *layout, double size, bool bold)
{
    g_autoptr(PangoAttrList) attributes = pango_attr_list_new();

    pango_attr_list_insert(attributes, pango_attr_size_new_absolute((int) (size * PANGO_SCALE)));
    pango_attr_list_insert(attributes,
                           pango_attr_weight_new(bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL));
    pango_layout_set_attributes(layout, attributes);
}

static void
write_text(GtkWidget *widget, cairo_t *cr, const char *text, const Writing *how)
{
    g_autoptr(PangoLayout) layout = gtk_widget_create_pango_layout(widget, text);
    double size = how->size;
    int height = 0;

    pango_layout_set_width(layout, (int) (how->width * PANGO_SCALE));
    pango_layout_set_height(layout, how->wrap ? (int) (how->height * PANGO_SCALE) : -1);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(layout, how->align);
    set_font(layout, how->size, how->bold);
    while (size > how->least && how->least > 0 && pango_layout_is_ellipsized(layout)) {
        size = MAX(size - 0.5, how->least);
        set_font(layout, size, how->bold);
    }
    pango_layout_get_pixel_size(layout, NULL, &height);
    set_colour(cr, how->colour);
    cairo_move_to(cr, how->x, how->y + (how->height - height) / 2);
    pango_cairo_show_layout(cr, layout);
}

static void
draw_chip(cairo_t *cr, const char *line)
{
    rounded(cr, 12, 12, 23, 19, 3);
    filled(cr, CHIP, line);
    cairo_set_line_width(cr, 1.5);
    cairo_move_to(cr, 23.5, 12);
    cairo_line_to(cr, 23.5, 31);
    cairo_move_to(cr, 12, 21.5);
    cairo_line_to(cr, 35, 21.5);
    cairo_stroke(cr);
}

/* The label people gave the card, on paper with an edge in the colour of its kind. */
static void
draw_sticker(GtkWidget *widget, cairo_t *cr, const SimDeskCard *card, const Colours *colours,
             double top)
{
    const double height = 36;
    g_autofree char *state = sim_desk_card_dup_state(card);
    const bool trouble = sim_desk_card_is_in_trouble(card);
    const char *text = sim_desk_card_get_title(card);
    /* A long text gets two lines where nothing else stands on the sticker. */
    const bool two_lines = *state == '\0' && g_utf8_strlen(text, -1) > SHORT_TITLE;
    const Writing title = { .x = 16,
                            .y = top + 1,
                            .width = SIM_DESK_CARD_WIDTH - 28,
                            .height = *state == '\0' ? height - 2 : 19,
                            .size = two_lines ? 11 : 13,
                            .least = 8.5,
                            .bold = true,
                            .wrap = two_lines,
                            .colour = INK };
    const Writing line = { .x = 16,
                           .y = top + 18,
                           .width = SIM_DESK_CARD_WIDTH - 28,
                           .height = 16,
                           .size = 10.5,
                           .least = 8,
                           .bold = trouble,
                           .colour = trouble ? TROUBLE : INK };

    rounded(cr, EDGE + 1, top, SIM_DESK_CARD_WIDTH - 2 * EDGE - 2, height, 3);
    set_colour(cr, PAPER);
    cairo_fill(cr);
    cairo_rectangle(cr, EDGE + 1, top + 3, 4, height - 6);
    set_colour(cr, colours->band);
    cairo_fill(cr);
    write_text(widget, cr, text, &title);
    write_text(widget, cr, state, &line);
}

static void
draw_front(GtkWidget *widget, cairo_t *cr, const SimDeskCard *card)
{
    const Colours *colours = &kinds[card->kind];
    const Writing kind = { .x = 42,
                           .y = 10,
                           .width = SIM_DESK_CARD_WIDTH - 54,
                           .height = 23,
                           .size = card->kind == SIM_DESK_BLANK ? 13 : 18,
                           .bold = true,
                           .align = PANGO_ALIGN_RIGHT,
                           .colour = colours->line };

    rounded(cr, 1, 1, SIM_DESK_CARD_WIDTH - 2, SIM_DESK_CARD_HEIGHT - 2, RADIUS);
    filled(cr, colours->surface, colours->line);
    draw_chip(cr, colours->line);
    write_text(widget, cr, sim_desk_kind_get_word(card->kind), &kind);
    draw_sticker(widget, cr, card, colours, SIM_DESK_CARD_HEIGHT - 36 - EDGE);
}

/* The chip is in the reader; the sticker at the other end can be read. */
static void
draw_inserted(GtkWidget *widget, cairo_t *cr, const SimDeskCard *card)
{
    const Colours *colours = &kinds[card->kind];
    const Writing kind = { .x = 12,
                           .y = 43,
                           .width = SIM_DESK_CARD_WIDTH - 24,
                           .height = 22,
                           .size = card->kind == SIM_DESK_BLANK ? 13 : 16,
                           .bold = true,
                           .align = PANGO_ALIGN_CENTER,
                           .colour = colours->line };

    rounded(cr, 1, 1, SIM_DESK_CARD_WIDTH - 2, SIM_DESK_CARD_HEIGHT - 2, RADIUS);
    filled(cr, colours->surface, colours->line);
    draw_sticker(widget, cr, card, colours, EDGE);
    write_text(widget, cr, sim_desk_kind_get_word(card->kind), &kind);
}

static void
draw_back(GtkWidget *widget, cairo_t *cr, const SimDeskCard *card)
{
    const Colours *colours = &kinds[card->kind];
    const Writing title = { .x = 10,
                            .y = 60,
                            .width = SIM_DESK_CARD_WIDTH - 20,
                            .height = 16,
                            .size = 10.5,
                            .bold = true,
                            .colour = colours->line };
    const Writing note = { .x = 12,
                           .y = 28,
                           .width = SIM_DESK_CARD_WIDTH - 24,
                           .height = 30,
                           .size = 12,
                           .wrap = true,
                           .colour = INK };

    rounded(cr, 1, 1, SIM_DESK_CARD_WIDTH - 2, SIM_DESK_CARD_HEIGHT - 2, RADIUS);
    filled(cr, colours->surface, colours->line);
    cairo_rectangle(cr, 2, 9, SIM_DESK_CARD_WIDTH - 4, 13);
    set_colour(cr, STRIPE);
    cairo_fill(cr);
    rounded(cr, EDGE + 1, 26, SIM_DESK_CARD_WIDTH - 2 * EDGE - 2, 34, 3);
    set_colour(cr, PAPER);
    cairo_fill(cr);
    write_text(widget, cr, card->back, &note);
    write_text(widget, cr, sim_desk_card_get_title(card), &title);
}

static void
set_widget_colour(GtkWidget *widget, cairo_t *cr, double alpha)
{
    GtkStyleContext *style = gtk_widget_get_style_context(widget);
    GdkRGBA colour = { 0 };

    gtk_style_context_get_color(style, gtk_style_context_get_state(style), &colour);
    colour.alpha *= alpha;
    gdk_cairo_set_source_rgba(cr, &colour);
}

static void
dashed(GtkWidget *widget, cairo_t *cr)
{
    const double dashes[] = { 6, 4 };

    rounded(cr, 1, 1, SIM_DESK_CARD_WIDTH - 2, SIM_DESK_CARD_HEIGHT - 2, RADIUS);
    set_widget_colour(widget, cr, 0.55);
    cairo_set_line_width(cr, LINE);
    cairo_set_dash(cr, dashes, G_N_ELEMENTS(dashes), 0);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

static void
draw_gap(GtkWidget *widget, cairo_t *cr, const SimDeskCard *card)
{
    g_autofree char *text =
        g_strdup_printf(_("%s\nin reader %u"), sim_desk_card_get_title(card), card->reader);
    GtkStyleContext *style = gtk_widget_get_style_context(widget);
    GdkRGBA colour = { 0 };
    g_autofree char *ink = NULL;
    Writing title = { .x = 10,
                      .y = 8,
                      .width = SIM_DESK_CARD_WIDTH - 20,
                      .height = 64,
                      .size = 12,
                      .least = 9,
                      .wrap = true,
                      .align = PANGO_ALIGN_CENTER };

    gtk_style_context_get_color(style, gtk_style_context_get_state(style), &colour);
    ink = gdk_rgba_to_string(&colour);
    title.colour = ink;
    dashed(widget, cr);
    write_text(widget, cr, text, &title);
}

void
sim_desk_draw_card(GtkWidget *widget, cairo_t *cr, const SimDeskCard *card, SimDeskSide side)
{
    if (side == SIM_DESK_GAP) {
        draw_gap(widget, cr, card);
    } else if (side == SIM_DESK_BACK) {
        draw_back(widget, cr, card);
    } else if (side == SIM_DESK_INSERTED) {
        draw_inserted(widget, cr, card);
    } else {
        draw_front(widget, cr, card);
    }
}

void
sim_desk_draw_outline(GtkWidget *widget, cairo_t *cr)
{
    const double x = SIM_DESK_CARD_WIDTH / 2.0;

    dashed(widget, cr);
    cairo_set_line_width(cr, 3);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_move_to(cr, x, 20);
    cairo_line_to(cr, x, 46);
    cairo_move_to(cr, x - 9, 37);
    cairo_line_to(cr, x, 46);
    cairo_line_to(cr, x + 9, 37);
    cairo_stroke(cr);
}

cairo_surface_t *
sim_desk_draw_surface(GtkWidget *widget, const SimDeskCard *card, SimDeskSide side)
{
    const int scale = gtk_widget_get_scale_factor(widget);
    cairo_surface_t *surface = cairo_image_surface_create(
        CAIRO_FORMAT_ARGB32, SIM_DESK_CARD_WIDTH * scale, SIM_DESK_CARD_HEIGHT * scale);
    cairo_t *cr = NULL;

    cairo_surface_set_device_scale(surface, scale, scale);
    cr = cairo_create(surface);
    sim_desk_draw_card(widget, cr, card, side);
    cairo_destroy(cr);
    return surface;
}
