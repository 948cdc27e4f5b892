/*
 * An applet of 30 KB loaded onto a card that takes the time of a real type (J3R180), through
 * tke-sim's socket: from the first SELECT to the installed applet, against what the model of the
 * card says it was busy.
 */
#include <check.h>

#include "libsmartcard/gp-loader.h"
#include "libsmartcard/gp-registry.h"
#include "libsmartcard/sim-protocol.h"
#include "libsmartcard/sim-transport.h"
#include "tests/bench/programs.h"
#include "tests/support/cap-maker.h"
#include "tests/support/card-world.h"

#define PROFILE "J3R180"
#define CARD "ca-1"
#define CODE_BYTES 30500u /* with the other components 30 KB and a little more */
#define RUNS 5u
#define MOST_OF_MODEL 1.2

typedef struct Desk {
    TkeSimClient *client;
    TkeCardSource *source;
    TkeCard *card;
    TkeCapFile *cap;
} Desk;

static void
desk_clear(Desk *desk)
{
    tke_card_free(desk->card);
    if (desk->source != NULL) {
        desk->source->ops->free(desk->source);
    }
    tke_sim_client_free(desk->client);
    tke_cap_file_free(desk->cap);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Desk, desk_clear)

static JsonObject *
command(Desk *desk, const char *name)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(GError) error = NULL;
    JsonObject *answer = NULL;

    json_object_set_string_member(object, "command", name);
    json_object_set_int_member(object, "reader", 1);
    json_object_set_string_member(object, "card", CARD);
    answer = tke_sim_client_command(desk->client, object, &error);
    card_world_check(answer != NULL, error);
    return answer;
}

/* Seconds that the card was busy so far. */
static double
query_spent(Desk *desk)
{
    g_autoptr(JsonObject) status = command(desk, "status");
    JsonArray *cards = json_object_get_array_member(status, "cards");
    double sum = 0;

    ck_assert_str_eq(json_object_get_string_member(status, "profile"), PROFILE);
    for (guint i = 0; i < json_array_get_length(cards); i++) {
        sum += json_object_get_double_member(json_array_get_object_element(cards, i), "spent_ms");
    }
    return sum / 1000;
}

static void
open_desk(Desk *desk, const char *world)
{
    g_autoptr(CapMaker) maker = cap_maker_new(TKE_CAP_FILE_REHEARSAL, CODE_BYTES);
    g_autoptr(GByteArray) zip = cap_maker_build(maker);
    g_autoptr(GPtrArray) readers = NULL;
    g_autoptr(GError) error = NULL;
    const TkeReaderInfo *reader = NULL;

    desk->cap = tke_cap_file_new(zip->data, zip->len, "bench", &error);
    card_world_check(desk->cap != NULL, error);
    desk->client = tke_sim_client_open(world, &error);
    card_world_check(desk->client != NULL, error);
    json_object_unref(command(desk, "insert"));
    desk->source = tke_sim_transport_new(world, &error);
    card_world_check(desk->source != NULL, error);
    readers = desk->source->ops->list(desk->source, &error);
    card_world_check(readers != NULL && readers->len > 0, error);
    reader = g_ptr_array_index(readers, 0);
    desk->card = tke_card_open(desk->source, reader->name, 1, NULL, &error);
    card_world_check(desk->card != NULL, error);
}

static void
load(Desk *desk)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(&error);
    g_autoptr(TkeGpScp) scp = NULL;
    TkeGpCardData data = { 0 };

    card_world_check(keys != NULL, error);
    card_world_check(tke_gp_registry_select(desk->card, &data, &error), error);
    card_world_check(tke_gp_registry_query_data(desk->card, &data, &error), error);
    scp = tke_gp_scp_open(desk->card, keys, NULL, &error);
    card_world_check(scp != NULL, error);
    card_world_check(
        tke_gp_loader_install(scp, desk->cap, &tke_gp_aid_ep11, NULL, NULL, NULL, &error), error);
}

void
bench_load_applet(Bench *bench)
{
    const char *group = "Applet of 30 KB onto a card of type " PROFILE;
    const unsigned runs = bench->quick ? 1 : RUNS;
    g_autofree char *world = bench_programs_new_world(bench, "load-applet");
    double walls[RUNS] = { 0 };
    double models[RUNS] = { 0 };
    double ratios[RUNS] = { 0 };
    g_auto(Desk) desk = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_check(bench_programs_start_sim(world, PROFILE, &error), error);
    open_desk(&desk, world);
    for (unsigned i = 0; i < runs; i++) {
        const double before = query_spent(&desk);
        const gint64 start = g_get_monotonic_time();

        load(&desk);
        walls[i] = (double) (g_get_monotonic_time() - start) / G_USEC_PER_SEC;
        models[i] = query_spent(&desk) - before;
        ratios[i] = walls[i] / models[i];
    }
    bench_report_samples(bench->report, group, "select, open, load, install", "s", walls, runs,
                         BENCH_NO_LIMIT);
    bench_report_samples(bench->report, group, "card busy, as its model says", "s", models, runs,
                         BENCH_NO_LIMIT);
    bench_report_samples(bench->report, group, "ratio of the two", "x", ratios, runs,
                         MOST_OF_MODEL);
}
