/*
 * Applet files: good ones, and everything that can be wrong with one.
 */
#include "libsmartcard/cap-file.h"

#include <glib/gstdio.h>
#include <unistd.h>
#include <zip.h>

#include "common/error.h"
#include "tests/support/cap-maker.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static TkeCapFile *
read_bytes(const GByteArray *bytes, GError **error)
{
    return tke_cap_file_new(bytes->data, bytes->len, "/opt/x.cap", error);
}

/* Refused with an error that names the file, says this and what to do. */
static void
check_refused_bytes(const GByteArray *bytes, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCapFile) cap = read_bytes(bytes, &error);

    ck_assert_ptr_null(cap);
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_msg(g_str_has_prefix(error->message, "applet file /opt/x.cap cannot be used: "), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, why) != NULL, "%s (wanted: %s)", error->message, why);
    ck_assert_msg(
        g_str_has_suffix(error->message, "; put the file of an OpenTKE release in its place"), "%s",
        error->message);
}

static void
check_refused(const CapMaker *maker, const char *why)
{
    g_autoptr(GByteArray) bytes = cap_maker_build(maker);

    check_refused_bytes(bytes, why);
}

START_TEST(test_components_are_put_into_loading_order)
{
    g_autoptr(CapMaker) maker = cap_maker_new("opentke/applets", 3000);
    g_autoptr(GByteArray) bytes = cap_maker_build(maker);
    g_autoptr(GByteArray) want = cap_maker_load_file(maker);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCapFile) cap = read_bytes(bytes, &error);
    const uint8_t *load_file = NULL;
    unsigned major = 0;
    unsigned minor = 0;
    size_t len = 0;

    ck_assert_msg(cap != NULL, "%s", error != NULL ? error->message : "");
    load_file = tke_cap_file_get_load_file(cap, &len);
    ck_assert_uint_eq(len, want->len);
    ck_assert_mem_eq(load_file, want->data, len);
    ck_assert(tke_gp_aid_equal(tke_cap_file_get_package(cap), &tke_gp_aid_package));
    tke_cap_file_get_version(cap, &major, &minor);
    ck_assert_uint_eq(major, 1);
    ck_assert_uint_eq(minor, 0);
    ck_assert_str_eq(tke_cap_file_get_package_name(cap), "opentke/applets");
    ck_assert_uint_eq(tke_cap_file_get_n_applets(cap), 2);
    ck_assert(tke_gp_aid_equal(tke_cap_file_get_applet(cap, 0), &tke_gp_aid_ca));
    ck_assert(tke_gp_aid_equal(tke_cap_file_get_applet(cap, 1), &tke_gp_aid_ep11));
    ck_assert(tke_cap_file_check_ours(cap, &error));
    ck_assert(!tke_cap_file_is_rehearsal(cap));
}
END_TEST

START_TEST(test_a_rehearsal_is_known_by_the_name_of_its_package)
{
    g_autoptr(CapMaker) maker = cap_maker_new(TKE_CAP_FILE_REHEARSAL, 10);
    g_autoptr(GByteArray) bytes = cap_maker_build(maker);
    g_autoptr(TkeCapFile) cap = read_bytes(bytes, NULL);

    ck_assert_ptr_nonnull(cap);
    ck_assert(tke_cap_file_is_rehearsal(cap));
}
END_TEST

START_TEST(test_an_export_component_is_loaded_and_debug_left_out)
{
    g_autoptr(CapMaker) maker = cap_maker_new(NULL, 10);
    const uint8_t export[] = { 10, 0, 1, 0 };
    const uint8_t debug[] = { 12, 0, 2, 1, 2 };
    CapEntry *directory = cap_maker_get(maker, "Directory");
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GByteArray) want = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCapFile) cap = NULL;
    size_t len = 0;

    cap_maker_add(maker, "opentke/applets/javacard/Export.cap", export, sizeof export);
    cap_maker_add(maker, "opentke/applets/javacard/Debug.cap", debug, sizeof debug);
    directory->data->data[3 + 2 * 9 + 1] = 1;
    bytes = cap_maker_build(maker);
    want = cap_maker_load_file(maker);
    cap = read_bytes(bytes, &error);
    ck_assert_msg(cap != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_mem_eq(tke_cap_file_get_load_file(cap, &len), want->data, want->len);
    ck_assert_uint_eq(len, want->len);
    ck_assert_str_eq(tke_cap_file_get_package_name(cap), "");
}
END_TEST

START_TEST(test_each_component_that_must_be_there_is_missed)
{
    static const char *const must[] = { "Header",      "Directory",    "Import",
                                        "Applet",      "Class",        "Method",
                                        "StaticField", "ConstantPool", "RefLocation" };

    for (size_t i = 0; i < G_N_ELEMENTS(must); i++) {
        g_autoptr(CapMaker) maker = cap_maker_new("x", 10);
        g_autofree char *why = g_strdup_printf("component %s is missing", must[i]);

        cap_maker_remove(maker, must[i]);
        check_refused(maker, why);
    }
}
END_TEST

START_TEST(test_every_cut_of_the_file_is_refused)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 40);
    g_autoptr(GByteArray) bytes = cap_maker_build(maker);

    for (guint len = 0; len < bytes->len; len++) {
        g_autoptr(GError) error = NULL;
        g_autofree uint8_t *copy = g_memdup2(bytes->data, len);

        ck_assert_ptr_null(tke_cap_file_new(copy, len, "x", &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_every_cut_of_a_component_is_refused)
{
    static const char *const names[] = { "Header", "Directory", "Applet", "Method" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(CapMaker) maker = cap_maker_new("x", 40);
        CapEntry *entry = cap_maker_get(maker, names[i]);

        for (guint len = entry->data->len; len-- > 0;) {
            g_byte_array_set_size(entry->data, len);
            check_refused(maker, "component");
        }
    }
}
END_TEST

START_TEST(test_sizes_and_tags_must_agree)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 40);
    CapEntry *class = cap_maker_get(maker, "Class");

    g_byte_array_append(class->data, (const uint8_t[]){ 0 }, 1);
    check_refused(maker, "component Class says it has 8 bytes and has 9");
    g_byte_array_set_size(class->data, class->data->len - 1);
    class->data->data[0] = 7;
    check_refused(maker, "component Class has tag 7 where 6 belongs");
    class->data->data[0] = 6;
    cap_maker_get(maker, "Directory")->data->data[3 + 2 * 5 + 1]++;
    check_refused(maker, "Directory says that component Class has 9 bytes, and it has 8");
}
END_TEST

START_TEST(test_a_header_that_is_none_is_refused)
{
    static const struct {
        const char *info, *why;
    } cases[] = {
        { "DECAFFEE 02 02 04 00 01 07 F04F544B450100", "Header component is none" },
        { "DECAFFED 02 03 04 00 01 07 F04F544B450100", "format 3.2" },
        { "DECAFFED 01 02 0C 00 01 07 F04F544B450100", "extended: yes" },
        { "DECAFFED 02 02 04 00 01 04 F04F544B", "names no package" },
        { "DECAFFED 02 02 04 00 01 11 F04F544B450100F04F544B450100F04F54", "names no package" },
        { "DECAFFED 02 02 04 00 01 08 F04F544B450100", "names no package" },
        { "DECAFFED 02 02 04 00 01 07 F04F544B450100 02 78", "names no package" },
        { "DECAFFED 02 02 04 00 01 07 F04F544B450100 01 78 00", "names no package" },
        { "DECAFFED 02 02 04 00 01 07 F04F544B450100 01 1B", "names no package" },
        { "DECAFFED", "Header component is none" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CapMaker) maker = cap_maker_new("x", 10);

        cap_maker_set_info(maker, "Header", cases[i].info);
        check_refused(maker, cases[i].why);
    }
}
END_TEST

START_TEST(test_a_list_of_applets_that_is_none_is_refused)
{
    static const char *const cases[] = { "",
                                         "00",
                                         "01",
                                         "01 07 F04F544B450101 00",
                                         "01 04 F04F544B 0008",
                                         "02 07 F04F544B450101 0008",
                                         "01 07 F04F544B450101 0008 00",
                                         "02 07 F04F544B450101 0008 07 F04F544B450101 0010",
                                         "11 07 F04F544B450101 0008" };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CapMaker) maker = cap_maker_new("x", 10);

        cap_maker_set_info(maker, "Applet", cases[i]);
        check_refused(maker, "Applet component lists no applets, or lists one twice");
    }
}
END_TEST

START_TEST(test_the_directory_counts_the_applets)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 10);

    cap_maker_get(maker, "Directory")->data->data[3 + 31] = 3;
    check_refused(maker, "Directory says that it has 3 applets, and it has 2");
}
END_TEST

START_TEST(test_names_that_mean_more_than_a_name_are_refused)
{
    g_auto(GStrv) names = g_strsplit("../../etc/passwd|/etc/passwd|opentke/../x|./x|a//b|a\\b|C:x|"
                                     "opentke/applets/javacard/../javacard/Export.cap|a\nb|a/..|"
                                     "\x7f|\xff\xfe\x80X/javacard/Q.cap|\xc2\x9bx|a\xe2\x80\xaex",
                                     "|", 0);

    for (size_t i = 0; names[i] != NULL; i++) {
        g_autoptr(CapMaker) maker = cap_maker_new("x", 10);

        cap_maker_add(maker, names[i], (const uint8_t *) "x", 1);
        check_refused(maker, "not a plain relative path");
    }
}
END_TEST

START_TEST(test_what_looks_like_a_component_and_is_none_is_refused)
{
    static const char *const names[] = { "opentke/applets/javacard/header.cap",
                                         "opentke/applets/javacard/Export.CAP",
                                         "opentke/applets/javacard/StaticResources.cap",
                                         "Export.cap",
                                         "opentke/applets/Export.cap",
                                         "javacard/Export.cap",
                                         "opentke/applets/javacard/.cap",
                                         "opentke/applets/javacard/Exporter.cap" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(CapMaker) maker = cap_maker_new("x", 10);

        cap_maker_add(maker, names[i], (const uint8_t *) "\x0a\0\x01", 4);
        check_refused(maker, "is no component of a CAP file");
    }
}
END_TEST

START_TEST(test_a_component_twice_or_of_another_package_is_refused)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 10);
    CapEntry *entry = cap_maker_get(maker, "Class");

    cap_maker_add(maker, "opentke/applets/javacard/Class.cap", entry->data->data, entry->data->len);
    check_refused(maker, ""); /* the ZIP library may say it first */
    g_ptr_array_remove_index(maker->entries, maker->entries->len - 1);
    cap_maker_add(maker, "other/javacard/Export.cap", (const uint8_t *) "\x0a\0\x01", 4);
    check_refused(maker, "more than one package");
    g_ptr_array_remove_index(maker->entries, maker->entries->len - 1);
    cap_maker_add(maker, "other/javacard/Class.cap", entry->data->data, entry->data->len);
    check_refused(maker, "component Class is there twice");
}
END_TEST

START_TEST(test_lies_of_the_zip_are_found)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 10);
    CapEntry *entry = cap_maker_get(maker, "Class");

    entry->spoil_crc = 1;
    check_refused(maker, "Class.cap is damaged");
    entry->spoil_crc = 0;
    entry->flags = 1;
    check_refused(maker, "is encrypted");
    entry->flags = 0;
    entry->method = 12;
    check_refused(maker, "packed in a way that applet files do not use");
    entry->method = 0;
    entry->claimed_size = 70000;
    check_refused(maker, "Class.cap");
    entry->claimed_size = 5;
    check_refused(maker, "");
    entry->claimed_size = 1000;
    check_refused(maker, "");
}
END_TEST

START_TEST(test_too_much_is_refused_before_it_is_unpacked)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 60000);
    g_autofree uint8_t *zeros = g_malloc0(TKE_CAP_FILE_MAX);
    CapEntry *filler = NULL;

    zeros[0] = 10;
    cap_maker_add(maker, "opentke/applets/javacard/Export.cap", zeros, 6000);
    check_refused(maker, "more than 65535 bytes to load");
    g_ptr_array_remove_index(maker->entries, maker->entries->len - 1);
    cap_maker_add(maker, "opentke/applets/javacard/Export.cap", zeros, 65539);
    check_refused(maker, "too large for a component");
    g_ptr_array_remove_index(maker->entries, maker->entries->len - 1);
    filler = cap_maker_add(maker, "big", zeros, TKE_CAP_FILE_MAX);
    ck_assert_ptr_nonnull(filler);
    check_refused(maker, "more than 1048576 bytes");
    g_ptr_array_remove_index(maker->entries, maker->entries->len - 1);
    for (unsigned i = 0; i < TKE_CAP_FILE_ENTRIES_MAX; i++) {
        g_autofree char *name = g_strdup_printf("f%u", i);

        cap_maker_add(maker, name, NULL, 0);
    }
    check_refused(maker, "more than 512 entries");
}
END_TEST

/* The file again with every entry deflated. */
static GByteArray *
deflate(const GByteArray *stored, const char *bomb, size_t bomb_len)
{
    zip_error_t reason;
    zip_source_t *in = NULL;
    zip_t *zip = NULL;
    zip_stat_t info;
    GByteArray *out = g_byte_array_new();
    g_autofree uint8_t *zeros = g_malloc0(bomb_len + 1);

    zip_error_init(&reason);
    in = zip_source_buffer_create(stored->data, stored->len, 0, &reason);
    zip = zip_open_from_source(in, 0, &reason);
    ck_assert_ptr_nonnull(zip);
    if (bomb != NULL) {
        zip_source_t *source = zip_source_buffer(zip, zeros, bomb_len, 0);

        ck_assert_int_ge(zip_file_add(zip, bomb, source, 0), 0);
    }
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); i++) {
        ck_assert_int_eq(zip_set_file_compression(zip, (zip_uint64_t) i, ZIP_CM_DEFLATE, 9), 0);
    }
    zip_source_keep(in);
    ck_assert_int_eq(zip_close(zip), 0);
    ck_assert_int_eq(zip_source_stat(in, &info), 0);
    ck_assert_int_eq(zip_source_open(in), 0);
    g_byte_array_set_size(out, (guint) info.size);
    ck_assert_int_eq(zip_source_read(in, out->data, info.size), (zip_int64_t) info.size);
    zip_source_close(in);
    zip_source_free(in);
    return out;
}

START_TEST(test_deflated_components_are_the_same)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 20000);
    g_autoptr(GByteArray) stored = cap_maker_build(maker);
    g_autoptr(GByteArray) bytes = deflate(stored, NULL, 0);
    g_autoptr(GByteArray) want = cap_maker_load_file(maker);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCapFile) cap = read_bytes(bytes, &error);
    size_t len = 0;

    ck_assert_uint_lt(bytes->len, stored->len);
    ck_assert_msg(cap != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_mem_eq(tke_cap_file_get_load_file(cap, &len), want->data, want->len);
    ck_assert_uint_eq(len, want->len);
}
END_TEST

START_TEST(test_a_small_file_that_would_grow_is_refused)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 10);
    g_autoptr(GByteArray) stored = cap_maker_build(maker);
    g_autoptr(GByteArray) bytes = deflate(stored, "opentke/applets/javacard/Export.cap", 100000000);

    ck_assert_uint_lt(bytes->len, TKE_CAP_FILE_MAX);
    check_refused_bytes(bytes, "too large for a component");
}
END_TEST

START_TEST(test_a_flipped_byte_never_gets_onto_a_card)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 30);
    g_autoptr(GByteArray) bytes = cap_maker_build(maker);
    g_autoptr(GByteArray) want = cap_maker_load_file(maker);
    unsigned taken = 0;

    for (guint i = 0; i < bytes->len; i++) {
        g_autoptr(TkeCapFile) cap = NULL;

        bytes->data[i] ^= 0x10;
        cap = read_bytes(bytes, NULL);
        if (cap != NULL) {
            size_t len = 0;
            const uint8_t *load_file = tke_cap_file_get_load_file(cap, &len);

            ck_assert_uint_eq(len, want->len);
            ck_assert_mem_eq(load_file, want->data, len);
            taken++;
        }
        bytes->data[i] ^= 0x10;
    }
    ck_assert_uint_lt(taken, bytes->len / 2); /* times, attributes, what is not loaded */
}
END_TEST

START_TEST(test_a_package_that_is_not_ours_is_refused)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 10);
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(TkeCapFile) cap = NULL;
    g_autoptr(TkeCapFile) other = NULL;
    g_autoptr(GError) error = NULL;

    cap_maker_set_info(maker, "Header", "DECAFFED 02 02 04 00 01 07 F04F544B450200");
    bytes = cap_maker_build(maker);
    cap = read_bytes(bytes, NULL);
    ck_assert_ptr_nonnull(cap);
    ck_assert(!tke_cap_file_check_ours(cap, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_ptr_nonnull(strstr(error->message, "package F04F544B450200"));
    g_clear_error(&error);
    cap_maker_set_info(maker, "Header", "DECAFFED 02 02 04 00 01 07 F04F544B450100");
    cap_maker_set_info(maker, "Applet", "01 07 F04F544B450102 0008");
    g_byte_array_unref(g_steal_pointer(&bytes));
    bytes = cap_maker_build(maker);
    other = read_bytes(bytes, NULL);
    ck_assert_ptr_nonnull(other);
    ck_assert(!tke_cap_file_check_ours(other, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_a_file_is_read_from_its_path)
{
    g_autoptr(CapMaker) maker = cap_maker_new("x", 10);
    g_autoptr(GByteArray) bytes = cap_maker_build(maker);
    g_autofree char *dir = g_dir_make_tmp("opentke-cap-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "a.cap", NULL);
    g_autofree char *none = g_build_filename(dir, "b.cap", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCapFile) cap = NULL;

    ck_assert(g_file_set_contents(path, (const char *) bytes->data, bytes->len, NULL));
    cap = tke_cap_file_load(path, &error);
    ck_assert_msg(cap != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_ptr_null(tke_cap_file_load(none, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(error->message, "b.cap"));
    unlink(path);
    rmdir(dir);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_components_are_put_into_loading_order);
    tcase_add_test(tests, test_a_rehearsal_is_known_by_the_name_of_its_package);
    tcase_add_test(tests, test_an_export_component_is_loaded_and_debug_left_out);
    tcase_add_test(tests, test_each_component_that_must_be_there_is_missed);
    tcase_add_test(tests, test_every_cut_of_the_file_is_refused);
    tcase_add_test(tests, test_every_cut_of_a_component_is_refused);
    tcase_add_test(tests, test_sizes_and_tags_must_agree);
    tcase_add_test(tests, test_a_header_that_is_none_is_refused);
    tcase_add_test(tests, test_a_list_of_applets_that_is_none_is_refused);
    tcase_add_test(tests, test_the_directory_counts_the_applets);
    tcase_add_test(tests, test_names_that_mean_more_than_a_name_are_refused);
    tcase_add_test(tests, test_what_looks_like_a_component_and_is_none_is_refused);
    tcase_add_test(tests, test_a_component_twice_or_of_another_package_is_refused);
    tcase_add_test(tests, test_lies_of_the_zip_are_found);
    tcase_add_test(tests, test_too_much_is_refused_before_it_is_unpacked);
    tcase_add_test(tests, test_deflated_components_are_the_same);
    tcase_add_test(tests, test_a_small_file_that_would_grow_is_refused);
    tcase_add_test(tests, test_a_flipped_byte_never_gets_onto_a_card);
    tcase_add_test(tests, test_a_package_that_is_not_ours_is_refused);
    tcase_add_test(tests, test_a_file_is_read_from_its_path);
}

int
main(void)
{
    return test_main("cap-file", add_tests);
}
