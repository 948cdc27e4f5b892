/*
 * Small things done to containers.
 */
#pragma once

#include <gtk/gtk.h>

/* Destroys all children. */
void tke_ui_container_clear(GtkWidget *container);
