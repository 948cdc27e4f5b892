/*
 * What hosts send to the applets of virtual cards, several cards at once as in a copy: any APDUs,
 * and values the card draws next, so that a seed can be a whole recorded ceremony.
 *
 * First the number of cards (1 to 4) and for each kind (1 CA, 2 EP11; 80 added: extended length)
 * and card id; then records: card (u8), what (u8: 0 APDU, 1 reset, else a value to draw), length
 * (u16), bytes.
 */
#include "simulator/sim-card-private.h"
#include "tests/fuzz/fuzz-random.h"

#define CARDS_MAX 4u
#define EXTENDED 0x80u

static const char *const drawn[] = {
    "zone-key",  "identity-key", "signature-key", "ephemeral-key", "nonce",
    "challenge", "iv",           "ukm",           "part"
}; /* 2 and so on */

static void
start(SimCard *card)
{
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    double cost_ms = 0;

    sim_card_power_on(card, atr, &len, &cost_ms);
    FUZZ_REQUIRE(len > 0 && len <= sizeof atr);
}

static SimCard *
read_card(TkeByteCursor *cursor)
{
    uint8_t id[SIM_CARD_ID_LEN] = { 0 };
    uint8_t kind = 0;
    SimCard *card = NULL;

    if (!tke_byte_cursor_u8(cursor, &kind) || !tke_byte_cursor_copy(cursor, id, sizeof id)) {
        return NULL;
    }
    card = sim_card_new_with_id("card", (kind & 1) != 0 ? SIM_CARD_CA : SIM_CARD_EP11, id, NULL);
    FUZZ_REQUIRE(card != NULL);
    sim_card_set_extended_length(card, (kind & EXTENDED) != 0);
    start(card);
    return card;
}

static void
check_state(const SimCardState *state)
{
    FUZZ_REQUIRE(state->description.len <= SIM_NAME_MAX);
    FUZZ_REQUIRE(state->zone_description.len <= SIM_NAME_MAX);
    FUZZ_REQUIRE(state->signature_name.len <= SIM_NAME_MAX);
    FUZZ_REQUIRE(state->certificate.len <= SIM_CERTIFICATE_MAX);
    FUZZ_REQUIRE(state->zone_certificate.len <= SIM_CERTIFICATE_MAX);
    FUZZ_REQUIRE(state->usage_kept <= SIM_USAGE_KEPT);
    for (unsigned i = 0; i < SIM_PINS; i++) {
        FUZZ_REQUIRE(state->pins[i].tries <= sim_card_state_try_limit(state));
    }
}

/* The card answers whatever comes, and keeps nothing that is too long. */
static void
exchange(SimCard *card, const uint8_t *bytes, size_t len)
{
    SimCardAnswer answer = { 0 };

    FUZZ_REQUIRE(sim_card_exchange(card, bytes, len, &answer) == SIM_CARD_ANSWERED);
    FUZZ_REQUIRE(answer.len >= 2 && answer.len <= sizeof answer.bytes);
    FUZZ_REQUIRE(card->now.chain->len <= UINT16_MAX);
    check_state(&card->saved);
}

static void
run(SimCard *card, uint8_t what, TkeByteCursor bytes)
{
    const size_t len = tke_byte_cursor_left(&bytes);

    if (what == 1) {
        start(card);
    } else if (len > 0 && what == 0) {
        exchange(card, tke_byte_cursor_peek(&bytes), len);
    } else if (len > 0 && what - 2u < G_N_ELEMENTS(drawn)) {
        (void) sim_card_inject(card, drawn[what - 2u], tke_byte_cursor_peek(&bytes), len);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeByteCursor cursor = tke_byte_cursor(data, size);
    SimCard *cards[CARDS_MAX] = { NULL };
    TkeByteCursor bytes = { 0 };
    uint8_t n = 0;
    uint8_t which = 0;
    uint8_t what = 0;
    uint16_t len = 0;
    bool good = tke_byte_cursor_u8(&cursor, &n) && n > 0 && n <= CARDS_MAX;

    if (!tke_secret_heap_init(NULL)) {
        return 0;
    }
    fuzz_random_start();
    for (unsigned i = 0; i < n && good; i++) {
        cards[i] = read_card(&cursor);
        good = cards[i] != NULL;
    }
    while (good && tke_byte_cursor_u8(&cursor, &which) && tke_byte_cursor_u8(&cursor, &what) &&
           tke_byte_cursor_u16(&cursor, &len) && tke_byte_cursor_sub(&cursor, len, &bytes)) {
        run(cards[which % n], what, bytes);
    }
    for (unsigned i = 0; i < CARDS_MAX; i++) {
        sim_card_free(cards[i]);
    }
    return 0;
}
