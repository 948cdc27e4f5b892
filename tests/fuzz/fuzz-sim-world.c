/*
 * Files of a world of tke-sim that exists: the first byte says which one has the bytes behind it,
 * in a world that is whole otherwise. The world is opened as tke-sim opens it, or its service is.
 */
#include <string.h>

#include "libsmartcard/card-transport.h"
#include "simulator/sim-module.h"
#include "simulator/sim-scenario.h"
#include "simulator/sim-world.h"
#include "tests/fuzz/fuzz-dir.h"
#include "tests/fuzz/fuzz-random.h"
#include "tests/fuzz/fuzz-strict.h"

#define FRONT_MAX 30
#define BACK_MAX 120
#define MARK_LEN 6u

static const char scenario[] =
    "{\"format\":1,\"name\":\"fuzz\",\"readers\":["
    "{\"name\":\"Left\",\"model\":\"m\",\"serial\":\"1\",\"port\":\"1\"},"
    "{\"name\":\"Right\",\"model\":\"m\",\"serial\":\"2\",\"port\":\"2\"}],"
    "\"cards\":[{\"label\":\"ca-1\",\"applet\":\"ca\"},{\"label\":\"ep11-1\",\"applet\":\"ep11\"}],"
    "\"service\":{\"account\":\"a\",\"user\":\"u\",\"region\":\"r\",\"resource_group\":\"g\","
    "\"instances\":[{\"id\":\"11111111-2222-3333-4444-555555555555\",\"units\":[{"
    "\"type\":\"operational\",\"zone\":\"z\",\"host\":\"h\",\"module\":4,\"domain\":37,"
    "\"serial\":\"93AABC12\",\"hsm_id\":\"unit-1\"},{"
    "\"type\":\"recovery\",\"zone\":\"z\",\"host\":\"h\",\"module\":4,\"domain\":38,"
    "\"serial\":\"93AABC12\",\"hsm_id\":\"unit-2\"}]}]}}";

static char *dir;
static char *path; /* of the world */

static void
stop(void)
{
    fuzz_dir_remove(dir);
    g_free(path);
    g_free(dir);
}

static SimWorld *
open_world(const char *file, GError **error)
{
    const SimWorldOptions options = { .scenario = file, .delay_ms = -1, .second_ms = 10 };

    return sim_world_new(path, &options, error);
}

/* One with a card more, something written on it, and a card in a reader. */
static void
start(void)
{
    g_autofree char *file = NULL;
    g_autoptr(SimWorld) world = NULL;
    SimCard *added = NULL;

    dir = fuzz_dir_new();
    file = g_build_filename(dir, "scenario.json", NULL);
    path = g_build_filename(dir, "world", NULL);
    atexit(stop);
    FUZZ_REQUIRE(g_file_set_contents(file, scenario, -1, NULL));
    world = open_world(file, NULL);
    FUZZ_REQUIRE(world != NULL);
    added = sim_world_add_card(world, "added-1", SIM_CARD_EP11, true, NULL);
    FUZZ_REQUIRE(added != NULL && sim_world_write_on(world, added, "front", "back", NULL) &&
                 sim_world_insert(world, 2, "ca-1", NULL));
}

static void
check_cards(SimWorld *world)
{
    FUZZ_REQUIRE(sim_world_get_n_cards(world) <= SIM_SCENARIO_CARDS_MAX);
    for (unsigned i = 0; i < sim_world_get_n_cards(world); i++) {
        SimCard *card = sim_world_get_card(world, i);
        g_autofree char *front = NULL;
        g_autofree char *back = NULL;

        sim_world_dup_writing(world, card, &front, &back);
        FUZZ_REQUIRE(g_utf8_strlen(front, -1) <= FRONT_MAX && g_utf8_strlen(back, -1) <= BACK_MAX);
    }
}

/* No card is in two readers, and what is in one is a card of this world. */
static void
check_places(SimWorld *world)
{
    for (unsigned number = 1; number <= sim_world_get_n_readers(world); number++) {
        g_auto(SimReaderState) state = { 0 };

        sim_reader_get_state(sim_world_get_reader(world, number, NULL), &state);
        if (state.card_name != NULL) {
            SimCard *card = sim_world_find_card(world, state.card_name, NULL);

            FUZZ_REQUIRE(card != NULL && sim_world_get_place(world, card) == number);
        }
    }
}

static void
check_mark(SimWorld *world)
{
    uint32_t generation = 0;
    g_autoptr(GPtrArray) readers = sim_world_list_readers(world, 0, &generation);

    for (guint i = 0; i < readers->len; i++) {
        const TkeReaderInfo *info = g_ptr_array_index(readers, i);

        FUZZ_REQUIRE(strlen(info->serial) == strlen("1-") + MARK_LEN);
    }
}

static void
check_service(const SimService *service)
{
    const size_t n = sim_service_get_n_units(service);

    FUZZ_REQUIRE(n > 0 && sim_service_get_n_instances(service) > 0);
    for (size_t i = 0; i < n; i++) {
        const SimUnit *unit = sim_service_get_unit(service, i);

        FUZZ_REQUIRE(sim_service_find_unit(service, sim_unit_get_hsm_id(unit)) == unit);
        FUZZ_REQUIRE(strlen(sim_unit_get_serial(unit)) == SIM_SERIAL_LEN);
    }
}

static void
read_world(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimWorld) world = open_world(NULL, &error);

    FUZZ_REQUIRE((world == NULL) == (error != NULL));
    if (world != NULL) {
        g_autofree char *description = sim_world_dup_description(world);

        FUZZ_REQUIRE(description != NULL);
        check_cards(world);
        check_places(world);
        check_mark(world);
    }
}

static void
read_service(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimService) service = sim_service_load(path, &error);

    FUZZ_REQUIRE((service == NULL) == (error != NULL));
    if (service != NULL) {
        check_service(service);
    }
}

static const struct {
    const char *file;
    void (*read)(void);
} files[] = {
    { "units/service.json", read_service },
    { "units/module-93AABC12.json", read_service },
    { "readers.json", read_world },
    { "box.json", read_world },
    { "mark.json", read_world },
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *file = NULL;
    g_autofree char *whole = NULL;
    gsize whole_len = 0;
    unsigned which = 0;

    if (size == 0 || !tke_secret_heap_init(NULL)) {
        return 0;
    }
    fuzz_strict();
    fuzz_random_start();
    if (dir == NULL) {
        start();
    }
    which = data[0] % G_N_ELEMENTS(files);
    file = g_build_filename(path, files[which].file, NULL);
    FUZZ_REQUIRE(g_file_get_contents(file, &whole, &whole_len, NULL));
    fuzz_dir_write(file, data + 1, size - 1);
    files[which].read();
    fuzz_dir_write(file, (const uint8_t *) whole, whole_len);
    return 0;
}
