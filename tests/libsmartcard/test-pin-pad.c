/*
 * PIN pads: feature lists, the structures of PC/SC part 10 to the byte, outcomes
 * (card-protocol.md, 4).
 */
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/pin-pad.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"
#include "tests/support/transcript-card-source.h"

/* Integers of the structures stand in the order of the machine. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define LANGUAGE "0904"
#define LEN_13 "0d000000"
#define LEN_21 "15000000"
#else
#define LANGUAGE "0409"
#define LEN_13 "0000000d"
#define LEN_21 "00000015"
#endif
#define ROOM "ffffffffffffffff"

static void
check_block_of(const TkePinPad *pad, TkePinPadEntry entry, uint8_t reference, const char *hex)
{
    uint8_t out[TKE_PIN_PAD_BLOCK_MAX];
    size_t len = 0;

    tke_pin_pad_build(pad, entry, reference, out, &len);
    test_bytes_check(out, len, hex);
}

static void
check_block(TkePinPadEntry entry, uint8_t reference, const char *hex)
{
    const TkePinPad pad = { 0 };

    check_block_of(&pad, entry, reference, hex);
}

START_TEST(test_structures_are_those_of_part_10)
{
    /* timeouts, format, block, length, digits, validation, message, language, index, prologue,
     * data */
    check_block(TKE_PIN_PAD_VERIFY, TKE_PIN_FIRST,
                "14 14 82 08 00 0606 02 01" LANGUAGE "00 000000" LEN_13 "0020008108" ROOM);
    /* …, offsets, digits, confirm, validation, messages, language, indices, prologue, data */
    check_block(TKE_PIN_PAD_SET, TKE_PIN_SECOND,
                "14 14 82 08 00 00 00 0606 01 02 02" LANGUAGE "010200 000000" LEN_13
                "0024018208" ROOM);
    check_block(TKE_PIN_PAD_CHANGE, TKE_PIN_FIRST,
                "14 14 82 08 00 00 08 0606 03 02 03" LANGUAGE "000102 000000" LEN_21
                "0024008110" ROOM ROOM);
}
END_TEST

/* A reader that turns out to want another form of the block needs another row of the table, and no
 * more. */
START_TEST(test_the_form_of_the_block_is_what_the_row_of_the_reader_says)
{
    TkePinPadQuirk row = *tke_pin_pad_quirk_find(0x04E6, 0xE003, NULL);
    const TkePinPad pad = { .quirk = &row };

    ck_assert_uint_eq(row.block, 0x08);
    row.block = 0;
    check_block_of(&pad, TKE_PIN_PAD_VERIFY, TKE_PIN_FIRST,
                   "14 14 82 00 00 0606 02 01" LANGUAGE "00 000000" LEN_13 "0020008108" ROOM);
    check_block_of(&pad, TKE_PIN_PAD_CHANGE, TKE_PIN_FIRST,
                   "14 14 82 00 00 00 08 0606 03 02 03" LANGUAGE "000000 000000" LEN_21
                   "0024008110" ROOM ROOM);
}
END_TEST

START_TEST(test_feature_lists_are_read_whatever_else_is_in_them)
{
    static const struct {
        const char *list;
        uint32_t verify, modify;
    } cases[] = {
        { "060442000db2 070442000db3", 0x42000DB2, 0x42000DB3 },
        { "0a0442000001 070442000db3 12021122 060442000db2", 0x42000DB2, 0x42000DB3 },
        { "060442000db2", 0x42000DB2, 0 },
        { "0602ffff 070442000db3", 0, 0x42000DB3 },
        { "", 0, 0 },
    };
    static const char *const malformed[] = { "06", "0604", "060442000d", "060442000db207" };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) list = test_bytes(cases[i].list);
        TkePinPad pad = { 0 };

        ck_assert(tke_pin_pad_parse_features(list->data, list->len, &pad, NULL));
        ck_assert_uint_eq(pad.verify_direct, cases[i].verify);
        ck_assert_uint_eq(pad.modify_direct, cases[i].modify);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(malformed); i++) {
        g_autoptr(GByteArray) list = test_bytes(malformed[i]);
        g_autoptr(GError) error = NULL;
        TkePinPad pad = { 0 };

        ck_assert(!tke_pin_pad_parse_features(list->data, list->len, &pad, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION);
    }
}
END_TEST

START_TEST(test_a_reader_without_a_keypad_is_refused)
{
    static const char *const lists[] = { "", "060442000db2", "070442000db3" };

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autoptr(TranscriptCard) transcript = transcript_card_new(false);
        g_autoptr(TkeCard) card = tke_card_new(transcript_card_connect(transcript), 1, "Reader");
        g_autoptr(GError) error = NULL;

        transcript_card_set_features(transcript, lists[i]);
        ck_assert(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD);
        ck_assert_ptr_nonnull(strstr(error->message, "Reader"));
        ck_assert_uint_eq(tke_card_get_apdus(card), 0);
    }
}
END_TEST

START_TEST(test_a_reader_is_asked_for_its_keypad_by_name)
{
    g_autoptr(TranscriptCard) transcript = transcript_card_new(false);
    TkeCardSource *source = transcript_source_new(transcript);
    g_autoptr(GError) error = NULL;
    TkePinPad pad = { 0 };
    TkeCardErrorInfo info = { 0 };

    ck_assert(tke_pin_pad_query_reader(source, "Reader 1", &pad, NULL));
    ck_assert_uint_eq(pad.verify_direct, 0x42000DB2);
    ck_assert_uint_eq(pad.modify_direct, 0x42000DB3);
    transcript_card_set_features(transcript, "060442000db2");
    ck_assert(!tke_pin_pad_query_reader(source, "Reader 1", &pad, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_str_eq(info.reader_name, "Reader 1");
    ck_assert_uint_eq(pad.modify_direct, 0x42000DB3); /* untouched */
    g_clear_error(&error);
    transcript_card_set_features(transcript, "0604");
    ck_assert(!tke_pin_pad_query_reader(source, "Reader 1", &pad, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION);
    g_clear_error(&error);
    ck_assert(!tke_pin_pad_query_reader(source, "Reader 9", &pad, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
    source->ops->free(source);
}
END_TEST

static const struct {
    const char *answer;
    TkeCardError code;
} outcomes[] = {
    { "6400", TKE_CARD_ERROR_PIN_TIMEOUT }, { "6401", TKE_CARD_ERROR_PIN_CANCELLED },
    { "6402", TKE_CARD_ERROR_PIN_DIFFER },  { "6403", TKE_CARD_ERROR_PIN_LENGTH },
    { "6b80", TKE_CARD_ERROR_NO_PIN_PAD },  { "63c1", TKE_CARD_ERROR_PIN_WRONG },
    { "63c0", TKE_CARD_ERROR_PIN_BLOCKED }, { "6983", TKE_CARD_ERROR_PIN_BLOCKED },
    { "6985", TKE_CARD_ERROR_STATE },       { "6a80", TKE_CARD_ERROR_PIN_LENGTH },
    { "6404", TKE_CARD_ERROR_STATUS },      { "64ff", TKE_CARD_ERROR_STATUS },
    { "6d00", TKE_CARD_ERROR_STATUS },      { "6105", TKE_CARD_ERROR_PROTOCOL },
    { "6a86", TKE_CARD_ERROR_STATUS },      { "6e00", TKE_CARD_ERROR_STATUS },
    { "90", TKE_CARD_ERROR_COMMUNICATION }, { "009000", TKE_CARD_ERROR_COMMUNICATION },
};

START_TEST(test_each_outcome_is_an_error_of_its_own)
{
    g_autoptr(TranscriptCard) transcript = transcript_card_new(false);
    g_autoptr(TkeCard) card = tke_card_new(transcript_card_connect(transcript), 2, "Reader");
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info = { 0 };

    transcript_card_expect_pad(transcript, outcomes[_i].answer);
    ck_assert(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, (int) outcomes[_i].code);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_uint_eq(info.reader_number, 2);
    ck_assert(outcomes[_i].code == TKE_CARD_ERROR_PROTOCOL || info.pin_reference == TKE_PIN_FIRST);
    ck_assert_ptr_null(transcript_card_get_problem(transcript));
}
END_TEST

/* No card of ours says that to a PIN: the reader sends something else than it was told, or does
 * not send at all. */
START_TEST(test_a_reader_that_spoils_the_entry_it_offers_is_named_and_no_other_way_is_taken)
{
    static const char *const answers[] = { "6700", "6a81", "6a86", "6b00", "6d00", "6e00" };

    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autoptr(TranscriptCard) transcript = transcript_card_new(false);
        g_autoptr(TkeCard) card = tke_card_new(transcript_card_connect(transcript), 2, "Reader X");
        g_autoptr(GError) error = NULL;
        TkeCardErrorInfo info = { 0 };

        transcript_card_expect_pad(transcript, answers[i]);
        ck_assert(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATUS);
        ck_assert_msg(strstr(error->message, "Reader X") != NULL, "%s", error->message);
        ck_assert_msg(strstr(error->message, "offers this entry") != NULL, "%s", error->message);
        ck_assert(tke_card_error_get_info(error, &info));
        ck_assert_uint_eq(info.sw, (unsigned) g_ascii_strtoull(answers[i], NULL, 16));
        ck_assert_ptr_nonnull(info.remedy);
        ck_assert_msg(strstr(info.remedy, "reader acceptance-test") != NULL, "%s", info.remedy);
        ck_assert_uint_eq(tke_card_get_apdus(card), 1); /* the entry, and nothing after it */
        ck_assert_ptr_null(transcript_card_get_problem(transcript));
    }
}
END_TEST

START_TEST(test_the_pad_sends_what_the_card_protocol_wants)
{
    g_autoptr(TranscriptCard) transcript = transcript_card_new(false);
    g_autoptr(TkeCard) card = tke_card_new(transcript_card_connect(transcript), 2, "Reader");

    transcript_card_expect(transcript, "0020008108 313233343536ffff", "9000");
    transcript_card_expect(transcript, "0024018208 363534333231ffff", "9000");
    transcript_card_expect(transcript, "0024008110 313233343536ffff 393939393939ffff", "9000");
    transcript_card_expect(transcript, "0020ff81", "9000");
    ck_assert(tke_pin_pad_verify(card, TKE_PIN_FIRST, NULL));
    ck_assert(tke_pin_pad_set(card, TKE_PIN_SECOND, NULL));
    ck_assert(tke_pin_pad_change(card, TKE_PIN_FIRST, NULL));
    ck_assert(tke_pin_pad_forget(card, TKE_PIN_FIRST, NULL));
    ck_assert_ptr_null(transcript_card_get_problem(transcript));
    ck_assert_uint_eq(tke_card_get_apdus(card), 4);
}
END_TEST

START_TEST(test_the_state_of_a_pin_is_read_without_an_entry)
{
    static const struct {
        const char *answer;
        TkePinState state;
        unsigned tries;
    } cases[] = {
        { "9000", TKE_PIN_VERIFIED, 3 },
        { "6985", TKE_PIN_NOT_SET, 3 },
        { "6983", TKE_PIN_BLOCKED, 0 },
        { "63c2", TKE_PIN_SET, 2 },
    };
    static const char *const wrong[] = { "63c0", "63c4", "6d00", "6a80", "009000", "0063c2" };
    g_autoptr(TranscriptCard) transcript = transcript_card_new(false);
    g_autoptr(TkeCard) card = tke_card_new(transcript_card_connect(transcript), 2, "Reader");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        TkePinStatus status = { 0 };

        transcript_card_expect(transcript, "00200081", cases[i].answer);
        ck_assert(tke_pin_pad_query_state(card, TKE_PIN_FIRST, &status, NULL));
        ck_assert_uint_eq(status.reference, TKE_PIN_FIRST);
        ck_assert_int_eq(status.state, cases[i].state);
        ck_assert_uint_eq(status.tries_left, cases[i].tries);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        TkePinStatus status = { 0 };
        g_autoptr(GError) error = NULL;

        transcript_card_expect(transcript, "00200081", wrong[i]);
        ck_assert(!tke_pin_pad_query_state(card, TKE_PIN_FIRST, &status, &error));
        ck_assert_int_eq(error->domain, TKE_CARD_ERROR);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_structures_are_those_of_part_10);
    tcase_add_test(tests, test_the_form_of_the_block_is_what_the_row_of_the_reader_says);
    tcase_add_test(tests, test_feature_lists_are_read_whatever_else_is_in_them);
    tcase_add_test(tests, test_a_reader_without_a_keypad_is_refused);
    tcase_add_test(tests, test_a_reader_is_asked_for_its_keypad_by_name);
    tcase_add_loop_test(tests, test_each_outcome_is_an_error_of_its_own, 0,
                        (int) G_N_ELEMENTS(outcomes));
    tcase_add_test(
        tests, test_a_reader_that_spoils_the_entry_it_offers_is_named_and_no_other_way_is_taken);
    tcase_add_test(tests, test_the_pad_sends_what_the_card_protocol_wants);
    tcase_add_test(tests, test_the_state_of_a_pin_is_read_without_an_entry);
}

int
main(void)
{
    return test_main("pin-pad", add_tests);
}
