/*
 * The applet file that rehearsals load onto virtual cards: a CAP with our AIDs and meaningless
 * components, made at build time by make-rehearsal-applet. Programs get it with the description of
 * the world, from no file.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

extern const uint8_t sim_applet[];
extern const size_t sim_applet_len;
