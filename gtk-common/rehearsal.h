/*
 * Whether this program works in a rehearsal (4.12), for windows that are told nothing else: each
 * says so in its title and a banner. On the main thread.
 */
#pragma once

#include <stdbool.h>

/* Once, before the first window. */
void tke_ui_rehearsal_set(bool rehearsal);
bool tke_ui_rehearsal_is(void);

/* The title of a window as it is to be shown; the caller frees. */
char *tke_ui_rehearsal_dup_title(const char *title);

/*
 * From now on dialogs that others make (GTK's own for files, printing, questions, About) get title
 * and banner when they are shown. Once, when GTK is there; nothing outside of a rehearsal.
 */
void tke_ui_rehearsal_mark_dialogs(void);
