/*
 * What tke-sim tells of its world (rehearsal, 4.12): public values, and what a person at the desk
 * sees.
 */
#include <unistd.h>

#include "common/hex.h"
#include "simulator/sim-control.h"

static void
add_text(JsonBuilder *builder, const char *member, const char *text)
{
    json_builder_set_member_name(builder, member);
    if (text == NULL) {
        json_builder_add_null_value(builder);
    } else {
        json_builder_add_string_value(builder, text);
    }
}

static void
add_number(JsonBuilder *builder, const char *member, int64_t number)
{
    json_builder_set_member_name(builder, member);
    json_builder_add_int_value(builder, number);
}

static void
add_flag(JsonBuilder *builder, const char *member, bool flag)
{
    json_builder_set_member_name(builder, member);
    json_builder_add_boolean_value(builder, flag);
}

static void
add_hex(JsonBuilder *builder, const char *member, const uint8_t *bytes, size_t len)
{
    g_autofree char *text = tke_hex_encode(bytes, len);

    add_text(builder, member, text);
}

static void
add_pad(JsonBuilder *builder, const SimPadAsk *pad)
{
    static const char *const what[] = {
        [SIM_PAD_CURRENT] = "pin", [SIM_PAD_NEW] = "new-pin", [SIM_PAD_AGAIN] = "again"
    };

    json_builder_set_member_name(builder, "pad");
    json_builder_begin_object(builder);
    add_flag(builder, "asking", pad->asking);
    if (pad->asking) {
        add_text(builder, "what", what[pad->what]);
        add_number(builder, "number", pad->number);
        add_number(builder, "entry", pad->entry);
        add_number(builder, "entries", pad->entries);
        add_number(builder, "digits", pad->digits);
        add_number(builder, "min_digits", pad->min_digits);
        add_number(builder, "max_digits", pad->max_digits);
        add_number(builder, "all_ms", pad->all_ms);
        add_number(builder, "left_ms", pad->left_ms);
    }
    json_builder_end_object(builder);
}

static void
add_reader_faults(JsonBuilder *builder, uint32_t faults)
{
    json_builder_set_member_name(builder, "faults");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < SIM_READER_FAULTS; i++) {
        if ((faults & (1u << i)) != 0) {
            json_builder_add_string_value(builder, sim_reader_fault_word((SimReaderFault) i));
        }
    }
    json_builder_end_array(builder);
}

static void
add_reader(JsonBuilder *builder, SimWorld *world, unsigned number)
{
    SimReader *reader = sim_world_get_reader(world, number, NULL);
    g_auto(SimReaderState) state = { 0 };

    sim_reader_get_state(reader, &state);
    json_builder_begin_object(builder);
    add_number(builder, "number", number);
    add_text(builder, "name", sim_reader_get_options(reader)->name);
    add_text(builder, "model", sim_reader_get_options(reader)->model);
    add_text(builder, "keypad", sim_reader_get_options(reader)->keypad);
    add_flag(builder, "pin_pad",
             !sim_reader_get_options(reader)->no_pad &&
                 (state.faults & (1u << SIM_READER_FAULT_NO_KEYPAD)) == 0);
    add_flag(builder, "plugged", sim_world_is_plugged(world, number));
    add_text(builder, "card", state.card_name);
    add_flag(builder, "connected", state.connected);
    add_flag(builder, "held", state.held);
    add_number(builder, "events", state.events);
    add_number(builder, "moved_us", state.moved_us);
    add_reader_faults(builder, state.faults);
    add_pad(builder, &state.pad);
    json_builder_end_object(builder);
}

static void
add_pins(JsonBuilder *builder, const SimCardInfo *info)
{
    json_builder_set_member_name(builder, "pins");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < info->pins; i++) {
        json_builder_begin_object(builder);
        add_flag(builder, "set", info->pin_set[i]);
        add_number(builder, "tries", info->pin_tries[i]);
        add_flag(builder, "verified", info->pin_verified[i]);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

static void
add_version(JsonBuilder *builder, const uint8_t version[static SIM_GP_VERSION_LEN])
{
    g_autofree char *text = g_strdup_printf("%u.%u.%u", version[0], version[1], version[2]);

    add_text(builder, "applet_version", text);
}

static void
add_card(JsonBuilder *builder, SimWorld *world, SimCard *card)
{
    static const char *const kinds[] = {
        [SIM_CARD_BLANK] = "blank", [SIM_CARD_CA] = "ca", [SIM_CARD_EP11] = "ep11"
    };
    unsigned place = sim_world_get_place(world, card);
    g_autofree char *front = NULL;
    g_autofree char *back = NULL;
    SimCardInfo info = { 0 };

    sim_card_get_info(card, &info);
    sim_world_dup_writing(world, card, &front, &back);
    json_builder_begin_object(builder);
    add_text(builder, "label", sim_card_get_name(card));
    add_text(builder, "kind", kinds[info.kind]);
    add_text(builder, "front", front);
    add_text(builder, "back", back);
    json_builder_set_member_name(builder, "reader");
    if (place == 0) {
        json_builder_add_null_value(builder);
    } else {
        json_builder_add_int_value(builder, place);
    }
    if (info.kind != SIM_CARD_BLANK) {
        add_number(builder, "life_cycle", info.life_cycle);
        add_version(builder, info.applet_version);
        add_hex(builder, "card_id", info.card_id, sizeof info.card_id);
        add_text(builder, "description", info.description);
        add_pins(builder, &info);
        add_number(builder, "usage_counter", info.usage_counter);
    }
    if (info.zone_known) {
        add_hex(builder, "zone_id", info.zone_id, sizeof info.zone_id);
        add_text(builder, "zone_description", info.zone_description);
    }
    if (info.kind == SIM_CARD_EP11) {
        add_number(builder, "key_parts", info.parts);
    }
    if (info.has_signature_key) {
        add_hex(builder, "ski", info.ski, sizeof info.ski);
    }
    if (info.has_package) {
        add_hex(builder, "load_file", info.package_hash, sizeof info.package_hash);
    } else {
        add_text(builder, "load_file", NULL);
    }
    add_number(builder, "free_memory", info.free_memory);
    add_number(builder, "exchanges", sim_card_get_exchanges(card));
    json_builder_set_member_name(builder, "spent_ms");
    json_builder_add_double_value(builder, sim_card_get_spent_ms(card));
    add_number(builder, "faults", sim_card_faults_left(card));
    add_flag(builder, "genuine", sim_card_is_genuine(card));
    sim_control_describe_faults(card, builder);
    json_builder_end_object(builder);
}

static void
add_desks(JsonBuilder *builder, SimWorld *world)
{
    unsigned open = 0;
    unsigned calls = 0;

    sim_world_count_desks(world, &open, &calls);
    add_number(builder, "desks", open);
    add_number(builder, "desk_calls", calls);
}

void
sim_control_describe(SimWorld *world, JsonBuilder *builder)
{
    /* First the number: what changes while the rest is looked at ends the next wait at once. */
    add_number(builder, "revision", (int64_t) sim_world_wait_revision(world, 0, 0));
    add_text(builder, "world", sim_world_get_directory(world));
    add_text(builder, "scenario", sim_world_get_scenario(world));
    add_number(builder, "pid", getpid());
    add_text(builder, "profile", sim_world_get_profile(world));
    add_flag(builder, "running", sim_world_is_running(world));
    add_desks(builder, world);
    json_builder_set_member_name(builder, "readers");
    json_builder_begin_array(builder);
    for (unsigned i = 1; i <= sim_world_get_n_readers(world); i++) {
        add_reader(builder, world, i);
    }
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "cards");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < sim_world_get_n_cards(world); i++) {
        add_card(builder, world, sim_world_get_card(world, i));
    }
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "service");
    json_builder_begin_object(builder);
    add_text(builder, "base_url", sim_world_get_url(world));
    sim_service_status(sim_world_get_service(world), builder);
    json_builder_end_object(builder);
}
