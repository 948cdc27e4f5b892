/*
 * Inside of the journal: what a step is about, and whether a unit shows that it was done. Not
 * installed.
 */
#pragma once

#include "libceremony/journal.h"

typedef enum {
#define JOURNAL_STEP(action, name, what, command, source) TKE_JOURNAL_##name,
#include "libceremony/journal.inc"
    TKE_JOURNAL_STEPS
} TkeJournalStep;

typedef struct TkeJournalUnit {
    char *id;
    char *location;
    char *instance; /* NULL: not known */
    TkeJournalState state;
    bool reached; /* it was done there, whatever has become of it since */
    bool has_before;
    TkeUnitIdentity before; /* of the unit when the step was sent, from a signed answer */
} TkeJournalUnit;

struct TkeJournalEntry {
    const char *action;
    TkeJournalStep step;
    char *started;
    char *key;          /* of a load: pattern of the key it makes, once a unit has signed for it */
    JsonObject *values; /* or NULL */
    GPtrArray *units;   /* TkeJournalUnit */
};

/* TKE_JOURNAL_STEPS if it is none of them. */
TkeJournalStep tke_journal_entry_find_step(const char *action);
TkeJournalEntry *tke_journal_entry_new(TkeJournalStep step, const char *started, const char *key);
TkeJournalUnit *tke_journal_entry_find_unit(const TkeJournalEntry *entry, const char *id);
/* That of the identifier, which is added if it is not there. */
TkeJournalUnit *tke_journal_entry_add_unit(TkeJournalEntry *entry, const char *id,
                                           const char *location, const char *instance);

/* What other, of the same values, knows of units that are not in entry, and of the key. */
void tke_journal_entry_take_over(TkeJournalEntry *entry, const TkeJournalEntry *other);

/* Done in some and not in others, or not known in any. */
bool tke_journal_entry_is_unfinished(const TkeJournalEntry *entry);

/* An element of the file. NULL: it has not the form it should have. */
TkeJournalEntry *tke_journal_entry_from_json(JsonNode *node);
JsonObject *tke_journal_entry_to_json(const TkeJournalEntry *entry);

/* What units show of it are their registers. */
bool tke_journal_entry_is_about_registers(const TkeJournalEntry *entry);

/*
 * Key parts are the same on whatever card they are, in any order; administrators, whatever their
 * name. Both may be NULL.
 */
bool tke_journal_same_values(JsonObject *a, JsonObject *b);
JsonObject *tke_journal_dup_values(JsonObject *values);

/* What is noted of the step is what it is about, as far as that can be checked without a unit. */
bool tke_journal_entry_is_sound(const TkeJournalEntry *entry);

/*
 * What the unit shows of the step; unit: what is noted of it, which stays where the answers prove
 * nothing: of registers those that are not signed, older ones than when the step was sent, those
 * of another module; whether a key is committed; a full register while the key of the load is not
 * known, as anybody may have filled it.
 */
TkeJournalState tke_journal_shows(const TkeJournalEntry *entry, const TkeUnitState *state,
                                  const TkeJournalUnit *unit);

/*
 * The new register, which was empty when the load was sent, is full after exactly one command, and
 * every import is for the importer key that the load has made: what is there is its key.
 */
bool tke_journal_shows_key(const TkeJournalEntry *entry, const TkeUnitState *state,
                           const TkeJournalUnit *unit);
