/*
 * The people of a rehearsal: they follow the prompts of a program, put cards in and take them out, type
 * PINs on the pads and answers on the keyboard.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "simulator/officers-desk.h"
#include "simulator/officers-program.h"

#define OFFICERS_CARDS_MAX 4u
#define OFFICERS_ANSWERS_MAX 6u

/* What the people know when a command is run: who is there with which card, and what was decided. */
typedef struct OfficersTask {
    const char *title;   /* for the people */
    const char *command; /* words of tke, as typed in its shell */
    /* For each reader the cards that may be asked for, in the order in which they are offered. */
    const char *cards[OFFICERS_READERS][OFFICERS_CARDS_MAX];
    /* Answers to choose, text and number prompts in their order; a choice by number or by a piece of
     * its text. */
    const char *answers[OFFICERS_ANSWERS_MAX];
} OfficersTask;

typedef struct OfficersPeople OfficersPeople;

/* Counts of a rehearsal. */
typedef struct OfficersCounts {
    unsigned insertions;
    unsigned pins; /* entries: a new PIN is two */
} OfficersCounts;

/* The desk is borrowed. step, if not NULL, is told the steps of the programs as they come. */
OfficersPeople *officers_people_new(OfficersDesk *desk, void (*step)(const char *what, void *data),
                                    void *data);
void officers_people_free(OfficersPeople *people); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OfficersPeople, officers_people_free)

/*
 * Follows a program until the command of the task is over: its event "result", or its end. False with
 * what went wrong: the program's own words, or a prompt that nobody can answer.
 */
bool officers_people_follow(OfficersPeople *people, OfficersProgram *program,
                            const OfficersTask *task, GError **error);

void officers_people_get_counts(const OfficersPeople *people, OfficersCounts *counts);

/* PIN 1 or 2 of a card, as the people agreed on it; the caller frees. */
char *officers_people_dup_pin(const char *label, unsigned pin);
