/*
 * The step fault test of keys and key parts: made, copied, deleted.
 */
#include <string.h>

#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "tests/libceremony/step-faults.h"
#include "tests/support/test-main.h"

static void
hand_member(CeremonyWorld *world)
{
    ceremony_world_hand(world, 2, "member", NULL);
}

static CeremonyWorld *
member_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    return world;
}

/* ---- a signature key ---- */

static bool
run_generate_key(CeremonyWorld *world, GError **error)
{
    const TkeGenerateKeyParams params = { .name = "Alice" };

    return tke_op_generate_signature_key(world->op, &params, NULL, NULL, error);
}

static StepState
key_state(CeremonyWorld *world)
{
    return ceremony_world_info(world, "member").has_signature_key ? STEP_DONE : STEP_NOT_DONE;
}

START_TEST(test_making_a_signature_key_survives_a_fault_at_every_exchange)
{
    static const StepCards step = { .name = "generate signature key",
                                    .hand = hand_member,
                                    .run = run_generate_key,
                                    .state = key_state };
    g_autoptr(CeremonyWorld) world = member_world();

    step_faults_cards(world, &step);
    ck_assert_int_eq(key_state(world), STEP_NOT_DONE);
}
END_TEST

/* ---- a key part ---- */

static bool
run_generate_part(CeremonyWorld *world, GError **error)
{
    const TkeGeneratePartParams params = { .description = "part of Alice" };

    return tke_op_generate_key_part(world->op, &params, NULL, NULL, error);
}

static StepState
part_state(CeremonyWorld *world)
{
    unsigned parts = ceremony_world_info(world, "member").parts;

    ck_assert_uint_le(parts, 1);
    return parts == 1 ? STEP_DONE : STEP_NOT_DONE;
}

START_TEST(test_making_a_key_part_survives_a_fault_at_every_exchange)
{
    static const StepCards step = { .name = "generate key part",
                                    .hand = hand_member,
                                    .run = run_generate_part,
                                    .state = part_state };
    g_autoptr(CeremonyWorld) world = member_world();

    step_faults_cards(world, &step);
    ck_assert_int_eq(part_state(world), STEP_NOT_DONE);
}
END_TEST

/* ---- a copy: a key and 17 parts, so that it takes two batches ---- */

#define PARTS 17u

static CeremonyWorld *
full_world(void)
{
    CeremonyWorld *world = member_world();
    g_autofree uint8_t *parts = g_malloc0((gsize) PARTS * SIM_CARD_PART_LEN);
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < PARTS; i++) {
        parts[i * SIM_CARD_PART_LEN] = (uint8_t) (i + 1);
    }
    ceremony_world_make_member(world, "copy");
    ceremony_world_make_admin(world, "member", "Alice");
    card_world_check(
        sim_card_fill(g_hash_table_lookup(world->by_name, "member"), parts, PARTS, &error), error);
    return world;
}

static void
hand_copy(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "member", NULL);
    ceremony_world_hand(world, 2, "copy", NULL);
}

static bool
run_copy(CeremonyWorld *world, GError **error)
{
    const TkeCopyParams params = { .everything = true };
    g_autofree TkeCopyResult *result = g_new0(TkeCopyResult, 1);

    return tke_op_copy_card(world->op, &params, result, error);
}

static StepState
copy_state(CeremonyWorld *world)
{
    SimCardInfo source = ceremony_world_info(world, "member");
    SimCardInfo copy = ceremony_world_info(world, "copy");

    ck_assert(source.has_signature_key);
    ck_assert_uint_eq(source.parts, PARTS);
    return copy.has_signature_key && copy.parts == PARTS ? STEP_DONE
           : copy.has_signature_key || copy.parts > 0    ? STEP_BETWEEN
                                                         : STEP_NOT_DONE;
}

START_TEST(test_copying_survives_a_fault_at_every_exchange)
{
    static const StepCards step = {
        .name = "copy", .hand = hand_copy, .run = run_copy, .state = copy_state, .repeatable = true
    };
    g_autoptr(CeremonyWorld) world = full_world();

    step_faults_cards(world, &step);
    ck_assert_int_eq(copy_state(world), STEP_NOT_DONE);
}
END_TEST

/* ---- deleting two parts and the key ---- */

static unsigned
n_left(CeremonyWorld *world)
{
    SimCardInfo info = ceremony_world_info(world, "member");

    return info.parts - (PARTS - 2) + (info.has_signature_key ? 1 : 0);
}

/* What is left, as somebody who has looked deletes it: places are emptied from 3 on. */
static bool
run_delete(CeremonyWorld *world, GError **error)
{
    SimCardInfo info = ceremony_world_info(world, "member");
    g_autofree char *ski =
        g_strdup_printf("%02x%02x%02x%02x", info.ski[0], info.ski[1], info.ski[2], info.ski[3]);
    TkeDeleteParams params = { .ski = info.has_signature_key ? ski : NULL };
    TkeDeleteResult result;

    for (unsigned place = 3 + (PARTS - info.parts); place <= 4; place++) {
        params.places[params.n_places++] = (uint8_t) place;
    }
    return tke_op_delete_keys(world->op, &params, &result, error);
}

static StepState
delete_state(CeremonyWorld *world)
{
    unsigned left = n_left(world);

    return left == 0 ? STEP_DONE : left < 3 ? STEP_BETWEEN : STEP_NOT_DONE;
}

START_TEST(test_deleting_survives_a_fault_at_every_exchange)
{
    static const StepCards step = {
        .name = "delete", .hand = hand_member, .run = run_delete, .state = delete_state
    };
    g_autoptr(CeremonyWorld) world = full_world();

    step_faults_cards(world, &step);
    ck_assert_int_eq(delete_state(world), STEP_NOT_DONE);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_making_a_signature_key_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_making_a_key_part_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_copying_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_deleting_survives_a_fault_at_every_exchange);
}

int
main(void)
{
    return test_main("step-faults-keys", add_tests);
}
