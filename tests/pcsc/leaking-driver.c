/*
 * The driver of virtual readers with one mistake: each powering up of a card leaks. Linked with
 * the driver's own objects in place of the function of this name (ld --wrap), so that a test can
 * tell whether it would find such a mistake.
 */
#include "simulator/sim-ifd-channel.h"

#define LEAK 4321u /* bytes: found in a report by this number */

bool __real_sim_ifd_channel_power_on(SimIfdChannel *self, GError **error);
bool __wrap_sim_ifd_channel_power_on(SimIfdChannel *self, GError **error);

bool
__wrap_sim_ifd_channel_power_on(SimIfdChannel *self, GError **error)
{
    char *volatile lost = g_malloc0(LEAK);

    lost[0] = 1;
    lost = NULL;
    return __real_sim_ifd_channel_power_on(self, error);
}
