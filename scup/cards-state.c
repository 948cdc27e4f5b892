/*
 * What is known of the two readers and their cards, for whoever shows it.
 */
#include <string.h>

#include "scup/cards-private.h"

const TkeReaderInfo *
scup_cards_get_reader(ScupCards *cards, unsigned reader)
{
    return cards->assigned != NULL ? cards->assigned->reader[reader - 1] : NULL;
}

static const TkeCardInfo *
find_info(ScupCards *cards, unsigned reader)
{
    for (guint i = 0; cards->infos != NULL && i < cards->infos->len; i++) {
        const TkeCardInfo *info = cards->infos->pdata[i];

        if (info->reader == reader) {
            return info;
        }
    }
    return NULL;
}

ScupPlace
scup_cards_get_place(ScupCards *cards, unsigned reader)
{
    const TkeReaderInfo *there = scup_cards_get_reader(cards, reader);
    const TkeCardInfo *info = find_info(cards, reader);

    if (cards->trouble != NULL) {
        return SCUP_PLACE_NO_SERVICE;
    }
    if (cards->readers == NULL) {
        return SCUP_PLACE_OPENING;
    }
    if (there == NULL) {
        return cards->assigned->unclear ? SCUP_PLACE_ALIKE : SCUP_PLACE_NO_READER;
    }
    if (there->is_virtual && !tke_ui_workplace_is_rehearsal(cards->workplace)) {
        return SCUP_PLACE_VIRTUAL;
    }
    if (!there->card_present) {
        return SCUP_PLACE_EMPTY;
    }
    if (info == NULL || !info->present || g_strcmp0(info->reader_name, there->name) != 0 ||
        there->events != cards->events[reader - 1]) {
        return SCUP_PLACE_READING;
    }
    return info->trouble != NULL ? SCUP_PLACE_TROUBLE : SCUP_PLACE_CARD;
}

const GError *
scup_cards_get_trouble(ScupCards *cards, unsigned reader)
{
    const TkeCardInfo *info = find_info(cards, reader);

    return cards->trouble != NULL ? cards->trouble : info != NULL ? info->trouble : NULL;
}

const TkeCardInfo *
scup_cards_get_card(ScupCards *cards, unsigned reader)
{
    return scup_cards_get_place(cards, reader) == SCUP_PLACE_CARD ? find_info(cards, reader) : NULL;
}

const uint8_t *
scup_cards_get_zone(ScupCards *cards)
{
    const TkeCardInfo *info = scup_cards_get_card(cards, 1);

    return info != NULL && info->status.kind == TKE_CARD_KIND_CA && info->status.has_zone
               ? info->status.zone_id
               : NULL;
}

const TkeInventory *
scup_cards_get_inventory(ScupCards *cards, const GError **error)
{
    *error = cards->inventory_error;
    return cards->inventory;
}

bool
scup_cards_is_pad_known(ScupCards *cards, unsigned reader)
{
    const TkeReaderInfo *there = scup_cards_get_reader(cards, reader);

    return there != NULL && scup_pads_is_known(&cards->pads, reader, there);
}

const GError *
scup_cards_get_pad_trouble(ScupCards *cards, unsigned reader)
{
    return scup_cards_is_pad_known(cards, reader) ? cards->pads.trouble[reader - 1] : NULL;
}

unsigned
scup_cards_count_readers(ScupCards *cards)
{
    unsigned n = 0;

    for (unsigned i = 1; i <= TKE_READERS; i++) {
        const ScupPlace place = scup_cards_get_place(cards, i);

        n += place == SCUP_PLACE_ALIKE ||
                     (scup_cards_get_reader(cards, i) != NULL && place != SCUP_PLACE_VIRTUAL)
                 ? 1
                 : 0;
    }
    return n;
}

unsigned
scup_cards_get_unlocked_s(ScupCards *cards)
{
    gint64 left = cards->unlocked_until - g_get_monotonic_time();

    return left > 0 && scup_cards_get_card(cards, 1) != NULL ? (unsigned) (left / G_USEC_PER_SEC)
                                                             : 0;
}

static bool
is_changed(const ScupCards *cards, const uint8_t *card_id)
{
    bool found = false;

    for (guint i = 0; i < cards->changed_ids->len; i += TKE_CARD_ID_LEN) {
        found = found || memcmp(cards->changed_ids->data + i, card_id, TKE_CARD_ID_LEN) == 0;
    }
    return found;
}

void
scup_cards_set_changed(ScupCards *cards, const TkeCardStatus *card, unsigned pin)
{
    cards->has_changed = true;
    cards->changed.pin = pin;
    memcpy(cards->changed.card_id, card->card_id, sizeof cards->changed.card_id);
    memcpy(cards->changed.zone_id, card->zone_id, sizeof cards->changed.zone_id);
    if (cards->changed_ids == NULL) {
        cards->changed_ids = g_byte_array_new();
    }
    if (is_changed(cards, card->card_id)) {
        g_byte_array_set_size(cards->changed_ids, 0);
    }
    g_byte_array_append(cards->changed_ids, card->card_id, sizeof card->card_id);
}

const uint8_t *
scup_cards_get_changed_ids(ScupCards *cards, unsigned *n)
{
    *n = cards->changed_ids != NULL ? cards->changed_ids->len / TKE_CARD_ID_LEN : 0;
    return *n > 0 ? cards->changed_ids->data : NULL;
}

const ScupChanged *
scup_cards_get_changed(ScupCards *cards)
{
    return cards->has_changed ? &cards->changed : NULL;
}
