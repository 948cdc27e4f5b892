/*
 * What windows.ini holds: a group for each window, its width and height in pixels. No window here.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes the bytes of such a file, up to where it is none any more. */
void tke_ui_window_size_file_take(GKeyFile *sizes, const uint8_t *text, size_t len);

/* The size of a window; false: none, or one that no window has. */
bool tke_ui_window_size_file_find(GKeyFile *sizes, const char *name, int *width, int *height);

/* Notes a size; false: it was that already. */
bool tke_ui_window_size_file_note(GKeyFile *sizes, const char *name, int width, int height);
