/*
 * TKE_UNIT_ERROR: faults of crypto units and of the service in front of them.
 *
 * Every error of the domain carries what a caller needs to act on: codes of the unit, HTTP status,
 * name of the unit. Cancellation is G_IO_ERROR_CANCELLED; faults of local data are TKE_ERROR.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_UNIT_ERROR (tke_unit_error_quark())

typedef enum {
    TKE_UNIT_ERROR_UNAUTHORIZED, /* HTTP 401: log in again (E-H01) */
    TKE_UNIT_ERROR_FORBIDDEN,    /* HTTP 403: a right is missing (E-H02) */
    TKE_UNIT_ERROR_NOT_FOUND,    /* HTTP 404: no such instance or unit (E-H03) */
    TKE_UNIT_ERROR_BAD_REQUEST,  /* HTTP 400: not supported, or not valid in this state (E-H04) */
    TKE_UNIT_ERROR_SERVICE,      /* any other HTTP status (E-H05) */
    TKE_UNIT_ERROR_HOST_UNKNOWN, /* the service's host name does not exist (E-H06) */
    TKE_UNIT_ERROR_CONNECTION,   /* no connection, or it broke before anything was delivered (E-H07)
                                  */
    TKE_UNIT_ERROR_TLS,          /* certificate or handshake (E-H07) */
    TKE_UNIT_ERROR_TIMEOUT,      /* no answer in time to a request that changes nothing */
    TKE_UNIT_ERROR_OUTCOME_UNKNOWN, /* a change may have been delivered, and no answer came: re-read
                                     */
    TKE_UNIT_ERROR_MALFORMED,       /* an answer does not have the form it must have */
    TKE_UNIT_ERROR_ENDPOINT,  /* the program in front of the unit reports an error (HTPResponse) */
    TKE_UNIT_ERROR_REFUSED,   /* the unit, or its driver, answers with a return code */
    TKE_UNIT_ERROR_SIGNATURE, /* the signature of an answer is wrong or missing (E-H09) */
    TKE_UNIT_ERROR_IDENTITY,  /* an answer belongs to another unit, command or counter (E-H09) */
    TKE_UNIT_ERROR_NOT_GENUINE,  /* certificate chain of the module (E-H09) */
    TKE_UNIT_ERROR_PRECONDITION, /* the unit's state does not permit what is wanted; nothing was
                                    sent */
} TkeUnitError;

/* Where in an exchange the fault was found. */
typedef enum {
    TKE_UNIT_PLACE_NONE,        /* not in an answer */
    TKE_UNIT_PLACE_HTTP,        /* status or body of the HTTP answer */
    TKE_UNIT_PLACE_HTP_FORMAT,  /* the HTPResponse cannot be split into its fields */
    TKE_UNIT_PLACE_PROGRAM,     /* error information in the HTPResponse */
    TKE_UNIT_PLACE_CPRB,        /* CPRB header */
    TKE_UNIT_PLACE_INFO,        /* answer to an information query */
    TKE_UNIT_PLACE_OUTER,       /* unsigned part of an administrative answer */
    TKE_UNIT_PLACE_BLOCK,       /* signed block */
    TKE_UNIT_PLACE_SIGNER_INFO, /* form of the signature */
    TKE_UNIT_PLACE_SIGNATURE,   /* the signature itself */
    TKE_UNIT_PLACE_CERTIFICATE, /* certificate of the module */
} TkeUnitPlace;

typedef struct TkeUnitErrorDetails {
    TkeUnitPlace place;
    unsigned http_status; /* 0: none */
    bool has_return_code; /* return_code is valid */
    uint32_t return_code; /* CPRB: upper half of the field */
    bool has_reason_code; /* the unit gave a reason */
    uint32_t reason_code; /* CPRB: lower half of the field */
    bool is_signed;       /* the codes come from a block whose signature was verified */
    char *unit;           /* name of the unit for people, set by tke_unit_error_set_unit; or NULL */
} TkeUnitErrorDetails;

TKE_PUBLIC GQuark tke_unit_error_quark(void);

/*
 * Sets an error. details may be NULL and is copied (its unit too). The message is lower case,
 * without full stop, translated by the caller.
 */
TKE_PUBLIC void tke_unit_error_set(GError **error, TkeUnitError code,
                                   const TkeUnitErrorDetails *details, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* The details of an error of this domain, valid as long as it; NULL for any other domain. */
TKE_PUBLIC const TkeUnitErrorDetails *tke_unit_error_get_details(const GError *error);

/* Notes the unit (a name for people, "crypto unit 3") in an error of this domain; else does
 * nothing. */
TKE_PUBLIC void tke_unit_error_set_unit(GError *error, const char *unit);

/*
 * True where what was answered is not the unit's own, or not to this: TKE_UNIT_ERROR_SIGNATURE,
 * _IDENTITY or _NOT_GENUINE. Somebody may have tampered with it. NULL: false.
 */
TKE_PUBLIC bool tke_unit_error_is_forgery(const GError *error);

/* True for TKE_UNIT_ERROR_REFUSED with these codes; reason -1 matches any reason and none. */
TKE_PUBLIC bool tke_unit_error_is_refusal(const GError *error, uint32_t return_code,
                                          int64_t reason_code);
