/*
 * Faults that a person or a test plans for a virtual card.
 */
#include <string.h>

#include "simulator/sim-card-private.h"

static bool
is_change(SimCardFaultKind kind)
{
    return kind == SIM_CARD_FAULT_TORN_BEFORE || kind == SIM_CARD_FAULT_TORN_AFTER ||
           kind == SIM_CARD_FAULT_UNWRITABLE;
}

const SimCardFault *
sim_card_fault_next(SimCard *card, bool change)
{
    const SimCardFault *found = NULL;

    for (guint i = 0; i < card->faults->len; i++) {
        SimFaultEntry *entry = &g_array_index(card->faults, SimFaultEntry, i);

        if (is_change(entry->fault.kind) != change) {
            continue;
        }
        entry->seen++;
        if (found == NULL && entry->seen >= entry->fault.after &&
            entry->done < MAX(entry->fault.times, 1)) {
            entry->done++;
            found = &entry->fault;
        }
    }
    return found;
}

void
sim_card_add_fault(SimCard *card, const SimCardFault *fault)
{
    SimFaultEntry entry = { .fault = *fault };

    g_mutex_lock(&card->lock);
    g_array_append_val(card->faults, entry);
    g_mutex_unlock(&card->lock);
}

void
sim_card_set_trait(SimCard *card, SimCardTrait trait, uint32_t value)
{
    SimGpFaults *faults = &card->gp_faults;

    g_mutex_lock(&card->lock);
    switch (trait) {
    case SIM_CARD_LACKS:
        faults->lacks |= (uint16_t) value;
        break;
    case SIM_CARD_FULL:
        faults->is_full = true;
        faults->free = value;
        break;
    case SIM_CARD_OTHER_KEYS:
        faults->other_keys = true;
        break;
    case SIM_CARD_LOCKED_KEYS:
        faults->locked_keys = true;
        break;
    case SIM_CARD_VERSION:
        faults->has_version = true;
        faults->version[0] = (uint8_t) (value >> 16);
        faults->version[1] = (uint8_t) (value >> 8);
        faults->version[2] = (uint8_t) value;
        break;
    case SIM_CARD_NO_MANAGER:
        faults->garbage = true;
        break;
    case SIM_CARD_FOREIGN:
        faults->foreign = true;
        break;
    case SIM_CARD_T0:
        faults->t0 = true;
        break;
    case SIM_CARD_ODD_ATR:
        faults->odd_atr = true;
        break;
    }
    g_mutex_unlock(&card->lock);
}

void
sim_card_clear_traits(SimCard *card)
{
    g_mutex_lock(&card->lock);
    memset(&card->gp_faults, 0, sizeof card->gp_faults);
    g_mutex_unlock(&card->lock);
}

uint32_t
sim_card_get_traits(SimCard *card)
{
    const SimGpFaults *faults = &card->gp_faults;
    uint32_t traits = 0;

    g_mutex_lock(&card->lock);
    traits |= faults->lacks != 0 ? 1u << SIM_CARD_LACKS : 0;
    traits |= faults->is_full ? 1u << SIM_CARD_FULL : 0;
    traits |= faults->other_keys ? 1u << SIM_CARD_OTHER_KEYS : 0;
    traits |= faults->locked_keys ? 1u << SIM_CARD_LOCKED_KEYS : 0;
    traits |= faults->has_version ? 1u << SIM_CARD_VERSION : 0;
    traits |= faults->garbage ? 1u << SIM_CARD_NO_MANAGER : 0;
    traits |= faults->foreign ? 1u << SIM_CARD_FOREIGN : 0;
    traits |= faults->t0 ? 1u << SIM_CARD_T0 : 0;
    traits |= faults->odd_atr ? 1u << SIM_CARD_ODD_ATR : 0;
    g_mutex_unlock(&card->lock);
    return traits;
}

uint32_t
sim_card_get_waiting(SimCard *card)
{
    uint32_t kinds = 0;

    g_mutex_lock(&card->lock);
    for (guint i = 0; i < card->faults->len; i++) {
        const SimFaultEntry *entry = &g_array_index(card->faults, SimFaultEntry, i);

        if (entry->done < MAX(entry->fault.times, 1)) {
            kinds |= 1u << entry->fault.kind;
        }
    }
    g_mutex_unlock(&card->lock);
    return kinds;
}

void
sim_card_clear_faults(SimCard *card)
{
    g_mutex_lock(&card->lock);
    g_array_set_size(card->faults, 0);
    g_mutex_unlock(&card->lock);
}

unsigned
sim_card_faults_left(SimCard *card)
{
    unsigned left = 0;

    g_mutex_lock(&card->lock);
    for (guint i = 0; i < card->faults->len; i++) {
        const SimFaultEntry *entry = &g_array_index(card->faults, SimFaultEntry, i);

        left += MAX(entry->fault.times, 1) - entry->done;
    }
    g_mutex_unlock(&card->lock);
    return left;
}
