/*
 * PIN entry on the pad of a virtual reader through the real pcscd (PC/SC part 10; test environment
 * 4).
 */
#include <PCSC/reader.h>
#include <string.h>

#include "tests/pcsc/pad-talk.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define SELECT_CA "00a4040007f04f544b45010100"
#define QUERY_PIN "00200081"
#define PIN "135791"
#define OTHER_PIN "246802"

typedef struct Desk {
    PrivatePcscd *place;
    SCARDCONTEXT context;
    SCARDHANDLE card;
} Desk;

static void
enter(Desk *desk)
{
    const SimPcscdOptions options = { .log_apdus = true };

    desk->place = private_pcscd_enter(&options, NULL);
    desk->context = talk_new_context();
    private_pcscd_insert(desk->place, 1, "ca-1");
    desk->card = talk_connect(desk->context, PRIVATE_PCSCD_READER_1);
    talk_ends(desk->card, SELECT_CA, "9000");
}

static void
leave(Desk *desk)
{
    SCardReleaseContext(desk->context);
    private_pcscd_leave(desk->place);
}

/* The card has PIN from now on. */
static void
set_pin(Desk *desk)
{
    PadEntry entry;

    pad_start(&entry, desk->card, PAD_MODIFY, pad_set(20));
    pad_type(desk->place, 1, PIN);
    pad_type(desk->place, 1, PIN);
    pad_expect(&entry, SCARD_S_SUCCESS, "9000");
}

static void
check_features(SCARDHANDLE reader)
{
    uint8_t properties[256];
    DWORD len = 0;
    bool has_size = false;

    ck_assert_uint_ne(talk_feature(reader, PAD_VERIFY), 0);
    ck_assert_uint_ne(talk_feature(reader, PAD_MODIFY), 0);
    talk_expect(SCardControl(reader, talk_feature(reader, PAD_PROPERTIES), NULL, 0, properties,
                             sizeof properties, &len),
                SCARD_S_SUCCESS);
    ck_assert_uint_eq(len, 4);
    talk_expect(SCardControl(reader, talk_feature(reader, PAD_TLV), NULL, 0, properties,
                             sizeof properties, &len),
                SCARD_S_SUCCESS);
    for (DWORD i = 0; i + 2 <= len; i += 2u + properties[i + 1]) {
        ck_assert_uint_le(i + 2 + properties[i + 1], len);
        if (properties[i] == 0x0A) { /* dwMaxAPDUDataSize */
            has_size = true;
            test_bytes_check(properties + i + 2, properties[i + 1], "00000100");
        }
    }
    ck_assert(has_size);
    ck_assert_int_ne(
        SCardControl(reader, SCARD_CTL_CODE(1), NULL, 0, properties, sizeof properties, &len),
        SCARD_S_SUCCESS);
}

START_TEST(test_features_and_properties_are_told_with_and_without_a_card)
{
    Desk desk;
    SCARDHANDLE empty = 0;
    DWORD protocol = 0;

    enter(&desk);
    check_features(desk.card);
    talk_expect(SCardConnect(desk.context, PRIVATE_PCSCD_READER_2, SCARD_SHARE_DIRECT, 0, &empty,
                             &protocol),
                SCARD_S_SUCCESS);
    check_features(empty);
    leave(&desk);
}
END_TEST

START_TEST(test_a_pin_is_set_verified_and_changed_on_the_pad)
{
    Desk desk;
    PadEntry entry;

    enter(&desk);
    set_pin(&desk);
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(20));
    pad_type(desk.place, 1, OTHER_PIN);
    pad_expect(&entry, SCARD_S_SUCCESS, "63c4");
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(20));
    pad_type(desk.place, 1, PIN);
    pad_expect(&entry, SCARD_S_SUCCESS, "9000");
    pad_start(&entry, desk.card, PAD_MODIFY, pad_change(20));
    pad_type(desk.place, 1, PIN);
    pad_type(desk.place, 1, OTHER_PIN);
    pad_type(desk.place, 1, OTHER_PIN);
    pad_expect(&entry, SCARD_S_SUCCESS, "9000");
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(20));
    pad_type(desk.place, 1, OTHER_PIN);
    pad_expect(&entry, SCARD_S_SUCCESS, "9000");
    leave(&desk);
}
END_TEST

START_TEST(test_timeout_cancel_different_and_length_are_told_apart)
{
    Desk desk;
    PadEntry entry;

    enter(&desk);
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(1));
    pad_expect(&entry, SCARD_S_SUCCESS, "6400");
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(20));
    pad_type(desk.place, 1, "");
    pad_expect(&entry, SCARD_S_SUCCESS, "6401");
    pad_start(&entry, desk.card, PAD_MODIFY, pad_set(20));
    pad_type(desk.place, 1, PIN);
    pad_type(desk.place, 1, OTHER_PIN);
    pad_expect(&entry, SCARD_S_SUCCESS, "6402");
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(20));
    pad_type(desk.place, 1, "1357");
    pad_expect(&entry, SCARD_S_SUCCESS, "6403");
    /* None of them reached the card: there is still no PIN to be wrong. */
    talk_ends(desk.card, QUERY_PIN, "6985");
    leave(&desk);
}
END_TEST

START_TEST(test_a_structure_that_makes_no_sense_is_refused_and_the_next_one_works)
{
    static const size_t lengths[] = { 0, 1, 18, 19, 31 };
    Desk desk;
    DWORD code = 0;
    uint8_t sw[64];
    DWORD len = 0;

    enter(&desk);
    code = talk_feature(desk.card, PAD_VERIFY);
    for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(GByteArray) structure = pad_verify(20);

        talk_expect(SCardControl(desk.card, code, structure->data, lengths[i], sw, sizeof sw, &len),
                    SCARD_S_SUCCESS);
        test_bytes_check(sw, len, "6b80");
    }
    set_pin(&desk);
    leave(&desk);
}
END_TEST

START_TEST(test_a_card_pulled_while_the_pad_asks_ends_the_entry)
{
    Desk desk;
    PadEntry entry;

    enter(&desk);
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(20));
    pad_wait(desk.place, 1);
    private_pcscd_remove(desk.place, 1);
    pad_expect(&entry, SCARD_E_NOT_TRANSACTED, NULL);
    talk_wait_state(desk.context, PRIVATE_PCSCD_READER_1, SCARD_STATE_EMPTY);
    leave(&desk);
}
END_TEST

START_TEST(test_the_other_reader_works_while_a_pad_asks)
{
    Desk desk;
    PadEntry entry;
    SCARDCONTEXT other = 0;
    SCARDHANDLE card = 0;

    enter(&desk);
    private_pcscd_insert(desk.place, 2, "ca-2");
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(60));
    pad_wait(desk.place, 1);
    other = talk_new_context();
    card = talk_connect(other, PRIVATE_PCSCD_READER_2);
    talk_ends(card, SELECT_CA, "9000");
    pad_type(desk.place, 1, "");
    pad_expect(&entry, SCARD_S_SUCCESS, "6401");
    SCardReleaseContext(other);
    leave(&desk);
}
END_TEST

START_TEST(test_tke_sim_or_pcscd_may_die_while_the_pad_asks)
{
    Desk desk;
    PadEntry entry;
    g_autoptr(GError) error = NULL;

    enter(&desk);
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(60));
    pad_wait(desk.place, 1);
    private_pcscd_kill_sim(desk.place, SIGKILL);
    pad_expect(&entry, SCARD_E_NOT_TRANSACTED, NULL);
    private_pcscd_start_sim(desk.place, NULL);
    SCardReleaseContext(desk.context);
    desk.context = talk_new_context();
    desk.card = talk_connect(desk.context, PRIVATE_PCSCD_READER_1);
    talk_ends(desk.card, SELECT_CA, "9000");
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(60));
    pad_wait(desk.place, 1);
    sim_pcscd_stop(desk.place->pcscd, SIGINT); /* closes the driver, which waits for a person */
    g_thread_join(entry.thread);
    g_byte_array_unref(entry.structure);
    ck_assert_int_ne(entry.result, SCARD_S_SUCCESS);
    ck_assert_msg(sim_pcscd_start(desk.place->pcscd, &error), "%s",
                  error == NULL ? "" : error->message);
    leave(&desk);
}
END_TEST

START_TEST(test_a_pin_typed_on_the_pad_is_in_no_log_of_pcscd)
{
    Desk desk;
    PadEntry entry;
    g_autofree char *log = NULL;

    enter(&desk);
    set_pin(&desk);
    pad_start(&entry, desk.card, PAD_VERIFY, pad_verify(20));
    pad_type(desk.place, 1, PIN);
    pad_expect(&entry, SCARD_S_SUCCESS, "9000");
    log = sim_pcscd_dup_log(desk.place->pcscd);
    ck_assert_ptr_nonnull(strstr(log, "F0 4F 54 4B 45 01 01")); /* it does hold APDUs */
    ck_assert_ptr_null(strstr(log, PIN));
    ck_assert_ptr_null(strstr(log, "31 33 35 37 39 31"));
    leave(&desk);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_features_and_properties_are_told_with_and_without_a_card);
    tcase_add_test(tests, test_a_pin_is_set_verified_and_changed_on_the_pad);
    tcase_add_test(tests, test_timeout_cancel_different_and_length_are_told_apart);
    tcase_add_test(tests, test_a_structure_that_makes_no_sense_is_refused_and_the_next_one_works);
    tcase_add_test(tests, test_a_card_pulled_while_the_pad_asks_ends_the_entry);
    tcase_add_test(tests, test_the_other_reader_works_while_a_pad_asks);
    tcase_add_test(tests, test_tke_sim_or_pcscd_may_die_while_the_pad_asks);
    tcase_add_test(tests, test_a_pin_typed_on_the_pad_is_in_no_log_of_pcscd);
}

int
main(void)
{
    return private_pcscd_main("ifd-pad", add_tests);
}
