/*
 * An applet of 30 KB loaded the whole way (libceremony's op-card-load) through the real pcscd and
 * the driver of virtual readers, onto a card that takes the time of a real type (J3R180): against
 * what the model of the card says it was busy.
 */
#include <check.h>
#include <string.h>

#include "libceremony/op-card-load.h"
#include "libceremony/world-private.h"
#include "libsmartcard/pcsc-transport.h"
#include "libsmartcard/sim-protocol.h"
#include "libsmartcard/sim-transport.h"
#include "tests/bench/programs.h"
#include "tests/support/cap-maker.h"
#include "tests/support/card-world.h"

#define GROUP "Applet of 30 KB through pcscd, J3R180"
#define CARD "ca-1"
#define READER 1u
#define CODE_BYTES 30500u /* with the other components 30 KB and a little more */
#define RUNS 5u
#define MOST_OF_MODEL 1.2

typedef struct Place {
    TkeSimClient *client;
    TkeWorld *world;
    TkeActivityLog *log;
    TkeCardSession *session;
    TkeOperation *op;
} Place;

/* Nobody is needed: a card without a zone lies in the reader. */

static void
show(G_GNUC_UNUSED void *ui, const TkePrompt *prompt)
{
    ck_abort_msg("asked: %s %s", prompt->title, prompt->reason != NULL ? prompt->reason : "");
}

static void
hide(G_GNUC_UNUSED void *ui)
{
}

static void
step(G_GNUC_UNUSED void *ui, G_GNUC_UNUSED unsigned done, G_GNUC_UNUSED unsigned total,
     G_GNUC_UNUSED const char *what)
{
}

static void
note(G_GNUC_UNUSED void *ui, G_GNUC_UNUSED const char *text)
{
}

static void
card(G_GNUC_UNUSED void *ui, G_GNUC_UNUSED unsigned reader, G_GNUC_UNUSED bool inserted)
{
}

static const TkePrompterOps nobody = {
    .show = show, .hide = hide, .step = step, .note = note, .card = card
};

static JsonObject *
command(Place *place, const char *name)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(GError) error = NULL;
    JsonObject *answer = NULL;

    json_object_set_string_member(object, "command", name);
    json_object_set_int_member(object, "reader", READER);
    json_object_set_string_member(object, "card", CARD);
    answer = tke_sim_client_command(place->client, object, &error);
    card_world_check(answer != NULL, error);
    return answer;
}

/* Seconds that the cards were busy so far. */
static double
query_spent(Place *place)
{
    g_autoptr(JsonObject) status = command(place, "status");
    JsonArray *cards = json_object_get_array_member(status, "cards");
    double sum = 0;

    for (guint i = 0; i < json_array_get_length(cards); i++) {
        sum += json_object_get_double_member(json_array_get_object_element(cards, i), "spent_ms");
    }
    return sum / 1000;
}

static void
enter(Place *place, const char *directory)
{
    static const char *const instances[] = { NULL };
    const TkePcscOptions options = { .virtual_readers = true };
    g_autoptr(CapMaker) maker = cap_maker_new(TKE_CAP_FILE_REHEARSAL, CODE_BYTES);
    g_autoptr(GByteArray) zip = cap_maker_build(maker);
    g_autoptr(GBytes) bytes = g_bytes_new(zip->data, zip->len);
    g_autofree char *state = g_build_filename(directory, "bench", NULL);
    g_autofree char *path = g_build_filename(state, "activity.log", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(g_mkdir_with_parents(state, 0700), 0);
    place->client = tke_sim_client_open(directory, &error);
    card_world_check(place->client != NULL, error);
    place->world = tke_world_new_of_parts(tke_pcsc_transport_new(&options), NULL,
                                          tke_module_roots_new_rehearsal(), state, instances);
    tke_world_set_applet(place->world, bytes);
    place->log = tke_activity_log_new(path, true);
    place->session = tke_card_session_new(tke_world_get_cards(place->world, NULL));
    place->op = tke_operation_new(place->world, place->session, place->log, &nobody, NULL, NULL);
}

static void
leave(Place *place)
{
    tke_operation_free(place->op);
    tke_card_session_free(place->session);
    tke_activity_log_free(place->log);
    tke_world_free(place->world);
    tke_sim_client_free(place->client);
}

/* The card is in the reader, and the session knows it. */
static void
wait_for_card(Place *place)
{
    const TkeCardStatus *status = NULL;
    g_autoptr(GError) error = NULL;
    TkeCardSource *source = tke_world_get_cards(place->world, NULL);

    json_object_unref(command(place, "insert"));
    for (;;) {
        card_world_check(tke_card_session_look(place->op, NULL, &error), error);
        if (tke_card_session_get(place->session, READER, &status) != NULL) {
            return;
        }
        card_world_check(source->ops->wait(source, 30000, NULL, &error), error);
    }
}

/* What the card is not yet: each load takes the other applet off, which holds nothing, and asks
 * nobody. */
static void
load(Place *place, unsigned run)
{
    const TkeCardNeed need = { .reader = READER,
                               .wanted = run % 2 == 0 ? TKE_WANTED_NEW_EP11 : TKE_WANTED_BLANK_CA };
    const TkeCardStatus *status = NULL;
    g_autoptr(GError) error = NULL;
    bool loaded = false;

    card_world_check(tke_op_card_load_need(place->op, &need, &status, &loaded, &error) != NULL,
                     error);
    ck_assert(loaded);
    ck_assert_int_eq(status->kind, run % 2 == 0 ? TKE_CARD_KIND_EP11 : TKE_CARD_KIND_CA);
}

void
bench_load_pcscd(Bench *bench, const char *directory)
{
    const unsigned runs = bench->quick ? 1 : RUNS;
    double walls[RUNS] = { 0 };
    double models[RUNS] = { 0 };
    double ratios[RUNS] = { 0 };
    Place place = { 0 };

    enter(&place, directory);
    wait_for_card(&place);
    for (unsigned i = 0; i < runs; i++) {
        const double before = query_spent(&place);
        const gint64 start = g_get_monotonic_time();

        load(&place, i);
        walls[i] = (double) (g_get_monotonic_time() - start) / G_USEC_PER_SEC;
        models[i] = query_spent(&place) - before;
        ratios[i] = walls[i] / models[i];
    }
    leave(&place);
    bench_report_samples(bench->report, GROUP, "erase, load, install, probe, recognise", "s", walls,
                         runs, BENCH_NO_LIMIT);
    bench_report_samples(bench->report, GROUP, "card busy, as its model says", "s", models, runs,
                         BENCH_NO_LIMIT);
    bench_report_samples(bench->report, GROUP, "ratio of the two", "x", ratios, runs,
                         MOST_OF_MODEL);
}
