/*
 * The desktop's expander with one line in it that can be selected and copied.
 */
#include "gtk-common/details.h"

#include <glib/gi18n.h>

#include "gtk-common/error-text.h"
#include "libceremony/advice.h"

struct _TkeUiDetails {
    GtkExpander parent_instance;
    GtkWidget *text;
};

G_DEFINE_FINAL_TYPE(TkeUiDetails, tke_ui_details, GTK_TYPE_EXPANDER)

/* Expanders get their label when they are constructed, after init. */
static void
constructed(GObject *object)
{
    G_OBJECT_CLASS(tke_ui_details_parent_class)->constructed(object);
    gtk_expander_set_use_underline(GTK_EXPANDER(object), TRUE);
    gtk_expander_set_label(GTK_EXPANDER(object), _("Details"));
}

static void
tke_ui_details_class_init(TkeUiDetailsClass *klass)
{
    G_OBJECT_CLASS(klass)->constructed = constructed;
}

/* A screen reader is told of the text only while it is unfolded. */
static void
on_expanded(TkeUiDetails *details)
{
    gtk_widget_set_visible(details->text, gtk_expander_get_expanded(GTK_EXPANDER(details)));
}

static void
tke_ui_details_init(TkeUiDetails *details)
{
    details->text = gtk_label_new(NULL);
    gtk_label_set_line_wrap(GTK_LABEL(details->text), TRUE);
    gtk_label_set_line_wrap_mode(GTK_LABEL(details->text), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_max_width_chars(GTK_LABEL(details->text), 60);
    gtk_label_set_selectable(GTK_LABEL(details->text), TRUE);
    gtk_label_set_xalign(GTK_LABEL(details->text), 0);
    gtk_widget_set_margin_top(details->text, 6);
    gtk_widget_set_margin_start(details->text, 18);
    gtk_container_add(GTK_CONTAINER(details), details->text);
    g_signal_connect(details, "notify::expanded", G_CALLBACK(on_expanded), NULL);
    atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(details)), _("Details"));
}

void
tke_ui_details_set_text(TkeUiDetails *details, const char *text)
{
    g_autofree char *sentence = text != NULL ? tke_ui_error_text_sentence(text) : NULL;

    gtk_widget_set_visible(GTK_WIDGET(details), sentence != NULL);
    if (g_strcmp0(sentence != NULL ? sentence : "", gtk_label_get_text(GTK_LABEL(details->text))) !=
        0) {
        gtk_expander_set_expanded(GTK_EXPANDER(details), FALSE);
        gtk_label_set_text(GTK_LABEL(details->text), sentence != NULL ? sentence : "");
    }
}

void
tke_ui_details_set_error(TkeUiDetails *details, const GError *error)
{
    g_autofree char *text = error != NULL ? tke_advice_details_for_error(error) : NULL;

    tke_ui_details_set_text(details, text);
}
