/*
 * What a service, a unit or a file says is shown, and must not move the cursor or pass for our own
 * words.
 */
#include "tke/text.h"

char *
tke_cli_text_safe(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *safe = g_string_new(NULL);

    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_string_append_unichar(safe, g_unichar_isprint(c) ? c : '?');
    }
    return g_string_free(safe, FALSE);
}

char *
tke_cli_text_time(gint64 seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(seconds);

    return time != NULL ? g_date_time_format(time, "%x %X %Z") : g_strdup("-");
}

char *
tke_cli_text_group(const char *digits, size_t len, size_t size)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < len && digits[i] != '\0'; i++) {
        if (i > 0 && i % size == 0) {
            g_string_append_c(text, ' ');
        }
        g_string_append_c(text, digits[i]);
    }
    return g_string_free(text, FALSE);
}
