/*
 * Status words of virtual cards (card-protocol.md, 11; card manager: GlobalPlatform Card
 * Specification 2.3, 11).
 */
#pragma once

enum {
    SIM_SW_DONE = 0x9000,
    SIM_SW_CARD_LOCKED = 0x6283,  /* card manager: warning */
    SIM_SW_MORE = 0x6100,         /* + bytes left */
    SIM_SW_HOST_WRONG = 0x6300,   /* card manager: the host's cryptogram is wrong */
    SIM_SW_MORE_ENTRIES = 0x6310, /* card manager: the list goes on */
    SIM_SW_PIN_WRONG = 0x63C0,    /* + tries left */
    SIM_SW_LENGTH = 0x6700,
    SIM_SW_PIN_NEEDED = 0x6982,
    SIM_SW_PIN_BLOCKED = 0x6983,
    SIM_SW_WRONG = 0x6984,      /* certificate, id, point, signature, seal, scalar, confirmation */
    SIM_SW_CONDITIONS = 0x6985, /* life cycle, order or PIN state */
    SIM_SW_MEDIUM = 0x6999,     /* the applet is not selectable without contacts */
    SIM_SW_DATA = 0x6A80,
    SIM_SW_NO_APPLET = 0x6A82,
    SIM_SW_NO_ROOM = 0x6A84,
    SIM_SW_P1P2 = 0x6A86,
    SIM_SW_NOT_FOUND = 0x6A88,
    SIM_SW_EXISTS = 0x6A89,
    SIM_SW_KEY_TYPE = 0x9484,  /* card manager: no such kind of key */
    SIM_SW_KEY_CHECK = 0x9485, /* card manager: key check value wrong */
    SIM_SW_INS = 0x6D00,
    SIM_SW_CLASS = 0x6E00,
    SIM_SW_INTERNAL = 0x6F00,
    SIM_SW_TORN = 0x0000 /* never sent: power was lost in a lasting change */
};
