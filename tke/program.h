/*
 * All of the program but its main function, so that a test can start it with other flags.
 */
#pragma once

#include "common/process.h"

/* Returns the exit code (functions 4). */
int tke_cli_program(int argc, char **argv, TkeProcessFlags flags);
