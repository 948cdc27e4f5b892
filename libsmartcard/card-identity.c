/*
 * What was inserted, and the status of a card of ours (card-protocol.md, sections 1, 6.1, 6.4, 6.6,
 * 12).
 */
#include "libsmartcard/card-identity.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/hex.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/status-word.h"

#define P1_BY_NAME 0x04u
#define SW_MANAGER_LOCKED 0x6283u /* GlobalPlatform: the card manager is there, the card locked */
#define N_MARKS 10u

/* Third SELECT for a card with none of our applets: is there a card manager that could load one? */
static bool
tell_empty_from_foreign(TkeCard *card, TkeCardStatus *status, GError **error)
{
    const TkeApdu apdu = { .ins = TKE_INS_SELECT, .p1 = P1_BY_NAME, .has_answer = true };
    TkeCardAnswer answer;

    if (!tke_card_transmit(card, &apdu, &answer, error)) {
        return false;
    }
    status->kind = answer.sw == TKE_SW_DONE || answer.sw == SW_MANAGER_LOCKED
                       ? TKE_CARD_KIND_EMPTY
                       : TKE_CARD_KIND_FOREIGN;
    return true;
}

static bool
recognise_quietly(TkeCard *card, TkeCardStatus *status, GError **error)
{
    static const TkeCardKind kinds[] = { TKE_CARD_KIND_EP11, TKE_CARD_KIND_CA };
    uint8_t version[3] = { 0 };
    bool found = false;
    size_t i = 0;

    for (; i < G_N_ELEMENTS(kinds) && !found; i++) {
        if (!tke_card_select_any(card, kinds[i], &found, version, error)) {
            return false;
        }
    }
    if (!found) {
        return tell_empty_from_foreign(card, status, error);
    }
    if (version[0] != TKE_CARD_PROTOCOL_VERSION) {
        status->kind = TKE_CARD_KIND_OTHER_VERSION;
        status->applet = kinds[i - 1];
        memcpy(status->version, version, sizeof version);
        return true;
    }
    if (!tke_card_query_status(card, status, error)) {
        return false;
    }
    if (memcmp(status->version, version, sizeof version) != 0) {
        tke_card_set_protocol_error(card, _("reading the card's status"), error);
        return false;
    }
    return true;
}

bool
tke_card_recognise(TkeCard *card, TkeCardStatus *status, GError **error)
{
    TkeCardStatus read = { 0 };
    bool ok = false;

    if (!tke_card_begin(card, error)) {
        return false;
    }
    ok = recognise_quietly(card, &read, error);
    tke_card_end(card);
    if (ok) {
        *status = read;
    }
    return ok;
}

bool
tke_card_query_status(TkeCard *card, TkeCardStatus *status, GError **error)
{
    TkeCardAnswer answer;
    g_autoptr(GError) inner = NULL;

    if (!tke_card_get(card, 0, TKE_GET_STATUS, _("reading the card's status"), &answer, error)) {
        return false;
    }
    if (!tke_card_status_parse(answer.data, answer.len, tke_card_get_selected(card), status,
                               &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    return true;
}

const TkePinStatus *
tke_card_status_get_pin(const TkeCardStatus *status, uint8_t reference)
{
    for (unsigned i = 0; i < status->n_pins; i++) {
        if (status->pins[i].reference == reference) {
            return &status->pins[i];
        }
    }
    return NULL;
}

bool
tke_card_status_is_lost(const TkeCardStatus *status)
{
    bool blocked = false;

    for (unsigned i = 0; i < status->n_pins; i++) {
        blocked = blocked || status->pins[i].state == TKE_PIN_BLOCKED;
    }
    return blocked && status->kind == TKE_CARD_KIND_CA;
}

bool
tke_card_status_is_blank(const TkeCardStatus *status)
{
    return status->kind == TKE_CARD_KIND_EMPTY ||
           ((status->kind == TKE_CARD_KIND_CA || status->kind == TKE_CARD_KIND_EP11) &&
            !status->has_zone);
}

static const char *
kind_text(TkeCardKind kind)
{
    switch (kind) {
    case TKE_CARD_KIND_CA:
        return _("this is a CA card");
    case TKE_CARD_KIND_EP11:
        return _("this is an EP11 card");
    case TKE_CARD_KIND_EMPTY:
        return _("this card is blank");
    case TKE_CARD_KIND_OTHER_VERSION:
    case TKE_CARD_KIND_FOREIGN:
        break;
    }
    return _("this is not one of our cards");
}

static bool
need_kind(const TkeCardStatus *status, TkeCardKind kind, GError **error)
{
    if (status->kind == kind) {
        return true;
    }
    if (status->kind == TKE_CARD_KIND_OTHER_VERSION) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_VERSION,
                    _("the card's applet has version %u.%u.%u, which this program does not know"),
                    status->version[0], status->version[1], status->version[2]);
        return false;
    }
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_KIND,
                kind == TKE_CARD_KIND_CA ? _("%s; a CA card is needed")
                                         : _("%s; an EP11 card is needed"),
                kind_text(status->kind));
    return false;
}

static bool
need_zone(const TkeCardStatus *status, const uint8_t *zone_id, GError **error)
{
    g_autofree char *own = NULL;
    g_autofree char *wanted = NULL;

    if (zone_id == NULL || memcmp(status->zone_id, zone_id, TKE_ZONE_ID_LEN) == 0) {
        return true;
    }
    own = tke_card_id_text(status->zone_id);
    wanted = tke_card_id_text(zone_id);
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_ZONE,
                _("this card belongs to zone %s “%s”; a card of zone %s is needed"), own,
                status->zone_description, wanted);
    return false;
}

bool
tke_card_status_need_ca(const TkeCardStatus *status, const uint8_t *zone_id, GError **error)
{
    if (!need_kind(status, TKE_CARD_KIND_CA, error)) {
        return false;
    }
    if (!status->has_zone) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_ENROLLED,
                    _("this CA card has no zone yet"));
        return false;
    }
    return need_zone(status, zone_id, error);
}

bool
tke_card_status_need_enrolled(const TkeCardStatus *status, const uint8_t *zone_id, GError **error)
{
    if (!need_kind(status, TKE_CARD_KIND_EP11, error)) {
        return false;
    }
    if (status->life_cycle < TKE_CARD_MEMBER) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_ENROLLED,
                    _("this card is not enrolled in a zone"));
        return false;
    }
    return need_zone(status, zone_id, error);
}

bool
tke_card_status_need_personalised(const TkeCardStatus *status, const uint8_t *zone_id,
                                  GError **error)
{
    if (!tke_card_status_need_enrolled(status, zone_id, error)) {
        return false;
    }
    if (status->life_cycle != TKE_CARD_PERSONALISED) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_PERSONALISED,
                    _("this card has no PIN yet"));
        return false;
    }
    return true;
}

char *
tke_card_id_text(const uint8_t id[static 8])
{
    return tke_hex_grouped(id, TKE_CARD_ID_LEN, 4, '-');
}

bool
tke_card_status_is_newer(const TkeCardStatus *status)
{
    return status->version[0] > TKE_CARD_PROTOCOL_VERSION;
}

bool
tke_card_text_is_description(const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7E) {
            return false;
        }
    }
    return len <= TKE_CARD_TEXT_MAX;
}

bool
tke_card_text_is_name(const char *text)
{
    size_t len = strlen(text);

    if (len == 0 || len > TKE_CARD_TEXT_MAX || text[0] == ' ' || text[len - 1] == ' ') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isalnum(text[i]) && strchr(" '()+,-./:=?", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

bool
tke_card_set_description(TkeCard *card, const char *description, GError **error)
{
    uint8_t data[2 + TKE_CARD_TEXT_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };

    g_return_val_if_fail(tke_card_text_is_description(description), false);
    tke_tlv_object(&b, TKE_TAG_DESCRIPTION, (const uint8_t *) description, strlen(description));
    g_assert(!b.failed);
    return tke_card_call(card, TKE_INS_PUT, 0x03, 0, data, b.len, _("describing the card"), NULL,
                         error);
}

bool
tke_card_query_probe(TkeCard *card, bool marks[static 10], GError **error)
{
    TkeCardAnswer answer;
    TkeByteCursor cursor = { 0 };
    uint8_t probe[2 * N_MARKS];

    if (!tke_card_get(card, 0, TKE_GET_PROBE, _("probing the card"), &answer, error)) {
        return false;
    }
    cursor = tke_byte_cursor(answer.data, answer.len);
    if (!tke_tlv_read_exact(&cursor, TKE_TAG_PROBE, probe, sizeof probe) ||
        tke_byte_cursor_left(&cursor) != 0) {
        tke_card_set_protocol_error(card, _("probing the card"), error);
        return false;
    }
    for (unsigned i = 0; i < N_MARKS; i++) {
        if (probe[2 * i] != i + 1 || probe[2 * i + 1] > 1) {
            tke_card_set_protocol_error(card, _("probing the card"), error);
            return false;
        }
    }
    for (unsigned i = 0; i < N_MARKS; i++) {
        marks[i] = probe[2 * i + 1] == 1;
    }
    return true;
}
