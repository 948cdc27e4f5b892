/*
 * Signature keys and key parts are made on cards (functions 3.3).
 */
#include "libceremony/op-key-part.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/card-session.h"
#include "libceremony/key-copies.h"
#include "libceremony/key-losses.h"
#include "libceremony/op-card-entries.h"
#include "libceremony/op-card.h"
#include "libceremony/record.h"
#include "libsmartcard/card-error.h"

#define GENERATE "opentke-card.signature-key.generate"

static bool
confirm_replace(TkeOperation *op, const TkeCardStatus *status, GError **error)
{
    g_autofree char *ski = tke_hex_grouped(status->ski, sizeof status->ski, 4, ' ');
    const char *lines[] = { status->admin_name, ski, NULL };
    const TkePlan plan = {
        .action = "replace-signature-key",
        .title = _("The signature key on the card in reader 2 will be replaced:"),
        .lines = lines,
        .consequence = _("Every crypto unit where it is an administrator loses this signer."),
        .confirm_text = tke_op_key_word(status),
        .default_no = true,
    };

    return tke_operation_confirm(op, &plan, error);
}

/* As was said beforehand, or asked for now. */
static bool
take_name(TkeOperation *op, const TkeGenerateKeyParams *params,
          char name[static TKE_CARD_TEXT_MAX + 1], GError **error)
{
    const TkeTextField field = { .kind = TKE_TEXT_NAME,
                                 .word = "name",
                                 .label = _("Name of the administrator"),
                                 .proposal = "" };

    if (!params->ask_name) {
        g_strlcpy(name, params->name, TKE_CARD_TEXT_MAX + 1);
        return true;
    }
    return tke_op_card_ask_text(
        op, _("What is the administrator called?"),
        _("Crypto units keep the name with the key; it cannot be changed later and may turn up in "
          "audit logs."),
        &field, name, error);
}

/* The log knows before the card does, whatever becomes of this program (F-170). values: of the step,
 * which says the same at its end. */
static bool
begin_replacing(TkeOperation *op, const TkeCardStatus *status, JsonObject *values, GError **error)
{
    const TkeKeyLosses losses = { .ski = status->ski };
    JsonObject *begun = json_object_new();

    tke_key_copies_record_replaced(begun, status->ski);
    tke_record_card(begun, "card", status);
    if (!tke_key_losses_begin(op, GENERATE, begun, status->card_id, &losses, error)) {
        return false;
    }
    tke_key_copies_record_replaced(values, status->ski);
    tke_record_card(values, "card", status);
    return true;
}

static bool
generate_key(TkeOperation *op, const TkeGenerateKeyParams *params, TkeSignatureKey *key,
             const TkeCardStatus **status, JsonObject *values, GError **error)
{
    const TkeCardNeed need = { .reader = 2, .wanted = TKE_WANTED_EP11, .purpose = "signature-key" };
    TkeCard *card = tke_card_session_need(op, &need, status, error);
    char name[TKE_CARD_TEXT_MAX + 1] = "";
    uint8_t old[32];
    bool has_key;
    bool made;

    if (card == NULL) {
        return false;
    }
    has_key = (*status)->has_signature_key;
    memcpy(old, (*status)->ski, sizeof old);
    if (has_key && !params->replace) {
        g_autofree char *ski = tke_hex_encode(old, 8);

        g_set_error(
            error, TKE_CARD_ERROR, TKE_CARD_ERROR_EXISTS,
            _("reader 2: the card has a signature key already: %s (%s…); take another card, or "
              "replace it with --replace"),
            (*status)->admin_name, ski);
        return false;
    }
    if ((has_key && !confirm_replace(op, *status, error)) ||
        (!tke_operation_is_dry_run(op) && !take_name(op, params, name, error)) ||
        !tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error) ||
        !tke_operation_may_change(op, error)) {
        return false;
    }
    tke_operation_step(op, 0, 1, _("The card makes the signature key"));
    if (!tke_operation_check(op, error)) {
        return false;
    }
    if (has_key && !begin_replacing(op, *status, values, error)) {
        return false;
    }
    made = has_key ? tke_ep11_card_replace_signature_key(card, old, name, key, error)
                   : tke_ep11_card_generate_signature_key(card, name, key, error);
    if (has_key && !made && !tke_op_card_may_be_done(error)) {
        json_object_remove_member(values, "replaced"); /* it has its key still */
    }
    return made && tke_card_session_query_status(op, 2, status, error);
}

bool
tke_op_generate_signature_key(TkeOperation *op, const TkeGenerateKeyParams *params,
                              TkeSignatureKey *key, TkeCardStatus *card, GError **error)
{
    const TkeCardStatus *status = NULL;
    g_autoptr(JsonObject) values = json_object_new();
    TkeSignatureKey made;

    if ((!params->ask_name && !tke_op_card_check_name(params->name, error)) ||
        !tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        if (params->ask_name) {
            tke_operation_note(op, _("Would make a signature key on the card in reader 2."));
        } else {
            tke_operation_note(op, _("Would make a signature key for %s on the card in reader 2."),
                               params->name);
        }
        return generate_key(op, params, &made, &status, values, error) ||
               tke_op_card_end_dry_run(op, error);
    }
    if (!generate_key(op, params, &made, &status, values, error)) {
        const bool begun = json_object_has_member(values, "card"); /* it needs an end */

        return tke_op_card_fail_known(op, GENERATE, 2,
                                      _("“tke card info” shows whether the card has the key now"),
                                      g_steal_pointer(&values), begun, error);
    }
    tke_record_card(values, "card", status);
    if (key != NULL) {
        *key = made;
    }
    if (card != NULL) {
        *card = *status;
    }
    return tke_record_done(op, GENERATE, g_steal_pointer(&values), error);
}

/* As was said beforehand, or asked for now; then the card may be gone. */
static bool
take_description(TkeOperation *op, const TkeGeneratePartParams *params,
                 char description[static TKE_CARD_TEXT_MAX + 1], const TkeCardStatus **status,
                 GError **error)
{
    const TkeTextField field = { .word = "description",
                                 .label = _("Description of the key part"),
                                 .proposal = "" };

    if (!params->ask_description) {
        g_strlcpy(description, params->description, TKE_CARD_TEXT_MAX + 1);
        return true;
    }
    return tke_op_card_ask_text(
               op, _("What is the key part called?"),
               _("The description tells key parts apart; it has no other meaning."), &field,
               description, error) &&
           tke_card_session_query_status(op, 2, status, error);
}

static bool
generate_part(TkeOperation *op, const TkeGeneratePartParams *params, TkeKeyPart *part,
              const TkeCardStatus **status, GError **error)
{
    const TkeCardNeed need = { .reader = 2, .wanted = TKE_WANTED_EP11, .purpose = "key-part" };
    TkeCard *card = tke_card_session_need(op, &need, status, error);
    char description[TKE_CARD_TEXT_MAX + 1] = "";

    if (card == NULL) {
        return false;
    }
    if ((*status)->n_parts >= (*status)->n_places) {
        g_set_error(
            error, TKE_CARD_ERROR, TKE_CARD_ERROR_FULL,
            _("reader 2: all %u places of the card are used: delete a key part, or take another "
              "card"),
            (*status)->n_places);
        return false;
    }
    if (!tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error) ||
        !tke_operation_may_change(op, error) ||
        !take_description(op, params, description, status, error)) {
        return false;
    }
    tke_operation_step(op, 0, 1, _("The card draws the key part"));
    return tke_operation_check(op, error) &&
           tke_ep11_card_generate_part(card, description, part, error) &&
           tke_card_session_query_status(op, 2, status, error);
}

bool
tke_op_generate_key_part(TkeOperation *op, const TkeGeneratePartParams *params, TkeKeyPart *part,
                         TkeCardStatus *card, GError **error)
{
    const TkeCardStatus *status = NULL;
    g_autofree char *pattern = NULL;
    TkeKeyPart made;
    JsonObject *values;

    if ((!params->ask_description && !tke_op_card_check_description(params->description, error)) ||
        !tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Would make a key part on the card in reader 2."));
        return generate_part(op, params, &made, &status, error) ||
               tke_op_card_end_dry_run(op, error);
    }
    if (!generate_part(op, params, &made, &status, error)) {
        return tke_op_card_fail(op, "opentke-card.key-part.generate", 2,
                                _("“tke card info” shows whether the card has the key part now"),
                                error);
    }
    values = json_object_new();
    pattern = tke_hex_encode(made.vp, sizeof made.vp);
    tke_record_card(values, "card", status);
    json_object_set_int_member(values, "place", made.place);
    json_object_set_string_member(values, "description", made.description);
    json_object_set_string_member(values, "pattern", pattern);
    if (part != NULL) {
        *part = made;
    }
    if (card != NULL) {
        *card = *status;
    }
    return tke_record_done(op, "opentke-card.key-part.generate", values, error);
}
