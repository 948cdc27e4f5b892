/*
 * What steps are about, and what they leave in a unit (functions 5.2).
 */
#include <string.h>

#include "common/digest.h"
#include "common/hex.h"
#include "libceremony/journal-private.h"
#include "libceremony/json-file.h"
#include "libep11admin/admin-block.h"
#include "libep11admin/json-text.h"

#define DOMAIN_INDEX_LEN 4u /* of TkeUnitIdentity.domain: the rest is the instance */

char **
tke_journal_entry_dup_patterns(const TkeJournalEntry *entry)
{
    JsonArray *parts = entry->values != NULL ? tke_json_file_array(entry->values, "parts") : NULL;
    g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; parts != NULL && i < json_array_get_length(parts); i++) {
        JsonNode *node = json_array_get_element(parts, i);
        const char *text = JSON_NODE_HOLDS_OBJECT(node)
                               ? tke_json_text_get_string(json_node_get_object(node), "pattern")
                               : NULL;

        if (text != NULL) {
            g_ptr_array_add(patterns, g_strdup(text));
        }
    }
    g_ptr_array_add(patterns, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&patterns), FALSE);
}

/* Every pattern of a is one of b, which has as many. */
static bool
same_patterns(JsonObject *a, JsonObject *b)
{
    const TkeJournalEntry of_a = { .values = a };
    const TkeJournalEntry of_b = { .values = b };
    g_auto(GStrv) in_a = tke_journal_entry_dup_patterns(&of_a);
    g_auto(GStrv) in_b = tke_journal_entry_dup_patterns(&of_b);

    for (char **pattern = in_a; *pattern != NULL; pattern++) {
        if (!g_strv_contains((const char *const *) in_b, *pattern)) {
            return false;
        }
    }
    return g_strv_length(in_a) == g_strv_length(in_b);
}

static bool
read_pattern(JsonObject *object, const char *name, uint8_t vp[static TKE_VP_LEN])
{
    const char *text = tke_json_text_get_string(object, name);

    return text != NULL && tke_hex_decode_exact(text, vp, TKE_VP_LEN, NULL);
}

/* An administrator is the key, whatever name is given with it. */
static bool
read_ski(JsonObject *object, uint8_t ski[static TKE_SKI_LEN])
{
    const char *text = tke_json_text_get_string(object, "ski");

    return text != NULL && tke_hex_decode_exact(text, ski, TKE_SKI_LEN, NULL);
}

bool
tke_journal_same_values(JsonObject *a, JsonObject *b)
{
    uint8_t of_a[TKE_VP_LEN];
    uint8_t of_b[TKE_VP_LEN];
    uint8_t ski_of_a[TKE_SKI_LEN];
    uint8_t ski_of_b[TKE_SKI_LEN];

    if (a == NULL || b == NULL) {
        return a == b;
    }
    if (read_ski(a, ski_of_a) && read_ski(b, ski_of_b)) {
        return memcmp(ski_of_a, ski_of_b, sizeof ski_of_a) == 0;
    }
    if (json_object_has_member(a, "parts") && json_object_has_member(b, "parts")) {
        return same_patterns(a, b);
    }
    /* As units report it: not every firmware fills its last bytes. */
    return read_pattern(a, "pattern", of_a) && read_pattern(b, "pattern", of_b)
               ? tke_digest_vp_equal(of_a, of_b)
               : json_object_equal(a, b);
}

JsonObject *
tke_journal_dup_values(JsonObject *values)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autoptr(JsonNode) copy = NULL;
    g_autofree char *text = NULL;

    json_node_set_object(node, values);
    text = json_to_string(node, FALSE);
    copy = json_from_string(text, NULL);
    return copy != NULL ? json_node_dup_object(copy) : NULL;
}

static const char *
text_of(const TkeJournalEntry *entry, const char *name)
{
    return entry->values != NULL ? tke_json_text_get_string(entry->values, name) : NULL;
}

/* Patterns are compared as everywhere: not every firmware fills their last bytes. */
static bool
is_pattern(const char *text, const uint8_t vp[static TKE_VP_LEN])
{
    uint8_t noted[TKE_VP_LEN];

    return text != NULL && tke_hex_decode_exact(text, noted, sizeof noted, NULL) &&
           tke_digest_vp_equal(noted, vp);
}

static bool
has_admin(const TkeJournalEntry *entry, const TkeUnitState *state)
{
    const char *text = text_of(entry, "ski");
    uint8_t ski[TKE_SKI_LEN];

    return text != NULL && tke_hex_decode_exact(text, ski, sizeof ski, NULL) &&
           tke_unit_state_has_admin(state, ski);
}

static bool
has_threshold(const TkeJournalEntry *entry, const char *name, uint32_t value)
{
    JsonNode *node = entry->values != NULL ? json_object_get_member(entry->values, name) : NULL;

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == G_TYPE_INT64 && json_node_get_int(node) == value;
}

/* A key that was loaded, and perhaps committed or made current since. */
static bool
has_loaded(const TkeJournalEntry *entry, const TkeDomainInfo *registers)
{
    return (registers->new_state != TKE_REGISTER_EMPTY &&
            is_pattern(entry->key, registers->new_vp)) ||
           (registers->current_state == TKE_REGISTER_VALID &&
            is_pattern(entry->key, registers->current_vp));
}

static bool
is_pattern_text(const char *text)
{
    uint8_t vp[TKE_VP_LEN];

    return text != NULL && tke_hex_decode_exact(text, vp, sizeof vp, NULL);
}

/* A load is continued with what is noted here: 2 or 3 parts, each by its pattern. */
bool
tke_journal_entry_is_sound(const TkeJournalEntry *entry)
{
    JsonArray *parts = entry->values != NULL ? tke_json_file_array(entry->values, "parts") : NULL;
    unsigned n = parts != NULL ? json_array_get_length(parts) : 0;
    g_auto(GStrv) patterns = NULL;

    if (entry->step != TKE_JOURNAL_LOAD) {
        return true;
    }
    patterns = tke_journal_entry_dup_patterns(entry);
    for (char **pattern = patterns; *pattern != NULL; pattern++) {
        if (!is_pattern_text(*pattern)) {
            return false;
        }
    }
    return (n == 2 || n == 3) && g_strv_length(patterns) == n &&
           (entry->key == NULL || is_pattern_text(entry->key));
}

bool
tke_journal_entry_is_about_registers(const TkeJournalEntry *entry)
{
    switch (entry->step) {
    case TKE_JOURNAL_LOAD:
    case TKE_JOURNAL_COMMIT:
    case TKE_JOURNAL_ACTIVATE:
    case TKE_JOURNAL_CLEAR_NEW:
    case TKE_JOURNAL_CLEAR_CURRENT:
        return true;
    default:
        return false;
    }
}

static bool
same_instance(const TkeUnitIdentity *a, const TkeUnitIdentity *b)
{
    return memcmp(a->domain, b->domain, sizeof a->domain) == 0 &&
           memcmp(a->module_id, b->module_id, sizeof a->module_id) == 0;
}

/* Answers of the domain to which the step was sent, whatever has become of it; not from before
 * that. */
static bool
is_evidence(const TkeJournalEntry *entry, const TkeUnitState *state, const TkeJournalUnit *unit)
{
    const TkeUnitIdentity *before = &unit->before;
    const TkeUnitIdentity *now = &state->identity;

    if (tke_journal_entry_is_about_registers(entry) && !state->vps_signed) {
        return false;
    }
    if (!unit->has_before) {
        return true;
    }
    return memcmp(before->module_id, now->module_id, TKE_ADMIN_SERIAL_LEN) == 0 &&
           memcmp(before->domain, now->domain, DOMAIN_INDEX_LEN) == 0 &&
           (!same_instance(before, now) ||
            memcmp(now->counter, before->counter, sizeof now->counter) >= 0);
}

bool
tke_journal_shows_key(const TkeJournalEntry *entry, const TkeUnitState *state,
                      const TkeJournalUnit *unit)
{
    TkeUnitIdentity after = unit->before;

    if (entry->step != TKE_JOURNAL_LOAD || !unit->has_before ||
        unit->state != TKE_JOURNAL_UNKNOWN || !is_evidence(entry, state, unit)) {
        return false;
    }
    tke_admin_block_increment_counter(after.counter, sizeof after.counter);
    return same_instance(&after, &state->identity) &&
           memcmp(after.counter, state->identity.counter, sizeof after.counter) == 0 &&
           state->registers.new_state != TKE_REGISTER_EMPTY;
}

static TkeJournalState
done_if(bool done)
{
    return done ? TKE_JOURNAL_DONE : TKE_JOURNAL_NOT_DONE;
}

/* Done is what is current already; whether a new key is committed no signed answer tells. */
static TkeJournalState
shows_commit(const TkeJournalEntry *entry, const TkeDomainInfo *registers, bool current,
             TkeJournalState noted)
{
    if (!current && registers->new_state != TKE_REGISTER_EMPTY &&
        is_pattern(text_of(entry, "pattern"), registers->new_vp)) {
        return noted;
    }
    return done_if(current);
}

static TkeJournalState
shows_registers(const TkeJournalEntry *entry, const TkeDomainInfo *registers, TkeJournalState noted)
{
    bool current = registers->current_state == TKE_REGISTER_VALID &&
                   is_pattern(text_of(entry, "pattern"), registers->current_vp);

    switch (entry->step) {
    case TKE_JOURNAL_LOAD:
        return entry->key == NULL && registers->new_state != TKE_REGISTER_EMPTY
                   ? noted
                   : done_if(has_loaded(entry, registers));
    case TKE_JOURNAL_COMMIT:
        return shows_commit(entry, registers, current, noted);
    case TKE_JOURNAL_ACTIVATE:
        return done_if(current);
    case TKE_JOURNAL_CLEAR_NEW:
        return done_if(registers->new_state == TKE_REGISTER_EMPTY);
    case TKE_JOURNAL_CLEAR_CURRENT:
    default:
        return done_if(registers->current_state == TKE_REGISTER_EMPTY);
    }
}

TkeJournalState
tke_journal_shows(const TkeJournalEntry *entry, const TkeUnitState *state,
                  const TkeJournalUnit *unit)
{
    const uint32_t *attributes = state->attributes.value;

    if (!is_evidence(entry, state, unit)) {
        return unit->state;
    }
    switch (entry->step) {
    case TKE_JOURNAL_ADMIN_ADD:
        return done_if(has_admin(entry, state));
    case TKE_JOURNAL_ADMIN_REMOVE:
        return done_if(!has_admin(entry, state));
    case TKE_JOURNAL_THRESHOLDS:
        return done_if(
            has_threshold(entry, "signature_threshold", attributes[TKE_ATTRIBUTE_SIGN_THR]) &&
            has_threshold(entry, "revocation_threshold", attributes[TKE_ATTRIBUTE_REVOKE_THR]));
    case TKE_JOURNAL_ZEROIZE:
        return done_if(state->imprint && state->admins->len == 0);
    default:
        return shows_registers(entry, &state->registers, unit->state);
    }
}
