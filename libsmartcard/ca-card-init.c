/*
 * A CA card comes into being: new zone, or backup (card-protocol.md, 5.4, 7.1 and 7.4 to 7.6).
 */
#include "libsmartcard/ca-card-init.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/card-seal.h"

#define BACKUP_DATA_MAX 1024u

bool
tke_ca_card_create_zone(TkeCard *ca, const char *zone_description, const char *card_description,
                        TkeZoneCertificate *zone, GError **error)
{
    uint8_t data[2 * (2 + TKE_CARD_TEXT_MAX)];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeCardAnswer answer;
    TkeZoneCertificate made = { 0 };
    g_autoptr(GError) inner = NULL;

    g_return_val_if_fail(tke_card_text_is_description(zone_description), false);
    g_return_val_if_fail(tke_card_text_is_description(card_description), false);
    tke_tlv_object(&b, TKE_TAG_ZONE_DESCRIPTION, (const uint8_t *) zone_description,
                   strlen(zone_description));
    tke_tlv_object(&b, TKE_TAG_DESCRIPTION, (const uint8_t *) card_description,
                   strlen(card_description));
    g_assert(!b.failed);
    if (!tke_card_call(ca, TKE_INS_GENERATE, 0x01, 0, data, b.len, _("making the zone"), &answer,
                       error)) {
        return false;
    }
    if (!tke_zone_certificate_parse(answer.data, answer.len, &made, &inner) ||
        !tke_zone_certificate_check_zone(&made, &inner)) {
        return tke_card_fail(ca, error, g_steal_pointer(&inner));
    }
    if (strcmp(made.description, zone_description) != 0) {
        tke_card_set_protocol_error(ca, _("making the zone"), error);
        return false;
    }
    *zone = made;
    return true;
}

/* 83, 86, 92: who a party is, its ephemeral point and its nonce. */
static bool
read_party(TkeByteCursor *cursor, TkeCaOffer *offer)
{
    return tke_tlv_read_exact(cursor, TKE_TAG_CARD_ID, offer->card_id, sizeof offer->card_id) &&
           !tke_card_is_zero(offer->card_id, sizeof offer->card_id) &&
           tke_card_read_point(cursor, offer->point) &&
           tke_tlv_read_exact(cursor, TKE_TAG_NONCE, offer->nonce, sizeof offer->nonce);
}

static void
write_party(TkeByteBuilder *b, const TkeCaOffer *offer)
{
    tke_tlv_object(b, TKE_TAG_CARD_ID, offer->card_id, sizeof offer->card_id);
    tke_tlv_object(b, TKE_TAG_POINT, offer->point, sizeof offer->point);
    tke_tlv_object(b, TKE_TAG_NONCE, offer->nonce, sizeof offer->nonce);
}

bool
tke_ca_card_make_offer(TkeCard *target, TkeCaOffer *offer, GError **error)
{
    TkeCardAnswer answer;
    TkeByteCursor cursor = { 0 };
    TkeCaOffer read = { 0 };

    if (!tke_card_call(target, TKE_INS_GENERATE, 0x03, 0, NULL, 0, _("preparing the backup"),
                       &answer, error)) {
        return false;
    }
    cursor = tke_byte_cursor(answer.data, answer.len);
    if (!read_party(&cursor, &read) || tke_byte_cursor_left(&cursor) != 0) {
        tke_card_set_protocol_error(target, _("preparing the backup"), error);
        return false;
    }
    *offer = read;
    return true;
}

static bool
read_backup(const TkeCardAnswer *answer, TkeCaBackup *backup)
{
    TkeByteCursor cursor = tke_byte_cursor(answer->data, answer->len);
    TkeByteCursor whole = cursor;
    TkeByteCursor value = { 0 };
    const uint8_t *bytes = NULL;

    return tke_tlv_read(&cursor, TKE_TAG_CERTIFICATE, &value) &&
           tke_byte_cursor_bytes(&whole, cursor.pos, &bytes) &&
           tke_zone_certificate_parse(bytes, cursor.pos, &backup->zone, NULL) &&
           read_party(&cursor, &backup->sender) &&
           tke_tlv_read_exact(&cursor, TKE_TAG_SEALED, backup->sealed, sizeof backup->sealed) &&
           tke_card_read_signature(&cursor, backup->signature, &backup->signature_len) &&
           tke_byte_cursor_left(&cursor) == 0;
}

/* The zone certificate, and the zone's signature over transcript and sealed secret. */
static bool
check_backup(const TkeCaOffer *offer, const TkeCaBackup *backup, GError **error)
{
    TkeCardAgreement agreement = { 0 };
    uint8_t message[TKE_CARD_TRANSCRIPT_LEN + sizeof backup->sealed];

    if (!tke_zone_certificate_check_zone(&backup->zone, error)) {
        return false;
    }
    memcpy(agreement.zone_id, backup->zone.zone_id, TKE_ZONE_ID_LEN);
    memcpy(agreement.receiver_id, offer->card_id, TKE_CARD_ID_LEN);
    memcpy(agreement.sender_id, backup->sender.card_id, TKE_CARD_ID_LEN);
    memcpy(agreement.receiver_nonce, offer->nonce, TKE_CARD_NONCE_LEN);
    memcpy(agreement.sender_nonce, backup->sender.nonce, TKE_CARD_NONCE_LEN);
    memcpy(agreement.receiver_point, offer->point, TKE_EC_POINT_LEN);
    memcpy(agreement.sender_point, backup->sender.point, TKE_EC_POINT_LEN);
    tke_card_seal_transcript(&agreement, message);
    memcpy(message + TKE_CARD_TRANSCRIPT_LEN, backup->sealed, sizeof backup->sealed);
    return tke_zone_label_verify(backup->zone.point, "backup", message, sizeof message,
                                 backup->signature, backup->signature_len, error);
}

bool
tke_ca_card_give_backup(TkeCard *source, const TkeCaOffer *offer, TkeCaBackup *backup,
                        GError **error)
{
    uint8_t data[BACKUP_DATA_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeCardAnswer answer;
    TkeCaBackup read = { 0 };
    g_autoptr(GError) inner = NULL;

    write_party(&b, offer);
    g_assert(!b.failed);
    if (!tke_card_call(source, TKE_INS_PERFORM, 0x03, 0, data, b.len, _("giving the backup"),
                       &answer, error)) {
        return false;
    }
    if (!read_backup(&answer, &read)) {
        tke_card_set_protocol_error(source, _("giving the backup"), error);
        return false;
    }
    if (!check_backup(offer, &read, &inner)) {
        return tke_card_fail(source, error, g_steal_pointer(&inner));
    }
    *backup = read;
    return true;
}

bool
tke_ca_card_take_backup(TkeCard *target, const TkeCaBackup *backup, GError **error)
{
    uint8_t certificate[TKE_ZONE_CERTIFICATE_MAX];
    uint8_t data[BACKUP_DATA_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    size_t len = 0;

    tke_zone_certificate_write(&backup->zone, certificate, &len);
    tke_byte_builder_bytes(&b, certificate, len);
    write_party(&b, &backup->sender);
    tke_tlv_object(&b, TKE_TAG_SEALED, backup->sealed, sizeof backup->sealed);
    tke_tlv_object(&b, TKE_TAG_SIGNATURE, backup->signature, backup->signature_len);
    g_assert(!b.failed);
    return tke_card_call(target, TKE_INS_PERFORM, 0x04, 0, data, b.len, _("taking the backup"),
                         NULL, error);
}

static bool
check_pair(TkeCard *source, const TkeCardStatus *source_status, TkeCard *target,
           const TkeCardStatus *target_status, GError **error)
{
    g_autoptr(GError) inner = NULL;

    if (!tke_card_status_need_ca(source_status, NULL, &inner)) {
        return tke_card_fail(source, error, g_steal_pointer(&inner));
    }
    if (target_status->kind != TKE_CARD_KIND_CA) {
        return tke_card_fail(target, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_KIND,
                                         _("this card has no CA applet")));
    }
    if (memcmp(source_status->card_id, target_status->card_id, TKE_CARD_ID_LEN) == 0) {
        return tke_card_fail(target, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_SAME_CARD,
                                         _("this is the card the backup is to be made of")));
    }
    if (target_status->has_zone) {
        return tke_card_fail(target, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_EXISTS,
                                         _("this CA card has a zone already")));
    }
    return true;
}

bool
tke_ca_card_backup(TkeCard *source, const TkeCardStatus *source_status, TkeCard *target,
                   const TkeCardStatus *target_status, TkeZoneCertificate *zone, GError **error)
{
    TkeCaOffer offer = { 0 };
    TkeCaBackup backup = { 0 };

    if (!check_pair(source, source_status, target, target_status, error) ||
        !tke_ca_card_make_offer(target, &offer, error)) {
        return false;
    }
    if (memcmp(offer.card_id, target_status->card_id, TKE_CARD_ID_LEN) != 0) {
        tke_card_set_protocol_error(target, _("preparing the backup"), error);
        return false;
    }
    if (!tke_ca_card_give_backup(source, &offer, &backup, error)) {
        return false;
    }
    if (memcmp(backup.sender.card_id, source_status->card_id, TKE_CARD_ID_LEN) != 0 ||
        memcmp(backup.zone.zone_id, source_status->zone_id, TKE_ZONE_ID_LEN) != 0) {
        tke_card_set_protocol_error(source, _("giving the backup"), error);
        return false;
    }
    *zone = backup.zone;
    return tke_ca_card_take_backup(target, &backup, error);
}
