/*
 * New registers that are not empty when a load begins (functions 3.8, F-091; 3.2, P-7; F-177).
 */
#include "libceremony/op-mk-found.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/ceremony-error.h"
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
    g_clear_pointer(&found->entry, tke_journal_entry_free);
    g_clear_pointer(&found->seen, g_hash_table_unref);
}

static TkeUnitCommand *
make_clear(TkeUnit *unit, void *data, GError **error)
{
    (void) data;
    return tke_unit_master_key_new_clear_new(unit, error);
}

void
tke_mk_found_saw(TkeMkFound *found, const TkeUnit *unit, const uint8_t vp[static TKE_VP_LEN])
{
    if (found->seen == NULL) {
        found->seen =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
    }
    g_hash_table_replace(found->seen, g_strdup(tke_unit_get_hsm_id(unit)),
                         g_bytes_new(vp, TKE_VP_LEN));
}

bool
tke_mk_found_check_seen(const TkeUnitState *state, void *data, GError **error)
{
    const TkeMkFound *found = data;
    GBytes *seen = found->seen != NULL
                       ? g_hash_table_lookup(found->seen, tke_unit_get_hsm_id(state->unit))
                       : NULL;

    if (state->registers.new_state == TKE_REGISTER_EMPTY ||
        (seen != NULL &&
         tke_digest_vp_equal(g_bytes_get_data(seen, NULL), state->registers.new_vp))) {
        return true;
    }
    g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
                _("somebody else has loaded the new master key register of %s meanwhile; look "
                  "with “tke cryptounit-compare”"),
                tke_unit_get_name(state->unit));
    return false;
}

TkeUnitStep
tke_mk_found_clear_step(TkeMkFound *found)
{
    return (TkeUnitStep){ .action = "tke-cryptounit-new-master-key-register.clear",
                          .what = _("Clear new"),
                          .make = make_clear,
                          .check = tke_mk_found_check_seen,
                          .read = TKE_UNIT_QUERY_SIGNED_VPS,
                          .data = found };
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

/* Pattern of the key of the load that is continued, hex text; NULL: no unit has signed for it. */
static const char *
key_of(const TkeMkFound *found)
{
    return found->entry != NULL ? tke_journal_entry_get_key(found->entry) : NULL;
}

/* The unit has what the load may have put there; with the key the register itself says it. */
static bool
is_reached(const TkeMkFound *found, const TkeUnitState *state)
{
    TkeJournalState noted = TKE_JOURNAL_NOT_DONE;

    return tke_journal_entry_get_state(found->entry, state->unit, &noted) &&
           noted != TKE_JOURNAL_NOT_DONE;
}

/* The key in the registers is that of the load that was interrupted, or can be: nobody has signed
 * for that. */
static bool
is_of_load(const TkeMkFound *found)
{
    uint8_t key[TKE_VP_LEN];

    if (found->entry == NULL ||
        (key_of(found) != NULL && (!tke_hex_decode_exact(key_of(found), key, sizeof key, NULL) ||
                                   !tke_digest_vp_equal(key, found->vp)))) {
        return false;
    }
    for (unsigned i = 0; i < found->read->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(found->read, i);

        if (is_full(state, NULL) && !is_reached(found, state)) {
            return false;
        }
    }
    return true;
}

static bool
is_named(const char *part)
{
    return part != NULL && g_ascii_strcasecmp(part, "any") != 0;
}

/*
 * The load may go on unasked. Where no unit has signed for its key a rest is loaded from parts of
 * the load only, and the keys are compared then; that all units hold one key does not say that it
 * is the one of the load.
 */
static bool
may_go_on(const TkeMkFound *found, const TkeMkNamed *named, bool rest)
{
    return found->patterns != NULL && (key_of(found) != NULL || (rest && named->parts != NULL));
}

/* Every part that is named by its pattern is one of the load that is continued. */
static bool
check_named(const TkeMkFound *found, const TkeMkNamed *named, GError **error)
{
    unsigned used = 0; /* one bit for each pattern */

    for (unsigned i = 0; named->parts != NULL && i < named->n; i++) {
        g_autofree char *digits =
            is_named(named->parts[i]) ? g_ascii_strdown(named->parts[i], -1) : NULL;
        unsigned k = 0;

        while (digits != NULL && found->patterns[k] != NULL &&
               ((used & 1u << k) != 0 || !g_str_has_prefix(found->patterns[k], digits))) {
            k++;
        }
        if (digits != NULL && found->patterns[k] == NULL) {
            g_autofree char *begun = g_strjoinv(", ", found->patterns);

            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                        _("the load that is continued was begun with the key parts %s: %s is none "
                          "of them, or named twice; clear the new registers first (tke "
                          "cryptounit-mk-clrnew) to load other parts"),
                        begun, named->parts[i]);
            return false;
        }
        used |= digits != NULL ? 1u << k : 0;
    }
    return true;
}

static void
add_way(Way *ways, GPtrArray *rows, Way way, char *text, char *pattern)
{
    char **row = g_new0(char *, 3);

    row[0] = text;
    row[1] = pattern != NULL ? pattern : g_strdup("");
    ways[rows->len] = way;
    g_ptr_array_add(rows, row);
}

/*
 * Where nobody can be asked, a load that the journal knows is continued if its key is what the
 * registers hold; what is there for another reason is not touched.
 */
static bool
ask(TkeOperation *op, TkeMkFound *found, const TkeMkNamed *named, bool one_key, Way *way,
    GError **error)
{
    const char *columns[] = { _("NEXT STEP"), _("VERIFICATION PATTERN"), NULL };
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
                              : g_strdup(_("keep it: all hold the same key")),
                tke_hex_grouped(found->vp, TKE_VP_LEN, 4, ' '));
    }
    add_way(ways, rows, CLEAR, g_strdup_printf(_("clear it first in %s, then load all"), full),
            NULL);
    add_way(ways, rows, LEAVE, g_strdup(_("leave it as it is")), NULL);
    choice.rows = (const char *const *const *) rows->pdata;
    choice.n_rows = rows->len;
    choice.default_row = one_key && may_go_on(found, named, empty != NULL) ? 1 : rows->len;
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

bool
tke_mk_found_note_kept(const TkeMkFound *found, TkeUnitDirectory *directory, GError **error)
{
    TkeJournal *journal = tke_unit_directory_get_journal(directory);
    JsonObject *values = NULL;

    if (found->patterns == NULL) {
        return true;
    }
    values = tke_journal_entry_get_values(found->entry);
    for (unsigned i = 0; i < found->read->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(found->read, i);

        tke_journal_note_key(journal, LOAD, values, state->unit, found->vp);
        tke_journal_note_state(journal, state);
    }
    return tke_journal_save(journal, error);
}

static bool
leave(const TkeMkFound *found, GError **error)
{
    bool ok = tke_plan_need_new_register(found->read, TKE_REGISTER_EMPTY, error);
    g_autofree char *empty = tke_plan_names(found->read, is_empty, NULL);

    if (!ok && found->patterns != NULL && key_of(found) == NULL) {
        g_prefix_error(error, "%s",
                       empty != NULL
                           ? _("whether the key is that of the interrupted load cannot be told; "
                               "name its parts (--part) to load the rest, or choose without "
                               "--yes: ")
                           : _("whether the key is that of the interrupted load cannot be told, "
                               "as other commands were given to the crypto units since: clear the "
                               "new registers and load again, or choose without --yes: "));
    }
    return ok;
}

/* Whatever becomes of the load: this was done. */
static bool
note_cleared(TkeOperation *op, const TkeMkFound *found)
{
    g_autofree char *names = tke_plan_names(found->read, is_full, NULL);

    tke_operation_note(op, _("The new master key register was cleared in %s."), names);
    return true;
}

/* What the operator wants about registers that are not empty. */
static bool
settle(TkeOperation *op, TkeUnitDirectory *directory, const TkeMkNamed *named, TkeMkFound *found,
       TkeUnitResults *results, GError **error)
{
    const TkeUnitStep clear = tke_mk_found_clear_step(found);
    bool one_key = find_one_pattern(found);
    g_autoptr(GPtrArray) units = NULL;
    Way way = LEAVE;

    if (!one_key || !is_of_load(found)) {
        g_clear_pointer(&found->patterns, g_strfreev);
    }
    if (!ask(op, found, named, one_key, &way, error)) {
        return false;
    }
    if (way == REST || way == KEEP) {
        take_states(found, is_empty);
        return found->patterns == NULL || check_named(found, named, error);
    }
    if (way == LEAVE) {
        return leave(found, error);
    }
    units = full_units(found);
    found->has_vp = false;
    g_clear_pointer(&found->patterns, g_strfreev);
    take_states(found, NULL);
    return tke_unit_step_run(op, directory, units, &clear, results, error) &&
           note_cleared(op, found);
}

/* A load that was interrupted in one of the units; reading them may settle it. */
static void
find_interrupted(TkeUnitDirectory *directory, GPtrArray *units, TkeMkFound *found)
{
    TkeJournal *journal = tke_unit_directory_get_journal(directory);
    const TkeJournalEntry *entry = NULL;

    for (unsigned i = 0; entry == NULL && i < units->len; i++) {
        entry = tke_journal_find(journal, LOAD, g_ptr_array_index(units, i));
    }
    if (entry != NULL) {
        found->entry = tke_journal_entry_dup(entry);
        found->patterns = tke_journal_entry_dup_patterns(entry);
    }
}

/* Twice: the key that one unit shows to be that of the load is looked for in the others. */
static void
note_interrupted(TkeMkFound *found)
{
    for (unsigned i = 0; found->entry != NULL && i < 2 * found->read->len; i++) {
        (void) tke_journal_entry_note_state(found->entry,
                                            g_ptr_array_index(found->read, i % found->read->len));
    }
}

/* What is agreed to is about these keys. */
static void
note_seen(TkeMkFound *found)
{
    for (unsigned i = 0; i < found->read->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(found->read, i);

        if (is_full(state, NULL)) {
            tke_mk_found_saw(found, state->unit, state->registers.new_vp);
        }
    }
}

bool
tke_mk_found_query(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units,
                   const TkeMkNamed *named, TkeMkFound *found, TkeUnitResults *results,
                   GError **error)
{
    g_autofree char *full = NULL;

    find_interrupted(directory, units, found);
    found->read = tke_plan_query(op, directory, units, TKE_UNIT_QUERY_SIGNED_VPS, error);
    if (found->read == NULL || !tke_plan_need_secured(found->read, error)) {
        return false;
    }
    note_interrupted(found);
    full = tke_plan_names(found->read, is_full, NULL);
    if (full == NULL) { /* also where an interrupted load has reached no unit */
        g_clear_pointer(&found->patterns, g_strfreev);
        take_states(found, NULL);
        return true;
    }
    note_seen(found);
    return settle(op, directory, named, found, results, error);
}
