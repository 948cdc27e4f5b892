/*
 * What virtual readers can be ordered to do wrong (sim-reader-fault.inc).
 */
#include <string.h>

#include "simulator/sim-reader-private.h"

bool
sim_reader_find_fault(const char *word, SimReaderFault *fault)
{
    static const struct {
        const char *word;
        SimReaderFault fault;
    } faults[] = {
#define FAULT(word, name) { word, SIM_READER_FAULT_##name },
#include "simulator/sim-reader-fault.inc"
#undef FAULT
    };

    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        if (strcmp(faults[i].word, word) == 0) {
            *fault = faults[i].fault;
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
    g_mutex_unlock(&reader->lock);
}

void
sim_reader_clear_faults(SimReader *reader)
{
    g_mutex_lock(&reader->lock);
    reader->faults = 0;
    g_mutex_unlock(&reader->lock);
}
