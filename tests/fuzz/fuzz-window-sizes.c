/*
 * Files in which windows remember their sizes: the first byte says whether what follows is that of
 * the programs or that of the virtual desk. What is found is a size that a window can have, and is
 * the same when it is written and read again.
 */
#include <string.h>

#include "gtk-common/window-size-file.h"
#include "simulator/desk-size.h"
#include "tests/fuzz/fuzz-strict.h"
#include "tests/fuzz/fuzz.h"

#define LEAST 200
#define MOST 32767
#define DESK_LEAST 400
#define DESK_MOST 10000

static void
read_windows(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "scup", "procedure" };
    g_autoptr(GKeyFile) sizes = g_key_file_new();

    tke_ui_window_size_file_take(sizes, data, size);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GKeyFile) again = g_key_file_new();
        g_autofree char *text = NULL;
        gsize len = 0;
        int width = -1;
        int height = -1;
        int same_width = 0;
        int same_height = 0;

        if (!tke_ui_window_size_file_find(sizes, names[i], &width, &height)) {
            FUZZ_REQUIRE(width == -1 && height == -1);
            FUZZ_REQUIRE(tke_ui_window_size_file_note(sizes, names[i], LEAST, MOST));
            FUZZ_REQUIRE(tke_ui_window_size_file_find(sizes, names[i], &width, &height));
        }
        FUZZ_REQUIRE(width >= LEAST && width <= MOST && height >= LEAST && height <= MOST);
        FUZZ_REQUIRE(!tke_ui_window_size_file_note(sizes, names[i], width, height));
        text = g_key_file_to_data(sizes, &len, NULL);
        tke_ui_window_size_file_take(again, (const uint8_t *) text, len);
        FUZZ_REQUIRE(tke_ui_window_size_file_find(again, names[i], &same_width, &same_height) &&
                     same_width == width && same_height == height);
    }
}

static void
read_desk(const uint8_t *data, size_t size)
{
    const SimDeskSize found = sim_desk_size_parse(data, size);
    size_t len = 0;
    g_autofree char *text = sim_desk_size_to_text(&found, &len);
    const SimDeskSize again = sim_desk_size_parse((const uint8_t *) text, len);

    FUZZ_REQUIRE(found.width >= DESK_LEAST && found.width <= DESK_MOST);
    FUZZ_REQUIRE(found.height >= DESK_LEAST && found.height <= DESK_MOST);
    FUZZ_REQUIRE(again.width == found.width && again.height == found.height &&
                 again.maximized == found.maximized);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_strict();
    if (size > 0 && data[0] % 2 == 0) {
        read_windows(data + 1, size - 1);
    } else if (size > 0) {
        read_desk(data + 1, size - 1);
    }
    return 0;
}
