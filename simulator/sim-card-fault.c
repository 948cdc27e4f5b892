/*
 * Faults that a person or a test plans for a virtual card.
 */
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
