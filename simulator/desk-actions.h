/*
 * What a person can do at the virtual desk, as actions of the group "desk":
 *
 *   card (label)            takes a card of the box into the hand, or back; out of a reader, if it
 *                           is in one. State: label of the card in hand, "" if there is none
 *   slot (reader)           puts the card in hand in; without one takes the card out
 *   put (label, reader)     the same with both named; 0 is the box
 *   key (reader, key)       a key of a PIN pad, as sim_desk_order_key
 *   turn (label), backs     shows the other side of a card, of all
 *   note (label)            asks what to write on a card
 *   add-card (applet)       "none", "ca" or "ep11"
 *   card-fault (label)      asks for a fault of a card ("": of any)
 *   unit-fault              asks for a fault of the crypto units
 *   block (label, PIN)      uses up the tries of a PIN
 *   make (label, how)       makes a card unusual, as sim_desk_order_make
 *   reader-fault (reader, fault)
 *   held-N, unplugged-N     of reader N, state: whether it is so; likewise FAULT-N of its keypad
 *   stopped                 the smart card service does not run, likewise
 *   clear-faults            everything works again
 *   start                   starts tke-sim
 */
#pragma once

#include "simulator/desk-window.h"

void sim_desk_actions_add(SimDeskWindow *window);

/* States that follow the world. */
void sim_desk_actions_update(SimDeskWindow *window);
