/*
 * Enroll and personalise EP11 cards (functions 2.6 and 2.7).
 */
#include "libceremony/op-card-enroll.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libceremony/op-card-load.h"
#include "libceremony/op-card.h"
#include "libceremony/record.h"
#include "libsmartcard/card-evidence.h"
#include "libsmartcard/ep11-card.h"

static const char *const enroll_steps[] = { N_("CA card and its PINs"), N_("Card to be enrolled"),
                                            N_("The card joins the zone"),
                                            N_("The card proves its key"), NULL };
static const char *const personalize_steps[] = { N_("New PIN"), N_("Description"), NULL };

/* Where an enrolment was interrupted at its end only the proof is missing. */
static bool
join(TkeOperation *op, TkeCard *ca, const TkeZoneCertificate *zone, TkeCard *card,
     const TkeCardStatus **status, GError **error)
{
    TkeZoneCertificate certificate;

    if ((*status)->life_cycle == TKE_CARD_MEMBER) {
        tke_operation_note(op,
                           _("The card in reader 2 was enrolled in this zone already; its proof is "
                             "checked."));
        return true;
    }
    return tke_ep11_card_enrol(card, *status, ca, zone, &certificate, error) &&
           tke_card_session_query_status(op, 2, status, error);
}

/* What is wanted in reader 2; zone_id NULL: it is not known yet. */
static TkeCardNeed
need_new(const TkeOperation *op, const uint8_t *zone_id)
{
    return (TkeCardNeed){ .reader = 2,
                          .wanted = TKE_WANTED_NEW_EP11,
                          .purpose = "enroll",
                          .zone_id = zone_id,
                          .unfinished_too = true,
                          .loadable = true,
                          .overwrite = tke_operation_may_overwrite(op) };
}

/* A card begun in this zone goes on; one begun in another does not fit. */
static bool
enroll(TkeOperation *op, const TkeCardStatus **status, TkeCardStatus *signer, GError **error)
{
    TkeCardNeed need = { .reader = 1, .wanted = TKE_WANTED_CA, .purpose = "zone" };
    TkeZoneCertificate zone;
    const TkeCardStatus *ca_status = NULL;
    uint8_t ca_id[TKE_CARD_ID_LEN];
    TkeCard *ca;
    TkeCard *card;
    bool loaded = false;

    tke_operation_set_steps(op, enroll_steps);
    tke_operation_reach(op, 0);
    ca = tke_card_session_need(op, &need, &ca_status, error);
    if (ca == NULL) {
        need = need_new(op, NULL);
        tke_card_session_look_also(op, &need);
        return false;
    }
    if (!tke_card_session_need_ca_pins(op, 1, false, error) ||
        !tke_card_query_zone_certificate(ca, &zone, error)) {
        return false;
    }
    memcpy(ca_id, ca_status->card_id, sizeof ca_id);
    *signer = *ca_status;
    tke_operation_reach(op, 1);
    need = need_new(op, zone.zone_id);
    card = tke_op_card_load_need(op, &need, status, &loaded, error);
    if (card == NULL) {
        return false;
    }
    if (!tke_operation_check(op, error)) {
        if (loaded) {
            g_prefix_error(error, _("the card has its applet now and holds nothing; start again "
                                    "with it: "));
        }
        return false;
    }
    ca = tke_card_session_still(op, 1, ca_id, NULL, error);
    if (ca == NULL) {
        return false;
    }
    tke_operation_reach(op, 2);
    if (!join(op, ca, &zone, card, status, error)) {
        return false;
    }
    tke_operation_reach(op, 3);
    return tke_card_evidence_check_genuine(card, *status, NULL, &zone, NULL, error);
}

bool
tke_op_card_enroll(TkeOperation *op, TkeCardStatus *card, GError **error)
{
    const TkeCardStatus *status = NULL;
    TkeCardStatus signer = { .kind = TKE_CARD_KIND_EMPTY };
    JsonObject *values;

    if (!tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Would enroll the card in reader 2 in the zone of the CA card in "
                                 "reader 1."));
        return enroll(op, &status, &signer, error) || tke_op_card_end_dry_run(op, error);
    }
    values = json_object_new();
    if (!enroll(op, &status, &signer, error)) {
        if (signer.kind == TKE_CARD_KIND_CA) {
            tke_record_card(values, "ca", &signer);
        }
        return tke_op_card_fail_known(
            op, "opentke-card.enroll", 2,
            _("start again with the same card and zone: it goes on where it stopped"), values,
            false, error);
    }
    tke_record_card(values, "card", status);
    if (card != NULL) {
        *card = *status;
    }
    tke_record_card_after(op, values, "ca", 1, &signer);
    return tke_record_done(op, "opentke-card.enroll", values, error);
}

/* The PIN, set or, where only the description is missing, entered. */
static bool
personalize_pin(TkeOperation *op, const TkeCardStatus *status, GError **error)
{
    if (status->life_cycle != TKE_CARD_PERSONALISED) {
        return tke_card_session_set_pin(op, 2, TKE_PIN_FIRST, error);
    }
    tke_operation_note(op, _("The PIN of this card is set: only its description is missing."));
    return tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error);
}

/* Whose card it is: as was said beforehand, or asked for now. */
static bool
describe(TkeOperation *op, const TkeCardPersonalizeParams *params, TkeCard *card, GError **error)
{
    if (params->ask != NULL &&
        !tke_op_card_ask_texts(op, _("Whose card is it?"),
                               _("The card has its PIN. The description tells people whose card it "
                                 "is; it has no other meaning."),
                               NULL, _("EP11 card description"), params->ask, error)) {
        return false;
    }
    return tke_card_set_description(
        card, params->ask != NULL ? params->ask->card : params->description, error);
}

static bool
personalize(TkeOperation *op, const TkeCardPersonalizeParams *params, bool *pin_set,
            const TkeCardStatus **status, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardNeed need = { .reader = 2,
                               .wanted = TKE_WANTED_ENROLLED,
                               .purpose = "personalize",
                               .begun_id = tke_card_session_get_begun(session, "personalize") };
    const char *wanted = params->ask != NULL ? params->ask->card : params->description;
    TkeCard *card;

    tke_operation_set_steps(op, personalize_steps);
    tke_operation_reach(op, 0);
    card = tke_card_session_need(op, &need, status, error);
    if (card == NULL) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        return personalize_pin(op, *status, error) && tke_operation_may_change(op, error);
    }
    if ((*status)->life_cycle == TKE_CARD_PERSONALISED && (*status)->description[0] != '\0' &&
        strcmp((*status)->description, wanted) != 0) {
        /* it was described meanwhile: nothing is missing, the next card is meant */
        tke_card_session_end(session);
        return personalize(op, params, pin_set, status, error);
    }
    tke_card_session_begin(session, "personalize", *status);
    if (!personalize_pin(op, *status, error)) {
        return false;
    }
    *pin_set = true;
    tke_operation_reach(op, 1);
    if (!describe(op, params, card, error)) {
        g_prefix_error(error, _("the PIN is set, the description is not: "));
        return false;
    }
    return tke_card_session_query_status(op, 2, status, error);
}

/* A card that has its PIN is personalised, and that is recorded, though somebody stopped at its
 * description. */
static bool
fail_personalize(TkeOperation *op, const TkeCardStatus *status, bool pin_set, GError **error)
{
    JsonObject *done = NULL;

    if (pin_set && error != NULL && g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        done = json_object_new();
        tke_record_card(done, "card", status);
    }
    return tke_op_card_fail_partly(
        op, "opentke-card.personalize", 2,
        pin_set ? _("only the description is missing (tke card set-description)")
                : _("start again with the same card: the program reads from it whether its PIN "
                    "is set; if it is, only the description is missing (tke card "
                    "set-description)"),
        done, error);
}

bool
tke_op_card_personalize(TkeOperation *op, const TkeCardPersonalizeParams *params,
                        TkeCardStatus *card, GError **error)
{
    const TkeCardStatus *status = NULL;
    JsonObject *values;
    bool pin_set = false;

    if ((params->ask == NULL && !tke_op_card_check_description(params->description, error)) ||
        !tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op,
                           _("Would set PIN and description of the enrolled card in reader 2."));
        return personalize(op, params, &pin_set, &status, error) ||
               tke_op_card_end_dry_run(op, error);
    }
    if (!personalize(op, params, &pin_set, &status, error)) {
        return fail_personalize(op, status, pin_set, error);
    }
    tke_card_session_end(tke_operation_get_card_session(op));
    values = json_object_new();
    tke_record_card(values, "card", status);
    if (card != NULL) {
        *card = *status;
    }
    return tke_record_done(op, "opentke-card.personalize", values, error);
}
