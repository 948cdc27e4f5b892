/*
 * A small button beside an identifier (look.md: selectable, with a copy button).
 */
#include "gtk-common/copy-button.h"

#include <glib/gi18n.h>

#include "gtk-common/announce.h"
#include "gtk-common/identifiers.h"

#define SHOWN_MS 2000

typedef struct Copy {
    GtkLabel *label; /* of the identifier, in the same box */
    GtkWidget *popover;
    guint source;
} Copy;

static void
copy_free(gpointer data, GClosure *closure)
{
    Copy *copy = data;

    (void) closure;
    g_clear_handle_id(&copy->source, g_source_remove);
    g_free(copy);
}

static gboolean
on_seen(gpointer data)
{
    Copy *copy = data;

    copy->source = 0;
    gtk_popover_popdown(GTK_POPOVER(copy->popover));
    return G_SOURCE_REMOVE;
}

/* Says so, and leaves the focus where it is. */
static GtkWidget *
make_popover(GtkWidget *button)
{
    GtkWidget *popover = gtk_popover_new(button);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    GtkWidget *label = gtk_label_new(_("Copied"));

    gtk_popover_set_modal(GTK_POPOVER(popover), FALSE);
    gtk_container_set_border_width(GTK_CONTAINER(box), 6);
    gtk_container_add(GTK_CONTAINER(box), label);
    gtk_container_add(GTK_CONTAINER(popover), box);
    gtk_widget_show_all(box);
    tke_ui_announce_add(box, label, false);
    return popover;
}

static void
on_clicked(GtkWidget *button, gpointer data)
{
    Copy *copy = data;
    g_autofree char *identifier = tke_ui_identifiers_find(gtk_label_get_text(copy->label));

    if (identifier == NULL) {
        return;
    }
    gtk_clipboard_set_text(gtk_widget_get_clipboard(button, GDK_SELECTION_CLIPBOARD), identifier,
                           -1);
    if (copy->popover == NULL) {
        copy->popover = make_popover(button);
    }
    gtk_popover_popup(GTK_POPOVER(copy->popover));
    tke_ui_announce_now(gtk_bin_get_child(GTK_BIN(copy->popover)));
    g_clear_handle_id(&copy->source, g_source_remove);
    copy->source = g_timeout_add(SHOWN_MS, on_seen, copy);
}

static void
on_text(GtkLabel *label, GParamSpec *pspec, gpointer button)
{
    g_autofree char *identifier = tke_ui_identifiers_find(gtk_label_get_text(label));

    (void) pspec;
    gtk_widget_set_visible(button, identifier != NULL);
}

static GtkWidget *
make_button(GtkWidget *label, const char *what)
{
    GtkWidget *button = gtk_button_new_from_icon_name("edit-copy-symbolic", GTK_ICON_SIZE_BUTTON);
    g_autofree char *name = g_strdup_printf(_("Copy: %s"), what);
    Copy *copy = g_new0(Copy, 1);

    copy->label = GTK_LABEL(label);
    gtk_button_set_relief(GTK_BUTTON(button), GTK_RELIEF_NONE);
    gtk_widget_set_valign(button, GTK_ALIGN_START);
    gtk_widget_set_no_show_all(button, TRUE);
    gtk_widget_set_tooltip_text(button, name);
    gtk_style_context_add_class(gtk_widget_get_style_context(button), "tke-copy");
    atk_object_set_name(gtk_widget_get_accessible(button), name);
    g_signal_connect_data(button, "clicked", G_CALLBACK(on_clicked), copy, copy_free, 0);
    g_signal_connect_object(label, "notify::label", G_CALLBACK(on_text), button, 0);
    on_text(GTK_LABEL(label), NULL, button);
    return button;
}

/* Takes the place of the label in its grid or box. */
static void
replace(GtkWidget *label, GtkWidget *box)
{
    GtkWidget *parent = gtk_widget_get_parent(label);
    int left = 0;
    int top = 0;

    if (GTK_IS_GRID(parent)) {
        gtk_container_child_get(GTK_CONTAINER(parent), label, "left-attach", &left, "top-attach",
                                &top, NULL);
        gtk_container_remove(GTK_CONTAINER(parent), label);
        gtk_grid_attach(GTK_GRID(parent), box, left, top, 1, 1);
    } else {
        gtk_container_child_get(GTK_CONTAINER(parent), label, "position", &left, NULL);
        gtk_container_remove(GTK_CONTAINER(parent), label);
        gtk_container_add(GTK_CONTAINER(parent), box);
        gtk_box_reorder_child(GTK_BOX(parent), box, left);
    }
}

void
tke_ui_copy_button_add(GtkWidget *label, const char *what)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);

    g_object_ref(label);
    replace(label, box);
    gtk_widget_set_hexpand(box, gtk_widget_get_hexpand(label));
    gtk_widget_set_hexpand(label, FALSE); /* the button follows the text */
    gtk_container_add(GTK_CONTAINER(box), label);
    gtk_container_add(GTK_CONTAINER(box), make_button(label, what));
    gtk_widget_show(box);
    g_object_unref(label);
}
