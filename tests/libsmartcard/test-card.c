/*
 * Whole commands on a card that plays a transcript: select, chaining, collection, limits
 * (card-protocol.md, 2 and 12).
 */
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card.h"
#include "libsmartcard/card-private.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"
#include "tests/support/transcript-card-source.h"

#define SELECT_EP11 "00a4040007 f04f544b450102 00"
#define SELECTED_EP11(version, features)                                                           \
    "6f1a 8407f04f544b450102 a50f 9f6e03" version " 9f65020400 9f6601" features " 9000"

typedef struct Fixture {
    TranscriptCard *transcript;
    TkeCard *card;
    TkeCardAnswer answer;
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
open_card(bool extended)
{
    Fixture f = { .transcript = transcript_card_new(extended) };

    f.card = tke_card_new(transcript_card_connect(f.transcript), 2, "Reader");
    return f;
}

static void
check_done(Fixture *f)
{
    const char *problem = transcript_card_get_problem(f->transcript);

    ck_assert_msg(problem == NULL, "%s", problem);
}

static void
check_protocol_error(Fixture *f)
{
    TkeCardErrorInfo info = { 0 };

    test_bytes_check_error(f->error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
    ck_assert(tke_card_error_get_info(f->error, &info));
    ck_assert_uint_eq(info.reader_number, 2);
    ck_assert(g_str_has_prefix(f->error->message, "reader 2: "));
    check_done(f);
}

/* n bytes aa as hex, and a tail. */
static char *
filled(size_t n, const char *tail)
{
    GString *hex = g_string_new(NULL);

    for (size_t i = 0; i < n; i++) {
        g_string_append(hex, "aa");
    }
    g_string_append(hex, tail);
    return g_string_free(hex, FALSE);
}

static bool
get(Fixture *f)
{
    const TkeApdu apdu = { .cla = 0x80, .ins = 0xCA, .has_answer = true };

    return tke_card_command(f->card, &apdu, "reading", &f->answer, &f->error);
}

START_TEST(test_selecting_tells_whether_the_applet_is_there)
{
    g_auto(Fixture) f = open_card(true);
    bool found = false;

    transcript_card_expect(f.transcript, SELECT_EP11, SELECTED_EP11("010000", "01"));
    ck_assert(tke_card_select(f.card, TKE_CARD_KIND_EP11, &found, &f.error));
    ck_assert(found);
    ck_assert_int_eq(tke_card_get_selected(f.card), TKE_CARD_KIND_EP11);
    transcript_card_expect(f.transcript, "00a4040007 f04f544b450101 00", "6a82");
    ck_assert(tke_card_select(f.card, TKE_CARD_KIND_CA, &found, &f.error));
    ck_assert(!found);
    ck_assert_int_eq(tke_card_get_selected(f.card), TKE_CARD_KIND_FOREIGN);
    transcript_card_expect(f.transcript, "00a4040007 f04f544b450101 00", "6a82");
    ck_assert(!tke_card_select(f.card, TKE_CARD_KIND_CA, NULL, &f.error));
    test_bytes_check_error(f.error, TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_KIND);
    ck_assert_uint_eq(tke_card_get_apdus(f.card), 3);
    check_done(&f);
}
END_TEST

START_TEST(test_contactless_and_other_versions_are_errors_of_their_own)
{
    g_auto(Fixture) f = open_card(true);
    bool found = false;

    transcript_card_expect(f.transcript, SELECT_EP11, "6999");
    ck_assert(!tke_card_select(f.card, TKE_CARD_KIND_EP11, &found, &f.error));
    test_bytes_check_error(f.error, TKE_CARD_ERROR, TKE_CARD_ERROR_CONTACTLESS);
    g_clear_error(&f.error);
    transcript_card_expect(f.transcript, SELECT_EP11, SELECTED_EP11("020000", "01"));
    ck_assert(!tke_card_select(f.card, TKE_CARD_KIND_EP11, &found, &f.error));
    test_bytes_check_error(f.error, TKE_CARD_ERROR, TKE_CARD_ERROR_VERSION);
    check_done(&f);
}
END_TEST

static const char *const bad_selections[] = {
    "9000",
    "6f00 9000",
    "6f1a 8407f04f544b450101 a50f 9f6e03010000 9f65020400 9f660101 9000",    /* another applet */
    "6f1a 8407f04f544b450102 a50f 9f6e03010000 9f65020800 9f660101 9000",    /* another buffer */
    "6f1a 8407f04f544b450102 a50f 9f6e03010000 9f65020400 9f660103 9000",    /* unknown features */
    "6f1b 8407f04f544b450102 a510 9f6e03010000 9f65020400 9f66020100 9000",  /* long features */
    "6f1a 8407f04f544b450102 a50f 9f6e03010000 9f65020400 9f660101 00 9000", /* trailing byte */
    "6f811a 8407f04f544b450102 a50f 9f6e03010000 9f65020400 9f660101 9000",  /* long length */
    "6f1a 8407f04f544b450102 a50f 9f65020400 9f6e03010000 9f660101 9000",    /* order */
};

START_TEST(test_an_answer_to_select_that_differs_is_refused)
{
    g_auto(Fixture) f = open_card(true);
    bool found = false;

    transcript_card_expect(f.transcript, SELECT_EP11, bad_selections[_i]);
    ck_assert(!tke_card_select(f.card, TKE_CARD_KIND_EP11, &found, &f.error));
    check_protocol_error(&f);
    ck_assert_int_eq(tke_card_get_selected(f.card), TKE_CARD_KIND_FOREIGN);
}
END_TEST

START_TEST(test_extended_length_needs_card_and_reader)
{
    const bool reader = (_i & 1) != 0;
    const bool card = (_i & 2) != 0;
    g_auto(Fixture) f = open_card(reader);

    transcript_card_expect(f.transcript, SELECT_EP11,
                           card ? SELECTED_EP11("010000", "01") : SELECTED_EP11("010000", "00"));
    ck_assert(tke_card_select(f.card, TKE_CARD_KIND_EP11, NULL, &f.error));
    transcript_card_expect(f.transcript, reader && card ? "80ca0000 000000" : "80ca0000 00",
                           "01 9000");
    ck_assert(get(&f));
    tke_card_set_extended_allowed(f.card, false);
    transcript_card_expect(f.transcript, "80ca0000 00", "01 9000");
    ck_assert(get(&f));
    check_done(&f);
}
END_TEST

START_TEST(test_long_data_go_out_in_full_blocks)
{
    static const uint8_t zeros[600] = { 0 };
    g_auto(Fixture) f = open_card(false);
    const TkeApdu apdu = { .cla = 0x80,
                           .ins = 0x2A,
                           .p1 = 0x9E,
                           .p2 = 1,
                           .data = zeros,
                           .data_len = sizeof zeros,
                           .has_answer = true };
    TkeApdu exact = apdu;
    g_autoptr(GString) block = g_string_new("902a9e01ff");
    g_autoptr(GString) full = g_string_new("802a9e01ff");
    g_autoptr(GString) last = g_string_new("802a9e015a");

    for (unsigned i = 0; i < 255; i++) {
        g_string_append(block, "00");
        g_string_append(full, "00");
    }
    for (unsigned i = 0; i < 90; i++) {
        g_string_append(last, "00");
    }
    g_string_append(full, "00");
    g_string_append(last, "00");
    transcript_card_expect(f.transcript, block->str, "9000");
    transcript_card_expect(f.transcript, block->str, "9000");
    transcript_card_expect(f.transcript, last->str, "77 9000");
    ck_assert(tke_card_command(f.card, &apdu, "signing", &f.answer, &f.error));
    test_bytes_check(f.answer.data, f.answer.len, "77");
    exact.data_len = 510; /* the last block is full too */
    transcript_card_expect(f.transcript, block->str, "9000");
    transcript_card_expect(f.transcript, full->str, "78 9000");
    ck_assert(tke_card_command(f.card, &exact, "signing", &f.answer, &f.error));
    /* A refused block ends the chain and is the answer. */
    transcript_card_expect(f.transcript, block->str, "6985");
    ck_assert(!tke_card_command(f.card, &apdu, "signing", &f.answer, &f.error));
    test_bytes_check_error(f.error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATE);
    g_clear_error(&f.error);
    /* Data in the middle are none. */
    transcript_card_expect(f.transcript, block->str, "00 9000");
    ck_assert(!tke_card_command(f.card, &apdu, "signing", &f.answer, &f.error));
    check_protocol_error(&f);
}
END_TEST

START_TEST(test_long_answers_are_collected_up_to_the_limit)
{
    g_auto(Fixture) f = open_card(false);
    g_autofree char *most = filled(256, "6100");
    g_autofree char *end = filled(256, "9000");
    g_autofree char *more = filled(1, "9000");

    transcript_card_expect(f.transcript, "80ca000000", most);
    transcript_card_expect(f.transcript, "00c0000000", most);
    transcript_card_expect(f.transcript, "00c0000000", most);
    transcript_card_expect(f.transcript, "00c0000000", end);
    ck_assert(get(&f));
    ck_assert_uint_eq(f.answer.len, 1024);
    ck_assert_uint_eq(tke_card_get_apdus(f.card), 4);

    transcript_card_expect(f.transcript, "80ca000000", most);
    transcript_card_expect(f.transcript, "00c0000000", most);
    transcript_card_expect(f.transcript, "00c0000000", most);
    transcript_card_expect(f.transcript, "00c0000000", most);
    transcript_card_expect(f.transcript, "00c0000000", more);
    ck_assert(!get(&f));
    check_protocol_error(&f);
    ck_assert(tke_card_error_is_outcome_unknown(f.error));
}
END_TEST

START_TEST(test_a_promise_that_brings_nothing_ends_the_collection)
{
    g_auto(Fixture) f = open_card(false);

    /* Under T=0 the first answer brings nothing, the collection does. */
    transcript_card_expect(f.transcript, "80ca000000", "6102");
    transcript_card_expect(f.transcript, "00c0000000", "aabb9000");
    ck_assert(get(&f));
    ck_assert_uint_eq(f.answer.len, 2);
    transcript_card_expect(f.transcript, "80ca000000", "aa6102");
    transcript_card_expect(f.transcript, "00c0000000", "6102");
    ck_assert(!get(&f));
    check_protocol_error(&f);
    ck_assert(tke_card_error_is_outcome_unknown(f.error));
}
END_TEST

/* A byte at a time, and always one more: the room is not full for a long while. */
START_TEST(test_an_answer_that_drips_for_ever_is_given_up)
{
    g_auto(Fixture) f = open_card(false);

    transcript_card_expect(f.transcript, "80ca000000", "aa6101");
    for (unsigned i = 0; i < 64; i++) {
        transcript_card_expect(f.transcript, "00c0000000", "aa6101");
    }
    ck_assert(!get(&f));
    check_protocol_error(&f);
    ck_assert(tke_card_error_is_outcome_unknown(f.error)); /* it had accepted the command */
    ck_assert_uint_eq(tke_card_get_apdus(f.card), 65);
}
END_TEST

/* No piece may take long, and all together do: with no time left, none is asked for. */
START_TEST(test_the_pieces_of_an_answer_have_one_time_together)
{
    g_auto(Fixture) f = open_card(false);

    tke_card_set_collect_limit(f.card, 0);
    transcript_card_expect(f.transcript, "80ca000000", "aa6101");
    ck_assert(!get(&f));
    test_bytes_check_error(f.error, TKE_CARD_ERROR, TKE_CARD_ERROR_SILENT);
    ck_assert(tke_card_error_is_outcome_unknown(f.error));
    check_done(&f);
}
END_TEST

/* The exchange fails between two blocks: the chain is not gone on with, and what was sent of it is
 * told as open. */
START_TEST(test_a_chain_that_breaks_off_is_not_gone_on_with)
{
    static const uint8_t zeros[600] = { 0 };
    static const TkeCardError faults[] = { TKE_CARD_ERROR_REMOVED, TKE_CARD_ERROR_RESET,
                                           TKE_CARD_ERROR_COMMUNICATION, TKE_CARD_ERROR_SILENT };
    const TkeApdu apdu = {
        .cla = 0x80, .ins = 0x2A, .data = zeros, .data_len = sizeof zeros, .has_answer = true
    };
    g_autoptr(GString) block = g_string_new("902a0000ff");

    for (unsigned i = 0; i < 255; i++) {
        g_string_append(block, "00");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_auto(Fixture) f = open_card(false);

        transcript_card_expect(f.transcript, block->str, "9000");
        transcript_card_expect_fault(f.transcript, block->str, faults[i]);
        ck_assert(!tke_card_command(f.card, &apdu, "signing", &f.answer, &f.error));
        test_bytes_check_error(f.error, TKE_CARD_ERROR, (int) faults[i]);
        ck_assert(tke_card_error_is_outcome_unknown(f.error));
        ck_assert_uint_eq(tke_card_get_apdus(f.card), 2);
        g_clear_error(&f.error);
        check_done(&f);
    }
}
END_TEST

START_TEST(test_data_where_none_belong_are_refused)
{
    g_auto(Fixture) f = open_card(false);
    const TkeApdu apdu = { .cla = 0x80, .ins = 0xDA };

    transcript_card_expect(f.transcript, "80da0000", "aa9000");
    ck_assert(!tke_card_command(f.card, &apdu, "writing", NULL, &f.error));
    check_protocol_error(&f);
    g_clear_error(&f.error);
    transcript_card_expect(f.transcript, "80ca000000", "aa6985");
    ck_assert(!get(&f));
    check_protocol_error(&f);
    g_clear_error(&f.error);
    transcript_card_expect(f.transcript, "80ca000000", "90");
    ck_assert(!get(&f));
    check_protocol_error(&f);
}
END_TEST

START_TEST(test_a_transport_fault_keeps_its_code_and_names_the_reader)
{
    g_auto(Fixture) f = open_card(false);
    TkeCardErrorInfo info = { 0 };

    transcript_card_expect(f.transcript, SELECT_EP11, SELECTED_EP11("010000", "00"));
    ck_assert(tke_card_select(f.card, TKE_CARD_KIND_EP11, NULL, &f.error));
    transcript_card_expect_fault(f.transcript, "80ca000000", TKE_CARD_ERROR_RESET);
    ck_assert(!get(&f));
    test_bytes_check_error(f.error, TKE_CARD_ERROR, TKE_CARD_ERROR_RESET);
    ck_assert(g_str_has_prefix(f.error->message, "reader 2: reading: "));
    ck_assert(tke_card_error_get_info(f.error, &info));
    ck_assert_str_eq(info.reader_name, "Reader");
    ck_assert(tke_card_error_is_outcome_unknown(f.error));
    ck_assert_int_eq(tke_card_get_selected(f.card), TKE_CARD_KIND_FOREIGN);
}
END_TEST

START_TEST(test_sensitive_commands_are_sent_like_others)
{
    static const uint8_t secret[300] = { 0x5E };
    g_auto(Fixture) f = open_card(false);
    const TkeApdu apdu = {
        .cla = 0x80, .ins = 0xD8, .data = secret, .data_len = 300, .sensitive = true
    };
    g_autoptr(GString) block = g_string_new("90d80000ff5e");
    g_autoptr(GString) last = g_string_new("80d800002d");

    for (unsigned i = 1; i < 255; i++) {
        g_string_append(block, "00");
    }
    for (unsigned i = 0; i < 45; i++) {
        g_string_append(last, "00");
    }
    transcript_card_expect(f.transcript, block->str, "9000");
    transcript_card_expect(f.transcript, last->str, "9000");
    ck_assert(tke_card_command(f.card, &apdu, "putting a key", NULL, &f.error));
    check_done(&f);
}
END_TEST

START_TEST(test_a_cancelled_command_is_not_sent)
{
    g_auto(Fixture) f = open_card(false);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    uint8_t out[8];
    size_t len = 0;

    tke_card_set_cancellable(f.card, cancellable);
    g_cancellable_cancel(cancellable);
    ck_assert(!get(&f));
    test_bytes_check_error(f.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_clear_error(&f.error);
    ck_assert(!tke_card_control(f.card, TKE_CARD_CONTROL_GET_FEATURES, NULL, 0, out, sizeof out,
                                &len, &f.error));
    test_bytes_check_error(f.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    ck_assert_uint_eq(tke_card_get_apdus(f.card), 0);
    tke_card_set_cancellable(f.card, NULL);
    transcript_card_expect(f.transcript, "80ca000000", "9000");
    g_clear_error(&f.error);
    ck_assert(get(&f));
    check_done(&f);
}
END_TEST

START_TEST(test_a_source_opens_its_reader_only)
{
    g_autoptr(TranscriptCard) transcript = transcript_card_new(false);
    TkeCardSource *source = transcript_source_new(transcript);
    g_autoptr(TkeCard) card = tke_card_open(source, "Reader 1", 0, NULL, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(card);
    ck_assert_ptr_null(tke_card_open(source, "Reader 2", 2, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
    ck_assert(g_str_has_prefix(error->message, "reader 2: "));
    ck_assert(tke_card_begin(card, NULL) && tke_card_begin(card, NULL));
    tke_card_end(card);
    tke_card_end(card);
    source->ops->free(source);
}
END_TEST

/* "reader 2", and not by the name that the service has for it as well. */
START_TEST(test_a_reader_is_named_once)
{
    g_auto(Fixture) f = open_card(false);
    g_autoptr(GError) quoted = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_CARD,
                                           "looking: reader “Reader”: it is empty");
    g_autoptr(GError) plain =
        g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_CARD, "Reader: it is empty");
    TkeCardErrorInfo info = { 0 };

    tke_card_tag_error(f.card, &quoted);
    tke_card_tag_error(f.card, &plain);
    ck_assert_str_eq(quoted->message, "reader 2: looking: it is empty");
    ck_assert_str_eq(plain->message, "reader 2: it is empty");
    ck_assert(tke_card_error_get_info(plain, &info));
    ck_assert_str_eq(info.reader_name, "Reader");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_selecting_tells_whether_the_applet_is_there);
    tcase_add_test(tests, test_contactless_and_other_versions_are_errors_of_their_own);
    tcase_add_loop_test(tests, test_an_answer_to_select_that_differs_is_refused, 0,
                        (int) G_N_ELEMENTS(bad_selections));
    tcase_add_loop_test(tests, test_extended_length_needs_card_and_reader, 0, 4);
    tcase_add_test(tests, test_long_data_go_out_in_full_blocks);
    tcase_add_test(tests, test_long_answers_are_collected_up_to_the_limit);
    tcase_add_test(tests, test_a_promise_that_brings_nothing_ends_the_collection);
    tcase_add_test(tests, test_an_answer_that_drips_for_ever_is_given_up);
    tcase_add_test(tests, test_the_pieces_of_an_answer_have_one_time_together);
    tcase_add_test(tests, test_a_chain_that_breaks_off_is_not_gone_on_with);
    tcase_add_test(tests, test_data_where_none_belong_are_refused);
    tcase_add_test(tests, test_a_transport_fault_keeps_its_code_and_names_the_reader);
    tcase_add_test(tests, test_a_reader_is_named_once);
    tcase_add_test(tests, test_sensitive_commands_are_sent_like_others);
    tcase_add_test(tests, test_a_cancelled_command_is_not_sent);
    tcase_add_test(tests, test_a_source_opens_its_reader_only);
}

int
main(void)
{
    return test_main("card", add_tests);
}
