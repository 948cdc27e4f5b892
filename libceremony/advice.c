/*
 * What to do next (functions 2.2, 3.2; F-056).
 */
#include "libceremony/advice.h"

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "libep11admin/reason-code.h"
#include "libep11admin/unit-error.h"
#include "libsmartcard/card-error.h"

static const char *
card_way_advice(int code)
{
    switch (code) {
    case TKE_CARD_ERROR_NO_SERVICE:
        return _("Start the smart card service (in a rehearsal: tke-sim start), then try again.");
    case TKE_CARD_ERROR_NO_ACCESS:
        return _("Let an administrator give this user access to the smart card service "
                 "(docs/hardware.md).");
    case TKE_CARD_ERROR_NO_READER:
        return _("Two readers with keypads are needed: check the plugs, then “tke readers”.");
    case TKE_CARD_ERROR_NO_CARD:
        return _("Insert the card. Perhaps it is in the other reader: “tke readers” shows which is "
                 "which.");
    case TKE_CARD_ERROR_IN_USE:
        return _("It may be OpenSC, a browser or another window of this program: close it and try "
                 "again; nothing needs to be uninstalled.");
    case TKE_CARD_ERROR_UNRESPONSIVE:
    case TKE_CARD_ERROR_PROTOCOL:
        return _("Reinsert the card, chip first; if it still does not answer, try another card.");
    case TKE_CARD_ERROR_REMOVED:
    case TKE_CARD_ERROR_RESET:
    case TKE_CARD_ERROR_COMMUNICATION:
        return _("Insert the card again and look with “tke card info” what it holds now, then "
                 "repeat the "
                 "step.");
    case TKE_CARD_ERROR_SILENT:
        return _("Take the card out, or unplug the reader, to end the wait; then look with “tke "
                 "card info” "
                 "what the card holds.");
    case TKE_CARD_ERROR_NO_PIN_PAD:
        return _(
            "PINs are only typed on a reader's own keypad: use a reader with keypad and secure PIN "
            "entry (docs/hardware.md names some), with the driver libccid. Cards can be looked at "
            "in this one.");
    case TKE_CARD_ERROR_CONTACTLESS:
        return _("Put the card into a reader with a slot; one that reads without contacts cannot "
                 "be used.");
    default:
        return NULL;
    }
}

static const char *
card_kind_advice(int code)
{
    switch (code) {
    case TKE_CARD_ERROR_WRONG_KIND:
        return _("Take this card out and insert the one that is asked for.");
    case TKE_CARD_ERROR_VERSION:
        return _(
            "The card's applet is of another generation than this program: use the program it was "
            "made with. The card is not touched. Initialising it anew (tke zone create, tke card "
            "enroll) updates it and erases what it holds.");
    case TKE_CARD_ERROR_NOT_ENROLLED:
        return _("Enroll the card first: tke card enroll.");
    case TKE_CARD_ERROR_NOT_PERSONALISED:
        return _("Give the card its PIN first: tke card personalize.");
    case TKE_CARD_ERROR_WRONG_ZONE:
        return _("Only cards of one zone work together: take a card of the same zone.");
    case TKE_CARD_ERROR_SAME_CARD:
        return _("Insert another card.");
    case TKE_CARD_ERROR_NOT_GENUINE:
        return _("Do not use this card. Keep it apart, and tell the zone officers.");
    case TKE_CARD_ERROR_FULL:
        return _("Delete a key part, or use another card.");
    case TKE_CARD_ERROR_EXISTS:
        return _("Take another card, or delete what is there first.");
    case TKE_CARD_ERROR_LOG_GAP:
        return _(
            "The card was used more often than its log holds since the head was noted: keep the "
            "message and ask who has had the card.");
    case TKE_CARD_ERROR_NOT_FOUND:
        return _("Look with “tke card info” what the card holds.");
    case TKE_CARD_ERROR_CARD_KEYS:
        return _("Do not try again: cards lock after a few wrong tries. Ask the seller for the "
                 "card's issuer keys, write them into a file and name it in the settings "
                 "(card_keys), or take another card.");
    case TKE_CARD_ERROR_UNSUITABLE:
        return _("Take a card of a type that is known to work (docs/hardware.md); “tke card "
                 "acceptance-test” tells whether a card fits.");
    case TKE_CARD_ERROR_PIN_NEEDED:
        return _("The card has forgotten its PIN, or another program has used it: start the step "
                 "again.");
    case TKE_CARD_ERROR_STATE:
    case TKE_CARD_ERROR_REFUSED:
    case TKE_CARD_ERROR_STATUS:
        return _(
            "Look with “tke card info” what the card holds, and start the step again. If it is "
            "refused again, take another card.");
    default:
        return NULL;
    }
}

static const char *
pin_advice(int code, const TkeCardErrorInfo *info)
{
    switch (code) {
    case TKE_CARD_ERROR_PIN_BLOCKED:
        return info->ca_card
                   ? _("This CA card is lost. Use the backup CA card, and make a new backup from "
                       "it at once.")
                   : _("A CA card of the zone gives the tries back: tke card unblock.");
    case TKE_CARD_ERROR_PIN_WRONG:
        return _("Make sure of the card and of its PIN before the next try, then start the step "
                 "again.");
    case TKE_CARD_ERROR_PIN_DIFFER:
        return _("Nothing changed. Start the step again and type the same new PIN twice.");
    case TKE_CARD_ERROR_PIN_LENGTH:
        return _("Nothing changed. Start the step again: a PIN has exactly six digits.");
    case TKE_CARD_ERROR_PIN_EQUAL:
        return _("Nothing changed. Start the step again with six digits that differ from the other "
                 "PIN of this CA card.");
    case TKE_CARD_ERROR_PIN_TIMEOUT:
        return _("Nothing changed, and no try was used up. Start the step again.");
    case TKE_CARD_ERROR_PIN_CANCELLED:
        return _("The step was not done, and no try was used up.");
    case TKE_CARD_ERROR_PIN_FEW_TRIES:
        return _(
            "Enter the other PIN once (tke card info --reader 1 --check), then change this one.");
    default:
        return NULL;
    }
}

static const char *
service_advice(int code)
{
    switch (code) {
    case TKE_UNIT_ERROR_UNAUTHORIZED:
        return _("The token is missing, expired or lacks rights: start the command again with a "
                 "new one; in “tke shell” the next command on crypto units asks for it (in a "
                 "rehearsal it gets one by itself), and so does “token”.");
    case TKE_UNIT_ERROR_FORBIDDEN:
        return _("A right is missing: looking and selecting need the role Manager, changes Manager "
                 "or Crypto "
                 "unit administrator.");
    case TKE_UNIT_ERROR_NOT_FOUND:
        return _("Check instance, account, region and resource group.");
    case TKE_UNIT_ERROR_BAD_REQUEST:
        return _("The service does not support this, or not in the present state.");
    case TKE_UNIT_ERROR_SERVICE:
        return _(
            "The service is not available now: try later, and keep the details for its support.");
    case TKE_UNIT_ERROR_HOST_UNKNOWN:
        return _(
            "The service may not exist in that region, or only a private endpoint is reachable "
            "(TKE_PRIVATE_ADDR).");
    case TKE_UNIT_ERROR_CONNECTION:
        return _("Check network and proxy, then try again; nothing was changed by this request.");
    case TKE_UNIT_ERROR_TIMEOUT:
        return _("Check network and proxy, then try again; nothing was changed by this request. If "
                 "the service is only slow, give it more time: “requestSeconds” in the settings.");
    case TKE_UNIT_ERROR_TLS:
        return _("Check the address and the clock of this machine. Do not go on if the certificate "
                 "is not "
                 "the service's own.");
    case TKE_UNIT_ERROR_OUTCOME_UNKNOWN:
        return _("It may have been done or not: look with “tke cryptounit-compare” before "
                 "repeating it.");
    case TKE_UNIT_ERROR_MALFORMED:
    case TKE_UNIT_ERROR_ENDPOINT:
        return _("Try again; if it happens again, keep the message for the provider's support. "
                 "Look with "
                 "“tke cryptounit-compare” what the crypto unit holds before repeating a change.");
    case TKE_UNIT_ERROR_PRECONDITION:
        return _("Look with “tke cryptounit-compare” in which state the crypto units are.");
    case TKE_UNIT_ERROR_SIGNATURE:
    case TKE_UNIT_ERROR_IDENTITY:
    case TKE_UNIT_ERROR_NOT_GENUINE:
        return _("Possible tampering: no command is sent to this crypto unit. Keep the message and "
                 "tell the "
                 "provider's support.");
    default:
        return NULL;
    }
}

static const char *
unit_advice(const GError *error)
{
    const TkeUnitErrorDetails *details = tke_unit_error_get_details(error);
    TkeReasonText text = { 0 };

    if (error->code == TKE_UNIT_ERROR_REFUSED && details != NULL && details->has_return_code &&
        tke_reason_code_lookup(
            details->return_code,
            details->has_reason_code ? (int64_t) details->reason_code : TKE_REASON_NONE, &text)) {
        if (text.advice != NULL) {
            return text.advice;
        }
    }
    return error->code == TKE_UNIT_ERROR_REFUSED
               ? _("The crypto unit has refused it; nothing was changed there. Look with “tke "
                   "cryptounit-compare” in which state it is.")
               : service_advice(error->code);
}

char *
tke_advice_details_for_error(const GError *error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    TkeCardErrorInfo info;

    if (!tke_card_error_get_info(error, &info)) {
        return NULL;
    }
    if (info.sw != 0) {
        g_string_append_printf(text, _("status word %04X"), info.sw);
    }
    if (info.details != NULL) {
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", info.details);
    }
    if (text->len > 0 && info.reader_name != NULL) {
        g_string_append_printf(text, _(", reader “%s”"), info.reader_name);
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

char *
tke_advice_for_error(const GError *error)
{
    const char *advice = NULL;
    TkeCardErrorInfo info = { 0 };

    if (error == NULL) {
        return NULL;
    }
    if (error->domain == TKE_CARD_ERROR) {
        (void) tke_card_error_get_info(error, &info);
        advice = info.remedy;
        advice = advice != NULL ? advice : card_way_advice(error->code);
        advice = advice != NULL ? advice : card_kind_advice(error->code);
        advice = advice != NULL ? advice : pin_advice(error->code, &info);
    } else if (error->domain == TKE_UNIT_ERROR) {
        advice = unit_advice(error);
    } else if (g_error_matches(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY)) {
        advice = _("Raise the limit for locked memory (ulimit -l) and start again.");
    } else if (g_error_matches(error, TKE_ERROR, TKE_ERROR_NOT_RECORDED)) {
        advice = _("Write down by hand what was done, when and with which card or crypto unit: the "
                   "activity log will only tell that its entry is missing. Free some space on the "
                   "disk of the log before "
                   "the next step.");
    } else if (g_error_matches(error, TKE_ERROR, TKE_ERROR_LOCKED)) {
        advice = _("Wait until the other program has ended, or end it.");
    }
    return g_strdup(advice);
}
