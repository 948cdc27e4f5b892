/*
 * The end of a procedure as a plain value.
 */
#include "gtk-common/summary.h"

TkeUiSummary *
tke_ui_summary_new(void)
{
    TkeUiSummary *summary = g_new0(TkeUiSummary, 1);

    summary->rows = g_ptr_array_new_with_free_func(g_free);
    return summary;
}

void
tke_ui_summary_free(TkeUiSummary *summary)
{
    if (summary != NULL) {
        g_free(summary->headline);
        g_free(summary->text);
        g_ptr_array_unref(summary->rows);
        g_free(summary->next_label);
        g_free(summary->next_action);
        g_free(summary->other_label);
        g_free(summary->other_action);
        g_free(summary);
    }
}

static void
replace(char **place, const char *text)
{
    g_free(*place);
    *place = g_strdup(text);
}

void
tke_ui_summary_add(TkeUiSummary *summary, const char *label, const char *value)
{
    if (value != NULL) {
        g_ptr_array_add(summary->rows, g_strdup(label));
        g_ptr_array_add(summary->rows, g_strdup(value));
    }
}

void
tke_ui_summary_set(TkeUiSummary *summary, const char *headline, const char *text)
{
    replace(&summary->headline, headline);
    replace(&summary->text, text);
}

void
tke_ui_summary_set_next(TkeUiSummary *summary, const char *label, const char *action)
{
    replace(&summary->next_label, label);
    replace(&summary->next_action, action);
}

void
tke_ui_summary_set_other(TkeUiSummary *summary, const char *label, const char *action)
{
    replace(&summary->other_label, label);
    replace(&summary->other_action, action);
}
