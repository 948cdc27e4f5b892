/*
 * The EP11 applet: becoming a member of a zone, unblocking, table of commands (card-protocol.md,
 * 8.1).
 */
#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-certificate.h"
#include "simulator/sim-ep11-private.h"
#include "simulator/sim-usage-log.h"

#define CHALLENGE_LE 0x10u

/* DA 01 00 */
static uint16_t
take_zone_certificate(SimCard *card, const SimCall *call)
{
    SimCardState *state = &card->state;
    TkeByteCursor data = call->data;
    SimBody zone = { 0 };
    uint16_t sw = 0;

    if (!sim_certificate_read(&data, true, &zone) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    sw = sim_certificate_check_zone(card, &zone);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    memcpy(state->zone_id, zone.zone_id, SIM_CARD_ID_LEN);
    memcpy(state->zone_point, zone.point, SIM_POINT_LEN);
    state->zone_description = zone.zone_description;
    state->zone_certificate.len = (uint16_t) data.len;
    memcpy(state->zone_certificate.bytes, data.data, data.len);
    state->life_cycle = 0x01;
    return sim_card_commit(card);
}

/* 46 02 00 */
static uint16_t
make_identity_key(SimCard *card, const SimCall *call)
{
    SimCardState *state = &card->state;
    uint8_t signature[SIM_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    uint16_t sw = sim_crypto_generate(card, SIM_DRAW_IDENTITY_KEY, &state->identity_key);

    (void) call;
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_certificate_body(&card->out, state->zone_id, state->id, state->identity_key.point, NULL);
    sw = sim_crypto_sign(card, &state->identity_key, "enrol", card->answer, card->out.len,
                         signature, &len);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_card_write(card, SIM_TAG_SIGNATURE, signature, len);
    state->life_cycle = 0x02;
    return sim_card_commit(card);
}

/* DA 02 00 */
static uint16_t
take_certificate(SimCard *card, const SimCall *call)
{
    SimCardState *state = &card->state;
    TkeByteCursor data = call->data;
    TkeByteCursor signature = { 0 };
    uint8_t body[SIM_CERTIFICATE_MAX] = { 0 };
    TkeByteBuilder b = { .out = body, .size = sizeof body };
    const uint8_t *bytes = NULL;
    size_t len = 0;
    uint16_t sw = 0;

    if (!sim_card_read_signature(&data, &signature) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    len = tke_byte_cursor_left(&signature);
    bytes = tke_byte_cursor_peek(&signature);
    sim_certificate_body(&b, state->zone_id, state->id, state->identity_key.point, NULL);
    sw = sim_crypto_verify(card, state->zone_point, "certificate", body, b.len, bytes, len);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_certificate_build(&state->certificate, body, b.len, bytes, len);
    state->life_cycle = 0x03;
    return sim_card_commit(card);
}

/* CA 00 E4 */
static uint16_t
own_certificate(SimCard *card, const SimCall *call)
{
    const SimCertificateBytes *certificate = sim_card_shown_certificate(card);

    (void) call;
    if (card->state.certificate.len == 0) {
        return SIM_SW_NOT_FOUND;
    }
    tke_byte_builder_bytes(&card->out, certificate->bytes, certificate->len);
    return SIM_SW_DONE;
}

/* 84 00 00 */
static uint16_t
challenge(SimCard *card, const SimCall *call)
{
    (void) call;
    if (!sim_card_random_draw(&card->random, SIM_DRAW_CHALLENGE, card->now.challenge)) {
        return SIM_SW_INTERNAL;
    }
    card->now.has_challenge = true;
    tke_byte_builder_bytes(&card->out, card->now.challenge, SIM_NONCE_LEN);
    return SIM_SW_DONE;
}

/* 2C 01 81 */
static uint16_t
unblock(SimCard *card, const SimCall *call)
{
    SimCardState *state = &card->state;
    SimPin *pin = &state->pins[0];
    TkeByteCursor data = call->data;
    TkeByteCursor signature = { 0 };
    uint8_t text[2 * SIM_CARD_ID_LEN + SIM_NONCE_LEN] = { 0 };
    TkeByteBuilder b = { .out = text, .size = sizeof text };
    uint16_t sw = 0;

    if (!card->now.challenge_usable || pin->tries > 0) {
        return SIM_SW_CONDITIONS;
    }
    if (!sim_card_read_signature(&data, &signature) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (!sim_usage_log_has_room(state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    tke_byte_builder_bytes(&b, state->zone_id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, state->id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, card->now.challenge, SIM_NONCE_LEN);
    sw = sim_crypto_verify(card, state->zone_point, "unblock", text, b.len,
                           tke_byte_cursor_peek(&signature), tke_byte_cursor_left(&signature));
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    pin->tries = SIM_EP11_TRIES;
    if (!sim_usage_log_add(state, SIM_USE_PIN_UNBLOCKED, call->p2, NULL, card->now.challenge)) {
        return SIM_SW_INTERNAL;
    }
    return sim_card_commit(card);
}

#define ANY SIM_LIFE_ANY
#define LIFE_04 SIM_LIFE(0x04)
#define FREE SIM_PIN_FREE
#define EMPTY SIM_FLAG_EMPTY
#define ENDS SIM_FLAG_ENDS

static const SimCommand commands[] = {
    { 0x00, 0x20, 0x00, SIM_P2_PIN, 0, ANY, FREE, 0, sim_pin_verify },
    { 0x00, 0x20, 0xFF, SIM_P2_PIN, 0, ANY, FREE, EMPTY, sim_pin_forget },
    { 0x00, 0x24, 0x00, SIM_P2_PIN, 0, ANY, FREE, 0, sim_pin_change },
    { 0x00, 0x24, 0x01, SIM_P2_PIN, 0, ANY, FREE, 0, sim_pin_set },
    { 0x00, 0x2C, 0x01, SIM_P2_PIN, 0, LIFE_04, FREE, 0, unblock },
    { 0x00, 0x84, 0x00, SIM_P2_EXACT, 0x00, LIFE_04, FREE, EMPTY, challenge },
    { 0x00, 0x88, 0x00, SIM_P2_EXACT, 0x00, SIM_LIFE(3) | LIFE_04, FREE, 0, sim_card_statement },
    { 0x80, 0xCA, 0x00, SIM_P2_OBJECT, 0xE0, ANY, FREE, EMPTY, sim_card_status },
    { 0x80, 0xCA, 0x00, SIM_P2_OBJECT, 0xE3, ANY, FREE, EMPTY, sim_card_zone_certificate },
    { 0x80, 0xCA, 0x00, SIM_P2_OBJECT, 0xE4, ANY, FREE, EMPTY, own_certificate },
    { 0x80, 0xCA, 0x00, SIM_P2_OBJECT, 0xE5, ANY, FREE, EMPTY, sim_card_probe },
    { 0x80, 0xCA, 0x00, SIM_P2_OBJECT, 0xE6, ANY, FREE, EMPTY, sim_ep11_show_key },
    { 0x80, 0xCA, 0x01, SIM_P2_PLACE, 0, ANY, FREE, EMPTY, sim_ep11_list_parts },
    { 0x80, 0xCA, 0x02, SIM_P2_PAGE, 0, ANY, FREE, EMPTY, sim_card_usage_page },
    { 0x80, 0xDA, 0x01, SIM_P2_EXACT, 0x00, SIM_LIFE(0), FREE, 0, take_zone_certificate },
    { 0x80, 0xDA, 0x02, SIM_P2_EXACT, 0x00, SIM_LIFE(2), FREE, 0, take_certificate },
    { 0x80, 0xDA, 0x03, SIM_P2_EXACT, 0x00, LIFE_04, SIM_PIN_ALL, 0, sim_card_describe },
    { 0x80, 0xDA, 0x04, SIM_P2_PLACE, 0, LIFE_04, SIM_PIN_ALL, 0, sim_ep11_describe_part },
    { 0x80, 0x46, 0x02, SIM_P2_EXACT, 0x00, SIM_LIFE(1) | SIM_LIFE(2), FREE, EMPTY,
      make_identity_key },
    { 0x80, 0x46, 0x04, SIM_P2_EXACT, 0x00, LIFE_04, SIM_PIN_ALL, ENDS | EMPTY, sim_ep11_offer },
    { 0x80, 0x46, 0x05, SIM_P2_EXACT, 0x00, LIFE_04, SIM_PIN_ALL, 0, sim_ep11_make_key },
    { 0x80, 0x46, 0x05, SIM_P2_EXACT, 0x01, LIFE_04, SIM_PIN_ALL, 0, sim_ep11_replace_key },
    { 0x80, 0x46, 0x06, SIM_P2_EXACT, 0x00, LIFE_04, SIM_PIN_ALL, 0, sim_ep11_make_part },
    { 0x80, 0xE4, 0x01, SIM_P2_EXACT, 0x00, LIFE_04, SIM_PIN_ALL, 0, sim_ep11_delete_key },
    { 0x80, 0xE4, 0x02, SIM_P2_PLACE, 0, LIFE_04, SIM_PIN_ALL, 0, sim_ep11_delete_part },
    { 0x80, 0x2A, 0x05, SIM_P2_EXACT, 0x00, LIFE_04, SIM_PIN_FRESH, ENDS, sim_ep11_start_sending },
    { 0x80, 0x2A, 0x06, SIM_P2_EXACT, 0x00, LIFE_04, SIM_PIN_ALL, ENDS | SIM_FLAG_OFFER,
      sim_ep11_start_receiving },
    { 0x80, 0x2A, 0x07, SIM_P2_PLACE, 0, LIFE_04, SIM_PIN_ALL, 0, sim_ep11_encrypt_part },
    { 0x80, 0x2A, 0x08, SIM_P2_EXACT, 0x00, LIFE_04, SIM_PIN_ALL, ENDS | SIM_FLAG_OFFER,
      sim_ep11_import },
    { 0x80, 0x2A, 0x0A, SIM_P2_EXACT, 0x01, LIFE_04, SIM_PIN_ALL, SIM_FLAG_SENDS | EMPTY,
      sim_ep11_send_key },
    { 0x80, 0x2A, 0x0A, SIM_P2_EXACT, 0x02, LIFE_04, SIM_PIN_ALL, SIM_FLAG_SENDS,
      sim_ep11_send_parts },
    { 0x80, 0x2A, 0x0B, SIM_P2_EXACT, 0x00, LIFE_04, SIM_PIN_ALL, SIM_FLAG_TAKES,
      sim_ep11_receive },
    { 0x80, 0x2A, 0x9E, SIM_P2_EXACT, 0x01, LIFE_04, SIM_PIN_ALL, SIM_FLAG_STREAM, sim_ep11_sign },
    { 0x80, 0x2A, 0x9E, SIM_P2_EXACT, 0x02, LIFE_04, SIM_PIN_ALL, SIM_FLAG_STREAM, sim_ep11_sign },
    { 0x80, 0x2A, 0x9E, SIM_P2_EXACT, 0x03, LIFE_04, SIM_PIN_ALL, SIM_FLAG_STREAM, sim_ep11_sign },
};

const SimApplet sim_ep11_card_applet = { SIM_CARD_EP11, 0x02, commands,
                                         sizeof commands / sizeof commands[0] };

/* 84: Le 10 or 00, or none, which the collecting of the answer takes care of. */
bool
sim_ep11_card_le_is_right(const SimCommand *command, size_t ne)
{
    return command->handler != challenge || ne == 0 || ne == CHALLENGE_LE || ne == 256 ||
           ne == 65536;
}
