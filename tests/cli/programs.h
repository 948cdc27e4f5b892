/*
 * The real programs in a private world: tke-sim serves it, tke is started as an officer would.
 */
#pragma once

#include <check.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

typedef struct Programs {
    char *dir;
    char *world;       /* of the rehearsal */
    char *workstation; /* its files of the workstation */
    char *output;      /* standard output of the last command */
    char *complaint;   /* its standard error */
    int exit_code;
} Programs;

/* A new world of the standard scenario, served; rehearsed: after the whole ceremony. */
void programs_start(Programs *programs, bool rehearsed);
void programs_stop(Programs *programs);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Programs, programs_stop)

/* tke --rehearsal with these words (one string, parsed as a shell would); answers: standard input
 * or NULL. */
void programs_tke(Programs *programs, const char *words, const char *answers);

/* The same started by a shell, with redirections behind its words. */
void programs_tke_redirected(Programs *programs, const char *words, const char *redirections);

/* tke without a rehearsal, with variables "NAME=VALUE" (NULL-terminated list may be NULL). */
void programs_tke_real(Programs *programs, const char *words, const char *const *variables);

/* A command of tke-sim, which must succeed. */
void programs_sim(Programs *programs, const char *words);

/* The JSON object that the last command printed; nothing else was on standard output. Caller
 * unrefs. */
JsonObject *programs_json(const Programs *programs);

/* The last command ended with this code; on failure its output is shown. */
void programs_expect(const Programs *programs, int exit_code);
