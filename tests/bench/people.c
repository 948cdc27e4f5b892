/*
 * What a ceremony asks of people: cards put in and PINs typed, in the whole procedures with
 * virtual cards and crypto units in this process. Neither depends on the number of units.
 */
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-mk-load.h"
#include "libceremony/op-thresholds.h"
#include "tests/bench/bench.h"
#include "tests/libceremony/ceremony-world.h"

#define KEEP_ROW 1u /* of the choice about a new key that is the current one */
#define PARTS 3u
#define MOST_SIGNERS 3u
#define GROUP "Cards put in and PINs typed (3 key parts; limits 2T+2 and T+3)"

static void
hand_admins(CeremonyWorld *world, unsigned from, unsigned to)
{
    for (unsigned i = from; i <= to; i++) {
        g_autofree char *card = g_strdup_printf("admin-%u", i);

        ceremony_world_hand(world, 1, card, NULL);
    }
}

static void
make_cards(CeremonyWorld *world, unsigned n_admins)
{
    ceremony_world_make_zone(world);
    for (unsigned i = 1; i <= n_admins; i++) {
        g_autofree char *card = g_strdup_printf("admin-%u", i);

        ceremony_world_make_admin(world, card, card);
    }
    for (unsigned i = 1; i <= PARTS; i++) {
        g_autofree char *card = g_strdup_printf("part-%u", i);

        ceremony_world_make_part(world, card, card);
    }
}

static void
set_thresholds(CeremonyWorld *world, unsigned threshold)
{
    const TkeThresholdsParams params = { .signature = threshold, .revocation = threshold };
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    g_autoptr(GError) error = NULL;

    card_world_check(tke_op_thresholds_set(world->op, world->units, &params, results, &error),
                     error);
}

static void
load(CeremonyWorld *world)
{
    static const char *const any[PARTS] = { "any", "any", "any" };
    const TkeMkLoadParams params = { .n_parts = PARTS, .parts = any };
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "part-1", "part-2", "part-3", NULL);
    card_world_check(tke_op_mk_load(world->op, world->units, &params, &result, &error), error);
}

static void
finish(CeremonyWorld *world)
{
    g_autoptr(GPtrArray) committed = tke_unit_results_new();
    g_autoptr(GPtrArray) set = tke_unit_results_new();
    g_autoptr(GError) error = NULL;

    card_world_check(tke_op_mk_commit(world->op, world->units, committed, &error), error);
    card_world_check(tke_op_mk_set_immediate(world->op, world->units, set, &error), error);
}

static void
check_valid(CeremonyWorld *world)
{
    g_autoptr(GPtrArray) states = ceremony_world_states(world);

    for (guint i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        ck_assert_int_eq(state->registers.current_state, TKE_REGISTER_VALID);
    }
}

static void
report(Bench *bench, CeremonyWorld *world, const char *what, unsigned n_units, unsigned threshold,
       unsigned limit)
{
    const TkeCardSessionCounts counts = ceremony_world_counts(world);
    g_autofree char *cards = g_strdup_printf("%s, %u unit%s, T=%u: cards", what, n_units,
                                             n_units == 1 ? "" : "s", threshold);
    g_autofree char *pins = g_strdup_printf("%s, %u unit%s, T=%u: PINs", what, n_units,
                                            n_units == 1 ? "" : "s", threshold);

    bench_report_count(bench->report, GROUP, cards, counts.insertions, limit);
    bench_report_count(bench->report, GROUP, pins, counts.pins, limit);
}

static void
measure(Bench *bench, unsigned n_units, unsigned threshold)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(n_units);

    make_cards(world, threshold);
    ceremony_world_add_admins(world, threshold);

    hand_admins(world, 1, threshold);
    set_thresholds(world, threshold);
    load(world);
    hand_admins(world, 1, threshold - 1); /* the last signer's card is still in */
    finish(world);
    check_valid(world);
    report(bench, world, "thresholds to set immediate", n_units, threshold,
           2 * threshold - 1 + PARTS);

    ceremony_world_restart(world);
    hand_admins(world, 1, 1);
    /* The same parts again: the new key is the current one, and to be kept all the same. */
    g_queue_push_tail(world->choices, GUINT_TO_POINTER(KEEP_ROW));
    load(world);
    hand_admins(world, 2, threshold);
    finish(world);
    check_valid(world);
    report(bench, world, "load to set immediate", n_units, threshold, threshold + PARTS);
}

void
bench_people(Bench *bench)
{
    static const unsigned units[] = { 1, 3, 8 };

    for (unsigned i = 0; i < (bench->quick ? 2 : G_N_ELEMENTS(units)); i++) {
        for (unsigned threshold = 1; threshold <= MOST_SIGNERS; threshold++) {
            if (!bench->quick || threshold == i + 1) {
                measure(bench, units[i], threshold);
            }
        }
    }
}
