/*
 * What the dialogs of the virtual desk share.
 */
#include "simulator/desk-dialog.h"

/* Fields are named by their labels, for screen readers too. */
static void
name_fields(GtkBuilder *builder)
{
    g_autoptr(GSList) objects = gtk_builder_get_objects(builder);

    for (GSList *item = objects; item != NULL; item = item->next) {
        GtkWidget *field =
            GTK_IS_LABEL(item->data) ? gtk_label_get_mnemonic_widget(item->data) : NULL;

        if (field != NULL) {
            atk_object_set_name(gtk_widget_get_accessible(field), gtk_label_get_text(item->data));
        }
    }
}

GtkBuilder *
sim_desk_dialog_build(SimDeskWindow *window, const char *name)
{
    g_autofree char *path = g_strdup_printf("/opentke/desk/%s.ui", name);
    GtkBuilder *builder = gtk_builder_new();
    GtkWindow *dialog = NULL;

    gtk_builder_add_from_resource(builder, path, NULL);
    dialog = GTK_WINDOW(gtk_builder_get_object(builder, "dialog"));
    gtk_window_set_transient_for(dialog, GTK_WINDOW(window));
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_OK);
    name_fields(builder);
    return builder;
}
