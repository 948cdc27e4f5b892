/*
 * Cards that are not genuine: what a host must find out by certificate and statement
 * (card-protocol.md, 5.2 and 6.5).
 */
#include <string.h>

#include "simulator/sim-card-crypto.h"
#include "simulator/sim-certificate.h"

const SimKeyPair *
sim_card_signing_key(const SimCard *card)
{
    if (card->forged_key.used) {
        return &card->forged_key;
    }
    return card->state.kind == SIM_CARD_CA ? &card->state.zone_key : &card->state.identity_key;
}

const SimCertificateBytes *
sim_card_shown_certificate(const SimCard *card)
{
    return card->forged_certificate.len > 0 ? &card->forged_certificate : &card->state.certificate;
}

/* A certificate for the forged key, signed by a key that is not the zone's. */
static bool
forge_certificate(SimCard *card, const SimKeyPair *zone_key)
{
    uint8_t body[SIM_CERTIFICATE_MAX] = { 0 };
    TkeByteBuilder b = { .out = body, .size = sizeof body };
    uint8_t signature[SIM_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    sim_certificate_body(&b, card->state.zone_id, card->state.id, card->forged_key.point, NULL);
    if (sim_crypto_sign(card, zone_key, "certificate", body, b.len, signature, &len) !=
        SIM_SW_DONE) {
        return false;
    }
    sim_certificate_build(&card->forged_certificate, body, b.len, signature, len);
    return true;
}

bool
sim_card_set_forgery(SimCard *card, SimCardForgery forgery)
{
    SimKeyPair other_zone = { 0 };
    bool done = false;

    g_mutex_lock(&card->lock);
    memset(&card->forged_key, 0, sizeof card->forged_key);
    memset(&card->forged_certificate, 0, sizeof card->forged_certificate);
    done = forgery == SIM_CARD_GENUINE || card->state.certificate.len > 0;
    card->forged_id = done && forgery == SIM_CARD_FORGED_ID;
    if (done && (forgery == SIM_CARD_FORGED_KEY || forgery == SIM_CARD_FORGED_CERTIFICATE)) {
        done = sim_crypto_generate(card, SIM_DRAW_IDENTITY_KEY, &card->forged_key) == SIM_SW_DONE;
    }
    if (done && forgery == SIM_CARD_FORGED_CERTIFICATE) {
        done = sim_crypto_generate(card, SIM_DRAW_ZONE_KEY, &other_zone) == SIM_SW_DONE &&
               forge_certificate(card, &other_zone);
    }
    g_mutex_unlock(&card->lock);
    return done;
}

SimCardForgery
sim_card_get_forgery(SimCard *card)
{
    SimCardForgery forgery = SIM_CARD_GENUINE;

    g_mutex_lock(&card->lock);
    forgery = card->forged_id                    ? SIM_CARD_FORGED_ID
              : card->forged_certificate.len > 0 ? SIM_CARD_FORGED_CERTIFICATE
              : card->forged_key.used            ? SIM_CARD_FORGED_KEY
                                                 : SIM_CARD_GENUINE;
    g_mutex_unlock(&card->lock);
    return forgery;
}

bool
sim_card_is_genuine(SimCard *card)
{
    return sim_card_get_forgery(card) == SIM_CARD_GENUINE;
}

bool
sim_card_show_certificate_of(SimCard *card, SimCard *other)
{
    SimCertificateBytes certificate = { 0 };

    g_mutex_lock(&other->lock);
    certificate = other->state.certificate;
    g_mutex_unlock(&other->lock);
    g_mutex_lock(&card->lock);
    memset(&card->forged_key, 0, sizeof card->forged_key);
    card->forged_certificate = certificate;
    g_mutex_unlock(&card->lock);
    return certificate.len > 0;
}
