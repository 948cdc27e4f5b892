/*
 * Processes as /proc shows them, in a folder of the test's own.
 */
#pragma once

#include <check.h>

#include <glib.h>
#include <glib/gstdio.h>

static inline void
proc_dir_add(const char *proc, const char *pid, const char *comm)
{
    g_autofree char *dir = g_build_filename(proc, pid, NULL);
    g_autofree char *path = g_build_filename(dir, "comm", NULL);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
    ck_assert(g_file_set_contents(path, comm, -1, NULL));
}
