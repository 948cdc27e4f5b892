/*
 * EP11 card: becoming a member of a zone, unblocking (card-protocol.md, 8.1 and 12).
 */
#include "libsmartcard/ep11-card.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"

bool
tke_ep11_card_accept_zone(TkeCard *card, const TkeZoneCertificate *zone, GError **error)
{
    uint8_t data[TKE_ZONE_CERTIFICATE_MAX];
    size_t len = 0;

    tke_zone_certificate_write(zone, data, &len);
    return tke_card_call(card, TKE_INS_PUT, 0x01, 0, data, len, _("giving the card its zone"), NULL,
                         error);
}

bool
tke_ep11_card_make_identity(TkeCard *card, TkeZoneRequest *request, GError **error)
{
    TkeCardAnswer answer;
    g_autoptr(GError) inner = NULL;

    if (!tke_card_call(card, TKE_INS_GENERATE, 0x02, 0, NULL, 0, _("making the card's identity"),
                       &answer, error)) {
        return false;
    }
    if (!tke_zone_request_parse(answer.data, answer.len, request, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    return true;
}

static bool
put_signature(TkeCard *card, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2,
              const uint8_t *signature, size_t len, const char *what, GError **error)
{
    uint8_t data[4 + TKE_EC_SIGNATURE_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeApdu apdu = { .cla = cla, .ins = ins, .p1 = p1, .p2 = p2 };

    tke_tlv_object(&b, TKE_TAG_SIGNATURE, signature, len);
    g_return_val_if_fail(!b.failed, false);
    apdu.data = data;
    apdu.data_len = b.len;
    return tke_card_command(card, &apdu, what, NULL, error);
}

bool
tke_ep11_card_accept_certificate(TkeCard *card, const TkeZoneCertificate *certificate,
                                 GError **error)
{
    return put_signature(card, TKE_CLA_OWN, TKE_INS_PUT, 0x02, 0, certificate->signature,
                         certificate->signature_len, _("giving the card its certificate"), error);
}

/* From what life cycle enrolment may start, or go on, in this zone. */
static bool
check_start(TkeCard *card, const TkeCardStatus *status, const TkeZoneCertificate *zone,
            GError **error)
{
    g_autofree char *other = NULL;

    if (status->kind != TKE_CARD_KIND_EP11) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_KIND,
                                         _("this card has no EP11 applet")));
    }
    if (status->life_cycle >= TKE_CARD_MEMBER) {
        return tke_card_fail(
            card, error,
            g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_EXISTS, _("this card is enrolled already")));
    }
    if (status->has_zone && memcmp(status->zone_id, zone->zone_id, TKE_ZONE_ID_LEN) != 0) {
        other = tke_card_id_text(status->zone_id);
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_ZONE,
                                         _("enrolment of this card was begun in zone %s “%s”"),
                                         other, status->zone_description));
    }
    return true;
}

bool
tke_ep11_card_enrol(TkeCard *card, const TkeCardStatus *status, TkeCard *ca,
                    const TkeZoneCertificate *zone, TkeZoneCertificate *certificate, GError **error)
{
    TkeZoneRequest request = { 0 };
    TkeZoneCertificate made = { 0 };
    g_autoptr(GError) inner = NULL;

    if (!check_start(card, status, zone, error)) {
        return false;
    }
    if (!status->has_zone && !tke_ep11_card_accept_zone(card, zone, error)) {
        return false;
    }
    if (!tke_ep11_card_make_identity(card, &request, error)) {
        return false;
    }
    if (!tke_zone_request_check(&request, zone, status->card_id, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    if (!tke_ca_card_certify(ca, zone, &request, &made, error) ||
        !tke_ep11_card_accept_certificate(card, &made, error)) {
        return false;
    }
    *certificate = made;
    return true;
}

bool
tke_ep11_card_query_challenge(TkeCard *card, uint8_t challenge[static TKE_CARD_CHALLENGE_LEN],
                              GError **error)
{
    const TkeApdu apdu = { .ins = TKE_INS_CHALLENGE, .has_answer = true };
    TkeCardAnswer answer;

    if (!tke_card_command(card, &apdu, _("asking for a challenge"), &answer, error)) {
        return false;
    }
    if (answer.len != TKE_CARD_CHALLENGE_LEN) {
        tke_card_set_protocol_error(card, _("asking for a challenge"), error);
        return false;
    }
    memcpy(challenge, answer.data, TKE_CARD_CHALLENGE_LEN);
    return true;
}

bool
tke_ep11_card_accept_unblock(TkeCard *card, const uint8_t *signature, size_t signature_len,
                             GError **error)
{
    return put_signature(card, TKE_CLA_ISO, TKE_INS_UNBLOCK, 0x01, TKE_PIN_FIRST, signature,
                         signature_len, _("unblocking the PIN"), error);
}

bool
tke_ep11_card_unblock(TkeCard *card, const TkeCardStatus *status, TkeCard *ca,
                      const TkeZoneCertificate *zone, GError **error)
{
    uint8_t challenge[TKE_CARD_CHALLENGE_LEN] = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    g_autoptr(GError) inner = NULL;

    if (!tke_card_status_need_personalised(status, zone->zone_id, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    if (status->pins[0].state != TKE_PIN_BLOCKED) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_STATE,
                                         _("the PIN of this card is not blocked")));
    }
    return tke_ep11_card_query_challenge(card, challenge, error) &&
           tke_ca_card_authorise_unblock(ca, zone, status->card_id, challenge, signature, &len,
                                         error) &&
           tke_ep11_card_accept_unblock(card, signature, len, error);
}
