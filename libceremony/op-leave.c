/*
 * Unfinished steps that nobody will finish: their units have left the instance (functions 3.2,
 * P-7; F-177).
 */
#include "libceremony/op-leave.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/missed-entries.h"
#include "libceremony/plan.h"
#include "libceremony/record.h"

#define LEAVE "opentke-unfinished.leave"

static void
step_free(TkeLeftStep *step)
{
    g_free(step->action);
    g_free(step->what);
    g_free(step->started);
    g_free(step->id);
    g_free(step->instance);
    g_free(step->location);
    g_free(step);
}

static void
add_steps(GPtrArray *steps, const TkeJournalEntry *entry, const TkeJournalLeft *left)
{
    for (unsigned i = 0; i < left->len; i++) {
        const TkeJournalLeftUnit *unit = g_ptr_array_index(left, i);
        TkeLeftStep *step = g_new0(TkeLeftStep, 1);

        step->action = g_strdup(tke_journal_entry_get_action(entry));
        step->what = g_strdup(tke_journal_entry_get_what(entry));
        step->started = g_strdup(tke_journal_entry_get_started(entry));
        step->id = g_strdup(unit->id);
        step->instance = g_strdup(unit->instance);
        step->location = g_strdup(unit->location);
        step->name = unit->name;
        step->state = unit->state;
        g_ptr_array_add(steps, step);
    }
}

static GPtrArray *
find_steps(TkeUnitDirectory *directory, const GPtrArray *also)
{
    const GPtrArray *entries =
        tke_journal_get_unfinished(tke_unit_directory_get_journal(directory));
    GPtrArray *steps = g_ptr_array_new_with_free_func((GDestroyNotify) step_free);

    for (unsigned i = 0; i < entries->len; i++) {
        const TkeJournalEntry *entry = g_ptr_array_index(entries, i);
        g_autoptr(GPtrArray) left =
            tke_journal_entry_dup_left(entry, tke_unit_directory_get_units(directory), also);

        add_steps(steps, entry, left);
    }
    return steps;
}

static const char *
state_text(const char *word)
{
    return strcmp(word, "done") == 0       ? _("done there")
           : strcmp(word, "not done") == 0 ? _("not done there")
                                           : _("not known there");
}

/* "Clear new, begun 2026-…: crypto unit 1 (done there)" */
static char *
step_line(const TkeLeftStep *step)
{
    return g_strdup_printf(_("%s, begun %s: %s (%s)"), step->what, step->started,
                           step->name != NULL ? step->name : step->location,
                           state_text(step->state));
}

/* What P-9 wants typed where a unit is still there; NULL: none is. */
static char *
confirm_word(const GPtrArray *steps)
{
    for (unsigned i = 0; i < steps->len; i++) {
        const TkeLeftStep *step = g_ptr_array_index(steps, i);

        if (step->name != NULL && step->instance != NULL) {
            return g_strndup(step->instance, 8);
        }
    }
    return NULL;
}

static bool
confirm(TkeOperation *op, const GPtrArray *steps, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *word = confirm_word(steps);
    TkePlan plan = { .action = "leave",
                     .title = _("These steps will not be told as unfinished any more:"),
                     .consequence = word == NULL
                                        ? _("The crypto units are not listed any more. Nothing is "
                                            "sent to any.")
                                        : _("Crypto units that are still listed stay as they are, "
                                            "though they may differ. Nothing is sent to any."),
                     .confirm_text = word,
                     .default_no = true };

    for (unsigned i = 0; i < steps->len; i++) {
        g_ptr_array_add(lines, step_line(g_ptr_array_index(steps, i)));
    }
    g_ptr_array_add(lines, NULL);
    plan.lines = (const char *const *) lines->pdata;
    return tke_operation_confirm(op, &plan, error);
}

/* Before it is forgotten. */
static bool
record(TkeOperation *op, const TkeLeftStep *step, GError **error)
{
    g_autoptr(JsonObject) values = json_object_new();

    json_object_set_string_member(values, "step", step->action);
    json_object_set_string_member(values, "begun", step->started);
    if (step->instance != NULL) {
        json_object_set_string_member(values, "instance", step->instance);
    }
    json_object_set_string_member(values, "unit", step->id);
    json_object_set_string_member(values, "location", step->location);
    json_object_set_boolean_member(values, "listed", step->name != NULL);
    json_object_set_string_member(values, "state", step->state);
    tke_missed_entries_record(tke_operation_get_log(op));
    return tke_activity_log_append(tke_operation_get_log(op), LEAVE, values, error);
}

static bool
leave_all(TkeUnitDirectory *directory, const GPtrArray *also, GError **error)
{
    TkeJournal *journal = tke_unit_directory_get_journal(directory);
    const GPtrArray *entries = tke_journal_get_unfinished(journal);

    for (unsigned i = entries->len; i > 0; i--) { /* those that end are taken out */
        const TkeJournalEntry *entry = g_ptr_array_index(entries, i - 1);
        g_autoptr(GPtrArray) left =
            tke_journal_entry_dup_left(entry, tke_unit_directory_get_units(directory), also);

        if (left->len > 0 && !tke_journal_leave(journal, entry, left, error)) {
            return false;
        }
    }
    return true;
}

/* A unit is still there. */
static bool
has_listed(const GPtrArray *steps)
{
    for (unsigned i = 0; i < steps->len; i++) {
        if (((const TkeLeftStep *) g_ptr_array_index(steps, i))->name != NULL) {
            return true;
        }
    }
    return false;
}

bool
tke_op_leave(TkeOperation *op, TkeUnitDirectory *directory, bool listed, GPtrArray **steps,
             GError **error)
{
    g_autoptr(GPtrArray) also = NULL;
    g_autoptr(GPtrArray) found = NULL;

    if (listed) {
        also = tke_unit_directory_get_selected(directory, error);
        if (also == NULL) {
            return false;
        }
    }
    found = find_steps(directory, also);
    if (found->len > 0) {
        if ((has_listed(found) && !tke_plan_need_one_instance(also, error)) ||
            !tke_record_check(op, error) || !confirm(op, found, error)) {
            return false;
        }
        for (unsigned i = 0; !tke_operation_is_dry_run(op) && i < found->len; i++) {
            if (!record(op, g_ptr_array_index(found, i), error)) {
                return false;
            }
        }
        if (!tke_operation_is_dry_run(op) && !leave_all(directory, also, error)) {
            return false;
        }
    }
    *steps = g_steal_pointer(&found);
    return true;
}
