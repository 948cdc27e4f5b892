/*
 * Trace lines on standard error. One write for each line, so that lines of several threads stay
 * whole.
 */
#include "common/log.h"

#include <stdio.h>
#include <string.h>

#include "common/hex.h"

#define DUMP_MAX 64u

enum {
    UNKNOWN = 0, /* the environment was not asked yet */
    OFF = 1,
    ON = 2,
};

static int state = UNKNOWN; /* atomic */

void
tke_log_set_enabled(bool enabled)
{
    g_atomic_int_set(&state, enabled ? ON : OFF);
}

bool
tke_log_is_enabled(void)
{
    int now = g_atomic_int_get(&state);

    if (now == UNKNOWN) {
        bool on = g_strcmp0(g_getenv("IBMCLOUD_TRACE"), "true") == 0 ||
                  g_strcmp0(g_getenv("OPENTKE_TRACE"), "1") == 0;

        now = on ? ON : OFF;
        g_atomic_int_set(&state, now);
    }
    return now == ON;
}

void
tke_log(const char *domain, const char *format, ...)
{
    g_autoptr(GDateTime) time = NULL;
    g_autofree char *when = NULL;
    g_autofree char *text = NULL;
    g_autofree char *line = NULL;
    va_list args;

    if (!tke_log_is_enabled()) {
        return;
    }
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    for (char *at = text; *at != '\0'; at++) {
        if (g_ascii_iscntrl(*at)) { /* what a device sent shall not steer a terminal */
            *at = '?';
        }
    }
    time = g_date_time_new_now_utc();
    when = g_date_time_format(time, "%H:%M:%S");
    line = g_strdup_printf("%s.%03d %s: %s\n", when, g_date_time_get_microsecond(time) / 1000,
                           domain, text);
    fwrite(line, 1, strlen(line), stderr);
    fflush(stderr);
}

void
tke_log_bytes(const char *domain, const char *what, const uint8_t *bytes, size_t len)
{
    g_autofree char *text = NULL;

    if (!tke_log_is_enabled()) {
        return;
    }
    text = tke_hex_encode(bytes, MIN(len, DUMP_MAX));
    tke_log(domain, "%s (%zu): %s%s", what, len, text, len > DUMP_MAX ? "..." : "");
}
