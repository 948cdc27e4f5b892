/*
 * Windows remember their size, in windows.ini beside the activity log: that of real work, or that
 * of a rehearsal.
 *
 * Read and written while there are no windows, by a thread of its own: no file is for the main
 * thread.
 */
#pragma once

#include <gtk/gtk.h>

/*
 * Before the first window, and after the last one. What cannot be read or written is no error.
 * world: directory of the rehearsal; NULL: real work.
 */
void tke_ui_window_size_load(const char *world);
void tke_ui_window_size_save(void);

/* Makes the default size of a window no larger than the room that its monitor has. */
void tke_ui_window_size_fit(GtkWindow *window);

/*
 * From now on dialogs that others make (GTK's own for files, printing, questions) are no larger
 * than that room when they are shown; what does not fit in above their buttons is scrolled. Once,
 * when GTK is there.
 */
void tke_ui_window_size_fit_dialogs(void);

/* Gives the window the size it had last, and notes the one it gets. name: static, "scup". */
void tke_ui_window_size_follow(GtkWindow *window, const char *name);
