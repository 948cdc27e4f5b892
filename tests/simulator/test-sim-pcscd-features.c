/*
 * What a pcscd can is read from its --version, which has changed its words with pcsc-lite 2.2.
 */
#include "simulator/sim-pcscd-features.h"
#include "tests/support/test-main.h"

#define DEBIAN_12                                                                                  \
    "pcsc-lite version 1.9.9.\n"                                                                   \
    "Enabled features: Linux x86_64-pc-linux-gnu libsystemd serial usb libudev "                   \
    "usbdropdir=/usr/lib/pcsc/drivers ipcdir=/run/pcscd filter configdir=/etc/reader.conf.d\n"     \
    "MAX_READERNAME: 128, PCSCLITE_MAX_READERS_CONTEXTS: 16\n"
#define UBUNTU_24_04                                                                               \
    "pcsc-lite version 2.0.3.\n"                                                                   \
    "Enabled features: Linux x86_64-pc-linux-gnu libsystemd serial usb libudev polkit "            \
    "usbdropdir=/usr/lib/pcsc/drivers ipcdir=/run/pcscd filter configdir=/etc/reader.conf.d\n"     \
    "MAX_READERNAME: 128, PCSCLITE_MAX_READERS_CONTEXTS: 16\n"
#define DEBIAN_13                                                                                  \
    "pcsc-lite version 2.3.3\n"                                                                    \
    "Enabled features: USB serial filter_names libudev polkit systemd Linux x86_64 "               \
    "ipcdir=/run/pcscd usbdropdir=/usr/lib/pcsc/drivers serialconfdir=/etc/reader.conf.d\n"        \
    "MAX_READERNAME: 128, PCSCLITE_MAX_READERS_CONTEXTS: 16\n"
/* built without, in places that have the word in their names */
#define WITHOUT                                                                                    \
    "Enabled features: USB serial libudev nosystemd systemd-free polkitless Linux x86_64 "         \
    "ipcdir=/run/systemd usbdropdir=/usr/lib/libsystemd/drivers\n"

static void
check(const char *text, bool takes_socket, bool has_polkit)
{
    g_auto(SimPcscdFeatures) features = sim_pcscd_features_read(text);

    ck_assert_int_eq(features.takes_socket, takes_socket);
    ck_assert_int_eq(features.has_polkit, has_polkit);
    ck_assert_str_eq(features.run_dir, "/run/pcscd");
    ck_assert_str_eq(features.drivers_dir, "/usr/lib/pcsc/drivers");
}

START_TEST(test_every_release_that_takes_a_socket_is_known_to_do_so)
{
    check(DEBIAN_12, true, false);
    check(UBUNTU_24_04, true, true);
    check(DEBIAN_13, true, true);
}
END_TEST

START_TEST(test_only_whole_words_count)
{
    g_auto(SimPcscdFeatures) features = sim_pcscd_features_read(WITHOUT);

    ck_assert(!features.takes_socket);
    ck_assert(!features.has_polkit);
    ck_assert_str_eq(features.run_dir, "/run/systemd");
}
END_TEST

START_TEST(test_a_program_that_tells_nothing_can_nothing)
{
    g_auto(SimPcscdFeatures) features = sim_pcscd_features_read("");

    ck_assert(!features.takes_socket);
    ck_assert_ptr_null(features.run_dir);
    ck_assert_ptr_null(features.drivers_dir);
}
END_TEST

static void
add(TCase *tests)
{
    tcase_add_test(tests, test_every_release_that_takes_a_socket_is_known_to_do_so);
    tcase_add_test(tests, test_only_whole_words_count);
    tcase_add_test(tests, test_a_program_that_tells_nothing_can_nothing);
}

int
main(void)
{
    return test_main("simulator pcscd-features", add);
}
