/*
 * Commands for one unit: made and signed (crypto-unit-protocol.md, 2.5, 2.8, 2.9, 2.12, 3.2.7).
 */
#include "libep11admin/unit-command.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "libep11admin/admin-request.h"
#include "libep11admin/signer-info.h"
#include "libep11admin/unit-command-private.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-private.h"

static void
message_free(TkeUnitMessage *message)
{
    g_byte_array_unref(message->block);
    g_byte_array_unref(message->signatures);
    g_byte_array_unref(message->skis);
    g_free(message);
}

TkeUnitCommand *
tke_unit_command_set_precondition(const TkeUnit *unit, GError **error, const char *format, ...)
{
    const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_NONE, .unit = unit->name };
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    tke_unit_error_set(error, TKE_UNIT_ERROR_PRECONDITION, &details, "%s: %s", unit->name, text);
    return NULL;
}

/* Whether a command of this kind may go to the unit as far as is known here. */
static bool
check_unit(const TkeUnit *unit, const TkeAdminCommandInfo *info, GError **error)
{
    if (unit->trust == TKE_UNIT_REFUSED) {
        g_propagate_error(error, g_error_copy(unit->refusal));
        return false;
    }
    if (unit->trust != TKE_UNIT_VERIFIED || !unit->has_identity || !unit->has_attributes ||
        unit->admins == NULL) {
        tke_unit_command_set_precondition(unit, error, _("its state was not read yet"));
        return false;
    }
    if (tke_unit_is_in_imprint_mode(unit) && !info->allowed_in_imprint) {
        tke_unit_command_set_precondition(unit, error, _("\"%s\" is not allowed in imprint mode"),
                                          _(info->text));
        return false;
    }
    return true;
}

/* Identity of the next command: one further than the last answer and what waits already. */
static void
take_next_identity(TkeUnit *unit, TkeUnitIdentity *identity)
{
    *identity = unit->identity;
    if (unit->n_waiting > 0 &&
        memcmp(unit->given, identity->counter, sizeof identity->counter) > 0) {
        memcpy(identity->counter, unit->given, sizeof identity->counter);
    }
    tke_admin_block_increment_counter(identity->counter, sizeof identity->counter);
    memcpy(unit->given, identity->counter, sizeof identity->counter);
}

static void
add_message(TkeUnitCommand *command, const uint8_t *payload, size_t len)
{
    TkeUnitMessage *message = g_new0(TkeUnitMessage, 1);

    message->block = tke_admin_block_new_command(command->code, &command->identity, payload, len);
    message->signatures = g_byte_array_new();
    message->skis = g_byte_array_new();
    g_ptr_array_add(command->messages, message);
}

/* A command without messages, counted as waiting. */
static TkeUnitCommand *
new_empty(TkeUnit *unit, TkeAdminCommand code, unsigned new_threshold, GError **error)
{
    TkeUnitCommand *command = NULL;
    TkeSignatureState state = { .new_signature_threshold = new_threshold };

    if (!check_unit(unit, tke_admin_command_lookup(code), error)) {
        return NULL;
    }
    state.signature_threshold = unit->attributes.value[TKE_ATTRIBUTE_SIGN_THR];
    state.revocation_threshold = unit->attributes.value[TKE_ATTRIBUTE_REVOKE_THR];
    state.permissions = unit->attributes.value[TKE_ATTRIBUTE_PERMS];
    command = g_new0(TkeUnitCommand, 1);
    command->unit = tke_unit_ref(unit);
    command->code = code;
    command->messages = g_ptr_array_new_with_free_func((GDestroyNotify) message_free);
    command->needed = tke_admin_command_count_signatures(code, &state);
    take_next_identity(unit, &command->identity);
    command->waiting = true;
    unit->n_waiting++;
    return command;
}

TkeUnitCommand *
tke_unit_command_new(TkeUnit *unit, TkeAdminCommand code, const uint8_t *payload, size_t len,
                     unsigned new_threshold, GError **error)
{
    TkeUnitCommand *command = new_empty(unit, code, new_threshold, error);

    if (command != NULL) {
        command->payload = g_byte_array_new();
        g_byte_array_append(command->payload, payload, (guint) len);
        add_message(command, payload, len);
    }
    return command;
}

TkeUnitCommand *
tke_unit_command_new_import(TkeUnit *unit, GPtrArray *parts, GError **error)
{
    TkeUnitCommand *command = NULL;

    if (parts->len < 1 || parts->len > TKE_ADMIN_MAX_PARTS) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("a master key is loaded from 1 to %u key parts"), TKE_ADMIN_MAX_PARTS);
        return NULL;
    }
    command = new_empty(unit, TKE_ADMIN_IMPORT_WK, 0, error);
    for (guint i = 0; command != NULL && i < parts->len; i++) {
        const GByteArray *part = g_ptr_array_index(parts, i);

        add_message(command, part->data, part->len);
    }
    return command;
}

void
tke_unit_command_stop_waiting(TkeUnitCommand *command)
{
    if (command->waiting) {
        command->waiting = false;
        command->unit->n_waiting--;
    }
}

void
tke_unit_command_free(TkeUnitCommand *command)
{
    if (command == NULL) {
        return;
    }
    tke_unit_command_stop_waiting(command);
    tke_unit_unref(command->unit);
    g_ptr_array_unref(command->messages);
    g_clear_pointer(&command->payload, g_byte_array_unref);
    g_clear_pointer(&command->output, g_byte_array_unref);
    g_clear_error(&command->error);
    g_clear_error(&command->said);
    g_free(command);
}

GByteArray *
tke_unit_command_dup_request(const TkeUnitCommand *command)
{
    uint32_t domain = command->unit->entry.domain_index;
    g_autoptr(GByteArray) parts = g_byte_array_new();
    g_autoptr(GByteArray) outer = NULL;

    for (guint i = 0; i < command->messages->len; i++) {
        const TkeUnitMessage *message = g_ptr_array_index(command->messages, i);
        g_autoptr(GByteArray) request =
            tke_admin_request_new(domain, message->block->data, message->block->len,
                                  message->signatures->data, message->signatures->len);

        if (command->code != TKE_ADMIN_IMPORT_WK) {
            return g_steal_pointer(&request);
        }
        g_byte_array_append(parts, request->data, request->len);
    }
    outer = tke_admin_block_new_command(command->code, &command->identity, parts->data, parts->len);
    return tke_admin_request_new(domain, outer->data, outer->len, NULL, 0);
}

TkeUnit *
tke_unit_command_get_unit(const TkeUnitCommand *command)
{
    return command->unit;
}

TkeAdminCommand
tke_unit_command_get_code(const TkeUnitCommand *command)
{
    return command->code;
}

unsigned
tke_unit_command_get_n_messages(const TkeUnitCommand *command)
{
    return command->messages->len;
}

const uint8_t *
tke_unit_command_get_message(const TkeUnitCommand *command, unsigned index, size_t *len)
{
    const TkeUnitMessage *message = NULL;

    g_return_val_if_fail(index < command->messages->len, NULL);

    message = g_ptr_array_index(command->messages, index);
    *len = message->block->len;
    return message->block->data;
}

unsigned
tke_unit_command_get_needed(const TkeUnitCommand *command)
{
    return command->needed;
}

unsigned
tke_unit_command_get_signed(const TkeUnitCommand *command)
{
    unsigned fewest = G_MAXUINT;

    for (guint i = 0; i < command->messages->len; i++) {
        const TkeUnitMessage *message = g_ptr_array_index(command->messages, i);

        fewest = MIN(fewest, message->skis->len / TKE_SKI_LEN);
    }
    return fewest;
}

static bool
has_signed(const TkeUnitMessage *message, const uint8_t ski[static TKE_SKI_LEN])
{
    for (guint at = 0; at + TKE_SKI_LEN <= message->skis->len; at += TKE_SKI_LEN) {
        if (memcmp(message->skis->data + at, ski, TKE_SKI_LEN) == 0) {
            return true;
        }
    }
    return false;
}

bool
tke_unit_command_is_signed_by(const TkeUnitCommand *command, const uint8_t ski[static TKE_SKI_LEN])
{
    for (guint i = 0; i < command->messages->len; i++) {
        if (has_signed(g_ptr_array_index(command->messages, i), ski)) {
            return true;
        }
    }
    return false;
}

static bool
check_signer(const TkeUnitCommand *command, const TkeUnitMessage *message, const TkeSigner *signer,
             GError **error)
{
    const char *name = signer->name != NULL ? signer->name : _("unnamed");

    if (tke_unit_find_admin(command->unit, signer->ski) == NULL) {
        tke_unit_command_set_precondition(command->unit, error,
                                          _("\"%s\" is no administrator there"), name);
        return false;
    }
    if (has_signed(message, signer->ski)) {
        tke_unit_command_set_precondition(command->unit, error, _("\"%s\" has signed already"),
                                          name);
        return false;
    }
    if (message->skis->len / TKE_SKI_LEN >= command->needed) {
        tke_unit_command_set_precondition(command->unit, error,
                                          _("no further signature is needed"));
        return false;
    }
    return true;
}

/* Lets the signer sign one message; the signature must be the administrator's. */
static GByteArray *
sign_message(const TkeUnitCommand *command, const TkeUnitMessage *message, TkeSigner *signer,
             GCancellable *cancellable, GError **error)
{
    const TkeUnitAdmin *admin = tke_unit_find_admin(command->unit, signer->ski);
    g_autoptr(GByteArray) der = g_byte_array_new();
    TkeByteCursor cursor = { 0 };
    TkeSignerInfo info = { 0 };

    if (!tke_signer_info_sign(der, signer, message->block->data, message->block->len, cancellable,
                              error)) {
        return NULL;
    }
    cursor = tke_byte_cursor(der->data, der->len);
    if (admin->key != NULL && (!tke_signer_info_read(&cursor, &info, error) ||
                               !tke_signer_info_verify(&info, admin->key, message->block->data,
                                                       message->block->len, error))) {
        g_prefix_error(error, _("%s: signature of \"%s\": "), command->unit->name,
                       signer->name != NULL ? signer->name : _("unnamed"));
        return NULL;
    }
    return g_steal_pointer(&der);
}

/* Messages first to last - 1: all or none get the signature. */
static bool
sign_range(TkeUnitCommand *command, guint first, guint last, TkeSigner *signer,
           GCancellable *cancellable, GError **error)
{
    g_autoptr(GPtrArray) made = g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);

    if (command->outcome != TKE_UNIT_OUTCOME_NOT_SENT) {
        tke_unit_command_set_precondition(command->unit, error, _("the command was sent already"));
        return false;
    }
    for (guint i = first; i < last; i++) {
        const TkeUnitMessage *message = g_ptr_array_index(command->messages, i);
        GByteArray *signature = NULL;

        if (!check_signer(command, message, signer, error)) {
            return false;
        }
        signature = sign_message(command, message, signer, cancellable, error);
        if (signature == NULL) {
            return false;
        }
        g_ptr_array_add(made, signature);
    }
    for (guint i = first; i < last; i++) {
        TkeUnitMessage *message = g_ptr_array_index(command->messages, i);
        const GByteArray *signature = g_ptr_array_index(made, i - first);

        g_byte_array_append(message->signatures, signature->data, signature->len);
        g_byte_array_append(message->skis, signer->ski, TKE_SKI_LEN);
    }
    return true;
}

bool
tke_unit_command_add_signer(TkeUnitCommand *command, TkeSigner *signer, GCancellable *cancellable,
                            GError **error)
{
    return sign_range(command, 0, command->messages->len, signer, cancellable, error);
}

bool
tke_unit_command_add_message_signer(TkeUnitCommand *command, unsigned index, TkeSigner *signer,
                                    GCancellable *cancellable, GError **error)
{
    g_return_val_if_fail(index < command->messages->len, false);

    return sign_range(command, index, index + 1, signer, cancellable, error);
}

TkeUnitOutcome
tke_unit_command_get_outcome(const TkeUnitCommand *command)
{
    return command->outcome;
}

const GError *
tke_unit_command_get_error(const TkeUnitCommand *command)
{
    return command->error;
}

bool
tke_unit_command_is_done(const TkeUnitCommand *command)
{
    return command->outcome == TKE_UNIT_OUTCOME_DONE ||
           command->outcome == TKE_UNIT_OUTCOME_FOUND_DONE;
}

bool
tke_unit_command_is_stale(const TkeUnitCommand *command)
{
    return command->stale && (command->outcome == TKE_UNIT_OUTCOME_REFUSED ||
                              command->outcome == TKE_UNIT_OUTCOME_NOT_SENT);
}

const uint8_t *
tke_unit_command_get_output(const TkeUnitCommand *command, size_t *len)
{
    if (command->output == NULL) {
        *len = 0;
        return NULL;
    }
    *len = command->output->len;
    return command->output->data;
}
