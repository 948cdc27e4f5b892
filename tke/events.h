/*
 * --events-fd: every prompt, step and change of a card as a JSON line (docs/events.md).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "libceremony/prompter.h"

typedef struct TkeCliEvents TkeCliEvents;

/* Writes to fd, which it does not own; fd -1: nothing is written. */
TkeCliEvents *tke_cli_events_new(int fd);
void tke_cli_events_free(TkeCliEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCliEvents, tke_cli_events_free)

/* Whether a program reads them. */
bool tke_cli_events_are_read(const TkeCliEvents *events);

void tke_cli_events_start(TkeCliEvents *events, const char *command);
void tke_cli_events_result(TkeCliEvents *events, const char *command, int exit_code,
                           const GError *error);
void tke_cli_events_prompt(TkeCliEvents *events, const TkePrompt *prompt);
/* Ends the prompt that is open, if there is one. */
void tke_cli_events_prompt_done(TkeCliEvents *events);
void tke_cli_events_step(TkeCliEvents *events, unsigned done, unsigned total, const char *what);
void tke_cli_events_card(TkeCliEvents *events, unsigned reader, bool inserted);
void tke_cli_events_confirm(TkeCliEvents *events, const TkePlan *plan);
void tke_cli_events_choose(TkeCliEvents *events, const TkeChoice *choice);
/* proposal: what an empty line means; reason: why it is asked again; either may be NULL. */
void tke_cli_events_text(TkeCliEvents *events, const char *what, unsigned max, const char *proposal,
                         const char *reason);
/* Something is typed unseen; what: in words. */
void tke_cli_events_secret(TkeCliEvents *events, const char *what);
void tke_cli_events_number(TkeCliEvents *events, const char *what, unsigned min, unsigned max);
