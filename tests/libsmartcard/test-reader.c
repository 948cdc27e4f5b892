/*
 * Numbers of readers.
 */
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/reader.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static TkeReaderInfo *
make_info(const char *name, const char *serial)
{
    TkeReaderInfo *info = g_new0(TkeReaderInfo, 1);

    info->name = g_strdup(name);
    info->model = g_strdup("Model");
    info->serial = g_strdup(serial);
    info->port = g_strdup("");
    return info;
}

static GPtrArray *
make_infos(const char *const *names_and_serials)
{
    GPtrArray *infos = g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_info_free);

    for (size_t i = 0; names_and_serials[i] != NULL; i += 2) {
        g_ptr_array_add(infos, make_info(names_and_serials[i], names_and_serials[i + 1]));
    }
    return infos;
}

START_TEST(test_readers_are_numbered_by_name_unless_remembered)
{
    static const char *const names[] = { "C", "3", "A", "1", "B", "", NULL };
    g_autoptr(GPtrArray) infos = make_infos(names);
    g_autoptr(TkeReaders) plain = tke_readers_assign(infos, NULL);
    const TkeReaderChoice swapped = { .key = { "B", "1" } };
    const TkeReaderChoice second = { .key = { NULL, "1" } };
    const TkeReaderChoice gone = { .key = { "7", "3" } };
    g_autoptr(TkeReaders) by_choice = tke_readers_assign(infos, &swapped);
    g_autoptr(TkeReaders) half = tke_readers_assign(infos, &second);
    g_autoptr(TkeReaders) other = tke_readers_assign(infos, &gone);

    ck_assert_str_eq(plain->reader[0]->name, "A");
    ck_assert_str_eq(plain->reader[1]->name, "B");
    ck_assert_str_eq(by_choice->reader[0]->name, "B"); /* tells no serial number */
    ck_assert_str_eq(by_choice->reader[1]->name, "A");
    ck_assert_str_eq(half->reader[0]->name, "B");
    ck_assert_str_eq(half->reader[1]->name, "A");
    ck_assert_str_eq(other->reader[0]->name, "A");
    ck_assert_str_eq(other->reader[1]->name, "C");
    ck_assert_uint_eq(tke_readers_number(plain, "B"), 2);
    ck_assert_uint_eq(tke_readers_number(plain, "C"), 0);
    ck_assert(tke_readers_need_both(plain, NULL));
}
END_TEST

START_TEST(test_a_reader_is_remembered_by_serial_number_port_or_name)
{
    static const struct {
        const char *name;
        const char *serial;
        const char *port;
        const char *key;
    } rows[] = {
        { "Reader (A) 00 00", "A", "usb:1-1", "A" }, { "Reader 00 00", "", "usb:1-1", "usb:1-1" },
        { "Reader 00 00", "", "", "Reader" },        { "Reader 1F 01", "", "", "Reader" },
        { "Reader 0G 00", "", "", "Reader 0G 00" },  { " 00 00", "", "", " 00 00" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TkeReaderInfo) info = make_info(rows[i].name, rows[i].serial);
        g_autofree char *key = NULL;

        g_free(info->port);
        info->port = g_strdup(rows[i].port);
        key = tke_reader_dup_key(info);
        ck_assert_str_eq(key, rows[i].key);
    }
}
END_TEST

START_TEST(test_a_reader_is_named_by_model_and_place)
{
    static const struct {
        const char *model;
        const char *port;
        const char *text;
    } rows[] = {
        { "SPR332", "usb:1-2.3", "SPR332 · USB 1-2.3" },
        { "SPR332", "left", "SPR332 · left" },
        { "SPR332", "", "SPR332" },
        { "", "", "SPR332 00 00" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(TkeReaderInfo) info = make_info("SPR332 00 00", "");
        g_autofree char *text = NULL;

        g_free(info->model);
        g_free(info->port);
        info->model = g_strdup(rows[i].model);
        info->port = g_strdup(rows[i].port);
        text = tke_reader_dup_text(info);
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(test_a_remembered_port_survives_another_order_of_plugging_in)
{
    static const char *const names[] = { "Reader 00 00", "", "Reader 01 00", "", NULL };
    static const char *const ports[] = { "usb:1-2", "usb:1-1" };
    g_autoptr(GPtrArray) infos = make_infos(names);
    const TkeReaderChoice choice = { .key = { "usb:1-1", "usb:1-2" } };
    g_autoptr(TkeReaders) readers = NULL;

    for (guint i = 0; i < infos->len; i++) {
        TkeReaderInfo *info = g_ptr_array_index(infos, i);

        g_free(info->port);
        info->port = g_strdup(ports[i]);
    }
    readers = tke_readers_assign(infos, &choice);
    ck_assert_str_eq(readers->reader[0]->name, "Reader 01 00");
    ck_assert_str_eq(readers->reader[1]->name, "Reader 00 00");
}
END_TEST

/* Readers "R 00 00", "R 01 00", … without serial number; ports: "": not known. */
static GPtrArray *
make_equal(const char *const *ports)
{
    GPtrArray *infos = g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_info_free);

    for (unsigned i = 0; ports[i] != NULL; i++) {
        g_autofree char *name = g_strdup_printf("R %02X 00", i);
        TkeReaderInfo *info = make_info(name, "");

        g_free(info->port);
        info->port = g_strdup(ports[i]);
        g_ptr_array_add(infos, info);
    }
    return infos;
}

static const char *
name_of(const TkeReaders *readers, unsigned number)
{
    return readers->reader[number - 1] != NULL ? readers->reader[number - 1]->name : "none";
}

START_TEST(test_equal_readers_are_numbered_by_their_ports_in_any_order_of_plugging_in)
{
    static const char *const orders[][3] = { { "usb:1-1", "usb:1-2", NULL },
                                             { "usb:1-2", "usb:1-1", NULL } };

    for (unsigned i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(GPtrArray) infos = make_equal(orders[i]);
        g_autoptr(TkeReaders) readers = tke_readers_assign(infos, NULL);

        ck_assert(!readers->unclear);
        ck_assert_str_eq(readers->reader[0]->port, "usb:1-1");
        ck_assert_str_eq(readers->reader[1]->port, "usb:1-2");
    }
}
END_TEST

/* Which of these are numbered, and whether a person is needed for it. */
static const struct {
    const char *ports[4];
    TkeReaderChoice choice;
    const char *first;
    const char *second;
    bool unclear;
} equal[] = {
    { { "", "", NULL }, { .key = { NULL } }, "none", "none", true },
    /* not by the order of before */
    { { "", "", NULL }, { .key = { "R", "R" } }, "none", "none", true },
    { { "usb:1", "usb:1", NULL }, { .key = { NULL } }, "none", "none", true },
    { { "", "", NULL }, { .name = { "R 01 00", NULL } }, "R 01 00", "R 00 00", false },
    { { "", "", NULL }, { .name = { "R 01 00", "R 00 00" } }, "R 01 00", "R 00 00", false },
    { { "", "", NULL }, { .name = { "R 05 00", NULL } }, "none", "none", true },
    { { "", "", "", NULL }, { .name = { "R 01 00", NULL } }, "R 01 00", "none", true },
    { { "", "", "", NULL }, { .name = { "R 01 00", "R 02 00" } }, "R 01 00", "R 02 00", false },
    /* one that could not be asked may be either; what is remembered of the other one decides */
    { { "usb:1", "", NULL }, { .key = { NULL } }, "none", "none", true },
    { { "usb:1", "", NULL }, { .key = { "usb:1", "usb:2" } }, "R 00 00", "R 01 00", false },
    { { "usb:1", "", NULL }, { .key = { "usb:2", "usb:1" } }, "R 01 00", "R 00 00", false },
    { { "usb:1", "", "usb:3", NULL }, { .key = { "usb:1", "usb:2" } }, "R 00 00", "none", true },
    { { "", NULL }, { .key = { NULL } }, "R 00 00", "none", false },
};

START_TEST(test_readers_that_cannot_be_told_apart_get_no_number_by_their_order)
{
    g_autoptr(GPtrArray) infos = make_equal(equal[_i].ports);
    g_autoptr(TkeReaders) readers = tke_readers_assign(infos, &equal[_i].choice);
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info = { 0 };

    ck_assert_str_eq(name_of(readers, 1), equal[_i].first);
    ck_assert_str_eq(name_of(readers, 2), equal[_i].second);
    ck_assert_int_eq(readers->unclear, equal[_i].unclear);
    if (readers->unclear) {
        ck_assert(!tke_readers_need_both(readers, &error));
        ck_assert_ptr_nonnull(strstr(error->message, "cannot be told apart"));
        ck_assert(tke_card_error_get_info(error, &info));
        ck_assert_ptr_nonnull(strstr(info.remedy, "--identify"));
        g_clear_error(&error);
        ck_assert_ptr_null(tke_readers_get(readers, 2, &error));
        ck_assert_ptr_nonnull(strstr(error->message, "cannot be told apart"));
    }
}
END_TEST

START_TEST(test_readers_of_other_models_are_numbered_beside_equal_ones)
{
    static const char *const ports[] = { "", "", NULL };
    g_autoptr(GPtrArray) infos = make_equal(ports);
    const TkeReaderChoice one = { .key = { "7", NULL } };
    g_autoptr(TkeReaders) readers = NULL;
    g_autoptr(TkeReaders) chosen = NULL;

    g_ptr_array_add(infos, make_info("A 02 00", "7"));
    g_ptr_array_add(infos, make_info("B 03 00", ""));
    ck_assert(tke_reader_is_alike(infos, g_ptr_array_index(infos, 0)));
    ck_assert(!tke_reader_is_alike(infos, g_ptr_array_index(infos, 2)));
    readers = tke_readers_assign(infos, NULL);
    ck_assert_str_eq(name_of(readers, 1), "A 02 00");
    ck_assert_str_eq(name_of(readers, 2), "B 03 00");
    ck_assert(!readers->unclear);
    (void) g_ptr_array_remove_index(infos, 3);
    chosen = tke_readers_assign(infos, &one);
    ck_assert_str_eq(name_of(chosen, 1), "A 02 00");
    ck_assert_str_eq(name_of(chosen, 2), "none");
    ck_assert(chosen->unclear);
}
END_TEST

START_TEST(test_virtual_readers_get_no_number_beside_a_real_one)
{
    static const char *const names[] = { "A", "1", "B", "2", "C", "3", NULL };
    g_autoptr(GPtrArray) infos = make_infos(names);
    const TkeReaderChoice choice = { .key = { "1", "3" } };
    g_autoptr(TkeReaders) mixed = NULL;
    g_autoptr(TkeReaders) all = NULL;

    ((TkeReaderInfo *) g_ptr_array_index(infos, 0))->is_virtual = true;
    ((TkeReaderInfo *) g_ptr_array_index(infos, 1))->is_virtual = true;
    mixed = tke_readers_assign(infos, &choice);
    ck_assert_ptr_null(mixed->reader[0]);
    ck_assert_str_eq(mixed->reader[1]->name, "C");

    ((TkeReaderInfo *) g_ptr_array_index(infos, 2))->is_virtual = true;
    all = tke_readers_assign(infos, &choice);
    ck_assert_str_eq(all->reader[0]->name, "A");
    ck_assert_str_eq(all->reader[1]->name, "C");
}
END_TEST

START_TEST(test_readers_with_keypad_come_before_those_without)
{
    static const char *const names[] = { "A", "1", "B", "2", "C", "3", NULL };
    g_autoptr(GPtrArray) infos = make_infos(names);
    const TkeReaderChoice choice = { .key = { NULL, "1" } };
    g_autoptr(TkeReaders) readers = NULL;
    g_autoptr(TkeReaders) wanted = NULL;

    ((TkeReaderInfo *) g_ptr_array_index(infos, 0))->no_keypad = true;
    readers = tke_readers_assign(infos, NULL);
    ck_assert_str_eq(readers->reader[0]->name, "B");
    ck_assert_str_eq(readers->reader[1]->name, "C");
    wanted = tke_readers_assign(infos, &choice); /* somebody wants it so */
    ck_assert_str_eq(wanted->reader[1]->name, "A");
}
END_TEST

START_TEST(test_too_few_readers_are_said_so)
{
    static const char *const one[] = { "A", "1", NULL };
    static const char *const none[] = { NULL };
    g_autoptr(GPtrArray) infos = make_infos(one);
    g_autoptr(GPtrArray) nothing = make_infos(none);
    g_autoptr(TkeReaders) single = tke_readers_assign(infos, NULL);
    g_autoptr(TkeReaders) empty = tke_readers_assign(nothing, NULL);
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info = { 0 };

    ck_assert(!tke_readers_need_both(single, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
    ck_assert_ptr_nonnull(strstr(error->message, "only one"));
    g_clear_error(&error);
    ck_assert(!tke_readers_need_both(empty, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "no card reader"));
    g_clear_error(&error);
    ck_assert_ptr_nonnull(tke_readers_get(single, 1, NULL));
    ck_assert_ptr_null(tke_readers_get(single, 2, &error));
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_uint_eq(info.reader_number, 2);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_readers_are_numbered_by_name_unless_remembered);
    tcase_add_test(tests, test_a_reader_is_remembered_by_serial_number_port_or_name);
    tcase_add_test(tests, test_a_reader_is_named_by_model_and_place);
    tcase_add_test(tests, test_a_remembered_port_survives_another_order_of_plugging_in);
    tcase_add_test(tests,
                   test_equal_readers_are_numbered_by_their_ports_in_any_order_of_plugging_in);
    tcase_add_loop_test(tests, test_readers_that_cannot_be_told_apart_get_no_number_by_their_order,
                        0, G_N_ELEMENTS(equal));
    tcase_add_test(tests, test_readers_of_other_models_are_numbered_beside_equal_ones);
    tcase_add_test(tests, test_virtual_readers_get_no_number_beside_a_real_one);
    tcase_add_test(tests, test_readers_with_keypad_come_before_those_without);
    tcase_add_test(tests, test_too_few_readers_are_said_so);
}

int
main(void)
{
    return test_main("reader", add_tests);
}
