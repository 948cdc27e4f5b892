/*
 * Control commands for the box of cards (rehearsal, 4.12): a card more, what is written on one.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "simulator/sim-control.h"
#include "simulator/sim-json.h"
#include "simulator/sim-scenario.h"

bool
sim_control_add_card(SimWorld *world, JsonObject *command, JsonBuilder *answer, GError **error)
{
    SimCardKind kind = SIM_CARD_BLANK;
    g_autoptr(GError) cause = NULL;
    const char *label = sim_json_get_text(command, "label", &cause);
    const char *applet = cause != NULL ? NULL : sim_json_get_text(command, "applet", &cause);
    bool extended = false;
    SimCard *card = NULL;

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (!sim_json_get_flag(command, "extended_length", true, &extended, error) ||
        (applet != NULL && !sim_scenario_parse_applet(applet, &kind, error))) {
        return false;
    }
    card = sim_world_add_card(world, label, kind, extended, error);
    if (card == NULL) {
        return false;
    }
    json_builder_set_member_name(answer, "label");
    json_builder_add_string_value(answer, sim_card_get_name(card));
    return true;
}

bool
sim_control_note(SimWorld *world, JsonObject *command, GError **error)
{
    const char *label = sim_json_need_text(command, "card", error);
    SimCard *card = label == NULL ? NULL : sim_world_find_card(world, label, error);
    g_autoptr(GError) cause = NULL;
    const char *front = card == NULL ? NULL : sim_json_get_text(command, "front", &cause);
    const char *back =
        card == NULL || cause != NULL ? NULL : sim_json_get_text(command, "back", &cause);

    if (cause != NULL) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (card == NULL) {
        return false;
    }
    if (front == NULL && back == NULL) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE,
                            _("name what to write: \"front\", \"back\" or both"));
        return false;
    }
    return sim_world_write_on(world, card, front, back, error);
}
