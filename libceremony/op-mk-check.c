/*
 * After a load: is what the units hold what the cards have sent, and one key? (functions 3.8,
 * F-091)
 */
#include "libceremony/op-mk-check.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/plan.h"
#include "libep11admin/unit-master-key.h"

typedef struct Check {
    TkeOperation *op;
    TkeUnitDirectory *directory;
    TkeMkFound *found;
    TkeMkLoadResult *result;
} Check;

/* What the units have signed for as the key of their new registers. */
void
tke_op_mk_check_note_seen(TkeMkFound *found, const TkeMkLoadResult *result)
{
    for (unsigned i = 0; i < result->units->len; i++) {
        const TkeUnitResult *of_unit = g_ptr_array_index(result->units, i);
        g_autoptr(GError) ignored = NULL;
        uint8_t vp[TKE_VP_LEN];

        if (of_unit->outcome == TKE_UNIT_OUTCOME_DONE &&
            tke_unit_master_key_get_vp(of_unit->command, vp, &ignored)) {
            tke_mk_found_saw(found, of_unit->unit, vp);
        }
    }
}

/* Number of the first part that the unit has signed for with another pattern than its card shows;
 * 0: none. */
static unsigned
find_wrong_part(const Check *check, const TkeUnitResult *result)
{
    uint8_t vps[TKE_MK_PARTS_MAX][TKE_VP_LEN];

    for (unsigned i = 0; i < check->result->n_parts; i++) {
        memcpy(vps[i], check->result->parts[i].vp, TKE_VP_LEN);
    }
    return result->outcome == TKE_UNIT_OUTCOME_DONE
               ? tke_unit_master_key_find_wrong_part(
                     result->command, (const uint8_t(*)[TKE_VP_LEN]) vps, check->result->n_parts)
               : 0;
}

/* The answer was lost: what the unit holds is asked for, in a signed answer. */
static bool
query_pattern(Check *check, TkeUnit *unit, uint8_t vp[static TKE_VP_LEN], GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_autoptr(GPtrArray) states = NULL;
    const TkeUnitState *state = NULL;

    g_ptr_array_add(one, unit);
    states =
        tke_unit_directory_query(check->directory, one, TKE_UNIT_QUERY_SIGNED_VPS, NULL, error);
    if (states == NULL) {
        return false;
    }
    state = g_ptr_array_index(states, 0);
    if (state->error != NULL) {
        g_propagate_error(error, g_error_copy(state->error));
        return false;
    }
    if (state->registers.new_state == TKE_REGISTER_EMPTY) {
        g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY,
                    _("%s: the new master key register is empty again: somebody else has cleared "
                      "or activated it"),
                    tke_unit_get_name(unit));
        return false;
    }
    memcpy(vp, state->registers.new_vp, TKE_VP_LEN);
    return true;
}

/* The signed pattern of one unit's new register. */
static bool
get_pattern(Check *check, const TkeUnitResult *result, uint8_t vp[static TKE_VP_LEN],
            GError **error)
{
    bool ok = result->outcome == TKE_UNIT_OUTCOME_DONE
                  ? tke_unit_master_key_get_vp(result->command, vp, error)
                  : query_pattern(check, result->unit, vp, error);

    if (ok) {
        tke_mk_found_saw(check->found, result->unit, vp);
    }
    if (!ok && error != NULL &&
        strstr((*error)->message, tke_unit_get_name(result->unit)) == NULL) {
        g_prefix_error(error, "%s: ", tke_unit_get_name(result->unit));
    }
    if (!ok) {
        g_prefix_error(error,
                       _("the key parts were loaded, but not all could be compared; look with "
                         "“tke cryptounit-compare” before anything is committed: "));
    }
    return ok;
}

static bool
holds_current(const TkeUnitState *state, const void *data)
{
    return state->registers.current_state == TKE_REGISTER_VALID &&
           tke_digest_vp_equal(state->registers.current_vp, data);
}

typedef enum { CLEAR, KEEP, LEAVE } Way; /* in the order of the rows */

/*
 * What was loaded is not what it should be, or of no use: empty the new registers again? Where
 * nobody can be asked it is the last way: kept, or where undecided is not NULL left until somebody
 * has decided.
 */
static Way
choose_way(Check *check, const char *title, const char *keep, const char *undecided)
{
    const char *columns[] = { _("NEXT STEP"), NULL };
    const char *clear_row[] = { _("clear the new master key registers"), NULL };
    const char *keep_row[] = { keep, NULL };
    const char *leave_row[] = { undecided, NULL };
    const char *const *rows[] = { clear_row, keep_row, leave_row };
    const unsigned n_rows = undecided != NULL ? 3 : 2;
    const TkeChoice choice = { .what = "clear-new",
                               .title = title,
                               .columns = columns,
                               .rows = rows,
                               .n_rows = n_rows,
                               .default_row = n_rows };
    unsigned index = n_rows - 1;

    tke_op_mk_check_note_seen(check->found, check->result);
    return tke_operation_choose(check->op, &choice, &index, NULL) ? (Way) index
                                                                  : (Way) (n_rows - 1);
}

static bool
clear_new(Check *check, GError **error)
{
    const TkeUnitStep clear = tke_mk_found_clear_step(check->found);
    g_autoptr(GPtrArray) all = tke_unit_directory_get_selected(check->directory, error);

    g_clear_pointer(&check->result->units, g_ptr_array_unref);
    check->result->units = tke_unit_results_new();
    return all != NULL &&
           tke_unit_step_run(check->op, check->directory, all, &clear, check->result->units, error);
}

/* What is loaded must not be committed: left as it is, with that as the error, or cleared. Returns
 * false. */
static bool
set_unusable(Check *check, const char *title, const char *when_cleared, const char *when_left,
             GError **error)
{
    bool cleared = choose_way(check, title, _("leave them as they are"), NULL) == CLEAR;

    if (cleared && !clear_new(check, error)) {
        g_prefix_error(error, "%s ", title);
        return false;
    }
    g_set_error_literal(error, TKE_CEREMONY_ERROR,
                        cleared ? TKE_CEREMONY_ERROR_UNITS : TKE_CEREMONY_ERROR_PARTLY,
                        cleared ? when_cleared : when_left);
    return false;
}

static bool
set_different(Check *check, const char *name, const char *other, GError **error)
{
    g_autofree char *title = g_strdup_printf(
        _("The new master key registers hold different keys: %s differs from %s."), name, other);
    g_autofree char *when_cleared =
        g_strdup_printf(_("the key parts made different keys in %s and %s; the new registers were "
                          "cleared: load again"),
                        name, other);
    g_autofree char *when_left =
        g_strdup_printf(_("the new master key registers hold different keys: %s differs from %s; "
                          "clear the new registers of all (tke cryptounit-mk-clrnew) and load "
                          "again"),
                        name, other);

    return set_unusable(check, title, when_cleared, when_left, error);
}

static bool
set_wrong_part(Check *check, const char *name, unsigned part, GError **error)
{
    g_autofree char *title = g_strdup_printf(
        _("Key part %u does not have the verification pattern in %s that its card shows: do not "
          "commit; the next step is Clear new."),
        part, name);
    g_autofree char *when_cleared = g_strdup_printf(
        _("key part %u did not have the verification pattern in %s that its card shows; the new "
          "registers were cleared: load again"),
        part, name);
    g_autofree char *when_left = g_strdup_printf(
        _("key part %u does not have the verification pattern in %s that its card shows: do not "
          "commit; clear the new registers of all (tke cryptounit-mk-clrnew) and load again"),
        part, name);

    return set_unusable(check, title, when_cleared, when_left, error);
}

static bool
set_cleared(Check *check, const char *names, GError **error)
{
    if (clear_new(check, error)) {
        g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_UNITS,
                    _("the key parts were those of the current master key of %s; the new registers "
                      "were cleared: load other parts"),
                    names);
    }
    return false;
}

static bool
set_undecided(const char *names, GError **error)
{
    g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY,
                _("the new master key registers were loaded with the key parts of the current "
                  "master key of %s, which "
                  "cannot serve for a rotation: clear them (tke cryptounit-mk-clrnew) and load "
                  "other parts; only if "
                  "the same key is to be loaded again go on with tke cryptounit-mk-commit"),
                names);
    return false;
}

/*
 * The key is there already: the parts were the same. That is of use to bring other units in line;
 * where there are none, it is kept only by somebody who says so.
 */
static bool
check_current(Check *check, GPtrArray *states, GError **error)
{
    g_autofree char *names = tke_plan_names(states, holds_current, check->result->vp);
    bool all = true;
    g_autofree char *title = NULL;
    Way way = KEEP;

    if (names == NULL) {
        return true;
    }
    for (unsigned i = 0; i < states->len; i++) {
        all = all && holds_current(g_ptr_array_index(states, i), check->result->vp);
    }
    title = g_strdup_printf(
        all ? _("%s: the new master key is the current one: the same parts were "
                "used. It cannot serve for a rotation.")
            : _("%s: the new master key is the current one there: the same parts were used. The "
                "other crypto units get the same key; it cannot serve for a rotation."),
        names);
    way = choose_way(check, title, _("keep it: the same key is to be loaded again"),
                     all ? _("decide later: leave it as it is") : NULL);
    if (way == CLEAR) {
        return set_cleared(check, names, error);
    }
    return way == KEEP || set_undecided(names, error);
}

bool
tke_op_mk_check_kept(TkeOperation *op, TkeUnitDirectory *directory, TkeMkFound *found,
                     TkeMkLoadResult *result, GError **error)
{
    Check check = { .op = op, .directory = directory, .found = found, .result = result };

    return check_current(&check, found->read, error);
}

/* That parts were not compared is said, whatever the reason. */
static void
note_uncompared_parts(const Check *check, const TkeUnitResult *result)
{
    const char *name = tke_unit_get_name(result->unit);

    if (result->outcome != TKE_UNIT_OUTCOME_DONE) {
        tke_operation_note(check->op,
                           _("%s: the answer with the verification patterns of the key parts was "
                             "lost; only that of the whole key is compared."),
                           name);
    } else if (!tke_unit_master_key_reports_parts(result->command, check->result->n_parts)) {
        tke_operation_note(
            check->op,
            _("%s does not tell the verification patterns of the key parts; only that "
              "of the whole key is compared."),
            name);
    }
}

/* The pattern of one unit's key, if its parts are those of the cards. first: a unit whose key it
 * must be. */
static bool
check_unit(Check *check, const TkeUnitResult *result, const char *first, GError **error)
{
    const char *name = tke_unit_get_name(result->unit);
    unsigned wrong = find_wrong_part(check, result);
    uint8_t vp[TKE_VP_LEN];

    if (wrong > 0) {
        return set_wrong_part(check, name, wrong, error);
    }
    note_uncompared_parts(check, result);
    if (!get_pattern(check, result, vp, error)) {
        return false;
    }
    if (first != NULL && !tke_digest_vp_equal(vp, check->result->vp)) {
        return set_different(check, name, first, error);
    }
    memcpy(check->result->vp, vp, sizeof vp);
    return true;
}

bool
tke_op_mk_check_patterns(TkeOperation *op, TkeUnitDirectory *directory, TkeMkFound *found,
                         TkeMkLoadResult *result, GError **error)
{
    Check check = { .op = op, .directory = directory, .found = found, .result = result };
    const char *first = found->has_vp ? _("the crypto units loaded before") : NULL;
    g_autoptr(GPtrArray) loaded = g_ptr_array_ref(result->units); /* clearing has its own results */

    if (found->has_vp) {
        memcpy(result->vp, found->vp, sizeof result->vp);
    }
    for (unsigned i = 0; i < loaded->len; i++) {
        const TkeUnitResult *of_unit = g_ptr_array_index(loaded, i);

        if (!check_unit(&check, of_unit, first, error)) {
            return false;
        }
        first = first != NULL ? first : tke_unit_get_name(of_unit->unit);
    }
    return check_current(&check, found->read, error);
}
