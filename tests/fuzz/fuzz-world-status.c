/*
 * The status of a world, as tke-sim tells it: for the virtual desk, which shows it, and for the
 * command line, which prints it.
 */
#include <string.h>

#include "simulator/desk-model.h"
#include "simulator/sim-command-status.h"
#include "simulator/sim-json.h"
#include "tests/fuzz/fuzz-strict.h"
#include "tests/fuzz/fuzz.h"

#define NOW_US 5000000
#define DOTS_MAX 16

/* Takes a text that a window shows. */
static void
take_shown(char *text)
{
    FUZZ_REQUIRE(text != NULL && g_utf8_validate(text, -1, NULL));
    g_free(text);
}

static void
check_pad(const SimDeskPad *pad)
{
    g_autofree char *dots = sim_desk_pad_dup_dots(pad);

    take_shown(sim_desk_pad_dup_prompt(pad));
    FUZZ_REQUIRE(g_utf8_validate(dots, -1, NULL) && g_utf8_strlen(dots, -1) <= DOTS_MAX);
    FUZZ_REQUIRE(pad->asking ? pad->end_us >= NOW_US : *dots == '\0');
    FUZZ_REQUIRE(sim_desk_pad_left_s(pad, NOW_US) <= UINT32_MAX / 1000 + 1);
}

static void
check_readers(const SimDeskWorld *world)
{
    const unsigned typing = sim_desk_world_typing(world, 2);

    for (guint i = 0; i < world->readers->len; i++) {
        const SimDeskReader *reader = g_ptr_array_index(world->readers, i);

        FUZZ_REQUIRE(reader->name != NULL && reader->model != NULL && reader->faults != NULL);
        FUZZ_REQUIRE(sim_desk_world_find_reader(world, reader->number) != NULL);
        take_shown(g_strdup(sim_desk_reader_get_state(world, reader)));
        take_shown(sim_desk_reader_dup_faults(reader));
        take_shown(sim_desk_reader_dup_name(world, reader));
        take_shown(sim_desk_reader_dup_offer(world, reader, NULL));
        take_shown(sim_desk_reader_dup_offer(world, reader, reader->card));
        check_pad(&reader->pad);
    }
    FUZZ_REQUIRE(typing == 0 || sim_desk_world_find_reader(world, typing) != NULL);
}

static void
check_cards(const SimDeskWorld *world)
{
    for (guint i = 0; i < world->cards->len; i++) {
        const SimDeskCard *card = g_ptr_array_index(world->cards, i);

        FUZZ_REQUIRE(card->pins <= SIM_DESK_PINS && card->unusual != NULL && card->waiting != NULL);
        FUZZ_REQUIRE(sim_desk_world_find_card(world, card->label) != NULL);
        take_shown(g_strdup(sim_desk_card_get_title(card)));
        take_shown(sim_desk_card_dup_state(card));
        take_shown(sim_desk_card_dup_name(card));
        take_shown(sim_desk_card_dup_details(card));
        (void) sim_desk_card_is_in_trouble(card);
    }
}

static void
show(JsonObject *status)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimDeskWorld) world = sim_desk_world_parse(status, "us-south", NOW_US, &error);

    FUZZ_REQUIRE((world == NULL) == (error != NULL));
    FUZZ_REQUIRE(error == NULL || g_utf8_validate(error->message, -1, NULL));
    if (world != NULL) {
        check_readers(world);
        check_cards(world);
        take_shown(sim_desk_world_dup_units(world));
        take_shown(sim_desk_world_dup_faults(world));
    }
}

/* Nothing in it tells a terminal to do anything but begin a line. */
static void
print(JsonObject *status)
{
    g_autofree char *text = sim_command_status_dup_text(status);

    FUZZ_REQUIRE(g_utf8_validate(text, -1, NULL) && g_str_has_suffix(text, "\n"));
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        FUZZ_REQUIRE(*at == '\n' || g_unichar_isprint(g_utf8_get_char(at)));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(JsonObject) status = NULL;

    fuzz_strict();
    status = sim_json_parse((const char *) data, (gssize) size, NULL);
    if (status != NULL) {
        show(status);
        print(status);
    }
    return 0;
}
