/*
 * What was inserted, in at most three APDUs; statuses and texts (card-protocol.md, 1, 3, 6.1 and
 * 12).
 */
#include <string.h>

#include "common/hex.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/card-identity.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"
#include "tests/support/transcript-card-source.h"

#define SELECT_EP11 "00a4040007 f04f544b450102 00"
#define SELECT_CA "00a4040007 f04f544b450101 00"
#define SELECT_MANAGER "00a4040000"
#define FCI_EP11 "6f1a 8407f04f544b450102 a50f 9f6e03010000 9f65020400 9f660100 9000"
#define FCI_CA "6f1a 8407f04f544b450101 a50f 9f6e03010000 9f65020400 9f660100 9000"
#define HEAD "df347c3491c38a2e0520a44d2596d7037d4749dce1c0ce4db8b70270c3f88fab"
/* card-protocol.md, Annex A.2 */
#define BLANK_EP11                                                                                 \
    "e048 800102 810100 8203010000 8308ff189245838f5ba1 8703810003 8a020055 8b0400000000"          \
    " 8c20" HEAD " 8e00"
#define PERSONALISED                                                                               \
    "e063 800102 810104 8203010000 8308ff189245838f5ba1 84082c8291618d2cee31 850944656d6f207a6f6e" \
    "65 8703810102 8a020355 8b0400000009 8c20" HEAD " 8e06436172642041"
#define CA_STATUS                                                                                  \
    "e05c 800101 810103 8203010000 8308c40ecf3fc23b8a56 84082c8291618d2cee31 850944656d6f207a6f6e" \
    "65 8706810105820200 8b0400000009 8c20" HEAD " 8e00"

typedef struct Fixture {
    TranscriptCard *transcript;
    TkeCard *card;
    TkeCardStatus status;
    GError *error;
} Fixture;

static void
fixture_clear(Fixture *f)
{
    tke_card_free(f->card);
    transcript_card_free(f->transcript);
    g_clear_error(&f->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fixture, fixture_clear)

static Fixture
open_card(void)
{
    Fixture f = { .transcript = transcript_card_new(true) };

    f.card = tke_card_new(transcript_card_connect(f.transcript), 1, "Reader");
    return f;
}

static void
check_recognised(Fixture *f, TkeCardKind kind)
{
    const char *problem = NULL;

    ck_assert_msg(tke_card_recognise(f->card, &f->status, &f->error), "%s",
                  f->error != NULL ? f->error->message : "");
    problem = transcript_card_get_problem(f->transcript);
    ck_assert_msg(problem == NULL, "%s", problem);
    ck_assert_int_eq(f->status.kind, kind);
    ck_assert_uint_le(tke_card_get_apdus(f->card), 3);
}

START_TEST(test_an_ep11_card_takes_two_apdus)
{
    g_auto(Fixture) f = open_card();

    transcript_card_expect(f.transcript, SELECT_EP11, FCI_EP11);
    transcript_card_expect(f.transcript, "80ca00e000", BLANK_EP11 "9000");
    check_recognised(&f, TKE_CARD_KIND_EP11);
    ck_assert_uint_eq(tke_card_get_apdus(f.card), 2);
    ck_assert_int_eq(f.status.life_cycle, TKE_CARD_BLANK);
    ck_assert(!f.status.has_zone && !f.status.has_signature_key);
    ck_assert(tke_card_status_is_blank(&f.status));
    ck_assert_uint_eq(f.status.n_places, 85);
    ck_assert_int_eq(f.status.pins[0].state, TKE_PIN_NOT_SET);
    ck_assert_int_eq(tke_card_get_selected(f.card), TKE_CARD_KIND_EP11);
}
END_TEST

START_TEST(test_a_ca_card_takes_three_apdus)
{
    g_auto(Fixture) f = open_card();

    transcript_card_expect(f.transcript, SELECT_EP11, "6a82");
    transcript_card_expect(f.transcript, SELECT_CA, FCI_CA);
    transcript_card_expect(f.transcript, "80ca00e000", CA_STATUS "9000");
    check_recognised(&f, TKE_CARD_KIND_CA);
    ck_assert_uint_eq(f.status.n_pins, 2);
    ck_assert_uint_eq(f.status.pins[0].tries_left, 5);
    ck_assert_int_eq(f.status.pins[1].state, TKE_PIN_BLOCKED);
    ck_assert(tke_card_status_is_lost(&f.status));
    ck_assert_ptr_eq(tke_card_status_get_pin(&f.status, TKE_PIN_SECOND), &f.status.pins[1]);
    ck_assert_ptr_null(tke_card_status_get_pin(&f.status, 0x83));
    ck_assert_str_eq(f.status.zone_description, "Demo zone");
}
END_TEST

START_TEST(test_other_cards_are_told_apart)
{
    static const struct {
        const char *answer;
        TkeCardKind kind;
    } cases[] = {
        { "6f10 8408a000000151000000 a5049f6501ff 9000", TKE_CARD_KIND_EMPTY },
        { "6283", TKE_CARD_KIND_EMPTY },
        { "6a82", TKE_CARD_KIND_FOREIGN },
        { "6d00", TKE_CARD_KIND_FOREIGN },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Fixture) f = open_card();

        transcript_card_expect(f.transcript, SELECT_EP11, i == 3 ? "6d00" : "6a82");
        transcript_card_expect(f.transcript, SELECT_CA, i == 3 ? "6e00" : "6a82");
        transcript_card_expect(f.transcript, SELECT_MANAGER, cases[i].answer);
        check_recognised(&f, cases[i].kind);
    }
}
END_TEST

START_TEST(test_a_refusal_that_may_pass_is_no_blank_card)
{
    static const struct {
        const char *answer;
        uint16_t sw;
    } cases[] = {
        { "6f00", 0x6F00 }, { "6985", 0x6985 }, { "6400", 0x6400 }, { "6283", 0x6283 },
        { "6983", 0x6983 }, { "6581", 0x6581 }, { "6a84", 0x6A84 },
    };

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        const size_t row = i / 2;
        g_auto(Fixture) f = open_card();
        TkeCardErrorInfo info;

        if (i % 2 == 1) {
            transcript_card_expect(f.transcript, SELECT_EP11, "6a82");
        }
        transcript_card_expect(f.transcript, i % 2 == 1 ? SELECT_CA : SELECT_EP11,
                               cases[row].answer);
        ck_assert(!tke_card_recognise(f.card, &f.status, &f.error));
        ck_assert_ptr_null(transcript_card_get_problem(f.transcript));
        test_bytes_check_error(f.error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATUS);
        ck_assert(tke_card_error_get_info(f.error, &info));
        ck_assert_uint_eq(info.sw, cases[row].sw);
    }
}
END_TEST

START_TEST(test_another_version_is_a_kind_of_its_own)
{
    g_auto(Fixture) f = open_card();

    transcript_card_expect(f.transcript, SELECT_EP11,
                           "6f1a 8407f04f544b450102 a50f 9f6e03020100 9f65020400 9f660100 9000");
    check_recognised(&f, TKE_CARD_KIND_OTHER_VERSION);
    ck_assert_uint_eq(f.status.version[0], 2);
    ck_assert_int_eq(f.status.applet, TKE_CARD_KIND_EP11);
    ck_assert(!tke_card_status_need_enrolled(&f.status, NULL, &f.error));
    test_bytes_check_error(f.error, TKE_CARD_ERROR, TKE_CARD_ERROR_VERSION);
}
END_TEST

START_TEST(test_a_status_of_another_kind_or_version_than_selected_is_refused)
{
    static const char *const answers[] = { CA_STATUS "9000",
                                           "e048 800102 810100 8203010100 8308ff189245838f5ba1"
                                           "8703810003 8a020055 8b0400000000 8c20" HEAD
                                           "8e00 9000" };

    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_auto(Fixture) f = open_card();

        transcript_card_expect(f.transcript, SELECT_EP11, FCI_EP11);
        transcript_card_expect(f.transcript, "80ca00e000", answers[i]);
        ck_assert(!tke_card_recognise(f.card, &f.status, &f.error));
        test_bytes_check_error(f.error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
    }
}
END_TEST

static bool
parse(const uint8_t *bytes, size_t len)
{
    TkeCardStatus status = { .kind = TKE_CARD_KIND_FOREIGN };
    g_autoptr(GError) error = NULL;
    const bool ok = tke_card_status_parse(bytes, len, TKE_CARD_KIND_FOREIGN, &status, &error);

    ck_assert(ok == (error == NULL));
    return ok;
}

START_TEST(test_a_status_cut_anywhere_is_refused)
{
    g_autoptr(GByteArray) good = test_bytes(PERSONALISED);

    ck_assert(parse(good->data, good->len));
    for (guint n = 0; n < good->len; n++) {
        ck_assert(!parse(good->data, n));
    }
    g_byte_array_append(good, (const uint8_t *) "\0", 1);
    ck_assert(!parse(good->data, good->len));
}
END_TEST

/* One byte of the personalised card's status is another one. */
static const struct {
    const char *what;
    const char *from, *to;
} changes[] = {
    { "life cycle 05", "810104", "810105" },
    { "blank, but with a zone", "810104", "810100" },
    { "enrolled, but with a PIN", "810104", "810103" },
    { "PIN not set", "8703810102", "8703810002" },
    { "unknown state", "8703810102", "8703810402" },
    { "no tries, not blocked", "8703810102", "8703810100" },
    { "blocked with tries", "8703810102", "8703810202" },
    { "four tries", "8703810102", "8703810104" },
    { "reference 82", "8703810102", "8703820102" },
    { "zone id zero", "84082c8291618d2cee31", "84080000000000000000" },
    { "card id zero", "8308ff189245838f5ba1", "83080000000000000000" },
    { "86 parts", "8a020355", "8a025655" },
    { "84 places", "8a020355", "8a020354" },
    { "line feed", "436172642041", "43617264200a" },
};

START_TEST(test_a_status_that_cannot_be_is_refused)
{
    g_autofree char *hex = test_bytes_digits(PERSONALISED);
    g_auto(GStrv) halves = g_strsplit(hex, changes[_i].from, 2);
    g_autofree char *other = g_strjoinv(changes[_i].to, halves);
    g_autoptr(GByteArray) bytes = test_bytes(other);

    ck_assert_uint_eq(g_strv_length(halves), 2);
    ck_assert_msg(!parse(bytes->data, bytes->len), "%s", changes[_i].what);
}
END_TEST

static void
check_need(bool ok, GError *error, TkeCardError code)
{
    ck_assert(!ok);
    test_bytes_check_error(error, TKE_CARD_ERROR, (int) code);
    g_error_free(error);
}

START_TEST(test_needs_name_what_the_card_is_instead)
{
    static const uint8_t other_zone[TKE_ZONE_ID_LEN] = { 9 };
    TkeCardStatus status = { .kind = TKE_CARD_KIND_EP11, .has_zone = true };
    GError *error = NULL;
    bool ok = false;

    ok = tke_card_status_need_ca(&status, NULL, &error);
    ck_assert_ptr_nonnull(strstr(error->message, "EP11"));
    check_need(ok, g_steal_pointer(&error), TKE_CARD_ERROR_WRONG_KIND);
    status.life_cycle = TKE_CARD_IDENTITY_MADE;
    ok = tke_card_status_need_enrolled(&status, NULL, &error);
    check_need(ok, g_steal_pointer(&error), TKE_CARD_ERROR_NOT_ENROLLED);
    status.life_cycle = TKE_CARD_MEMBER;
    ck_assert(tke_card_status_need_enrolled(&status, NULL, &error));
    ok = tke_card_status_need_personalised(&status, NULL, &error);
    check_need(ok, g_steal_pointer(&error), TKE_CARD_ERROR_NOT_PERSONALISED);
    ok = tke_card_status_need_enrolled(&status, other_zone, &error);
    ck_assert_ptr_nonnull(strstr(error->message, "0900-0000-0000-0000"));
    check_need(ok, g_steal_pointer(&error), TKE_CARD_ERROR_WRONG_ZONE);
    status.kind = TKE_CARD_KIND_CA;
    ck_assert(tke_card_status_need_ca(&status, NULL, &error));
    status.has_zone = false;
    ok = tke_card_status_need_ca(&status, NULL, &error);
    check_need(ok, g_steal_pointer(&error), TKE_CARD_ERROR_NOT_ENROLLED);
    status.kind = TKE_CARD_KIND_FOREIGN;
    ok = tke_card_status_need_enrolled(&status, NULL, &error);
    check_need(ok, g_steal_pointer(&error), TKE_CARD_ERROR_WRONG_KIND);
}
END_TEST

START_TEST(test_texts_and_names_keep_their_limits)
{
    ck_assert(tke_card_text_is_description(""));
    ck_assert(tke_card_text_is_description("123456789012345678901234567890"));
    ck_assert(!tke_card_text_is_description("1234567890123456789012345678901"));
    ck_assert(!tke_card_text_is_description("tab\t"));
    ck_assert(!tke_card_text_is_description("\xc3\xa4"));
    ck_assert(tke_card_text_is_name("A. O'Neil (night+day), x-y/:=?"));
    ck_assert(!tke_card_text_is_name(""));
    ck_assert(!tke_card_text_is_name(" A"));
    ck_assert(!tke_card_text_is_name("A "));
    ck_assert(!tke_card_text_is_name("A_B"));
    ck_assert(!tke_card_text_is_name("1234567890123456789012345678901"));
}
END_TEST

START_TEST(test_an_id_is_shown_in_groups)
{
    static const uint8_t id[8] = { 0x92, 0xCE, 0xC8, 0x85, 0xE1, 0xA6, 0xE0, 0x8C };
    g_autofree char *text = tke_card_id_text(id);

    ck_assert_str_eq(text, "92CE-C885-E1A6-E08C");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_an_ep11_card_takes_two_apdus);
    tcase_add_test(tests, test_a_ca_card_takes_three_apdus);
    tcase_add_test(tests, test_other_cards_are_told_apart);
    tcase_add_test(tests, test_a_refusal_that_may_pass_is_no_blank_card);
    tcase_add_test(tests, test_another_version_is_a_kind_of_its_own);
    tcase_add_test(tests, test_a_status_of_another_kind_or_version_than_selected_is_refused);
    tcase_add_test(tests, test_a_status_cut_anywhere_is_refused);
    tcase_add_loop_test(tests, test_a_status_that_cannot_be_is_refused, 0,
                        (int) G_N_ELEMENTS(changes));
    tcase_add_test(tests, test_needs_name_what_the_card_is_instead);
    tcase_add_test(tests, test_texts_and_names_keep_their_limits);
    tcase_add_test(tests, test_an_id_is_shown_in_groups);
}

int
main(void)
{
    return test_main("card-identity", add_tests);
}
