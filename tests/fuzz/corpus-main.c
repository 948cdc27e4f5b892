/*
 * Runs a fuzz target on every file of its corpus, as an ordinary test and without libFuzzer.
 *
 * fuzz-NAME PATH...: files, or directories of files. Files that cannot be read, and a corpus
 * without any, are failures.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "tests/fuzz/fuzz.h"

static unsigned n_files;

static bool
run_file(const char *path)
{
    g_autofree char *contents = NULL;
    g_autofree uint8_t *exact = NULL;
    gsize len = 0;

    if (!g_file_get_contents(path, &contents, &len, NULL)) {
        fprintf(stderr, "%s cannot be read\n", path);
        return false;
    }
    /* A buffer of exactly this size, so that a read past the end is seen; GLib's has a NUL
     * behind. */
    exact = g_malloc(len > 0 ? len : 1);
    memcpy(exact, contents, len);
    LLVMFuzzerTestOneInput(exact, len);
    n_files++;
    return true;
}

static bool
run_path(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;
    bool good = true;

    if (dir == NULL) {
        return run_file(path);
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        good = run_file(file) && good;
    }
    return good;
}

int
main(int argc, char **argv)
{
    bool good = true;

    for (int i = 1; i < argc; i++) {
        good = run_path(argv[i]) && good;
    }
    printf("%u files\n", n_files);
    return good && n_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
