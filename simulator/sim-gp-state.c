/*
 * The card manager of a virtual card: what it is like and what it keeps, also as JSON.
 */
#include "simulator/sim-gp-state.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "simulator/sim-json.h"

#define MEMORY 131072u     /* what cards of this kind have for applets */
#define PACKAGE_LEN 30000u /* of a load file that nobody loaded */
#define KEY_LEN 16u
#define FIRST_KEY_BYTE 0x40u

static const uint8_t applet_version[SIM_GP_VERSION_LEN] = { 0x01, 0x00, 0x00 };

void
sim_gp_state_init(SimGpState *gp)
{
    SimGpKeySet *set = &gp->sets[0];

    memset(gp, 0, sizeof *gp);
    gp->scp = SIM_GP_SCP03;
    gp->option = SIM_GP_SCP03_DERIVED | SIM_GP_SCP03_R_MAC | SIM_GP_SCP03_R_ENC;
    gp->life_cycle = SIM_GP_SECURED;
    gp->memory = MEMORY;
    memcpy(gp->applet_version, applet_version, sizeof applet_version);
    set->version = SIM_GP_FIRST_VERSION;
    set->key_len = KEY_LEN;
    set->tries = SIM_GP_TRIES;
    for (unsigned key = 0; key < SIM_GP_KEYS; key++) {
        for (unsigned i = 0; i < KEY_LEN; i++) {
            set->keys[key][i] = (uint8_t) (FIRST_KEY_BYTE + i);
        }
    }
}

void
sim_gp_state_put_package(SimGpState *gp)
{
    gp->has_package = true;
    gp->package_len = PACKAGE_LEN;
}

void
sim_gp_state_reset_applet(SimGpState *gp)
{
    gp->applet_locked = false;
    memcpy(gp->applet_version, applet_version, sizeof applet_version);
}

SimGpKeySet *
sim_gp_state_find_keys(SimGpState *gp, uint8_t version)
{
    for (unsigned i = 0; i < SIM_GP_KEY_SETS; i++) {
        if (gp->sets[i].version != 0 && (version == 0 || gp->sets[i].version == version)) {
            return &gp->sets[i];
        }
    }
    return NULL;
}

uint32_t
sim_gp_state_free(const SimGpState *gp, uint32_t applet_len)
{
    uint32_t used = (gp->has_package ? gp->package_len : 0) + applet_len;

    return gp->memory > used ? gp->memory - used : 0;
}

/* ---- JSON ---- */

static void
set_hex(JsonObject *object, const char *member, const uint8_t *bytes, size_t len)
{
    g_autofree char *text = tke_hex_encode(bytes, len);

    json_object_set_string_member(object, member, text);
}

static JsonArray *
sets_to_json(const SimGpState *gp)
{
    JsonArray *sets = json_array_new();

    for (unsigned i = 0; i < SIM_GP_KEY_SETS; i++) {
        const SimGpKeySet *set = &gp->sets[i];
        JsonObject *object = NULL;
        JsonArray *keys = NULL;

        if (set->version == 0) {
            continue;
        }
        object = json_object_new();
        keys = json_array_new();
        json_object_set_int_member(object, "version", set->version);
        json_object_set_int_member(object, "tries", set->tries);
        json_object_set_int_member(object, "sequence", set->sequence);
        for (unsigned key = 0; key < SIM_GP_KEYS; key++) {
            g_autofree char *text = tke_hex_encode(set->keys[key], set->key_len);

            json_array_add_string_element(keys, text);
        }
        json_object_set_array_member(object, "keys", keys);
        json_array_add_object_element(sets, object);
    }
    return sets;
}

JsonObject *
sim_gp_state_to_json(const SimGpState *gp)
{
    JsonObject *object = json_object_new();
    JsonArray *lacks = json_array_new();
    g_autofree char *version = g_strdup_printf("%u.%u.%u", gp->applet_version[0],
                                               gp->applet_version[1], gp->applet_version[2]);

    for (unsigned mark = 1; mark <= SIM_GP_MARKS; mark++) {
        if ((gp->lacks & (1u << (mark - 1))) != 0) {
            json_array_add_int_element(lacks, mark);
        }
    }
    set_hex(object, "serial", gp->serial, SIM_GP_SERIAL_LEN);
    json_object_set_int_member(object, "scp", gp->scp);
    set_hex(object, "option", &gp->option, 1);
    set_hex(object, "life_cycle", &gp->life_cycle, 1);
    json_object_set_int_member(object, "memory", gp->memory);
    if (gp->refusal != 0) {
        const uint8_t word[] = { (uint8_t) (gp->refusal >> 8), (uint8_t) gp->refusal };

        set_hex(object, "refusal", word, sizeof word);
    }
    json_object_set_array_member(object, "lacks", lacks);
    json_object_set_string_member(object, "applet_version", version);
    json_object_set_boolean_member(object, "applet_locked", gp->applet_locked);
    json_object_set_array_member(object, "key_sets", sets_to_json(gp));
    if (gp->has_package) {
        JsonObject *package = json_object_new();

        json_object_set_int_member(package, "length", gp->package_len);
        set_hex(package, "sha256", gp->package_hash, SIM_GP_HASH_LEN);
        json_object_set_object_member(object, "package", package);
    }
    return object;
}

static bool
refuse(GError **error, const char *text)
{
    g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, text);
    return false;
}

static bool
take_bytes(JsonObject *object, const char *member, uint8_t *out, size_t len, GError **error)
{
    const char *text = NULL;

    if (!json_object_has_member(object, member)) {
        return true;
    }
    text = sim_json_need_text(object, member, error);
    if (text == NULL || !tke_hex_decode_exact(text, out, len, error)) {
        g_prefix_error(error, "\"%s\": ", member);
        return false;
    }
    return true;
}

static bool
take_keys(JsonObject *object, SimGpKeySet *set, GError **error)
{
    JsonArray *keys = sim_json_need_array(object, "keys", error);

    if (keys == NULL) {
        return false;
    }
    if (json_array_get_length(keys) != SIM_GP_KEYS) {
        return refuse(error, _("\"keys\" must have three entries: ENC, MAC, DEK"));
    }
    for (unsigned key = 0; key < SIM_GP_KEYS; key++) {
        JsonNode *node = json_array_get_element(keys, key);
        const char *text = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
        size_t len = text == NULL ? 0 : strlen(text) / 2;

        if ((len != 16 && len != 24 && len != 32) || (key > 0 && len != set->key_len)) {
            return refuse(error,
                          _("a key has 16, 24 or 32 bytes, those of a set have the same length"));
        }
        set->key_len = (uint8_t) len;
        if (!tke_hex_decode_exact(text, set->keys[key], len, error)) {
            return false;
        }
    }
    return true;
}

static bool
take_set(JsonArray *sets, unsigned index, SimGpState *gp, GError **error)
{
    JsonObject *object = sim_json_need_element(sets, index, "key_sets", error);
    SimGpKeySet set = { 0 };
    int64_t version = 0;
    int64_t tries = 0;
    int64_t sequence = 0;

    if (object == NULL || !sim_json_need_number(object, "version", 1, UINT8_MAX, &version, error) ||
        !sim_json_get_number(object, "tries", 0, SIM_GP_TRIES, SIM_GP_TRIES, &tries, error) ||
        !sim_json_get_number(object, "sequence", 0, 0xFFFFFF, 0, &sequence, error) ||
        !take_keys(object, &set, error)) {
        return false;
    }
    if (version > 0x7F && version != SIM_GP_FIRST_VERSION) {
        return refuse(error, _("the version of a key set is 1 to 127, or 255 for the maker's"));
    }
    if (sim_gp_state_find_keys(gp, (uint8_t) version) != NULL) {
        return refuse(error, _("two key sets have the same version"));
    }
    set.version = (uint8_t) version;
    set.tries = (uint8_t) tries;
    set.sequence = (uint32_t) sequence;
    gp->sets[index] = set;
    return true;
}

static bool
take_sets(JsonObject *object, SimGpState *gp, GError **error)
{
    JsonArray *sets = NULL;

    if (!json_object_has_member(object, "key_sets")) {
        return true;
    }
    sets = sim_json_need_array(object, "key_sets", error);
    if (sets == NULL) {
        return false;
    }
    if (json_array_get_length(sets) < 1 || json_array_get_length(sets) > SIM_GP_KEY_SETS) {
        return refuse(error, _("\"key_sets\" must have one to four entries"));
    }
    memset(gp->sets, 0, sizeof gp->sets);
    for (unsigned i = 0; i < json_array_get_length(sets); i++) {
        if (!take_set(sets, i, gp, error)) {
            g_prefix_error(error, "entry %u of \"key_sets\": ", i + 1);
            return false;
        }
    }
    return true;
}

static bool
take_lacks(JsonObject *object, SimGpState *gp, GError **error)
{
    JsonArray *lacks = NULL;

    if (!json_object_has_member(object, "lacks")) {
        return true;
    }
    lacks = sim_json_need_array(object, "lacks", error);
    if (lacks == NULL) {
        return false;
    }
    gp->lacks = 0;
    for (unsigned i = 0; i < json_array_get_length(lacks); i++) {
        JsonNode *node = json_array_get_element(lacks, i);
        int64_t mark = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;

        if (mark < 1 || mark > SIM_GP_MARKS) {
            return refuse(error, _("\"lacks\" has marks of the probe: 1 to 10"));
        }
        gp->lacks |= (uint16_t) (1u << (mark - 1));
    }
    return true;
}

bool
sim_gp_state_parse_version(const char *text, uint8_t out[static SIM_GP_VERSION_LEN], GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ".", 0);
    uint8_t version[SIM_GP_VERSION_LEN] = { 0 };
    bool good = g_strv_length(parts) == SIM_GP_VERSION_LEN;

    for (unsigned i = 0; good && i < SIM_GP_VERSION_LEN; i++) {
        guint64 number = 0;

        good = g_ascii_string_to_unsigned(parts[i], 10, 0, UINT8_MAX, &number, NULL);
        version[i] = (uint8_t) number;
    }
    if (!good) {
        return refuse(error, _("the version of an applet is written 1.0.0"));
    }
    memcpy(out, version, sizeof version);
    return true;
}

static bool
take_refusal(JsonObject *object, SimGpState *gp, GError **error)
{
    uint8_t word[2] = { (uint8_t) (gp->refusal >> 8), (uint8_t) gp->refusal };

    if (!take_bytes(object, "refusal", word, sizeof word, error)) {
        return false;
    }
    gp->refusal = (uint16_t) (word[0] << 8 | word[1]);
    return gp->refusal == 0 || gp->refusal == SIM_GP_REFUSAL_OBJECT ||
           gp->refusal == SIM_GP_REFUSAL_TRIES ||
           refuse(error, _("\"refusal\" is \"6988\" or \"63c0\""));
}

static bool
take_version(JsonObject *object, SimGpState *gp, GError **error)
{
    const char *text = NULL;

    if (!json_object_has_member(object, "applet_version")) {
        return true;
    }
    text = sim_json_need_text(object, "applet_version", error);
    return text != NULL && sim_gp_state_parse_version(text, gp->applet_version, error);
}

static bool
take_package(JsonObject *object, SimGpState *gp, GError **error)
{
    JsonObject *package = NULL;
    const char *hash = NULL;
    int64_t len = 0;

    if (!json_object_has_member(object, "package")) {
        return true;
    }
    package = sim_json_need_object(object, "package", error);
    hash = package == NULL ? NULL : sim_json_need_text(package, "sha256", error);
    if (hash == NULL || !tke_hex_decode_exact(hash, gp->package_hash, SIM_GP_HASH_LEN, error) ||
        !sim_json_need_number(package, "length", 0, INT32_MAX, &len, error)) {
        return false;
    }
    gp->has_package = true;
    gp->package_len = (uint32_t) len;
    return true;
}

/* SCP02 has keys of 16 bytes and one of two options; SCP03 encrypts answers only where it signs
 * them. */
static bool
check_channel(const SimGpState *gp, GError **error)
{
    if (gp->scp == SIM_GP_SCP02) {
        if (gp->option != SIM_GP_SCP02_RANDOM && gp->option != SIM_GP_SCP02_DERIVED) {
            return refuse(error, _("\"option\" of SCP02 is \"15\" or \"55\""));
        }
        for (unsigned i = 0; i < SIM_GP_KEY_SETS; i++) {
            if (gp->sets[i].version != 0 && gp->sets[i].key_len != 16) {
                return refuse(error, _("keys of SCP02 have 16 bytes"));
            }
        }
        return true;
    }
    if ((gp->option & 0x8F) != 0 || (gp->option & 0x60) == SIM_GP_SCP03_R_ENC) {
        return refuse(error,
                      _("\"option\" of SCP03 is \"00\", \"10\", \"20\", \"30\", \"60\" or \"70\""));
    }
    return true;
}

static bool
is_life_cycle(uint8_t life_cycle)
{
    return life_cycle == SIM_GP_OP_READY || life_cycle == SIM_GP_INITIALIZED ||
           life_cycle == SIM_GP_SECURED || life_cycle == SIM_GP_CARD_LOCKED ||
           life_cycle == SIM_GP_TERMINATED;
}

bool
sim_gp_state_from_json(JsonObject *object, SimGpState *gp, GError **error)
{
    int64_t scp = 0;
    int64_t memory = 0;

    if (!sim_json_get_number(object, "scp", SIM_GP_SCP02, SIM_GP_SCP03, gp->scp, &scp, error) ||
        !sim_json_get_number(object, "memory", 0, INT32_MAX, gp->memory, &memory, error) ||
        !take_bytes(object, "option", &gp->option, 1, error) ||
        !take_bytes(object, "life_cycle", &gp->life_cycle, 1, error) ||
        !take_bytes(object, "serial", gp->serial, SIM_GP_SERIAL_LEN, error) ||
        !sim_json_get_flag(object, "applet_locked", gp->applet_locked, &gp->applet_locked, error) ||
        !take_refusal(object, gp, error) || !take_lacks(object, gp, error) ||
        !take_version(object, gp, error) || !take_package(object, gp, error) ||
        !take_sets(object, gp, error)) {
        return false;
    }
    gp->scp = (uint8_t) scp;
    gp->memory = (uint32_t) memory;
    if (!is_life_cycle(gp->life_cycle)) {
        return refuse(error, _("\"life_cycle\" is \"01\", \"07\", \"0f\", \"7f\" or \"ff\""));
    }
    return check_channel(gp, error);
}
