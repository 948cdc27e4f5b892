/*
 * TKE_ERROR: faults that belong to no device.
 *
 * Device faults have domains of their own in the libraries above (card, reader, crypto unit,
 * service). Cancellation is always G_IO_ERROR_CANCELLED. A code exists only because some caller
 * acts on it. Messages are lower case, without a full stop, name the thing and hold no secret.
 */
#pragma once

#include <glib.h>

#include "common/public.h"

#define TKE_ERROR (tke_error_quark())

typedef enum {
    TKE_ERROR_INVALID_DATA,  /* bytes from outside do not have the form they must have */
    TKE_ERROR_SECURE_MEMORY, /* the locked heap is full or was never set up */
    TKE_ERROR_CRYPTO,        /* OpenSSL failed for another reason than wrong input */
    TKE_ERROR_VERIFY,        /* a signature, seal, tag or wrap does not verify */
    TKE_ERROR_FILE,          /* a file or directory cannot be read or written */
    TKE_ERROR_LOCKED,        /* another process works on the same directory */
    TKE_ERROR_SETUP,         /* environment or settings keep the program from working */
    TKE_ERROR_USAGE,         /* the caller asked for something that makes no sense */
    TKE_ERROR_NOT_RECORDED,  /* a step was done, but its record could not be written */
} TkeError;

TKE_PUBLIC GQuark tke_error_quark(void);
