/*
 * What the step fault tests of cards and of crypto units have in common.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/libceremony/step-faults.h"

#define STEP_MOST_EXCHANGES 250u
#define STEP_EXIT_NOT_STRUCK 77 /* the operation has fewer exchanges, or prompts */

#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "  expected: %s: ", #condition);                                       \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            _exit(EXIT_FAILURE);                                                                   \
        }                                                                                          \
    } while (0)

/* One run of the step, spoiled: by the n-th exchange or prompt, with this kind of fault. */
typedef void (*StepCase)(CeremonyWorld *world, const void *step, unsigned n, unsigned kind);

/* Runs it in a process of its own; false: that said that nothing was struck. what: for messages. */
bool step_run_apart(CeremonyWorld *world, const void *step, unsigned n, unsigned kind,
                    const char *what, StepCase func);

/* One exchange, or prompt, after the other until nothing is struck. */
void step_try_all(CeremonyWorld *world, const void *step, const char *what, unsigned kind,
                  StepCase func);

/* "no error" for NULL. */
const char *step_text_of(const GError *error);
bool step_is_cancelled(const GError *error);

/* The activity log verifies. */
void step_expect_log(CeremonyWorld *world);

/* The error names a device and, in its text or as advice, what to do; one of a cancel need not. */
void step_expect_clean_error(CeremonyWorld *world, const GError *error);

/* Between two runs: another process of another person, or the same goes on with what is in the
 * readers. */
void step_between(CeremonyWorld *world, unsigned n);

/*
 * The operator of the next operation can cancel at a prompt: of a card, a PIN, a plan, a choice.
 * From then on it is prompt number n, from 1, at which it happens.
 */
void step_cancel_prepare(CeremonyWorld *world);
void step_cancel_at_prompt(unsigned n);
bool step_was_cancelled(void);
