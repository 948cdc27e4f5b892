/*
 * What hosts send to the card manager of a virtual card: APDUs as they come, and the data of its
 * commands as they are behind a secure channel. A record is a choice (u8), P1, P2, a length (u8)
 * and as many bytes.
 */
#include <string.h>

#include "simulator/sim-card-private.h"

#include "tests/fuzz/fuzz.h"

typedef uint16_t (*Run)(SimCard *card, const SimGpCall *call);

static const Run runs[] = {
    sim_gp_delete,     sim_gp_install,    sim_gp_load,
    sim_gp_get_status, sim_gp_set_status, sim_gp_put_key,
};

static SimCard *
new_card(void)
{
    static const uint8_t id[SIM_CARD_ID_LEN] = { 0 };
    SimCard *card = sim_card_new_with_id("card", SIM_CARD_BLANK, id, NULL);
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    double cost_ms = 0;

    FUZZ_REQUIRE(card != NULL);
    sim_card_power_on(card, atr, &len, &cost_ms);
    return card;
}

static void
check_card(const SimCard *card)
{
    const SimCardState *state = &card->saved;

    FUZZ_REQUIRE(state->kind == SIM_CARD_BLANK || state->gp.has_package);
    FUZZ_REQUIRE(!state->gp.has_package || state->gp.package_len <= state->gp.memory);
    FUZZ_REQUIRE(card->now.manager.load.open == (card->now.manager.load.bytes != NULL));
}

static void
run_inside(SimCard *card, const SimGpCall *call, Run run)
{
    SimGpSession *session = &card->now.manager.session;
    SimGpKeySet *set = sim_gp_state_find_keys(&card->state.gp, 0);

    if (session->dek == NULL) {
        FUZZ_REQUIRE(sim_gp_scp03.start(session, set));
        session->phase = SIM_GP_OPEN;
    }
    card->out = (TkeByteBuilder){ .out = card->answer, .size = sizeof card->answer };
    FUZZ_REQUIRE(run(card, call) != 0);
    FUZZ_REQUIRE(!card->out.failed);
    card->state = card->saved;
}

static void
run_outside(SimCard *card, const uint8_t *bytes, size_t len)
{
    SimCardAnswer answer = { 0 };

    FUZZ_REQUIRE(sim_card_exchange(card, bytes, len, &answer) == SIM_CARD_ANSWERED);
    FUZZ_REQUIRE(answer.len >= 2 && answer.len <= sizeof answer.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeByteCursor cursor = tke_byte_cursor(data, size);
    g_autoptr(SimCard) card = NULL;
    SimGpCall call = { 0 };
    uint8_t choice = 0;
    uint8_t len = 0;

    if (!tke_secret_heap_init(NULL)) {
        return 0;
    }
    (void) sim_gp_file_is_valid(data, size);
    card = new_card();
    while (tke_byte_cursor_u8(&cursor, &choice) && tke_byte_cursor_u8(&cursor, &call.p1) &&
           tke_byte_cursor_u8(&cursor, &call.p2) && tke_byte_cursor_u8(&cursor, &len) &&
           tke_byte_cursor_sub(&cursor, len, &call.data)) {
        if (choice < G_N_ELEMENTS(runs)) {
            run_inside(card, &call, runs[choice]);
        } else if (len > 0) {
            run_outside(card, tke_byte_cursor_peek(&call.data), len);
        }
        check_card(card);
    }
    return 0;
}
