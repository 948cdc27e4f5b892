/*
 * Orders to tke-sim behind the frame: texts one after the other, divided by NUL, carried out in a
 * world with readers, cards and units. Nobody waits: the client has always gone.
 */
#include <string.h>

#include "simulator/sim-control.h"
#include "simulator/sim-json.h"
#include "tests/fuzz/fuzz-dir.h"
#include "tests/fuzz/fuzz-random.h"

#define CARDS_ENOUGH 60u

static const char scenario[] =
    "{\"format\":1,\"name\":\"fuzz\",\"readers\":["
    "{\"name\":\"Left\",\"model\":\"m\",\"serial\":\"1\",\"port\":\"1\"},"
    "{\"name\":\"Right\",\"model\":\"m\",\"serial\":\"2\",\"port\":\"2\"}],"
    "\"cards\":[{\"label\":\"ca-1\",\"applet\":\"ca\"},{\"label\":\"ep11-1\",\"applet\":\"ep11\"},"
    "{\"label\":\"blank-1\",\"applet\":\"none\"}],"
    "\"service\":{\"account\":\"a\",\"user\":\"u\",\"region\":\"r\",\"resource_group\":\"g\","
    "\"instances\":[{\"id\":\"11111111-2222-3333-4444-555555555555\",\"units\":[{"
    "\"type\":\"operational\",\"zone\":\"z\",\"host\":\"h\",\"module\":4,\"domain\":37,"
    "\"serial\":\"93AABC12\",\"hsm_id\":\"unit-1\"}]}]}}";

static char *dir;
static SimWorld *world;

static void
stop(void)
{
    g_clear_pointer(&world, sim_world_free);
    fuzz_dir_remove(dir);
    g_clear_pointer(&dir, g_free);
}

static void
start(void)
{
    g_autofree char *file = NULL;
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    SimWorldOptions options = { .delay_ms = -1, .second_ms = 10 };

    dir = fuzz_dir_new();
    file = g_build_filename(dir, "scenario.json", NULL);
    path = g_build_filename(dir, "world", NULL);
    FUZZ_REQUIRE(g_file_set_contents(file, scenario, -1, NULL));
    options.scenario = file;
    world = sim_world_new(path, &options, &error);
    if (world == NULL) {
        g_printerr("%s\n", error->message);
    }
    FUZZ_REQUIRE(world != NULL);
}

static void
stop_order(G_GNUC_UNUSED void *data)
{
}

static bool
has_gone(G_GNUC_UNUSED void *data)
{
    return true;
}

static bool
is_desk(G_GNUC_UNUSED void *data, G_GNUC_UNUSED bool only)
{
    return true;
}

static void
run(const char *text, size_t len)
{
    const SimControl control = {
        .world = world, .stop = stop_order, .gone = has_gone, .desk = is_desk
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) order = sim_json_parse(text, (gssize) len, NULL);
    g_autoptr(JsonObject) answer = NULL;

    if (order != NULL) {
        answer = sim_control_run(&control, order, &error);
        FUZZ_REQUIRE((answer == NULL) == (error != NULL));
        FUZZ_REQUIRE(answer == NULL || json_object_has_member(answer, "done"));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool registered;
    size_t at = 0;

    if (!tke_secret_heap_init(NULL)) {
        return 0;
    }
    fuzz_random_start();
    if (world != NULL && sim_world_get_n_cards(world) > CARDS_ENOUGH) {
        stop();
    }
    if (world == NULL) {
        start();
        if (!registered) {
            atexit(stop);
            registered = true;
        }
    }
    sim_world_set_running(world, true);
    sim_world_clear_faults(world);
    for (unsigned i = 1; i <= sim_world_get_n_readers(world); i++) {
        (void) sim_world_remove(world, i, NULL);
    }
    while (at < size) {
        const uint8_t *end = memchr(data + at, 0, size - at);
        const size_t len = end == NULL ? size - at : (size_t) (end - (data + at));

        run((const char *) data + at, len);
        at += len + 1;
    }
    return 0;
}
