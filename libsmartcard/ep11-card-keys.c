/*
 * Key parts on an EP11 card (card-protocol.md, 8.3 and 12).
 */
#include "libsmartcard/ep11-card-keys.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"

#define ORIGIN_HOW 0x0Fu

const char *
tke_ep11_card_origin_word(uint8_t origin)
{
    if ((origin & TKE_ORIGIN_COPIED) != 0) {
        return N_("copied from card");
    }
    switch (origin & ORIGIN_HOW) {
    case TKE_ORIGIN_FILE:
        return N_("copied from file");
    case TKE_ORIGIN_TYPED:
        return N_("typed");
    default:
        return N_("generated on card");
    }
}

const char *
tke_ep11_card_origin_text(uint8_t origin)
{
    return _(tke_ep11_card_origin_word(origin));
}

static bool
is_origin(uint8_t origin)
{
    const uint8_t how = origin & ORIGIN_HOW;

    return (origin & ~(ORIGIN_HOW | TKE_ORIGIN_COPIED)) == 0 &&
           (how == TKE_ORIGIN_MADE || how == TKE_ORIGIN_FILE || how == TKE_ORIGIN_TYPED);
}

/* 90: a pattern; cards always send its last four bytes as zeros. */
static bool
read_pattern(TkeByteCursor *cursor, uint8_t vp[static TKE_VP_LEN])
{
    return tke_tlv_read_exact(cursor, TKE_TAG_PATTERN, vp, TKE_VP_LEN) &&
           tke_card_is_zero(vp + TKE_VP_COMPARED, TKE_VP_LEN - TKE_VP_COMPARED);
}

static bool
read_place(TkeByteCursor *cursor, uint8_t *place)
{
    return tke_tlv_read_exact(cursor, TKE_TAG_PLACE, place, 1) && *place >= 1 &&
           *place <= TKE_EP11_PLACES;
}

static bool
read_part(TkeByteCursor *cursor, TkeKeyPart *part)
{
    TkeByteCursor entry = { 0 };

    return tke_tlv_read(cursor, TKE_TAG_PART, &entry) &&
           tke_card_read_text(&entry, TKE_TAG_DESCRIPTION, 0, part->description) &&
           tke_tlv_read_exact(&entry, TKE_TAG_ORIGIN, &part->origin, 1) &&
           is_origin(part->origin) && read_pattern(&entry, part->vp) &&
           read_place(&entry, &part->place) && tke_byte_cursor_left(&entry) == 0;
}

/* Parts of one card stand at ascending places and have different patterns. */
static bool
fits_behind(const TkeKeyPartList *list, const TkeKeyPart *part)
{
    if (list->n >= TKE_EP11_PLACES ||
        (list->n > 0 && part->place <= list->parts[list->n - 1].place)) {
        return false;
    }
    for (unsigned i = 0; i < list->n; i++) {
        if (memcmp(list->parts[i].vp, part->vp, TKE_VP_LEN) == 0) {
            return false;
        }
    }
    return true;
}

bool
tke_ep11_card_parse_parts(const uint8_t *data, size_t len, uint8_t first, TkeKeyPartList *list,
                          GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(data, len);
    TkeKeyPartList read = *list;

    while (tke_byte_cursor_left(&cursor) > 0) {
        TkeKeyPart part = { 0 };

        if (!read_part(&cursor, &part) || part.place < first || !fits_behind(&read, &part)) {
            g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                        _("the list of key parts differs from the card protocol"));
            return false;
        }
        read.parts[read.n++] = part;
    }
    *list = read;
    return true;
}

bool
tke_ep11_card_query_parts_page(TkeCard *card, uint8_t first, TkeKeyPartList *list, GError **error)
{
    TkeCardAnswer answer;
    g_autoptr(GError) inner = NULL;

    g_return_val_if_fail(first >= 1 && first <= TKE_EP11_PLACES, false);
    if (!tke_card_get(card, TKE_GET_PARTS, first, _("listing key parts"), &answer, error)) {
        return false;
    }
    if (!tke_ep11_card_parse_parts(answer.data, answer.len, first, list, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    return true;
}

bool
tke_ep11_card_query_parts(TkeCard *card, unsigned n_parts, TkeKeyPartList *list, GError **error)
{
    TkeKeyPartList read = { 0 };
    unsigned first = 1;

    while (read.n < n_parts) {
        const unsigned before = read.n;

        if (first > TKE_EP11_PLACES) {
            break;
        }
        if (!tke_ep11_card_query_parts_page(card, (uint8_t) first, &read, error)) {
            return false;
        }
        if (read.n == before) {
            break;
        }
        first = read.parts[read.n - 1].place + 1u;
    }
    if (read.n != n_parts) {
        tke_card_set_protocol_error(card, _("listing key parts"), error);
        return false;
    }
    *list = read;
    return true;
}

const TkeKeyPart *
tke_key_part_list_find(const TkeKeyPartList *list, const uint8_t vp[static TKE_VP_LEN])
{
    for (unsigned i = 0; i < list->n; i++) {
        if (tke_digest_vp_equal(list->parts[i].vp, vp)) {
            return &list->parts[i];
        }
    }
    return NULL;
}

static void
put_description(TkeByteBuilder *b, const char *description)
{
    tke_tlv_object(b, TKE_TAG_DESCRIPTION, (const uint8_t *) description, strlen(description));
}

bool
tke_ep11_card_generate_part(TkeCard *card, const char *description, TkeKeyPart *part,
                            GError **error)
{
    uint8_t data[2 + TKE_CARD_TEXT_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeCardAnswer answer;
    TkeByteCursor cursor = { 0 };
    TkeKeyPart made = { .origin = TKE_ORIGIN_MADE };

    g_return_val_if_fail(tke_card_text_is_description(description), false);
    put_description(&b, description);
    if (!tke_card_call(card, TKE_INS_GENERATE, 0x06, 0, data, b.len, _("making a key part"),
                       &answer, error)) {
        return false;
    }
    cursor = tke_byte_cursor(answer.data, answer.len);
    if (!read_pattern(&cursor, made.vp) || !read_place(&cursor, &made.place) ||
        tke_byte_cursor_left(&cursor) != 0) {
        tke_card_set_protocol_error(card, _("making a key part"), error);
        return false;
    }
    g_strlcpy(made.description, description, sizeof made.description);
    *part = made;
    return true;
}

bool
tke_ep11_card_describe_part(TkeCard *card, uint8_t place, const char *description, GError **error)
{
    uint8_t data[2 + TKE_CARD_TEXT_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };

    g_return_val_if_fail(tke_card_text_is_description(description), false);
    put_description(&b, description);
    return tke_card_call(card, TKE_INS_PUT, 0x04, place, data, b.len, _("describing a key part"),
                         NULL, error);
}

bool
tke_ep11_card_delete_part(TkeCard *card, uint8_t place, const uint8_t vp[static TKE_VP_LEN],
                          GError **error)
{
    uint8_t data[2 + TKE_VP_LEN];
    TkeByteBuilder b = { .out = data, .size = sizeof data };

    tke_tlv_object(&b, TKE_TAG_PATTERN, vp, TKE_VP_LEN);
    return tke_card_call(card, TKE_INS_DELETE, 0x02, place, data, b.len, _("deleting a key part"),
                         NULL, error);
}

bool
tke_ep11_card_wrap_part(TkeCard *card, uint8_t place, const uint8_t vp[static TKE_VP_LEN],
                        const uint8_t importer_point[static TKE_EC_POINT_LEN], TkeWrapForm form,
                        TkeWrappedPart *out, GError **error)
{
    uint8_t data[3 + TKE_EC_POINT_LEN + 3];
    const uint8_t form_byte = (uint8_t) form;
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeCardAnswer answer;
    TkeByteCursor cursor = { 0 };
    TkeWrappedPart read = { 0 };

    tke_tlv_object(&b, TKE_TAG_POINT, importer_point, TKE_EC_POINT_LEN);
    tke_tlv_object(&b, TKE_TAG_FORM, &form_byte, 1);
    g_assert(!b.failed);
    if (!tke_card_call(card, TKE_INS_PERFORM, 0x07, place, data, b.len, _("encrypting a key part"),
                       &answer, error)) {
        return false;
    }
    cursor = tke_byte_cursor(answer.data, answer.len);
    if (!tke_card_read_point(&cursor, read.ephemeral_point) || !read_pattern(&cursor, read.vp) ||
        !tke_tlv_read_exact(&cursor, TKE_TAG_UKM, read.ukm, sizeof read.ukm) ||
        !tke_tlv_read_exact(&cursor, TKE_TAG_WRAPPED, read.wrapped, sizeof read.wrapped) ||
        tke_byte_cursor_left(&cursor) != 0) {
        tke_card_set_protocol_error(card, _("encrypting a key part"), error);
        return false;
    }
    if (!tke_digest_vp_equal(read.vp, vp)) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                                         _("the card encrypted another key part than the one at "
                                           "place %u that was confirmed"),
                                         place));
    }
    *out = read;
    return true;
}
