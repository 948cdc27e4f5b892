/*
 * Tests of the program "finished-world": PINs of its CA cards (functions 2.5).
 */
#pragma once

#include <check.h>

#include "tests/cli/place.h"

void finished_pins_add(TCase *tests);
