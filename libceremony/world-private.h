/*
 * A world made of parts, for tests: it counts as a rehearsal. Not installed, not exported.
 */
#pragma once

#include "libceremony/world.h"

/* Takes cards, units and roots (the first two may be NULL); copies the rest. */
TkeWorld *tke_world_new_of_parts(TkeCardSource *cards, TkeUnitTransport *units,
                                 TkeModuleRoots *roots, const char *directory,
                                 const char *const *instances);

/* Gives such a world the applet file of a rehearsal; a reference to the bytes is kept. */
void tke_world_set_applet(TkeWorld *world, GBytes *bytes);

/* How long the service may take for an answer; 0: as usual. */
unsigned tke_world_get_request_ms(const TkeWorld *world);
