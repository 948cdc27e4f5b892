/*
 * Issuer keys from files.
 */
#include "libsmartcard/gp-key-set.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "tests/support/key-set-text.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define ENC "000102030405060708090a0b0c0d0e0f"
#define MAC "101112131415161718191a1b1c1d1e1f"
#define DEK "202122232425262728292A2B2C2D2E2F"
#define THREE "enc = " ENC "\nmac = " MAC "\ndek = " DEK "\n"

START_TEST(test_a_file_gives_its_three_keys)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeGpKeySet) keys =
        key_set_from_text("# a lot\r\n\n  enc=" ENC "\r\n\tmac\t=  " MAC "  \ndek = " DEK
                          "\nversion = 3a\nprotocol=03\nlevel = 33",
                          &error);

    ck_assert_msg(keys != NULL, "%s", error != NULL ? error->message : "");
    test_bytes_check_secret(tke_gp_key_set_get_key(keys, TKE_GP_KEY_ENC), ENC);
    test_bytes_check_secret(tke_gp_key_set_get_key(keys, TKE_GP_KEY_MAC), MAC);
    test_bytes_check_secret(tke_gp_key_set_get_key(keys, TKE_GP_KEY_DEK),
                            "202122232425262728292a2b2c2d2e2f");
    ck_assert_uint_eq(tke_gp_key_set_get_version(keys), 0x3A);
    ck_assert_uint_eq(tke_gp_key_set_get_protocol(keys), 3);
    ck_assert_uint_eq(tke_gp_key_set_get_level(keys), 0x33);
    ck_assert(!tke_gp_key_set_is_default(keys));
    ck_assert_str_eq(tke_gp_key_set_get_name(keys), "keys.txt");
}
END_TEST

START_TEST(test_what_is_not_said_is_left_to_the_card)
{
    g_autoptr(TkeGpKeySet) keys = key_set_from_text(THREE, NULL);

    ck_assert_ptr_nonnull(keys);
    ck_assert_uint_eq(tke_gp_key_set_get_version(keys), 0);
    ck_assert_uint_eq(tke_gp_key_set_get_protocol(keys), 0);
    ck_assert_uint_eq(tke_gp_key_set_get_level(keys), 0x03);
}
END_TEST

START_TEST(test_the_default_keys_are_the_makers_test_keys)
{
    /* The check value of 40..4F as an AES key is 504A77 (kaoh/globalplatform, issue 73). */
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);

    for (unsigned i = 0; i < TKE_GP_KEYS; i++) {
        test_bytes_check_secret(tke_gp_key_set_get_key(keys, i),
                                "404142434445464748494a4b4c4d4e4f");
    }
    test_bytes_check(tke_gp_key_set_get_mark(keys), TKE_GP_KEY_SET_MARK, "504a77504a77504a77");
    ck_assert(tke_gp_key_set_is_default(keys));
}
END_TEST

START_TEST(test_wrong_files_are_refused_without_telling_a_key)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        { THREE "enc = " ENC "\n", "line 4: this key is given twice" },
        { "enc = " ENC "\nmac = " MAC "\n", "the key “dek” is missing" },
        { "enc = 0001\n", "line 1: a key has 32, 48 or 64" },
        { "enc = 000102030405060708090a0b0c0d0eXY\n", "line 1: character 31" },
        { "mac = " MAC "\nenc " ENC "\n", "line 2: “name = value” is wanted" },
        { "key = " ENC "\n", "line 1: known are enc, mac, dek" },
        { THREE "version = 100\n", "line 4: two hexadecimal digits" },
        { THREE "protocol = 01\n", "line 4: the protocol is 02 or 03" },
        { THREE "level = 02\n", "line 4: the protocol is 02 or 03, the level 01" },
        { "enc = " ENC ENC "\nmac = " MAC "\ndek = " DEK "\n", "have one length" },
        { "enc = " ENC ENC "\nmac = " MAC MAC "\ndek = " DEK DEK "\nprotocol = 02",
          "with protocol 02 32 digits" },
        { "=" ENC, "line 1: known are" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(key_set_from_text(cases[i].text, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
        ck_assert_msg(strstr(error->message, cases[i].why) != NULL, "%s", error->message);
        ck_assert_ptr_nonnull(strstr(error->message, "keys.txt"));
        ck_assert_ptr_null(strstr(error->message, "0001"));
        ck_assert_ptr_null(strstr(error->message, "XY"));
    }
}
END_TEST

/* Loads a file of this mode; NULL with error set. */
static TkeGpKeySet *
load(const char *path, unsigned mode, GError **error)
{
    ck_assert(g_file_set_contents(path, THREE, -1, NULL));
    ck_assert_int_eq(chmod(path, (mode_t) mode), 0);
    return tke_gp_key_set_load(path, error);
}

START_TEST(test_only_a_file_of_the_user_alone_is_read)
{
    static const unsigned others[] = { 0640, 0604, 0660, 0610, 0602 };
    g_autofree char *dir = g_dir_make_tmp("opentke-keys-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "keys.txt", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeGpKeySet) keys = load(path, 0600, &error);
    g_autoptr(TkeGpKeySet) read_only = load(path, 0400, &error);

    ck_assert_msg(keys != NULL && read_only != NULL, "%s", error != NULL ? error->message : "");
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        ck_assert_ptr_null(load(path, others[i], &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
        ck_assert_ptr_nonnull(strstr(error->message, "chmod 600"));
        g_clear_error(&error);
    }
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(symlink(path, link), 0);
    ck_assert_ptr_null(tke_gp_key_set_load(link, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
    g_clear_error(&error);
    ck_assert_ptr_null(tke_gp_key_set_load(dir, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
    g_clear_error(&error);
    unlink(path);
    ck_assert_ptr_null(tke_gp_key_set_load(path, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
    unlink(link);
    rmdir(dir);
}
END_TEST

START_TEST(test_a_file_of_another_user_or_of_a_wrong_size_is_refused)
{
    g_autofree char *dir = g_dir_make_tmp("opentke-keys-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "keys.txt", NULL);
    g_autofree char *large = g_strnfill(5000, '#');
    g_autoptr(GError) error = NULL;

    ck_assert(g_file_set_contents(path, "", 0, NULL));
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_ptr_null(tke_gp_key_set_load(path, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
    g_clear_error(&error);
    ck_assert(g_file_set_contents(path, large, -1, NULL));
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_ptr_null(tke_gp_key_set_load(path, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
    g_clear_error(&error);
    if (geteuid() == 0) { /* only root can give files away */
        g_autoptr(TkeGpKeySet) own = load(path, 0600, NULL);

        ck_assert_ptr_nonnull(own);
        ck_assert_int_eq(chown(path, 12345, 12345), 0);
        ck_assert_ptr_null(tke_gp_key_set_load(path, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
        ck_assert_ptr_nonnull(strstr(error->message, "another user"));
    }
    unlink(path);
    rmdir(dir);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_file_gives_its_three_keys);
    tcase_add_test(tests, test_what_is_not_said_is_left_to_the_card);
    tcase_add_test(tests, test_the_default_keys_are_the_makers_test_keys);
    tcase_add_test(tests, test_wrong_files_are_refused_without_telling_a_key);
    tcase_add_test(tests, test_only_a_file_of_the_user_alone_is_read);
    tcase_add_test(tests, test_a_file_of_another_user_or_of_a_wrong_size_is_refused);
}

int
main(void)
{
    return test_main("gp-key-set", add_tests);
}
