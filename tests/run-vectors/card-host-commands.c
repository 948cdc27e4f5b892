/*
 * From the header of a recorded command to the call of libsmartcard that sends it.
 */
#include <string.h>

#include "common/tlv.h"
#include "libsmartcard/ca-card-init.h"
#include "libsmartcard/ca-card.h"
#include "libsmartcard/card-evidence.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"
#include "libsmartcard/ep11-card.h"
#include "libsmartcard/pin-pad.h"
#include "tests/run-vectors/card-host.h"

TkeByteCursor
card_host_data(const HostStep *step)
{
    return tke_byte_cursor(step->data->data, step->data->len);
}

char *
card_host_text(TkeByteCursor *cursor, uint16_t tag)
{
    TkeByteCursor value = { 0 };

    if (!tke_tlv_read(cursor, tag, &value)) {
        return NULL;
    }
    return g_strndup((const char *) value.data, tke_byte_cursor_left(&value));
}

bool
card_host_signer_point(HostRun *run, const HostStep *step, uint8_t point[static TKE_EC_POINT_LEN])
{
    JsonArray *signatures = vector_array(run->vector, step->json, "signatures");
    GByteArray *bytes =
        vector_bytes(run->vector, vector_element(run->vector, signatures, 0), "point_hex");

    if (!vector_check(run->vector, bytes->len == TKE_EC_POINT_LEN, "point of the signer")) {
        return false;
    }
    memcpy(point, bytes->data, TKE_EC_POINT_LEN);
    return true;
}

static void
see_zone(HostRun *run, const TkeZoneCertificate *zone)
{
    run->zone = *zone;
    run->has_zone = true;
}

static bool
call_select(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    const bool is_ca = step->data->len == 7 && step->data->data[6] == 1;

    return tke_card_select(step->on->card, is_ca ? TKE_CARD_KIND_CA : TKE_CARD_KIND_EP11, NULL,
                           error);
}

/* ---- PINs: the pad types what the transcript holds ---- */

static bool
call_verify(HostRun *run, const HostStep *step, GError **error)
{
    TkePinStatus status = { 0 };
    const bool is_state = step->data->len == 0;

    if (!is_state) {
        return tke_pin_pad_verify(step->on->card, step->header[3], error);
    }
    if (!tke_pin_pad_query_state(step->on->card, step->header[3], &status, error)) {
        return false;
    }
    if ((step->sw & 0xFFF0) == 0x63C0) {
        vector_check_int(run->vector, "tries left", status.tries_left, step->sw & 0x0F);
    }
    return true;
}

static bool
call_forget(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    return tke_pin_pad_forget(step->on->card, step->header[3], error);
}

static bool
call_set_pin(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    return tke_pin_pad_set(step->on->card, step->header[3], error);
}

static bool
call_change_pin(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    return tke_pin_pad_change(step->on->card, step->header[3], error);
}

/* ---- Reading ---- */

static bool
call_status(HostRun *run, const HostStep *step, GError **error)
{
    TkeCardStatus status = { 0 };

    if (!tke_card_query_status(step->on->card, &status, error)) {
        return false;
    }
    vector_check_bytes(run->vector, "card id", status.card_id, sizeof status.card_id,
                       step->on->card_id, sizeof step->on->card_id);
    return true;
}

static bool
call_zone_certificate(HostRun *run, const HostStep *step, GError **error)
{
    TkeZoneCertificate zone = { 0 };

    if (!tke_card_query_zone_certificate(step->on->card, &zone, error)) {
        return false;
    }
    see_zone(run, &zone);
    return true;
}

static bool
call_own_certificate(HostRun *run, const HostStep *step, GError **error)
{
    TkeZoneCertificate own = { 0 };

    return tke_card_query_own_certificate(step->on->card, &own, error) &&
           tke_zone_certificate_check_card(&own, &run->zone, step->on->card_id, error);
}

static bool
call_probe(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    bool marks[10] = { false };

    return tke_card_query_probe(step->on->card, marks, error);
}

static bool
call_signature_key(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeSignatureKey key = { .origin = 0 };

    return tke_ep11_card_query_signature_key(step->on->card, &key, error);
}

static bool
call_list(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    g_autofree TkeKeyPartList *list = g_new0(TkeKeyPartList, 1);

    return tke_ep11_card_query_parts_page(step->on->card, step->header[3], list, error);
}

static bool
call_log(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    g_autofree TkeUsageLog *log = g_new0(TkeUsageLog, 1);
    uint8_t head[32] = { 0 };

    if (!tke_card_evidence_query_page(step->on->card, step->header[3], log, error)) {
        return false;
    }
    if (log->n < log->counter) {
        return true; /* not the whole log: nothing to check its head with */
    }
    return tke_card_evidence_first_head(step->on->card_id, head, error) &&
           tke_card_evidence_check_chain(log, 0, head, error);
}

static bool
call_statement(HostRun *run, const HostStep *step, GError **error)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    TkeCardStatement statement = { .usage_counter = 0 };

    return step->data->len == TKE_STATEMENT_CHALLENGE_LEN &&
           card_host_signer_point(run, step, point) &&
           tke_card_evidence_query_statement(step->on->card, step->data->data, &statement, error) &&
           tke_card_evidence_verify_statement(&statement, run->zone.zone_id, step->on->card_id,
                                              step->data->data, point, error);
}

static bool
call_challenge(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    uint8_t challenge[TKE_CARD_CHALLENGE_LEN] = { 0 };

    return tke_ep11_card_query_challenge(step->on->card, challenge, error);
}

/* ---- CA cards ---- */

static bool
call_create_zone(HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    g_autofree char *zone_text = card_host_text(&cursor, 0x85);
    g_autofree char *card_text = card_host_text(&cursor, 0x8E);
    TkeZoneCertificate zone = { 0 };

    if (zone_text == NULL || card_text == NULL ||
        !tke_ca_card_create_zone(step->on->card, zone_text, card_text, &zone, error)) {
        return false;
    }
    see_zone(run, &zone);
    return true;
}

static bool
call_certify(HostRun *run, const HostStep *step, GError **error)
{
    TkeZoneRequest request = { 0 };
    TkeZoneCertificate certificate = { 0 };

    return tke_zone_request_parse(step->data->data, step->data->len, &request, error) &&
           tke_ca_card_certify(step->on->card, &run->zone, &request, &certificate, error);
}

static bool
call_authorise(HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    uint8_t card_id[TKE_CARD_ID_LEN] = { 0 };
    uint8_t challenge[TKE_CARD_CHALLENGE_LEN] = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    return tke_tlv_read_exact(&cursor, 0x83, card_id, sizeof card_id) &&
           tke_tlv_read_exact(&cursor, 0x92, challenge, sizeof challenge) &&
           tke_ca_card_authorise_unblock(step->on->card, &run->zone, card_id, challenge, signature,
                                         &len, error);
}

static bool
read_ca_offer(TkeByteCursor *cursor, TkeCaOffer *offer)
{
    return tke_tlv_read_exact(cursor, 0x83, offer->card_id, sizeof offer->card_id) &&
           tke_tlv_read_exact(cursor, 0x86, offer->point, sizeof offer->point) &&
           tke_tlv_read_exact(cursor, 0x92, offer->nonce, sizeof offer->nonce);
}

static bool
call_ca_offer(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeCaOffer offer = { 0 };

    return tke_ca_card_make_offer(step->on->card, &offer, error);
}

static bool
call_give_backup(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    TkeCaOffer offer = { 0 };
    TkeCaBackup backup = { .signature_len = 0 };

    return read_ca_offer(&cursor, &offer) &&
           tke_ca_card_give_backup(step->on->card, &offer, &backup, error);
}

static bool
call_take_backup(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    TkeByteCursor value = { 0 };
    TkeCaBackup backup = { .signature_len = 0 };

    if (!tke_tlv_read(&cursor, 0x7F21, &value) ||
        !tke_zone_certificate_parse(step->data->data, cursor.pos, &backup.zone, error) ||
        !read_ca_offer(&cursor, &backup.sender) ||
        !tke_tlv_read_exact(&cursor, 0x99, backup.sealed, sizeof backup.sealed) ||
        !tke_tlv_read(&cursor, 0x5F37, &value)) {
        return false;
    }
    backup.signature_len = tke_byte_cursor_left(&value);
    return backup.signature_len <= sizeof backup.signature &&
           tke_byte_cursor_copy(&value, backup.signature, backup.signature_len) &&
           tke_ca_card_take_backup(step->on->card, &backup, error);
}

/* By INS and P1, and where it matters P2; -1: any. */
static const struct {
    uint8_t ins;
    int p1, p2;
    HostCall *call;
} calls[] = {
    { 0xA4, 0x04, -1, call_select },
    { 0x20, 0x00, -1, call_verify },
    { 0x20, 0xFF, -1, call_forget },
    { 0x24, 0x01, -1, call_set_pin },
    { 0x24, 0x00, -1, call_change_pin },
    { 0xCA, 0x00, 0xE0, call_status },
    { 0xCA, 0x00, 0xE3, call_zone_certificate },
    { 0xCA, 0x00, 0xE4, call_own_certificate },
    { 0xCA, 0x00, 0xE5, call_probe },
    { 0xCA, 0x00, 0xE6, call_signature_key },
    { 0xCA, 0x01, -1, call_list },
    { 0xCA, 0x02, -1, call_log },
    { 0x88, 0x00, -1, call_statement },
    { 0x84, 0x00, -1, call_challenge },
    { 0x2C, 0x01, -1, card_host_call_unblock },
    { 0x46, 0x01, -1, call_create_zone },
    { 0x46, 0x02, -1, card_host_call_make_identity },
    { 0x46, 0x03, -1, call_ca_offer },
    { 0x46, 0x04, -1, card_host_call_transfer_offer },
    { 0x46, 0x05, -1, card_host_call_make_key },
    { 0x46, 0x06, -1, card_host_call_make_part },
    { 0x2A, 0x01, -1, call_certify },
    { 0x2A, 0x02, -1, call_authorise },
    { 0x2A, 0x03, -1, call_give_backup },
    { 0x2A, 0x04, -1, call_take_backup },
    { 0x2A, 0x05, -1, card_host_call_start },
    { 0x2A, 0x06, -1, card_host_call_start },
    { 0x2A, 0x07, -1, card_host_call_wrap },
    { 0x2A, 0x0A, -1, card_host_call_send },
    { 0x2A, 0x0B, -1, card_host_call_receive },
    { 0x2A, 0x9E, -1, card_host_call_sign },
    { 0xDA, 0x01, -1, card_host_call_accept_zone },
    { 0xDA, 0x02, -1, card_host_call_accept_certificate },
    { 0xDA, 0x03, -1, card_host_call_describe },
    { 0xDA, 0x04, -1, card_host_call_describe },
    { 0xE4, -1, -1, card_host_call_delete },
};

bool
card_host_command(HostRun *run, const HostStep *step, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (calls[i].ins == step->header[1] &&
            (calls[i].p1 < 0 || calls[i].p1 == step->header[2]) &&
            (calls[i].p2 < 0 || calls[i].p2 == step->header[3])) {
            return calls[i].call(run, step, error);
        }
    }
    return false;
}
