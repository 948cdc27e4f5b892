/*
 * Sending commands, each once, to all units at once, and believing nothing but signed answers
 * (crypto-unit-protocol.md, 1.12, 2.6, 2.8; annex C, 5 and 17).
 */
#include "libep11admin/unit-command.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "libep11admin/admin-certificate.h"
#include "libep11admin/reason-code.h"
#include "libep11admin/unit-command-private.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-private.h"

static bool
set_command_error(TkeUnitCommand *command, GError *taken)
{
    g_clear_error(&command->error);
    command->error = taken;
    return false;
}

/* Whether a newer answer than that which the command was made from has been seen. */
static bool
has_passed(const TkeUnitCommand *command)
{
    const TkeUnitIdentity *now = &command->unit->identity;
    const TkeUnitIdentity *sent = &command->identity;

    return memcmp(now->domain, sent->domain, sizeof now->domain) != 0 ||
           memcmp(now->module_id, sent->module_id, sizeof now->module_id) != 0 ||
           memcmp(sent->counter, now->counter, sizeof now->counter) <= 0;
}

static bool
check_ready(TkeUnitCommand *command)
{
    const TkeUnit *unit = command->unit;
    GError *error = NULL;

    if (command->outcome != TKE_UNIT_OUTCOME_NOT_SENT) {
        tke_unit_command_set_precondition(unit, &error, _("the command was sent already"));
    } else if (unit->trust == TKE_UNIT_REFUSED) {
        error = g_error_copy(unit->refusal);
    } else if (tke_unit_command_get_signed(command) < command->needed) {
        tke_unit_command_set_precondition(unit, &error, _("%u of %u signatures are missing"),
                                          command->needed - tke_unit_command_get_signed(command),
                                          command->needed);
    } else if (has_passed(command)) {
        command->stale = true;
        tke_unit_command_set_precondition(
            unit, &error, _("the unit was changed after the command had been prepared"));
    }
    return error == NULL || set_command_error(command, error);
}

/* True if the service itself turned the request away: the unit never saw it. */
static bool
was_turned_away(const GError *error)
{
    return g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_UNAUTHORIZED) ||
           g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_FORBIDDEN) ||
           g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_NOT_FOUND) ||
           g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_BAD_REQUEST);
}

static void
take_answer(TkeUnitCommand *command, TkeAdminResponse *response)
{
    TkeUnit *unit = command->unit;
    const TkeAdminExpectation expected = { .command = command->code,
                                           .domain_index = unit->entry.domain_index,
                                           .identity = &command->identity };
    GError *error = NULL;
    gsize len = 0;
    const uint8_t *output = g_bytes_get_data(response->output, &len);

    if (!tke_unit_accept(unit, response, &expected, &error)) {
        set_command_error(command, error); /* the outcome stays unknown */
    } else if (!tke_admin_response_check_done(response, &error)) {
        tke_unit_name_error(unit, &error);
        command->stale =
            response->return_code == TKE_RC_PIN_EXPIRED ||
            (response->has_reason_code && response->reason_code == TKE_RSC_DOMAIN_INST_MISMATCH);
        command->outcome = TKE_UNIT_OUTCOME_REFUSED;
        command->refused = true;
        set_command_error(command, error);
    } else {
        command->outcome = TKE_UNIT_OUTCOME_DONE;
        g_clear_error(&command->error);
        command->output = g_byte_array_append(g_byte_array_new(), output, (guint) len);
        tke_unit_command_apply(command);
    }
}

/* What came of a request. Anything but a signed answer leaves the outcome unknown. */
static void
take_request(TkeUnitCommand *command, const TkeUnitRequest *request)
{
    g_autoptr(GByteArray) message = NULL;
    g_autoptr(TkeAdminResponse) response = NULL;
    GError *error = NULL;

    message = tke_unit_open_answer(command->unit, request, &error);
    if (message == NULL) {
        bool lost = request->error != NULL ? request->outcome_unknown : !was_turned_away(error);

        command->outcome = lost ? TKE_UNIT_OUTCOME_UNKNOWN : TKE_UNIT_OUTCOME_NOT_SENT;
        set_command_error(command, error);
        return;
    }
    command->outcome = TKE_UNIT_OUTCOME_UNKNOWN;
    response = tke_admin_response_parse(message->data, message->len, &error);
    if (response == NULL) {
        tke_unit_name_error(command->unit, &error);
        set_command_error(command, error);
        return;
    }
    take_answer(command, response);
}

/* The first command that was not done tells the error of all. */
static bool
report(TkeUnitCommand *const *commands, size_t n, GError **error)
{
    for (size_t i = 0; i < n; i++) {
        if (!tke_unit_command_is_done(commands[i])) {
            g_propagate_error(error, g_error_copy(commands[i]->error));
            return false;
        }
    }
    return true;
}

bool
tke_unit_command_send(TkeUnitTransport *transport, TkeUnitCommand *const *commands, size_t n,
                      GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) requests =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_request_free);
    g_autoptr(GError) stopped = NULL;

    for (size_t i = 0; i < n; i++) {
        if (!check_ready(commands[i])) {
            g_propagate_error(error, g_error_copy(commands[i]->error));
            return false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GByteArray) message = tke_unit_command_dup_request(commands[i]);

        g_ptr_array_add(requests, tke_unit_new_request(commands[i]->unit, message, true));
    }
    tke_unit_transport_run(transport, (TkeUnitRequest *const *) requests->pdata, n, cancellable,
                           &stopped);
    for (size_t i = 0; i < n; i++) {
        TkeUnitRequest *request = g_ptr_array_index(requests, i);

        if (stopped != NULL && request->error == NULL && request->answer == NULL) {
            request->error = g_error_copy(stopped);
        }
        take_request(commands[i], request);
        if (commands[i]->outcome != TKE_UNIT_OUTCOME_NOT_SENT) {
            tke_unit_command_stop_waiting(commands[i]);
        }
    }
    return report(commands, n, error);
}

bool
tke_unit_command_get_added_ski(const TkeUnitCommand *command, uint8_t ski[static TKE_SKI_LEN])
{
    g_autoptr(TkeAdminCertificate) admin =
        tke_admin_certificate_parse(command->payload->data, command->payload->len, NULL);

    if (admin == NULL) {
        return false;
    }
    memcpy(ski, admin->ski, TKE_SKI_LEN);
    return true;
}

static void
apply_add(TkeUnit *unit, const GByteArray *certificate)
{
    g_autoptr(TkeAdminCertificate) admin =
        tke_admin_certificate_parse(certificate->data, certificate->len, NULL);

    if (admin != NULL && tke_unit_find_admin(unit, admin->ski) == NULL) {
        g_ptr_array_add(unit->admins, tke_unit_admin_new(admin->ski, admin->name, admin->key,
                                                         admin->made_by_tke));
    }
}

static void
apply_remove(TkeUnit *unit, const GByteArray *ski)
{
    for (guint i = 0; i < unit->admins->len; i++) {
        const TkeUnitAdmin *admin = g_ptr_array_index(unit->admins, i);

        if (memcmp(admin->ski, ski->data, TKE_SKI_LEN) == 0) {
            g_ptr_array_remove_index(unit->admins, i);
            return;
        }
    }
}

/* The attributes after the command, as the unit reports them, else as they were sent. */
static void
apply_attributes(TkeUnit *unit, const TkeUnitCommand *command)
{
    TkeAttributes sent = { 0 };
    TkeAttributes now = { 0 };

    tke_attribute_parse(command->payload->data, command->payload->len, &sent, NULL);
    if (command->output != NULL) {
        tke_attribute_parse(command->output->data, command->output->len, &now, NULL);
    }
    for (unsigned i = 1; i <= TKE_ATTRIBUTE_MAX; i++) {
        const TkeAttributes *from = now.present[i] ? &now : &sent;

        if (from->present[i]) {
            unit->attributes.value[i] = from->value[i];
            unit->attributes.present[i] = true;
        }
    }
}

void
tke_unit_command_apply(const TkeUnitCommand *command)
{
    TkeUnit *unit = command->unit;

    switch (command->code) {
    case TKE_ADMIN_ADD_ADMIN:
        apply_add(unit, command->payload);
        break;
    case TKE_ADMIN_REMOVE_ADMIN:
        apply_remove(unit, command->payload);
        break;
    case TKE_ADMIN_SET_ATTRIBUTES:
        apply_attributes(unit, command);
        break;
    case TKE_ADMIN_ZEROIZE:
        unit->has_attributes = false; /* everything there is new: to be read */
        g_clear_pointer(&unit->admins, g_ptr_array_unref);
        tke_unit_set_remembered(unit, &unit->identity); /* its new instance is no surprise */
        break;
    default:
        break;
    }
}
