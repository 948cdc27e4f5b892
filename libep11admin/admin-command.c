/*
 * Table of administrative commands (crypto-unit-protocol.md, 3.1) and the signatures each needs
 * (2.12).
 */
#include "libep11admin/admin-command.h"

#include <glib/gi18n-lib.h>

#include "libep11admin/attribute.h"

#define QUERY_BIT 0x00010000u

static const TkeAdminCommandInfo commands[] = {
#define ADMIN_COMMAND(code, name, text, signatures, imprint, changes_state, source)                \
    { (code), #name, (text), TKE_SIGNATURES_##signatures, (imprint), (changes_state), (source) },
#include "libep11admin/admin-command.inc"
};

const TkeAdminCommandInfo *
tke_admin_command_lookup(uint32_t code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].code == code) {
            return &commands[i];
        }
    }
    return NULL;
}

const TkeAdminCommandInfo *
tke_admin_command_get_all(size_t *n)
{
    *n = G_N_ELEMENTS(commands);
    return commands;
}

char *
tke_admin_command_dup_text(uint32_t code)
{
    const TkeAdminCommandInfo *info = tke_admin_command_lookup(code);

    if (info == NULL) {
        return g_strdup_printf(_("command 0x%08x"), code);
    }
    return g_strdup(_(info->text));
}

static unsigned
count_outside_imprint(TkeSignatureRule rule, const TkeSignatureState *state)
{
    switch (rule) {
    case TKE_SIGNATURES_NONE:
        return 0;
    case TKE_SIGNATURES_ONE:
    case TKE_SIGNATURES_PARTS:
        return 1;
    case TKE_SIGNATURES_REVOCATION:
        return state->revocation_threshold;
    case TKE_SIGNATURES_CP:
        return (state->permissions & TKE_PERMISSION_CP_1SIGN) != 0 ? 1 : state->signature_threshold;
    case TKE_SIGNATURES_ZEROIZE:
        return (state->permissions & TKE_PERMISSION_ZERO_1SIGN) != 0 ? 1
                                                                     : state->signature_threshold;
    case TKE_SIGNATURES_THRESHOLD:
    default:
        return state->signature_threshold;
    }
}

unsigned
tke_admin_command_count_signatures(TkeAdminCommand command, const TkeSignatureState *state)
{
    const TkeAdminCommandInfo *info = tke_admin_command_lookup((uint32_t) command);

    g_return_val_if_fail(info != NULL, 0);

    if (state->signature_threshold == 0) {
        return command == TKE_ADMIN_SET_ATTRIBUTES ? state->new_signature_threshold : 0;
    }
    return count_outside_imprint(info->rule, state);
}

bool
tke_admin_command_is_query(uint32_t code)
{
    return (code & QUERY_BIT) != 0;
}
