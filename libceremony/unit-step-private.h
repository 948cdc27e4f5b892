/*
 * Inside of a step on several units: its results in words, and what to do where some units failed.
 * Not installed.
 */
#pragma once

#include "libceremony/unit-step.h"

/* A step that is under way. */
typedef struct TkeUnitStepRun {
    TkeOperation *op;
    TkeUnitDirectory *directory;
    const TkeUnitStep *step;
    GPtrArray *skis;    /* of the signers, hex texts */
    JsonObject *values; /* what the step is about, for the journal; NULL: nothing */
    bool *sent;         /* something has gone out */
} TkeUnitStepRun;

typedef enum {
    TKE_UNIT_RESULT_DONE,
    TKE_UNIT_RESULT_FAILED, /* known not to have done it */
    TKE_UNIT_RESULT_UNKNOWN,
} TkeUnitResultKind;

/* Names of the units whose result is of this kind; an empty text if none. The caller frees. */
char *tke_unit_results_names(GPtrArray *results, TkeUnitResultKind kind);
unsigned tke_unit_results_count_done(GPtrArray *results);

/* Takes outcomes and errors from the commands. */
void tke_unit_results_take(GPtrArray *results);

/* Whether an answer to the command, or to what was asked about its outcome, is not the unit's
 * own. */
void tke_unit_result_take_forgery(TkeUnitResult *result);

/* The same of units that were read again. */
void tke_unit_results_take_reading(GPtrArray *results);

/* What is wrong with the first answer that was forged; NULL: none was. Borrowed. */
const GError *tke_unit_results_get_forgery(GPtrArray *results);

/* The directory keeps in mind which units those are, for what comes after the step. */
void tke_unit_results_note_distrust(GPtrArray *results, TkeUnitDirectory *directory);

/*
 * The verdict of the outcomes with what is to be said of those units; takes verdict (NULL: done in
 * all). The error is that of the forged answer, unless the step was done in some units and not in
 * others.
 */
bool tke_unit_verdict_on_distrust(const TkeUnitStep *step, GPtrArray *results, GError *verdict,
                                  GError **error);

/* The log, what is remembered of the units, and the journal; true if all could be written. */
bool tke_unit_step_note(const TkeUnitStepRun *run, GPtrArray *results, GError **error);
bool tke_unit_step_note_in_journal(const TkeUnitStepRun *run, GPtrArray *results, GError **error);

/* True: done in all. why: what stopped the step after something had been sent; may be NULL. */
bool tke_unit_verdict(const TkeUnitStep *step, GPtrArray *results, const GError *why,
                      GError **error);

/* The same where it could not be noted, which is the error then; takes noting. What was done
 * counts. */
bool tke_unit_verdict_unnoted(const TkeUnitStep *step, GPtrArray *results, const GError *why,
                              GError *noting, GError **error);

typedef enum {
    TKE_UNIT_STEP_LEAVE,
    TKE_UNIT_STEP_RETRY,
    TKE_UNIT_STEP_UNDO,
} TkeUnitStepWay;

/* Asks the operator what to do about a step that was done in some units only; to leave it where
 * nobody answers. */
TkeUnitStepWay tke_unit_step_ask(TkeOperation *op, const TkeUnitStep *step, GPtrArray *results,
                                 const GError *facts);

/*
 * Asks the units whose outcome is unknown which of the two it is. Adds the results of which it is
 * known now to found; they have their command still.
 */
void tke_unit_step_settle(TkeUnitDirectory *directory, GPtrArray *results, GPtrArray *found);

/*
 * Prepares another try: units that have not done it are read and checked again. Adds the results
 * of those that are ready to todo; they have no command any more. False: they could not be read,
 * or what was read not be kept.
 */
bool tke_unit_step_prepare_retry(TkeOperation *op, TkeUnitDirectory *directory,
                                 const TkeUnitStep *step, GPtrArray *results, GPtrArray *todo,
                                 GError **error);

/*
 * Undoes the step where it was done; error tells the end of it, as the step has failed then, and the
 * one step that comes next. facts: what had become of the step.
 */
void tke_unit_step_undo(TkeOperation *op, TkeUnitDirectory *directory, const TkeUnitStep *step,
                        GPtrArray *results, const GError *facts, GError **error);
