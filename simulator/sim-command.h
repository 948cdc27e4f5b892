/*
 * Commands of tke-sim that go to a running daemon: arguments to a control command, its answer to
 * text.
 */
#pragma once

#include <stdbool.h>

typedef struct SimCommandOptions {
    const char *directory; /* of the world */
    bool json;             /* the answer as it is */
    int timeout_s;         /* how long to wait for a pad; -1: standard */
} SimCommandOptions;

/* Runs a command (words[0]) with its arguments, NULL at the end; the exit code. */
int sim_command_run(const SimCommandOptions *options, char **words);
