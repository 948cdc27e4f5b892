/*
 * Box of cards and table of the virtual desk.
 */
#include "simulator/desk-place.h"

#define LOW_WINDOW 640
#define LOWEST_WINDOW 480 /* with one row of cards there is room for a keypad */
#define TWO_ROWS 182      /* of cards */
#define ONE_ROW 96
#define FOCUS_KEY "sim-desk-focus"
#define ENTRY_KEY "sim-desk-entry" /* the one that was scrolled to */

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

/* In one scrolled window; where there is no room for all of the widget, to its end: the pad. */
static void
reveal_in(GtkViewport *viewport, GtkWidget *widget)
{
    GtkAdjustment *adjustment = gtk_scrollable_get_vadjustment(GTK_SCROLLABLE(viewport));
    GtkWidget *content = gtk_bin_get_child(GTK_BIN(viewport));
    int y = 0;

    if (gtk_widget_translate_coordinates(widget, content, 0, 0, NULL, &y)) {
        const double end = y + gtk_widget_get_allocated_height(widget);

        gtk_adjustment_clamp_page(adjustment,
                                  MAX(y, end - gtk_adjustment_get_page_size(adjustment)), end);
    }
}

static void
reveal(GtkWidget *widget)
{
    for (GtkWidget *above = widget; above != NULL; above = gtk_widget_get_parent(above)) {
        if (GTK_IS_VIEWPORT(above)) {
            reveal_in(GTK_VIEWPORT(above), widget);
        }
    }
}

void
sim_desk_place_reveal_entry(GtkWidget *view, unsigned reader, uint32_t entry)
{
    GObject *window = G_OBJECT(gtk_widget_get_toplevel(view));
    g_autofree char *now = g_strdup_printf("%u:%u", reader, entry);

    if (g_strcmp0(g_object_get_data(window, ENTRY_KEY), now) != 0) {
        g_object_set_data_full(window, ENTRY_KEY, g_steal_pointer(&now), g_free);
        reveal(view);
    }
}

static void
set_scrolling(GtkScrolledWindow *scrolled, bool scrolls)
{
    gtk_scrolled_window_set_policy(scrolled, GTK_POLICY_NEVER,
                                   scrolls ? GTK_POLICY_AUTOMATIC : GTK_POLICY_NEVER);
}

void
sim_desk_place_fit(GtkScrolledWindow *box, GtkScrolledWindow *table, int window_height)
{
    GtkWidget *above = gtk_widget_get_parent(GTK_WIDGET(table));
    GtkWidget *whole = gtk_widget_get_ancestor(above, GTK_TYPE_SCROLLED_WINDOW);
    const int height = window_height < LOW_WINDOW ? ONE_ROW : TWO_ROWS;
    const bool lowest = window_height < LOWEST_WINDOW;

    if (gtk_scrolled_window_get_max_content_height(box) != height) {
        gtk_scrolled_window_set_max_content_height(box, height);
    }
    gtk_scrolled_window_set_min_content_height(box, lowest ? ONE_ROW : -1);
    set_scrolling(GTK_SCROLLED_WINDOW(whole), lowest);
    set_scrolling(table, !lowest);
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
