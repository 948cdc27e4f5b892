/*
 * Keeps a text in a file that people choose: as it is, or as the pages of a PDF. The file is
 * written by the worker, whole or not at all, mode 0600; what is in the way is told in a dialog.
 */
#pragma once

#include <gtk/gtk.h>

#include "gtk-common/operation-runner.h"

typedef struct TkeUiFile {
    const char *title; /* of the dialog that asks where */
    const char *name;  /* proposed */
    const char *text;
    const char *head; /* of the pages; NULL: the text as it is */
} TkeUiFile;

/* file is only read during the call. saved: a label of the window that tells where the file is,
 * hidden until then. */
void tke_ui_file_save(GtkWindow *parent, TkeUiRunner *runner, const TkeUiFile *file,
                      GtkWidget *saved);
