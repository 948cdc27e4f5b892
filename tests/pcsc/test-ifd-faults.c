/*
 * libifd-opentke.so in the real pcscd with a tke-sim that lies: APDUs of every size, ATRs of every
 * length, garbage, silence (test environment 4).
 */
#include <PCSC/reader.h>
#include <string.h>

#include "tests/pcsc/fake-sim.h"
#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define READER PRIVATE_PCSCD_READER_1

/* What a fake answers to one kind of request, from now on. */
typedef struct Lie {
    gint type; /* atomic; 0: no lie */
    const uint8_t *bytes;
    size_t len;
    bool close;
} Lie;

typedef struct Desk {
    PrivatePcscd *place;
    FakeSim *fake;
    SCARDCONTEXT context;
    Lie lie;
} Desk;

static bool
answer(uint8_t type, const uint8_t *body, size_t len, GByteArray *out, void *data)
{
    Desk *desk = data;

    if (type != g_atomic_int_get(&desk->lie.type)) {
        return fake_sim_decent(desk->fake, type, body, len, out);
    }
    g_byte_array_append(out, desk->lie.bytes, (guint) desk->lie.len);
    return !desk->lie.close;
}

/* From now on requests of this type (0: none) are answered with these bytes. */
static void
lie(Desk *desk, uint8_t type, const uint8_t *bytes, size_t len, bool and_close)
{
    g_atomic_int_set(&desk->lie.type, 0);
    desk->lie.bytes = bytes;
    desk->lie.len = len;
    desk->lie.close = and_close;
    g_atomic_int_set(&desk->lie.type, type);
}

static void
enter(Desk *desk)
{
    memset(desk, 0, sizeof *desk);
    desk->place = private_pcscd_enter_empty();
    desk->fake = fake_sim_new(desk->place->world, answer, desk);
    private_pcscd_start_pcscd(desk->place, NULL);
    desk->context = talk_new_context();
}

static void
leave(Desk *desk)
{
    SCardReleaseContext(desk->context);
    private_pcscd_leave(desk->place);
    fake_sim_free(desk->fake);
}

/* The card is taken out and put in again, and seen to be. */
static void
renew_card(Desk *desk)
{
    fake_sim_set_card(desk->fake, false);
    talk_wait_state(desk->context, READER, SCARD_STATE_EMPTY);
    fake_sim_set_card(desk->fake, true);
    talk_wait_state(desk->context, READER, SCARD_STATE_PRESENT);
}

static void
fill(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t) (i * 13 + i / 255);
    }
}

/* A command with n bytes of data, with or without Le; they come back. */
static void
check_data(SCARDHANDLE card, size_t n, bool is_long, bool with_le)
{
    g_autofree uint8_t *command = g_malloc0(TALK_APDU_MAX);
    g_autofree uint8_t *response = g_malloc(TALK_APDU_MAX);
    const size_t head = is_long ? 7 : 5;
    size_t len = head + n + (with_le ? (is_long ? 2 : 1) : 0);

    command[1] = 0x10;
    if (is_long) {
        command[5] = (uint8_t) (n >> 8);
        command[6] = (uint8_t) n;
    } else {
        command[4] = (uint8_t) n;
    }
    fill(command + head, n);
    ck_assert_uint_eq(talk_exchange(card, command, len, response, TALK_APDU_MAX), n + 2);
    ck_assert_mem_eq(response, command + head, n);
    test_bytes_check(response + n, 2, "9000");
}

static void
check_answer(SCARDHANDLE card, const char *command, size_t n)
{
    g_autoptr(GByteArray) bytes = test_bytes(command);
    g_autofree uint8_t *response = g_malloc(TALK_APDU_MAX);

    ck_assert_uint_eq(talk_exchange(card, bytes->data, bytes->len, response, TALK_APDU_MAX), n + 2);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(response[i], (uint8_t) (i * 7 + i / 256));
    }
}

START_TEST(test_apdus_of_every_size_pass_whole)
{
    static const size_t sizes[] = { 1, 254, 255 };
    static const size_t long_sizes[] = { 1, 255, 256, 257, 4095, 32767, 65534, 65535 };
    Desk desk;
    SCARDHANDLE card = 0;

    enter(&desk);
    card = talk_connect(desk.context, READER);
    talk_apdu(card, "00100000", "9000");
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        check_data(card, sizes[i], false, false);
        check_data(card, sizes[i], false, true);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(long_sizes); i++) {
        check_data(card, long_sizes[i], true, false);
        check_data(card, long_sizes[i], true, true);
    }
    check_answer(card, "0010000001", 1);
    check_answer(card, "0010000000", 256);
    check_answer(card, "00100000000001", 1);
    check_answer(card, "00100000000101", 257);
    check_answer(card, "0010000000ffff", 65535);
    check_answer(card, "00100000000000", 65536);
    leave(&desk);
}
END_TEST

START_TEST(test_what_is_no_apdu_or_longer_than_any_is_handed_on_or_refused_but_hurts_nobody)
{
    Desk desk;
    SCARDHANDLE card = 0;
    g_autofree uint8_t *command = g_malloc0(TALK_APDU_MAX + 1);
    g_autofree uint8_t *response = g_malloc(TALK_APDU_MAX);
    DWORD len = TALK_APDU_MAX;

    enter(&desk);
    card = talk_connect(desk.context, READER);
    talk_apdu(card, "00", "9000");
    ck_assert_uint_ge(talk_exchange(card, command, TALK_APDU_MAX, response, TALK_APDU_MAX), 2);
    talk_expect(SCardTransmit(card, SCARD_PCI_T1, command, TALK_APDU_MAX + 1, NULL, response, &len),
                SCARD_E_INSUFFICIENT_BUFFER);
    check_data(card, 8, false, true);
    leave(&desk);
}
END_TEST

START_TEST(test_atrs_of_every_length_are_handed_on)
{
    Desk desk;
    g_autoptr(GByteArray) frame = g_byte_array_new();

    enter(&desk);
    for (size_t n = 0; n <= 33; n++) {
        uint8_t body[1 + 33] = { 1 };
        SCARD_READERSTATE state = { .szReader = READER };

        fill(body + 1, n);
        g_byte_array_set_size(frame, 0);
        fake_sim_frame(frame, TKE_SIM_POWER_ON | TKE_SIM_ANSWER, body, 1 + n);
        lie(&desk, TKE_SIM_POWER_ON, frame->data, frame->len, false);
        renew_card(&desk);
        talk_expect(SCardGetStatusChange(desk.context, 0, &state, 1), SCARD_S_SUCCESS);
        ck_assert_uint_eq(state.cbAtr, n);
        ck_assert_mem_eq(state.rgbAtr, body + 1, n);
    }
    leave(&desk);
}
END_TEST

static const uint8_t nothing[] = "";
static const uint8_t zeros[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
static const uint8_t ones[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t empty_refusal[] = { 0, 0, 0, 0, 0xff };
static const uint8_t odd_refusal[] = { 0, 0, 0, 3, 0xff, 0xee, 0xc3, 0x28 };
static const uint8_t cut_refusal[] = { 0, 0, 0, 9, 0xff, 0x04 };
static const uint8_t other_answer[] = { 0, 0, 0, 0, 0xb0 };
static const uint8_t huge[] = { 0x00, 0x0f, 0xff, 0xff, 0x91, 1, 2, 3 };
static const uint8_t mute[] = { 0, 0, 0, 2, 0xff, TKE_SIM_STATUS_MUTE, 'm' };
static const uint8_t empty_list[] = { 0, 0, 0, 0, 0x85 };
static const uint8_t cut_list[] = { 0, 0, 0, 5, 0x85, 0, 0, 0, 1, 9 };
static const uint8_t no_atr[] = { 0, 0, 0, 0, 0x98 };
static const uint8_t long_atr[] = {
    0, 0, 0, 35, 0x98, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6,
    7, 8, 9, 1,  2,    3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8
};
static const uint8_t short_answer[] = { 0, 0, 0, 1, 0x91, 0x90 };
static const uint8_t empty_answer[] = { 0, 0, 0, 0, 0x91 };

static const struct {
    const uint8_t *bytes;
    size_t len;
} lies[] = {
    { nothing, 0 },
    { zeros, sizeof zeros },
    { ones, sizeof ones },
    { empty_refusal, sizeof empty_refusal },
    { odd_refusal, sizeof odd_refusal },
    { cut_refusal, sizeof cut_refusal },
    { other_answer, sizeof other_answer },
    { huge, sizeof huge },
    { mute, sizeof mute },
    { empty_list, sizeof empty_list },
    { cut_list, sizeof cut_list },
    { no_atr, sizeof no_atr },
    { long_atr, sizeof long_atr },
};

START_TEST(test_garbage_instead_of_an_answer_is_an_error_and_the_next_card_works)
{
    Desk desk;

    enter(&desk);
    for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
        SCARDHANDLE card = talk_connect(desk.context, READER);
        uint8_t response[64];
        DWORD len = sizeof response;

        lie(&desk, TKE_SIM_EXCHANGE, lies[i].bytes, lies[i].len, true);
        ck_assert_msg(SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x10\x00\x00", 4, NULL,
                                    response, &len) != SCARD_S_SUCCESS,
                      "lie %u is believed", i);
        lie(&desk, TKE_SIM_RESET, lies[i].bytes, lies[i].len, true);
        SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_RESET_CARD, &len);
        lie(&desk, 0, NULL, 0, false);
        SCardDisconnect(card, SCARD_LEAVE_CARD);
        renew_card(&desk);
        check_data(talk_connect(desk.context, READER), 8, false, true);
        renew_card(&desk);
    }
    leave(&desk);
}
END_TEST

START_TEST(test_answers_too_short_for_a_status_word_are_no_success_to_build_on)
{
    Desk desk;
    static const struct {
        const uint8_t *bytes;
        size_t len;
        DWORD got;
    } answers[] = { { short_answer, sizeof short_answer, 1 },
                    { empty_answer, sizeof empty_answer, 0 } };

    enter(&desk);
    for (unsigned i = 0; i < G_N_ELEMENTS(answers); i++) {
        SCARDHANDLE card = talk_connect(desk.context, READER);
        uint8_t response[64];
        DWORD len = sizeof response;
        LONG code = SCARD_S_SUCCESS;

        lie(&desk, TKE_SIM_EXCHANGE, answers[i].bytes, answers[i].len, false);
        code = SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x10\x00\x00", 4, NULL, response,
                             &len);
        ck_assert(code != SCARD_S_SUCCESS || len == answers[i].got);
        lie(&desk, 0, NULL, 0, false);
        check_data(card, 8, false, true);
        SCardDisconnect(card, SCARD_LEAVE_CARD);
    }
    leave(&desk);
}
END_TEST

START_TEST(test_a_card_that_cannot_be_powered_is_mute_and_the_next_one_is_not)
{
    Desk desk;

    enter(&desk);
    for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
        SCARDHANDLE card = 0;
        DWORD protocol = 0;

        lie(&desk, TKE_SIM_POWER_ON, lies[i].bytes, lies[i].len, true);
        renew_card(&desk);
        talk_wait_state(desk.context, READER, SCARD_STATE_MUTE);
        ck_assert_int_ne(SCardConnect(desk.context, READER, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1,
                                      &card, &protocol),
                         SCARD_S_SUCCESS);
        lie(&desk, 0, NULL, 0, false);
        renew_card(&desk);
        check_data(talk_connect(desk.context, READER), 8, false, true);
    }
    leave(&desk);
}
END_TEST

START_TEST(test_garbage_about_the_reader_makes_it_empty_until_it_stops)
{
    static const uint8_t types[] = { TKE_SIM_SLOT, TKE_SIM_WAIT };
    Desk desk;

    enter(&desk);
    for (unsigned i = 0; i < G_N_ELEMENTS(lies) * G_N_ELEMENTS(types); i++) {
        const unsigned n = i / G_N_ELEMENTS(types);

        talk_wait_state(desk.context, READER, SCARD_STATE_PRESENT);
        lie(&desk, types[i % 2], lies[n].bytes, lies[n].len, true);
        fake_sim_set_card(desk.fake, false);
        talk_wait_state(desk.context, READER, SCARD_STATE_EMPTY);
        lie(&desk, 0, NULL, 0, false);
        fake_sim_set_card(desk.fake, true);
        check_data(talk_connect(desk.context, READER), 8, false, true);
    }
    leave(&desk);
}
END_TEST

START_TEST(test_random_bytes_in_place_of_every_answer_leave_pcscd_alive)
{
    Desk desk;
    g_autoptr(GRand) random = g_rand_new_with_seed(20260101);
    static const uint8_t types[] = { TKE_SIM_SLOT,   TKE_SIM_WAIT,     TKE_SIM_POWER_ON,
                                     TKE_SIM_RESET,  TKE_SIM_EXCHANGE, TKE_SIM_READER_CONTROL,
                                     TKE_SIM_CONTROL };
    pid_t pid = 0;

    enter(&desk);
    pid = sim_pcscd_get_pid(desk.place->pcscd);
    for (unsigned i = 0; i < 150; i++) {
        uint8_t bytes[64];
        size_t len = (size_t) g_rand_int_range(random, 0, sizeof bytes);
        SCARDHANDLE card = 0;
        DWORD protocol = 0;

        for (size_t k = 0; k < len; k++) {
            bytes[k] = k < 3 ? 0 : (uint8_t) g_rand_int_range(random, 0, 256);
        }
        if (len > 4) {
            bytes[4] = types[i % G_N_ELEMENTS(types)] | TKE_SIM_ANSWER;
        }
        lie(&desk, types[i % G_N_ELEMENTS(types)], bytes, len, true);
        if (SCardConnect(desk.context, READER, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card,
                         &protocol) == SCARD_S_SUCCESS) {
            uint8_t response[64];
            DWORD got = sizeof response;

            SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x10\x00\x00", 4, NULL, response,
                          &got);
            SCardControl(card, CM_IOCTL_GET_FEATURE_REQUEST, NULL, 0, response, sizeof response,
                         &got);
            SCardDisconnect(card, SCARD_RESET_CARD);
        }
        lie(&desk, 0, NULL, 0, false);
        fake_sim_set_card(desk.fake, i % 2 == 1);
    }
    fake_sim_set_card(desk.fake, true);
    talk_wait_state(desk.context, READER, SCARD_STATE_PRESENT);
    renew_card(&desk);
    check_data(talk_connect(desk.context, READER), 8, false, true);
    ck_assert_int_eq(kill(pid, 0), 0);
    leave(&desk);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_apdus_of_every_size_pass_whole);
    tcase_add_test(
        tests, test_what_is_no_apdu_or_longer_than_any_is_handed_on_or_refused_but_hurts_nobody);
    tcase_add_test(tests, test_atrs_of_every_length_are_handed_on);
    tcase_add_test(tests, test_garbage_instead_of_an_answer_is_an_error_and_the_next_card_works);
    tcase_add_test(tests, test_answers_too_short_for_a_status_word_are_no_success_to_build_on);
    tcase_add_test(tests, test_a_card_that_cannot_be_powered_is_mute_and_the_next_one_is_not);
    tcase_add_test(tests, test_garbage_about_the_reader_makes_it_empty_until_it_stops);
    tcase_add_test(tests, test_random_bytes_in_place_of_every_answer_leave_pcscd_alive);
}

int
main(void)
{
    return private_pcscd_main("ifd-faults", add_tests);
}
