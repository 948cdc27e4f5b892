/*
 * The size of the virtual desk's window, from one time to the next:
 * $XDG_CONFIG_HOME/opentke/desk.ini. Not a file of the rehearsal: it belongs to the person's
 * screen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct SimDeskSize {
    int width;
    int height;
    bool maximized;
} SimDeskSize;

/* What was kept, within sensible bounds; else a size that fits a screen of 1280 by 720. */
SimDeskSize sim_desk_size_load(void);

/* Keeps it, as well as it can. Not on the thread of the window. */
void sim_desk_size_save(const SimDeskSize *size);

/* The bytes of the file, for tests: what they say, as sim_desk_size_load; the caller frees a
 * text. */
SimDeskSize sim_desk_size_parse(const uint8_t *text, size_t len);
char *sim_desk_size_to_text(const SimDeskSize *size, size_t *len);
