/*
 * Calls of libsmartcard for the commands of EP11 cards and for copies.
 */
#include <string.h>

#include "common/tlv.h"
#include "libsmartcard/card-transfer.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"
#include "libsmartcard/ep11-card.h"
#include "tests/run-vectors/card-host.h"

bool
card_host_call_accept_zone(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeZoneCertificate zone = { 0 };

    return tke_zone_certificate_parse(step->data->data, step->data->len, &zone, error) &&
           tke_ep11_card_accept_zone(step->on->card, &zone, error);
}

bool
card_host_call_make_identity(HostRun *run, const HostStep *step, GError **error)
{
    TkeZoneRequest request = { 0 };

    return tke_ep11_card_make_identity(step->on->card, &request, error) &&
           tke_zone_request_check(&request, &run->zone, step->on->card_id, error);
}

static bool
read_signature(const HostStep *step, uint8_t out[static TKE_EC_SIGNATURE_MAX], size_t *len)
{
    TkeByteCursor cursor = card_host_data(step);
    TkeByteCursor value = { 0 };

    if (!tke_tlv_read(&cursor, 0x5F37, &value)) {
        return false;
    }
    *len = tke_byte_cursor_left(&value);
    return *len <= TKE_EC_SIGNATURE_MAX && tke_byte_cursor_copy(&value, out, *len);
}

bool
card_host_call_accept_certificate(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeZoneCertificate certificate = { 0 };

    return read_signature(step, certificate.signature, &certificate.signature_len) &&
           tke_ep11_card_accept_certificate(step->on->card, &certificate, error);
}

bool
card_host_call_unblock(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    return read_signature(step, signature, &len) &&
           tke_ep11_card_accept_unblock(step->on->card, signature, len, error);
}

bool
card_host_call_describe(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    g_autofree char *text = card_host_text(&cursor, 0x8E);

    if (text == NULL) {
        return false;
    }
    return step->header[2] == 3
               ? tke_card_set_description(step->on->card, text, error)
               : tke_ep11_card_describe_part(step->on->card, step->header[3], text, error);
}

bool
card_host_call_make_key(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    uint8_t old_ski[32] = { 0 };
    TkeSignatureKey key = { .origin = 0 };
    g_autofree char *name = NULL;

    if (step->header[3] == 1 && !tke_tlv_read_exact(&cursor, 0x88, old_ski, sizeof old_ski)) {
        return false;
    }
    name = card_host_text(&cursor, 0x89);
    if (name == NULL) {
        return false;
    }
    return step->header[3] == 1
               ? tke_ep11_card_replace_signature_key(step->on->card, old_ski, name, &key, error)
               : tke_ep11_card_generate_signature_key(step->on->card, name, &key, error);
}

bool
card_host_call_delete(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    uint8_t value[32] = { 0 };

    if (step->header[2] == 1) {
        return tke_tlv_read_exact(&cursor, 0x88, value, sizeof value) &&
               tke_ep11_card_delete_signature_key(step->on->card, value, error);
    }
    return tke_tlv_read_exact(&cursor, 0x90, value, sizeof value) &&
           tke_ep11_card_delete_part(step->on->card, step->header[3], value, error);
}

bool
card_host_call_make_part(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    g_autofree char *text = card_host_text(&cursor, 0x8E);
    TkeKeyPart part = { .place = 0 };

    return text != NULL && tke_ep11_card_generate_part(step->on->card, text, &part, error);
}

bool
card_host_call_wrap(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    TkeByteCursor answer = tke_byte_cursor(step->answer->data, step->answer->len);
    TkeByteCursor point = { 0 };
    uint8_t importer[TKE_EC_POINT_LEN] = { 0 };
    uint8_t form = 0;
    uint8_t vp[TKE_VP_LEN] = { 0 };
    TkeWrappedPart wrapped = { 0 };

    if (tke_tlv_read(&answer, 0x86, &point)) {
        tke_tlv_read_exact(&answer, 0x90, vp, sizeof vp); /* what the custodian confirmed */
    }
    return tke_tlv_read_exact(&cursor, 0x86, importer, sizeof importer) &&
           tke_tlv_read_exact(&cursor, 0x94, &form, 1) &&
           tke_ep11_card_wrap_part(step->on->card, step->header[3], vp, importer, form, &wrapped,
                                   error);
}

bool
card_host_call_sign(HostRun *run, const HostStep *step, GError **error)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    if (!card_host_signer_point(run, step, point) ||
        !tke_ep11_card_sign(step->on->card, step->header[3], point, step->data->data,
                            step->data->len, signature, &len, error)) {
        return false;
    }
    vector_check_bytes(run->vector, "signature", signature, len, step->answer->data,
                       step->answer->len);
    return true;
}

/* ---- Copies ---- */

bool
card_host_call_transfer_offer(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeTransferOffer offer = { .signature_len = 0 };

    return tke_card_transfer_make_offer(step->on->card, &offer, error);
}

bool
card_host_call_start(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeTransferOffer offer = { .signature_len = 0 };
    TkeTransferOffer answer = { .signature_len = 0 };

    if (!tke_card_transfer_parse_offer(step->data->data, step->data->len, &offer, error)) {
        return false;
    }
    return step->header[2] == 5
               ? tke_card_transfer_start_sending(step->on->card, &offer, &answer, error)
               : tke_card_transfer_start_receiving(step->on->card, &offer, error);
}

bool
card_host_call_send(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    TkeByteCursor places = { 0 };
    TkeTransferSealed sealed = { .len = 0 };

    if (step->header[3] == 1) {
        return tke_card_transfer_send_key(step->on->card, &sealed, error);
    }
    return tke_tlv_read(&cursor, 0x91, &places) &&
           tke_card_transfer_send_parts(step->on->card, places.data,
                                        (unsigned) tke_byte_cursor_left(&places), &sealed, error);
}

bool
card_host_call_receive(G_GNUC_UNUSED HostRun *run, const HostStep *step, GError **error)
{
    TkeByteCursor cursor = card_host_data(step);
    TkeByteCursor content = { 0 };
    TkeTransferSealed sealed = { .len = 0 };
    TkeTransferEntry entries[TKE_TRANSFER_BATCH] = { 0 };
    const uint8_t *answer = step->answer->data;
    const unsigned n = step->answer->len < 4 ? 1 : (step->answer->len - 2) / 2;

    if (!tke_tlv_read(&cursor, 0x99, &content)) {
        return false;
    }
    sealed.len = tke_byte_cursor_left(&content);
    return sealed.len <= sizeof sealed.content &&
           tke_byte_cursor_copy(&content, sealed.content, sealed.len) &&
           tke_card_transfer_receive(step->on->card, &sealed, n == 1 && answer[2] == 0, n, entries,
                                     error);
}
