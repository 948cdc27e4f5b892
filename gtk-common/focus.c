/*
 * The focus of a window, where its control goes.
 */
#include "gtk-common/focus.h"

#include <stdbool.h>

typedef struct Keeper {
    GtkWindow *window;
    /* GtkWidget: what the control with the focus stands in, the nearest first */
    GPtrArray *around;
    GdkRectangle place; /* of that control, in the window */
    guint source;
} Keeper;

/* Where a widget is in the window; false: nowhere yet. */
static bool
find_place(GtkWidget *widget, GtkWindow *window, GdkRectangle *place)
{
    place->width = gtk_widget_get_allocated_width(widget);
    place->height = gtk_widget_get_allocated_height(widget);
    return place->width > 1 &&
           gtk_widget_translate_coordinates(widget, GTK_WIDGET(window), 0, 0, &place->x, &place->y);
}

static void
add_control(GtkWidget *widget, gpointer data)
{
    GPtrArray *controls = data;
    const guint before = controls->len;

    if (!gtk_widget_get_mapped(widget) || !gtk_widget_is_sensitive(widget) ||
        GTK_IS_MENU_SHELL(widget)) {
        return;
    }
    if (GTK_IS_CONTAINER(widget)) {
        gtk_container_foreach(GTK_CONTAINER(widget), add_control, controls);
    }
    if (controls->len == before && gtk_widget_get_can_focus(widget)) {
        /* as with Tab: what holds others only if none can have it */
        g_ptr_array_add(controls, widget);
    }
}

/* How far apart the middles are; what has just come has no place yet, and comes first. */
static double
distance(const Keeper *keeper, GtkWidget *widget)
{
    GdkRectangle place = { 0 };
    double x = 0;
    double y = 0;

    if (!find_place(widget, keeper->window, &place)) {
        return -1;
    }
    x = place.x + place.width / 2.0 - keeper->place.x - keeper->place.width / 2.0;
    y = place.y + place.height / 2.0 - keeper->place.y - keeper->place.height / 2.0;
    return x * x + y * y;
}

/* The nearest control in this widget; NULL: there is none. */
static GtkWidget *
find_nearest(const Keeper *keeper, GtkWidget *within)
{
    g_autoptr(GPtrArray) controls = g_ptr_array_new();
    GtkWidget *nearest = NULL;

    if (gtk_widget_get_toplevel(within) == GTK_WIDGET(keeper->window)) {
        add_control(within, controls);
    }
    for (guint i = 0; i < controls->len; i++) {
        if (nearest == NULL || distance(keeper, controls->pdata[i]) < distance(keeper, nearest)) {
            nearest = controls->pdata[i];
        }
    }
    return nearest;
}

static gboolean
on_lost(gpointer data)
{
    Keeper *keeper = data;
    GtkWidget *nearest = NULL;

    keeper->source = 0;
    if (gtk_window_get_focus(keeper->window) != NULL ||
        !gtk_widget_get_mapped(GTK_WIDGET(keeper->window))) {
        return G_SOURCE_REMOVE;
    }
    for (guint i = 0; nearest == NULL && i < keeper->around->len; i++) {
        nearest = find_nearest(keeper, keeper->around->pdata[i]);
    }
    if (nearest == NULL) {
        nearest = find_nearest(keeper, GTK_WIDGET(keeper->window));
    }
    if (nearest != NULL) {
        gtk_widget_grab_focus(nearest);
    }
    return G_SOURCE_REMOVE;
}

static void
on_set_focus(GtkWindow *window, GtkWidget *widget, gpointer data)
{
    Keeper *keeper = data;

    if (widget == NULL) {
        /* Later: more may be going away just now, and others be coming. */
        if (keeper->source == 0 && !gtk_widget_in_destruction(GTK_WIDGET(window))) {
            keeper->source = g_idle_add_full(G_PRIORITY_HIGH_IDLE, on_lost, keeper, NULL);
        }
        return;
    }
    g_ptr_array_set_size(keeper->around, 0);
    for (GtkWidget *parent = gtk_widget_get_parent(widget);
         parent != NULL && parent != GTK_WIDGET(window); parent = gtk_widget_get_parent(parent)) {
        g_ptr_array_add(keeper->around, g_object_ref(parent));
    }
    (void) find_place(widget, window, &keeper->place);
}

static void
keeper_free(gpointer data)
{
    Keeper *keeper = data;

    g_clear_handle_id(&keeper->source, g_source_remove);
    g_ptr_array_unref(keeper->around);
    g_free(keeper);
}

static void
on_destroy(GtkWidget *window, gpointer data)
{
    Keeper *keeper = data;

    g_signal_handlers_disconnect_by_data(window, keeper);
    g_object_set_data(G_OBJECT(window), "tke-focus", NULL); /* frees it */
}

void
tke_ui_focus_keep(GtkWindow *window)
{
    Keeper *keeper = g_new0(Keeper, 1);

    keeper->window = window;
    keeper->around = g_ptr_array_new_with_free_func(g_object_unref);
    g_object_set_data_full(G_OBJECT(window), "tke-focus", keeper, keeper_free);
    g_signal_connect(window, "set-focus", G_CALLBACK(on_set_focus), keeper);
    g_signal_connect(window, "destroy", G_CALLBACK(on_destroy), keeper);
}
