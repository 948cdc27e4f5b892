/*
 * One step of a procedure on several crypto units: a command for each is prepared, signed by as few
 * visits as possible, sent to all at once, its outcome recorded (functions 3.2, P-7; F-053).
 *
 * Where a unit was given a command by somebody else meanwhile (163), nothing was done there: it is
 * read again, and signed for again. A lost answer is looked up, never repeated. What is sent is
 * noted in the journal before. Where some units failed the operator may try again there, undo the
 * step in the others, or leave it.
 *
 * A forged answer to a command is an error, whatever the unit shows afterwards in answers of its
 * own; it gets no command of the step any more (and none of a later one before the operator has
 * agreed: tke_plan_query).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libep11admin/unit-command.h"

/* What became of the step in one unit. */
typedef struct TkeUnitResult {
    TkeUnit *unit; /* a reference */
    TkeUnitOutcome outcome;
    bool undone; /* it was done, and undone again */
    /* what is wrong with an answer that is not its own: nothing more is sent; else NULL */
    GError *forged;
    /* why it was not done, or why it had to be asked whether it was; else NULL */
    GError *error;
    TkeUnitCommand *command; /* as sent; NULL when none could be made */
    /* identifiers of those who signed the command whose outcome it is; NULL: none */
    GStrv signers;
} TkeUnitResult;

/* TkeUnitResult each, in the order of the units. */
typedef GPtrArray TkeUnitResults;
TKE_PUBLIC TkeUnitResults *tke_unit_results_new(void);
TKE_PUBLIC bool tke_unit_result_is_done(const TkeUnitResult *result);
/* "done", "refused", "unknown", …: for programs; marked for translation, which is for people. */
TKE_PUBLIC const char *tke_unit_result_word(const TkeUnitResult *result);

/* Makes the command for one unit; NULL with an error when the unit's state forbids it. */
typedef TkeUnitCommand *(*TkeUnitMakeCommand)(TkeUnit *unit, void *data, GError **error);

/* Adds public values of the command to the entry of the activity log; may be NULL. */
typedef void (*TkeUnitDescribeCommand)(TkeUnit *unit, void *data, JsonObject *values);

/* Whether the step is still possible in a unit that was read again; an error if not. */
typedef bool (*TkeUnitCheckState)(const TkeUnitState *state, void *data, GError **error);

/* Pattern of the key that the command has made in a unit, from the signed answer. */
typedef bool (*TkeUnitGetKey)(const TkeUnitCommand *command, uint8_t vp[static 32], GError **error);

typedef struct TkeUnitStep {
    const char *action; /* of the activity log */
    const char *what;   /* for people, translated: "Commit" */
    TkeUnitMakeCommand make;
    TkeUnitDescribeCommand describe;
    TkeUnitCheckState check; /* NULL: the unit itself refuses what is not possible any more */
    TkeUnitQueryFlags read;  /* how a unit is read again for the check */
    void *data;
    TkeUnitGetKey key; /* of a load; NULL: no key is noted */
    /* No signed answer shows that it was done: what is found after a lost answer stays
     * unfinished. */
    bool unproven;
    /* nobody has to finish it, as nothing is left of it: the journal does not keep it */
    bool passing;
    /* what is told of its end are facts: what comes next is told by the step that it belongs to */
    bool inner;
    const struct TkeUnitStep *undo; /* what undoes it where it was done; NULL: nothing does */
} TkeUnitStep;

/*
 * Runs the step on the units (TkeUnit). results gets one entry for each, also on failure (an empty
 * array when nothing was sent). True when it was done in all; TKE_CEREMONY_ERROR_PARTLY or _UNITS
 * (with the first unit's own error in the message; in its own domain when only one unit was
 * concerned) otherwise. Done in all, and an answer was forged: the error of that answer.
 */
TKE_PUBLIC bool tke_unit_step_run(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units,
                                  const TkeUnitStep *step, TkeUnitResults *results, GError **error);
