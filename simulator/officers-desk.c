/*
 * The desk of a rehearsal (4.12): cards in and out, digits on the PIN pads.
 */
#include "simulator/officers-desk.h"

#include <string.h>

#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-json.h"

#define PAD_TIMEOUT_MS 60000

struct SimOfficersDesk {
    TkeSimClient *client;
    char *card[SIM_OFFICERS_READERS]; /* what the people see in the readers */
};

static JsonObject *
new_command(const char *name, unsigned reader)
{
    JsonObject *command = json_object_new();

    json_object_set_string_member(command, "command", name);
    if (reader > 0) {
        json_object_set_int_member(command, "reader", reader);
    }
    return command;
}

static bool
send_command(SimOfficersDesk *desk, JsonObject *command, GError **error)
{
    g_autoptr(JsonObject) answer = tke_sim_client_command(desk->client, command, error);

    return answer != NULL;
}

static JsonObject *
query_status(SimOfficersDesk *desk, GError **error)
{
    g_autoptr(JsonObject) command = new_command("status", 0);

    return tke_sim_client_command(desk->client, command, error);
}

/* Looks what is in the readers. */
static bool
look(SimOfficersDesk *desk, GError **error)
{
    g_autoptr(JsonObject) status = query_status(desk, error);
    JsonArray *readers = status == NULL ? NULL : sim_json_need_array(status, "readers", error);

    if (readers == NULL) {
        return false;
    }
    for (unsigned i = 0; i < MIN(json_array_get_length(readers), SIM_OFFICERS_READERS); i++) {
        JsonObject *reader = sim_json_need_element(readers, i, "readers", error);

        if (reader == NULL) {
            return false;
        }
        g_free(desk->card[i]);
        desk->card[i] = g_strdup(sim_json_find_text(reader, "card", NULL));
    }
    return true;
}

SimOfficersDesk *
sim_officers_desk_new(const char *directory, GError **error)
{
    g_autoptr(SimOfficersDesk) desk = g_new0(SimOfficersDesk, 1);

    desk->client = tke_sim_client_open(directory, error);
    if (desk->client == NULL || !look(desk, error)) {
        return NULL;
    }
    return g_steal_pointer(&desk);
}

void
sim_officers_desk_free(SimOfficersDesk *desk)
{
    if (desk == NULL) {
        return;
    }
    tke_sim_client_free(desk->client);
    for (unsigned i = 0; i < SIM_OFFICERS_READERS; i++) {
        g_free(desk->card[i]);
    }
    g_free(desk);
}

const char *
sim_officers_desk_get_card(const SimOfficersDesk *desk, unsigned reader)
{
    g_return_val_if_fail(reader >= 1 && reader <= SIM_OFFICERS_READERS, NULL);

    return desk->card[reader - 1];
}

bool
sim_officers_desk_remove(SimOfficersDesk *desk, unsigned reader, GError **error)
{
    g_autoptr(JsonObject) command = new_command("remove", reader);

    g_return_val_if_fail(reader >= 1 && reader <= SIM_OFFICERS_READERS, false);

    if (desk->card[reader - 1] == NULL) {
        return true;
    }
    if (!send_command(desk, command, error)) {
        return false;
    }
    g_clear_pointer(&desk->card[reader - 1], g_free);
    return true;
}

bool
sim_officers_desk_insert(SimOfficersDesk *desk, unsigned reader, const char *label, GError **error)
{
    g_autoptr(JsonObject) command = new_command("insert", reader);

    g_return_val_if_fail(reader >= 1 && reader <= SIM_OFFICERS_READERS, false);

    for (unsigned i = 1; i <= SIM_OFFICERS_READERS; i++) {
        bool in_the_way = i == reader || g_strcmp0(desk->card[i - 1], label) == 0;

        if (in_the_way && !sim_officers_desk_remove(desk, i, error)) {
            return false;
        }
    }
    json_object_set_string_member(command, "card", label);
    if (!send_command(desk, command, error)) {
        return false;
    }
    desk->card[reader - 1] = g_strdup(label);
    return true;
}

bool
sim_officers_desk_type(SimOfficersDesk *desk, unsigned reader, const char *digits, GError **error)
{
    g_autoptr(JsonObject) command = new_command("pin", reader);

    json_object_set_string_member(command, "digits", digits);
    json_object_set_int_member(command, "timeout_ms", PAD_TIMEOUT_MS);
    return send_command(desk, command, error);
}

bool
sim_officers_desk_is_new(SimOfficersDesk *desk, bool *is_new, GError **error)
{
    g_autoptr(JsonObject) status = query_status(desk, error);
    JsonArray *cards = status == NULL ? NULL : sim_json_need_array(status, "cards", error);
    bool all_new = true;

    if (cards == NULL) {
        return false;
    }
    for (unsigned i = 0; i < json_array_get_length(cards); i++) {
        JsonObject *card = sim_json_need_element(cards, i, "cards", error);
        int64_t life_cycle = 0;

        if (card == NULL) {
            return false;
        }
        if (!sim_json_get_number(card, "life_cycle", 0, UINT8_MAX, 0, &life_cycle, error)) {
            return false;
        }
        all_new = all_new && life_cycle == 0;
    }
    *is_new = all_new;
    return true;
}

bool
sim_officers_desk_count_loaded(SimOfficersDesk *desk, unsigned *n, GError **error)
{
    g_autoptr(JsonObject) status = query_status(desk, error);
    JsonArray *cards = status == NULL ? NULL : sim_json_need_array(status, "cards", error);
    unsigned loaded = 0;

    if (cards == NULL) {
        return false;
    }
    for (unsigned i = 0; i < json_array_get_length(cards); i++) {
        JsonObject *card = sim_json_need_element(cards, i, "cards", error);
        const char *file = NULL;

        if (card == NULL) {
            return false;
        }
        file = sim_json_find_text(card, "load_file", NULL);
        /* Zeros: the card came with its applet. */
        loaded += file != NULL && strspn(file, "0") != strlen(file) ? 1 : 0;
    }
    *n = loaded;
    return true;
}
