/*
 * What keeps the readers of a workstation from serving a ceremony, and what to do about it (F-002,
 * F-009, F-011): readers without keypad, held by another program, virtual, without a driver, too
 * few.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/op-reader.h"
#include "libceremony/operation.h"

typedef struct TkeProblem {
    char *subject; /* "reader 2", "Broadcom 5880 00 00", "USB device X" */
    char *text;    /* what is wrong */
    char *remedy;  /* what to do */
    char *details; /* for support: codes of the smart card service; NULL: none */
    bool minor;    /* of a reader that is not needed */
} TkeProblem;

TKE_PUBLIC void tke_problem_free(TkeProblem *problem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeProblem, tke_problem_free)

/*
 * All there are, TkeProblem, and all readers as they answered, TkeReaderCheck; both to be freed.
 * good: how many of the two readers can serve, as far as they can be asked. Fails only if readers
 * cannot be listed (no service): that is the problem then, its advice the remedy.
 */
TKE_PUBLIC bool tke_self_check_readers(TkeOperation *op, GPtrArray **checks, GPtrArray **problems,
                                       unsigned *good, GError **error);

/* Adds what is wrong with one reader; good: one more that can serve. For tests. */
void tke_self_check_reader(GPtrArray *problems, const TkeReaderCheck *check, unsigned *good);

typedef enum {
    TKE_FINDING_GOOD,
    TKE_FINDING_MINOR, /* keeps nobody from working */
    TKE_FINDING_BAD,
} TkeFindingKind;

typedef struct TkeFinding {
    TkeFindingKind kind;
    char *what;
    bool clause;   /* it is no heading: to be made a sentence */
    char *remedy;  /* NULL: none, or that of the error */
    GError *error; /* whose message, advice and details belong to it; NULL: none */
    char *details; /* of support's; NULL: none, or those of the error */
} TkeFinding;

/* The verdict and what it rests on, in the order in which it is told. */
typedef struct TkeSelfCheck {
    GPtrArray *findings; /* TkeFinding */
    bool ready;
} TkeSelfCheck;

TKE_PUBLIC void tke_self_check_free(TkeSelfCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeSelfCheck, tke_self_check_free)

/*
 * Of what tke_self_check_readers() has found. cards: for readers 1 and 2, why the card in it
 * cannot be read; NULL: it can, or there is none.
 */
TKE_PUBLIC TkeSelfCheck *tke_self_check_judge(const GPtrArray *checks, const GPtrArray *problems,
                                              unsigned good, const GError *const cards[2]);

/* Of its error. */
TKE_PUBLIC TkeSelfCheck *tke_self_check_judge_failure(const GError *error);

/* Adds the devices of the USB that look like readers and are not among these (TkeReaderCheck). For
 * tests. */
void tke_self_check_devices(GPtrArray *problems, const GPtrArray *checks, const char *sysfs,
                            const char *proc);
