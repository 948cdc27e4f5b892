/*
 * An error in the words of a window: a sentence, what to do, and the details that only support
 * needs.
 */
#pragma once

#include <glib.h>

/* A text of the libraries as a sentence: "reader 2: no card" becomes "Reader 2: no card." */
char *tke_ui_error_text_sentence(const char *text);

/* What happened. The caller frees. */
char *tke_ui_error_text_message(const GError *error);

/* What to do, with menu items for commands; NULL: there is no advice. The caller frees. */
char *tke_ui_error_text_advice(const GError *error);
