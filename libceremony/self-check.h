/*
 * What keeps the readers of a workstation from serving a ceremony, and what to do about it (F-002, F-009, F-011):
 * readers without keypad, held by another program, virtual, without a driver, too few.
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
 * All there are, TkeProblem, and all readers as they answered, TkeReaderCheck; both to be freed. good: how many of the
 * two readers can serve, as far as they can be asked. Fails only if readers cannot be listed (no service): that is the
 * problem then, its advice the remedy.
 */
TKE_PUBLIC bool tke_self_check_readers(TkeOperation *op, GPtrArray **checks, GPtrArray **problems,
                                       unsigned *good, GError **error);

/* Adds what is wrong with one reader; good: one more that can serve. For tests. */
void tke_self_check_reader(GPtrArray *problems, const TkeReaderCheck *check, unsigned *good);

/* Adds the devices of the USB that look like readers and are not among these (TkeReaderCheck). For tests. */
void tke_self_check_devices(GPtrArray *problems, const GPtrArray *checks, const char *sysfs,
                            const char *proc);
