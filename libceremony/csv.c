/*
 * Cells of a table as RFC 4180 wants them.
 */
#include "libceremony/csv.h"

#include <string.h>

void
tke_csv_append(GString *text, const char *cell, bool last)
{
    bool formula = strchr("=+-@", cell[0]) != NULL && cell[0] != '\0';

    g_string_append_c(text, '"');
    if (formula) {
        g_string_append_c(text, '\'');
    }
    for (; *cell != '\0'; cell++) {
        if (*cell == '"') {
            g_string_append_c(text, '"');
        }
        g_string_append_c(text, *cell);
    }
    g_string_append(text, last ? "\"\r\n" : "\",");
}
