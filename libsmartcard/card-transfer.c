/*
 * Card to card: the single commands (card-protocol.md, 8.5).
 */
#include "libsmartcard/card-transfer.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"

#define OFFER_MAX 700u

bool
tke_card_transfer_parse_offer(const uint8_t *data, size_t len, TkeTransferOffer *offer,
                              GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(data, len);
    TkeByteCursor whole = cursor;
    TkeByteCursor value = { 0 };
    const uint8_t *bytes = NULL;
    TkeTransferOffer read = { 0 };

    if (!tke_tlv_read(&cursor, TKE_TAG_CERTIFICATE, &value) ||
        !tke_byte_cursor_bytes(&whole, cursor.pos, &bytes) ||
        !tke_zone_certificate_parse(bytes, cursor.pos, &read.certificate, NULL) ||
        read.certificate.role != TKE_ZONE_ROLE_CARD || !tke_card_read_point(&cursor, read.point) ||
        !tke_tlv_read_exact(&cursor, TKE_TAG_NONCE, read.nonce, sizeof read.nonce) ||
        !tke_card_read_signature(&cursor, read.signature, &read.signature_len) ||
        tke_byte_cursor_left(&cursor) != 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                    _("the offer of the card differs from the card protocol"));
        return false;
    }
    *offer = read;
    return true;
}

static void
write_offer(TkeByteBuilder *b, const TkeTransferOffer *offer)
{
    uint8_t certificate[TKE_ZONE_CERTIFICATE_MAX];
    size_t len = 0;

    tke_zone_certificate_write(&offer->certificate, certificate, &len);
    tke_byte_builder_bytes(b, certificate, len);
    tke_tlv_object(b, TKE_TAG_POINT, offer->point, sizeof offer->point);
    tke_tlv_object(b, TKE_TAG_NONCE, offer->nonce, sizeof offer->nonce);
    tke_tlv_object(b, TKE_TAG_SIGNATURE, offer->signature, offer->signature_len);
    g_assert(!b->failed);
}

/* SIG(identity key, "receive", zone id, card id, nonce, point) */
static bool
check_offer(const TkeTransferOffer *offer, GError **error)
{
    uint8_t message[TKE_ZONE_ID_LEN + TKE_CARD_ID_LEN + TKE_CARD_NONCE_LEN + TKE_EC_POINT_LEN];
    TkeByteBuilder b = { .out = message, .size = sizeof message };

    tke_byte_builder_bytes(&b, offer->certificate.zone_id, TKE_ZONE_ID_LEN);
    tke_byte_builder_bytes(&b, offer->certificate.card_id, TKE_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, offer->nonce, sizeof offer->nonce);
    tke_byte_builder_bytes(&b, offer->point, sizeof offer->point);
    g_assert(!b.failed);
    return tke_zone_label_verify(offer->certificate.point, "receive", message, b.len,
                                 offer->signature, offer->signature_len, error);
}

bool
tke_card_transfer_make_offer(TkeCard *receiver, TkeTransferOffer *offer, GError **error)
{
    TkeCardAnswer answer;
    TkeTransferOffer read = { 0 };
    g_autoptr(GError) inner = NULL;

    if (!tke_card_call(receiver, TKE_INS_GENERATE, 0x04, 0, NULL, 0, _("preparing to receive"),
                       &answer, error)) {
        return false;
    }
    if (!tke_card_transfer_parse_offer(answer.data, answer.len, &read, &inner) ||
        !check_offer(&read, &inner)) {
        return tke_card_fail(receiver, error, g_steal_pointer(&inner));
    }
    *offer = read;
    return true;
}

/* SIG(identity key, "send", transcript) */
static bool
check_answer(const TkeTransferOffer *offer, const TkeTransferOffer *answer, GError **error)
{
    TkeCardAgreement agreement = { 0 };
    uint8_t transcript[TKE_CARD_TRANSCRIPT_LEN];

    if (memcmp(offer->certificate.zone_id, answer->certificate.zone_id, TKE_ZONE_ID_LEN) != 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_ZONE,
                    _("the two cards have certificates of different zones"));
        return false;
    }
    memcpy(agreement.zone_id, offer->certificate.zone_id, TKE_ZONE_ID_LEN);
    memcpy(agreement.receiver_id, offer->certificate.card_id, TKE_CARD_ID_LEN);
    memcpy(agreement.sender_id, answer->certificate.card_id, TKE_CARD_ID_LEN);
    memcpy(agreement.receiver_nonce, offer->nonce, TKE_CARD_NONCE_LEN);
    memcpy(agreement.sender_nonce, answer->nonce, TKE_CARD_NONCE_LEN);
    memcpy(agreement.receiver_point, offer->point, TKE_EC_POINT_LEN);
    memcpy(agreement.sender_point, answer->point, TKE_EC_POINT_LEN);
    tke_card_seal_transcript(&agreement, transcript);
    return tke_zone_label_verify(answer->certificate.point, "send", transcript, sizeof transcript,
                                 answer->signature, answer->signature_len, error);
}

bool
tke_card_transfer_start_sending(TkeCard *sender, const TkeTransferOffer *offer,
                                TkeTransferOffer *answer, GError **error)
{
    uint8_t data[OFFER_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeCardAnswer reply;
    TkeTransferOffer read = { 0 };
    g_autoptr(GError) inner = NULL;

    write_offer(&b, offer);
    if (!tke_card_call(sender, TKE_INS_PERFORM, 0x05, 0, data, b.len, _("preparing to send"),
                       &reply, error)) {
        return false;
    }
    if (!tke_card_transfer_parse_offer(reply.data, reply.len, &read, &inner) ||
        !check_answer(offer, &read, &inner)) {
        return tke_card_fail(sender, error, g_steal_pointer(&inner));
    }
    *answer = read;
    return true;
}

bool
tke_card_transfer_start_receiving(TkeCard *receiver, const TkeTransferOffer *answer, GError **error)
{
    uint8_t data[OFFER_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };

    write_offer(&b, answer);
    return tke_card_call(receiver, TKE_INS_PERFORM, 0x06, 0, data, b.len, _("preparing to receive"),
                         NULL, error);
}

static bool
send_sealed(TkeCard *sender, uint8_t p2, const uint8_t *data, size_t len, const char *what,
            TkeTransferSealed *sealed, GError **error)
{
    TkeCardAnswer answer;
    TkeByteCursor cursor = { 0 };
    TkeByteCursor content = { 0 };
    size_t content_len = 0;

    if (!tke_card_call(sender, TKE_INS_PERFORM, 0x0A, p2, data, len, what, &answer, error)) {
        return false;
    }
    cursor = tke_byte_cursor(answer.data, answer.len);
    if (tke_tlv_read(&cursor, TKE_TAG_SEALED, &content)) {
        content_len = tke_byte_cursor_left(&content);
    }
    if (content_len < TKE_CARD_SEAL_MIN || content_len > sizeof sealed->content ||
        content_len % 16 != 0 || tke_byte_cursor_left(&cursor) != 0 ||
        !tke_byte_cursor_copy(&content, sealed->content, content_len)) {
        tke_card_set_protocol_error(sender, what, error);
        return false;
    }
    sealed->len = content_len;
    return true;
}

bool
tke_card_transfer_send_key(TkeCard *sender, TkeTransferSealed *sealed, GError **error)
{
    return send_sealed(sender, 0x01, NULL, 0, _("sending the signature key"), sealed, error);
}

bool
tke_card_transfer_send_parts(TkeCard *sender, const uint8_t *places, unsigned n,
                             TkeTransferSealed *sealed, GError **error)
{
    uint8_t data[2 + TKE_TRANSFER_BATCH];
    TkeByteBuilder b = { .out = data, .size = sizeof data };

    g_return_val_if_fail(n >= 1 && n <= TKE_TRANSFER_BATCH, false);
    tke_tlv_object(&b, TKE_TAG_PLACE, places, n);
    return send_sealed(sender, 0x02, data, b.len, _("sending key parts"), sealed, error);
}

/* 95: for each record its place and whether it was there. */
static bool
read_records(const TkeCardAnswer *answer, bool is_key, unsigned n, TkeTransferEntry *entries)
{
    TkeByteCursor cursor = tke_byte_cursor(answer->data, answer->len);
    TkeByteCursor records = { 0 };

    if (!tke_tlv_read(&cursor, TKE_TAG_RECORDS, &records) || tke_byte_cursor_left(&cursor) != 0 ||
        tke_byte_cursor_left(&records) != (size_t) 2 * n) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        uint8_t place = 0;
        uint8_t outcome = 0;

        if (!tke_byte_cursor_u8(&records, &place) || !tke_byte_cursor_u8(&records, &outcome) ||
            outcome > 1 || (is_key ? place != 0 : place < 1 || place > TKE_EP11_PLACES)) {
            return false;
        }
        entries[i].target_place = place;
        entries[i].already_there = outcome == 1;
    }
    return true;
}

bool
tke_card_transfer_receive(TkeCard *receiver, const TkeTransferSealed *sealed, bool is_key,
                          unsigned n, TkeTransferEntry *entries, GError **error)
{
    uint8_t data[4 + TKE_CARD_SEAL_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeCardAnswer answer;
    TkeTransferEntry read[TKE_TRANSFER_BATCH] = { 0 };

    g_return_val_if_fail(n >= 1 && n <= TKE_TRANSFER_BATCH, false);
    tke_tlv_object(&b, TKE_TAG_SEALED, sealed->content, sealed->len);
    g_assert(!b.failed);
    if (!tke_card_call(receiver, TKE_INS_PERFORM, 0x0B, 0, data, b.len, _("receiving"), &answer,
                       error)) {
        return false;
    }
    if (!read_records(&answer, is_key, n, read)) {
        tke_card_set_protocol_error(receiver, _("receiving"), error);
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        entries[i].target_place = read[i].target_place;
        entries[i].already_there = read[i].already_there;
    }
    return true;
}
