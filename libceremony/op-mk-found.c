/*
 * New registers that are not empty when a load begins (functions 3.8, F-091; 3.2, P-7; F-177).
 */
#include "libceremony/op-mk-found.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/journal.h"
#include "libceremony/plan.h"
#include "libep11admin/unit-master-key.h"

#define LOAD "tke-cryptounit-master-key-register.add"
#define MAX_WAYS 4u

typedef enum {
    REST,  /* load those that are empty, with the same parts */
    KEEP,  /* all hold one key: nothing is to do */
    CLEAR, /* clear what is there, then load all */
    LEAVE,
} Way;

void
tke_mk_found_clear(TkeMkFound *found)
{
    g_clear_pointer(&found->states, g_ptr_array_unref);
    g_clear_pointer(&found->read, g_ptr_array_unref);
    g_clear_pointer(&found->patterns, g_strfreev);
}

static TkeUnitCommand *
make_clear(TkeUnit *unit, void *data, GError **error)
{
    (void) data;
    return tke_unit_master_key_new_clear_new(unit, error);
}

TkeUnitStep
tke_mk_found_clear_step(void)
{
    return (TkeUnitStep){ .action = "tke-cryptounit-new-master-key-register.clear",
                          .what = _("Clear new"),
                          .make = make_clear };
}

static bool
is_empty(const TkeUnitState *state, const void *data)
{
    (void) data;
    return state->registers.new_state == TKE_REGISTER_EMPTY;
}

static bool
is_full(const TkeUnitState *state, const void *data)
{
    return !is_empty(state, data);
}

/* The states of these units again, with patterns from signed answers. */
static bool
read_signed(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units, TkeMkFound *found,
            GError **error)
{
    GPtrArray *states = tke_unit_directory_query(directory, units, TKE_UNIT_QUERY_SIGNED_VPS,
                                                 tke_operation_get_cancellable(op), error);

    for (unsigned i = 0; states != NULL && i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        if (state->error != NULL) {
            g_propagate_error(error, g_error_copy(state->error));
            g_ptr_array_unref(states);
            return false;
        }
    }
    g_clear_pointer(&found->read, g_ptr_array_unref);
    found->read = states;
    return states != NULL;
}

/* Takes the states for which the test holds as those that are to be loaded. */
static void
take_states(TkeMkFound *found, TkePlanTest test)
{
    g_clear_pointer(&found->states, g_ptr_array_unref);
    found->states = g_ptr_array_new();
    for (unsigned i = 0; i < found->read->len; i++) {
        TkeUnitState *state = g_ptr_array_index(found->read, i);

        if (test == NULL || test(state, NULL)) {
            g_ptr_array_add(found->states, state);
        }
    }
}

/* The one pattern of the registers that are not empty; false: they hold different keys. */
static bool
find_one_pattern(TkeMkFound *found)
{
    for (unsigned i = 0; i < found->read->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(found->read, i);

        if (is_empty(state, NULL)) {
            continue;
        }
        if (found->has_vp && !tke_digest_vp_equal(found->vp, state->registers.new_vp)) {
            return false;
        }
        memcpy(found->vp, state->registers.new_vp, sizeof found->vp);
        found->has_vp = true;
    }
    return true;
}

static void
add_way(Way *ways, GPtrArray *rows, Way way, char *text)
{
    char **row = g_new0(char *, 2);

    row[0] = text;
    ways[rows->len] = way;
    g_ptr_array_add(rows, row);
}

/*
 * Where nobody can be asked, a load that the journal knows is continued; what is there for another reason is not
 * touched.
 */
static bool
ask(TkeOperation *op, TkeMkFound *found, bool one_key, Way *way, GError **error)
{
    const char *columns[] = { _("NEXT STEP"), NULL };
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    g_autofree char *full = tke_plan_names(found->read, is_full, NULL);
    g_autofree char *empty = tke_plan_names(found->read, is_empty, NULL);
    g_autofree char *title =
        g_strdup_printf(one_key ? _("The new master key register is not empty in %s.")
                                : _("The new master key registers hold different keys in %s."),
                        full);
    Way ways[MAX_WAYS];
    TkeChoice choice = { .what = "new-register", .title = title, .columns = columns };
    unsigned index = 0;

    if (one_key) {
        add_way(ways, rows, empty != NULL ? REST : KEEP,
                empty != NULL ? g_strdup_printf(_("load the same key parts into %s"), empty)
                              : g_strdup(_("keep it: all hold the same key")));
    }
    add_way(ways, rows, CLEAR, g_strdup_printf(_("clear it first in %s, then load all"), full));
    add_way(ways, rows, LEAVE, g_strdup(_("leave it as it is")));
    choice.rows = (const char *const *const *) rows->pdata;
    choice.n_rows = rows->len;
    choice.default_row = one_key && found->patterns != NULL ? 1 : rows->len;
    if (tke_operation_is_dry_run(op)) {
        index = choice.default_row - 1;
    } else if (!tke_operation_choose(op, &choice, &index, error)) {
        return false;
    }
    *way = ways[index];
    return true;
}

static GPtrArray *
full_units(const TkeMkFound *found)
{
    GPtrArray *units = g_ptr_array_new();

    for (unsigned i = 0; i < found->read->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(found->read, i);

        if (is_full(state, NULL)) {
            g_ptr_array_add(units, state->unit);
        }
    }
    return units;
}

/* What the operator wants about registers that are not empty. */
static bool
settle(TkeOperation *op, TkeUnitDirectory *directory, TkeMkFound *found, TkeUnitResults *results,
       GError **error)
{
    const TkeUnitStep clear = tke_mk_found_clear_step();
    bool one_key = find_one_pattern(found);
    g_autoptr(GPtrArray) units = NULL;
    Way way = LEAVE;

    if (!ask(op, found, one_key, &way, error)) {
        return false;
    }
    if (way == REST || way == KEEP) {
        take_states(found, is_empty);
        return true;
    }
    if (way == LEAVE) {
        return tke_plan_need_new_register(found->read, TKE_REGISTER_EMPTY, error);
    }
    units = full_units(found);
    found->has_vp = false;
    g_clear_pointer(&found->patterns, g_strfreev);
    take_states(found, NULL);
    return tke_unit_step_run(op, directory, units, &clear, results, error);
}

/* The key parts of a load that was interrupted in one of the units; NULL: there is none. */
static char **
find_interrupted(TkeUnitDirectory *directory, GPtrArray *units)
{
    TkeJournal *journal = tke_unit_directory_get_journal(directory);

    for (unsigned i = 0; i < units->len; i++) {
        const TkeJournalEntry *entry =
            tke_journal_find(journal, LOAD, g_ptr_array_index(units, i));

        if (entry != NULL) {
            return tke_journal_entry_dup_patterns(entry);
        }
    }
    return NULL;
}

bool
tke_mk_found_query(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units,
                   TkeMkFound *found, TkeUnitResults *results, GError **error)
{
    g_autofree char *full = NULL;

    found->patterns = find_interrupted(directory, units); /* reading the units may settle it */
    found->read = tke_plan_query(op, directory, units, TKE_UNIT_QUERY_DEFAULT, error);
    if (found->read == NULL || !tke_plan_need_secured(found->read, error)) {
        return false;
    }
    full = tke_plan_names(found->read, is_full, NULL);
    if (full == NULL) { /* also where an interrupted load has reached no unit */
        g_clear_pointer(&found->patterns, g_strfreev);
        take_states(found, NULL);
        return true;
    }
    return read_signed(op, directory, units, found, error) &&
           settle(op, directory, found, results, error);
}
