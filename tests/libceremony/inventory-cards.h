/*
 * Cards for tests of the inventory and of plans: as they would be seen in a reader.
 */
#pragma once

#include <check.h>
#include <string.h>

#include "libceremony/card-plan.h"
#include "libceremony/inventory.h"

static inline TkeCardStatus
card(TkeCardKind kind, uint8_t id, const char *description)
{
    TkeCardStatus status = { .kind = kind, .has_zone = true };

    status.life_cycle = kind == TKE_CARD_KIND_CA ? TKE_CARD_MEMBER : TKE_CARD_PERSONALISED;
    memset(status.card_id, id, sizeof status.card_id);
    memset(status.zone_id, 0x77, sizeof status.zone_id);
    g_strlcpy(status.description, description, sizeof status.description);
    g_strlcpy(status.zone_description, "Zone", sizeof status.zone_description);
    return status;
}

static inline void
give_key(TkeCardStatus *status, uint8_t ski)
{
    status->has_signature_key = true;
    memset(status->ski, ski, sizeof status->ski);
    g_strlcpy(status->admin_name, "Alice", sizeof status->admin_name);
}

static inline TkeKeyPartList
part(uint8_t pattern)
{
    TkeKeyPartList list = { .n = 1 };

    list.parts[0].place = 1;
    memset(list.parts[0].vp, pattern, TKE_VP_LEN);
    return list;
}

static inline const TkeInventoryCard *
find(TkeInventory *inventory, uint8_t id)
{
    const GPtrArray *cards = tke_inventory_get_cards(inventory);

    for (guint i = 0; i < cards->len; i++) {
        const TkeInventoryCard *known = cards->pdata[i];

        if (known->card_id[0] == id) {
            return known;
        }
    }
    ck_abort_msg("card %u is not there", id);
    return NULL;
}

static inline TkePlanCard *
place_of(GPtrArray *set, guint i)
{
    ck_assert_uint_lt(i, set->len);
    return set->pdata[i];
}

/* The steps of the whole set: "init back-up enroll …" as numbers. */
static inline char *
steps_of(const TkeCardPlanParams *params, TkeInventory *inventory)
{
    g_autoptr(GPtrArray) set = tke_card_plan_make(params, inventory, NULL);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < set->len; i++) {
        const TkePlanCard *place = set->pdata[i];

        g_string_append_c(text, "IBEPGCUTKD"[place->step]);
    }
    return g_string_free(text, FALSE);
}
