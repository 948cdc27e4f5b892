/*
 * The box of cards as people use it: cards that were added, stickers and notes (rehearsal, 4.12).
 * Both are kept in box.json, which is written before the command that changed them is answered.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "simulator/sim-json.h"
#include "simulator/sim-world-private.h"

#define FORMAT 1
#define BOX_FILE_MAX 1048576u
#define FRONT_MAX 30
#define BACK_MAX 120

void
sim_writing_free(SimWriting *writing)
{
    g_free(writing->front);
    g_free(writing->back);
    g_free(writing);
}

static char *
box_path(const SimWorld *world)
{
    return g_build_filename(world->directory, SIM_WORLD_BOX_FILE, NULL);
}

/* ---- saving ---- */

/* added: a card that is to join the box, or NULL. */
static JsonObject *
box_to_json(SimWorld *world, const SimCard *added)
{
    JsonObject *object = json_object_new();
    JsonArray *cards = json_array_new();
    JsonObject *writing = json_object_new();
    GHashTableIter iter;
    gpointer label = NULL;
    gpointer value = NULL;

    for (unsigned i = world->scenario->cards->len; i < sim_world_get_n_cards(world); i++) {
        json_array_add_string_element(cards, sim_card_get_name(sim_world_get_card(world, i)));
    }
    if (added != NULL) {
        json_array_add_string_element(cards, sim_card_get_name(added));
    }
    g_hash_table_iter_init(&iter, world->writing);
    while (g_hash_table_iter_next(&iter, &label, &value)) {
        const SimWriting *written = value;
        JsonObject *sides = json_object_new();

        json_object_set_string_member(sides, "front", written->front);
        json_object_set_string_member(sides, "back", written->back);
        json_object_set_object_member(writing, label, sides);
    }
    json_object_set_int_member(object, "format", FORMAT);
    json_object_set_array_member(object, "cards", cards);
    json_object_set_object_member(object, "writing", writing);
    return object;
}

static bool
save_box(SimWorld *world, const SimCard *added, GError **error)
{
    g_autoptr(JsonObject) object = box_to_json(world, added);
    g_autofree char *text = sim_json_to_text(object, true);
    g_autofree char *path = box_path(world);

    return tke_safe_file_write(path, (const uint8_t *) text, strlen(text), error);
}

/* ---- loading ---- */

/* Text that fits on a card: so many characters, none of them invisible. */
static bool
check_text(const char *side, const char *text, glong most, GError **error)
{
    bool good = g_utf8_validate(text, -1, NULL) && g_utf8_strlen(text, -1) <= most;

    for (const char *at = text; good && *at != '\0'; at = g_utf8_next_char(at)) {
        good = g_unichar_isprint(g_utf8_get_char(at));
    }
    if (!good) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("\"%s\" of a card has room for %d printable characters"), side, (int) most);
    }
    return good;
}

static bool
check_writing(const char *front, const char *back, GError **error)
{
    return (front == NULL || check_text("front", front, FRONT_MAX, error)) &&
           (back == NULL || check_text("back", back, BACK_MAX, error));
}

static bool
load_cards(SimWorld *world, JsonObject *object, GError **error)
{
    JsonArray *cards = sim_json_need_array(object, "cards", error);

    for (unsigned i = 0; cards != NULL && i < json_array_get_length(cards); i++) {
        JsonNode *node = json_array_get_element(cards, i);
        const char *label = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

        if (label == NULL || !sim_scenario_is_label(label) ||
            sim_world_get_n_cards(world) == SIM_WORLD_CARDS_MAX ||
            sim_world_find_card(world, label, NULL) != NULL) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                        _("entry %u of \"cards\" is no label of another card"), i + 1);
            return false;
        }
        if (!sim_world_load_card(world, label, error)) {
            return false;
        }
    }
    return cards != NULL;
}

static bool
load_writing(SimWorld *world, JsonObject *object, GError **error)
{
    JsonObject *writing = sim_json_need_object(object, "writing", error);
    g_autoptr(GList) labels = writing == NULL ? NULL : json_object_get_members(writing);

    for (GList *item = labels; item != NULL; item = item->next) {
        JsonObject *sides = sim_json_need_object(writing, item->data, error);
        const char *front = sides == NULL ? NULL : sim_json_need_text(sides, "front", error);
        const char *back = front == NULL ? NULL : sim_json_need_text(sides, "back", error);
        SimWriting *written = NULL;

        if (back == NULL || !check_writing(front, back, error)) {
            return false;
        }
        written = g_new0(SimWriting, 1);
        written->front = g_strdup(front);
        written->back = g_strdup(back);
        g_hash_table_insert(world->writing, g_strdup(item->data), written);
    }
    return writing != NULL;
}

bool
sim_world_load_box(SimWorld *world, GError **error)
{
    g_autofree char *path = box_path(world);
    g_autoptr(GByteArray) text = NULL;
    g_autoptr(JsonObject) object = NULL;
    int64_t format = 0;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        return true;
    }
    text = tke_safe_file_read(path, BOX_FILE_MAX, NULL, error);
    object =
        text == NULL ? NULL : sim_json_parse((const char *) text->data, (gssize) text->len, error);
    if (object == NULL || !sim_json_need_number(object, "format", FORMAT, FORMAT, &format, error) ||
        !load_cards(world, object, error) || !load_writing(world, object, error)) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    return true;
}

/* ---- what people do ---- */

static bool
is_free(SimWorld *world, const char *label)
{
    return sim_world_find_card(world, label, NULL) == NULL;
}

static char *
next_label(SimWorld *world, SimCardKind kind)
{
    static const char *const kinds[] = {
        [SIM_CARD_BLANK] = "blank", [SIM_CARD_CA] = "ca", [SIM_CARD_EP11] = "ep11"
    };

    for (unsigned i = 1;; i++) {
        g_autofree char *label = g_strdup_printf("%s-%u", kinds[kind], i);

        if (is_free(world, label)) {
            return g_steal_pointer(&label);
        }
    }
}

static bool
check_new_card(SimWorld *world, const char *label, GError **error)
{
    if (sim_world_get_n_cards(world) == SIM_WORLD_CARDS_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("the box is full: it holds %u cards"),
                    SIM_WORLD_CARDS_MAX);
        return false;
    }
    if (!sim_scenario_is_label(label)) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE,
                            _("a label has 1 to 30 letters, digits and hyphens"));
        return false;
    }
    if (!is_free(world, label)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("a card is called \"%s\" already"), label);
        return false;
    }
    return true;
}

SimCard *
sim_world_add_card(SimWorld *world, const char *label, SimCardKind kind, bool extended,
                   GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&world->box_mutex);
    g_autofree char *name = label == NULL ? next_label(world, kind) : g_strdup(label);
    g_autoptr(SimCard) card = NULL;
    SimCard *added = NULL;

    if (!check_new_card(world, name, error)) {
        return NULL;
    }
    card = sim_world_make_card(world, name, kind, extended, error);
    if (card == NULL || !save_box(world, card, error)) {
        return NULL;
    }
    added = card;
    sim_world_take_in(world, g_steal_pointer(&card));
    sim_world_note(world);
    return added;
}

/* A card on which nothing is written is not kept. */
static void
put_writing(SimWorld *world, const char *label, const char *front, const char *back)
{
    SimWriting *written = NULL;

    if (*front == '\0' && *back == '\0') {
        g_hash_table_remove(world->writing, label);
        return;
    }
    written = g_new0(SimWriting, 1);
    written->front = g_strdup(front);
    written->back = g_strdup(back);
    g_hash_table_insert(world->writing, g_strdup(label), written);
}

/* With the box locked. */
static void
get_writing(SimWorld *world, const char *label, char **front, char **back)
{
    const SimWriting *written = g_hash_table_lookup(world->writing, label);

    *front = g_strdup(written == NULL ? "" : written->front);
    *back = g_strdup(written == NULL ? "" : written->back);
}

bool
sim_world_write_on(SimWorld *world, const SimCard *card, const char *front, const char *back,
                   GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&world->box_mutex);
    const char *label = sim_card_get_name(card);
    g_autofree char *old_front = NULL;
    g_autofree char *old_back = NULL;

    if (!check_writing(front, back, error)) {
        return false;
    }
    get_writing(world, label, &old_front, &old_back);
    put_writing(world, label, front == NULL ? old_front : front, back == NULL ? old_back : back);
    if (!save_box(world, NULL, error)) {
        put_writing(world, label, old_front, old_back);
        return false;
    }
    sim_world_note(world);
    return true;
}

void
sim_world_dup_writing(SimWorld *world, const SimCard *card, char **front, char **back)
{
    g_mutex_lock(&world->box_mutex);
    get_writing(world, sim_card_get_name(card), front, back);
    g_mutex_unlock(&world->box_mutex);
}
