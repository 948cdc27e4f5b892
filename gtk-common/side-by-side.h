/*
 * TkeUiSideBySide: a box whose children stand beside each other, all as wide and as high as the
 * box allows, or, where it is too narrow for that, below each other in full height: to be put into
 * something that scrolls.
 */
#pragma once

#include <gtk/gtk.h>

#define TKE_UI_TYPE_SIDE_BY_SIDE (tke_ui_side_by_side_get_type())
G_DECLARE_FINAL_TYPE(TkeUiSideBySide, tke_ui_side_by_side, TKE_UI, SIDE_BY_SIDE, GtkBox)
