/*
 * That somebody has asked to stop, in words of ours: GLib's are in a language of its own.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "common/public.h"

/* True, with G_IO_ERROR_CANCELLED, if so. cancellable may be NULL. */
TKE_PUBLIC bool tke_cancel_is_asked(GCancellable *cancellable, GError **error);
