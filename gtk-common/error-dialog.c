/*
 * The desktop's own message dialog with headline, reason and advice.
 */
#include "gtk-common/error-dialog.h"

#include "gtk-common/menu-words.h"
#include "libceremony/advice.h"

void
tke_ui_error_dialog_show(GtkWindow *parent, const char *headline, const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);
    g_autofree char *text = g_strdup_printf("%s%s%s", error->message, advice != NULL ? "\n\n" : "",
                                            advice != NULL ? advice : "");
    g_autofree char *words = tke_ui_menu_words(text);
    GtkWidget *dialog = gtk_message_dialog_new(
        parent, GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_ERROR,
        GTK_BUTTONS_CLOSE, "%s", headline);

    gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s", words);
    gtk_window_set_title(GTK_WINDOW(dialog), headline);
    atk_object_set_name(gtk_widget_get_accessible(dialog), headline);
    g_signal_connect(dialog, "response", G_CALLBACK(gtk_widget_destroy), NULL);
    gtk_window_present(GTK_WINDOW(dialog));
}
