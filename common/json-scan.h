/*
 * Whether a text is JSON, strictly (RFC 8259) and not nested too deeply.
 *
 * To be asked before json-glib reads what comes from outside: it takes comments, assignments and
 * numbers that are no JSON, and recurses until the stack is used up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/public.h"

#define TKE_JSON_SCAN_DEPTH 32u

/*
 * Does the text begin with a value? *value_len: bytes of it and of the blanks around it; where
 * there is none, how far it could be read. Text may be NULL, and need not end with NUL. Whether it
 * is UTF-8 is not looked at.
 */
TKE_PUBLIC bool tke_json_scan_value(const char *text, size_t len, size_t *value_len);

/* Nothing but one value and blanks, in UTF-8. */
TKE_PUBLIC bool tke_json_scan_is_whole(const char *text, size_t len);
