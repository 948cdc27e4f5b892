/*
 * Faults that a rehearsal can order (4.12): of cards, readers, the smart card service and the
 * units.
 */
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "common/error.h"
#include "common/nearest.h"
#include "simulator/sim-control.h"
#include "simulator/sim-json.h"

#define COUNT_MAX 1000000
#define MEMORY_STANDARD 1000 /* bytes left on a card that is full */

static const struct {
    const char *name;
    SimCardFaultKind kind;
} card_faults[] = {
    { "pull-before", SIM_CARD_FAULT_PULL_BEFORE }, { "pull-after", SIM_CARD_FAULT_PULL_AFTER },
    { "silent", SIM_CARD_FAULT_SILENT },           { "silent-after", SIM_CARD_FAULT_SILENT_AFTER },
    { "garbage", SIM_CARD_FAULT_GARBAGE },         { "cut", SIM_CARD_FAULT_CUT },
    { "status", SIM_CARD_FAULT_STATUS },           { "torn-before", SIM_CARD_FAULT_TORN_BEFORE },
    { "torn-after", SIM_CARD_FAULT_TORN_AFTER },   { "unwritable", SIM_CARD_FAULT_UNWRITABLE },
};

static const struct {
    const char *name;
    SimCardForgery forgery;
} forgeries[] = {
    { "genuine", SIM_CARD_GENUINE },
    { "forged-key", SIM_CARD_FORGED_KEY },
    { "forged-certificate", SIM_CARD_FORGED_CERTIFICATE },
    { "forged-id", SIM_CARD_FORGED_ID },
};

static bool
take_mark(JsonObject *command, uint32_t *value, GError **error)
{
    int64_t mark = 0;

    if (!sim_json_get_number(command, "mark", 1, SIM_GP_MARKS, 1, &mark, error)) {
        return false;
    }
    *value = 1u << (mark - 1);
    return true;
}

static bool
take_memory(JsonObject *command, uint32_t *value, GError **error)
{
    int64_t memory = 0;

    if (!sim_json_get_number(command, "memory", 0, INT32_MAX, MEMORY_STANDARD, &memory, error)) {
        return false;
    }
    *value = (uint32_t) memory;
    return true;
}

/* "2.0.0" */
static bool
take_version(JsonObject *command, uint32_t *value, GError **error)
{
    const char *text = sim_json_need_text(command, "version", error);
    uint8_t version[SIM_GP_VERSION_LEN] = { 0 };

    if (text == NULL || !sim_gp_state_parse_version(text, version, error)) {
        return false;
    }
    *value = (uint32_t) version[0] << 16 | (uint32_t) version[1] << 8 | version[2];
    return true;
}

static const struct {
    const char *name;
    SimCardTrait trait;
    /* The value the trait needs, out of the command; NULL: none. */
    bool (*take)(JsonObject *command, uint32_t *value, GError **error);
} traits[] = {
    { "lacks", SIM_CARD_LACKS, take_mark },        { "full", SIM_CARD_FULL, take_memory },
    { "other-keys", SIM_CARD_OTHER_KEYS, NULL },   { "locked-keys", SIM_CARD_LOCKED_KEYS, NULL },
    { "version", SIM_CARD_VERSION, take_version }, { "no-manager", SIM_CARD_NO_MANAGER, NULL },
    { "foreign", SIM_CARD_FOREIGN, NULL },         { "t0", SIM_CARD_T0, NULL },
    { "odd-atr", SIM_CARD_ODD_ATR, NULL },
};

static bool
set_unknown(GError **error, const char *fault, const char *const *names)
{
    const char *near = tke_nearest_name(fault, names);

    if (near != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("there is no such fault here: \"%s\"; did you mean \"%s\"?"), fault, near);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("there is no such fault here: \"%s\"; see tke-sim --help"), fault);
    }
    return false;
}

/* By its label, or by the reader it is in. */
static SimCard *
need_card(SimWorld *world, JsonObject *command, GError **error)
{
    JsonNode *name = json_object_get_member(command, "name");
    int64_t number = 0;

    if (name == NULL || !JSON_NODE_HOLDS_VALUE(name) ||
        json_node_get_value_type(name) != G_TYPE_INT64) {
        const char *label = sim_json_need_text(command, "name", error);

        return label == NULL ? NULL : sim_world_find_card(world, label, error);
    }
    number = json_node_get_int(name);
    for (unsigned i = 0; i < sim_world_get_n_cards(world); i++) {
        SimCard *card = sim_world_get_card(world, i);

        if (number > 0 && sim_world_get_place(world, card) == number) {
            return card;
        }
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("there is no card in reader %" PRIi64),
                number);
    return NULL;
}

static bool
add_card_fault(SimCard *card, SimCardFaultKind kind, JsonObject *command, GError **error)
{
    SimCardFault fault = { .kind = kind };
    int64_t after = 0;
    int64_t times = 0;
    int64_t sw = 0;

    if (!sim_json_get_number(command, "after", 1, COUNT_MAX, 1, &after, error) ||
        !sim_json_get_number(command, "times", 1, COUNT_MAX, 1, &times, error) ||
        !sim_json_get_number(command, "sw", 0, G_MAXUINT16, 0x6F00, &sw, error)) {
        return false;
    }
    fault.after = (unsigned) after;
    fault.times = (unsigned) times;
    fault.sw = (uint16_t) sw;
    sim_card_add_fault(card, &fault);
    return true;
}

static bool
block_pin(SimCard *card, JsonObject *command, GError **error)
{
    int64_t pin = 0;

    if (!sim_json_get_number(command, "pin", 1, 2, 1, &pin, error)) {
        return false;
    }
    if (!sim_card_block_pin(card, (uint8_t) (0x80 + pin))) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("PIN %d of card \"%s\" is not set"),
                    (int) pin, sim_card_get_name(card));
        return false;
    }
    return true;
}

static bool
fill_card(SimCard *card, GError **error)
{
    if (!sim_card_fill_up(card)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("card \"%s\" is no personalized EP11 card"), sim_card_get_name(card));
        return false;
    }
    return true;
}

static bool
forge_card(SimCard *card, SimCardForgery forgery, GError **error)
{
    if (forgery == SIM_CARD_GENUINE) {
        sim_card_clear_traits(card);
    }
    if (!sim_card_set_forgery(card, forgery)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("card \"%s\" is not enrolled"),
                    sim_card_get_name(card));
        return false;
    }
    return true;
}

static bool
give_trait(SimCard *card, size_t index, JsonObject *command, GError **error)
{
    uint32_t value = 0;

    if (traits[index].take != NULL && !traits[index].take(command, &value, error)) {
        return false;
    }
    sim_card_set_trait(card, traits[index].trait, value);
    return true;
}

static bool
set_unknown_of_card(GError **error, const char *fault)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(card_faults); i++) {
        g_ptr_array_add(names, (gpointer) card_faults[i].name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(traits); i++) {
        g_ptr_array_add(names, (gpointer) traits[i].name);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(forgeries); i++) {
        g_ptr_array_add(names, (gpointer) forgeries[i].name);
    }
    g_ptr_array_add(names, (gpointer) "fill-up");
    g_ptr_array_add(names, (gpointer) "block-pin");
    g_ptr_array_add(names, NULL);
    return set_unknown(error, fault, (const char *const *) names->pdata);
}

static bool
fault_card(SimWorld *world, JsonObject *command, const char *fault, GError **error)
{
    SimCard *card = need_card(world, command, error);

    if (card == NULL) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(card_faults); i++) {
        if (strcmp(card_faults[i].name, fault) == 0) {
            return add_card_fault(card, card_faults[i].kind, command, error);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(traits); i++) {
        if (strcmp(traits[i].name, fault) == 0) {
            return give_trait(card, i, command, error);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(forgeries); i++) {
        if (strcmp(forgeries[i].name, fault) == 0) {
            return forge_card(card, forgeries[i].forgery, error);
        }
    }
    if (strcmp(fault, "fill-up") == 0) {
        return fill_card(card, error);
    }
    return strcmp(fault, "block-pin") == 0 ? block_pin(card, command, error)
                                           : set_unknown_of_card(error, fault);
}

void
sim_control_describe_faults(SimCard *card, JsonBuilder *builder)
{
    const SimCardForgery forgery = sim_card_get_forgery(card);
    const uint32_t given = sim_card_get_traits(card);
    const uint32_t waiting = sim_card_get_waiting(card);

    json_builder_set_member_name(builder, "unusual");
    json_builder_begin_array(builder);
    for (size_t i = 0; i < G_N_ELEMENTS(forgeries); i++) {
        if (forgery != SIM_CARD_GENUINE && forgeries[i].forgery == forgery) {
            json_builder_add_string_value(builder, forgeries[i].name);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(traits); i++) {
        if ((given & (1u << traits[i].trait)) != 0) {
            json_builder_add_string_value(builder, traits[i].name);
        }
    }
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "waiting");
    json_builder_begin_array(builder);
    for (size_t i = 0; i < G_N_ELEMENTS(card_faults); i++) {
        if ((waiting & (1u << card_faults[i].kind)) != 0) {
            json_builder_add_string_value(builder, card_faults[i].name);
        }
    }
    json_builder_end_array(builder);
}

/* What a reader does on its own, from now on or (on=false) no more. */
typedef struct OwnFault {
    SimReaderFault fault;
    bool on;
    int64_t sw;
} OwnFault;

static bool
set_unknown_of_reader(GError **error, const char *fault)
{
    const char *names[SIM_READER_FAULTS + 6] = { "held", "free", "unplugged", "plugged", "honest" };

    for (unsigned i = 0; i < SIM_READER_FAULTS; i++) {
        names[i + 5] = sim_reader_fault_word((SimReaderFault) i);
    }
    return set_unknown(error, fault, names);
}

/* True, unless there is no such fault. */
static bool
find_reader_fault(JsonObject *command, const char *fault, OwnFault *own, GError **error)
{
    if (!sim_reader_find_fault(fault, &own->fault)) {
        return set_unknown_of_reader(error, fault);
    }
    return sim_json_get_flag(command, "on", true, &own->on, error) &&
           sim_json_get_number(command, "sw", 0, G_MAXUINT16, 0x6400, &own->sw, error);
}

static bool
fault_reader(SimWorld *world, JsonObject *command, const char *fault, GError **error)
{
    const bool holding = strcmp(fault, "held") == 0 || strcmp(fault, "free") == 0;
    const bool plugging = strcmp(fault, "unplugged") == 0 || strcmp(fault, "plugged") == 0;
    const bool honest = strcmp(fault, "honest") == 0;
    OwnFault own = { 0 };
    int64_t number = 0;

    if ((!holding && !plugging && !honest && !find_reader_fault(command, fault, &own, error)) ||
        !sim_json_get_number(command, "reader", 0, G_MAXUINT8, 0, &number, error) ||
        (number > 0 && sim_world_get_reader(world, (unsigned) number, error) == NULL)) {
        return false;
    }
    for (unsigned i = 1; i <= sim_world_get_n_readers(world); i++) {
        SimReader *reader = sim_world_get_reader(world, i, NULL);

        if (number != 0 && number != i) {
            continue;
        }
        if (holding) {
            sim_reader_set_held(reader, strcmp(fault, "held") == 0);
        } else if (plugging) {
            sim_world_set_plugged(world, i, strcmp(fault, "plugged") == 0);
        } else if (honest) {
            sim_reader_clear_faults(reader);
        } else if (own.on) {
            sim_reader_add_fault(reader, own.fault, (uint16_t) own.sw);
        } else {
            sim_reader_end_fault(reader, own.fault);
        }
    }
    return true;
}

static bool
fault_daemon(SimWorld *world, JsonObject *command, const char *fault, GError **error)
{
    static const char *const names[] = { "stopped", "running", NULL };

    (void) command;
    if (!g_strv_contains(names, fault)) {
        return set_unknown(error, fault, names);
    }
    sim_world_set_running(world, strcmp(fault, "running") == 0);
    return true;
}

static bool
fault_service(SimWorld *world, JsonObject *command, const char *fault, GError **error)
{
    g_autoptr(JsonObject) order = json_object_new();

    if (json_object_has_member(command, "order")) {
        JsonObject *members = sim_json_need_object(command, "order", error);

        if (members == NULL) {
            return false;
        }
        g_clear_pointer(&order, json_object_unref);
        order = json_object_ref(members);
    }
    json_object_set_string_member(order, "fault", fault);
    return sim_service_fault(sim_world_get_service(world), order, error);
}

static bool
fault_all(SimWorld *world, JsonObject *command, const char *fault, GError **error)
{
    static const char *const names[] = { "clear", NULL };

    (void) command;
    if (!g_strv_contains(names, fault)) {
        return set_unknown(error, fault, names);
    }
    sim_world_clear_faults(world);
    return true;
}

static const struct {
    const char *name;
    bool (*order)(SimWorld *world, JsonObject *command, const char *fault, GError **error);
} targets[] = {
    { "card", fault_card },       { "reader", fault_reader }, { "daemon", fault_daemon },
    { "service", fault_service }, { "all", fault_all },
};

bool
sim_control_fault(SimWorld *world, JsonObject *command, GError **error)
{
    const char *target = sim_json_need_text(command, "target", error);
    const char *fault = target == NULL ? NULL : sim_json_need_text(command, "fault", error);

    if (fault == NULL) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        if (strcmp(targets[i].name, target) == 0) {
            return targets[i].order(world, command, fault, error);
        }
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                _("faults are for card, reader, daemon, service or all, not for \"%s\""), target);
    return false;
}
