/*
 * Virtual readers through PC/SC: shown as such, refused outside a rehearsal, and nothing else
 * within one.
 */
#include <check.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/pcsc-transport-private.h"
#include "libsmartcard/pcsc-transport-reader.h"
#include "tests/support/fake-pcsc-private.h"
#include "tests/support/fake-pcsc.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define ONE "Identiv SPR332 v2 (55011932) 00 00"

static TkeCardSource *
make_source(void)
{
    return tke_pcsc_transport_new_on(&fake_pcsc_api, NULL);
}

static GPtrArray *
need_list(TkeCardSource *source)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *readers = source->ops->list(source, &error);

    ck_assert_msg(readers != NULL, "%s", error != NULL ? error->message : "no error");
    return readers;
}

static TkeReaderInfo *
info_at(GPtrArray *readers, guint i)
{
    ck_assert_uint_lt(i, readers->len);
    return g_ptr_array_index(readers, i);
}

static TkeCardSource *
make_virtual_source(const char *const *serials)
{
    const TkePcscOptions options = { .virtual_readers = true, .serials = serials };

    return tke_pcsc_transport_new_on(&fake_pcsc_api, &options);
}

static void
add_virtual(const char *name, const char *serial)
{
    FakePcscReader *reader = fake_pcsc_add(name);

    reader->vendor = "OpenTKE";
    reader->serial = serial;
    fake_pcsc_insert(reader);
}

/* Neither for a card nor for a question to the reader. */
static void
check_refused(TkeCardSource *source, const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) asked = NULL;
    uint8_t answer[300];
    size_t len = 0;

    ck_assert_ptr_null(source->ops->connect(source, name, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
    ck_assert_msg(strstr(error->message, text) != NULL, "%s", error->message);
    ck_assert(!source->ops->control(source, name, TKE_CARD_CONTROL_GET_FEATURES, NULL, 0, answer,
                                    sizeof answer, &len, &asked));
    test_bytes_check_error(asked, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
    ck_assert_uint_eq(fake_pcsc_handles(), 0);
}

START_TEST(test_outside_a_rehearsal_virtual_readers_are_shown_and_refused)
{
    TkeCardSource *source = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    TkeCardConnection *connection = NULL;

    fake_pcsc_reset();
    add_virtual("OpenTKE Virtual PIN Pad Reader 00 00", "V1");
    fake_pcsc_insert(fake_pcsc_add(ONE));
    source = make_source();
    readers = need_list(source);
    ck_assert_uint_eq(readers->len, 2);
    ck_assert(info_at(readers, 0)->is_virtual);
    ck_assert(!info_at(readers, 1)->is_virtual);
    check_refused(source, "OpenTKE Virtual PIN Pad Reader 00 00", "this is a virtual reader");
    connection = source->ops->connect(source, ONE, NULL, NULL);
    ck_assert_ptr_nonnull(connection);
    connection->ops->close(connection);
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_reader_that_turns_out_virtual_after_it_was_listed_is_refused)
{
    TkeCardSource *source = NULL;
    FakePcscReader *reader = NULL;
    g_autoptr(GPtrArray) readers = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add(ONE);
    fake_pcsc_insert(reader);
    source = make_source();
    readers = need_list(source); /* remembered as real */
    reader->vendor = "OpenTKE";
    check_refused(source, ONE, "this is a virtual reader");
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_rehearsal_has_the_virtual_readers_of_its_world_only)
{
    static const char *const serials[] = { "V1", "V2", NULL };
    TkeCardSource *source = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    TkeCardConnection *connection = NULL;

    fake_pcsc_reset();
    add_virtual("OpenTKE Virtual PIN Pad Reader 00 00", "V1");
    add_virtual("OpenTKE Virtual PIN Pad Reader 01 00", "W1");
    fake_pcsc_insert(fake_pcsc_add(ONE));
    source = make_virtual_source(serials);
    readers = need_list(source);
    ck_assert_uint_eq(readers->len, 1);
    ck_assert_str_eq(info_at(readers, 0)->serial, "V1");
    check_refused(source, ONE, "this is a real reader");
    check_refused(source, "OpenTKE Virtual PIN Pad Reader 01 00", "of another rehearsal");
    connection = source->ops->connect(source, info_at(readers, 0)->name, NULL, NULL);
    ck_assert_ptr_nonnull(connection);
    connection->ops->close(connection);
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_virtual_reader_that_is_held_keeps_its_place_and_is_refused_only_when_asked)
{
    static const char *const serials[] = { "V1", "V2", NULL };
    TkeCardSource *source = NULL;
    FakePcscReader *held = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    g_autoptr(GPtrArray) later = NULL;

    fake_pcsc_reset();
    /* of another world, as will be seen */
    add_virtual("OpenTKE Virtual PIN Pad Reader 00 00", "W1");
    held = fake_pcsc_find("OpenTKE Virtual PIN Pad Reader 00 00");
    fake_pcsc_set_held(held, true);
    (void) fake_pcsc_add(ONE);
    fake_pcsc_set_held(fake_pcsc_find(ONE), true);
    source = make_virtual_source(serials);
    readers = need_list(source);
    ck_assert_uint_eq(readers->len, 1);
    ck_assert_str_eq(info_at(readers, 0)->name, held->name);

    fake_pcsc_set_held(held, false);
    check_refused(source, held->name, "of another rehearsal");
    later = need_list(source);
    ck_assert_uint_eq(later->len, 0);
    source->ops->free(source);
}
END_TEST

/* What a source does not show can become what it shows. */
START_TEST(test_a_virtual_reader_in_the_place_of_a_real_one_is_known_for_it)
{
    const TkePcscOptions options = { .virtual_readers = true };
    TkeCardSource *source = NULL;
    FakePcscReader *reader = NULL;
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) after = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add(ONE);
    fake_pcsc_insert(reader);
    source = tke_pcsc_transport_new_on(&fake_pcsc_api, &options);
    before = need_list(source);
    ck_assert_uint_eq(before->len, 0);
    reader->vendor = "OpenTKE";
    fake_pcsc_set_plugged(reader, false);
    fake_pcsc_set_plugged(reader, true);
    after = need_list(source);
    ck_assert_uint_eq(after->len, 1);
    source->ops->free(source);
}
END_TEST

/* Codes that say nothing of the reader: what is known of it stays. */
static const LONG troubles[] = { SCARD_F_INTERNAL_ERROR, SCARD_E_NO_MEMORY, SCARD_F_COMM_ERROR,
                                 SCARD_E_SHARING_VIOLATION, SCARD_E_NOT_TRANSACTED };

START_TEST(test_a_virtual_reader_that_does_not_say_so_again_is_refused_all_the_same)
{
    TkeCardSource *source = NULL;
    g_autoptr(GPtrArray) readers = NULL;

    fake_pcsc_reset();
    add_virtual(ONE, "V1"); /* its name does not tell */
    source = make_source();
    readers = need_list(source);
    ck_assert(info_at(readers, 0)->is_virtual);
    for (unsigned times = 1; times < 9; times++) {
        g_autoptr(GError) error = NULL;

        fake_pcsc_fail(FAKE_PCSC_ATTRIBUTE, 0, times, troubles[_i]);
        ck_assert_ptr_null(source->ops->connect(source, ONE, NULL, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
        ck_assert_msg(strstr(error->message, "this is a virtual reader") != NULL, "%s",
                      error->message);
    }
    fake_pcsc_fail(FAKE_PCSC_ATTRIBUTE, 0, 0, SCARD_S_SUCCESS);
    check_refused(source, ONE, "this is a virtual reader");
    source->ops->free(source);
}
END_TEST

/* May a source of this kind connect to a reader that was never asked, and answers every question
 * so? */
static bool
connects(const char *name, const char *vendor, LONG code, char **remedy)
{
    TkeCardSource *source = NULL;
    TkeCardConnection *connection = NULL;
    FakePcscReader *reader = NULL;
    g_autoptr(GError) error = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add(name);
    reader->vendor = vendor;
    fake_pcsc_insert(reader);
    source = make_source();
    fake_pcsc_fail(FAKE_PCSC_ATTRIBUTE, 0, 100, code);
    connection = source->ops->connect(source, name, NULL, &error);
    if (connection != NULL) {
        connection->ops->close(connection);
    } else {
        TkeCardErrorInfo info = { 0 };

        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
        ck_assert(tke_card_error_get_info(error, &info));
        *remedy = g_strdup(info.remedy);
    }
    fake_pcsc_fail(FAKE_PCSC_ATTRIBUTE, 0, 0, SCARD_S_SUCCESS);
    source->ops->free(source);
    tke_pcsc_identity_forget(&fake_pcsc_api, name);
    ck_assert_uint_eq(fake_pcsc_handles(), 0);
    return connection != NULL;
}

START_TEST(test_a_reader_that_was_never_asked_and_does_not_answer_is_refused)
{
    for (unsigned i = 0; i + 1 < G_N_ELEMENTS(troubles); i++) { /* the last one is of drivers */
        g_autofree char *remedy = NULL;

        ck_assert(!connects(ONE, "OpenTKE", troubles[i], &remedy));
        ck_assert_msg(strstr(remedy, "try again") != NULL, "%s", remedy);
    }
}
END_TEST

START_TEST(test_a_real_reader_whose_driver_knows_no_vendor_works)
{
    static const LONG codes[] = { SCARD_E_UNSUPPORTED_FEATURE, SCARD_E_INVALID_PARAMETER,
                                  SCARD_E_NOT_TRANSACTED, SCARD_E_INSUFFICIENT_BUFFER };

    for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autofree char *remedy = NULL;

        ck_assert_msg(connects(ONE, NULL, codes[i], &remedy), "code %u: %s", i, remedy);
    }
}
END_TEST

START_TEST(test_a_virtual_reader_by_its_name_whose_vendor_was_not_told_is_refused)
{
    g_autofree char *remedy = NULL;

    ck_assert(!connects("OpenTKE Virtual PIN Pad Reader 00 00", "OpenTKE", SCARD_E_NOT_TRANSACTED,
                        &remedy));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_outside_a_rehearsal_virtual_readers_are_shown_and_refused);
    tcase_add_test(tests, test_a_reader_that_turns_out_virtual_after_it_was_listed_is_refused);
    tcase_add_test(tests, test_a_rehearsal_has_the_virtual_readers_of_its_world_only);
    tcase_add_test(tests, test_a_virtual_reader_in_the_place_of_a_real_one_is_known_for_it);
    tcase_add_loop_test(tests,
                        test_a_virtual_reader_that_does_not_say_so_again_is_refused_all_the_same, 0,
                        G_N_ELEMENTS(troubles));
    tcase_add_test(tests, test_a_reader_that_was_never_asked_and_does_not_answer_is_refused);
    tcase_add_test(tests, test_a_real_reader_whose_driver_knows_no_vendor_works);
    tcase_add_test(tests, test_a_virtual_reader_by_its_name_whose_vendor_was_not_told_is_refused);
    tcase_add_test(
        tests, test_a_virtual_reader_that_is_held_keeps_its_place_and_is_refused_only_when_asked);
}

int
main(void)
{
    return test_main("pcsc-virtual", add_tests);
}
