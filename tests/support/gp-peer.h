/*
 * The card's end of SCP03 (i=10, AES-128, default test keys, C-MAC and C-DECRYPTION) in front of a
 * transcript: secured commands come out plain, so that a test can write down what a card manager
 * must be told. Written without the code under test.
 */
#pragma once

#include "libsmartcard/card-transport.h"

/* Takes the connection behind it. A wrong MAC is answered with 6982 and ends the channel. */
TkeCardConnection *gp_peer_new(TkeCardConnection *inner);
