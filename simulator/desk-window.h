/*
 * SimDeskWindow: the virtual desk, the window that shows a rehearsal's world (4.12).
 *
 * Its action group "desk" carries all behaviour: simulator/desk-actions.c tells the actions.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "simulator/desk-model.h"

#define SIM_DESK_TYPE_WINDOW (sim_desk_window_get_type())
G_DECLARE_FINAL_TYPE(SimDeskWindow, sim_desk_window, SIM_DESK, WINDOW, GtkApplicationWindow)

/*
 * only and start as for sim_desk_link_new. When another desk shows the world, the window is not
 * shown and the application quits.
 */
SimDeskWindow *sim_desk_window_new(GtkApplication *application, const char *directory, bool only,
                                   bool start);

/* Borrowed until control goes back to the main loop; NULL before anything was seen. */
const SimDeskWorld *sim_desk_window_get_world(const SimDeskWindow *window);

/* Orders for tke-sim; as the functions of desk-link.h. */
void sim_desk_window_send(SimDeskWindow *window, JsonObject *order);
void sim_desk_window_send_all(SimDeskWindow *window, GPtrArray *orders);
void sim_desk_window_start_world(SimDeskWindow *window);

/* The card in hand; NULL: none. */
const char *sim_desk_window_get_hand(const SimDeskWindow *window);
void sim_desk_window_set_hand(SimDeskWindow *window, const char *label);

/* Which sides of cards lie up: the backs of all, and those turned over one by one. */
void sim_desk_window_show_backs(SimDeskWindow *window, bool backs);
void sim_desk_window_turn(SimDeskWindow *window, const char *label);

/* A hint, or why something was not done; "" for nothing. */
void sim_desk_window_say(SimDeskWindow *window, const char *text, bool trouble);

/* Where a faults menu or a dialog gets the actions from: its own group. Borrowed. */
GSimpleActionGroup *sim_desk_window_get_actions(const SimDeskWindow *window);
