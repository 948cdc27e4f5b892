/*
 * Containers that are filled anew.
 */
#include "gtk-common/container.h"

static void
destroy_child(GtkWidget *child, gpointer data)
{
    (void) data;
    gtk_widget_destroy(child);
}

void
tke_ui_container_clear(GtkWidget *container)
{
    gtk_container_foreach(GTK_CONTAINER(container), destroy_child, NULL);
}
