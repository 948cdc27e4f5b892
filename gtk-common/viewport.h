/*
 * TkeUiViewport: a GtkViewport that stays on the screen for screen readers.
 *
 * GTK compares the place of a viewport in its window with what of its contents is scrolled into
 * view. Once they are scrolled further than that place, it tells assistive programs that the
 * viewport is not shown: to those that pass by what is not shown, all that is in it is lost then,
 * the focus too.
 */
#pragma once

#include <gtk/gtk.h>

#define TKE_UI_TYPE_VIEWPORT (tke_ui_viewport_get_type())
G_DECLARE_FINAL_TYPE(TkeUiViewport, tke_ui_viewport, TKE_UI, VIEWPORT, GtkViewport)
