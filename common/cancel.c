/*
 * Has somebody asked to stop?
 */
#include "common/cancel.h"

#include <glib/gi18n-lib.h>

bool
tke_cancel_is_asked(GCancellable *cancellable, GError **error)
{
    if (!g_cancellable_is_cancelled(cancellable)) {
        return false;
    }
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("stopped by the operator"));
    return true;
}
