/*
 * A card that speaks T=0 only, through the real pcscd from its recognition to its PINs: answers
 * that are collected (61xx), lengths that are corrected (6Cxx), an applet loaded through the
 * secure channel, entries on the pad. And one in a contactless reader, whose answer to reset offers
 * T=0 and T=1.
 */
#include <string.h>

#include "libsmartcard/atr.h"
#include "libsmartcard/cap-file.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card.h"
#include "libsmartcard/gp-loader.h"
#include "libsmartcard/gp-registry.h"
#include "libsmartcard/pcsc-transport.h"
#include "libsmartcard/pin-pad.h"
#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/cap-maker.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define READER PRIVATE_PCSCD_READER_1
#define CODE_BYTES 3000u
#define T0 1u
#define T0_AND_T1 3u

static void
check(bool ok, const GError *error)
{
    ck_assert_msg(ok, "%s", error != NULL ? error->message : "no error");
}

static void
make_t0(PrivatePcscd *place, const char *card)
{
    g_autofree char *json =
        g_strdup_printf("{\"command\":\"fault\",\"target\":\"card\",\"name\":\"%s\","
                        "\"fault\":\"t0\"}",
                        card);

    private_pcscd_command(place, json);
}

/* The card in reader 1, connected; protocols: what its answer to reset offers. */
static TkeCard *
need_card(TkeCardSource *source, unsigned protocols)
{
    const gint64 end = g_get_monotonic_time() + 30 * G_TIME_SPAN_SECOND;
    TkeCardConnection *connection = NULL;
    TkeAtr atr = { .first = 9 };

    while (connection == NULL) {
        g_autoptr(GError) error = NULL;

        connection = source->ops->connect(source, READER, NULL, &error);
        ck_assert_msg(connection != NULL || g_get_monotonic_time() < end, "%s",
                      error != NULL ? error->message : "");
        g_usleep(10000);
    }
    ck_assert(tke_atr_parse(connection->atr, connection->atr_len, &atr));
    ck_assert_uint_eq(atr.protocols, protocols);
    ck_assert(protocols != T0 || !connection->extended_length);
    return tke_card_new(connection, 1, READER);
}

static void
load_applet(TkeCard *card)
{
    g_autoptr(CapMaker) maker = cap_maker_new(TKE_CAP_FILE_REHEARSAL, CODE_BYTES);
    g_autoptr(GByteArray) zip = cap_maker_build(maker);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCapFile) cap = tke_cap_file_new(zip->data, zip->len, "test", &error);
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(&error);
    g_autoptr(TkeGpScp) scp = NULL;
    TkeGpCardData data = { 0 };

    check(cap != NULL && keys != NULL, error);
    check(tke_gp_registry_select(card, &data, &error), error);
    check(tke_gp_registry_query_data(card, &data, &error), error);
    scp = tke_gp_scp_open(card, keys, NULL, &error);
    check(scp != NULL, error);
    check(tke_gp_loader_install(scp, cap, &tke_gp_aid_ca, NULL, NULL, NULL, &error), error);
}

typedef struct Typist {
    PrivatePcscd *place;
    unsigned times;
} Typist;

static void *
type(void *data)
{
    const Typist *typist = data;

    for (unsigned i = 0; i < typist->times; i++) {
        private_pcscd_command(
            typist->place,
            "{\"command\":\"pin\",\"reader\":1,\"digits\":\"123456\",\"timeout\":20}");
    }
    return NULL;
}

/* func's entry, with somebody who types the PIN so many times. */
static void
enter(PrivatePcscd *place, TkeCard *card, bool (*func)(TkeCard *, uint8_t, GError **),
      unsigned times)
{
    Typist typist = { .place = place, .times = times };
    GThread *thread = g_thread_new("typist", type, &typist);
    g_autoptr(GError) error = NULL;
    const bool done = func(card, TKE_PIN_FIRST, &error);
    TkeCardStatus status = { 0 };

    check(done, error);
    g_thread_join(thread);
    check(tke_card_query_status(card, &status, &error), error);
    ck_assert_int_eq((int) status.pins[0].state, (int) TKE_PIN_VERIFIED);
}

START_TEST(test_a_blank_card_that_speaks_t0_gets_its_applet_and_its_pin)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    const TkePcscOptions options = { .virtual_readers = true };
    TkeCardSource *source = tke_pcsc_transport_new(&options);
    TkeCard *card = NULL;
    TkeCardStatus status = { 0 };
    TkePinStatus pin = { 0 };
    bool marks[10] = { false };
    g_autoptr(GError) error = NULL;

    make_t0(place, "blank-1");
    private_pcscd_insert(place, 1, "blank-1");
    card = need_card(source, T0);
    check(tke_card_recognise(card, &status, &error), error);
    ck_assert_int_eq((int) status.kind, (int) TKE_CARD_KIND_EMPTY);
    load_applet(card);
    check(tke_card_recognise(card, &status, &error), error);
    ck_assert_int_eq((int) status.kind, (int) TKE_CARD_KIND_CA);
    /* a command without data: its length is corrected */
    check(tke_card_query_probe(card, marks, &error), error);
    ck_assert(marks[0]);
    /* neither data nor answer */
    check(tke_pin_pad_query_state(card, TKE_PIN_FIRST, &pin, &error), error);
    ck_assert_int_eq((int) pin.state, (int) TKE_PIN_NOT_SET);
    enter(place, card, tke_pin_pad_set, 2);
    check(tke_pin_pad_forget(card, TKE_PIN_FIRST, &error), error);
    enter(place, card, tke_pin_pad_verify, 1);
    tke_card_free(card);
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_card_in_a_contactless_reader_is_told_to_work_through_its_contacts_only)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    const TkePcscOptions options = { .virtual_readers = true };
    TkeCardSource *source = tke_pcsc_transport_new(&options);
    TkeCard *card = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;

    private_pcscd_command(place, "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":1,"
                                 "\"fault\":\"contactless\"}");
    private_pcscd_insert(place, 1, "ep11-1");
    card = need_card(source, T0_AND_T1);
    ck_assert(!tke_card_recognise(card, &status, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CONTACTLESS);
    tke_card_free(card);
    source->ops->free(source);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests,
                   test_a_card_in_a_contactless_reader_is_told_to_work_through_its_contacts_only);
    tcase_add_test(tests, test_a_blank_card_that_speaks_t0_gets_its_applet_and_its_pin);
}

int
main(void)
{
    return private_pcscd_main("t0", add_tests);
}
