/*
 * tke-sim as a daemon: opens a world, answers on its socket until it is told to stop.
 */
#pragma once

#include <stdbool.h>

#include "simulator/sim-world.h"

/* Exit codes of tke-sim. */
#define SIM_EXIT_OK 0
#define SIM_EXIT_FAILED 1
#define SIM_EXIT_USAGE 2
#define SIM_EXIT_RUNNING 10 /* start: a tke-sim keeps this world already */

/*
 * Runs the daemon and returns the exit code. In the foreground: when it has ended. Else: as soon
 * as it answers (or has failed, which is told on standard error); call before anything has set up
 * the secure heap or a thread.
 */
int sim_daemon_start(const char *directory, const SimWorldOptions *options, bool foreground);

/*
 * Tells the daemon of a world to end, and waits until it has; the exit code. force: one that does
 * not answer, or does not end, is killed.
 */
int sim_daemon_stop(const char *directory, bool force);
