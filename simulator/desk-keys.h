/*
 * The keyboard of the virtual desk: digits, Enter, Backspace and Escape belong to the PIN pad that
 * asks; Alt and a number is the slot of that reader; Escape puts the card in hand back. Everything
 * else goes to the focus.
 */
#pragma once

#include <gdk/gdk.h>
#include <stdbool.h>

#include "simulator/desk-window.h"

/* The key of a pad that a key of the keyboard stands for; '\0': none. */
char sim_desk_keys_translate(guint keyval);

/* typing: the reader that is typed on, 0: none. True: the key has had its effect. */
bool sim_desk_keys_press(SimDeskWindow *window, const GdkEventKey *event, unsigned typing);
