/*
 * What changes in a window by itself is told to people with a screen reader, wherever their focus
 * is: the box that holds it is a notification (ATK), its name is what it says, and screen readers
 * read it out when it says so that it shows.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

/* A label in the box whose text belongs to what is told, in the order of the calls; starts: a
 * change of it is told. */
void tke_ui_announce_add(GtkWidget *box, GtkWidget *label, bool starts);

/* Tells it now: what its labels say. */
void tke_ui_announce_now(GtkWidget *box);
