/*
 * The two places of the virtual desk where things lie, the box of cards and the table with the
 * readers: flow boxes in scrolled windows, so that a small window still has everything.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

/* Adds a widget, in a child of its own that the focus passes by. */
void sim_desk_place_add(GtkContainer *flow, GtkWidget *widget);

/* The widget that was added, of a child of the flow box. */
GtkWidget *sim_desk_place_content(GtkWidget *child);

/* What has the focus is scrolled into view. */
void sim_desk_place_follow_focus(GtkContainer *flow, GtkScrolledWindow *scrolled);

/* Scrolls to a reader, as far as it is not in view, once for each entry that its pad asks for. */
void sim_desk_place_reveal_entry(GtkWidget *view, unsigned reader, uint32_t entry);

/*
 * The box of cards takes less of a window that is low. In one so low that box and keypad do not fit
 * in, both are scrolled as a whole, so that a keypad can be seen from its display to its last key.
 */
void sim_desk_place_fit(GtkScrolledWindow *box, GtkScrolledWindow *table, int window_height);

/*
 * Whether table and start button can be used. The focus is never lost: from what cannot it goes to
 * the button, and comes back when the table can be used again.
 */
void sim_desk_place_set_usable(GtkWidget *table, bool usable, GtkWidget *start, bool can_start);
