/*
 * The end of a rehearsal: what the crypto units say of their master key registers.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

/*
 * Prints a table of the units and the verdict "master key Valid on N of M crypto units". units: what
 * "tke cryptounits --json" printed, registers: what "tke cryptounit-mk --json" printed. good: there are
 * operational units, and the current register of every one is Valid, all with one verification pattern.
 * TKE_ERROR_INVALID_DATA.
 */
bool sim_officers_report_print(const char *units, const char *registers, bool *good,
                               GError **error);
