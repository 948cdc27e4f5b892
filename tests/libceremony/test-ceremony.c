/*
 * Whole ceremonies: from blank cards to Valid current master key registers, and what they ask of
 * people.
 */
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "libceremony/op-admins.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-mk-load.h"
#include "libceremony/op-thresholds.h"
#include "libceremony/op-zeroize.h"
#include "libceremony/op-zone.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/libceremony/wire-recorder.h"
#include "tests/support/test-main.h"

static const char *const any_part[] = { "any", "any", "any" };

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
load(CeremonyWorld *world, unsigned n_parts)
{
    const TkeMkLoadParams params = { .n_parts = n_parts, .parts = any_part };
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    card_world_check(tke_op_mk_load(world->op, world->units, &params, &result, &error), error);
    ck_assert_uint_eq(result.n_parts, n_parts);
}

static void
finish(CeremonyWorld *world,
       bool (*func)(TkeOperation *, TkeUnitDirectory *, TkeUnitResults *, GError **))
{
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    g_autoptr(GError) error = NULL;

    card_world_check(func(world->op, world->units, results, &error), error);
    ck_assert_uint_gt(results->len, 0);
}

/* The units hold exactly the exclusive-or of the parts on these cards. */
static void
check_keys(CeremonyWorld *world, const char *const *cards, unsigned n_parts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) key = tke_secret_new(32, &error);

    for (unsigned i = 0; i < n_parts; i++) {
        SimCard *card = g_hash_table_lookup(world->by_name, cards[i]);
        g_autoptr(TkeSecret) part = sim_card_reveal_part(card, 1, &error);

        card_world_check(part != NULL, error);
        tke_secret_xor(key, part);
    }
    for (size_t i = 0; i < sim_service_get_n_units(world->service); i++) {
        SimUnit *unit = sim_service_get_unit(world->service, i);
        g_autoptr(TkeSecret) held = sim_unit_dup_key(unit, SIM_REGISTER_CURRENT, &error);

        card_world_check(held != NULL, error);
        ck_assert(tke_secret_equal(held, key));
    }
}

static void
check_valid(CeremonyWorld *world)
{
    g_autoptr(GPtrArray) states = ceremony_world_states(world);
    const TkeUnitState *first = g_ptr_array_index(states, 0);

    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        ck_assert_int_eq(state->registers.current_state, TKE_REGISTER_VALID);
        ck_assert_int_eq(state->registers.new_state, TKE_REGISTER_EMPTY);
        ck_assert(tke_digest_vp_equal(state->registers.current_vp, first->registers.current_vp));
    }
}

static void
check_log(CeremonyWorld *world)
{
    TkeLogHead head;
    g_autoptr(GError) error = NULL;

    card_world_check(tke_activity_log_verify(world->log, NULL, &head, &error), error);
    ck_assert_uint_gt(head.count, 0);
}

static void
make_cards(CeremonyWorld *world, unsigned n_admins, unsigned n_parts)
{
    ceremony_world_make_zone(world);
    for (unsigned i = 1; i <= n_admins; i++) {
        g_autofree char *card = g_strdup_printf("admin-%u", i);
        g_autofree char *name = g_strdup_printf("Administrator %u", i);

        ceremony_world_make_admin(world, card, name);
    }
    for (unsigned i = 1; i <= n_parts; i++) {
        g_autofree char *card = g_strdup_printf("part-%u", i);

        ceremony_world_make_part(world, card, card);
    }
}

static const char *const part_cards[] = { "part-1", "part-2", "part-3" };

/* Signers first to last, in that order. */
static void
hand_signers(CeremonyWorld *world, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++) {
        g_autofree char *card = g_strdup_printf("admin-%u", i);

        ceremony_world_hand(world, 1, card, NULL);
    }
}

/* The thresholds are set, and the last signer is in reader 1. */
static CeremonyWorld *
secured_world(unsigned n_units, unsigned threshold)
{
    CeremonyWorld *world = ceremony_world_new(n_units);

    make_cards(world, threshold, 3);
    ceremony_world_add_admins(world, threshold);
    hand_signers(world, 1, threshold);
    set_thresholds(world, threshold);
    return world;
}

/* From load to set immediate, with a signer in reader 1 or the first in hand; then the others. */
static void
load_and_finish(CeremonyWorld *world, unsigned n_parts, unsigned first, unsigned last)
{
    for (unsigned i = 0; i < n_parts; i++) {
        ceremony_world_hand(world, 2, part_cards[i], NULL);
    }
    load(world, n_parts);
    hand_signers(world, first, last);
    finish(world, tke_op_mk_commit);
    finish(world, tke_op_mk_set_immediate);

    check_valid(world);
    check_keys(world, part_cards, n_parts);
    check_log(world);
}

static void
expect_counts(CeremonyWorld *world, unsigned wanted)
{
    TkeCardSessionCounts counts = ceremony_world_counts(world);

    ck_assert_uint_eq(counts.insertions, wanted);
    ck_assert_uint_eq(counts.pins, wanted);
}

/* Three parts with every number of units and every threshold; two parts in three units. */
static const struct {
    unsigned units, parts;
} counted[] = { { 1, 3 }, { 3, 3 }, { 8, 3 }, { 3, 2 } };
#define THRESHOLDS 3
#define CASES ((int) G_N_ELEMENTS(counted) * THRESHOLDS)

/* 2T - 1 + K insertions and as many PINs. */
START_TEST(test_insertions_do_not_depend_on_the_number_of_units)
{
    unsigned threshold = (unsigned) (_i % THRESHOLDS) + 1;
    unsigned parts = counted[_i / THRESHOLDS].parts;
    g_autoptr(CeremonyWorld) world = secured_world(counted[_i / THRESHOLDS].units, threshold);

    load_and_finish(world, parts, 1, threshold - 1);
    expect_counts(world, 2 * threshold - 1 + parts);
}
END_TEST

/* From empty readers: T + K. */
START_TEST(test_load_to_set_immediate_takes_threshold_plus_parts)
{
    unsigned threshold = (unsigned) (_i % THRESHOLDS) + 1;
    unsigned parts = counted[_i / THRESHOLDS].parts;
    g_autoptr(CeremonyWorld) world = secured_world(counted[_i / THRESHOLDS].units, threshold);

    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    load_and_finish(world, parts, 2, threshold);
    expect_counts(world, threshold + parts);
}
END_TEST

static void
zone_with_backup(CeremonyWorld *world)
{
    const TkeZoneCreateParams create = { .zone_description = "Demo zone",
                                         .card_description = "A/B" };
    const TkeZoneBackupParams backup = { .card_description = "A/B backup" };
    TkeZoneResult zone;
    TkeZoneResult copy;
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca-1", SIM_CARD_CA);
    ceremony_world_blank(world, "ca-2", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "ca-1", NULL);
    card_world_check(tke_op_zone_create(world->op, &create, &zone, &error), error);
    ceremony_world_hand(world, 2, "ca-2", NULL);
    card_world_check(tke_op_zone_backup(world->op, &backup, &copy, &error), error);
    ck_assert_mem_eq(zone.card.zone_id, copy.card.zone_id, sizeof zone.card.zone_id);
    ck_assert_mem_ne(zone.card.card_id, copy.card.card_id, sizeof zone.card.card_id);
    ck_assert_str_eq(copy.card.description, "A/B backup");
}

static void
enroll_ten(CeremonyWorld *world)
{
    for (unsigned i = 1; i <= 10; i++) {
        g_autofree char *name = g_strdup_printf("ep11-%u", i);
        const TkeCardPersonalizeParams params = { .description = name };
        TkeCardStatus card;
        g_autoptr(GError) error = NULL;

        ceremony_world_blank(world, name, SIM_CARD_EP11);
        ceremony_world_hand(world, 2, name, NULL);
        card_world_check(tke_op_card_enroll(world->op, &card, &error), error);
        card_world_check(tke_op_card_personalize(world->op, &params, &card, &error), error);
        ck_assert_int_eq(card.life_cycle, TKE_CARD_PERSONALISED);
        ck_assert_str_eq(card.description, name);
    }
}

static void
copy_card(CeremonyWorld *world, const char *from, const char *to)
{
    const TkeCopyParams params = { .everything = true };
    g_autofree TkeCopyResult *result = g_new0(TkeCopyResult, 1);
    g_autoptr(GError) error = NULL;

    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, from, NULL);
    ceremony_world_hand(world, 2, to, NULL);
    card_world_check(tke_op_copy_card(world->op, &params, result, &error), error);
    ck_assert_uint_eq(result->entries.n, 1);
}

/* Two keys on ep11-1 and -3, copies on -2 and -4; three parts on -5, -7, -9, copies on -6, -8,
 * -10. */
static void
make_keys(CeremonyWorld *world)
{
    for (unsigned i = 1; i <= 10; i += 2) {
        g_autofree char *card = g_strdup_printf("ep11-%u", i);
        g_autofree char *copy = g_strdup_printf("ep11-%u", i + 1);
        const TkeGenerateKeyParams key = { .name = card };
        const TkeGeneratePartParams part = { .description = card };
        g_autoptr(GError) error = NULL;

        ceremony_world_restart(world);
        ceremony_world_hand(world, 2, card, NULL);
        if (i < 5) {
            card_world_check(tke_op_generate_signature_key(world->op, &key, NULL, NULL, &error),
                             error);
        } else {
            card_world_check(tke_op_generate_key_part(world->op, &part, NULL, NULL, &error), error);
        }
        copy_card(world, card, copy);
    }
    ceremony_world_restart(world);
}

static void
install(CeremonyWorld *world, const char *first, const char *second)
{
    const char *cards[] = { first, second };

    for (unsigned i = 0; i < 2; i++) {
        g_auto(TkeAdminResult) result = { .units = NULL };
        g_autoptr(GError) error = NULL;

        ceremony_world_hand(world, 1, cards[i], NULL);
        card_world_check(tke_op_admin_add(world->op, world->units, &result, &error), error);
        ck_assert_uint_eq(result.units->len, 3);
    }
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, first, second, NULL);
    set_thresholds(world, 2);
}

static void
load_all(CeremonyWorld *world, const char *other_signer, const char *const *parts)
{
    ceremony_world_hand(world, 2, parts[0], parts[1], parts[2], NULL);
    load(world, 3);
    ceremony_world_hand(world, 1, other_signer, NULL);
    finish(world, tke_op_mk_commit);
    finish(world, tke_op_mk_set_immediate);
    check_valid(world);
    check_keys(world, parts, 3);
}

/* From blank cards to Valid registers, then again with the backup cards alone after a zeroize. */
START_TEST(test_a_whole_ceremony_ends_valid_tells_no_secret_and_backups_can_repeat_it)
{
    static const char *const originals[] = { "ep11-5", "ep11-7", "ep11-9" };
    static const char *const backups[] = { "ep11-6", "ep11-8", "ep11-10" };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(3);
    g_autoptr(WireRecorder) recorder = wire_recorder_new(world);
    unsigned found;

    zone_with_backup(world);
    enroll_ten(world);
    make_keys(world);
    install(world, "ep11-1", "ep11-3");
    load_all(world, "ep11-1", originals);
    wire_recorder_learn(recorder);

    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ep11-2", NULL);
    finish(world, tke_op_zeroize);
    ceremony_world_restart(world);
    install(world, "ep11-2", "ep11-4");
    load_all(world, "ep11-2", backups);
    check_log(world);

    found = wire_recorder_search(recorder);
    ck_assert_msg(found == 0, "%u found: %s", found, wire_recorder_get_first(recorder));
    /* the zone's key, two keys of administrators, three parts, twelve identities, units and PINs */
    ck_assert_uint_ge(wire_recorder_get_secrets(recorder), 1 + 2 + 3 + 12 + 3 + 1 + 3);
    ck_assert_uint_gt(wire_recorder_get_apdus(recorder), 200);
    ck_assert_uint_gt(wire_recorder_get_bodies(recorder), 100);
}
END_TEST

/* Controls: the search finds what does go over the wires, to cards and to units. */
START_TEST(test_what_is_on_the_wires_is_found)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(WireRecorder) recorder = wire_recorder_new(world);
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    make_cards(world, 1, 0);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(tke_op_admin_add(world->op, world->units, &result, &error), error);
    ck_assert_uint_eq(wire_recorder_search(recorder), 0);

    wire_recorder_look_for(recorder, "identifier", result.ski, sizeof result.ski);
    ck_assert_uint_gt(wire_recorder_search(recorder), 0);
    ck_assert_ptr_nonnull(wire_recorder_get_first(recorder));
}
END_TEST

/* A PIN in hex, as text on its way to a card: neither its digits nor its block as they are. */
START_TEST(test_a_pin_in_hex_on_the_wires_is_found)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(WireRecorder) recorder = wire_recorder_new(world);
    VirtualReaders *readers = world->cards->readers;
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;

    make_cards(world, 1, 0);
    ceremony_world_restart(world);
    ck_assert_uint_eq(wire_recorder_search(recorder), 0);
    sim_reader_remove(virtual_readers_get(readers, 1));
    card_world_check(sim_reader_insert(virtual_readers_get(readers, 1),
                                       g_hash_table_lookup(world->by_name, "admin-1"), &error),
                     error);
    card = tke_card_open(world->source, virtual_readers_get_name(readers, 1), 1, NULL, &error);
    card_world_check(card != NULL && tke_card_recognise(card, &status, &error), error);
    ck_assert(!tke_card_set_description(card, "313233343536FFFF", &error)); /* no PIN was typed */
    ck_assert_uint_gt(wire_recorder_search(recorder), 0);
    ck_assert(g_str_has_prefix(wire_recorder_get_first(recorder), "PIN in "));
}
END_TEST

START_TEST(test_a_pin_is_typed_once_however_slow_the_machine_is)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_restart(world);
    /* An entry that nobody ends is over after 400 ms. */
    virtual_readers_set_slow(world->cards->readers, 700);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(tke_op_admin_add(world->op, world->units, &result, &error), error);
    ck_assert_uint_eq(ceremony_world_counts(world).pins, 1);
    ck_assert_str_eq(world->tries->str, "3 ");
}
END_TEST

static void
see_pin_typed(CeremonyWorld *world)
{
    const char *last = g_strrstr(world->prompts->str, "pin");

    ck_assert_msg(last != NULL && strcmp(last, "pin, reader 2\n") == 0, "%s", world->prompts->str);
}

/* Card, PIN, list, choice, pattern (functions 3.8, load, step 4). */
START_TEST(test_a_part_is_chosen_once_the_pin_is_typed)
{
    g_autoptr(CeremonyWorld) world = secured_world(1, 1);
    const TkeMkLoadParams params = { .n_parts = 2 };
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "part-1", "part-2", NULL);
    g_string_truncate(world->choose, 0);
    world->at_choice = see_pin_typed;
    card_world_check(tke_op_mk_load(world->op, world->units, &params, &result, &error), error);
    ck_assert_ptr_nonnull(strstr(world->choose->str, "key-part: "));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_part_is_chosen_once_the_pin_is_typed);
    tcase_add_loop_test(tests, test_insertions_do_not_depend_on_the_number_of_units, 0, CASES);
    tcase_add_loop_test(tests, test_load_to_set_immediate_takes_threshold_plus_parts, 0, CASES);
    tcase_add_test(tests,
                   test_a_whole_ceremony_ends_valid_tells_no_secret_and_backups_can_repeat_it);
    tcase_add_test(tests, test_what_is_on_the_wires_is_found);
    tcase_add_test(tests, test_a_pin_in_hex_on_the_wires_is_found);
    tcase_add_test(tests, test_a_pin_is_typed_once_however_slow_the_machine_is);
}

int
main(void)
{
    return test_main("ceremony", add_tests);
}
