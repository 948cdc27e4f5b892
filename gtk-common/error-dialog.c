/*
 * The desktop's own message dialog with headline, reason and advice.
 */
#include "gtk-common/error-dialog.h"

#include "gtk-common/error-text.h"
#include "gtk-common/rehearsal.h"

struct _TkeUiErrorDialog {
    GtkMessageDialog parent_instance;
    GtkWidget *banner;
};

G_DEFINE_FINAL_TYPE(TkeUiErrorDialog, tke_ui_error_dialog, GTK_TYPE_MESSAGE_DIALOG)

static void
tke_ui_error_dialog_class_init(TkeUiErrorDialogClass *klass)
{
    GtkWidgetClass *widget = GTK_WIDGET_CLASS(klass);

    gtk_widget_class_set_template_from_resource(widget, "/org/opentke/common/error-dialog.ui");
    gtk_widget_class_bind_template_child(widget, TkeUiErrorDialog, banner);
}

static void
tke_ui_error_dialog_init(TkeUiErrorDialog *dialog)
{
    gtk_widget_init_template(GTK_WIDGET(dialog));
    gtk_widget_set_visible(dialog->banner, tke_ui_rehearsal_is());
    g_signal_connect(dialog, "response", G_CALLBACK(gtk_widget_destroy), NULL);
}

void
tke_ui_error_dialog_show(GtkWindow *parent, const char *headline, const GError *error)
{
    g_autofree char *message = tke_ui_error_text_message(error);
    g_autofree char *advice = tke_ui_error_text_advice(error);
    g_autofree char *words = g_strdup_printf("%s%s%s", message, advice != NULL ? "\n\n" : "",
                                             advice != NULL ? advice : "");
    g_autofree char *title = tke_ui_rehearsal_dup_title(headline);
    TkeUiErrorDialog *dialog =
        g_object_new(TKE_UI_TYPE_ERROR_DIALOG, "message-type", GTK_MESSAGE_ERROR, "transient-for",
                     parent, "title", title, "text", headline, "secondary-text", words, NULL);

    /* GTK names it after its kind. */
    atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(dialog)), title);
    gtk_window_present(GTK_WINDOW(dialog));
}
