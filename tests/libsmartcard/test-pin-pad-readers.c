/*
 * What readers tell of their keypads, the truth and otherwise, and what is sent to which reader
 * (PC/SC part 10, 2.2, 2.5; pin-pad-quirk.inc).
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
#define LAYOUT_2_16 "1002"
#else
#define LANGUAGE "0409"
#define LEN_13 "0000000d"
#define LEN_21 "00000015"
#define LAYOUT_2_16 "0210"
#endif
#define ROOM "ffffffffffffffff"
#define VERIFY_OF(condition, messages)                                                             \
    "14 14 82 08 00 0606" condition messages LANGUAGE "00 000000" LEN_13 "0020008108" ROOM
#define SET_OF(condition, messages, indices)                                                       \
    "14 14 82 08 00 00 00 0606 01" condition messages LANGUAGE indices "000000" LEN_13             \
    "0024018108" ROOM
#define CHANGE_OF(condition, messages, indices)                                                    \
    "14 14 82 08 00 00 08 0606 03" condition messages LANGUAGE indices "000000" LEN_21             \
    "0024008110" ROOM ROOM

#define FEATURES "060442000db2 070442000db3 0a0442000db6 120442000dbe"

/* --- vectors: the bytes for each reader --- */

static const struct {
    const char *word;
    uint16_t vendor, product;
    const char *verify, *set, *change;
} vectors[] = {
    { "standard", 0x1234, 0x5678, VERIFY_OF("02", "01"), SET_OF("02", "02", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "spr332", 0x04E6, 0xE003, VERIFY_OF("02", "01"), SET_OF("02", "03", "000000"),
      CHANGE_OF("02", "03", "000000") },
    { "cyberjack-one", 0x0C4B, 0x0580, VERIFY_OF("02", "01"), SET_OF("02", "02", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "st-2xxx", 0x046A, 0x003E, VERIFY_OF("02", "01"), SET_OF("02", "03", "000000"),
      CHANGE_OF("02", "03", "000000") },
    { "ct710", 0x08E6, 0x34C0, VERIFY_OF("02", "01"), SET_OF("02", "02", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "ct710", 0x08E6, 0x34C1, VERIFY_OF("02", "01"), SET_OF("02", "02", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "ct710", 0x08E6, 0x34C2, VERIFY_OF("02", "01"), SET_OF("02", "02", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "gempc-pinpad", 0x08E6, 0x3478, VERIFY_OF("02", "01"), SET_OF("02", "03", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "gempc-pinpad", 0x0982, 0x0008, VERIFY_OF("02", "01"), SET_OF("02", "03", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "xx44", 0x046A, 0x0010, VERIFY_OF("02", "01"), SET_OF("02", "03", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "xx44", 0x046A, 0x002D, VERIFY_OF("02", "01"), SET_OF("02", "03", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "kc-1000-sc", 0x046A, 0x00A1, VERIFY_OF("02", "01"), SET_OF("02", "02", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "dell-keyboard", 0x413C, 0x2101, VERIFY_OF("02", "00"), SET_OF("02", "02", "010200"),
      CHANGE_OF("02", "03", "000102") },
    { "dell-keyboard", 0x413C, 0x2100, VERIFY_OF("02", "00"), SET_OF("02", "02", "010200"),
      CHANGE_OF("02", "03", "000102") },
};

static void
check_block(const TkePinPad *pad, TkePinPadEntry entry, const char *hex)
{
    uint8_t out[TKE_PIN_PAD_BLOCK_MAX];
    size_t len = 0;

    tke_pin_pad_build(pad, entry, TKE_PIN_FIRST, out, &len);
    test_bytes_check(out, len, hex);
}

START_TEST(test_each_reader_gets_the_bytes_it_wants)
{
    const TkePinPad pad = { .quirk = tke_pin_pad_quirk_find(vectors[_i].vendor, vectors[_i].product,
                                                            "any name") };

    ck_assert_str_eq(pad.quirk->word, vectors[_i].word);
    check_block(&pad, TKE_PIN_PAD_VERIFY, vectors[_i].verify);
    check_block(&pad, TKE_PIN_PAD_SET, vectors[_i].set);
    check_block(&pad, TKE_PIN_PAD_CHANGE, vectors[_i].change);
}
END_TEST

START_TEST(test_each_row_has_a_vector_or_a_reason_why_no_pin_is_typed_there)
{
    const TkePinPadQuirk *row = NULL;

    for (unsigned i = 0; (row = tke_pin_pad_quirk_get(i)) != NULL; i++) {
        bool found = i == 0;

        ck_assert_uint_gt(strlen(row->source), 10);
        ck_assert_msg((row->conditions & TKE_PIN_PAD_ENDS_ON_KEY) != 0 && row->conditions <= 7,
                      "%s: entry conditions that make readers crash", row->word);
        for (size_t j = 0; j < G_N_ELEMENTS(vectors); j++) {
            found =
                found || (vectors[j].vendor == row->vendor && vectors[j].product == row->product);
        }
        ck_assert_msg(found != (row->keypad != TKE_PIN_PAD_KEYPAD_TRUE), "%04x:%04x", row->vendor,
                      row->product);
    }
    ck_assert_ptr_null(row);
}
END_TEST

START_TEST(test_no_two_rows_are_for_one_reader)
{
    const TkePinPadQuirk *row = NULL;

    for (unsigned i = 1; (row = tke_pin_pad_quirk_get(i)) != NULL; i++) {
        g_auto(GStrv) names = g_strsplit(row->names, "|", -1);

        ck_assert_ptr_eq(tke_pin_pad_quirk_find(row->vendor, row->product, NULL), row);
        for (unsigned n = 0; names[n] != NULL; n++) {
            g_autofree char *full = g_strdup_printf("Maker %s [Interface] (12) 00 00", names[n]);

            ck_assert(names[n][0] == '\0' || tke_pin_pad_quirk_find(0, 0, full) == row);
        }
    }
}
END_TEST

START_TEST(test_a_reader_is_known_by_its_numbers_else_by_its_name)
{
    static const struct {
        uint16_t vendor, product;
        const char *name, *word;
    } cases[] = {
        { 0x04E6, 0xE003, "", "spr332" },
        { 0, 0, "SCM Microsystems Inc. SPR 532 [Vendor Interface] (21251204200001) 00 00",
          "spr332" },
        { 0, 0, "REINER SCT cyberJack one (123) 00 00", "cyberjack-one" },
        { 0, 0, "Cherry GmbH SmartTerminal ST-2xxx [Vendor Interface] (2125) 01 00", "st-2xxx" },
        { 0, 0, "Gemalto Ezio Shield (C2E3) 00 00", "ct710" },
        { 0, 0, "Cherry GmbH SmartTerminal XX44 00 00", "xx44" },
        { 0, 0, "Cherry SmartTerminal XX44 00 00", "no-keypad" },
        { 0, 0, "Some Other Reader 00 00", "standard" },
        { 0, 0, NULL, "standard" },
        /* numbers outdo a name, and half of them is not enough */
        { 0x1234, 0x5678, "SPR 532", "standard" },
        { 0x04E6, 0, "cyberJack one", "cyberjack-one" },
        { 0x04E6, 0x0001, "", "standard" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        ck_assert_str_eq(
            tke_pin_pad_quirk_find(cases[i].vendor, cases[i].product, cases[i].name)->word,
            cases[i].word);
    }
}
END_TEST

/* --- properties --- */

static void
read_tlv(TkePinPadProperties *properties, const char *hex)
{
    g_autoptr(GByteArray) bytes = test_bytes(hex);

    memset(properties, 0, sizeof *properties);
    tke_pin_pad_properties_add_tlv(properties, bytes->data, bytes->len);
}

START_TEST(test_properties_are_read_least_significant_byte_first)
{
    TkePinPadProperties p = { 0 };

    read_tlv(&p, "0b02e604 0c0203e0 01021002 020102 030105 060104 070108 0a0400000100 090101"
                 "08054650313031 0d021234");
    ck_assert(p.told && !p.malformed && !p.contradictory);
    ck_assert_uint_eq(p.vendor, 0x04E6);
    ck_assert_uint_eq(p.product, 0xE003);
    ck_assert(p.has_display && p.lcd_layout == 0x0210);
    ck_assert_uint_eq(p.conditions, 2);
    ck_assert(p.has_timeout2 && p.timeout2 == 5);
    ck_assert(p.has_min_pin && p.min_pin == 4);
    ck_assert(p.has_max_pin && p.max_pin == 8);
    ck_assert(p.has_max_apdu && p.max_apdu == 0x10000);
    ck_assert(p.has_ppdu && p.ppdu == 1);
    ck_assert_str_eq(p.firmware, "FP101");
}
END_TEST

START_TEST(test_properties_that_make_no_sense_count_as_not_told)
{
    TkePinPadProperties p = { 0 };

    read_tlv(&p, "0b0104 0c03010203 020108 020200ff 0601 "); /* lengths; cut at the end */
    ck_assert(p.malformed && !p.told);
    read_tlv(&p, "0b0104 0c03010203 0a020001");
    ck_assert(!p.malformed && !p.told && p.vendor == 0 && p.product == 0 && !p.has_max_apdu);
    read_tlv(&p, "020108");
    ck_assert_uint_eq(p.conditions, 0);
    read_tlv(&p, "070100");
    ck_assert(!p.has_max_pin);
    read_tlv(&p, "060108 070104"); /* at least 8, at most 4 */
    ck_assert(p.contradictory && !p.has_min_pin && !p.has_max_pin);
    read_tlv(&p, "0b02e604 0b02e704 0c0203e0"); /* two vendors */
    ck_assert(p.contradictory && p.vendor == 0 && p.product == 0xE003);
    read_tlv(&p, "0b02e604 0b02e604");
    ck_assert(!p.contradictory && p.vendor == 0x04E6);
    read_tlv(&p, "");
    ck_assert(!p.told && !p.malformed);
}
END_TEST

START_TEST(test_firmware_text_is_harmless_whatever_its_bytes)
{
    TkePinPadProperties p = { 0 };
    g_autofree char *zs = g_strnfill(2 * 255, '7');
    g_autofree char *list = g_strconcat("08ff", zs, NULL);

    read_tlv(&p, "0806 1b5b324a 0041");
    ck_assert_str_eq(p.firmware, "?[2J?A");
    read_tlv(&p, list); /* 255 bytes 'w' */
    ck_assert_uint_eq(strlen(p.firmware), TKE_PIN_PAD_FIRMWARE_MAX);
    read_tlv(&p, "0800");
    ck_assert_str_eq(p.firmware, "");
}
END_TEST

START_TEST(test_the_older_structure_fills_what_is_missing)
{
    static const char *const wrong[] = { "", "100202", "1002020000" };
    g_autoptr(GByteArray) bytes = test_bytes(LAYOUT_2_16 "0205");
    TkePinPadProperties p = { 0 };

    tke_pin_pad_properties_add_structure(&p, bytes->data, bytes->len);
    ck_assert(p.told && p.has_display && p.lcd_layout == 0x0210 && p.conditions == 2);
    ck_assert(p.has_timeout2 && p.timeout2 == 5);
    read_tlv(&p, "01020000 020107 030100");
    tke_pin_pad_properties_add_structure(&p, bytes->data, bytes->len);
    ck_assert(p.lcd_layout == 0 && p.timeout2 == 0); /* as the TLV said */
    ck_assert(p.conditions == 2 && !p.contradictory);
    read_tlv(&p, "020104");
    tke_pin_pad_properties_add_structure(&p, bytes->data, bytes->len);
    ck_assert(p.conditions == 0 && p.contradictory);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GByteArray) cut = test_bytes(wrong[i]);

        memset(&p, 0, sizeof p);
        tke_pin_pad_properties_add_structure(&p, cut->data, cut->len);
        ck_assert(p.malformed && !p.told && !p.has_display);
    }
}
END_TEST

/* --- readers that lie --- */

static const struct {
    const char *what, *features, *tlv, *structure;
    int code;           /* of the error; 0: PINs are taken there */
    const char *reason; /* part of its text */
} readers[] = {
    { "all is well", FEATURES, "060100 070119", LAYOUT_2_16 "0200", 0, NULL },
    { "nothing but the features", "060442000db2 070442000db3", NULL, NULL, 0, NULL },
    { "properties fail", FEATURES, NULL, NULL, 0, NULL },
    { "properties are cut", FEATURES, "0b02e604 0c02", "10", 0, NULL },
    { "sizes exclude each other", FEATURES, "060108 070104", LAYOUT_2_16 "0700", 0, NULL },
    { "features are told twice", FEATURES FEATURES, NULL, NULL, 0, NULL },
    { "no features", "", NULL, NULL, TKE_CARD_ERROR_NO_PIN_PAD, "offers none" },
    { "feature code 0", "060400000000 070442000db3", NULL, NULL, TKE_CARD_ERROR_NO_PIN_PAD,
      "not to check" },
    { "both codes 0", "060400000000 070400000000", NULL, NULL, TKE_CARD_ERROR_NO_PIN_PAD,
      "offers none" },
    { "no change", "060442000db2", NULL, NULL, TKE_CARD_ERROR_NO_PIN_PAD, "not to set or change" },
    { "list is cut", "060442000db2 0704", NULL, NULL, TKE_CARD_ERROR_COMMUNICATION, "malformed" },
    { "list fails", NULL, NULL, NULL, TKE_CARD_ERROR_COMMUNICATION, "not told" },
    { "two codes for one feature", FEATURES "060442000db9", NULL, NULL,
      TKE_CARD_ERROR_COMMUNICATION, "contradicts" },
    { "seven digits and more", FEATURES, "060107 070108", NULL, TKE_CARD_ERROR_NO_PIN_PAD,
      "six digits" },
    { "five digits at most", FEATURES, "070105", NULL, TKE_CARD_ERROR_NO_PIN_PAD, "six digits" },
    { "only time ends an entry", FEATURES, "020104", NULL, TKE_CARD_ERROR_NO_PIN_PAD,
      "end an entry" },
    { "the last digit ends an entry", FEATURES, "020101", NULL, 0, NULL },
    { "false claim", FEATURES, "0b026a04 0c02a700", NULL, TKE_CARD_ERROR_NO_PIN_PAD,
      "(USB 046A:00A7) cannot take PINs on a keypad of its own: readers of this model have none, "
      "whatever they say" },
    { "leaking keyboard", FEATURES, "0b02f003 0c022410", NULL, TKE_CARD_ERROR_NO_PIN_PAD,
      "pass the PIN on" },
};

START_TEST(test_readers_that_lie_are_refused_with_the_reason_or_used_safely)
{
    g_autoptr(TranscriptCard) transcript = transcript_card_new(false);
    g_autoptr(TkeCard) card = tke_card_new(transcript_card_connect(transcript), 2, "Reader");
    g_autoptr(GError) error = NULL;

    transcript_card_set_features(transcript, readers[_i].features);
    transcript_card_set_properties(transcript, readers[_i].tlv, readers[_i].structure);
    transcript_card_expect(transcript, "00200081", "63c3");
    if (readers[_i].code == 0) {
        TkePinPad pad = { 0 };

        ck_assert_msg(tke_pin_pad_query(card, &pad, &error), "%s", readers[_i].what);
        ck_assert_ptr_nonnull(pad.quirk);
    } else {
        ck_assert_msg(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error), "%s", readers[_i].what);
        test_bytes_check_error(error, TKE_CARD_ERROR, readers[_i].code);
        ck_assert_msg(strstr(error->message, readers[_i].reason) != NULL, "%s", error->message);
        ck_assert_msg(g_str_has_prefix(error->message, "reader 2: "), "%s", error->message);
        ck_assert_uint_eq(tke_card_get_apdus(card), 0);
    }
    {
        TkePinStatus status = { 0 }; /* still good for looking at cards */

        ck_assert(tke_pin_pad_query_state(card, TKE_PIN_FIRST, &status, NULL));
    }
}
END_TEST

START_TEST(test_a_reader_without_keypad_can_still_be_described)
{
    g_autoptr(TranscriptCard) transcript = transcript_card_new(false);
    TkeCardSource *source = transcript_source_new(transcript);
    TkePinPad pad = { 0 };
    g_autoptr(GError) error = NULL;

    transcript_card_set_features(transcript, "120442000dbe");
    transcript_card_set_properties(transcript, "0b026a04 0c02a700", NULL);
    ck_assert(tke_pin_pad_describe_reader(source, "Reader 1", &pad, NULL));
    ck_assert_uint_eq(pad.verify_direct, 0);
    ck_assert_uint_eq(pad.properties.product, 0x00A7);
    ck_assert_str_eq(pad.quirk->word, "no-keypad");
    ck_assert(!tke_pin_pad_check(&pad, "Reader 1", &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD);
    source->ops->free(source);
}
END_TEST

START_TEST(test_what_the_reader_tells_reaches_the_bytes)
{
    static const struct {
        uint8_t told;
        const char *condition;
    } cases[] = { { 0, "02" }, { 7, "02" }, { 2, "02" }, { 1, "01" }, { 5, "01" } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const TkePinPad pad = { .properties = { .conditions = cases[i].told } };
        uint8_t out[TKE_PIN_PAD_BLOCK_MAX];
        size_t len = 0;

        tke_pin_pad_build(&pad, TKE_PIN_PAD_VERIFY, TKE_PIN_FIRST, out, &len);
        test_bytes_check(out + 7, 1, cases[i].condition);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_each_reader_gets_the_bytes_it_wants, 0,
                        (int) G_N_ELEMENTS(vectors));
    tcase_add_test(tests, test_each_row_has_a_vector_or_a_reason_why_no_pin_is_typed_there);
    tcase_add_test(tests, test_no_two_rows_are_for_one_reader);
    tcase_add_test(tests, test_a_reader_is_known_by_its_numbers_else_by_its_name);
    tcase_add_test(tests, test_properties_are_read_least_significant_byte_first);
    tcase_add_test(tests, test_properties_that_make_no_sense_count_as_not_told);
    tcase_add_test(tests, test_firmware_text_is_harmless_whatever_its_bytes);
    tcase_add_test(tests, test_the_older_structure_fills_what_is_missing);
    tcase_add_loop_test(tests, test_readers_that_lie_are_refused_with_the_reason_or_used_safely, 0,
                        (int) G_N_ELEMENTS(readers));
    tcase_add_test(tests, test_a_reader_without_keypad_can_still_be_described);
    tcase_add_test(tests, test_what_the_reader_tells_reaches_the_bytes);
}

int
main(void)
{
    return test_main("pin-pad-readers", add_tests);
}
