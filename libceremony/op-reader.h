/*
 * Readers: which is number 1 and which number 2 (functions 2.1; F-003; the choice is remembered in
 * the settings), and what their keypads can do (F-009, F-011).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/settings.h"
#include "libsmartcard/pin-pad.h"

/*
 * What the reader of this number and name offers for PINs, whether a card is in or not; the
 * session has looked at readers. A reader without keypad is no error (tke_pin_pad_check); one that
 * another program holds is.
 */
TKE_PUBLIC bool tke_op_reader_describe(TkeOperation *op, unsigned reader, const char *name,
                                       TkePinPad *pad, GError **error);

/*
 * Exchanges the numbers. lasting: they are remembered; false: they hold while both readers stay
 * plugged in and the session lasts, because one cannot be told apart from another.
 */
TKE_PUBLIC bool tke_op_reader_swap(TkeOperation *op, TkeSettings *settings, bool *lasting,
                                   GError **error);

/* What a self-check has found out about one reader (F-009, F-011). */
typedef struct TkeReaderCheck {
    TkeReaderInfo *reader;
    unsigned number; /* 1, 2; 0: it has none */
    /* because it cannot be told apart from another one, and nobody has said which it is */
    bool alike;
    GError *trouble; /* why it cannot take PINs, or could not be asked; NULL: it is good */
} TkeReaderCheck;

TKE_PUBLIC void tke_reader_check_free(TkeReaderCheck *check);

/* All readers, those without number too: TkeReaderCheck, to be freed. No service is a failure. */
TKE_PUBLIC bool tke_op_reader_check(TkeOperation *op, GPtrArray **checks, GError **error);

/* The next reader that gets a card becomes reader 1. lasting: as above. */
TKE_PUBLIC bool tke_op_reader_identify(TkeOperation *op, TkeSettings *settings, bool *lasting,
                                       GError **error);
