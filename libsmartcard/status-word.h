/*
 * Status words: value, error code, text, source (status-word.inc).
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/card-error.h"

#define SW(value, name, code, text, source) TKE_SW_##name = (value),
typedef enum {
#include "libsmartcard/status-word.inc"
} TkeStatusWord;
#undef SW

/* What a status word means, translated; never NULL. 61xx and 63Cx included. */
TKE_PUBLIC const char *tke_status_word_text(uint16_t sw);

/* The error code for a refusal with this status word; 9000 and 61xx are programming errors. */
TKE_PUBLIC TkeCardError tke_status_word_code(uint16_t sw);

/* Sets the error for a refusal: "<what>: <text> (status word 6985)", status word and tries riding
 * along. */
TKE_PUBLIC void tke_status_word_set_error(GError **error, uint16_t sw, const char *what);
