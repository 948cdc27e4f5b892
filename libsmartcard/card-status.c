/*
 * The status of a card, to the byte (card-protocol.md, 6.1 and 12).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-cursor.h"
#include "common/tlv.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"

#define PLACES 0x55u

static bool
read_head(TkeByteCursor *cursor, TkeCardKind wanted, TkeCardStatus *status)
{
    uint8_t kind = 0;
    uint8_t life_cycle = 0;

    if (!tke_tlv_read_exact(cursor, TKE_TAG_KIND, &kind, 1) ||
        !tke_tlv_read_exact(cursor, TKE_TAG_LIFE_CYCLE, &life_cycle, 1) ||
        !tke_tlv_read_exact(cursor, TKE_TAG_VERSION, status->version, sizeof status->version) ||
        !tke_tlv_read_exact(cursor, TKE_TAG_CARD_ID, status->card_id, sizeof status->card_id)) {
        return false;
    }
    if ((kind != TKE_CARD_KIND_CA && kind != TKE_CARD_KIND_EP11) ||
        (wanted != TKE_CARD_KIND_FOREIGN && kind != wanted) || life_cycle > TKE_CARD_PERSONALISED ||
        (kind == TKE_CARD_KIND_CA && life_cycle != TKE_CARD_BLANK &&
         life_cycle != TKE_CARD_MEMBER) ||
        tke_card_is_zero(status->card_id, sizeof status->card_id)) {
        return false;
    }
    status->kind = kind;
    status->life_cycle = life_cycle;
    return true;
}

static bool
read_zone(TkeByteCursor *cursor, TkeCardStatus *status)
{
    status->has_zone = status->life_cycle != TKE_CARD_BLANK;
    if (!status->has_zone) {
        return true;
    }
    return tke_tlv_read_exact(cursor, TKE_TAG_ZONE_ID, status->zone_id, sizeof status->zone_id) &&
           !tke_card_is_zero(status->zone_id, sizeof status->zone_id) &&
           tke_card_read_text(cursor, TKE_TAG_ZONE_DESCRIPTION, 0, status->zone_description);
}

/* A PIN has a state that its card's life cycle allows, and no tries left exactly when blocked. */
static bool
take_pin(TkeCardStatus *status, unsigned i, const uint8_t bytes[static 3])
{
    TkePinStatus *pin = &status->pins[i];
    const unsigned limit = status->kind == TKE_CARD_KIND_CA ? TKE_PIN_TRIES_CA : TKE_PIN_TRIES_EP11;

    *pin = (TkePinStatus){ .reference = bytes[0], .state = bytes[1], .tries_left = bytes[2] };
    if (pin->reference != TKE_PIN_FIRST + i || bytes[1] > TKE_PIN_VERIFIED ||
        pin->tries_left > limit || (pin->tries_left == 0) != (pin->state == TKE_PIN_BLOCKED)) {
        return false;
    }
    if (status->kind == TKE_CARD_KIND_EP11) {
        return (pin->state == TKE_PIN_NOT_SET) == (status->life_cycle != TKE_CARD_PERSONALISED);
    }
    return status->life_cycle == TKE_CARD_BLANK || pin->state != TKE_PIN_NOT_SET;
}

static bool
read_pins(TkeByteCursor *cursor, TkeCardStatus *status)
{
    uint8_t bytes[6] = { 0 };

    status->n_pins = status->kind == TKE_CARD_KIND_CA ? 2 : 1;
    if (!tke_tlv_read_exact(cursor, TKE_TAG_PINS, bytes, (size_t) 3 * status->n_pins)) {
        return false;
    }
    for (unsigned i = 0; i < status->n_pins; i++) {
        if (!take_pin(status, i, bytes + (size_t) 3 * i)) {
            return false;
        }
    }
    return true;
}

static bool
read_keys(TkeByteCursor *cursor, TkeCardStatus *status)
{
    uint8_t parts[2] = { 0 };

    if (status->kind != TKE_CARD_KIND_EP11) {
        return true;
    }
    status->has_signature_key =
        status->life_cycle == TKE_CARD_PERSONALISED && tke_tlv_next_is(cursor, TKE_TAG_SKI);
    if (status->has_signature_key &&
        (!tke_tlv_read_exact(cursor, TKE_TAG_SKI, status->ski, sizeof status->ski) ||
         !tke_card_read_text(cursor, TKE_TAG_NAME, 1, status->admin_name) ||
         !tke_card_text_is_name(status->admin_name))) {
        return false;
    }
    if (!tke_tlv_read_exact(cursor, TKE_TAG_PARTS, parts, sizeof parts) || parts[1] != PLACES ||
        parts[0] > parts[1] || (parts[0] > 0 && status->life_cycle != TKE_CARD_PERSONALISED)) {
        return false;
    }
    status->n_parts = parts[0];
    status->n_places = parts[1];
    return true;
}

/* Objects after 8E are those of later minor versions; the known ones stand nowhere but in their
 * place. */
static bool
skip_later_objects(TkeByteCursor *cursor)
{
    static const uint16_t known[] = {
        TKE_TAG_KIND,        TKE_TAG_LIFE_CYCLE,    TKE_TAG_VERSION,
        TKE_TAG_CARD_ID,     TKE_TAG_ZONE_ID,       TKE_TAG_ZONE_DESCRIPTION,
        TKE_TAG_PINS,        TKE_TAG_SKI,           TKE_TAG_NAME,
        TKE_TAG_PARTS,       TKE_TAG_USAGE_COUNTER, TKE_TAG_USAGE_HEAD,
        TKE_TAG_DESCRIPTION,
    };

    while (tke_byte_cursor_left(cursor) > 0) {
        TkeByteCursor value = { 0 };
        uint16_t tag = 0;

        if (!tke_tlv_read_any(cursor, &tag, &value)) {
            return false;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
            if (tag == known[i]) {
                return false;
            }
        }
    }
    return true;
}

static bool
parse_objects(TkeByteCursor *cursor, TkeCardStatus *status)
{
    TkeByteCursor counter = { 0 };

    return read_zone(cursor, status) && read_pins(cursor, status) && read_keys(cursor, status) &&
           tke_tlv_read(cursor, TKE_TAG_USAGE_COUNTER, &counter) &&
           tke_byte_cursor_u32(&counter, &status->usage_counter) &&
           tke_byte_cursor_left(&counter) == 0 &&
           tke_tlv_read_exact(cursor, TKE_TAG_USAGE_HEAD, status->usage_head,
                              sizeof status->usage_head) &&
           tke_card_read_text(cursor, TKE_TAG_DESCRIPTION, 0, status->description) &&
           skip_later_objects(cursor);
}

bool
tke_card_status_parse(const uint8_t *data, size_t len, TkeCardKind kind, TkeCardStatus *status,
                      GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(data, len);
    TkeByteCursor objects = { 0 };
    TkeCardStatus read = { 0 };

    if (!tke_tlv_read(&cursor, TKE_TAG_STATUS, &objects) || tke_byte_cursor_left(&cursor) != 0 ||
        !read_head(&objects, kind, &read)) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                    _("the status of the card differs from the card protocol"));
        return false;
    }
    if (read.version[0] != TKE_CARD_PROTOCOL_VERSION) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_VERSION,
                    _("the card's applet has version %u.%u.%u, which this program does not know"),
                    read.version[0], read.version[1], read.version[2]);
        return false;
    }
    if (!parse_objects(&objects, &read)) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                    _("the status of the card differs from the card protocol"));
        return false;
    }
    *status = read;
    return true;
}
