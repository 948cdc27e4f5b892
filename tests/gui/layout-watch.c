/*
 * A module that tests load into programs with windows (GTK_MODULES): on SIGUSR1 it writes to the
 * file LAYOUT_REPORT which texts of the windows shown are cut off, which of them stand outside
 * their window, and which have less contrast than WCAG AA wants. One line each: what is wrong, a
 * tab, the name of the widget for a screen reader, a tab, the text. The last line is "end".
 *
 * On SIGUSR2 it writes to GAP_REPORT how late, in ms, a timer of 5 ms of the main loop came at
 * worst since it was loaded.
 *
 * Preloaded as well (LD_PRELOAD), it has translations looked for in LAYOUT_LOCALE instead of where
 * they would be installed. It is built without sanitizers: it comes before theirs.
 */
#include <dlfcn.h>
#include <glib-unix.h>
#include <gtk/gtk.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

G_MODULE_EXPORT void gtk_module_init(gint *argc, gchar ***argv);
G_MODULE_EXPORT char *bindtextdomain(const char *domain, const char *directory);

#define LEAST_CONTRAST 4.5 /* WCAG 2.1, 1.4.3, level AA */
#define LEAST_HEIGHT 10    /* pixels of a text that are scrolled into view */

typedef struct Report {
    GString *text;
    GtkWidget *window;
    cairo_surface_t *picture; /* of the window */
} Report;

static void
add(Report *report, const char *what, GtkWidget *widget)
{
    const char *name = atk_object_get_name(gtk_widget_get_accessible(widget));
    g_autofree char *text = g_strdup(GTK_IS_LABEL(widget) ? gtk_label_get_text(GTK_LABEL(widget))
                                                          : G_OBJECT_TYPE_NAME(widget));

    g_string_append_printf(report->text, "%s\t%s\t%s\n", what, name == NULL ? "" : name,
                           g_strdelimit(text, "\n\t", ' '));
}

static bool
is_short_of_room(GtkWidget *widget)
{
    /* What is wanted includes the margins, what is given does not. */
    const int width = gtk_widget_get_allocated_width(widget) + gtk_widget_get_margin_start(widget) +
                      gtk_widget_get_margin_end(widget);
    const int height = gtk_widget_get_allocated_height(widget) + gtk_widget_get_margin_top(widget) +
                       gtk_widget_get_margin_bottom(widget);
    int least_width = 0;
    int least_height = 0;

    gtk_widget_get_preferred_width(widget, &least_width, NULL);
    gtk_widget_get_preferred_height_for_width(widget, MAX(width, least_width), &least_height, NULL);
    return width < least_width || height < least_height;
}

/* What can be scrolled to is within reach above and below, if what scrolls it is. */
static bool
is_beyond(GtkWidget *widget, GtkWidget *window)
{
    GtkWidget *scrolled = NULL;
    int x = 0;
    int y = 0;

    for (GtkWidget *above = widget; above != NULL; above = gtk_widget_get_parent(above)) {
        scrolled = GTK_IS_SCROLLED_WINDOW(above) ? above : scrolled;
    }
    if (!gtk_widget_translate_coordinates(widget, window, 0, 0, &x, NULL) || x < 0 ||
        x + gtk_widget_get_allocated_width(widget) > gtk_widget_get_allocated_width(window)) {
        return true;
    }
    scrolled = scrolled != NULL ? scrolled : widget;
    return !gtk_widget_translate_coordinates(scrolled, window, 0, 0, NULL, &y) || y < 0 ||
           y + gtk_widget_get_allocated_height(scrolled) > gtk_widget_get_allocated_height(window);
}

/* ---- contrast ---- */

static bool
translate(GtkWidget *widget, GtkWidget *window, GdkRectangle *area)
{
    area->width = gtk_widget_get_allocated_width(widget);
    area->height = gtk_widget_get_allocated_height(widget);
    return gtk_widget_translate_coordinates(widget, window, 0, 0, &area->x, &area->y);
}

/* Which part of the window shows the widget; false: none does. */
static bool
find_shown(GtkWidget *widget, GtkWidget *window, GdkRectangle *shown)
{
    if (!translate(widget, window, shown)) {
        return false;
    }
    for (GtkWidget *above = gtk_widget_get_parent(widget); above != NULL;
         above = gtk_widget_get_parent(above)) {
        GdkRectangle area;

        if (translate(above, window, &area) && !gdk_rectangle_intersect(shown, &area, shown)) {
            return false;
        }
    }
    return true;
}

static gboolean
is_more(gpointer key, gpointer value, gpointer data)
{
    guint *most = data; /* colour, number of pixels */

    if (GPOINTER_TO_UINT(value) > most[1]) {
        most[0] = GPOINTER_TO_UINT(key);
        most[1] = GPOINTER_TO_UINT(value);
    }
    return FALSE;
}

static guint32
get_pixel(cairo_surface_t *picture, int x, int y)
{
    const unsigned char *pixels = cairo_image_surface_get_data(picture);
    const int stride = cairo_image_surface_get_stride(picture);
    const guint32 *row = (const void *) (pixels + (gsize) y * (gsize) stride);

    return row[x] & 0xffffff;
}

/* The colour that most of an area has: what stands behind the letters. Nearly equal ones count as
 * one: a ground may pass from one colour to another, letters do not. */
static GdkRGBA
find_ground(cairo_surface_t *picture, const GdkRectangle *area)
{
    g_autoptr(GHashTable) counts = g_hash_table_new(NULL, NULL);
    const guint32 nearly = 0xf0f0f0;
    guint most[2] = { 0 };
    double sum[3] = { 0 };

    for (int i = 0; i < area->width * area->height; i++) {
        const guint32 pixel =
            get_pixel(picture, area->x + i % area->width, area->y + i / area->width);
        gpointer colour = GUINT_TO_POINTER(pixel & nearly);
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(counts, colour));

        g_hash_table_insert(counts, colour, GUINT_TO_POINTER(n + 1));
    }
    g_hash_table_find(counts, is_more, most);
    for (int i = 0; i < area->width * area->height; i++) {
        const guint32 pixel =
            get_pixel(picture, area->x + i % area->width, area->y + i / area->width);

        for (unsigned part = 0; (pixel & nearly) == most[0] && part < 3; part++) {
            sum[part] += (pixel >> (16 - 8 * part) & 0xff) / 255.0;
        }
    }
    return (GdkRGBA){
        .red = sum[0] / most[1], .green = sum[1] / most[1], .blue = sum[2] / most[1], .alpha = 1
    };
}

/* The colour of the letters as it shows, with what makes them fainter. */
static GdkRGBA
find_ink(GtkWidget *widget, const GdkRGBA *ground)
{
    GtkStyleContext *style = gtk_widget_get_style_context(widget);
    GdkRGBA ink = { 0 };

    gtk_style_context_get_color(style, gtk_style_context_get_state(style), &ink);
    for (GtkWidget *above = widget; above != NULL; above = gtk_widget_get_parent(above)) {
        double opacity = 1;

        style = gtk_widget_get_style_context(above);
        gtk_style_context_get(style, gtk_style_context_get_state(style), "opacity", &opacity, NULL);
        ink.alpha *= opacity * gtk_widget_get_opacity(above);
    }
    ink.red = ink.red * ink.alpha + ground->red * (1 - ink.alpha);
    ink.green = ink.green * ink.alpha + ground->green * (1 - ink.alpha);
    ink.blue = ink.blue * ink.alpha + ground->blue * (1 - ink.alpha);
    return ink;
}

static double
linear(double value)
{
    return value <= 0.03928 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double
luminance(const GdkRGBA *colour)
{
    return 0.2126 * linear(colour->red) + 0.7152 * linear(colour->green) +
           0.0722 * linear(colour->blue);
}

static double
contrast(const GdkRGBA *a, const GdkRGBA *b)
{
    const double first = luminance(a);
    const double second = luminance(b);

    return (MAX(first, second) + 0.05) / (MIN(first, second) + 0.05);
}

/* WCAG: what cannot be used now needs no contrast; what only tells something needs it then too. */
static bool
has_to_be_read(GtkWidget *widget)
{
    return gtk_widget_is_sensitive(widget) ||
           (gtk_widget_get_ancestor(widget, GTK_TYPE_BUTTON) == NULL &&
            gtk_widget_get_ancestor(widget, GTK_TYPE_MENU_ITEM) == NULL && !GTK_IS_ENTRY(widget));
}

static void
look_at_contrast(Report *report, GtkWidget *widget)
{
    const GdkRectangle all = { .width = cairo_image_surface_get_width(report->picture),
                               .height = cairo_image_surface_get_height(report->picture) };
    GdkRectangle shown = { 0 };
    GdkRGBA ground;
    GdkRGBA ink;

    if (!has_to_be_read(widget) || !find_shown(widget, report->window, &shown) ||
        !gdk_rectangle_intersect(&shown, &all, &shown) ||
        shown.height < MIN(LEAST_HEIGHT, gtk_widget_get_allocated_height(widget))) {
        return; /* or hardly shown: what is seen of it then is its edge */
    }
    ground = find_ground(report->picture, &shown);
    ink = find_ink(widget, &ground);
    if (contrast(&ink, &ground) < LEAST_CONTRAST) {
        g_autofree char *what = g_strdup_printf("contrast %.2f", contrast(&ink, &ground));

        add(report, what, widget);
    }
}

/* The row that is chosen has colours of its own. */
static void
look_at_choice(Report *report, GtkWidget *view)
{
    GtkStyleContext *style = gtk_widget_get_style_context(view);
    g_autoptr(GdkRGBA) ground = NULL;
    GdkRGBA ink = { 0 };

    gtk_style_context_save(style);
    gtk_style_context_set_state(style, GTK_STATE_FLAG_SELECTED | GTK_STATE_FLAG_FOCUSED);
    gtk_style_context_get(style, gtk_style_context_get_state(style), "background-color", &ground,
                          NULL);
    gtk_style_context_get_color(style, gtk_style_context_get_state(style), &ink);
    gtk_style_context_restore(style);
    if (contrast(&ink, ground) < LEAST_CONTRAST) {
        g_autofree char *what = g_strdup_printf("contrast %.2f, chosen", contrast(&ink, ground));

        add(report, what, view);
    }
}

static void
note_complaint(const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
    bool *complained = data;

    (void) domain;
    (void) level;
    (void) message;
    *complained = true;
}

/* The picture of a window; NULL: it is being laid out, which GTK says when it is drawn
 * nevertheless. */
static cairo_surface_t *
draw(GtkWidget *window)
{
    bool complained = false;
    guint handler = g_log_set_handler("Gtk", G_LOG_LEVEL_CRITICAL, note_complaint, &complained);
    cairo_surface_t *picture =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, gtk_widget_get_allocated_width(window),
                                   gtk_widget_get_allocated_height(window));
    cairo_t *cr = cairo_create(picture);

    gtk_widget_draw(window, cr);
    cairo_destroy(cr);
    g_log_remove_handler("Gtk", handler);
    cairo_surface_flush(picture);
    if (complained) {
        g_clear_pointer(&picture, cairo_surface_destroy);
    }
    return picture;
}

/* ---- all of it ---- */

static void
look(GtkWidget *widget, gpointer data)
{
    Report *report = data;

    if (!gtk_widget_get_mapped(widget)) {
        return;
    }
    if (GTK_IS_LABEL(widget) && *gtk_label_get_text(GTK_LABEL(widget)) != '\0') {
        if (pango_layout_is_ellipsized(gtk_label_get_layout(GTK_LABEL(widget)))) {
            add(report, "shortened", widget);
        }
        if (is_short_of_room(widget)) {
            add(report, "cut off", widget);
        }
        if (is_beyond(widget, report->window)) {
            add(report, "outside", widget);
        }
        look_at_contrast(report, widget);
    } else if (GTK_IS_ENTRY(widget) || GTK_IS_TEXT_VIEW(widget) || GTK_IS_TREE_VIEW(widget)) {
        look_at_contrast(report, widget);
    }
    if (GTK_IS_TREE_VIEW(widget)) {
        look_at_choice(report, widget);
    }
    if (GTK_IS_CONTAINER(widget)) {
        gtk_container_forall(GTK_CONTAINER(widget), look, report);
    }
}

static gboolean
write_report(gpointer data)
{
    const char *path = g_getenv("LAYOUT_REPORT");
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GList) windows = gtk_window_list_toplevels();

    (void) data;
    for (GList *item = windows; item != NULL; item = item->next) {
        Report report = { .text = text, .window = item->data };

        if (gtk_widget_get_mapped(report.window)) {
            report.picture = draw(report.window);
            if (report.picture != NULL) {
                look(report.window, &report);
            } else {
                add(&report, "not laid out yet", report.window);
            }
            g_clear_pointer(&report.picture, cairo_surface_destroy);
        }
    }
    g_string_append(text, "end\n");
    if (path != NULL) {
        g_file_set_contents(path, text->str, (gssize) text->len, NULL);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- gaps ---- */

#define TICK_MS 5

static gint64 expected_us;
static gint64 worst_us;

static gboolean
tick(gpointer data)
{
    const gint64 now_us = g_get_monotonic_time();

    (void) data;
    worst_us = MAX(worst_us, now_us - expected_us);
    expected_us = now_us + TICK_MS * 1000;
    return G_SOURCE_CONTINUE;
}

static gboolean
write_gap(gpointer data)
{
    const char *path = g_getenv("GAP_REPORT");
    g_autofree char *text = g_strdup_printf("%d\n", (int) (worst_us / 1000));

    (void) data;
    if (path != NULL) {
        g_file_set_contents(path, text, -1, NULL);
    }
    return G_SOURCE_CONTINUE;
}

void
gtk_module_init(gint *argc, gchar ***argv)
{
    (void) argc;
    (void) argv;
    g_unix_signal_add(SIGUSR1, write_report, NULL);
    g_unix_signal_add(SIGUSR2, write_gap, NULL);
    if (g_getenv("GAP_REPORT") != NULL) {
        expected_us = g_get_monotonic_time() + TICK_MS * 1000;
        g_timeout_add_full(G_PRIORITY_DEFAULT, TICK_MS, tick, NULL, NULL);
    }
}

char *
bindtextdomain(const char *domain, const char *directory)
{
    char *(*real)(const char *, const char *) = NULL;
    const char *locale = getenv("LAYOUT_LOCALE");

    *(void **) &real = dlsym(RTLD_NEXT, "bindtextdomain");
    return real(domain, locale != NULL && g_strcmp0(domain, "opentke") == 0 ? locale : directory);
}
