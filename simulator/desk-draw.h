/*
 * Pictures of the virtual desk, drawn with Cairo at any scale: flat, two tones, lines of 2 px; the
 * colours of a kind of card are those of the programs' pictures.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "simulator/desk-model.h"

#define SIM_DESK_CARD_WIDTH 126
#define SIM_DESK_CARD_HEIGHT 80

typedef enum {
    SIM_DESK_FRONT,
    SIM_DESK_BACK,     /* with the note */
    SIM_DESK_INSERTED, /* the chip's end is in a reader */
    SIM_DESK_GAP       /* where the card would lie */
} SimDeskSide;

/*
 * Draws a card with its upper left corner at 0, 0, SIM_DESK_CARD_WIDTH by SIM_DESK_CARD_HEIGHT.
 * The widget lends fonts, and for a gap its colour.
 */
void sim_desk_draw_card(GtkWidget *widget, cairo_t *cr, const SimDeskCard *card, SimDeskSide side);

/* An empty slot's outline of a card, of the same size, with an arrow that points down. */
void sim_desk_draw_outline(GtkWidget *widget, cairo_t *cr);

/* A picture for the pointer while the card is dragged; the caller destroys. */
cairo_surface_t *sim_desk_draw_surface(GtkWidget *widget, const SimDeskCard *card,
                                       SimDeskSide side);
