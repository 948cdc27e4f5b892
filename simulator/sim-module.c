/*
 * Virtual modules: identity, keys, chains, signatures of answers (crypto-unit-protocol.md, 2.7 and
 * 5).
 */
#include "simulator/sim-module.h"

#include <openssl/rand.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/ec-key.h"
#include "common/error.h"
#include "simulator/sim-json.h"
#include "simulator/sim-store.h"

#define N_CHAINS 3u
#define NAME_TYPE 0x9000u
#define MODULE_INSTANCE_LEN 8u

struct SimModule {
    SimModuleKind kind;
    char serial[SIM_SERIAL_LEN + 1];
    uint8_t instance[MODULE_INSTANCE_LEN];
    EVP_PKEY *epoch;
    uint8_t epoch_ski[SIM_OA_SKI_LEN];
    uint8_t root_ski[SIM_OA_SKI_LEN];
    GMutex lock; /* of forged chains, which come later */
    GByteArray *chains[N_CHAINS][SIM_CHAIN_LEN];
};

static const char *const adapter_types[SIM_MODULE_KINDS] = { "4767", "4768", "4769", "4770" };

/* Random bytes of this size in a field; false with the error set. */
static bool
draw(void *out, size_t len, GError **error)
{
    if (RAND_bytes(out, (int) len) != 1) {
        tke_openssl_set_error(error, _("no random numbers"));
        return false;
    }
    return true;
}

/* Name of the first layout: four bytes of the identifier, type, index from 1 (the root has 0). */
static void
set_name(uint8_t name[static SIM_OA_NAME_LEN], const uint8_t ski[static SIM_OA_SKI_LEN],
         uint16_t index)
{
    memcpy(name, ski, 4);
    name[4] = NAME_TYPE >> 8;
    name[5] = NAME_TYPE & 0xff;
    name[6] = (uint8_t) (index >> 8);
    name[7] = (uint8_t) (index & 0xff);
}

static bool
fill_fields(const SimModule *module, SimOaFields *fields, EVP_PKEY *key, GError **error)
{
    fields->kind = module->kind;
    fields->boot_count = 1;
    g_strlcpy(fields->serial, module->serial, sizeof fields->serial);
    g_snprintf(fields->adapter_id, sizeof fields->adapter_id, "%s%s", adapter_types[module->kind],
               module->serial);
    g_strlcpy(fields->signing_time, "2024010112000000", sizeof fields->signing_time);
    return tke_ec_key_get_point(key, fields->point, error) &&
           sim_oa_ski(fields->point, fields->subject_ski, error) &&
           draw(fields->source_config, sizeof fields->source_config, error) &&
           draw(fields->segment_hash, sizeof fields->segment_hash, error) &&
           draw(fields->info, sizeof fields->info, error);
}

/* Certificates from the epoch key up; the last one is signed by root and names root_ski. */
static bool
make_chain(SimModule *module, SimChain chain, EVP_PKEY *root,
           const uint8_t root_ski[static SIM_OA_SKI_LEN], GError **error)
{
    EVP_PKEY *key = module->epoch;
    g_autoptr(EVP_PKEY) owned = NULL;

    for (unsigned i = 0; i < SIM_CHAIN_LEN; i++) {
        bool is_last = i + 1 == SIM_CHAIN_LEN;
        g_autoptr(EVP_PKEY) parent = is_last ? NULL : tke_ec_key_generate(error);
        SimOaFields fields = { .has_info = i == 0 };
        uint8_t parent_point[TKE_EC_POINT_LEN] = { 0 };
        GByteArray *certificate = NULL;

        if ((!is_last && parent == NULL) || !fill_fields(module, &fields, key, error)) {
            return false;
        }
        memcpy(fields.signer_ski, root_ski, SIM_OA_SKI_LEN);
        if (!is_last && (!tke_ec_key_get_point(parent, parent_point, error) ||
                         !sim_oa_ski(parent_point, fields.signer_ski, error))) {
            return false;
        }
        set_name(fields.name, fields.subject_ski, (uint16_t) (i + 1));
        set_name(fields.parent, fields.signer_ski, (uint16_t) (is_last ? SIM_ROOT_INDEX : i + 2));
        certificate = sim_oa_build_certificate(&fields, is_last ? root : parent, error);
        if (certificate == NULL) {
            return false;
        }
        g_clear_pointer(&module->chains[chain][i], g_byte_array_unref);
        module->chains[chain][i] = certificate;
        EVP_PKEY_free(owned);
        owned = g_steal_pointer(&parent);
        key = owned;
    }
    return true;
}

static bool
set_epoch_ski(SimModule *module, GError **error)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };

    return tke_ec_key_get_point(module->epoch, point, error) &&
           sim_oa_ski(point, module->epoch_ski, error);
}

SimModule *
sim_module_new(SimModuleKind kind, const char *serial, EVP_PKEY *root, GError **error)
{
    g_autoptr(SimModule) module = g_new0(SimModule, 1);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };

    g_mutex_init(&module->lock);
    module->kind = kind;
    g_strlcpy(module->serial, serial, sizeof module->serial);
    module->epoch = tke_ec_key_generate(error);
    if (module->epoch == NULL || !draw(module->instance, sizeof module->instance, error) ||
        !set_epoch_ski(module, error) || !tke_ec_key_get_point(root, point, error) ||
        !sim_oa_ski(point, module->root_ski, error) ||
        !make_chain(module, SIM_CHAIN_GENUINE, root, module->root_ski, error)) {
        return NULL;
    }
    return g_steal_pointer(&module);
}

void
sim_module_free(SimModule *module)
{
    if (module == NULL) {
        return;
    }
    for (unsigned i = 0; i < N_CHAINS; i++) {
        for (unsigned j = 0; j < SIM_CHAIN_LEN; j++) {
            g_clear_pointer(&module->chains[i][j], g_byte_array_unref);
        }
    }
    EVP_PKEY_free(module->epoch);
    g_mutex_clear(&module->lock);
    g_free(module);
}

bool
sim_module_save(const SimModule *module, const char *path, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    sim_store_add_text(builder, "note", SIM_STORE_NOTE);
    sim_store_add_text(builder, "kind", sim_module_kind_get_name(module->kind));
    sim_store_add_text(builder, "serial", module->serial);
    sim_store_add_hex(builder, "instance", module->instance, sizeof module->instance);
    sim_store_add_hex(builder, "root_ski", module->root_ski, sizeof module->root_ski);
    if (!sim_store_add_key(builder, "epoch_key", module->epoch, error)) {
        return false;
    }
    json_builder_set_member_name(builder, "chain");
    json_builder_begin_array(builder);
    for (unsigned i = 0; i < SIM_CHAIN_LEN; i++) {
        const GByteArray *certificate = module->chains[SIM_CHAIN_GENUINE][i];

        json_builder_begin_object(builder);
        sim_store_add_hex(builder, "certificate", certificate->data, certificate->len);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return sim_store_save(builder, path, error);
}

static bool
load_chain(SimModule *module, JsonObject *object, GError **error)
{
    JsonArray *chain = sim_json_need_array(object, "chain", error);

    if (chain == NULL) {
        return false;
    }
    if (json_array_get_length(chain) != SIM_CHAIN_LEN) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("the chain is not complete"));
        return false;
    }
    for (unsigned i = 0; i < SIM_CHAIN_LEN; i++) {
        JsonObject *element = sim_json_need_element(chain, i, "chain", error);
        GByteArray *certificate =
            element == NULL ? NULL : sim_store_get_bytes(element, "certificate", error);

        if (certificate == NULL) {
            return false;
        }
        module->chains[SIM_CHAIN_GENUINE][i] = certificate;
    }
    return true;
}

static bool
load_members(SimModule *module, JsonObject *object, GError **error)
{
    const char *kind = sim_json_need_text(object, "kind", error);
    const char *serial = kind == NULL ? NULL : sim_json_need_text(object, "serial", error);

    if (serial == NULL) {
        return false;
    }
    if (!sim_module_kind_parse(kind, &module->kind) || strlen(serial) != SIM_SERIAL_LEN) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("kind or serial number invalid"));
        return false;
    }
    g_strlcpy(module->serial, serial, sizeof module->serial);
    if (!sim_store_get_hex(object, "instance", module->instance, sizeof module->instance, error) ||
        !sim_store_get_hex(object, "root_ski", module->root_ski, sizeof module->root_ski, error) ||
        !sim_store_get_key(object, "epoch_key", &module->epoch, error)) {
        return false;
    }
    if (!tke_ec_key_is_p521(module->epoch)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("the module key is missing"));
        return false;
    }
    return set_epoch_ski(module, error) && load_chain(module, object, error);
}

SimModule *
sim_module_load(const char *path, GError **error)
{
    g_autoptr(JsonObject) object = sim_store_load(path, error);
    g_autoptr(SimModule) module = g_new0(SimModule, 1);

    g_mutex_init(&module->lock);
    if (object == NULL) {
        return NULL;
    }
    if (!load_members(module, object, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    return g_steal_pointer(&module);
}

SimModuleKind
sim_module_get_kind(const SimModule *module)
{
    return module->kind;
}

const char *
sim_module_get_serial(const SimModule *module)
{
    return module->serial;
}

void
sim_module_get_id(const SimModule *module, uint8_t id[static SIM_MODULE_ID_LEN])
{
    memcpy(id, module->serial, SIM_SERIAL_LEN);
    memcpy(id + SIM_SERIAL_LEN, module->instance, MODULE_INSTANCE_LEN);
}

/* Forged chains hang below a key drawn on the spot. */
static bool
need_chain(SimModule *module, SimChain chain, GError **error)
{
    g_autoptr(EVP_PKEY) other = NULL;
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[SIM_OA_SKI_LEN] = { 0 };

    if (module->chains[chain][SIM_CHAIN_LEN - 1] != NULL) {
        return true;
    }
    other = tke_ec_key_generate(error);
    if (other == NULL || !tke_ec_key_get_point(other, point, error) ||
        !sim_oa_ski(point, ski, error)) {
        return false;
    }
    return make_chain(module, chain, other, chain == SIM_CHAIN_FORGED_ROOT ? module->root_ski : ski,
                      error);
}

const GByteArray *
sim_module_get_certificate(SimModule *module, SimChain chain, uint32_t index, GError **error)
{
    bool ok = false;

    if (index >= SIM_CHAIN_LEN) {
        return NULL;
    }
    g_mutex_lock(&module->lock);
    ok = need_chain(module, chain, error);
    g_mutex_unlock(&module->lock);
    return ok ? module->chains[chain][index] : NULL;
}

GByteArray *
sim_module_sign(const SimModule *module, const GByteArray *block, bool long_lengths, GError **error)
{
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    if (!tke_ec_key_sign(module->epoch, block->data, block->len, signature, &len, error)) {
        return NULL;
    }
    return sim_message_build_signer_info(module->epoch_ski, signature, len, long_lengths);
}

TkeSecret *
sim_module_dup_scalar(const SimModule *module, GError **error)
{
    return tke_ec_key_dup_scalar(module->epoch, error);
}
