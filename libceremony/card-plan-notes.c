/*
 * Numbers, holders and places of a planned card set (functions 6.3, 6.4).
 */
#include "libceremony/card-plan-notes.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/safe-file.h"
#include "libceremony/json-file.h"

typedef struct Note {
    TkePlanCardKind kind;
    unsigned number;
    unsigned backup;
    char *holder;
    char *stored;
} Note;

static const char *const kinds[] = {
    [TKE_PLAN_CARD_CA] = "ca",
    [TKE_PLAN_CARD_KEY] = "key",
    [TKE_PLAN_CARD_PART] = "part",
    [TKE_PLAN_CARD_BOTH] = "both",
};

static void
note_free(gpointer data)
{
    Note *note = data;

    g_free(note->holder);
    g_free(note->stored);
    g_free(note);
}

TkeCardPlanNotes *
tke_card_plan_notes_new(void)
{
    TkeCardPlanNotes *notes = g_new0(TkeCardPlanNotes, 1);

    notes->params = (TkeCardPlanParams){ .backups = 1, .administrators = 2, .parts = 2 };
    notes->signatures = 2;
    notes->revocations = 2;
    notes->places = g_ptr_array_new_with_free_func(note_free);
    return notes;
}

void
tke_card_plan_notes_free(TkeCardPlanNotes *notes)
{
    if (notes != NULL) {
        g_ptr_array_unref(notes->places);
        g_free(notes);
    }
}

static Note *
find(const TkeCardPlanNotes *notes, TkePlanCardKind kind, unsigned number, unsigned backup)
{
    for (guint i = 0; i < notes->places->len; i++) {
        Note *note = notes->places->pdata[i];

        if (note->kind == kind && note->number == number && note->backup == backup) {
            return note;
        }
    }
    return NULL;
}

/* One line, without what a terminal or table would take for more than text. */
static char *
dup_line(const char *text)
{
    char *line = g_utf8_make_valid(text, -1);

    for (char *c = line; *c != '\0'; c++) {
        *c = g_ascii_iscntrl(*c) ? ' ' : *c;
    }
    if (g_utf8_strlen(line, -1) > TKE_CARD_PLAN_NOTE_MAX) {
        *g_utf8_offset_to_pointer(line, TKE_CARD_PLAN_NOTE_MAX) = '\0';
    }
    return g_strstrip(line);
}

void
tke_card_plan_notes_set(TkeCardPlanNotes *notes, const TkePlanCard *place, const char *holder,
                        const char *stored)
{
    Note *note = find(notes, place->kind, place->number, place->backup);

    if (note == NULL) {
        note = g_new0(Note, 1);
        note->kind = place->kind;
        note->number = place->number;
        note->backup = place->backup;
        g_ptr_array_add(notes->places, note);
    }
    g_free(note->holder);
    g_free(note->stored);
    note->holder = dup_line(holder);
    note->stored = dup_line(stored);
}

TkeCardPlanNotes *
tke_card_plan_notes_copy(const TkeCardPlanNotes *notes)
{
    TkeCardPlanNotes *copy = tke_card_plan_notes_new();

    copy->params = notes->params;
    copy->signatures = notes->signatures;
    copy->revocations = notes->revocations;
    for (guint i = 0; i < notes->places->len; i++) {
        const Note *note = notes->places->pdata[i];
        const TkePlanCard place = { .kind = note->kind,
                                    .number = note->number,
                                    .backup = note->backup };

        tke_card_plan_notes_set(copy, &place, note->holder, note->stored);
    }
    return copy;
}

void
tke_card_plan_notes_apply(const TkeCardPlanNotes *notes, GPtrArray *set)
{
    for (guint i = 0; i < set->len; i++) {
        TkePlanCard *place = set->pdata[i];
        const Note *own = find(notes, place->kind, place->number, place->backup);
        const Note *original = find(notes, place->kind, place->number, 0);

        place->stored = own != NULL && own->stored[0] != '\0' ? own->stored : NULL;
        place->holder = own != NULL && own->holder[0] != '\0'             ? own->holder
                        : original != NULL && original->holder[0] != '\0' ? original->holder
                                                                          : NULL;
    }
}

/* ---- the file ---- */

static char *
path_of(const TkeWorld *world)
{
    return g_build_filename(tke_world_get_state_directory(world), "card-plan.json", NULL);
}

/* False unless it is a whole number of that range. */
static bool
take_number(JsonObject *object, const char *name, unsigned least, unsigned most, unsigned *out)
{
    JsonNode *node = json_object_get_member(object, name);
    gint64 value = -1;

    if (node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
        json_node_get_value_type(node) == G_TYPE_INT64) {
        value = json_node_get_int(node);
    }
    if (value < (gint64) least || value > (gint64) most) {
        return false;
    }
    *out = (unsigned) value;
    return true;
}

static const char *
get_text(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : "";
}

static bool
take_place(TkeCardPlanNotes *notes, JsonNode *node)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    TkePlanCard place = { 0 };
    unsigned kind = 0;

    if (object == NULL || !take_number(object, "number", 1, 8, &place.number) ||
        !take_number(object, "backup", 0, 3, &place.backup)) {
        return false;
    }
    while (kind < G_N_ELEMENTS(kinds) && strcmp(get_text(object, "kind"), kinds[kind]) != 0) {
        kind++;
    }
    if (kind == G_N_ELEMENTS(kinds)) {
        return false;
    }
    place.kind = (TkePlanCardKind) kind;
    tke_card_plan_notes_set(notes, &place, get_text(object, "holder"), get_text(object, "place"));
    return true;
}

static bool
parse(TkeCardPlanNotes *notes, JsonObject *object)
{
    JsonArray *array = tke_json_file_array(object, "cards");
    bool good = array != NULL &&
                take_number(object, "administrators", 1, 8, &notes->params.administrators) &&
                take_number(object, "parts", 2, 3, &notes->params.parts) &&
                take_number(object, "backups", 0, 3, &notes->params.backups) &&
                take_number(object, "signatures", 1, 8, &notes->signatures) &&
                take_number(object, "revocations", 1, 8, &notes->revocations);

    notes->params.together = strcmp(get_text(object, "keys"), "together") == 0;
    for (guint i = 0; good && i < json_array_get_length(array); i++) {
        good = take_place(notes, json_array_get_element(array, i));
    }
    return good;
}

TkeCardPlanNotes *
tke_card_plan_notes_load(const TkeWorld *world, GError **error)
{
    g_autoptr(TkeCardPlanNotes) notes = tke_card_plan_notes_new();
    g_autofree char *path = path_of(world);
    g_autoptr(JsonObject) object = tke_json_file_read(path, NULL, error);

    if (object == NULL) {
        return NULL;
    }
    if (json_object_get_size(object) > 0 && !parse(notes, object)) {
        tke_json_file_damaged(path, NULL, NULL, error);
        return NULL;
    }
    return g_steal_pointer(&notes);
}

static JsonObject *
place_to_object(const Note *note)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "kind", kinds[note->kind]);
    json_object_set_int_member(object, "number", note->number);
    json_object_set_int_member(object, "backup", note->backup);
    json_object_set_string_member(object, "holder", note->holder);
    json_object_set_string_member(object, "place", note->stored);
    return object;
}

bool
tke_card_plan_notes_save(const TkeCardPlanNotes *notes, const TkeWorld *world, GError **error)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autofree char *path = path_of(world);
    JsonArray *array = json_array_new();

    json_object_set_int_member(object, "administrators", notes->params.administrators);
    json_object_set_int_member(object, "parts", notes->params.parts);
    json_object_set_int_member(object, "backups", notes->params.backups);
    json_object_set_string_member(object, "keys", notes->params.together ? "together" : "separate");
    json_object_set_int_member(object, "signatures", notes->signatures);
    json_object_set_int_member(object, "revocations", notes->revocations);
    for (guint i = 0; i < notes->places->len; i++) {
        json_array_add_object_element(array, place_to_object(notes->places->pdata[i]));
    }
    json_object_set_array_member(object, "cards", array);
    return tke_safe_file_make_dir(tke_world_get_state_directory(world), error) &&
           tke_json_file_write(path, object, error);
}
