/*
 * Small worlds for tests: two readers, "Left" and "Right", cards ca-1, ep11-1 (short APDUs only)
 * and ep11-2, one crypto unit.
 */
#pragma once

#include <glib.h>

#include "simulator/sim-world.h"

typedef struct TestDirectory {
    char *path;     /* of the world; removed at the end */
    char *scenario; /* file */
} TestDirectory;

TestDirectory *test_directory_new(void);
void test_directory_free(TestDirectory *directory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestDirectory, test_directory_free)

/* Writes a scenario beside the world; more: members to add, ended by a comma. The caller frees. */
char *test_scenario_write(const TestDirectory *directory, const char *name, const char *more);

/* Opens the world of the directory; the test fails if that fails. A pad's second lasts 50 ms. */
SimWorld *test_world_open(const TestDirectory *directory);
