/*
 * What a card manager tells without keys (GlobalPlatform 2.3, 11.3, annexes C and H; free memory:
 * ETSI TS 102 226, 8.2.1.7). Functions of gp-registry.h.
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/gp-registry.h"
#include "libsmartcard/gp-status.h"

#define P1_BY_NAME 0x04u
#define TAG_FCI 0x6Fu
#define TAG_NAME 0x84u
#define TAG_OWN 0xA5u
#define TAG_RECOGNITION 0x66u
#define TAG_RECOGNITION_INNER 0x73u
#define TAG_OID 0x06u
#define TAG_VERSION 0x60u
#define TAG_CHANNEL 0x64u
#define TAG_KEYS 0xE0u
#define TAG_KEY 0xC0u
#define TAG_CPLC 0x9F7Fu
#define TAG_FREE 0xFF21u
#define TAG_FREE_LASTING 0x82u

/* {globalPlatform 2} and {globalPlatform 4}; globalPlatform is 1.2.840.114283 */
static const uint8_t oid_version[] = { 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x02 };
static const uint8_t oid_channel[] = { 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04 };

/* The next object of this tag on this level; false if there is none. */
static bool
find(TkeByteCursor *cursor, uint16_t wanted, TkeByteCursor *value)
{
    uint16_t tag = 0;

    while (tke_tlv_read_any(cursor, &tag, value)) {
        if (tag == wanted) {
            return true;
        }
    }
    return false;
}

/* An object with an object identifier in it that begins so; rest: what follows the beginning. */
static bool
read_oid(TkeByteCursor object, const uint8_t *begin, size_t len, TkeByteCursor *rest)
{
    TkeByteCursor oid = { 0 };
    const uint8_t *bytes = NULL;

    if (!find(&object, TAG_OID, &oid) || !tke_byte_cursor_bytes(&oid, len, &bytes) ||
        memcmp(bytes, begin, len) != 0) {
        return false;
    }
    *rest = oid;
    return true;
}

static void
take_version(TkeByteCursor object, TkeGpCardData *data)
{
    g_autoptr(GString) text = g_string_new(NULL);
    TkeByteCursor rest = { 0 };
    uint8_t number = 0;

    if (!read_oid(object, oid_version, sizeof oid_version, &rest)) {
        return;
    }
    while (tke_byte_cursor_u8(&rest, &number)) {
        g_string_append_printf(text, "%s%u", text->len > 0 ? "." : "", number);
    }
    if (text->len < sizeof data->version) {
        g_strlcpy(data->version, text->str, sizeof data->version);
    }
}

static void
take_channel(TkeByteCursor object, TkeGpCardData *data)
{
    TkeGpChannelInfo channel = { 0 };
    TkeByteCursor rest = { 0 };

    if (data->n_channels < TKE_GP_CHANNELS_MAX &&
        read_oid(object, oid_channel, sizeof oid_channel, &rest) &&
        tke_byte_cursor_u8(&rest, &channel.protocol) &&
        tke_byte_cursor_u8(&rest, &channel.options)) {
        /* An arc above 127 takes two bytes; no channel known here has one. */
        data->channels[data->n_channels++] = channel;
    }
}

/* The inside of 73. */
static void
take_recognition(TkeByteCursor inner, TkeGpCardData *data)
{
    TkeByteCursor object = { 0 };
    uint16_t tag = 0;

    data->n_channels = 0;
    while (tke_tlv_read_any(&inner, &tag, &object)) {
        if (tag == TAG_VERSION) {
            take_version(object, data);
        } else if (tag == TAG_CHANNEL) {
            take_channel(object, data);
        }
    }
}

void
tke_gp_registry_parse_recognition(const uint8_t *bytes, size_t len, TkeGpCardData *data)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);
    TkeByteCursor outer = { 0 };
    TkeByteCursor inner = { 0 };

    if (find(&cursor, TAG_RECOGNITION, &outer) && find(&outer, TAG_RECOGNITION_INNER, &inner)) {
        take_recognition(inner, data);
    }
}

void
tke_gp_registry_parse_select(const uint8_t *bytes, size_t len, TkeGpCardData *data)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);
    TkeByteCursor fci = { 0 };
    TkeByteCursor copy = { 0 };
    TkeByteCursor own = { 0 };
    TkeByteCursor value = { 0 };

    if (!find(&cursor, TAG_FCI, &fci)) {
        return;
    }
    copy = fci;
    data->has_aid = find(&copy, TAG_NAME, &value) && tke_gp_aid_read(&value, &data->aid);
    copy = fci;
    if (find(&copy, TAG_OWN, &own) && find(&own, TAG_RECOGNITION_INNER, &value)) {
        take_recognition(value, data);
    }
}

void
tke_gp_registry_parse_keys(const uint8_t *bytes, size_t len, TkeGpCardData *data)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);
    TkeByteCursor keys = { 0 };
    TkeByteCursor value = { 0 };

    data->n_keys = 0;
    if (!find(&cursor, TAG_KEYS, &keys)) {
        return;
    }
    while (data->n_keys < TKE_GP_KEY_INFOS_MAX && find(&keys, TAG_KEY, &value)) {
        TkeGpKeyInfo key = { 0 };

        if (tke_byte_cursor_u8(&value, &key.id) && tke_byte_cursor_u8(&value, &key.version) &&
            tke_byte_cursor_u8(&value, &key.type) && tke_byte_cursor_u8(&value, &key.len)) {
            data->keys[data->n_keys++] = key;
        }
    }
}

void
tke_gp_registry_parse_cplc(const uint8_t *bytes, size_t len, TkeGpCardData *data)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);

    data->has_cplc =
        tke_tlv_read_exact(&cursor, TAG_CPLC, data->cplc, TKE_GP_CPLC_LEN) ||
        (len == TKE_GP_CPLC_LEN && tke_byte_cursor_copy(&cursor, data->cplc, TKE_GP_CPLC_LEN));
}

void
tke_gp_registry_parse_free(const uint8_t *bytes, size_t len, TkeGpCardData *data)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);
    TkeByteCursor object = { 0 };
    TkeByteCursor value = { 0 };
    uint32_t free_bytes = 0;
    uint8_t byte = 0;

    data->has_free = find(&cursor, TAG_FREE, &object) && find(&object, TAG_FREE_LASTING, &value) &&
                     tke_byte_cursor_left(&value) >= 1 && tke_byte_cursor_left(&value) <= 4;
    while (data->has_free && tke_byte_cursor_u8(&value, &byte)) {
        free_bytes = free_bytes << 8 | byte;
    }
    data->free_bytes = free_bytes;
}

bool
tke_gp_registry_select(TkeCard *card, TkeGpCardData *data, GError **error)
{
    const TkeApdu apdu = { .ins = TKE_INS_SELECT, .p1 = P1_BY_NAME, .has_answer = true };
    TkeGpCardData read = { 0 };
    TkeCardAnswer answer;
    GError *made = NULL;

    tke_card_set_selected(card, TKE_CARD_KIND_FOREIGN, false);
    if (!tke_card_transmit(card, &apdu, &answer, error)) {
        return false;
    }
    if (answer.sw != TKE_GP_STATUS_DONE && answer.sw != TKE_GP_STATUS_CARD_LOCKED) {
        made = g_error_new_literal(TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE,
                                   _("the card has no card manager that answers"));
        tke_card_error_set_sw(made, answer.sw);
        return tke_card_fail(card, error, made);
    }
    tke_gp_registry_parse_select(answer.data, answer.len, &read);
    read.locked = answer.sw == TKE_GP_STATUS_CARD_LOCKED;
    *data = read;
    return true;
}

typedef void (*Parser)(const uint8_t *bytes, size_t len, TkeGpCardData *data);

bool
tke_gp_registry_query_data(TkeCard *card, TkeGpCardData *data, GError **error)
{
    static const struct {
        uint16_t tag;
        Parser parse;
    } objects[] = {
        { TAG_RECOGNITION, tke_gp_registry_parse_recognition },
        { TAG_KEYS, tke_gp_registry_parse_keys },
        { TAG_CPLC, tke_gp_registry_parse_cplc },
        { TAG_FREE, tke_gp_registry_parse_free },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++) {
        const TkeApdu apdu = { .cla = TKE_CLA_OWN,
                               .ins = TKE_INS_GET,
                               .p1 = (uint8_t) (objects[i].tag >> 8),
                               .p2 = (uint8_t) objects[i].tag,
                               .has_answer = true };
        TkeCardAnswer answer;

        if (!tke_card_transmit(card, &apdu, &answer, error)) {
            return false;
        }
        if (answer.sw == TKE_GP_STATUS_DONE) {
            objects[i].parse(answer.data, answer.len, data);
        }
    }
    return true;
}

bool
tke_gp_registry_query_free(TkeGpScp *scp, bool *found, uint32_t *bytes, GError **error)
{
    const TkeApdu apdu = { .cla = TKE_CLA_OWN,
                           .ins = TKE_INS_GET,
                           .p1 = TAG_FREE >> 8,
                           .p2 = TAG_FREE & 0xFF,
                           .has_answer = true };
    TkeGpCardData data = { 0 };
    TkeCardAnswer answer;

    if (!tke_gp_scp_transmit(scp, &apdu, &answer, error)) {
        return false;
    }
    if (answer.sw == TKE_GP_STATUS_DONE) {
        tke_gp_registry_parse_free(answer.data, answer.len, &data);
    }
    *found = data.has_free;
    *bytes = data.free_bytes;
    return true;
}
