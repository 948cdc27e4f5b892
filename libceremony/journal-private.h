/*
 * Inside of the journal: what a step is about, and whether a unit shows that it was done. Not installed.
 */
#pragma once

#include "libceremony/journal.h"

typedef enum {
#define JOURNAL_STEP(action, name, what, command, source) TKE_JOURNAL_##name,
#include "libceremony/journal.inc"
} TkeJournalStep;

typedef struct TkeJournalUnit {
    char *id;
    char *location;
    TkeJournalState state;
} TkeJournalUnit;

struct TkeJournalEntry {
    const char *action;
    TkeJournalStep step;
    char *started;
    char *key;          /* of a load: pattern of the key it makes, once a unit has signed for it */
    JsonObject *values; /* or NULL */
    GPtrArray *units;   /* TkeJournalUnit */
};

/* Key parts are the same on whatever card they are, in any order. Both may be NULL. */
bool tke_journal_same_values(JsonObject *a, JsonObject *b);
JsonObject *tke_journal_dup_values(JsonObject *values);

/* What is noted of the step is what it is about, as far as that can be checked without a unit. */
bool tke_journal_entry_is_sound(const TkeJournalEntry *entry);

/*
 * What the unit shows of the step. noted: what is known of it, which stays where a register is full and the key of
 * the load is not known: anybody may have filled it.
 */
TkeJournalState tke_journal_shows(const TkeJournalEntry *entry, const TkeUnitState *state,
                                  TkeJournalState noted);
