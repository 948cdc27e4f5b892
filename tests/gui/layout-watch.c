/*
 * A module that tests load into programs with windows (GTK_MODULES): on SIGUSR1 it writes to the file LAYOUT_REPORT
 * which texts of the windows shown are cut off, and which of them stand outside their window at the side. One line
 * each: what is wrong, a tab, the name of the widget for a screen reader, a tab, the text. The last line is "end".
 *
 * On SIGUSR2 it writes to GAP_REPORT how late, in ms, a timer of 5 ms of the main loop came at worst since it was loaded.
 *
 * Preloaded as well (LD_PRELOAD), it has translations looked for in LAYOUT_LOCALE instead of where they would be
 * installed. It is built without sanitizers: it comes before theirs.
 */
#include <dlfcn.h>
#include <glib-unix.h>
#include <gtk/gtk.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

G_MODULE_EXPORT void gtk_module_init(gint *argc, gchar ***argv);
G_MODULE_EXPORT char *bindtextdomain(const char *domain, const char *directory);

typedef struct Report {
    GString *text;
    GtkWidget *window;
} Report;

static void
add(Report *report, const char *what, GtkLabel *label)
{
    const char *name = atk_object_get_name(gtk_widget_get_accessible(GTK_WIDGET(label)));
    g_autofree char *text = g_strdup(gtk_label_get_text(label));

    g_string_append_printf(report->text, "%s\t%s\t%s\n", what, name == NULL ? "" : name,
                           g_strdelimit(text, "\n\t", ' '));
}

static bool
is_short_of_room(GtkWidget *widget)
{
    /* What is wanted includes the margins, what is given does not. */
    const int width = gtk_widget_get_allocated_width(widget) + gtk_widget_get_margin_start(widget) +
                      gtk_widget_get_margin_end(widget);
    const int height = gtk_widget_get_allocated_height(widget) +
                       gtk_widget_get_margin_top(widget) + gtk_widget_get_margin_bottom(widget);
    int least_width = 0;
    int least_height = 0;

    gtk_widget_get_preferred_width(widget, &least_width, NULL);
    gtk_widget_get_preferred_height_for_width(widget, MAX(width, least_width), &least_height, NULL);
    return width < least_width || height < least_height;
}

static bool
is_beyond(GtkWidget *widget, GtkWidget *window)
{
    int x = 0;

    return gtk_widget_translate_coordinates(widget, window, 0, 0, &x, NULL) &&
           (x < 0 || x + gtk_widget_get_allocated_width(widget) >
                         gtk_widget_get_allocated_width(window));
}

static void
look(GtkWidget *widget, gpointer data)
{
    Report *report = data;

    if (!gtk_widget_get_mapped(widget)) {
        return;
    }
    if (GTK_IS_LABEL(widget) && *gtk_label_get_text(GTK_LABEL(widget)) != '\0') {
        GtkLabel *label = GTK_LABEL(widget);

        if (pango_layout_is_ellipsized(gtk_label_get_layout(label))) {
            add(report, "shortened", label);
        }
        if (is_short_of_room(widget)) {
            add(report, "cut off", label);
        }
        if (is_beyond(widget, report->window)) {
            add(report, "outside", label);
        }
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

        look(item->data, &report);
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
