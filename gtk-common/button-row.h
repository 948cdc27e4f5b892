/*
 * TkeUiButtonRow: a horizontal box whose children stand below each other, as many in a row as fit,
 * where it is too narrow for all of them.
 *
 * With letters of twice the size, or on a small screen, the buttons of a window may need more room
 * than there is: they must stay within reach then, without scrolling to the side. Rows end at the
 * right, as the buttons of a dialog do.
 */
#pragma once

#include <gtk/gtk.h>

#define TKE_UI_TYPE_BUTTON_ROW (tke_ui_button_row_get_type())
G_DECLARE_FINAL_TYPE(TkeUiButtonRow, tke_ui_button_row, TKE_UI, BUTTON_ROW, GtkBox)
