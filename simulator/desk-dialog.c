/*
 * What the dialogs of the virtual desk share.
 */
#include "simulator/desk-dialog.h"

#include <glib/gi18n-lib.h>

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

/* In title and banner, as in every window. */
static void
mark_as_rehearsal(GtkWindow *dialog)
{
    GtkWidget *box = gtk_dialog_get_content_area(GTK_DIALOG(dialog));
    GtkWidget *banner = gtk_label_new(_("REHEARSAL: virtual readers and cards"));
    g_autofree char *title = g_strdup_printf(_("%s — REHEARSAL"), gtk_window_get_title(dialog));

    gtk_window_set_title(dialog, title);
    gtk_style_context_add_class(gtk_widget_get_style_context(banner), "desk-banner");
    gtk_container_add(GTK_CONTAINER(box), banner);
    gtk_box_reorder_child(GTK_BOX(box), banner, 0);
    gtk_widget_show(banner);
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
    mark_as_rehearsal(dialog);
    name_fields(builder);
    return builder;
}
