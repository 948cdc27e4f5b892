/*
 * A directory for the files of a fuzz target: in memory where there is such a place, for many
 * parsers begin with a file and most files are synced when they are written.
 */
#pragma once

#include <glib.h>
#include <glib/gstdio.h>

#include "tests/fuzz/fuzz.h"

#define FUZZ_DIR_MEMORY "/dev/shm"

/* A new one; the caller removes and frees. */
static inline char *
fuzz_dir_new(void)
{
    g_autofree char *template = g_build_filename(FUZZ_DIR_MEMORY, "fuzz-XXXXXX", NULL);
    char *dir = g_mkdtemp(template) != NULL ? g_strdup(template) : NULL;

    dir = dir != NULL ? dir : g_dir_make_tmp("fuzz-XXXXXX", NULL);
    FUZZ_REQUIRE(dir != NULL);
    return dir;
}

static inline void
fuzz_dir_remove(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        fuzz_dir_remove(child);
    }
    g_remove(path);
}

/* These bytes and nothing else: without consistency GLib leaves the end of a longer file there. */
static inline void
fuzz_dir_write(const char *path, const uint8_t *bytes, size_t len)
{
    g_unlink(path);
    FUZZ_REQUIRE(g_file_set_contents_full(path, (const char *) bytes, (gssize) len,
                                          G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}
