/*
 * The list of units, and the state of many in few rounds (crypto-unit-protocol.md, 1.3, 7.1, 7.2).
 */
#include "libep11admin/unit-query.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "libep11admin/unit-error.h"
#include "libep11admin/unit-private.h"
#include "libep11admin/unit-query-step.h"

static bool
is_same_unit(const TkeUnit *a, const TkeUnit *b)
{
    bool placed = a->entry.module_part != NULL && b->entry.module_part != NULL;

    return strcmp(a->entry.hsm_id, b->entry.hsm_id) == 0 ||
           (placed && a->entry.domain_index == b->entry.domain_index &&
            strcmp(a->entry.serial_number, b->entry.serial_number) == 0);
}

static void
refuse_repeated(TkeUnit *unit, const TkeUnit *other)
{
    GError *why = NULL;

    if (!unit->refused_for_good) {
        tke_unit_error_set(&why, TKE_UNIT_ERROR_IDENTITY,
                           &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_HTTP },
                           _("the service lists one and the same domain of a module twice, also "
                             "as %s"),
                           other->name);
        tke_unit_refuse_for_good(unit, why);
    }
}

void
tke_unit_query_refuse_repeated(GPtrArray *units)
{
    for (guint i = 0; i < units->len; i++) {
        TkeUnit *unit = g_ptr_array_index(units, i);

        for (guint j = 0; j < i; j++) {
            TkeUnit *other = g_ptr_array_index(units, j);

            if (is_same_unit(unit, other)) {
                refuse_repeated(unit, other);
                refuse_repeated(other, unit);
            }
        }
    }
}

GPtrArray *
tke_unit_query_list(TkeUnitTransport *transport, const char *instance, unsigned first,
                    GCancellable *cancellable, GError **error)
{
    g_autofree char *path = tke_unit_list_path(instance, error);
    g_autoptr(TkeUnitRequest) request = NULL;
    g_autoptr(GPtrArray) entries = NULL;
    g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_unref);

    if (path == NULL) {
        return NULL;
    }
    request = tke_unit_request_new(path, NULL, NULL, false);
    if (!tke_unit_transport_run(transport, &request, 1, cancellable, error)) {
        return NULL;
    }
    if (request->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&request->error));
        return NULL;
    }
    entries = tke_unit_list_parse(request->status, (const char *) request->answer->data,
                                  request->answer->len, error);
    for (guint i = 0; entries != NULL && i < entries->len; i++) {
        TkeUnit *unit = tke_unit_new(instance, g_ptr_array_index(entries, i), first + i, error);

        if (unit == NULL) {
            return NULL;
        }
        g_ptr_array_add(units, unit);
    }
    tke_unit_query_refuse_repeated(units);
    return entries != NULL ? g_steal_pointer(&units) : NULL;
}

bool
tke_unit_state_has_admin(const TkeUnitState *state, const uint8_t ski[static TKE_SKI_LEN])
{
    for (guint i = 0; i < state->admins->len; i++) {
        const TkeUnitAdmin *admin = g_ptr_array_index(state->admins, i);

        if (memcmp(admin->ski, ski, TKE_SKI_LEN) == 0) {
            return true;
        }
    }
    return false;
}

void
tke_unit_state_free(TkeUnitState *state)
{
    if (state != NULL) {
        tke_unit_unref(state->unit);
        g_clear_error(&state->error);
        g_clear_pointer(&state->admins, g_ptr_array_unref);
        g_clear_pointer(&state->warnings, g_ptr_array_unref);
        g_free(state);
    }
}

/* One round for all units that are still in order. */
static bool
run_round(TkeUnitTransport *transport, const GPtrArray *queries, GCancellable *cancellable,
          GError **error)
{
    g_autoptr(GPtrArray) asks = g_ptr_array_new();

    for (guint i = 0; i < queries->len; i++) {
        const TkeUnitQuery *query = g_ptr_array_index(queries, i);

        for (guint j = 0; query->state->error == NULL && j < query->asks->len; j++) {
            g_ptr_array_add(asks, g_ptr_array_index(query->asks, j));
        }
    }
    return tke_unit_ask_run(transport, asks, cancellable, error);
}

/* Runs the rounds; a step that fails for a unit ends it for that unit alone. */
static bool
run_rounds(TkeUnitTransport *transport, const GPtrArray *queries, GCancellable *cancellable,
           GError **error)
{
    static bool (*const steps[])(TkeUnitQuery * query,
                                 GError * *error) = { tke_unit_query_step_second,
                                                      tke_unit_query_step_third };

    for (guint step = 0; step < G_N_ELEMENTS(steps); step++) {
        if (!run_round(transport, queries, cancellable, error)) {
            return false;
        }
        for (guint i = 0; i < queries->len; i++) {
            TkeUnitQuery *query = g_ptr_array_index(queries, i);

            if (query->state->error == NULL) {
                steps[step](query, &query->state->error);
            }
        }
    }
    return run_round(transport, queries, cancellable, error); /* nothing, unless a module changed */
}

GPtrArray *
tke_unit_query_states(TkeUnitTransport *transport, TkeUnit *const *units, size_t n,
                      const TkeModuleRoots *roots, TkeKnownModules *known, TkeUnitQueryFlags flags,
                      GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) queries =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_query_step_free);
    g_autoptr(GPtrArray) states =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_state_free);

    for (size_t i = 0; i < n; i++) {
        TkeUnitQuery *query = tke_unit_query_step_new(units[i], roots, flags);

        g_ptr_array_add(queries, query);
        if (units[i]->refused_for_good) {
            query->state->error = g_error_copy(units[i]->refusal);
        } else {
            tke_unit_query_step_first(query, known);
        }
    }
    if (!run_rounds(transport, queries, cancellable, error)) {
        return NULL;
    }
    for (guint i = 0; i < queries->len; i++) {
        TkeUnitQuery *query = g_ptr_array_index(queries, i);
        TkeUnitState *state = query->state;

        if (state->error == NULL) {
            tke_unit_query_step_verify(query, known, &state->error);
        }
        g_ptr_array_add(states, g_steal_pointer(&query->state));
    }
    return g_steal_pointer(&states);
}
