/*
 * Log domains and dumps of public bytes. Secrets never reach these functions. Off by default;
 * switched on by IBMCLOUD_TRACE=true or OPENTKE_TRACE=1, written to standard error, never
 * translated.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

TKE_PUBLIC void tke_log_set_enabled(bool enabled);
TKE_PUBLIC bool tke_log_is_enabled(void);

/* One line; domain is "card", "unit", "https", "sim", … */
TKE_PUBLIC void tke_log(const char *domain, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* One line with a hex dump of public bytes, cut after 64. */
TKE_PUBLIC void tke_log_bytes(const char *domain, const char *what, const uint8_t *bytes,
                              size_t len);
