/*
 * A program that the people of a rehearsal use: started with pipes for what is typed, what it
 * prints and its events (docs/events.md).
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef struct SimOfficersProgram SimOfficersProgram;

/* argv without events option; ended by NULL. environment: "NAME=VALUE", ended by NULL. */
SimOfficersProgram *sim_officers_program_new(const char *const *argv, char **environment,
                                             GError **error);

/* One that somebody else has started, by its ends of the pipes, which are taken over; -1: it has
 * none. */
SimOfficersProgram *sim_officers_program_new_for(const char *name, int input, int output,
                                                 int events);

/* Kills it if it still runs. NULL is allowed. */
void sim_officers_program_free(SimOfficersProgram *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimOfficersProgram, sim_officers_program_free)

/* Told of each event before anybody acts on it, with the process that sent it: for tests that look
 * at it. */
typedef void (*SimOfficersObserver)(JsonObject *event, GPid pid, void *data);
void sim_officers_program_set_observer(SimOfficersProgram *program, SimOfficersObserver observer,
                                       void *data);

/* Types a line. */
bool sim_officers_program_type(SimOfficersProgram *program, const char *line, GError **error);

/* Sends it a signal, as Ctrl-C does. */
void sim_officers_program_signal(SimOfficersProgram *program, int number);

/* Closes its standard input. */
void sim_officers_program_close_input(SimOfficersProgram *program);

/*
 * The next event; the caller unrefs. NULL without error when it has closed its events (it ends),
 * with TKE_ERROR_INVALID_DATA for a line that is no event, and with G_IO_ERROR_TIMED_OUT when it
 * says and prints nothing for timeout_ms.
 */
JsonObject *sim_officers_program_next_event(SimOfficersProgram *program, int timeout_ms,
                                            GError **error);

/* Makes all waiting here, now and later, end with G_IO_ERROR_CANCELLED; for signal handlers. */
void sim_officers_program_interrupt(void);

/* What it has printed since the last call, on both outputs; the caller frees. */
char *sim_officers_program_take_output(SimOfficersProgram *program);

/* Waits for its end, reading what it prints; its exit code, or -1 (killed, timeout) with an
 * error. */
int sim_officers_program_wait(SimOfficersProgram *program, int timeout_ms, GError **error);
