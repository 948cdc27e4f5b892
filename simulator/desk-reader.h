/*
 * SimDeskReaderView: a card reader with slot and PIN pad on the virtual desk.
 *
 * A click on the slot is the action desk.slot (number of the reader), a key of the pad desk.key
 * (number, key), a card that is dropped on it desk.put (label, number). The pad is lit, its keys
 * work, only while the reader asks.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "simulator/desk-model.h"

#define SIM_DESK_TYPE_READER_VIEW (sim_desk_reader_view_get_type())
G_DECLARE_FINAL_TYPE(SimDeskReaderView, sim_desk_reader_view, SIM_DESK, READER_VIEW, GtkBox)

GtkWidget *sim_desk_reader_view_new(unsigned number);

unsigned sim_desk_reader_view_get_number(const SimDeskReaderView *view);

/* What a reader view needs to know besides the world. */
typedef struct SimDeskHand {
    const char *card; /* label of the card in hand; NULL: none */
    unsigned typing;  /* the reader that the keyboard types on; 0: none */
    bool backs;       /* notes on the backs of cards are shown */
} SimDeskHand;

/* World and reader are borrowed until they are set again. */
void sim_desk_reader_view_set(SimDeskReaderView *view, const SimDeskWorld *world,
                              const SimDeskReader *reader, const SimDeskHand *hand);

/* Time passes: the countdown. */
void sim_desk_reader_view_tick(SimDeskReaderView *view);
