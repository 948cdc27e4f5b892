/*
 * Questions of the virtual desk: dialogs that end in an order to tke-sim. Each has a file of its
 * own.
 */
#pragma once

#include "simulator/desk-window.h"

/* What to write on a card. */
void sim_desk_dialog_note(SimDeskWindow *window, const char *label);

/* How a card is to misbehave; label "": the card that is in a reader, else the first. */
void sim_desk_dialog_card_fault(SimDeskWindow *window, const char *label);

/* How the crypto units are to misbehave. */
void sim_desk_dialog_unit_fault(SimDeskWindow *window);

/* A dialog's builder: the resource of this name, its object "dialog" transient for the window. */
GtkBuilder *sim_desk_dialog_build(SimDeskWindow *window, const char *name);
