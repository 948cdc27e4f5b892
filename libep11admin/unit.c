/*
 * One crypto unit: what the list says, what was verified, identity and counter
 * (crypto-unit-protocol.md, 2.7, 2.8, 7.1; annex C, 5 and 8).
 */
#include "libep11admin/unit.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "libep11admin/unit-error.h"
#include "libep11admin/unit-private.h"
#include "libep11admin/wire-message.h"

static void
clear_unit(gpointer data)
{
    TkeUnit *unit = data;

    g_free(unit->instance);
    g_free(unit->path);
    g_free(unit->name);
    g_free(unit->entry.hsm_id);
    g_free(unit->entry.location);
    g_free(unit->entry.serial_number);
    g_free(unit->entry.module_part);
    g_clear_error(&unit->refusal);
    tke_module_chain_free(unit->chain);
    g_clear_pointer(&unit->admins, g_ptr_array_unref);
}

/* The address of the unit. One without is there all the same, to be seen, and refused. */
static void
find_way(TkeUnit *unit, const char *location_error)
{
    const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_HTTP };
    g_autoptr(GError) wrong = NULL;
    GError *why = NULL;

    unit->path = tke_unit_list_unit_path(unit->instance, unit->entry.hsm_id, &wrong);
    if (location_error != NULL || wrong != NULL) {
        tke_unit_error_set(&why, TKE_UNIT_ERROR_MALFORMED, &details, "%s",
                           location_error != NULL ? location_error : wrong->message);
        tke_unit_refuse_for_good(unit, why);
    }
}

TkeUnit *
tke_unit_new(const char *instance, const TkeUnitListEntry *entry, unsigned number, GError **error)
{
    g_autofree char *list = tke_unit_list_path(instance, error);
    g_autoptr(TkeUnit) unit = NULL;

    if (list == NULL) {
        return NULL;
    }
    unit = g_atomic_rc_box_new0(TkeUnit);
    unit->name = g_strdup_printf(_("crypto unit %u"), number);
    unit->instance = g_strdup(instance);
    unit->number = number;
    unit->entry = (TkeUnitListEntry){
        .hsm_id = g_strdup(entry->hsm_id),
        .location = g_strdup(entry->location),
        .serial_number = g_strdup(entry->serial_number),
        .type = entry->type,
        .module_part = g_strdup(entry->module_part),
        .module_index = entry->module_index,
        .domain_index = entry->domain_index,
    };
    find_way(unit, entry->location_error);
    return g_steal_pointer(&unit);
}

TkeUnit *
tke_unit_ref(TkeUnit *unit)
{
    return g_atomic_rc_box_acquire(unit);
}

void
tke_unit_unref(TkeUnit *unit)
{
    if (unit != NULL) {
        g_atomic_rc_box_release_full(unit, clear_unit);
    }
}

const char *
tke_unit_get_instance(const TkeUnit *unit)
{
    return unit->instance;
}

const char *
tke_unit_get_hsm_id(const TkeUnit *unit)
{
    return unit->entry.hsm_id;
}

const char *
tke_unit_get_location(const TkeUnit *unit)
{
    return unit->entry.location;
}

const char *
tke_unit_get_serial_number(const TkeUnit *unit)
{
    return unit->entry.serial_number;
}

TkeUnitType
tke_unit_get_type(const TkeUnit *unit)
{
    return unit->entry.type;
}

unsigned
tke_unit_get_number(const TkeUnit *unit)
{
    return unit->number;
}

const char *
tke_unit_get_name(const TkeUnit *unit)
{
    return unit->name;
}

TkeUnitTrust
tke_unit_get_trust(const TkeUnit *unit)
{
    return unit->trust;
}

const GError *
tke_unit_get_refusal(const TkeUnit *unit)
{
    return unit->refusal;
}

const TkeModuleChain *
tke_unit_get_chain(const TkeUnit *unit)
{
    return unit->chain;
}

const TkeUnitIdentity *
tke_unit_get_identity(const TkeUnit *unit)
{
    return unit->has_identity ? &unit->identity : NULL;
}

const TkeAttributes *
tke_unit_get_attributes(const TkeUnit *unit)
{
    return unit->has_attributes ? &unit->attributes : NULL;
}

const GPtrArray *
tke_unit_get_admins(const TkeUnit *unit)
{
    return unit->admins;
}

const TkeUnitAdmin *
tke_unit_find_admin(const TkeUnit *unit, const uint8_t ski[static TKE_SKI_LEN])
{
    for (guint i = 0; unit->admins != NULL && i < unit->admins->len; i++) {
        const TkeUnitAdmin *admin = g_ptr_array_index(unit->admins, i);

        if (memcmp(admin->ski, ski, TKE_SKI_LEN) == 0) {
            return admin;
        }
    }
    return NULL;
}

bool
tke_unit_is_in_imprint_mode(const TkeUnit *unit)
{
    return unit->has_attributes && unit->attributes.value[TKE_ATTRIBUTE_SIGN_THR] == 0;
}

void
tke_unit_set_remembered(TkeUnit *unit, const TkeUnitIdentity *identity)
{
    unit->remembered = *identity;
    unit->has_remembered = true;
}

TkeUnitAdmin *
tke_unit_admin_new(const uint8_t ski[static TKE_SKI_LEN], const char *name, EVP_PKEY *key,
                   bool made_by_tke)
{
    TkeUnitAdmin *admin = g_new0(TkeUnitAdmin, 1);

    memcpy(admin->ski, ski, TKE_SKI_LEN);
    admin->name = g_strdup(name);
    admin->made_by_tke = made_by_tke;
    if (key != NULL) {
        EVP_PKEY_up_ref(key);
        admin->key = key;
    }
    return admin;
}

TkeUnitAdmin *
tke_unit_admin_copy(const TkeUnitAdmin *admin)
{
    return tke_unit_admin_new(admin->ski, admin->name, admin->key, admin->made_by_tke);
}

void
tke_unit_admin_free(TkeUnitAdmin *admin)
{
    if (admin != NULL) {
        g_free(admin->name);
        EVP_PKEY_free(admin->key);
        g_free(admin);
    }
}

void
tke_unit_name_error(const TkeUnit *unit, GError **error)
{
    if (error != NULL && *error != NULL) {
        g_prefix_error(error, "%s: ", unit->name);
        tke_unit_error_set_unit(*error, unit->name);
    }
}

void
tke_unit_refuse(TkeUnit *unit, const GError *why)
{
    unit->trust = TKE_UNIT_REFUSED;
    g_clear_error(&unit->refusal);
    unit->refusal = g_error_copy(why);
}

void
tke_unit_refuse_for_good(TkeUnit *unit, GError *why)
{
    tke_unit_name_error(unit, &why);
    tke_unit_refuse(unit, why);
    unit->refused_for_good = true;
    g_error_free(why);
}

void
tke_unit_take_chain(TkeUnit *unit, TkeModuleChain *chain)
{
    tke_module_chain_free(unit->chain);
    unit->chain = chain;
}

const uint8_t *
tke_unit_get_key_ski(const TkeModuleChain *chain)
{
    const TkeModuleCertificate *first = tke_module_chain_get_first(chain);

    return first->kind == TKE_MODULE_CERTIFICATE_OA1 ? NULL : first->subject_ski;
}

TkeUnitRequest *
tke_unit_new_request(TkeUnit *unit, const GByteArray *message, bool changes_state)
{
    g_autofree char *body = tke_wire_message_new_body(
        unit->entry.module_index, unit->entry.domain_index, message->data, message->len);

    memset(unit->floor, 0, sizeof unit->floor);
    if (unit->has_identity) {
        memcpy(unit->floor, unit->identity.counter, sizeof unit->floor);
    }
    return tke_unit_request_new(unit->path, body, unit->entry.hsm_id, changes_state);
}

GByteArray *
tke_unit_open_answer(const TkeUnit *unit, const TkeUnitRequest *request, GError **error)
{
    GByteArray *message = NULL;

    if (request->error != NULL) {
        g_propagate_error(error, g_error_copy(request->error));
    } else {
        message =
            tke_wire_message_open_answer(request->status, (const char *) request->answer->data,
                                         request->answer->len, unit->entry.domain_index, error);
    }
    if (message == NULL) {
        tke_unit_name_error(unit, error);
    }
    return message;
}

static bool
set_other_unit(const char *message, GError **error)
{
    tke_unit_error_set(error, TKE_UNIT_ERROR_IDENTITY,
                       &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_BLOCK }, "%s", message);
    return false;
}

/* Whether the identity in a signed answer is this unit's; notes it. Certificate answers have
 * none. */
static bool
take_identity(TkeUnit *unit, const TkeAdminResponse *response, GError **error)
{
    const TkeUnitIdentity *seen = &response->identity;
    TkeUnitIdentity *own = &unit->identity;
    bool same = false;

    if (strlen(unit->entry.serial_number) != TKE_ADMIN_SERIAL_LEN ||
        memcmp(unit->entry.serial_number, seen->module_id, TKE_ADMIN_SERIAL_LEN) != 0) {
        return set_other_unit(
            _("the module reports another serial number than the service lists for it"), error);
    }
    if (response->command == TKE_ADMIN_QUERY_DEVICE_CERT) {
        return true;
    }
    same = unit->has_identity && memcmp(own->domain, seen->domain, sizeof own->domain) == 0 &&
           memcmp(own->module_id, seen->module_id, sizeof own->module_id) == 0;
    if (same && memcmp(seen->counter, unit->floor, sizeof unit->floor) < 0) {
        return set_other_unit(_("the answer is older than one that was given before"), error);
    }
    if (unit->has_identity && !same) {
        unit->has_attributes = false; /* zeroized or set up anew: what was known is void */
    }
    if (!same || memcmp(seen->counter, own->counter, sizeof own->counter) > 0) {
        *own = *seen;
        unit->has_identity = true;
    }
    return true;
}

bool
tke_unit_accept(TkeUnit *unit, TkeAdminResponse *response, const TkeAdminExpectation *expected,
                GError **error)
{
    g_autoptr(GError) wrong = NULL;

    if (tke_admin_response_verify(response, tke_module_chain_get_key(unit->chain),
                                  tke_unit_get_key_ski(unit->chain), &wrong) &&
        tke_admin_response_check(response, expected, &wrong) &&
        take_identity(unit, response, &wrong)) {
        return true;
    }
    tke_unit_name_error(unit, &wrong);
    tke_unit_refuse(unit, wrong);
    g_propagate_error(error, g_steal_pointer(&wrong));
    return false;
}
