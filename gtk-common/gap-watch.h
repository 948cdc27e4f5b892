/*
 * How long the main loop was kept from its work: for measurements. Only with tracing on
 * (OPENTKE_TRACE=1).
 */
#pragma once

/* Watches from now on; does nothing while tracing is off. */
void tke_ui_gap_watch_start(void);

/* Writes "longest gap of the main loop: N ms" to the trace. */
void tke_ui_gap_watch_report(void);
