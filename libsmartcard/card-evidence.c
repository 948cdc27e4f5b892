/*
 * Statements: is the card genuine (card-protocol.md, 6.5 and 12; E-C22).
 */
#include "libsmartcard/card-evidence.h"

#include <glib/gi18n-lib.h>
#include <openssl/rand.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/digest.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"

static bool
read_statement(const TkeCardAnswer *answer, TkeCardStatement *statement)
{
    TkeByteCursor cursor = tke_byte_cursor(answer->data, answer->len);
    TkeByteCursor counter = { 0 };

    return tke_tlv_read(&cursor, TKE_TAG_USAGE_COUNTER, &counter) &&
           tke_byte_cursor_u32(&counter, &statement->usage_counter) &&
           tke_byte_cursor_left(&counter) == 0 &&
           tke_tlv_read_exact(&cursor, TKE_TAG_USAGE_HEAD, statement->usage_head,
                              sizeof statement->usage_head) &&
           tke_tlv_read_exact(&cursor, TKE_TAG_CONTENTS, statement->contents,
                              sizeof statement->contents) &&
           tke_card_read_signature(&cursor, statement->signature, &statement->signature_len) &&
           tke_byte_cursor_left(&cursor) == 0;
}

bool
tke_card_evidence_query_statement(TkeCard *card,
                                  const uint8_t challenge[static TKE_STATEMENT_CHALLENGE_LEN],
                                  TkeCardStatement *statement, GError **error)
{
    const TkeApdu apdu = { .ins = TKE_INS_STATEMENT,
                           .data = challenge,
                           .data_len = TKE_STATEMENT_CHALLENGE_LEN,
                           .has_answer = true };
    TkeCardAnswer answer;
    TkeCardStatement read = { 0 };

    if (!tke_card_command(card, &apdu, _("asking for a statement"), &answer, error)) {
        return false;
    }
    if (!read_statement(&answer, &read)) {
        tke_card_set_protocol_error(card, _("asking for a statement"), error);
        return false;
    }
    *statement = read;
    return true;
}

bool
tke_card_evidence_verify_statement(const TkeCardStatement *statement,
                                   const uint8_t zone_id[static TKE_ZONE_ID_LEN],
                                   const uint8_t card_id[static TKE_CARD_ID_LEN],
                                   const uint8_t challenge[static TKE_STATEMENT_CHALLENGE_LEN],
                                   const uint8_t point[static TKE_EC_POINT_LEN], GError **error)
{
    uint8_t message[TKE_ZONE_ID_LEN + TKE_CARD_ID_LEN + TKE_STATEMENT_CHALLENGE_LEN + 4 + 32 + 32];
    TkeByteBuilder b = { .out = message, .size = sizeof message };

    tke_byte_builder_bytes(&b, zone_id, TKE_ZONE_ID_LEN);
    tke_byte_builder_bytes(&b, card_id, TKE_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, challenge, TKE_STATEMENT_CHALLENGE_LEN);
    tke_byte_builder_u32(&b, statement->usage_counter);
    tke_byte_builder_bytes(&b, statement->usage_head, sizeof statement->usage_head);
    tke_byte_builder_bytes(&b, statement->contents, sizeof statement->contents);
    g_assert(!b.failed && b.len == sizeof message);
    return tke_zone_label_verify(point, "statement", message, b.len, statement->signature,
                                 statement->signature_len, error);
}

bool
tke_card_evidence_contents(const uint8_t *ski, const TkeKeyPartList *list, uint8_t out[static 32],
                           GError **error)
{
    static const uint8_t none[32] = { 0 };
    g_autoptr(GByteArray) contents = g_byte_array_new();

    g_byte_array_append(contents, ski != NULL ? ski : none, sizeof none);
    for (unsigned i = 0; i < list->n; i++) {
        g_byte_array_append(contents, &list->parts[i].place, 1);
        g_byte_array_append(contents, list->parts[i].vp, TKE_VP_LEN);
    }
    return tke_digest_sha256(contents->data, contents->len, out, error);
}

/* The zone's certificate as the card holds it, compared with the one that is known. */
static bool
find_zone(TkeCard *card, const TkeCardStatus *status, const TkeZoneCertificate *known,
          TkeZoneCertificate *zone, GError **error)
{
    if (!tke_card_query_zone_certificate(card, zone, error)) {
        return false;
    }
    if (memcmp(zone->zone_id, status->zone_id, TKE_ZONE_ID_LEN) != 0 ||
        (known != NULL && memcmp(zone->point, known->point, sizeof zone->point) != 0)) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE,
                                         _("the card holds the certificate of another zone")));
    }
    return true;
}

/* Whose key signs the statement. A CA card has no certificate of its own: it is the zone. */
static bool
find_identity(TkeCard *card, const TkeCardStatus *status, const TkeZoneCertificate *zone,
              TkeZoneCertificate *identity, GError **error)
{
    g_autoptr(GError) inner = NULL;

    if (status->kind == TKE_CARD_KIND_CA) {
        *identity = *zone;
        return true;
    }
    if (!tke_card_query_own_certificate(card, identity, error)) {
        return false;
    }
    if (!tke_zone_certificate_check_card(identity, zone, status->card_id, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    return true;
}

/* What is stated must be what was read. */
static bool
check_stated(const TkeCardStatement *statement, const TkeCardStatus *status,
             const TkeKeyPartList *list, GError **error)
{
    uint8_t contents[32] = { 0 };

    if (statement->usage_counter != status->usage_counter ||
        memcmp(statement->usage_head, status->usage_head, sizeof status->usage_head) != 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE,
                    _("the card states another usage log than its status shows"));
        return false;
    }
    if (status->kind == TKE_CARD_KIND_EP11) {
        if (list == NULL) {
            return true;
        }
        if (!tke_card_evidence_contents(status->has_signature_key ? status->ski : NULL, list,
                                        contents, error)) {
            return false;
        }
    }
    if (memcmp(statement->contents, contents, sizeof contents) != 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE,
                    _("the card states other contents than its list shows"));
        return false;
    }
    return true;
}

bool
tke_card_evidence_check_genuine(TkeCard *card, const TkeCardStatus *status,
                                const TkeKeyPartList *list, const TkeZoneCertificate *zone,
                                TkeZoneCertificate *identity, GError **error)
{
    uint8_t challenge[TKE_STATEMENT_CHALLENGE_LEN];
    TkeZoneCertificate own_zone = { 0 };
    TkeZoneCertificate found = { 0 };
    TkeCardStatement statement = { 0 };
    g_autoptr(GError) inner = NULL;

    if (RAND_bytes(challenge, (int) sizeof challenge) != 1) {
        tke_openssl_set_error(error, _("drawing random numbers failed"));
        return false;
    }
    if (!find_zone(card, status, zone, &own_zone, error) ||
        !find_identity(card, status, &own_zone, &found, error) ||
        !tke_card_evidence_query_statement(card, challenge, &statement, error)) {
        return false;
    }
    if (!tke_card_evidence_verify_statement(&statement, own_zone.zone_id, status->card_id,
                                            challenge, found.point, NULL)) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE,
                                         _("the card cannot prove that it holds the key of its "
                                           "certificate")));
    }
    if (!check_stated(&statement, status, list, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    if (identity != NULL) {
        *identity = found;
    }
    return true;
}
