/*
 * A virtual reader's keypad: the first byte says which model it is, the second one how many keys
 * are pressed, then come the keys, then PIN_VERIFY_STRUCTURE or PIN_MODIFY_STRUCTURE (PC/SC part
 * 10, 2.5.2 and 2.5.3).
 */
#include "simulator/sim-pin-pad.h"

#include <string.h>

#include "tests/fuzz/fuzz-strict.h"
#include "tests/fuzz/fuzz.h"

#define MODELS 7u
#define MODIFY 0x80u
#define BLIND 0x40u
#define TRUSTING 0x20u
#define BLOCK_LEN 8u
#define HEAD 5u

static const char *const words[MODELS] = { "standard", "none", "spr332", "cyberjack-one",
                                           "st-2xxx",  "xx44", "ct710" };

/* What was accepted is a command of ours with room for every PIN. */
static void
check_started(const SimPinPad *pad, size_t size)
{
    FUZZ_REQUIRE(pad->asking && pad->typed != NULL && pad->number != 0 && pad->timeout_s > 0);
    FUZZ_REQUIRE(pad->entries >= 1 && pad->entries <= SIM_PAD_ENTRIES);
    FUZZ_REQUIRE(pad->max_digits <= BLOCK_LEN && pad->min_digits <= pad->max_digits);
    FUZZ_REQUIRE(pad->command_len >= HEAD + BLOCK_LEN && pad->command_len < size);
    FUZZ_REQUIRE(pad->command_len <= SIM_PAD_COMMAND_MAX);
    for (unsigned i = 0; i < pad->entries; i++) {
        FUZZ_REQUIRE(HEAD + pad->offset[i] + BLOCK_LEN <= pad->command_len);
    }
}

static void
press(SimPinPad *pad, const uint8_t *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned entry = pad->entry;
        const bool asking = pad->asking;

        FUZZ_REQUIRE(sim_pin_pad_press(pad, (char) keys[i]) == asking);
        FUZZ_REQUIRE(pad->entry < pad->entries && pad->entry - entry <= 1);
    }
}

/* Digits of the PIN stand at their places; what is no PIN is as it came. */
static void
check_command(const SimPinPad *pad)
{
    g_autoptr(TkeSecret) command = sim_pin_pad_build(pad);
    uint8_t expected[SIM_PAD_COMMAND_MAX];
    const uint8_t *bytes = NULL;
    size_t len = 0;

    FUZZ_REQUIRE(command != NULL);
    bytes = tke_secret_bytes(command, &len);
    FUZZ_REQUIRE(len == pad->command_len && memcmp(bytes, pad->command, HEAD) == 0);
    memcpy(expected, pad->command, len);
    for (unsigned i = 0; i < pad->entries; i++) {
        const uint8_t *block = bytes + HEAD + pad->offset[i];

        FUZZ_REQUIRE(pad->lengths[i] <= pad->max_digits);
        FUZZ_REQUIRE(pad->blind || pad->lengths[i] >= pad->min_digits);
        memcpy(expected + HEAD + pad->offset[i], block, BLOCK_LEN);
    }
    FUZZ_REQUIRE(memcmp(expected, bytes, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint32_t number;
    SimPinPad pad = { .number = number };
    size_t n_keys = 0;
    size_t len = 0;
    uint16_t sw = 0;

    if (size < 2 || !tke_secret_heap_init(NULL)) {
        return 0;
    }
    fuzz_strict();
    n_keys = MIN(data[1], size - 2);
    len = size - 2 - n_keys;
    sw = sim_pin_pad_start(&pad, sim_pad_model_find(words[data[0] % MODELS]),
                           (data[0] & MODIFY) != 0, data + 2 + n_keys, len);
    if (sw != 0) {
        FUZZ_REQUIRE(sw == SIM_PAD_PARAMETER && !pad.asking && pad.typed == NULL);
        return 0;
    }
    FUZZ_REQUIRE(pad.number != number);
    check_started(&pad, len);
    pad.blind = (data[0] & BLIND) != 0;
    pad.trusting = (data[0] & TRUSTING) != 0;
    press(&pad, data + 2, n_keys);
    if (pad.asking) {
        sim_pin_pad_expire(&pad);
    }
    FUZZ_REQUIRE(!pad.asking);
    if (pad.result == 0) {
        check_command(&pad);
    }
    sim_pin_pad_clear(&pad);
    FUZZ_REQUIRE(pad.typed == NULL);
    number = pad.number;
    return 0;
}
