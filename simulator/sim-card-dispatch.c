/*
 * The order of checks (card-protocol.md, 2): steps 1 to 4 by the command table of the applet,
 * steps 5 to 7 by the command itself.
 */
#include <string.h>

#include "simulator/sim-card-private.h"

#define FIRST_REFERENCE 0x81u
#define LAST_PAGE 0x03u

static bool
p2_fits(const SimCard *card, const SimCommand *command, uint8_t p2)
{
    switch (command->p2_kind) {
    case SIM_P2_PIN:
        return p2 >= FIRST_REFERENCE && p2 < FIRST_REFERENCE + sim_card_state_pins(&card->state);
    case SIM_P2_PLACE:
        return p2 >= 1 && p2 <= SIM_CARD_PLACES;
    case SIM_P2_PAGE:
        return p2 <= LAST_PAGE;
    case SIM_P2_EXACT:
    case SIM_P2_OBJECT:
        break;
    }
    return p2 == command->p2;
}

uint16_t
sim_card_find_command(const SimCard *card, const SimApplet *applet, const uint8_t header[static 4],
                      const SimCommand **found)
{
    uint16_t sw = SIM_SW_INS;

    for (size_t i = 0; i < applet->n; i++) {
        const SimCommand *command = &applet->commands[i];

        if (command->cla != (header[0] & ~SIM_CLASS_CHAIN) || command->ins != header[1]) {
            continue;
        }
        if (sw == SIM_SW_INS) {
            sw = SIM_SW_P1P2;
        }
        if (command->p1 != header[2]) {
            continue;
        }
        if (p2_fits(card, command, header[3])) {
            *found = command;
            return SIM_SW_DONE;
        }
        if (command->p2_kind == SIM_P2_OBJECT || command->p2_kind == SIM_P2_PIN) {
            sw = SIM_SW_NOT_FOUND;
        }
    }
    return sw;
}

/* Step 3. Passing it uses up the freshness of every PIN. */
static uint16_t
check_pins(SimCard *card, SimPinRule rule)
{
    if (rule == SIM_PIN_FREE) {
        return SIM_SW_DONE;
    }
    for (unsigned i = 0; i < sim_card_state_pins(&card->state); i++) {
        if (!card->now.verified[i] || (rule == SIM_PIN_FRESH && !card->now.fresh[i])) {
            return SIM_SW_PIN_NEEDED;
        }
    }
    memset(card->now.fresh, 0, sizeof card->now.fresh);
    return SIM_SW_DONE;
}

/* Step 4 for offers and sessions. */
static uint16_t
check_session(SimCard *card, unsigned flags)
{
    SimRole wanted = flags & SIM_FLAG_OFFER   ? SIM_ROLE_OFFER
                     : flags & SIM_FLAG_SENDS ? SIM_ROLE_SENDER
                     : flags & SIM_FLAG_TAKES ? SIM_ROLE_RECEIVER
                                              : SIM_ROLE_NONE;

    if (wanted != SIM_ROLE_NONE) {
        return card->now.session.role == wanted ? SIM_SW_DONE : SIM_SW_CONDITIONS;
    }
    if (flags & SIM_FLAG_ENDS) {
        sim_card_end_session(card);
    }
    return SIM_SW_DONE;
}

static uint16_t
run(SimCard *card, const SimCall *call)
{
    const SimCommand *command = call->command;

    if ((command->flags & SIM_FLAG_EMPTY) && tke_byte_cursor_left(&call->data) > 0) {
        return SIM_SW_LENGTH;
    }
    return command->handler(card, call);
}

uint16_t
sim_card_run(SimCard *card, const SimCall *call)
{
    const SimCommand *command = call->command;
    const unsigned ends = SIM_FLAG_ENDS | SIM_FLAG_SENDS | SIM_FLAG_TAKES;
    uint16_t sw = SIM_SW_DONE;

    if (call->first) {
        if ((command->life & SIM_LIFE(card->state.life_cycle)) == 0) {
            return SIM_SW_CONDITIONS;
        }
        sw = check_pins(card, command->pin);
        if (sw != SIM_SW_DONE) {
            return sw;
        }
        sw = check_session(card, command->flags);
    }
    if (sw == SIM_SW_DONE) {
        sw = run(card, call);
    }
    if (sw != SIM_SW_DONE && (command->flags & ends) != 0) {
        sim_card_end_session(card);
    }
    return sw;
}
