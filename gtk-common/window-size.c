/*
 * Sizes of windows.
 */
#include "gtk-common/window-size.h"

#include <stdbool.h>

#include "common/log.h"
#include "common/safe-file.h"
#include "gtk-common/window-size-file.h"

#define LEAST 200        /* pixels: anything less is no room */
#define LEAST_CONTENT 60 /* of a dialog that scrolls */
#define TITLE_BAR 40     /* room that the desktop takes for it */

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
        tke_ui_window_size_file_take(sizes, text->data, text->len);
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
        changed = tke_ui_window_size_file_note(sizes, name, width, height) || changed;
    }
    return FALSE;
}

/* What the monitor has free for a window, also at 200 %; beyond measure where it does not tell. */
static GdkRectangle
get_room(GtkWidget *window)
{
    GdkDisplay *display = gtk_widget_get_display(window);
    GdkMonitor *monitor = gdk_display_get_primary_monitor(display);
    GdkRectangle area = { 0 };

    if (monitor == NULL) {
        monitor = gdk_display_get_monitor(display, 0);
    }
    if (monitor != NULL) {
        gdk_monitor_get_workarea(monitor, &area);
    }
    if (area.width < LEAST || area.height < LEAST) {
        return (GdkRectangle){ .width = G_MAXINT, .height = G_MAXINT };
    }
    area.height -= TITLE_BAR;
    return area;
}

/* Never larger than what there is room for. */
static void
set_size(GtkWindow *window, int width, int height)
{
    const GdkRectangle room = get_room(GTK_WIDGET(window));

    gtk_window_set_default_size(window, MIN(width, room.width), MIN(height, room.height));
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
    int width = 0;
    int height = 0;

    if (sizes == NULL || !tke_ui_window_size_file_find(sizes, name, &width, &height)) {
        gtk_window_get_default_size(window, &width, &height);
    }
    set_size(window, width, height);
    g_signal_connect(window, "configure-event", G_CALLBACK(on_configure), (gpointer) name);
}

/* ---- dialogs that others make ---- */

/*
 * What stands above the buttons goes into a scrolled window, which takes their place and is so much
 * lower than they are; a dialog that cannot be resized is as high as it wants.
 */
static void
let_scroll(GtkDialog *dialog, int too_much)
{
    GtkWidget *area = gtk_dialog_get_content_area(dialog);
    GtkWidget *scrolled = gtk_scrolled_window_new(NULL, NULL);
    GtkWidget *content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    g_autoptr(GList) children = gtk_container_get_children(GTK_CONTAINER(area));
    GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(dialog));
    int height = 0;

    for (GList *item = children; item != NULL; item = item->next) {
        gboolean expand = FALSE;
        gboolean fill = FALSE;
        guint padding = 0;
        GtkPackType pack = GTK_PACK_START;

        gtk_box_query_child_packing(GTK_BOX(area), item->data, &expand, &fill, &padding, &pack);
        if (pack == GTK_PACK_START && !GTK_IS_LABEL(item->data)) { /* a banner stays above */
            g_object_ref(item->data);
            gtk_container_remove(GTK_CONTAINER(area), item->data);
            gtk_box_pack_start(GTK_BOX(content), item->data, expand, fill, padding);
            g_object_unref(item->data);
        }
    }
    gtk_widget_show(content);
    gtk_widget_get_preferred_height(content, &height, NULL);
    gtk_scrolled_window_set_propagate_natural_width(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scrolled),
                                               MAX(LEAST_CONTENT, height - too_much));
    gtk_container_add(GTK_CONTAINER(scrolled), content);
    gtk_box_pack_start(GTK_BOX(area), scrolled, TRUE, TRUE, 0);
    gtk_widget_show(scrolled);
    if (focus != NULL) {
        gtk_widget_grab_focus(focus);
    }
}

/* It was placed for the size that it wanted. */
static void
make_smaller(GtkWindow *dialog, const GdkRectangle *room)
{
    int width = 0;
    int height = 0;
    int x = 0;
    int y = 0;

    gtk_window_get_size(dialog, &width, &height);
    if (width > room->width || height > room->height) {
        gtk_window_get_position(dialog, &x, &y);
        gtk_window_resize(dialog, MIN(width, room->width), MIN(height, room->height));
        gtk_window_move(dialog, width > room->width ? room->x : x,
                        height > room->height ? room->y : y);
    }
}

static gboolean
on_show(GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer data)
{
    GObject *shown = g_value_get_object(&values[0]);

    (void) hint;
    (void) n_values;
    (void) data;
    if (GTK_IS_DIALOG(shown)) {
        const GdkRectangle room = get_room(GTK_WIDGET(shown));
        GtkRequisition least = { 0 };

        gtk_widget_get_preferred_size(GTK_WIDGET(shown), &least, NULL);
        if (least.width > room.width || least.height - TITLE_BAR > room.height) {
            let_scroll(GTK_DIALOG(shown), MAX(0, least.height - room.height));
        }
        make_smaller(GTK_WINDOW(shown), &room);
    }
    return TRUE; /* stays for the next one */
}

void
tke_ui_window_size_fit_dialogs(void)
{
    g_signal_add_emission_hook(g_signal_lookup("show", GTK_TYPE_WIDGET), 0, on_show, NULL, NULL);
}
