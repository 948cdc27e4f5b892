/*
 * The people of a rehearsal: they follow the prompts of a program, put cards in and take them out,
 * type PINs on the pads and answers on the keyboard.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "simulator/officers-desk.h"
#include "simulator/officers-program.h"

#define SIM_OFFICERS_CARDS_MAX 4u
#define SIM_OFFICERS_ANSWERS_MAX 6u

/* What the people know when a command is run: who is there with which card, and what was
 * decided. */
typedef struct SimOfficersTask {
    const char *title;   /* for the people */
    const char *command; /* words of tke, as typed in its shell */
    /* For each reader the cards that may be asked for, in the order in which they are offered. */
    const char *cards[SIM_OFFICERS_READERS][SIM_OFFICERS_CARDS_MAX];
    /* Answers to choose, text and number prompts in their order; a choice by number or by a piece
     * of its text. */
    const char *answers[SIM_OFFICERS_ANSWERS_MAX];
} SimOfficersTask;

typedef struct SimOfficersPeople SimOfficersPeople;

/* Counts of a rehearsal. */
typedef struct SimOfficersCounts {
    unsigned insertions;
    unsigned pins; /* entries: a new PIN is two */
} SimOfficersCounts;

/* The desk is borrowed. step, if not NULL, is told the steps of the programs as they come. */
SimOfficersPeople *sim_officers_people_new(SimOfficersDesk *desk,
                                           void (*step)(const char *what, void *data), void *data);
void sim_officers_people_free(SimOfficersPeople *people); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimOfficersPeople, sim_officers_people_free)

/*
 * Before the program, or its next command, is started: people take with them what the task does
 * not need. A card that lay in a reader until somebody took it would be one that was put in for it.
 */
bool sim_officers_people_clear_desk(SimOfficersPeople *people, const SimOfficersTask *task,
                                    GError **error);

/*
 * Follows a program until the command of the task is over: its event "result", or its end. False
 * with what went wrong: the program's own words, or a prompt that nobody can answer.
 */
bool sim_officers_people_follow(SimOfficersPeople *people, SimOfficersProgram *program,
                                const SimOfficersTask *task, GError **error);

void sim_officers_people_get_counts(const SimOfficersPeople *people, SimOfficersCounts *counts);

/*
 * PINs that nobody can guess, drawn from this number, instead of those that are easy to look up:
 * for tests that search for them. 0, as at the start: easy ones. Before the first card gets a PIN.
 */
void sim_officers_people_set_pin_seed(guint32 seed);

/* PIN 1 or 2 of a card, as the people agreed on it; the caller frees. */
char *sim_officers_people_dup_pin(const char *label, unsigned pin);
