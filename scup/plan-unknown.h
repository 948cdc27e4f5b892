/*
 * The planner where the inventory cannot be read: which cards are made is not known then, and
 * neither labels nor a record can be written.
 */
#pragma once

#include <gtk/gtk.h>

/* What the page says of it. The caller frees. */
char *scup_plan_unknown_text(const GError *error);

/* rows: what shows the cards. error NULL: it can be read, or is on its way. */
void scup_plan_unknown_show(GtkWidget *window, GtkWidget *rows, const GError *error);
