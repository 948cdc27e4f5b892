/*
 * Status words of the card manager, which mean other things than those of our applets: value,
 * error code, text, source (gp-status.inc).
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/card-error.h"

#define GP_SW(value, name, code, text, source) TKE_GP_STATUS_##name = (value),
typedef enum {
    TKE_GP_STATUS_DONE = 0x9000,
#include "libsmartcard/gp-status.inc"
} TkeGpStatus;
#undef GP_SW

/* What a status word means, translated; never NULL. */
TKE_PUBLIC const char *tke_gp_status_text(uint16_t sw);

/* Sets the error for a refusal: "<what>: <text> (status word 6985)", the status word riding
 * along. */
TKE_PUBLIC void tke_gp_status_set_error(GError **error, uint16_t sw, const char *what);
