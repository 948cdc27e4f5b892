/*
 * ScupReaderPane: one reader and what is in it.
 */
#pragma once

#include <gtk/gtk.h>

#include "scup/cards.h"

#define SCUP_TYPE_READER_PANE (scup_reader_pane_get_type())
G_DECLARE_FINAL_TYPE(ScupReaderPane, scup_reader_pane, SCUP, READER_PANE, GtkBox)

/* reader: 1 or 2. It follows the cards by itself. */
GtkWidget *scup_reader_pane_new(ScupCards *cards, unsigned reader);
