/*
 * ScupEp11CardView: an EP11 card, its key and its key parts.
 */
#pragma once

#include <gtk/gtk.h>

#include "libceremony/op-card.h"

#define SCUP_TYPE_EP11_CARD_VIEW (scup_ep11_card_view_get_type())
G_DECLARE_FINAL_TYPE(ScupEp11CardView, scup_ep11_card_view, SCUP, EP11_CARD_VIEW, GtkBox)

GtkWidget *scup_ep11_card_view_new(void);

/* info is only read during the call; zone (may be NULL): of the CA card in the other reader. */
void scup_ep11_card_view_set(ScupEp11CardView *view, const TkeCardInfo *info, const uint8_t *zone);
