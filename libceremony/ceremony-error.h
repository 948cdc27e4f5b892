/*
 * TKE_CEREMONY_ERROR: what keeps a procedure from going on that is no fault of one card, reader or
 * unit.
 */
#pragma once

#include <glib.h>

#include "common/public.h"

#define TKE_CEREMONY_ERROR (tke_ceremony_error_quark())

typedef enum {
    /* cards or units are in a state in which this is not possible */
    TKE_CEREMONY_ERROR_PRECONDITION,
    TKE_CEREMONY_ERROR_NO_SELECTION, /* no crypto unit is selected (E-L06, E-S04) */
    TKE_CEREMONY_ERROR_PARTLY,       /* some units did it, others did not; the result says which */
    TKE_CEREMONY_ERROR_UNITS,        /* no unit did it; the result says why, for each */
    /* nothing is wrong: a dry run has come to where something would be changed or asked for */
    TKE_CEREMONY_ERROR_DRY_RUN,
} TkeCeremonyError;

TKE_PUBLIC GQuark tke_ceremony_error_quark(void);
