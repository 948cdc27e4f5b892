/*
 * Commands that cards are sent: to recognise them, and to copy a signature key and 85 key parts
 * with the longest names (card-protocol.md, 13), everything included from the first SELECT on.
 */
#include <check.h>

#include "libsmartcard/card-transfer.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"
#include "tests/bench/bench.h"
#include "tests/support/card-world.h"

#define MOST_TO_RECOGNISE 3u
#define MOST_SHORT 62u
#define MOST_EXTENDED 20u
#define LONGEST "123456789012345678901234567890"
#define GROUP "Commands to a card (APDUs)"

/* A card can be in one reader only. */
static void
empty_readers(CardWorld *world)
{
    sim_reader_remove(virtual_readers_get(world->readers, 1));
    sim_reader_remove(virtual_readers_get(world->readers, 2));
}

static void
recognise(Bench *bench, CardWorld *world, SimCard *sim, const char *what, TkeCardKind kind)
{
    TkeCardStatus status = { 0 };
    g_autoptr(TkeCard) card = NULL;
    g_autofree char *name = g_strconcat("recognise ", what, NULL);

    empty_readers(world);
    card = card_world_recognise(world, sim, 2, &status);
    ck_assert_int_eq(status.kind, kind);
    bench_report_count(bench->report, GROUP, name, tke_card_get_apdus(card), MOST_TO_RECOGNISE);
}

/* A signature key and 85 parts. */
static SimCard *
make_source(CardWorld *world)
{
    SimCard *sim = card_world_make_member(world, "source");
    uint8_t parts[TKE_EP11_PLACES][SIM_CARD_PART_LEN] = { 0 };
    TkeSignatureKey key = { 0 };
    TkeCardStatus status = { 0 };
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;

    empty_readers(world);
    card = card_world_open_member(world, sim, 1, &status);
    for (unsigned i = 0; i < TKE_EP11_PLACES; i++) {
        parts[i][0] = (uint8_t) (i + 1);
    }
    card_world_check(tke_ep11_card_generate_signature_key(card, LONGEST, &key, &error), error);
    card_world_check(sim_card_fill(sim, parts[0], TKE_EP11_PLACES, &error), error);
    for (unsigned i = 1; i <= TKE_EP11_PLACES; i++) {
        card_world_check(tke_ep11_card_describe_part(card, (uint8_t) i, LONGEST, &error), error);
    }
    return sim;
}

static TkeCard *
open_card(CardWorld *world, SimCard *sim, unsigned reader, bool extended, TkeCardStatus *status)
{
    TkeCard *card = card_world_insert(world, sim, reader);
    g_autoptr(GError) error = NULL;

    tke_card_set_extended_allowed(card, extended);
    card_world_check(tke_card_recognise(card, status, &error), error);
    return card;
}

static void
copy(Bench *bench, CardWorld *world, SimCard *from, const char *to, bool extended)
{
    const char *length = extended ? "extended" : "short";
    const unsigned limit = extended ? MOST_EXTENDED : MOST_SHORT;
    TkeCardStatus statuses[2] = { 0 };
    g_autofree TkeKeyPartList *lists = g_new0(TkeKeyPartList, 2);
    TkeTransferPlan plan = { 0 };
    TkeTransferResult result = { 0 };
    g_autoptr(GError) error = NULL;
    SimCard *to_sim = card_world_make_member(world, to);
    g_autoptr(TkeCard) source = NULL;
    g_autoptr(TkeCard) target = NULL;
    g_autofree char *sender = g_strdup_printf("copy key and 85 parts, %s APDUs: source", length);
    g_autofree char *taker = g_strdup_printf("copy key and 85 parts, %s APDUs: target", length);

    empty_readers(world);
    source = open_card(world, from, 1, extended, &statuses[0]);
    target = open_card(world, to_sim, 2, extended, &statuses[1]);
    card_world_check(tke_ep11_card_query_parts(source, statuses[0].n_parts, &lists[0], &error),
                     error);
    tke_card_transfer_plan_all(&statuses[0], &lists[0], &plan);
    card_world_verify(world, target, TKE_PIN_FIRST, WORLD_PIN);
    card_world_verify(world, source, TKE_PIN_FIRST, WORLD_PIN);
    card_world_check(tke_card_transfer_run(source, &statuses[0], &lists[0], target, &statuses[1],
                                           &lists[1], &world->zone, &plan, NULL, NULL, &result,
                                           &error),
                     error);
    ck_assert_uint_eq(result.n, TKE_EP11_PLACES + 1);
    bench_report_count(bench->report, GROUP, sender, tke_card_get_apdus(source), limit);
    bench_report_count(bench->report, GROUP, taker, tke_card_get_apdus(target), limit);
}

void
bench_apdus(Bench *bench)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *source = NULL;

    card_world_make_zone(world);
    recognise(bench, world, card_world_make_member(world, "member"), "an EP11 card",
              TKE_CARD_KIND_EP11);
    recognise(bench, world, world->ca, "a CA card", TKE_CARD_KIND_CA);
    recognise(bench, world, card_world_make_card(world, "blank", SIM_CARD_BLANK),
              "a card with neither applet", TKE_CARD_KIND_EMPTY);
    source = make_source(world);
    copy(bench, world, source, "first", false);
    copy(bench, world, source, "second", true);
}
