/*
 * Secure channels with cards that answer what they must not, or have other keys.
 */
#include "common/error.h"
#include "common/hex.h"
#include "tests/libsmartcard/gp-session.h"
#include "tests/support/test-main.h"

START_TEST(test_other_channels_are_refused_and_nothing_is_sent)
{
    const Row *session = find("GPShell, delete, i=70");
    static const char *const options[] = { "01", "40", "50", "71", "80", "0F" };

    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
        g_autofree char *answer = g_strdup(session->b);
        g_autoptr(TkeCard) card = NULL;
        g_autoptr(GError) error = NULL;

        memcpy(answer + 24, options[i], 2);
        expect(transcript, CPLC, "9F7F020102", "9000");
        expect(transcript, session->a, answer, "9000");
        card = card_of(transcript);
        ck_assert_ptr_null(open_session(card, session, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE);
        ck_assert_msg(g_str_has_prefix(error->message, "reader 2: "), "%s", error->message);
        ck_assert_ptr_null(transcript_card_get_problem(transcript));
    }
}
END_TEST

START_TEST(test_every_cut_of_the_first_answer_is_refused)
{
    static const char *const names[] = { "GPShell, delete, i=70", "GPShell, SCP02, C-MAC" };

    for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
        const Row *session = find(names[n]);
        size_t digits = strlen(session->b);

        for (size_t len = 0; len <= digits; len += 2) {
            g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
            g_autofree char *answer =
                len < digits ? g_strndup(session->b, len) : g_strconcat(session->b, "00", NULL);
            g_autoptr(TkeCard) card = NULL;
            g_autoptr(GError) error = NULL;

            expect(transcript, CPLC, "9F7F020102", "9000");
            expect(transcript, session->a, answer, "9000");
            card = card_of(transcript);
            ck_assert_ptr_null(open_session(card, session, &error));
            test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE);
            ck_assert_ptr_null(transcript_card_get_problem(transcript));
        }
    }
}
END_TEST

/* Fails to open with this error; then once more, with which nothing but GET DATA is sent. */
static void
check_not_tried_again(TranscriptCard *transcript, const Row *session, const char *what, bool proven)
{
    g_autoptr(TkeCard) card = card_of(transcript);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(open_session(card, session, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    ck_assert_msg(strstr(error->message, what) != NULL, "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, "keys.txt"));
    ck_assert_ptr_null(transcript_card_get_problem(transcript));

    g_clear_error(&error);
    expect(transcript, CPLC, "9F7F020102", "9000");
    ck_assert_ptr_null(open_session(card, session, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    ck_assert_ptr_nonnull(strstr(error->message, "has refused the key set (keys.txt) before"));
    ck_assert((strstr(error->message, "its own proof had shown") != NULL) == proven);
    ck_assert_ptr_null(transcript_card_get_problem(transcript));
}

START_TEST(test_a_wrong_card_cryptogram_is_never_tried_again)
{
    static const char *const names[] = { "GPShell, delete, i=70", "GPShell, SCP02, C-MAC" };
    static const size_t places[] = { 42, 55 }; /* a digit of the cryptogram */

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const Row *session = find(names[i]);
        g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
        g_autofree char *answer = g_strdup(session->b);

        tke_gp_scp_forget_refusals();
        answer[places[i]] = answer[places[i]] == '0' ? '1' : '0';
        expect(transcript, CPLC, "9F7F020102", "9000");
        expect(transcript, session->a, answer, "9000");
        check_not_tried_again(transcript, session,
                              "the issuer keys of this card are others than the key set", false);
    }
}
END_TEST

START_TEST(test_a_refused_authentication_is_never_tried_again)
{
    static const char *const refusals[] = { "6300", "6982", "6988", "63C9", "63C0" };
    const Row *session = find("GPShell, delete, i=70");

    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(TranscriptCard) transcript = transcript_card_new(true);

        tke_gp_scp_forget_refusals();
        expect(transcript, CPLC, "9F7F020102", "9000");
        expect(transcript, session->a, session->b, "9000");
        expect(transcript, session->c, "", refusals[i]);
        check_not_tried_again(transcript, session, "its own proof has shown that it is right",
                              true);
    }
}
END_TEST

START_TEST(test_another_card_or_another_key_set_is_tried)
{
    const Row *session = find("GPShell, delete, i=70");
    const Row *other_keys = find("GPShell, four lists, i=70");
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(TkeGpScp) other_set = NULL;
    g_autoptr(TkeGpKeySet) default_keys = tke_gp_key_set_new_default(NULL);
    g_autoptr(GError) error = NULL;
    uint8_t challenge[TKE_GP_CHALLENGE] = { 1 };

    /* the default keys fail on card 1 */
    expect(transcript, CPLC, "9F7F020101", "9000");
    expect(transcript, "80500000080100000000000000 00", session->b, "9000");
    /* another key set opens the same card */
    expect(transcript, CPLC, "9F7F020101", "9000");
    expect(transcript, session->a, session->b, "9000");
    expect(transcript, session->c, "", "9000");
    /* the default keys are tried on card 2 */
    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, "80500000080100000000000000 00", other_keys->b, "9000");
    card = card_of(transcript);
    ck_assert_ptr_null(tke_gp_scp_open_with(card, default_keys, NULL, challenge, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    ck_assert_ptr_nonnull(strstr(error->message, "default test keys"));
    g_clear_error(&error);
    other_set = open_session(card, session, &error);
    ck_assert_msg(other_set != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_ptr_null(tke_gp_scp_open_with(card, default_keys, NULL, challenge, &error));
    ck_assert_ptr_null(strstr(error->message, "before"));
    ck_assert_ptr_null(transcript_card_get_problem(transcript));
}
END_TEST

START_TEST(test_keys_of_another_version_or_protocol_are_refused_before_any_proof)
{
    static const struct {
        const char *lines, *command, *why;
        bool scp02;
    } cases[] = {
        { "version = 31", "8050310008b2bde1a2dc66bd5600", "version 30 where version 31", false },
        { "protocol = 02", "8050000008b2bde1a2dc66bd5600", "is for SCP02, and the card", false },
        { "protocol = 03", "8050000008b2bde1a2dc66bd5600", "is for SCP03, and the card", true },
    };
    const Row *three = find("GPShell, delete, i=70");
    const Row *two = find("GPShell, SCP02, C-MAC");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TkeGpKeySet) keys =
            key_set_of(three->enc, three->mac, three->dek, cases[i].lines);
        g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
        g_autoptr(TkeCard) card = NULL;
        g_autoptr(GError) error = NULL;
        uint8_t challenge[TKE_GP_CHALLENGE];

        challenge_of(three, challenge);
        expect(transcript, CPLC, "9F7F020102", "9000");
        expect(transcript, cases[i].command, cases[i].scp02 ? two->b : three->b, "9000");
        card = card_of(transcript);
        ck_assert_ptr_null(tke_gp_scp_open_with(card, keys, NULL, challenge, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
        ck_assert_msg(strstr(error->message, cases[i].why) != NULL, "%s", error->message);
        ck_assert_ptr_null(transcript_card_get_problem(transcript));
    }
}
END_TEST

START_TEST(test_refusals_of_the_card_manager_have_their_own_words)
{
    static const struct {
        const char *sw, *text;
        TkeCardError code;
    } cases[] = {
        { "6983", "issuer keys of the card are blocked", TKE_CARD_ERROR_CARD_KEYS },
        { "6D00", "does not know this command", TKE_CARD_ERROR_UNSUITABLE },
        { "6985", "conditions for this command", TKE_CARD_ERROR_STATUS },
        { "6F42", "for a reason that is not known", TKE_CARD_ERROR_STATUS },
    };
    const Row *session = find("GPShell, delete, i=70");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
        g_autoptr(TkeCard) card = NULL;
        g_autoptr(GError) error = NULL;
        TkeCardErrorInfo info = { 0 };

        expect(transcript, CPLC, "9F7F020102", "9000");
        expect(transcript, session->a, "", cases[i].sw);
        card = card_of(transcript);
        ck_assert_ptr_null(open_session(card, session, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, (int) cases[i].code);
        ck_assert_msg(strstr(error->message, cases[i].text) != NULL, "%s", error->message);
        /* rides along, for the details */
        ck_assert(strstr(error->message, cases[i].sw) == NULL);
        ck_assert(tke_card_error_get_info(error, &info));
        ck_assert_uint_eq(info.sw, g_ascii_strtoull(cases[i].sw, NULL, 16));
        ck_assert_uint_eq(info.reader_number, 2);
    }
}
END_TEST

START_TEST(test_every_changed_byte_of_an_answer_ends_the_channel)
{
    static const char *const names[] = { "pySim, AES-128, level 11", "pySim, AES-256, level 33" };

    for (size_t n = 0; n < G_N_ELEMENTS(names); n++) {
        const Row *session = find(names[n]);
        const Row *row = session + 1;
        size_t bytes = strlen(row->d) / 2;

        for (size_t i = 0; i < bytes; i++) {
            g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
            g_autofree char *answer = g_strdup(row->d);
            g_autoptr(GByteArray) plain = test_bytes(row->a);
            const TkeApdu apdu = apdu_of(plain);
            g_autoptr(TkeCard) card = NULL;
            g_autoptr(TkeGpScp) scp = NULL;
            g_autoptr(GError) error = NULL;
            TkeCardAnswer got;

            answer[2 * i] = answer[2 * i] == '0' ? '1' : '0';
            expect(transcript, CPLC, "9F7F020102", "9000");
            expect(transcript, session->a, session->b, "9000");
            expect(transcript, session->c, "", "9000");
            expect(transcript, row->c, answer, "9000");
            card = card_of(transcript);
            scp = open_session(card, session, NULL);
            ck_assert(!tke_gp_scp_transmit(scp, &apdu, &got, &error));
            test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
            g_clear_error(&error);
            ck_assert(!tke_gp_scp_transmit(scp, &apdu, &got, &error)); /* nothing is sent */
            test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_RESET);
            ck_assert_ptr_null(transcript_card_get_problem(transcript));
        }
    }
}
END_TEST

START_TEST(test_an_answer_without_mac_or_with_another_status_word_is_refused)
{
    static const struct {
        const char *cut, *sw;
    } cases[] = { { "", "9000" },   { "01020304050607", "9000" },
                  { NULL, "6310" }, { "", "6200" },
                  { "", "6283" },   { "", "6300" },
                  { "", "6310" },   { NULL, "6200" } };
    const Row *session = find("pySim, AES-128, level 33");
    const Row *row = session + 1;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
        g_autoptr(GByteArray) plain = test_bytes(row->a);
        const TkeApdu apdu = apdu_of(plain);
        g_autoptr(TkeCard) card = NULL;
        g_autoptr(TkeGpScp) scp = NULL;
        g_autoptr(GError) error = NULL;
        TkeCardAnswer got;

        expect(transcript, CPLC, "9F7F020102", "9000");
        expect(transcript, session->a, session->b, "9000");
        expect(transcript, session->c, "", "9000");
        expect(transcript, row->c, cases[i].cut != NULL ? cases[i].cut : row->d, cases[i].sw);
        card = card_of(transcript);
        scp = open_session(card, session, NULL);
        ck_assert(!tke_gp_scp_transmit(scp, &apdu, &got, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
    }
}
END_TEST

/* The channel is opened and this one command sent: answered with this. */
static bool
delete_answered(TranscriptCard *transcript, const char *data, const char *sw, TkeGpScp **scp,
                TkeCard **card, GError **error)
{
    const Row *session = find("pySim, AES-128, level 33");
    const Row *row = session + 1;
    g_autoptr(GByteArray) plain = test_bytes(row->a);
    const TkeApdu apdu = apdu_of(plain);
    TkeCardAnswer got;
    bool done = false;

    expect(transcript, CPLC, "9F7F020102", "9000");
    expect(transcript, session->a, session->b, "9000");
    expect(transcript, session->c, "", "9000");
    expect(transcript, row->c, data, sw);
    *card = card_of(transcript);
    *scp = open_session(*card, session, error);
    ck_assert_ptr_nonnull(*scp);
    done = tke_gp_scp_transmit(*scp, &apdu, &got, error);
    ck_assert(!done || got.len == 0);
    return done;
}

START_TEST(test_a_warning_with_the_mac_of_the_card_is_taken)
{
    static const uint8_t warning[] = { 0x62, 0x00 };
    g_autoptr(TranscriptCard) first = transcript_card_new(true);
    g_autoptr(TranscriptCard) second = transcript_card_new(true);
    g_autoptr(TkeCard) first_card = NULL;
    g_autoptr(TkeCard) second_card = NULL;
    g_autoptr(TkeGpScp) first_scp = NULL;
    g_autoptr(TkeGpScp) second_scp = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *mac_text = NULL;
    uint8_t input[TKE_AES_BLOCK + sizeof warning];
    uint8_t mac[TKE_AES_BLOCK];

    /* the keys of the session and the MAC of the command, from which that of the answer is
         * made */
    ck_assert(delete_answered(first, "", "6A88", &first_scp, &first_card, &error));
    memcpy(input, first_scp->chain, TKE_AES_BLOCK);
    memcpy(input + TKE_AES_BLOCK, warning, sizeof warning);
    ck_assert(tke_aes_cmac(first_scp->rmac, input, sizeof input, mac, NULL));
    mac_text = tke_hex_encode(mac, TKE_GP_MAC);
    ck_assert_msg(delete_answered(second, mac_text, "6200", &second_scp, &second_card, &error),
                  "%s", error != NULL ? error->message : "");
    ck_assert_ptr_null(transcript_card_get_problem(second));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_other_channels_are_refused_and_nothing_is_sent);
    tcase_add_test(tests, test_every_cut_of_the_first_answer_is_refused);
    tcase_add_test(tests, test_a_wrong_card_cryptogram_is_never_tried_again);
    tcase_add_test(tests, test_a_refused_authentication_is_never_tried_again);
    tcase_add_test(tests, test_another_card_or_another_key_set_is_tried);
    tcase_add_test(tests, test_keys_of_another_version_or_protocol_are_refused_before_any_proof);
    tcase_add_test(tests, test_refusals_of_the_card_manager_have_their_own_words);
    tcase_add_test(tests, test_every_changed_byte_of_an_answer_ends_the_channel);
    tcase_add_test(tests, test_an_answer_without_mac_or_with_another_status_word_is_refused);
    tcase_add_test(tests, test_a_warning_with_the_mac_of_the_card_is_taken);
}

int
main(void)
{
    return test_main("gp-scp-refusals", add_tests);
}
