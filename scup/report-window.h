/*
 * ScupReportWindow: what is known of the cards as text, to read, copy, print and keep.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "gtk-common/page-window.h"
#include "scup/cards.h"
#include "scup/report.h"

#define SCUP_TYPE_REPORT_WINDOW (scup_report_window_get_type())
G_DECLARE_FINAL_TYPE(ScupReportWindow, scup_report_window, SCUP, REPORT_WINDOW, TkeUiPageWindow)

/* The text follows the cards. report is static. */
void scup_report_window_show(GtkWindow *parent, TkeUiRunner *runner, ScupCards *cards,
                             const ScupReport *report, bool rehearsal);
