/*
 * tke-sim pcscd: the readers of the world as PC/SC readers.
 */
#pragma once

/*
 * Runs a private pcscd for the world of a directory while a command runs in its environment, or,
 * without words, until it is interrupted. The exit code: the command's, 0 after an interruption,
 * else SIM_EXIT_FAILED.
 */
int sim_command_pcscd(const char *directory, char **words);
