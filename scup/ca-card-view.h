/*
 * ScupCaCardView: a CA card as it lies in a reader.
 */
#pragma once

#include <gtk/gtk.h>

#include "libsmartcard/card-identity.h"

#define SCUP_TYPE_CA_CARD_VIEW (scup_ca_card_view_get_type())
G_DECLARE_FINAL_TYPE(ScupCaCardView, scup_ca_card_view, SCUP, CA_CARD_VIEW, GtkBox)

GtkWidget *scup_ca_card_view_new(void);

/* status is only read during the call. */
void scup_ca_card_view_set(ScupCaCardView *view, const TkeCardStatus *status);
