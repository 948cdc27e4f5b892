/*
 * Scenario files (rehearsal, 4.12; docs/rehearsal.md): JSON, checked member by member, so that a
 * person who wrote one reads what is wrong in it.
 */
#include "simulator/sim-scenario.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "simulator/sim-json.h"
#include "simulator/sim-pad-model.h"

#define FILE_MAX 1048576u
#define LABEL_MAX 30u
#define TEXT_MAX 100u
#define DELAY_MS_MAX 600000
#define STANDARD_SCENARIO "rehearsal"

static void
reader_free(SimScenarioReader *reader)
{
    g_free(reader->name);
    g_free(reader->model);
    g_free(reader->serial);
    g_free(reader->port);
    g_free(reader->keypad);
    g_free(reader);
}

static void
card_free(SimScenarioCard *card)
{
    g_free(card->label);
    g_free(card);
}

void
sim_scenario_free(SimScenario *scenario)
{
    if (scenario == NULL) {
        return;
    }
    g_free(scenario->name);
    g_free(scenario->profile);
    g_clear_pointer(&scenario->readers, g_ptr_array_unref);
    g_clear_pointer(&scenario->cards, g_ptr_array_unref);
    g_clear_pointer(&scenario->service, json_object_unref);
    g_clear_pointer(&scenario->whole, json_node_unref);
    g_free(scenario);
}

/* A text of limited length; standard if absent (NULL: must be there). */
static bool
take_text(JsonObject *object, const char *member, const char *standard, char **out, GError **error)
{
    const char *text = standard;

    if (standard == NULL || json_object_has_member(object, member)) {
        text = sim_json_need_text(object, member, error);
    }
    if (text == NULL) {
        return false;
    }
    if (strlen(text) > TEXT_MAX || (standard == NULL && *text == '\0')) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("\"%s\" must have 1 to %u characters"), member, TEXT_MAX);
        return false;
    }
    *out = g_strdup(text);
    return true;
}

/* "keypad", or the older "pin_pad": false for none. What it can carry is the standard for
 * extended_length. */
static bool
take_keypad(SimScenarioReader *reader, JsonObject *object, GError **error)
{
    const SimPadModel *model = NULL;
    bool pin_pad = true;

    if (!sim_json_get_flag(object, "pin_pad", true, &pin_pad, error) ||
        !take_text(object, "keypad", pin_pad ? "standard" : "none", &reader->keypad, error)) {
        return false;
    }
    model = sim_pad_model_find(reader->keypad);
    if (model == NULL || (!pin_pad && strcmp(reader->keypad, "none") != 0)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("there is no \"keypad\" \"%s\" here"), reader->keypad);
        return false;
    }
    return sim_json_get_flag(object, "extended_length", !model->short_only,
                             &reader->extended_length, error);
}

static bool
take_reader(SimScenario *scenario, JsonObject *object, GError **error)
{
    SimScenarioReader *reader = g_new0(SimScenarioReader, 1);

    g_ptr_array_add(scenario->readers, reader);
    if (!take_text(object, "name", NULL, &reader->name, error) ||
        !take_text(object, "model", "OpenTKE virtual PIN pad", &reader->model, error) ||
        !take_text(object, "serial", "", &reader->serial, error) ||
        !take_text(object, "port", "", &reader->port, error) ||
        !take_keypad(reader, object, error)) {
        return false;
    }
    for (unsigned i = 0; i + 1 < scenario->readers->len; i++) {
        const SimScenarioReader *other = g_ptr_array_index(scenario->readers, i);

        if (strcmp(other->name, reader->name) == 0) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                        _("two readers are called \"%s\""), reader->name);
            return false;
        }
    }
    return true;
}

bool
sim_scenario_is_label(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isalnum(text[i]) && text[i] != '-') {
            return false;
        }
    }
    return len > 0 && len <= LABEL_MAX && text[0] != '-';
}

bool
sim_scenario_parse_applet(const char *text, SimCardKind *kind, GError **error)
{
    if (strcmp(text, "ca") == 0) {
        *kind = SIM_CARD_CA;
    } else if (strcmp(text, "ep11") == 0) {
        *kind = SIM_CARD_EP11;
    } else if (strcmp(text, "none") == 0) {
        *kind = SIM_CARD_BLANK;
    } else {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("\"applet\" must be \"ca\", \"ep11\" or \"none\""));
        return false;
    }
    return true;
}

static bool
take_kind(JsonObject *object, SimCardKind *kind, GError **error)
{
    const char *text = sim_json_need_text(object, "applet", error);

    return text != NULL && sim_scenario_parse_applet(text, kind, error);
}

static bool
take_manager(JsonObject *object, SimGpState *manager, GError **error)
{
    JsonObject *member = NULL;

    sim_gp_state_init(manager);
    if (!json_object_has_member(object, "manager")) {
        return true;
    }
    member = sim_json_need_object(object, "manager", error);
    if (member == NULL || !sim_gp_state_from_json(member, manager, error)) {
        g_prefix_error(error, "\"manager\": ");
        return false;
    }
    return true;
}

static bool
take_card(SimScenario *scenario, JsonObject *object, GError **error)
{
    SimScenarioCard *card = g_new0(SimScenarioCard, 1);

    g_ptr_array_add(scenario->cards, card);
    if (!take_text(object, "label", NULL, &card->label, error) ||
        !take_kind(object, &card->kind, error) ||
        !sim_json_get_flag(object, "extended_length", true, &card->extended_length, error) ||
        !take_manager(object, &card->manager, error)) {
        return false;
    }
    if (!sim_scenario_is_label(card->label)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("\"label\" must have 1 to %u letters, digits and hyphens"), LABEL_MAX);
        return false;
    }
    for (unsigned i = 0; i + 1 < scenario->cards->len; i++) {
        const SimScenarioCard *other = g_ptr_array_index(scenario->cards, i);

        if (g_ascii_strcasecmp(other->label, card->label) == 0) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("two cards are called \"%s\""),
                        card->label);
            return false;
        }
    }
    return true;
}

typedef bool (*TakeEntry)(SimScenario *scenario, JsonObject *object, GError **error);

static bool
take_entries(SimScenario *scenario, JsonObject *object, const char *member, unsigned max,
             TakeEntry take, GError **error)
{
    JsonArray *array = sim_json_need_array(object, member, error);

    if (array == NULL) {
        return false;
    }
    if (json_array_get_length(array) > max) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("\"%s\" has more than %u entries"),
                    member, max);
        return false;
    }
    for (unsigned i = 0; i < json_array_get_length(array); i++) {
        JsonObject *entry = sim_json_need_element(array, i, member, error);

        if (entry == NULL) {
            return false;
        }
        if (!take(scenario, entry, error)) {
            g_prefix_error(error, _("entry %u of \"%s\": "), i + 1, member);
            return false;
        }
    }
    return true;
}

static bool
take_settings(SimScenario *scenario, JsonObject *object, GError **error)
{
    JsonObject *service = sim_json_need_object(object, "service", error);
    int64_t delay_ms = 0;

    if (service == NULL ||
        !sim_json_get_number(object, "delay_ms", 0, DELAY_MS_MAX, 0, &delay_ms, error)) {
        return false;
    }
    scenario->service = json_object_ref(service);
    scenario->delay_ms = (unsigned) delay_ms;
    if (!json_object_has_member(object, "profile")) {
        return true;
    }
    return take_text(object, "profile", NULL, &scenario->profile, error);
}

static bool
take_scenario(SimScenario *scenario, JsonObject *object, GError **error)
{
    int64_t format = 0;

    return sim_json_need_number(object, "format", SIM_SCENARIO_FORMAT, SIM_SCENARIO_FORMAT, &format,
                                error) &&
           take_text(object, "name", NULL, &scenario->name, error) &&
           take_entries(scenario, object, "readers", SIM_SCENARIO_READERS_MAX, take_reader,
                        error) &&
           take_entries(scenario, object, "cards", SIM_SCENARIO_CARDS_MAX, take_card, error) &&
           take_settings(scenario, object, error);
}

SimScenario *
sim_scenario_load(const char *path, GError **error)
{
    g_autoptr(SimScenario) scenario = g_new0(SimScenario, 1);
    g_autoptr(GByteArray) text = tke_safe_file_read(path, FILE_MAX, NULL, error);
    g_autoptr(JsonObject) object = NULL;

    if (text == NULL) {
        return NULL;
    }
    scenario->readers = g_ptr_array_new_with_free_func((GDestroyNotify) reader_free);
    scenario->cards = g_ptr_array_new_with_free_func((GDestroyNotify) card_free);
    object = sim_json_parse((const char *) text->data, (gssize) text->len, error);
    if (object == NULL || !take_scenario(scenario, object, error)) {
        g_prefix_error(error, _("scenario %s: "), path);
        return NULL;
    }
    scenario->whole = json_node_alloc();
    json_node_init_object(scenario->whole, object);
    return g_steal_pointer(&scenario);
}

/* Where scenarios may lie: beside the build's programs, in the tree installed with this program, in
 * the place it was built for. */
static char *
find_own(const char *name)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *own_dir = self == NULL ? g_strdup(".") : g_path_get_dirname(self);
    g_autofree char *file = g_strconcat(name, ".json", NULL);
    g_autofree char *built = g_build_filename(own_dir, "..", "data", "scenarios", file, NULL);
    g_autofree char *beside =
        g_build_filename(own_dir, "..", "share", "opentke", "scenarios", file, NULL);
    g_autofree char *installed = g_build_filename(SIM_SCENARIO_DIR, file, NULL);
    char **places[] = { &built, &beside, &installed };

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (g_file_test(*places[i], G_FILE_TEST_IS_REGULAR)) {
            return g_steal_pointer(places[i]);
        }
    }
    return NULL;
}

char *
sim_scenario_find(const char *name, GError **error)
{
    const char *wanted = name == NULL ? STANDARD_SCENARIO : name;
    char *path = NULL;

    if (strchr(wanted, G_DIR_SEPARATOR) != NULL || g_str_has_suffix(wanted, ".json")) {
        return g_canonicalize_filename(wanted, NULL);
    }
    path = find_own(wanted);
    if (path == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("no scenario is called \"%s\""), wanted);
    }
    return path;
}
