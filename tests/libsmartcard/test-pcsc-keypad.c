/*
 * Whether a reader has a keypad, as it says while it is looked at: what was told, and what was not.
 */
#include <check.h>

#include "libsmartcard/pcsc-transport-reader.h"
#include "tests/support/fake-pcsc.h"
#include "tests/support/test-main.h"

#define NAME "Identiv SPR332 v2 [CCID Interface] (55011932) 00 00"

static void
ask(const char *name, TkePcscIdentity *identity)
{
    SCARDCONTEXT context = 0;
    SCARDHANDLE handle = 0;
    DWORD protocol = 0;

    ck_assert_int_eq(fake_pcsc_api.establish_context(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), 0);
    ck_assert_int_eq(
        fake_pcsc_api.connect(context, name, SCARD_SHARE_DIRECT, 0, &handle, &protocol), 0);
    tke_pcsc_identity_ask(&fake_pcsc_api, handle, name, identity);
    (void) fake_pcsc_api.disconnect(handle, SCARD_LEAVE_CARD);
    (void) fake_pcsc_api.release_context(context);
}

static const struct {
    LONG code;
    bool told; /* that there is no keypad */
} failures[] = {
    { SCARD_E_NOT_TRANSACTED, false }, { SCARD_F_COMM_ERROR, false },
    { SCARD_E_TIMEOUT, false },        { SCARD_E_SHARING_VIOLATION, false },
    { SCARD_W_RESET_CARD, false },     { SCARD_E_UNSUPPORTED_FEATURE, true },
};

START_TEST(test_a_feature_list_that_could_not_be_had_is_no_word_against_the_keypad)
{
    FakePcscReader *reader = NULL;
    TkePcscIdentity identity = { 0 };

    fake_pcsc_reset();
    reader = fake_pcsc_add(NAME);
    reader->usb_path = "1-1.3:1.0";
    reader->features = "060442330006070442330007";
    fake_pcsc_fail(FAKE_PCSC_CONTROL, 1, 1, failures[_i].code); /* after the path */
    ask(reader->name, &identity);
    ck_assert_int_eq(identity.no_keypad, failures[_i].told);
    tke_pcsc_identity_clear(&identity);

    reader = fake_pcsc_add("Cherry SmartTerminal XX44 00 00"); /* has none, whatever it may say */
    fake_pcsc_fail(FAKE_PCSC_CONTROL, 1, 1, SCARD_E_NOT_TRANSACTED);
    ask(reader->name, &identity);
    ck_assert(identity.no_keypad);
    tke_pcsc_identity_clear(&identity);
}
END_TEST

START_TEST(test_the_older_properties_count_as_well)
{
    FakePcscReader *reader = NULL;
    TkePcscIdentity identity = { 0 };

    fake_pcsc_reset();
    reader = fake_pcsc_add(NAME);
    reader->features = "0604423300060704423300070a044233000a";
    reader->structure = "00000200"; /* entries end with the key */
    ask(reader->name, &identity);
    ck_assert(!identity.no_keypad);
    tke_pcsc_identity_clear(&identity);
    reader->structure = "00000400"; /* they end by time only: refused when a PIN is asked for */
    ask(reader->name, &identity);
    ck_assert(identity.no_keypad);
    tke_pcsc_identity_clear(&identity);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests,
                        test_a_feature_list_that_could_not_be_had_is_no_word_against_the_keypad, 0,
                        (int) G_N_ELEMENTS(failures));
    tcase_add_test(tests, test_the_older_properties_count_as_well);
}

int
main(void)
{
    return test_main("pcsc-keypad", add_tests);
}
