/*
 * Whether this program works in a rehearsal.
 */
#include "gtk-common/rehearsal.h"

#include <glib/gi18n.h>

static bool in_rehearsal = false;

void
tke_ui_rehearsal_set(bool rehearsal)
{
    in_rehearsal = rehearsal;
}

bool
tke_ui_rehearsal_is(void)
{
    return in_rehearsal;
}

char *
tke_ui_rehearsal_dup_title(const char *title)
{
    return in_rehearsal ? g_strdup_printf(_("%s — REHEARSAL"), title) : g_strdup(title);
}
