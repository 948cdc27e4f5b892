/*
 * What card managers tell, list and delete.
 */
#include "libsmartcard/gp-registry.h"

#include "libsmartcard/card-error.h"
#include "tests/libsmartcard/gp-manager.h"
#include "tests/support/key-set-text.h"
#include "tests/support/test-main.h"

#define LIST_DOMAIN "80F28002024F0000"
#define LIST_DOMAIN_NEXT "80F28003024F0000"
#define LIST_APPLICATIONS "80F24002024F0000"
#define LIST_APPLICATIONS_NEXT "80F24003024F0000"
#define LIST_PACKAGES "80F22002024F0000"
/* answers of a real card: kaoh/globalplatform, globalplatform/src/scp03Test.c, four lists */
#define DOMAIN                                                                                     \
    "E3324F08A0000001510000009F70020F00C50382FC80C407A0000001515350CE020100CC08A000000151000000"   \
    "EA058003008000"
#define APPLICATION_1                                                                              \
    "E33E4F10A0000005591010FFFFFFFF89000010009F70013FC50380C000C407A0000001515350CE020100"         \
    "CC10A0000005591010FFFFFFFF8900000100EA028000"
#define APPLICATION_2                                                                              \
    "E3394F10A0000000871002FF01FF4189000001009F70020700C503000000C40CA000000095000000004E0001"     \
    "CE020100CC05A000000151EA028000"
#define PACKAGES                                                                                   \
    "E3194F07A00000006200019F70020100CE020100CC05A000000151"                                       \
    "E3194F07A00000006201019F70020100CE020105CC05A000000151"

START_TEST(test_a_real_card_is_listed_over_several_answers)
{
    g_auto(Manager) manager = { 0 };
    g_autoptr(TkeGpRegistry) registry = NULL;
    g_autoptr(GError) error = NULL;
    const TkeGpEntry *entry = NULL;

    manager_init(&manager);
    manager_expect(&manager, LIST_DOMAIN, DOMAIN "9000");
    manager_expect(&manager, LIST_APPLICATIONS, APPLICATION_1 "6310");
    manager_expect(&manager, LIST_APPLICATIONS_NEXT, APPLICATION_2 "9000");
    manager_expect(&manager, LIST_PACKAGES, PACKAGES "9000");
    registry = tke_gp_registry_query(manager.scp, &error);
    ck_assert_msg(registry != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(registry->card_life_cycle, TKE_GP_SECURED);
    ck_assert_uint_eq(registry->applications->len, 2);
    entry = &g_array_index(registry->applications, TkeGpEntry, 0);
    test_bytes_check(entry->aid.bytes, entry->aid.len, "a0000005591010ffffffff8900001000");
    ck_assert_uint_eq(entry->life_cycle, 0x3F);
    ck_assert(entry->has_package);
    test_bytes_check(entry->package.bytes, entry->package.len, "a0000001515350");
    ck_assert_uint_eq(registry->packages->len, 2);
    ck_assert(tke_gp_registry_has_package(registry,
                                          &g_array_index(registry->packages, TkeGpEntry, 1).aid));
    ck_assert(!tke_gp_registry_has_package(registry, &tke_gp_aid_package));
    manager_check(&manager);
}
END_TEST

START_TEST(test_entries_may_be_cut_between_answers)
{
    g_auto(Manager) manager = { 0 };
    g_autoptr(TkeGpRegistry) registry = NULL;

    manager_init(&manager);
    manager_expect(&manager, LIST_DOMAIN, "E3104F08A0000001510000006310");
    manager_expect(&manager, LIST_DOMAIN_NEXT, "009F7001019000");
    manager_expect(&manager, LIST_APPLICATIONS, "6A88");
    manager_expect(&manager, LIST_PACKAGES, "6A88");
    registry = tke_gp_registry_query(manager.scp, NULL);
    ck_assert_ptr_null(registry); /* two bytes too few: E3 10 holds 16 */
    manager_clear(&manager);
    manager = (Manager){ 0 };
    manager_init(&manager);
    manager_expect(&manager, LIST_DOMAIN, "E30E4F08A00000015100006310");
    manager_expect(&manager, LIST_DOMAIN_NEXT, "009F7001019000");
    manager_expect(&manager, LIST_APPLICATIONS, "6A88");
    manager_expect(&manager, LIST_PACKAGES, "6A88");
    registry = tke_gp_registry_query(manager.scp, NULL);
    ck_assert_ptr_nonnull(registry);
    ck_assert_uint_eq(registry->applications->len, 0);
    manager_check(&manager);
}
END_TEST

START_TEST(test_lists_that_are_none_are_refused)
{
    static const char *const cases[] = {
        "9000", /* no security domain */
        "E30E4F08A0000001510000009F700101E30E4F08A0000001510000009F7001019000", /* two */
        "E30A4F08A0000001510000009000",                                         /* no life cycle */
        "E3059F700101009000",           /* no AID, a cut object */
        "E30A4F04A00000019F7001019000", /* AID too short */
        "E40E4F08A0000001510000009F7001019000",
        "E30F4F08A0000001510000009F7001019000",
        "E3184F08A0000001510000004F08A0000001510000009F7001019000",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Manager) manager = { 0 };
        g_autoptr(GError) error = NULL;

        manager_init(&manager);
        manager_expect(&manager, LIST_DOMAIN, cases[i]);
        ck_assert_ptr_null(tke_gp_registry_query(manager.scp, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
        ck_assert_msg(g_str_has_prefix(error->message, "reader 2: "), "%s", error->message);
    }
}
END_TEST

START_TEST(test_an_endless_list_is_given_up)
{
    g_auto(Manager) manager = { 0 };
    g_autoptr(GError) error = NULL;

    manager_init(&manager);
    manager_expect(&manager, LIST_DOMAIN, DOMAIN "6310");
    for (unsigned i = 1; i < 128; i++) {
        manager_expect(&manager, LIST_DOMAIN_NEXT, DOMAIN "6310");
    }
    ck_assert_ptr_null(tke_gp_registry_query(manager.scp, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
    manager_check(&manager);
}
END_TEST

START_TEST(test_deleting_takes_everything_of_the_package_and_misses_nothing)
{
    static const struct {
        const char *answer;
        bool found;
    } cases[] = {
        { "009000", true }, { "9000", true }, { "6A88", false }, { "6A82", false }, { "6200", true }
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Manager) manager = { 0 };
        g_autoptr(GError) error = NULL;
        bool found = !cases[i].found;

        manager_init(&manager);
        manager_expect(&manager, "80E40080094F07F04F544B45010000", cases[i].answer);
        ck_assert(tke_gp_registry_delete(manager.scp, &tke_gp_aid_package, &found, &error));
        ck_assert(found == cases[i].found);
        manager_check(&manager);
    }
}
END_TEST

START_TEST(test_a_refused_delete_says_why)
{
    g_auto(Manager) manager = { 0 };
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info = { 0 };
    bool found = false;

    manager_init(&manager);
    manager_expect(&manager, "80E40080094F07F04F544B45010000", "6985");
    ck_assert(!tke_gp_registry_delete(manager.scp, &tke_gp_aid_package, &found, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATUS);
    ck_assert_str_eq(error->message, "reader 2: deleting the applet: the conditions for this "
                                     "command are not met");
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_uint_eq(info.sw, 0x6985);
}
END_TEST

START_TEST(test_the_card_manager_tells_what_it_is)
{
    /* SELECT and GET DATA 66 of a real card: kaoh/globalplatform, issue 36 (SCP02, i=55) */
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autoptr(TkeCard) card = tke_card_new(transcript_card_connect(transcript), 1, "Reader 1");
    TkeGpCardData data = { 0 };
    g_autoptr(GError) error = NULL;

    transcript_card_expect(
        transcript, "00A4040000",
        "6F5B8408A000000003000000A54F734906072A864886FC6B01600B06092A864886FC6B020202630906072A"
        "864886FC6B03640B06092A864886FC6B040255650B06092A864886FC6B020101660C060A2B060104012A02"
        "6E01029F6501FF9000");
    transcript_card_expect(
        transcript, "80CA006600",
        "663D733B06072A864886FC6B01600B06092A864886FC6B020202630906072A864886FC6B03640B06092A86"
        "4886FC6B040255640B06092A864886FC6B0480009000");
    transcript_card_expect(transcript, "80CA00E000",
                           "E012C00401FF8810C00402FF8810C00403FF88109000");
    transcript_card_expect(transcript, "80CA9F7F00", "6A88");
    transcript_card_expect(transcript, "80CAFF2100", "FF211081020001820400012345830400000F009000");
    ck_assert(tke_gp_registry_select(card, &data, &error));
    ck_assert(data.has_aid && !data.locked);
    test_bytes_check(data.aid.bytes, data.aid.len, "a000000003000000");
    ck_assert_uint_eq(data.n_channels, 1);
    ck_assert(tke_gp_registry_query_data(card, &data, &error));
    ck_assert_str_eq(data.version, "2.2");
    ck_assert_uint_eq(data.n_channels, 2);
    ck_assert_uint_eq(data.channels[0].protocol, 2);
    ck_assert_uint_eq(data.channels[0].options, 0x55);
    ck_assert_uint_eq(data.n_keys, 3);
    ck_assert_uint_eq(data.keys[2].id, 3);
    ck_assert_uint_eq(data.keys[2].version, 0xFF);
    ck_assert_uint_eq(data.keys[2].type, 0x88);
    ck_assert_uint_eq(data.keys[2].len, 16);
    ck_assert(!data.has_cplc);
    ck_assert(data.has_free);
    ck_assert_uint_eq(data.free_bytes, 0x12345);
    ck_assert_ptr_null(transcript_card_get_problem(transcript));
}
END_TEST

START_TEST(test_a_card_that_tells_nothing_is_no_error)
{
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autoptr(TkeCard) card = tke_card_new(transcript_card_connect(transcript), 1, "Reader 1");
    TkeGpCardData data = { 0 };

    transcript_card_expect(transcript, "00A4040000", "6283");
    transcript_card_expect(transcript, "80CA006600", "010203049000");
    transcript_card_expect(transcript, "80CA00E000", "E0FF9000");
    transcript_card_expect(transcript, "80CA9F7F00", "9F7F029000");
    transcript_card_expect(transcript, "80CAFF2100",
                           "FF210782050102030405"
                           "9000");
    ck_assert(tke_gp_registry_select(card, &data, NULL));
    ck_assert(data.locked);
    ck_assert(tke_gp_registry_query_data(card, &data, NULL));
    ck_assert(!data.has_aid && !data.has_cplc && !data.has_free);
    ck_assert_uint_eq(data.n_keys + data.n_channels, 0);
    ck_assert_str_eq(data.version, "");
}
END_TEST

START_TEST(test_a_card_without_card_manager_is_unsuitable)
{
    g_autoptr(TranscriptCard) transcript = transcript_card_new(true);
    g_autoptr(TkeCard) card = tke_card_new(transcript_card_connect(transcript), 1, "Reader 1");
    TkeGpCardData data = { 0 };
    g_autoptr(GError) error = NULL;

    transcript_card_expect(transcript, "00A4040000", "6A82");
    ck_assert(!tke_gp_registry_select(card, &data, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE);
}
END_TEST

/* AES-128 keys 00..0F, 10..1F, 20..2F under the data key 40..4F; values made with openssl's
 * command line. */
#define PUT_KEY                                                                                    \
    "80D8308146"                                                                                   \
    "31"                                                                                           \
    "881110" WRAPPED_1 "03" KCV_1 "881110" WRAPPED_2 "03" KCV_2 "881110" WRAPPED_3 "03" KCV_3 "00"
#include "tests/libsmartcard/put-key-values.h"

START_TEST(test_new_keys_are_put_and_their_check_values_compared)
{
    static const struct {
        const char *answer;
        bool ok;
    } cases[] = { { "31" KCV_1 KCV_2 KCV_3 "9000", true },
                  { "31" KCV_1 KCV_2 KCV_2 "9000", false },
                  { "32" KCV_1 KCV_2 KCV_3 "9000", false },
                  { "9000", false },
                  { "9485", false } };
    g_autoptr(TkeGpKeySet) keys =
        key_set_of("000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b1c1d1e1f",
                   "202122232425262728292a2b2c2d2e2f", "version = 31");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Manager) manager = { 0 };
        g_autoptr(GError) error = NULL;

        manager_init(&manager);
        manager_expect(&manager, PUT_KEY, cases[i].answer);
        ck_assert_msg(tke_gp_registry_put_keys(manager.scp, keys, 0x30, &error) == cases[i].ok,
                      "%s: %s", cases[i].answer, error != NULL ? error->message : "");
        manager_check(&manager);
    }
}
END_TEST

START_TEST(test_keys_of_another_length_than_scp02_has_are_not_put)
{
    static const char *const longer[] = { "1011121314151617", "10111213141516171819202122232425" };

    for (size_t i = 0; i < G_N_ELEMENTS(longer); i++) {
        g_autofree char *key = g_strconcat("000102030405060708090a0b0c0d0e0f", longer[i], NULL);
        g_autoptr(TkeGpKeySet) keys = key_set_of(key, key, key, "version = 31");
        g_auto(Manager) manager = { 0 };
        g_autoptr(GError) error = NULL;

        manager_init(&manager);
        manager.scp->info.protocol = 2;
        manager.scp->protocol = &tke_gp_scp02_protocol;
        ck_assert(!tke_gp_registry_put_keys(manager.scp, keys, 0, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
        ck_assert_msg(strstr(error->message, "whose keys have 32 digits") != NULL, "%s",
                      error->message);
        manager_check(&manager); /* nothing was sent */
    }
}
END_TEST

START_TEST(test_keys_without_a_version_of_their_own_are_not_put)
{
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    g_auto(Manager) manager = { 0 };
    g_autoptr(GError) error = NULL;

    manager_init(&manager);
    ck_assert(!tke_gp_registry_put_keys(manager.scp, keys, 0, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    manager_check(&manager);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_real_card_is_listed_over_several_answers);
    tcase_add_test(tests, test_entries_may_be_cut_between_answers);
    tcase_add_test(tests, test_lists_that_are_none_are_refused);
    tcase_add_test(tests, test_an_endless_list_is_given_up);
    tcase_add_test(tests, test_deleting_takes_everything_of_the_package_and_misses_nothing);
    tcase_add_test(tests, test_a_refused_delete_says_why);
    tcase_add_test(tests, test_the_card_manager_tells_what_it_is);
    tcase_add_test(tests, test_a_card_that_tells_nothing_is_no_error);
    tcase_add_test(tests, test_a_card_without_card_manager_is_unsuitable);
    tcase_add_test(tests, test_keys_of_another_length_than_scp02_has_are_not_put);
    tcase_add_test(tests, test_new_keys_are_put_and_their_check_values_compared);
    tcase_add_test(tests, test_keys_without_a_version_of_their_own_are_not_put);
}

int
main(void)
{
    return test_main("gp-registry", add_tests);
}
