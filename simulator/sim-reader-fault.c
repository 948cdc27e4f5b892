/*
 * What virtual readers can be ordered to do wrong (sim-reader-fault.inc).
 */
#include <string.h>

#include "simulator/sim-reader-private.h"

static const char *const words[SIM_READER_FAULTS] = {
#define FAULT(word, name) [SIM_READER_FAULT_##name] = word,
#include "simulator/sim-reader-fault.inc"
#undef FAULT
};

const char *
sim_reader_fault_word(SimReaderFault fault)
{
    return words[fault];
}

bool
sim_reader_find_fault(const char *word, SimReaderFault *fault)
{
    for (unsigned i = 0; i < SIM_READER_FAULTS; i++) {
        if (strcmp(words[i], word) == 0) {
            *fault = (SimReaderFault) i;
            return true;
        }
    }
    return false;
}

void
sim_reader_add_fault(SimReader *reader, SimReaderFault fault, uint16_t sw)
{
    g_mutex_lock(&reader->lock);
    reader->faults |= 1u << fault;
    if (fault == SIM_READER_FAULT_PAD_STATUS) {
        reader->fault_sw = sw;
    }
    sim_reader_announce(reader);
    g_mutex_unlock(&reader->lock);
}

void
sim_reader_end_fault(SimReader *reader, SimReaderFault fault)
{
    g_mutex_lock(&reader->lock);
    reader->faults &= ~(1u << fault);
    sim_reader_announce(reader);
    g_mutex_unlock(&reader->lock);
}

void
sim_reader_clear_faults(SimReader *reader)
{
    g_mutex_lock(&reader->lock);
    reader->faults = 0;
    sim_reader_announce(reader);
    g_mutex_unlock(&reader->lock);
}
