/*
 * What is known of the cards in the readers, as text to read, copy, print and keep (functions 2.11
 * and 2.12). Translated; freed by the caller.
 */
#pragma once

#include "scup/cards.h"

/* reader: 1, 2, or 0 for both, where the report is one on readers. */
typedef char *(*ScupReportFunc)(ScupCards *cards, unsigned reader);

/* A report: what a window shows and what it does with it. */
typedef struct ScupReport {
    const char *title; /* marked with N_() */
    ScupReportFunc text;
    ScupReportFunc file; /* what is saved; NULL: the text */
    const char *name;    /* of the file */
    const char *pdf_name;
    bool choice;       /* of the reader (2.11) */
    const char *check; /* detailed action that lets the cards prove themselves; NULL: none */
} ScupReport;

extern const ScupReport scup_report_of_information;
extern const ScupReport scup_report_of_key_identifiers;
extern const ScupReport scup_report_of_inventory;
extern const ScupReport scup_report_of_all;

/* Lines of text in which SCUP_REPORT_COLUMN parts a label from its value, with all values in one
 * column. */
#define SCUP_REPORT_COLUMN '\x1f'
char *scup_report_columns(const char *text);

char *scup_report_information(ScupCards *cards, unsigned reader);
char *scup_report_key_identifiers(ScupCards *cards, unsigned reader);

/* All cards this workstation has seen; the second as CSV (F-042). */
char *scup_report_inventory(ScupCards *cards, unsigned reader);
char *scup_report_inventory_csv(ScupCards *cards, unsigned reader);

/* Information and inventory in one, with the day. */
char *scup_report_all(ScupCards *cards, unsigned reader);
