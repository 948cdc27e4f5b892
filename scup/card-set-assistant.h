/*
 * ScupCardSetAssistant: which cards a zone needs, which are made, and what comes next (F-043).
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "gtk-common/page-window.h"
#include "scup/cards.h"

#define SCUP_TYPE_CARD_SET_ASSISTANT (scup_card_set_assistant_get_type())
G_DECLARE_FINAL_TYPE(ScupCardSetAssistant, scup_card_set_assistant, SCUP, CARD_SET_ASSISTANT,
                     TkeUiPageWindow)

/* It follows the cards: one that is inserted ticks itself off. */
void scup_card_set_assistant_show(GtkWindow *parent, TkeUiRunner *runner, ScupCards *cards,
                                  bool rehearsal);
