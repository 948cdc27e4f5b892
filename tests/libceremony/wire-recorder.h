/*
 * Records what goes between a ceremony and its cards and units, both ways, and searches it for
 * everything that must stay secret: key parts, private keys and PINs of the virtual cards, master
 * keys and private keys of the virtual units.
 */
#pragma once

#include "tests/libceremony/ceremony-world.h"

typedef struct WireRecorder WireRecorder;

/* Records from now on; one recorder at a time, and the world outlives it. */
WireRecorder *wire_recorder_new(CeremonyWorld *world);
void wire_recorder_free(WireRecorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WireRecorder, wire_recorder_free)

/* Learns the secrets that cards and units hold now; what was a secret once remains one. */
void wire_recorder_learn(WireRecorder *recorder);

/* Something else to look for: the control that a search can find. */
void wire_recorder_look_for(WireRecorder *recorder, const char *what, const uint8_t *bytes,
                            size_t len);

/* Learns, then searches all that was recorded and the activity log. How often something was
 * found. */
unsigned wire_recorder_search(WireRecorder *recorder);

/* How many different secrets are known; how many APDUs and bodies of HTTP messages were
 * recorded. */
unsigned wire_recorder_get_secrets(const WireRecorder *recorder);
unsigned wire_recorder_get_apdus(const WireRecorder *recorder);
unsigned wire_recorder_get_bodies(const WireRecorder *recorder);

/* What was found first, and where; NULL: nothing. Borrowed. */
const char *wire_recorder_get_first(const WireRecorder *recorder);
