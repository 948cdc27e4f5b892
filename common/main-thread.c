/*
 * The mark of the thread that must not wait.
 */
#include "common/main-thread.h"

#include <glib/gi18n-lib.h>

#include "common/error.h"

static GThread *marked; /* compared, never used */

void
tke_main_thread_mark(void)
{
    g_atomic_pointer_set(&marked, g_thread_self());
}

bool
tke_main_thread_may_block(GError **error)
{
    GThread *windows = g_atomic_pointer_get(&marked);

    if (windows == NULL || windows != g_thread_self()) {
        return true;
    }
    g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE,
                        _("cards, services and files are not used on the thread of the windows"));
    return false;
}
