/*
 * TkeJournal: steps on several crypto units that were begun and have not reached all of them
 * (functions 3.2, P-7; F-177).
 *
 * A file of the directory (CLOUDTKEFILES), written whole and synced before a step is sent, and
 * again when its outcomes are known; so it is right too where the program or the machine ends in
 * between. It holds public values only. What a unit shows in signed answers when it is read counts
 * more than what was noted: a step that has been completed, or undone, by whomever, is not
 * unfinished any more. The caller holds the directory's lock.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "common/digest.h"
#include "common/public.h"
#include "libep11admin/unit-query.h"
#include "libep11admin/unit.h"

typedef struct TkeJournal TkeJournal;
typedef struct TkeJournalEntry TkeJournalEntry;

typedef enum {
    TKE_JOURNAL_UNKNOWN, /* sent, and no outcome is known */
    TKE_JOURNAL_DONE,
    TKE_JOURNAL_NOT_DONE,
} TkeJournalState;

/* A missing file is an empty journal; a damaged one is put aside, with an error that tells where
 * and what is lost. */
TKE_PUBLIC TkeJournal *tke_journal_load(const char *directory, GError **error);
TKE_PUBLIC void tke_journal_free(TkeJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeJournal, tke_journal_free)

/*
 * The step is about to be sent to these units (TkeUnit). action: of the activity log; values: what
 * the step is about, the same for all units, copied; NULL: nothing. A step that goes on with an
 * unfinished one of the same values, in one of its units at least, becomes part of that, and so do
 * others that it meets. Identity and counter of the units are noted with it.
 * Nothing may be sent when it fails.
 */
TKE_PUBLIC bool tke_journal_begin(TkeJournal *journal, const char *action, JsonObject *values,
                                  GPtrArray *units, GError **error);

/* What became of it in one unit; saved by tke_journal_save. */
TKE_PUBLIC void tke_journal_note(TkeJournal *journal, const char *action, JsonObject *values,
                                 const TkeUnit *unit, TkeJournalState state);

/*
 * Of a load: pattern of the key it makes, as the unit has signed for it. The first one counts.
 * Without it nothing is learned of registers that are full. Saved by tke_journal_save.
 */
TKE_PUBLIC void tke_journal_note_key(TkeJournal *journal, const char *action, JsonObject *values,
                                     const TkeUnit *unit, const uint8_t vp[static TKE_VP_LEN]);

/*
 * What a unit shows now: settles what was noted about it. A state with an error tells nothing; nor
 * do registers whose patterns are not signed, answers older than the step, and those of another
 * module or domain.
 */
TKE_PUBLIC void tke_journal_note_state(TkeJournal *journal, const TkeUnitState *state);

/* An unfinished step on registers concerns one of the units (TkeUnit): they are read with signed
 * patterns. */
TKE_PUBLIC bool tke_journal_needs_patterns(const TkeJournal *journal, const GPtrArray *units);

/* Writes what has changed. */
TKE_PUBLIC bool tke_journal_save(TkeJournal *journal, GError **error);

/* Steps that are unfinished, oldest first, TkeJournalEntry; borrowed, until the journal changes. */
TKE_PUBLIC const GPtrArray *tke_journal_get_unfinished(const TkeJournal *journal);

/* The newest unfinished step of this action that concerns the unit; NULL: none. Borrowed. */
TKE_PUBLIC const TkeJournalEntry *tke_journal_find(const TkeJournal *journal, const char *action,
                                                   const TkeUnit *unit);

/* The newest one that is about the same and concerns the unit; NULL: none. Borrowed. */
TKE_PUBLIC const TkeJournalEntry *tke_journal_find_same(const TkeJournal *journal,
                                                        const char *action, JsonObject *values,
                                                        const TkeUnit *unit);

/* A copy of a step that is not of the journal any more; what units show can be noted in it too
 * (true: it changed). */
TKE_PUBLIC TkeJournalEntry *tke_journal_entry_dup(const TkeJournalEntry *entry);
TKE_PUBLIC void tke_journal_entry_free(TkeJournalEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeJournalEntry, tke_journal_entry_free)
TKE_PUBLIC bool tke_journal_entry_note_state(TkeJournalEntry *entry, const TkeUnitState *state);

/* For people, translated: "Commit". */
TKE_PUBLIC const char *tke_journal_entry_get_what(const TkeJournalEntry *entry);
TKE_PUBLIC const char *tke_journal_entry_get_action(const TkeJournalEntry *entry);
/* When it was begun, UTC, ISO 8601. */
TKE_PUBLIC const char *tke_journal_entry_get_started(const TkeJournalEntry *entry);
/* The command that continues it. */
TKE_PUBLIC const char *tke_journal_entry_get_command(const TkeJournalEntry *entry);
TKE_PUBLIC JsonObject *tke_journal_entry_get_values(const TkeJournalEntry *entry); /* or NULL */
/* Pattern of the key of a load, hex text; NULL: no unit has signed for it. */
TKE_PUBLIC const char *tke_journal_entry_get_key(const TkeJournalEntry *entry);

/* False: the step does not concern this unit. */
TKE_PUBLIC bool tke_journal_entry_get_state(const TkeJournalEntry *entry, const TkeUnit *unit,
                                            TkeJournalState *state);

/* The step was done in the unit, whatever has become of it since. */
TKE_PUBLIC bool tke_journal_entry_was_done(const TkeJournalEntry *entry, const TkeUnit *unit);

/* Patterns of the key parts of a load, hex texts; empty for other steps. The caller frees. */
TKE_PUBLIC char **tke_journal_entry_dup_patterns(const TkeJournalEntry *entry);

/*
 * What was done where, where not, and what continues it, in one translated line; NULL when it
 * concerns none of these units (TkeUnit). The caller frees.
 */
TKE_PUBLIC char *tke_journal_entry_tell(const TkeJournalEntry *entry, const GPtrArray *units);

/* A unit of a step that is given up. */
typedef struct TkeJournalLeftUnit {
    char *id;
    char *instance;
    char *location;
    const char *name;  /* as it is listed, borrowed from the unit; NULL: it is gone */
    const char *state; /* "unknown", "done", "not done": never translated */
} TkeJournalLeftUnit;

typedef GPtrArray TkeJournalLeft; /* TkeJournalLeftUnit */

/*
 * Units of the step that are gone: not among these (TkeUnit), while others of their instance are.
 * also: units that are listed, and left too; NULL: none. The caller frees.
 */
TKE_PUBLIC TkeJournalLeft *tke_journal_entry_dup_left(const TkeJournalEntry *entry,
                                                      const GPtrArray *units,
                                                      const GPtrArray *also);
TKE_PUBLIC void tke_journal_left_unit_free(TkeJournalLeftUnit *unit);

/* The step does not concern these units any more, which may end it; saved. */
TKE_PUBLIC bool tke_journal_leave(TkeJournal *journal, const TkeJournalEntry *entry,
                                  const TkeJournalLeft *left, GError **error);
