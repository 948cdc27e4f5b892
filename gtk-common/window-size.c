/*
 * Sizes of windows.
 */
#include "gtk-common/window-size.h"

#include <stdbool.h>

#include "common/log.h"
#include "common/safe-file.h"

#define LEAST 200    /* pixels: anything less is a mistake of the file */
#define TITLE_BAR 40 /* room that the desktop takes for it */

#define FILE_MAX 65536u

static GKeyFile *sizes;
static char *sizes_path;
static bool in_world; /* whose directory others make */
static bool changed;

static void *
load(void *unused)
{
    g_autoptr(GByteArray) text = tke_safe_file_read(sizes_path, FILE_MAX, NULL, NULL);

    if (text != NULL) {
        (void) g_key_file_load_from_data(sizes, (const char *) text->data, text->len,
                                         G_KEY_FILE_KEEP_COMMENTS, NULL);
    }
    return unused;
}

void
tke_ui_window_size_load(const char *world)
{
    in_world = world != NULL;
    sizes_path = in_world
                     ? g_build_filename(world, "windows.ini", NULL)
                     : g_build_filename(g_get_user_state_dir(), "opentke", "windows.ini", NULL);
    sizes = g_key_file_new();
    g_thread_join(g_thread_new("window-size", load, NULL));
}

static void *
save(void *unused)
{
    g_autofree char *dir = g_path_get_dirname(sizes_path);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gsize len = 0;

    text = g_key_file_to_data(sizes, &len, NULL);
    if (!(in_world ? tke_safe_file_check_dir(dir, &error) : tke_safe_file_make_dir(dir, &error)) ||
        !tke_safe_file_write(sizes_path, (const uint8_t *) text, len, &error)) {
        tke_log("windows", "%s", error->message);
    }
    return unused;
}

void
tke_ui_window_size_save(void)
{
    if (changed) {
        g_thread_join(g_thread_new("window-size", save, NULL));
    }
    g_clear_pointer(&sizes, g_key_file_unref);
    g_clear_pointer(&sizes_path, g_free);
}

static gboolean
on_configure(GtkWidget *widget, GdkEvent *event, gpointer data)
{
    const char *name = data;
    int width = 0;
    int height = 0;

    (void) event;
    if (sizes != NULL && !gtk_window_is_maximized(GTK_WINDOW(widget))) {
        gtk_window_get_size(GTK_WINDOW(widget), &width, &height);
        if (g_key_file_get_integer(sizes, name, "width", NULL) != width ||
            g_key_file_get_integer(sizes, name, "height", NULL) != height) {
            g_key_file_set_integer(sizes, name, "width", width);
            g_key_file_set_integer(sizes, name, "height", height);
            changed = true;
        }
    }
    return FALSE;
}

/* Never larger than what the monitor has free, also at 200 %. */
static void
set_size(GtkWindow *window, int width, int height)
{
    GdkDisplay *display = gtk_widget_get_display(GTK_WIDGET(window));
    GdkMonitor *monitor = gdk_display_get_primary_monitor(display);
    GdkRectangle area = { 0 };

    if (monitor == NULL) {
        monitor = gdk_display_get_monitor(display, 0);
    }
    if (monitor != NULL) {
        gdk_monitor_get_workarea(monitor, &area);
    }
    if (area.width >= LEAST && area.height >= LEAST) {
        width = MIN(width, area.width);
        height = MIN(height, area.height - TITLE_BAR);
    }
    gtk_window_set_default_size(window, width, height);
}

void
tke_ui_window_size_fit(GtkWindow *window)
{
    int width = 0;
    int height = 0;

    gtk_window_get_default_size(window, &width, &height);
    set_size(window, width, height);
}

void
tke_ui_window_size_follow(GtkWindow *window, const char *name)
{
    int width = sizes != NULL ? g_key_file_get_integer(sizes, name, "width", NULL) : 0;
    int height = sizes != NULL ? g_key_file_get_integer(sizes, name, "height", NULL) : 0;

    if (width < LEAST || height < LEAST) {
        gtk_window_get_default_size(window, &width, &height);
    }
    set_size(window, width, height);
    g_signal_connect(window, "configure-event", G_CALLBACK(on_configure), (gpointer) name);
}
