/*
 * TkeUiSummary: how a procedure ended, in rows, and what naturally comes next.
 */
#pragma once

#include <glib.h>

typedef struct TkeUiSummary {
    char *headline;
    char *text;        /* may be NULL */
    GPtrArray *rows;   /* char *: label, value, label, value, … */
    char *next_label;  /* primary button; NULL: none */
    char *next_action; /* detailed name of the action it starts */
    char *other_label;
    char *other_action;
} TkeUiSummary;

TkeUiSummary *tke_ui_summary_new(void);
void tke_ui_summary_free(TkeUiSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUiSummary, tke_ui_summary_free)

/* Adds a row unless value is NULL; takes nothing. */
void tke_ui_summary_add(TkeUiSummary *summary, const char *label, const char *value);
void tke_ui_summary_set(TkeUiSummary *summary, const char *headline, const char *text);
void tke_ui_summary_set_next(TkeUiSummary *summary, const char *label, const char *action);
void tke_ui_summary_set_other(TkeUiSummary *summary, const char *label, const char *action);
