/*
 * Menus of the virtual desk: faults, and what can be done with a card.
 */
#pragma once

#include "simulator/desk-window.h"

/* The faults menu, made anew when the number of readers is another one. */
void sim_desk_menu_update(GtkMenuButton *button, const SimDeskWorld *world);

/* The menu of a card, at the pointer (event) or at the card (NULL). view: a SimDeskCardView. */
void sim_desk_menu_popup_card(SimDeskWindow *window, GtkWidget *view, const GdkEvent *event);
