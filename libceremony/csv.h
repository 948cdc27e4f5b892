/*
 * Tables for spreadsheets (RFC 4180), a cell at a time.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Quoted; a text that a spreadsheet would take for a formula is kept from it. last: of its line. */
void tke_csv_append(GString *text, const char *cell, bool last);
