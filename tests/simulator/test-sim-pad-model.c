/*
 * Keypads of virtual readers: each refuses what the real one is known to refuse, and tells of
 * itself what that one does (PC/SC part 10, 2.5; sim-pad-model.inc).
 */
#include <string.h>

#include "libsmartcard/card-transport.h"
#include "simulator/sim-pad-model.h"
#include "simulator/sim-reader.h"
#include "tests/simulator/card-talk.h"
#include "tests/simulator/reader-desk.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define CONDITION_OF_VERIFY 7
#define MESSAGES_OF_VERIFY 8
#define INDEX_OF_VERIFY 11
#define CONDITION 10 /* of the structure for setting and changing */
#define MESSAGES 11
#define INDEX_1 14
#define INDEX_2 15
#define INDEX_3 16
#define TAKEN "6400" /* nobody types, so its time is over */
#define REFUSED "6b80"

/* One change to a structure that a good program would send. */
typedef struct Change {
    unsigned at;
    uint8_t value;
} Change;

static const struct {
    const char *keypad;
    char what; /* verify, set, change */
    Change changes[4];
    const char *sw;
} cases[] = {
    { "standard", 'v', { { 0 } }, TAKEN },
    { "standard", 's', { { MESSAGES, 2 } }, TAKEN },
    { "standard", 'c', { { 0 } }, TAKEN },
    { "standard", 'v', { { MESSAGES_OF_VERIFY, 0 } }, TAKEN },
    { "standard", 'v', { { MESSAGES_OF_VERIFY, 0xFF } }, TAKEN },
    { "standard", 'v', { { MESSAGES_OF_VERIFY, 2 } }, REFUSED },
    { "standard", 'v', { { INDEX_OF_VERIFY, 3 } }, REFUSED },
    { "standard", 'v', { { CONDITION_OF_VERIFY, 0 } }, REFUSED },
    { "standard", 'v', { { CONDITION_OF_VERIFY, 8 } }, REFUSED },
    { "standard", 'c', { { MESSAGES, 4 } }, REFUSED },
    { "standard", 'c', { { INDEX_3, 3 } }, REFUSED },
    { "standard", 's', { { MESSAGES, 2 }, { INDEX_3, 9 } }, TAKEN },
    { "spr332", 'v', { { 0 } }, TAKEN },
    { "spr332", 's', { { INDEX_1, 0 }, { INDEX_2, 0 }, { INDEX_3, 0 } }, TAKEN },
    { "spr332", 'c', { { INDEX_1, 0 }, { INDEX_2, 0 }, { INDEX_3, 0 } }, TAKEN },
    { "spr332", 'c', { { 0 } }, REFUSED }, /* indices 0, 1, 2 */
    { "spr332", 's', { { MESSAGES, 2 }, { INDEX_1, 0 }, { INDEX_2, 0 }, { INDEX_3, 0 } }, REFUSED },
    { "cyberjack-one", 'v', { { 0 } }, TAKEN },
    { "cyberjack-one", 's', { { MESSAGES, 2 } }, TAKEN },
    { "cyberjack-one", 'c', { { 0 } }, TAKEN },
    { "st-2xxx", 'v', { { 0 } }, TAKEN },
    { "st-2xxx", 'v', { { CONDITION_OF_VERIFY, 3 } }, REFUSED },
    { "st-2xxx", 'c', { { INDEX_2, 0 }, { INDEX_3, 0 } }, TAKEN },
    { "st-2xxx", 'c', { { CONDITION, 6 }, { INDEX_2, 0 }, { INDEX_3, 0 } }, REFUSED },
    { "xx44", 'c', { { 0 } }, TAKEN },
    { "xx44", 's', { { MESSAGES, 2 } }, REFUSED },
    { "xx44", 's', { { 0 } }, TAKEN },
    { "xx44", 'v', { { CONDITION_OF_VERIFY, 1 } }, REFUSED },
    { "ct710", 'v', { { 0 } }, TAKEN },
    { "ct710", 'v', { { MESSAGES_OF_VERIFY, 0 } }, REFUSED },
    { "ct710", 'v', { { MESSAGES_OF_VERIFY, 0xFF } }, REFUSED },
    { "ct710", 'v', { { CONDITION_OF_VERIFY, 7 } }, REFUSED },
    { "ct710", 'v', { { 6, 0x03 }, { 5, 0x03 } }, REFUSED }, /* PINs of three digits */
    { "ct710", 'c', { { 0 } }, TAKEN },
    { "ct710", 'c', { { INDEX_1, 1 }, { INDEX_2, 2 } }, REFUSED },
    { "ct710", 's', { { MESSAGES, 2 }, { INDEX_1, 1 }, { INDEX_2, 2 }, { INDEX_3, 0 } }, TAKEN },
    { "ct710", 's', { { MESSAGES, 2 } }, REFUSED }, /* indices 0, 1 */
};

static SimReader *
make_reader(const char *keypad)
{
    const SimReaderOptions options = { .name = "pad", .keypad = keypad, .second_ms = 1 };

    return sim_reader_new(&options);
}

static GByteArray *
make_structure(size_t i)
{
    GByteArray *structure = cases[i].what == 'v' ? desk_verify_structure(20)
                            : cases[i].what == 's'
                                ? desk_modify_structure(1, "00 00", DESK_SET_APDU)
                                : desk_modify_structure(3, "00 08", DESK_CHANGE_APDU);

    for (size_t j = 0; j < G_N_ELEMENTS(cases[i].changes); j++) {
        if (cases[i].changes[j].at != 0) {
            structure->data[cases[i].changes[j].at] = cases[i].changes[j].value;
        }
    }
    return structure;
}

START_TEST(test_a_keypad_takes_and_refuses_what_the_real_one_does)
{
    g_autoptr(SimCard) card = talk_new_card(SIM_CARD_EP11, 1);
    g_autoptr(SimReader) reader = make_reader(cases[_i].keypad);
    g_autoptr(GByteArray) structure = make_structure((size_t) _i);
    const uint32_t code =
        desk_feature(reader, cases[_i].what == 'v' ? SIM_READER_FEATURE_VERIFY_PIN_DIRECT
                                                   : SIM_READER_FEATURE_MODIFY_PIN_DIRECT);
    uint8_t sw[2] = { 0 };
    size_t len = 0;
    uint32_t connection = 0;

    ck_assert(sim_reader_insert(reader, card, NULL));
    connection = desk_connect(reader);
    ck_assert(sim_reader_control(reader, connection, code, structure->data, structure->len, sw,
                                 sizeof sw, &len, NULL));
    test_bytes_check(sw, len, cases[_i].sw);
    sim_reader_remove(reader);
}
END_TEST

START_TEST(test_a_keypad_tells_of_itself_what_the_real_one_does)
{
    /* wLcdLayout, [bEntryValidationCondition,] bTimeOut2, [sizes,] firmware, PPDU, ids,
     * dwMaxAPDUDataSize */
#define FIRMWARE "0816 4f70656e544b45207669727475616c20726561646572 090100"
    static const struct {
        const char *keypad, *tlv;
    } told[] = {
        { "standard", "01020000 020107 030100 060104 070108" FIRMWARE "0a0400000100" },
        { "none", "01020000 030100" FIRMWARE "0a0400000100" },
        { "spr332", "01020000 030100" FIRMWARE "0b02e604 0c0203e0 0a0400000100" },
        { "cyberjack-one", "01021003 030100" FIRMWARE "0b024b0c 0c028005 0a0400000100" },
        { "st-2xxx",
          "01020000 020102 030100 060100 070119" FIRMWARE "0b026a04 0c023e00 0a0400000100" },
        { "ct710",
          "01021102 020102 030100 060104 07010f" FIRMWARE "0b02e608 0c02c034 0a0400000100" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autoptr(SimReader) reader = make_reader(told[i].keypad);
        uint8_t out[512] = { 0 };
        size_t len = 0;

        ck_assert(sim_reader_control_direct(reader,
                                            desk_feature(reader, SIM_READER_FEATURE_TLV_PROPERTIES),
                                            NULL, 0, out, sizeof out, &len, NULL));
        test_bytes_check(out, len, told[i].tlv);
    }
}
END_TEST

START_TEST(test_an_unknown_keypad_is_not_found)
{
    ck_assert_ptr_null(sim_pad_model_find("qwerty"));
    ck_assert_ptr_nonnull(sim_pad_model_find("none"));
    ck_assert(sim_pad_model_find("ct710")->short_only);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_a_keypad_takes_and_refuses_what_the_real_one_does, 0,
                        (int) G_N_ELEMENTS(cases));
    tcase_add_test(tests, test_a_keypad_tells_of_itself_what_the_real_one_does);
    tcase_add_test(tests, test_an_unknown_keypad_is_not_found);
}

int
main(void)
{
    return test_main("sim-pad-model", add_tests);
}
