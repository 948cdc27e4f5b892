/*
 * Files of a rehearsal: the first byte says whether what follows is a scenario, the file of a
 * virtual card or the state of a virtual unit. What was read can be written, and is the same when
 * it is read again.
 */
#include <string.h>

#include "simulator/sim-card-store.h"
#include "simulator/sim-json.h"
#include "simulator/sim-scenario.h"
#include "simulator/sim-unit-state.h"
#include "tests/fuzz/fuzz-dir.h"
#include "tests/fuzz/fuzz-random.h"

static char *dir;
static char *path;

static void
stop(void)
{
    fuzz_dir_remove(dir);
    g_free(path);
    g_free(dir);
}

static void
write_file(const uint8_t *data, size_t size)
{
    if (dir == NULL) {
        dir = fuzz_dir_new();
        path = g_build_filename(dir, "file", NULL);
        atexit(stop);
    }
    fuzz_dir_write(path, data, size);
}

static void
read_scenario(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimScenario) scenario = NULL;

    write_file(data, size);
    scenario = sim_scenario_load(path, &error);
    FUZZ_REQUIRE((scenario == NULL) == (error != NULL));
    if (scenario == NULL) {
        return;
    }
    FUZZ_REQUIRE(scenario->readers->len <= SIM_SCENARIO_READERS_MAX);
    FUZZ_REQUIRE(scenario->cards->len <= SIM_SCENARIO_CARDS_MAX);
    for (guint i = 0; i < scenario->cards->len; i++) {
        const SimScenarioCard *card = g_ptr_array_index(scenario->cards, i);

        FUZZ_REQUIRE(sim_scenario_is_label(card->label));
    }
}

static void
check_card(const SimCardState *state)
{
    FUZZ_REQUIRE(state->description.len <= SIM_NAME_MAX);
    FUZZ_REQUIRE(state->zone_description.len <= SIM_NAME_MAX);
    FUZZ_REQUIRE(state->certificate.len <= SIM_CERTIFICATE_MAX);
    FUZZ_REQUIRE(state->zone_certificate.len <= SIM_CERTIFICATE_MAX);
    FUZZ_REQUIRE(state->usage_kept <= SIM_USAGE_KEPT);
    for (unsigned i = 0; i < SIM_CARD_PLACES; i++) {
        FUZZ_REQUIRE(state->parts[i].description.len <= SIM_NAME_MAX);
    }
}

static void
read_card(const uint8_t *data, size_t size)
{
    static SimCardState state;
    static SimCardState again;
    g_autoptr(GError) error = NULL;
    g_autofree char *name = NULL;
    g_autofree char *same = NULL;

    memset(&state, 0, sizeof state);
    memset(&again, 0, sizeof again);
    write_file(data, size);
    if (!sim_card_store_read(path, &name, &state, &error)) {
        FUZZ_REQUIRE(error != NULL);
        return;
    }
    check_card(&state);
    FUZZ_REQUIRE(sim_card_store_save(path, name, &state, NULL));
    FUZZ_REQUIRE(sim_card_store_read(path, &same, &again, NULL));
    FUZZ_REQUIRE(strcmp(name, same) == 0 && memcmp(&state, &again, sizeof state) == 0);
}

static void
read_unit(const uint8_t *data, size_t size)
{
    g_autoptr(JsonObject) object = sim_json_parse((const char *) data, (gssize) size, NULL);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(SimUnitState) state = NULL;

    if (object == NULL) {
        return;
    }
    state = sim_unit_state_from_json(object, &error);
    FUZZ_REQUIRE((state == NULL) == (error != NULL));
    if (state != NULL) {
        FUZZ_REQUIRE(state->admins->len <= SIM_ADMINS_MAX);
        json_builder_begin_object(builder);
        FUZZ_REQUIRE(sim_unit_state_to_json(state, builder, NULL));
        json_builder_end_object(builder);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || !tke_secret_heap_init(NULL)) {
        return 0;
    }
    fuzz_random_start();
    switch (data[0] % 3) {
    case 0:
        read_scenario(data + 1, size - 1);
        break;
    case 1:
        read_card(data + 1, size - 1);
        break;
    default:
        read_unit(data + 1, size - 1);
    }
    return 0;
}
