/*
 * Box of cards and table of the virtual desk.
 */
#include "simulator/desk-place.h"

#define LOW_WINDOW 640
#define TWO_ROWS 182 /* of cards */
#define ONE_ROW 96
#define FOCUS_KEY "sim-desk-focus"

GtkWidget *
sim_desk_place_content(GtkWidget *child)
{
    return gtk_bin_get_child(GTK_BIN(child));
}

void
sim_desk_place_add(GtkContainer *flow, GtkWidget *widget)
{
    GtkWidget *child = gtk_flow_box_child_new();

    gtk_widget_set_can_focus(child, FALSE);
    gtk_container_add(GTK_CONTAINER(child), widget);
    gtk_container_add(flow, child);
    gtk_widget_show(widget);
    gtk_widget_show(child);
}

void
sim_desk_place_follow_focus(GtkContainer *flow, GtkScrolledWindow *scrolled)
{
    gtk_container_set_focus_vadjustment(flow, gtk_scrolled_window_get_vadjustment(scrolled));
}

void
sim_desk_place_reveal(GtkScrolledWindow *scrolled, GtkWidget *widget)
{
    GtkWidget *flow = gtk_widget_get_ancestor(widget, GTK_TYPE_FLOW_BOX);
    GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment(scrolled);
    const int height = gtk_widget_get_allocated_height(widget);
    int y = 0;

    if (flow != NULL && gtk_widget_translate_coordinates(widget, flow, 0, 0, NULL, &y)) {
        const double end = y + height;

        /* Where there is no room for all of it, its end: the pad. */
        gtk_adjustment_clamp_page(adjustment,
                                  MAX(y, end - gtk_adjustment_get_page_size(adjustment)), end);
    }
}

void
sim_desk_place_fit_box(GtkScrolledWindow *box, int window_height)
{
    const int height = window_height < LOW_WINDOW ? ONE_ROW : TWO_ROWS;

    if (gtk_scrolled_window_get_max_content_height(box) != height) {
        gtk_scrolled_window_set_max_content_height(box, height);
    }
}

/* To where the focus was; to the first control if that is gone. */
static void
bring_focus_back(GtkWindow *window, GtkWidget *before)
{
    if (before != NULL && gtk_widget_get_toplevel(before) == GTK_WIDGET(window) &&
        gtk_widget_is_sensitive(before)) {
        gtk_widget_grab_focus(before);
    } else {
        gtk_widget_child_focus(GTK_WIDGET(window), GTK_DIR_TAB_FORWARD);
    }
}

void
sim_desk_place_set_usable(GtkWidget *table, bool usable, GtkWidget *start, bool can_start)
{
    GtkWindow *window = GTK_WINDOW(gtk_widget_get_toplevel(table));
    GtkWidget *focus = gtk_window_get_focus(window);

    if (!usable && focus != NULL && focus != start) {
        g_object_set_data_full(G_OBJECT(window), FOCUS_KEY, g_object_ref(focus), g_object_unref);
    }
    gtk_widget_set_sensitive(table, usable);
    gtk_widget_set_sensitive(start, can_start);
    if (can_start && gtk_window_get_focus(window) == NULL &&
        g_object_get_data(G_OBJECT(window), FOCUS_KEY) != NULL) {
        gtk_widget_grab_focus(start);
    }
    if (usable && (focus == start || focus == NULL)) {
        GtkWidget *before = g_object_get_data(G_OBJECT(window), FOCUS_KEY);

        if (focus == start || before != NULL) {
            bring_focus_back(window, before);
        }
    }
    if (usable) {
        g_object_set_data(G_OBJECT(window), FOCUS_KEY, NULL);
    }
}
