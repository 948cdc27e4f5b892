/*
 * Whether this program works in a rehearsal.
 */
#include "gtk-common/rehearsal.h"

#include <glib/gi18n.h>
#include <gtk/gtk.h>

static bool in_rehearsal = false;

void
tke_ui_rehearsal_set(bool rehearsal)
{
    in_rehearsal = rehearsal;
}

bool
tke_ui_rehearsal_is(void)
{
    return in_rehearsal;
}

char *
tke_ui_rehearsal_dup_title(const char *title)
{
    return in_rehearsal ? g_strdup_printf(_("%s — REHEARSAL"), title) : g_strdup(title);
}

/* What a screen reader calls the window may be a name of its own. */
static void
mark(GtkWindow *window)
{
    AtkObject *accessible = gtk_widget_get_accessible(GTK_WIDGET(window));
    g_autofree char *name = g_strdup(atk_object_get_name(accessible));
    const char *title = gtk_window_get_title(window);
    g_autofree char *marked_title =
        tke_ui_rehearsal_dup_title(title != NULL && title[0] != '\0' ? title
                                   : name != NULL                    ? name
                                                                     : "");
    g_autofree char *marked_name = tke_ui_rehearsal_dup_title(name != NULL ? name : "");

    gtk_window_set_title(window, marked_title);
    atk_object_set_name(accessible, marked_name);
}

static void
add_banner(GtkDialog *dialog)
{
    GtkWidget *area = gtk_dialog_get_content_area(dialog);
    GtkWidget *banner = gtk_label_new(_("REHEARSAL: virtual readers and cards"));

    gtk_style_context_add_class(gtk_widget_get_style_context(banner), "tke-banner");
    gtk_widget_show(banner);
    gtk_box_pack_start(GTK_BOX(area), banner, FALSE, FALSE, 0);
    gtk_box_reorder_child(GTK_BOX(area), banner, 0);
}

/* Ours have the mark in their title, and a banner in their template; so has a dialog that is shown
 * again. */
static gboolean
on_show(GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer data)
{
    GObject *shown = g_value_get_object(&values[0]);
    g_autofree char *ending = tke_ui_rehearsal_dup_title("");

    (void) hint;
    (void) n_values;
    (void) data;
    if (GTK_IS_DIALOG(shown)) {
        const char *title = gtk_window_get_title(GTK_WINDOW(shown));

        if (title == NULL || !g_str_has_suffix(title, ending)) {
            mark(GTK_WINDOW(shown));
            add_banner(GTK_DIALOG(shown));
        }
    }
    return TRUE; /* stays for the next one */
}

void
tke_ui_rehearsal_mark_dialogs(void)
{
    if (in_rehearsal) {
        g_signal_add_emission_hook(g_signal_lookup("show", GTK_TYPE_WIDGET), 0, on_show, NULL,
                                   NULL);
    }
}
