/*
 * ScupOtherCardView: cards that are blank, foreign or of another version.
 */
#pragma once

#include <gtk/gtk.h>

#include "libsmartcard/card-identity.h"

#define SCUP_TYPE_OTHER_CARD_VIEW (scup_other_card_view_get_type())
G_DECLARE_FINAL_TYPE(ScupOtherCardView, scup_other_card_view, SCUP, OTHER_CARD_VIEW, GtkBox)

GtkWidget *scup_other_card_view_new(void);

/* status is only read during the call. */
void scup_other_card_view_set(ScupOtherCardView *view, const TkeCardStatus *status);
