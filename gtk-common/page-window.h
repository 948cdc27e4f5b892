/*
 * TkeUiPageWindow: a window beside the main one that shows something for as long as people want it.
 *
 * It closes with Escape and with the action page.close, says what is a rehearsal, remembers its
 * size, and is told when what it shows has changed. What it shows can be copied, printed and kept
 * in files. Subclasses have a template of their own.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "gtk-common/operation-runner.h"

#define TKE_UI_TYPE_PAGE_WINDOW (tke_ui_page_window_get_type())
G_DECLARE_DERIVABLE_TYPE(TkeUiPageWindow, tke_ui_page_window, TKE_UI, PAGE_WINDOW, GtkWindow)

struct _TkeUiPageWindowClass {
    GtkWindowClass parent_class;
    /* What it shows has changed; may be NULL. */
    void (*update)(TkeUiPageWindow *page);
    /* It closes: the model is still there; may be NULL. */
    void (*leave)(TkeUiPageWindow *page);
};

typedef struct TkeUiPage {
    GtkWindow *parent;
    TkeUiRunner *runner;   /* writes files */
    GObject *model;        /* its signal "changed" is what update() follows */
    const char *title;     /* translated */
    const char *size_name; /* static: under which the size is remembered */
    bool rehearsal;
    GtkWidget *banner; /* shown in a rehearsal */
    /* label that tells where a file is, hidden at first; NULL: nothing is saved */
    GtkWidget *saved;
} TkeUiPage;

/* The title is there before the first update, which is up to the subclass. page is only read
 * during the call. */
void tke_ui_page_window_open(TkeUiPageWindow *window, const TkeUiPage *page);

/* Until the window was closed: it may still be referenced then. */
bool tke_ui_page_window_is_open(TkeUiPageWindow *window);

TkeUiRunner *tke_ui_page_window_get_runner(TkeUiPageWindow *window);

/* Texts are only read during the calls. file: the name that is proposed; title: of the dialog that
 * asks where. */
void tke_ui_page_window_copy(TkeUiPageWindow *window, const char *text);
void tke_ui_page_window_print(TkeUiPageWindow *window, const char *text);
void tke_ui_page_window_save_pages(TkeUiPageWindow *window, const char *file, const char *text);
void tke_ui_page_window_save(TkeUiPageWindow *window, const char *title, const char *file,
                             const char *text);
