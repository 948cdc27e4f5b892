/*
 * SimDeskCardView: a card in the box of the virtual desk, a button that looks like a card. A click
 * is the action desk.card with the label as target; its state is the label of the card in hand,
 * which the button shows. The card can be dragged (SIM_DESK_DRAG_TARGET).
 */
#pragma once

#include <gtk/gtk.h>

#include "simulator/desk-draw.h"

/* What is dragged: the label of a card, as text, within this program. */
#define SIM_DESK_DRAG_TARGET "application/x-opentke-card"

#define SIM_DESK_TYPE_CARD_VIEW (sim_desk_card_view_get_type())
G_DECLARE_FINAL_TYPE(SimDeskCardView, sim_desk_card_view, SIM_DESK, CARD_VIEW, GtkToggleButton)

GtkWidget *sim_desk_card_view_new(void);

/* The card is borrowed until it is set again. */
void sim_desk_card_view_set(SimDeskCardView *view, const SimDeskCard *card, SimDeskSide side);

const char *sim_desk_card_view_get_label(const SimDeskCardView *view);

/*
 * Makes a widget a place to drop cards on: the action desk.put with the label and the reader's
 * number, 0 for the box.
 */
void sim_desk_card_drop_target(GtkWidget *widget, unsigned reader);

/* Makes a widget a source of drags of a card; card returns it, NULL while there is none. */
void sim_desk_card_drag_source(GtkWidget *widget, const SimDeskCard *(*card)(GtkWidget *widget));
