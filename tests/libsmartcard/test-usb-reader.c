/*
 * What is plugged in and looks like a card reader.
 */
#include "libsmartcard/usb-reader.h"
#include "tests/support/test-main.h"
#include "tests/support/usb-devices.h"

START_TEST(test_devices_with_an_interface_for_smart_cards_are_found_once)
{
    g_autofree char *sysfs = g_dir_make_tmp("tke-sys-XXXXXX", NULL);
    g_autoptr(GPtrArray) readers = NULL;
    const TkeUsbReader *first = NULL;
    const TkeUsbReader *second = NULL;

    usb_devices_add(sysfs, "2-1.4", "SPR332\n", "ff\n");
    usb_devices_write(sysfs, "2-1.4:1.1", "bInterfaceClass", "ff\n");
    usb_devices_add(sysfs, "1-1", "Evil \x1b[31m\xff", "0b");
    usb_devices_add(sysfs, "1-2", "Mouse\n", "03\n");
    usb_devices_write(sysfs, "1-3:1.0", "bNothing", "");
    readers = tke_usb_reader_list(sysfs);

    ck_assert_uint_eq(readers->len, 2);
    first = g_ptr_array_index(readers, 0);
    second = g_ptr_array_index(readers, 1);
    ck_assert_str_eq(first->port, "usb:1-1");
    ck_assert_str_eq(first->product, "Evil ?[31m\xef\xbf\xbd");
    ck_assert_str_eq(second->port, "usb:2-1.4");
    ck_assert_str_eq(second->product, "SPR332");
    ck_assert_uint_eq(second->vendor_id, 0x04E6);
    ck_assert_uint_eq(second->product_id, 0xE003);
}
END_TEST

/* Numbers of vendor and product, and whether the maker's own class is a card reader's there. */
static const struct {
    const char *vendor, *product;
    unsigned n;
} own_class[] = {
    { "04e6", "e003", 1 }, /* SPR332, SPR532 */
    { "046a", "003e", 1 }, /* Cherry ST-2xxx */
    { "0c4b", "0300", 1 }, /* cyberJack pinpad, e-com */
    { "046a", "0011", 0 }, /* a keyboard of the same maker */
    { "0000", "0000", 0 }, { "ffff", "e003", 0 },
};

START_TEST(test_a_class_of_the_makers_own_counts_for_readers_that_are_known_to_have_it)
{
    g_autofree char *sysfs = g_dir_make_tmp("tke-sys-XXXXXX", NULL);
    g_autoptr(GPtrArray) readers = NULL;

    usb_devices_add_numbered(sysfs, "1-1", "Thing", own_class[_i].vendor, own_class[_i].product,
                             "ff\n");
    readers = tke_usb_reader_list(sysfs);
    ck_assert_uint_eq(readers->len, own_class[_i].n);
}
END_TEST

START_TEST(test_what_is_no_number_and_no_place_of_the_usb_is_no_reader)
{
    static const char *const classes[] = { "10000000b",           "-f5",  "0b0b0b0b",
                                           "fffffffffffffffff0b", "0x0b", "0b x" };
    static const char *const places[] = { "", "..", "usb1", "1-", "-1", "1-1..2", "\x1b[31m" };
    g_autofree char *sysfs = g_dir_make_tmp("tke-sys-XXXXXX", NULL);
    g_autoptr(GPtrArray) readers = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        g_autofree char *device = g_strdup_printf("1-%zu", i + 1);

        usb_devices_add(sysfs, device, "Thing", classes[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *interface = g_strconcat(places[i], ":1.0", NULL);

        usb_devices_write(sysfs, interface, "bInterfaceClass", "0b\n");
    }
    usb_devices_add_numbered(sysfs, "2-1", "Thing", "104e6", "ffffffff", "0b\n");
    readers = tke_usb_reader_list(sysfs);
    ck_assert_uint_eq(readers->len, 1);
    ck_assert_str_eq(((const TkeUsbReader *) readers->pdata[0])->port, "usb:2-1");
    ck_assert_uint_eq(((const TkeUsbReader *) readers->pdata[0])->vendor_id, 0);
    ck_assert_uint_eq(((const TkeUsbReader *) readers->pdata[0])->product_id, 0);
}
END_TEST

START_TEST(test_a_machine_without_a_usb_has_none)
{
    g_autoptr(GPtrArray) readers = tke_usb_reader_list("/nonexistent");

    ck_assert_uint_eq(readers->len, 0);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_devices_with_an_interface_for_smart_cards_are_found_once);
    tcase_add_loop_test(tests,
                        test_a_class_of_the_makers_own_counts_for_readers_that_are_known_to_have_it,
                        0, G_N_ELEMENTS(own_class));
    tcase_add_test(tests, test_what_is_no_number_and_no_place_of_the_usb_is_no_reader);
    tcase_add_test(tests, test_a_machine_without_a_usb_has_none);
}

int
main(void)
{
    return test_main("usb-reader", add_tests);
}
