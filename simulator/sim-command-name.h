/*
 * Names of the commands and queries of a crypto unit, as people write them in orders of faults.
 *
 * The names are those of the standard header (crypto-unit-protocol.md, 3.5), "COMMIT_WK"; those of
 * queries with "Q_" before them, because commands and queries share some. Those that virtual units
 * carry out are known.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* In either case, and with "-" for "_". False: there is none of that name. */
bool sim_command_name_find(const char *name, uint32_t *code);

/* NULL: none has this code. */
const char *sim_command_name_get(uint32_t code);

/* All of them with their codes, "COMMIT_WK (13), …"; the caller frees. */
char *sim_command_name_list(void);
