/*
 * Sizes of windows as a key file has them.
 */
#include "gtk-common/window-size-file.h"

#define LEAST 200  /* pixels: anything less is a mistake of the file, */
#define MOST 32767 /* and so is more than a window of the X11 protocol has */

void
tke_ui_window_size_file_take(GKeyFile *sizes, const uint8_t *text, size_t len)
{
    (void) g_key_file_load_from_data(sizes, (const char *) text, len, G_KEY_FILE_KEEP_COMMENTS,
                                     NULL);
}

bool
tke_ui_window_size_file_find(GKeyFile *sizes, const char *name, int *width, int *height)
{
    const int found_width = g_key_file_get_integer(sizes, name, "width", NULL);
    const int found_height = g_key_file_get_integer(sizes, name, "height", NULL);

    if (found_width < LEAST || found_width > MOST || found_height < LEAST || found_height > MOST) {
        return false;
    }
    *width = found_width;
    *height = found_height;
    return true;
}

bool
tke_ui_window_size_file_note(GKeyFile *sizes, const char *name, int width, int height)
{
    if (g_key_file_get_integer(sizes, name, "width", NULL) == width &&
        g_key_file_get_integer(sizes, name, "height", NULL) == height) {
        return false;
    }
    g_key_file_set_integer(sizes, name, "width", width);
    g_key_file_set_integer(sizes, name, "height", height);
    return true;
}
