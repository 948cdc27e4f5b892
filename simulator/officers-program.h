/*
 * A program that the people of a rehearsal use: started with pipes for what is typed, what it prints and
 * its events (docs/events.md).
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef struct OfficersProgram OfficersProgram;

/* argv without events option; ended by NULL. environment: "NAME=VALUE", ended by NULL. */
OfficersProgram *officers_program_new(const char *const *argv, char **environment, GError **error);

/* Kills it if it still runs. NULL is allowed. */
void officers_program_free(OfficersProgram *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OfficersProgram, officers_program_free)

/* Types a line. */
bool officers_program_type(OfficersProgram *program, const char *line, GError **error);

/* Closes its standard input. */
void officers_program_close_input(OfficersProgram *program);

/*
 * The next event; the caller unrefs. NULL without error when it has closed its events (it ends), with
 * TKE_ERROR_INVALID_DATA for a line that is no event, and with G_IO_ERROR_TIMED_OUT when it says and
 * prints nothing for timeout_ms.
 */
JsonObject *officers_program_next_event(OfficersProgram *program, int timeout_ms, GError **error);

/* Makes all waiting here, now and later, end with G_IO_ERROR_CANCELLED; for signal handlers. */
void officers_program_interrupt(void);

/* What it has printed since the last call, on both outputs; the caller frees. */
char *officers_program_take_output(OfficersProgram *program);

/* Waits for its end, reading what it prints; its exit code, or -1 (killed, timeout) with an error. */
int officers_program_wait(OfficersProgram *program, int timeout_ms, GError **error);
