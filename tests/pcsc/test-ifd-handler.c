/*
 * libifd-opentke.so in the real pcscd: readers, cards in and out, resets, APDUs of every size (test
 * environment 4).
 */
#include <PCSC/reader.h>
#include <string.h>

#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define ATR "3b8b8131fe454f70656e544b452073696db9"
#define SELECT_CA "00a4040007f04f544b45010100"
#define SELECT_EP11 "00a4040007f04f544b45010200"
#define SELECTED "9000"
#define QUERY_PIN "00200081"
#define NOT_SELECTED "6d00"
#define QUICK_EXCHANGES 1000

static void
check_attribute(SCARDHANDLE reader, DWORD attribute, const void *value, size_t len)
{
    uint8_t got[256];
    DWORD got_len = sizeof got;

    talk_expect(SCardGetAttrib(reader, attribute, got, &got_len), SCARD_S_SUCCESS);
    ck_assert_uint_eq(got_len, len);
    ck_assert_mem_eq(got, value, len);
}

START_TEST(test_two_readers_tell_who_they_are_without_a_card)
{
    static const char *const names[] = { PRIVATE_PCSCD_READER_1, PRIVATE_PCSCD_READER_2 };
    static const char *const serials[] = { PRIVATE_PCSCD_SERIAL_1, PRIVATE_PCSCD_SERIAL_2 };
    const uint32_t longest = TALK_APDU_MAX;
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    g_autofree char *mark = private_pcscd_dup_mark(place);
    SCARDCONTEXT context = talk_new_context();
    char list[512];
    DWORD len = sizeof list;

    talk_expect(SCardListReaders(context, NULL, list, &len), SCARD_S_SUCCESS);
    ck_assert_uint_eq(len, strlen(names[0]) + strlen(names[1]) + 3);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        SCARDHANDLE reader = 0;
        DWORD protocol = 0;
        uint8_t none[8];
        DWORD none_len = sizeof none;
        g_autofree char *serial = NULL;

        talk_expect(SCardConnect(context, names[i], SCARD_SHARE_DIRECT, 0, &reader, &protocol),
                    SCARD_S_SUCCESS);
        check_attribute(reader, SCARD_ATTR_VENDOR_NAME, "OpenTKE", sizeof "OpenTKE");
        serial = g_strdup_printf("%s-%s", serials[i], mark);
        check_attribute(reader, SCARD_ATTR_VENDOR_IFD_SERIAL_NO, serial, strlen(serial) + 1);
        check_attribute(reader, SCARD_ATTR_VENDOR_IFD_TYPE, "OpenTKE virtual PIN pad",
                        sizeof "OpenTKE virtual PIN pad");
        check_attribute(reader, SCARD_ATTR_MAXINPUT, &longest, sizeof longest);
        check_attribute(reader, SCARD_ATTR_ICC_PRESENCE, "", 1);
        ck_assert_int_ne(SCardGetAttrib(reader, SCARD_ATTR_CHANNEL_ID, none, &none_len),
                         SCARD_S_SUCCESS);
        ck_assert_int_ne(SCardSetAttrib(reader, SCARD_ATTR_VENDOR_NAME, (LPCBYTE) "x", 1),
                         SCARD_S_SUCCESS);
        talk_expect(SCardDisconnect(reader, SCARD_LEAVE_CARD), SCARD_S_SUCCESS);
    }
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_a_card_is_seen_with_its_atr_when_it_comes_and_goes)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    g_autofree char *atr = NULL;
    SCARDHANDLE card = 0;
    uint8_t attribute[MAX_ATR_SIZE];
    DWORD len = sizeof attribute;

    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_EMPTY);
    private_pcscd_insert(place, 1, "ca-1");
    card = talk_connect(context, PRIVATE_PCSCD_READER_1);
    atr = talk_dup_atr(card);
    ck_assert_str_eq(atr, ATR);
    talk_expect(SCardGetAttrib(card, SCARD_ATTR_ATR_STRING, attribute, &len), SCARD_S_SUCCESS);
    test_bytes_check(attribute, len, ATR);
    check_attribute(card, SCARD_ATTR_ICC_PRESENCE, "\x02", 1);
    check_attribute(card, SCARD_ATTR_ICC_INTERFACE_STATUS, "\x01", 1);
    talk_wait_state(context, PRIVATE_PCSCD_READER_2, SCARD_STATE_EMPTY);
    private_pcscd_remove(place, 1);
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_EMPTY);
    len = sizeof attribute;
    talk_expect(
        SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x20\x00\x81", 4, NULL, attribute, &len),
        SCARD_W_REMOVED_CARD);
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_a_card_that_is_in_before_pcscd_starts_is_seen)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter_empty();
    SCARDCONTEXT context = 0;

    private_pcscd_start_sim(place, NULL);
    private_pcscd_insert(place, 2, "ca-1");
    private_pcscd_start_pcscd(place, NULL);
    context = talk_new_context();
    talk_apdu(talk_connect(context, PRIVATE_PCSCD_READER_2), QUERY_PIN, NOT_SELECTED);
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_no_quick_exchange_of_cards_is_missed)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    DWORD state = 0;
    unsigned seen = 0;

    private_pcscd_insert(place, 1, "ca-1");
    state = talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
    for (unsigned i = 0; i < QUICK_EXCHANGES; i++) {
        const char *next = i % 2 == 0 ? "ca-2" : "ca-1";
        unsigned before = (unsigned) (state >> 16);

        private_pcscd_remove(place, 1);
        private_pcscd_insert(place, 1, next);
        do {
            state = talk_wait_change(context, PRIVATE_PCSCD_READER_1, state);
        } while ((unsigned) (state >> 16) < before + 2);
        seen += (state & SCARD_STATE_PRESENT) != 0 && (unsigned) (state >> 16) == before + 2;
    }
    ck_assert_uint_eq(seen, QUICK_EXCHANGES);
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_a_connection_does_not_survive_a_quick_exchange_of_cards)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    SCARDHANDLE card = 0;
    DWORD protocol = 0;
    DWORD state = 0;
    uint8_t answer[16];

    private_pcscd_insert(place, 1, "ca-1");
    card = talk_connect(context, PRIVATE_PCSCD_READER_1);
    talk_apdu(card, QUERY_PIN, NOT_SELECTED);
    for (unsigned i = 0; i < 20; i++) {
        DWORD len = sizeof answer;
        LONG code = SCARD_S_SUCCESS;

        private_pcscd_remove(place, 1);
        private_pcscd_insert(place, 1, "ca-2");
        code =
            SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x20\x00\x81", 4, NULL, answer, &len);
        ck_assert_msg(code == (LONG) SCARD_W_REMOVED_CARD || code == (LONG) SCARD_E_NO_SMARTCARD,
                      "%s", pcsc_stringify_error(code));
        state = talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
        talk_expect(SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD,
                                   &protocol),
                    SCARD_S_SUCCESS);
        talk_apdu(card, QUERY_PIN, NOT_SELECTED);
        private_pcscd_remove(place, 1);
        do {
            state = talk_wait_change(context, PRIVATE_PCSCD_READER_1, state);
        } while ((state & SCARD_STATE_EMPTY) == 0);
        private_pcscd_insert(place, 1, "ca-1");
        talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
        talk_expect(SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD,
                                   &protocol),
                    SCARD_S_SUCCESS);
    }
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_a_reset_deselects_and_is_told_to_the_other_program)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    SCARDCONTEXT foreign = talk_new_context();
    SCARDHANDLE card = 0;
    SCARDHANDLE other = 0;
    DWORD protocol = 0;
    uint8_t answer[16];
    DWORD len = sizeof answer;

    private_pcscd_insert(place, 1, "ca-1");
    card = talk_connect(context, PRIVATE_PCSCD_READER_1);
    other = talk_connect(foreign, PRIVATE_PCSCD_READER_1);
    for (unsigned i = 0; i < 2; i++) {
        const DWORD how = i == 0 ? SCARD_RESET_CARD : SCARD_UNPOWER_CARD;

        talk_ends(card, SELECT_CA, SELECTED);
        talk_expect(SCardReconnect(other, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, how, &protocol),
                    SCARD_S_SUCCESS);
        len = sizeof answer;
        talk_expect(
            SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x20\x00\x81", 4, NULL, answer, &len),
            SCARD_W_RESET_CARD);
        talk_expect(SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD,
                                   &protocol),
                    SCARD_S_SUCCESS);
        talk_apdu(card, QUERY_PIN, NOT_SELECTED);
    }
    SCardReleaseContext(foreign);
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_a_card_nobody_uses_loses_its_power_and_can_be_had_by_the_socket)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    g_autoptr(TkeSimClient) client = tke_sim_client_open(place->world, NULL);
    static const char name[] = "OpenTKE Virtual PIN Pad 1";
    SCARDCONTEXT context = talk_new_context();
    SCARDHANDLE card = 0;
    uint8_t answer[64];
    size_t len = 0;
    g_autoptr(GError) error = NULL;
    const gint64 end = g_get_monotonic_time() + TALK_WAIT_MS * 1000;

    private_pcscd_insert(place, 1, "ca-1");
    card = talk_connect(context, PRIVATE_PCSCD_READER_1);
    talk_ends(card, SELECT_CA, SELECTED);
    ck_assert(!tke_sim_client_call(client, TKE_SIM_CONNECT, NULL, 0, (const uint8_t *) name,
                                   strlen(name), answer, sizeof answer, &len, &error));
    test_bytes_check_error(error, TKE_SIM_ERROR, TKE_SIM_STATUS_SHARING);
    talk_expect(SCardDisconnect(card, SCARD_LEAVE_CARD), SCARD_S_SUCCESS);
    while (!tke_sim_client_call(client, TKE_SIM_CONNECT, NULL, 0, (const uint8_t *) name,
                                strlen(name), answer, sizeof answer, &len, NULL)) {
        ck_assert_msg(g_get_monotonic_time() < end, "pcscd keeps the card");
        g_usleep(20000);
    }
    ck_assert(tke_sim_client_call(client, TKE_SIM_CLOSE, NULL, 0, NULL, 0, NULL, 0, &len, NULL));
    talk_apdu(talk_connect(context, PRIVATE_PCSCD_READER_1), QUERY_PIN, NOT_SELECTED);
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_two_readers_work_at_the_same_time_each_with_its_card)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT first = talk_new_context();
    SCARDCONTEXT second = talk_new_context();
    SCARDHANDLE ca = 0;
    SCARDHANDLE ep11 = 0;

    private_pcscd_insert(place, 1, "ca-1");
    private_pcscd_insert(place, 2, "ep11-1");
    ca = talk_connect(first, PRIVATE_PCSCD_READER_1);
    ep11 = talk_connect(second, PRIVATE_PCSCD_READER_2);
    talk_ends(ca, SELECT_CA, SELECTED);
    talk_ends(ep11, SELECT_EP11, SELECTED);
    talk_apdu(ep11, SELECT_CA, "6a82");
    talk_apdu(ca, SELECT_EP11, "6a82");
    SCardReleaseContext(first);
    SCardReleaseContext(second);
}
END_TEST

START_TEST(test_an_unplugged_reader_is_empty_until_it_is_plugged_in)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();

    private_pcscd_insert(place, 1, "ca-1");
    private_pcscd_insert(place, 2, "ep11-1");
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
    private_pcscd_command(
        place,
        "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":1,\"fault\":\"unplugged\"}");
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_EMPTY);
    talk_wait_state(context, PRIVATE_PCSCD_READER_2, SCARD_STATE_PRESENT);
    private_pcscd_command(
        place, "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":1,\"fault\":\"plugged\"}");
    talk_apdu(talk_connect(context, PRIVATE_PCSCD_READER_1), QUERY_PIN, NOT_SELECTED);
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_tke_sim_may_die_at_any_time_and_come_back)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    SCARDHANDLE card = 0;
    DWORD protocol = 0;

    private_pcscd_insert(place, 1, "ca-1");
    card = talk_connect(context, PRIVATE_PCSCD_READER_1);
    for (unsigned i = 0; i < 5; i++) {
        uint8_t answer[16];
        DWORD len = sizeof answer;

        talk_apdu(card, QUERY_PIN, NOT_SELECTED);
        private_pcscd_kill_sim(place, SIGKILL);
        ck_assert_int_ne(
            SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x20\x00\x81", 4, NULL, answer, &len),
            SCARD_S_SUCCESS);
        if (i % 2 == 0) { /* seen to be gone, or back at once */
            talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_EMPTY);
        }
        private_pcscd_start_sim(place, NULL);
        talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_EMPTY);
        talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
        talk_expect(SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD,
                                   &protocol),
                    SCARD_S_SUCCESS);
    }
    SCardReleaseContext(context);
}
END_TEST

/* A command that a tke-sim that hangs gets, and what becomes of it. */
typedef struct Hung {
    SCARDHANDLE card;
    LONG code;
} Hung;

static void *
transmit(void *data)
{
    Hung *hung = data;
    uint8_t answer[16];
    DWORD len = sizeof answer;

    hung->code = SCardTransmit(hung->card, SCARD_PCI_T1, (LPCBYTE) "\x00\x20\x00\x81", 4, NULL,
                               answer, &len);
    return NULL;
}

/* The command is given up and the readers are seen empty, the others go on; then all is as after a
 * removal. */
START_TEST(test_a_tke_sim_that_hangs_blocks_nobody_and_may_go_on)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    SCARDCONTEXT busy = talk_new_context(); /* calls on one context wait for each other */
    Hung hung = { .code = SCARD_S_SUCCESS };
    GThread *thread = NULL;
    DWORD protocol = 0;
    SCARDHANDLE other = 0;

    private_pcscd_insert(place, 1, "ca-1");
    private_pcscd_insert(place, 2, "ep11-1");
    hung.card = talk_connect(busy, PRIVATE_PCSCD_READER_1);
    talk_apdu(hung.card, QUERY_PIN, NOT_SELECTED);
    talk_wait_state(context, PRIVATE_PCSCD_READER_2, SCARD_STATE_PRESENT);
    private_pcscd_halt(place->sim);
    thread = g_thread_new("transmit", transmit, &hung);
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_EMPTY);
    talk_wait_state(context, PRIVATE_PCSCD_READER_2, SCARD_STATE_EMPTY);
    g_thread_join(thread);
    ck_assert_msg(hung.code != SCARD_S_SUCCESS, "%lx", hung.code);
    talk_expect(SCardConnect(context, PRIVATE_PCSCD_READER_2, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1,
                             &other, &protocol),
                SCARD_E_NO_SMARTCARD);
    ck_assert_int_eq(kill(place->sim, SIGCONT), 0);
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
    talk_expect(SCardReconnect(hung.card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, SCARD_LEAVE_CARD,
                               &protocol),
                SCARD_S_SUCCESS);
    talk_apdu(hung.card, QUERY_PIN, NOT_SELECTED);
    talk_apdu(talk_connect(context, PRIVATE_PCSCD_READER_2), QUERY_PIN, NOT_SELECTED);
    SCardReleaseContext(busy);
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_pcscd_restarted_or_killed_serves_the_same_card_again)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    static const int ends[] = { SIGTERM, SIGINT, SIGKILL };

    private_pcscd_insert(place, 1, "ca-1");
    for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
        SCARDCONTEXT context = talk_new_context();
        SCARDHANDLE card = talk_connect(context, PRIVATE_PCSCD_READER_1);
        uint8_t answer[16];
        DWORD len = sizeof answer;
        g_autoptr(GError) error = NULL;

        talk_apdu(card, QUERY_PIN, NOT_SELECTED);
        sim_pcscd_stop(place->pcscd, ends[i]);
        ck_assert_int_ne(
            SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x20\x00\x81", 4, NULL, answer, &len),
            SCARD_S_SUCCESS);
        SCardReleaseContext(context);
        ck_assert_msg(sim_pcscd_start(place->pcscd, &error), "%s",
                      error == NULL ? "" : error->message);
    }
}
END_TEST

START_TEST(test_faults_of_the_card_become_codes_and_the_next_card_works)
{
    static const struct {
        const char *fault;
        LONG code;
    } faults[] = {
        { "silent", SCARD_E_NOT_TRANSACTED },
        { "silent-after", SCARD_E_NOT_TRANSACTED },
        { "pull-before", SCARD_E_NO_SMARTCARD },
        { "pull-after", SCARD_E_NO_SMARTCARD },
    };
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();

    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *order = g_strdup_printf(
            "{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ca-1\",\"fault\":\"%s\"}",
            faults[i].fault);
        SCARDHANDLE card = 0;
        uint8_t answer[16];
        DWORD len = sizeof answer;

        private_pcscd_insert(place, 1, "ca-1");
        card = talk_connect(context, PRIVATE_PCSCD_READER_1);
        private_pcscd_command(place, order);
        talk_expect(
            SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x20\x00\x81", 4, NULL, answer, &len),
            faults[i].code);
        SCardDisconnect(card, SCARD_LEAVE_CARD);
        if (strncmp(faults[i].fault, "pull", 4) != 0) {
            private_pcscd_remove(place, 1);
        }
        talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_EMPTY);
    }
    private_pcscd_insert(place, 1, "ca-1");
    talk_apdu(talk_connect(context, PRIVATE_PCSCD_READER_1), QUERY_PIN, NOT_SELECTED);
    SCardReleaseContext(context);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_two_readers_tell_who_they_are_without_a_card);
    tcase_add_test(tests, test_a_card_is_seen_with_its_atr_when_it_comes_and_goes);
    tcase_add_test(tests, test_a_card_that_is_in_before_pcscd_starts_is_seen);
    tcase_add_test(tests, test_no_quick_exchange_of_cards_is_missed);
    tcase_add_test(tests, test_a_connection_does_not_survive_a_quick_exchange_of_cards);
    tcase_add_test(tests, test_a_reset_deselects_and_is_told_to_the_other_program);
    tcase_add_test(tests, test_a_card_nobody_uses_loses_its_power_and_can_be_had_by_the_socket);
    tcase_add_test(tests, test_two_readers_work_at_the_same_time_each_with_its_card);
    tcase_add_test(tests, test_an_unplugged_reader_is_empty_until_it_is_plugged_in);
    tcase_add_test(tests, test_tke_sim_may_die_at_any_time_and_come_back);
    tcase_add_test(tests, test_a_tke_sim_that_hangs_blocks_nobody_and_may_go_on);
    tcase_add_test(tests, test_pcscd_restarted_or_killed_serves_the_same_card_again);
    tcase_add_test(tests, test_faults_of_the_card_become_codes_and_the_next_card_works);
}

int
main(void)
{
    return private_pcscd_main("ifd-handler", add_tests);
}
