/*
 * Return and reason codes of crypto units, in words: what it means, what to do next
 * (crypto-unit-protocol.md, section 6; tables return-code.inc and reason-code.inc).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"

/* TKE_RC_<NAME>; some do not fit an enum. */
#define RETURN_CODE(code, name, text, advice, documented, source)                                  \
    G_GNUC_UNUSED static const uint32_t TKE_RC_##name = (code);
#include "libep11admin/return-code.inc"

/* TKE_RSC_<NAME> */
typedef enum {
#define REASON_CODE(code, name, text, advice, with, documented, source) TKE_RSC_##name = (code),
#include "libep11admin/reason-code.inc"
} TkeReasonCode;

#define TKE_REASON_NONE (-1) /* the unit gave no reason */

typedef struct TkeReasonText {
    const char *meaning; /* translated; NULL: unknown codes */
    const char *advice;  /* what to do next, translated; NULL: none known */
    bool documented;     /* IBM's own client has a text for this pair or return code */
    const char *source;  /* of the row used */
} TkeReasonText;

/*
 * The words for a pair; the reason decides if it is known, else the return code alone. False when
 * neither is known.
 */
TKE_PUBLIC bool tke_reason_code_lookup(uint32_t return_code, int64_t reason_code,
                                       TkeReasonText *text);

/* "meaning (return code 209, reason code 58)" for an error message, translated. Caller frees. */
TKE_PUBLIC char *tke_reason_code_dup_message(uint32_t return_code, int64_t reason_code);

/* "209-58", "209": for tables and logs, never translated. Caller frees. */
TKE_PUBLIC char *tke_reason_code_dup_codes(uint32_t return_code, int64_t reason_code);
