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
    tcase_add_test(tests, test_a_machine_without_a_usb_has_none);
}

int
main(void)
{
    return test_main("usb-reader", add_tests);
}
