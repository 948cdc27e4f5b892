/*
 * The size of the virtual desk's window, from one time to the next.
 */
#include "simulator/desk-size.h"

#include <glib.h>
#include <string.h>

#include "common/log.h"
#include "common/safe-file.h"

#define GROUP "window"
#define FILE_MAX 4096u
#define WIDTH_STANDARD 1180
#define HEIGHT_STANDARD 680
#define LENGTH_MIN 400
#define LENGTH_MAX 10000

static char *
file_path(void)
{
    return g_build_filename(g_get_user_config_dir(), "opentke", "desk.ini", NULL);
}

/* Absent or beyond measure: the standard. */
static int
read_length(GKeyFile *file, const char *key, int standard)
{
    int length = g_key_file_get_integer(file, GROUP, key, NULL);

    return length >= LENGTH_MIN && length <= LENGTH_MAX ? length : standard;
}

SimDeskSize
sim_desk_size_load(void)
{
    g_autofree char *path = file_path();
    g_autoptr(GByteArray) text = tke_safe_file_read(path, FILE_MAX, NULL, NULL);

    return text != NULL ? sim_desk_size_parse(text->data, text->len) : sim_desk_size_parse(NULL, 0);
}

SimDeskSize
sim_desk_size_parse(const uint8_t *text, size_t len)
{
    SimDeskSize size = { .width = WIDTH_STANDARD, .height = HEIGHT_STANDARD };
    g_autoptr(GKeyFile) file = g_key_file_new();

    if (len > 0 &&
        g_key_file_load_from_data(file, (const char *) text, len, G_KEY_FILE_NONE, NULL)) {
        size.width = read_length(file, "width", WIDTH_STANDARD);
        size.height = read_length(file, "height", HEIGHT_STANDARD);
        size.maximized = g_key_file_get_boolean(file, GROUP, "maximized", NULL);
    }
    return size;
}

char *
sim_desk_size_to_text(const SimDeskSize *size, size_t *len)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_key_file_set_integer(file, GROUP, "width", size->width);
    g_key_file_set_integer(file, GROUP, "height", size->height);
    g_key_file_set_boolean(file, GROUP, "maximized", size->maximized);
    return g_key_file_to_data(file, len, NULL);
}

void
sim_desk_size_save(const SimDeskSize *size)
{
    g_autofree char *path = file_path();
    g_autofree char *dir = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;
    size_t len = 0;
    g_autofree char *text = sim_desk_size_to_text(size, &len);

    if (!tke_safe_file_make_dir(dir, &error) ||
        !tke_safe_file_write(path, (const uint8_t *) text, len, &error)) {
        tke_log("desk", "%s", error->message);
    }
}
