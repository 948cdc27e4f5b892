/*
 * Asks who holds a card of the planned set, and where it is kept.
 */
#pragma once

#include <gtk/gtk.h>

#include "libceremony/card-plan.h"

/* Which card, and what was entered; borrowed. */
typedef void (*ScupHolderDone)(const TkePlanCard *place, const char *holder, const char *stored,
                               gpointer data);

/* done is called if somebody saves it; the parent outlives the dialog. place is only read during
 * the call. */
void scup_holder_dialog_show(GtkWindow *parent, const TkePlanCard *place, ScupHolderDone done,
                             gpointer data);
