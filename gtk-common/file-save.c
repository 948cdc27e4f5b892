/*
 * Asks where, then lets the worker write.
 */
#include "gtk-common/file-save.h"

#include <glib/gi18n.h>
#include <string.h>

#include "common/safe-file.h"
#include "gtk-common/error-dialog.h"
#include "gtk-common/text-print.h"

typedef struct Save {
    TkeUiRunner *runner;
    GtkWindow *window;
    GtkWidget *saved;
    char *path;
    char *text;
    char *head; /* NULL: no pages */
} Save;

static void
save_free(Save *save)
{
    g_object_unref(save->runner);
    g_object_unref(save->window);
    g_object_unref(save->saved);
    g_free(save->path);
    g_free(save->text);
    g_free(save->head);
    g_free(save);
}

static bool
do_save(TkeOperation *op, gpointer data, GError **error)
{
    Save *save = data;
    g_autoptr(GByteArray) pages = NULL;

    (void) op;
    if (save->head == NULL) {
        return tke_safe_file_write(save->path, (const uint8_t *) save->text, strlen(save->text),
                                   error);
    }
    pages = tke_ui_text_pdf(save->head, save->text, error);
    return pages != NULL && tke_safe_file_write(save->path, pages->data, pages->len, error);
}

static void
on_saved(const GError *error, gpointer data)
{
    Save *save = data;
    bool open = gtk_widget_get_realized(GTK_WIDGET(save->window));

    if (open && error != NULL) {
        tke_ui_error_dialog_show(save->window, _("The file was not saved"), error);
    } else if (open) {
        g_autofree char *name = g_filename_display_name(save->path);
        g_autofree char *text = g_strdup_printf(_("Saved: %s"), name);

        gtk_label_set_text(GTK_LABEL(save->saved), text);
        gtk_widget_show(save->saved);
    }
    save_free(save);
}

static void
on_chosen(GtkNativeDialog *dialog, int response, gpointer data)
{
    Save *save = data;

    if (response == GTK_RESPONSE_ACCEPT) {
        save->path = gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(dialog));
    }
    g_object_unref(dialog);
    if (save->path != NULL) {
        gtk_widget_hide(save->saved);
        tke_ui_runner_look(save->runner, do_save, on_saved, save);
    } else {
        save_free(save);
    }
}

void
tke_ui_file_save(GtkWindow *parent, TkeUiRunner *runner, const TkeUiFile *file, GtkWidget *saved)
{
    GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
        file->title, parent, GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), _("_Cancel"));
    Save *save = g_new0(Save, 1);

    save->runner = g_object_ref(runner);
    save->window = g_object_ref(parent);
    save->saved = g_object_ref(saved);
    save->text = g_strdup(file->text);
    save->head = g_strdup(file->head);
    gtk_file_chooser_set_do_overwrite_confirmation(GTK_FILE_CHOOSER(dialog), TRUE);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), file->name);
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
    g_signal_connect(dialog, "response", G_CALLBACK(on_chosen), save);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}
