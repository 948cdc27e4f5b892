/*
 * Copies between virtual cards: key and 85 parts within the APDUs of card-protocol.md, 13;
 * interrupted and repeated; refused before anything is sent where that is possible.
 */
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card-transfer.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"
#include "libsmartcard/pin-pad.h"
#include "tests/support/card-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define LONGEST "123456789012345678901234567890"

typedef struct Pair {
    CardWorld *world;
    SimCard *source_sim, *target_sim;
    TkeCard *source, *target;
    TkeCardStatus source_status, target_status;
    TkeKeyPartList list, target_list;
    TkeTransferPlan plan;
    TkeTransferResult result;
    unsigned told;
    GError *error;
} Pair;

static void
pair_clear(Pair *p)
{
    tke_card_free(p->source);
    tke_card_free(p->target);
    card_world_free(p->world);
    g_clear_error(&p->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pair, pair_clear)

/* A source with a signature key and n parts with the longest descriptions, and an empty target. */
static Pair
make_pair(unsigned n)
{
    Pair p = { .world = card_world_new(0) };
    uint8_t parts[TKE_EP11_PLACES][SIM_CARD_PART_LEN] = { 0 };
    TkeSignatureKey key = { 0 };

    for (unsigned i = 0; i < n; i++) {
        parts[i][5] = (uint8_t) (i + 1);
    }
    card_world_make_zone(p.world);
    p.source_sim = card_world_make_member(p.world, "source");
    p.target_sim = card_world_make_member(p.world, "target");
    p.source = card_world_open_member(p.world, p.source_sim, 1, &p.source_status);
    card_world_check(tke_ep11_card_generate_signature_key(p.source, LONGEST, &key, &p.error),
                     p.error);
    if (n > 0) {
        card_world_check(sim_card_fill(p.source_sim, parts[0], n, &p.error), p.error);
    }
    for (unsigned i = 1; i <= n; i++) {
        card_world_check(tke_ep11_card_describe_part(p.source, (uint8_t) i, LONGEST, &p.error),
                         p.error);
    }
    g_clear_pointer(&p.source, tke_card_free);
    return p;
}

/* Recognises both, lists the source, has both PINs typed: what comes before every copy. */
static void
open_pair(Pair *p, bool extended)
{
    g_clear_pointer(&p->source, tke_card_free);
    g_clear_pointer(&p->target, tke_card_free);
    p->source = card_world_insert(p->world, p->source_sim, 1);
    p->target = card_world_insert(p->world, p->target_sim, 2);
    tke_card_set_extended_allowed(p->source, extended);
    tke_card_set_extended_allowed(p->target, extended);
    card_world_check(tke_card_recognise(p->source, &p->source_status, &p->error), p->error);
    card_world_check(tke_card_recognise(p->target, &p->target_status, &p->error), p->error);
    card_world_check(
        tke_ep11_card_query_parts(p->source, p->source_status.n_parts, &p->list, &p->error),
        p->error);
    tke_card_transfer_plan_all(&p->source_status, &p->list, &p->plan);
    card_world_verify(p->world, p->target, TKE_PIN_FIRST, WORLD_PIN);
    card_world_verify(p->world, p->source, TKE_PIN_FIRST, WORLD_PIN);
}

static void
tell(void *data, unsigned done, G_GNUC_UNUSED unsigned total)
{
    Pair *p = data;

    ck_assert_uint_gt(done, p->told);
    p->told = done;
}

static bool
copy(Pair *p)
{
    p->told = 0;
    return tke_card_transfer_run(p->source, &p->source_status, &p->list, p->target,
                                 &p->target_status, &p->target_list, &p->world->zone, &p->plan,
                                 tell, p, &p->result, &p->error);
}

static void
check_copied(const Pair *p)
{
    ck_assert_uint_eq(p->target_list.n, p->list.n);
    for (unsigned i = 0; i < p->list.n; i++) {
        g_autoptr(TkeSecret) sent = sim_card_reveal_part(p->source_sim, i + 1, NULL);
        g_autoptr(TkeSecret) held = sim_card_reveal_part(p->target_sim, i + 1, NULL);

        ck_assert(sent != NULL && held != NULL && tke_secret_equal(sent, held));
        ck_assert_str_eq(p->target_list.parts[i].description, p->list.parts[i].description);
        ck_assert_uint_eq(p->target_list.parts[i].origin, TKE_ORIGIN_COPIED);
    }
}

START_TEST(test_key_and_85_parts_take_the_apdus_of_the_table)
{
    const bool extended = _i == 1;
    g_auto(Pair) p = make_pair(TKE_EP11_PLACES);

    open_pair(&p, extended);
    card_world_check(tke_card_transfer_check(&p.source_status, &p.list, &p.target_status, NULL,
                                             &p.plan, &p.error),
                     p.error);
    ck_assert(!tke_card_transfer_needs_target_list(&p.target_status, &p.plan));
    card_world_check(copy(&p), p.error);
    ck_assert_uint_eq(p.result.n, 86);
    ck_assert_uint_eq(p.told, 86);
    ck_assert_uint_eq(tke_card_get_apdus(p.source), extended ? 18 : 60);
    ck_assert_uint_eq(tke_card_get_apdus(p.target), extended ? 20 : 62);
    check_copied(&p);
    ck_assert(p.target_status.has_signature_key);
    ck_assert_mem_eq(p.target_status.ski, p.source_status.ski, 32);

    /* The same again: everything is there. */
    open_pair(&p, extended);
    ck_assert(tke_card_transfer_needs_target_list(&p.target_status, &p.plan));
    card_world_check(tke_card_transfer_check(&p.source_status, &p.list, &p.target_status,
                                             &p.target_list, &p.plan, &p.error),
                     p.error);
    card_world_check(copy(&p), p.error);
    for (unsigned i = 0; i < p.result.n; i++) {
        ck_assert(p.result.entries[i].already_there);
    }
}
END_TEST

/* Either card is pulled at each of its commands. */
START_TEST(test_an_interrupted_copy_is_simply_repeated)
{
    const bool at_source = _i % 2 == 0;
    const SimCardFault fault = { .kind = _i % 4 < 2 ? SIM_CARD_FAULT_PULL_BEFORE
                                                    : SIM_CARD_FAULT_PULL_AFTER,
                                 .after = (unsigned) _i / 4 + 1,
                                 .times = 1 };
    g_auto(Pair) p = make_pair(17);

    open_pair(&p, true);
    sim_card_add_fault(at_source ? p.source_sim : p.target_sim, &fault);
    ck_assert(!copy(&p));
    test_bytes_check_error(p.error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED);
    g_clear_error(&p.error);
    ck_assert_uint_eq(p.result.n, p.told);

    open_pair(&p, true);
    card_world_check(copy(&p), p.error);
    check_copied(&p);
}
END_TEST

START_TEST(test_a_stale_pin_of_the_source_is_not_enough)
{
    g_auto(Pair) p = make_pair(2);
    TkeKeyPart part = { 0 };

    open_pair(&p, true);
    card_world_check(tke_ep11_card_generate_part(p.source, "since", &part, &p.error), p.error);
    ck_assert(!copy(&p));
    test_bytes_check_error(p.error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_NEEDED);
    ck_assert_uint_eq(p.result.n, 0);
}
END_TEST

START_TEST(test_a_forged_card_gets_nothing)
{
    g_auto(Pair) p = make_pair(2);

    ck_assert(sim_card_set_forgery(p.target_sim, (SimCardForgery) _i));
    open_pair(&p, true);
    ck_assert(!copy(&p));
    test_bytes_check_error(p.error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
    ck_assert_uint_eq(p.result.n, 0);
}
END_TEST

START_TEST(test_cancelling_stops_between_commands_and_says_what_is_there)
{
    g_auto(Pair) p = make_pair(17);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    open_pair(&p, true);
    tke_card_set_cancellable(p.target, cancellable);
    g_cancellable_cancel(cancellable);
    ck_assert(!copy(&p));
    test_bytes_check_error(p.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    ck_assert_uint_eq(p.result.n, 0);
}
END_TEST

static void
check_refused(Pair *p, const TkeKeyPartList *target_list, TkeCardError code)
{
    ck_assert(!tke_card_transfer_check(&p->source_status, &p->list, &p->target_status, target_list,
                                       &p->plan, &p->error));
    test_bytes_check_error(p->error, TKE_CARD_ERROR, (int) code);
    g_clear_error(&p->error);
}

START_TEST(test_what_cannot_work_is_refused_beforehand)
{
    g_auto(Pair) p = make_pair(3);
    TkeCardStatus good = { 0 };

    open_pair(&p, true);
    good = p.target_status;

    p.target_status = p.source_status;
    check_refused(&p, NULL, TKE_CARD_ERROR_SAME_CARD);
    p.target_status = good;
    p.target_status.zone_id[0] ^= 1;
    check_refused(&p, NULL, TKE_CARD_ERROR_WRONG_ZONE);
    p.target_status = good;
    p.target_status.life_cycle = TKE_CARD_MEMBER;
    check_refused(&p, NULL, TKE_CARD_ERROR_NOT_PERSONALISED);
    p.target_status = good;
    p.target_status.kind = TKE_CARD_KIND_CA;
    check_refused(&p, NULL, TKE_CARD_ERROR_WRONG_KIND);
    p.target_status = good;
    p.target_status.has_signature_key = true;
    check_refused(&p, NULL, TKE_CARD_ERROR_EXISTS);
    p.target_status = good;
    p.target_status.n_parts = 83;
    check_refused(&p, NULL, TKE_CARD_ERROR_FULL);
    /* One of the three is there already: the other two find room. */
    p.target_list = p.list;
    p.target_list.n = 1;
    card_world_check(tke_card_transfer_check(&p.source_status, &p.list, &p.target_status,
                                             &p.target_list, &p.plan, &p.error),
                     p.error);
    p.target_status = good;
    p.plan.places[2] = 80;
    check_refused(&p, NULL, TKE_CARD_ERROR_NOT_FOUND);
    p.plan.places[2] = 3;
    p.source_status.has_signature_key = false;
    check_refused(&p, NULL, TKE_CARD_ERROR_NOT_FOUND);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_key_and_85_parts_take_the_apdus_of_the_table, 0, 2);
    tcase_add_loop_test(tests, test_an_interrupted_copy_is_simply_repeated, 0, 16);
    tcase_add_test(tests, test_a_stale_pin_of_the_source_is_not_enough);
    tcase_add_loop_test(tests, test_a_forged_card_gets_nothing, SIM_CARD_FORGED_KEY,
                        SIM_CARD_FORGED_ID + 1);
    tcase_add_test(tests, test_cancelling_stops_between_commands_and_says_what_is_there);
    tcase_add_test(tests, test_what_cannot_work_is_refused_beforehand);
}

int
main(void)
{
    return test_main("virtual-copies", add_tests);
}
