/*
 * All of the program but its main function, so that a test can start it with other flags.
 */
#pragma once

#include "common/process.h"
#include "tke/cli.h"

/* JSON and events are for programs: with either nothing is translated. */
void tke_cli_program_set_language(const TkeCliOptions *options);

/* Returns the exit code (functions 4). */
int tke_cli_program(int argc, char **argv, TkeProcessFlags flags);
