/*
 * Who a reader is, by its name, by what it says, and by where it is plugged in.
 */
#include <check.h>
#include <string.h>

#include <glib/gstdio.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/pcsc-transport-reader.h"
#include "libsmartcard/pin-pad.h"
#include "libsmartcard/reader.h"
#include "tests/support/fake-pcsc.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define NAME "Identiv SPR332 v2 [CCID Interface] (55011932) 00 00"

static const struct {
    const char *name;
    const char *model;
    const char *serial;
} names[] = {
    { NAME, "Identiv SPR332 v2", "55011932" },
    { "Identiv SPR332 v2 [CCID Interface] (55011932) 1F 01", "Identiv SPR332 v2", "55011932/1" },
    { "REINER SCT cyberJack one 00 00", "REINER SCT cyberJack one", "" },
    { "Reader (v2) here 00 00", "Reader (v2) here", "" },
    { "Reader (A) (B) 00 00", "Reader (A)", "B" },
    { "Reader () 00 00", "Reader", "" },
    { "Reader (0000) 00 00", "Reader", "" },
    { "(X) 00 00", "(X)", "" },
    { "Reader 00", "Reader 00", "" },
    { "00 00", "00 00", "" },
    { " 00 00", " 00 00", "" },
    { "", "", "" },
    { "Bad \x1b[31mred\xff (S\x07N) 00 00", "Bad ?[31mred\xef\xbf\xbd", "S?N" },
};

START_TEST(test_names_are_taken_apart)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *model = tke_pcsc_reader_dup_model(names[i].name);
        TkePcscIdentity identity = { 0 };

        tke_pcsc_identity_from_name(names[i].name, &identity);
        ck_assert_str_eq(model, names[i].model);
        ck_assert_str_eq(identity.serial, names[i].serial);
        ck_assert_str_eq(identity.port, "");
        ck_assert(!identity.known);
        tke_pcsc_identity_clear(&identity);
    }
}
END_TEST

static const struct {
    const char *path;
    const char *port; /* NULL: is none */
} paths[] = {
    { "1-1.3.2:1.0", "usb:1-1.3.2" },
    { "1-1.3.2:1.1", "usb:1-1.3.2/i1" },
    { "3-7", "usb:3-7" },
    { "", NULL },
    { "1-1:", "usb:1-1" },
    { "1-1:1.0;rm", NULL },
    { "../../etc", NULL },
    { "12", NULL },
    { "1-1/2:1.0", NULL },
    { ":1.0", NULL },
    { "1-1\x1b:1.0", NULL },
    { "-:1.0", NULL },
    { "-1.1:1.0", NULL },
    { "1-:1.0", NULL },
    { "1-1..2:1.0", NULL },
    { "1-1.:1.0", NULL },
    { "1-1-2:1.0", NULL },
    { "1.1-2:1.0", NULL },
};

START_TEST(test_usb_paths_are_checked)
{
    g_autofree char *longest = g_strnfill(200, '1');

    longest[1] = '-';
    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *port =
            tke_pcsc_reader_parse_usb_path((const uint8_t *) paths[i].path, strlen(paths[i].path));

        ck_assert_msg(g_strcmp0(port, paths[i].port) == 0, "%s: %s", paths[i].path, port);
    }
    ck_assert_ptr_null(tke_pcsc_reader_parse_usb_path((const uint8_t *) longest, strlen(longest)));
}
END_TEST

static void
make_device(const char *sysfs, const char *name, const char *bus, const char *device)
{
    g_autofree char *dir = g_build_filename(sysfs, "bus", "usb", "devices", name, NULL);
    g_autofree char *bus_path = g_build_filename(dir, "busnum", NULL);
    g_autofree char *device_path = g_build_filename(dir, "devnum", NULL);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
    ck_assert(g_file_set_contents(bus_path, bus, -1, NULL));
    ck_assert(g_file_set_contents(device_path, device, -1, NULL));
}

START_TEST(test_the_port_is_found_by_bus_and_address)
{
    g_autofree char *sysfs = g_dir_make_tmp("tke-sys-XXXXXX", NULL);
    g_autofree char *port = NULL;

    make_device(sysfs, "usb1", "1\n", "1\n");
    make_device(sysfs, "1-1", "1\n", "4\n");
    make_device(sysfs, "2-1.4", "2\n", "4\n");
    make_device(sysfs, "2-1.4:1.0", "2\n", "4\n");
    port = tke_pcsc_reader_find_usb_port(sysfs, 0x00200204u);

    ck_assert_str_eq(port, "usb:2-1.4");
    ck_assert_ptr_null(tke_pcsc_reader_find_usb_port(sysfs, 0x00200205u));
    ck_assert_ptr_null(tke_pcsc_reader_find_usb_port(sysfs, 0x00010204u));
    ck_assert_ptr_null(tke_pcsc_reader_find_usb_port(sysfs, 0x00200000u));
    ck_assert_ptr_null(tke_pcsc_reader_find_usb_port("/nonexistent", 0x00200204u));
}
END_TEST

/* Identity of a reader asked directly; the caller clears it. */
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

START_TEST(test_a_reader_tells_who_it_is)
{
    FakePcscReader *reader = NULL;
    TkePcscIdentity identity = { 0 };

    fake_pcsc_reset();
    reader = fake_pcsc_add("Reader [X] (old) 00 01");
    reader->serial = "A-17 ";
    reader->usb_path = "1-1.3:1.0";
    reader->vendor = "Identiv";
    ask(reader->name, &identity);

    ck_assert(identity.known);
    ck_assert(!identity.is_virtual);
    ck_assert_str_eq(identity.serial, "A-17/1");
    ck_assert_str_eq(identity.port, "usb:1-1.3/1");
    ck_assert(!identity.is_extended);
    ck_assert(identity.no_keypad);
    tke_pcsc_identity_clear(&identity);
    reader->features = "060442330006070442330007";
    ask(reader->name, &identity);
    ck_assert(!identity.no_keypad);
    tke_pcsc_identity_clear(&identity);
    reader->features = "060442330006"; /* sets and changes no PINs */
    ask(reader->name, &identity);
    ck_assert(identity.no_keypad);
    tke_pcsc_identity_clear(&identity);
}
END_TEST

static const struct {
    const char *vendor;
    bool is_virtual;
} vendors[] = { { "OpenTKE", true },  { "OpenTKE Inc", false },
                { "opentke", false }, { "OpenTK", false },
                { "", false },        { NULL, false } };

START_TEST(test_only_the_vendor_attribute_makes_a_reader_virtual)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(vendors); i++) {
        TkePcscIdentity identity = { 0 };
        FakePcscReader *reader = NULL;

        fake_pcsc_reset();
        reader = fake_pcsc_add("OpenTKE Virtual PIN Pad Reader 00 00");
        reader->vendor = vendors[i].vendor;
        ask(reader->name, &identity);

        ck_assert_msg(identity.is_virtual == vendors[i].is_virtual, "%s", vendors[i].vendor);
        tke_pcsc_identity_clear(&identity);
    }
}
END_TEST

static const struct {
    const char *features; /* with the TLV properties under 42330012 */
    const char *properties;
    uint32_t max_input;
    bool is_extended;
} lengths[] = {
    { "120442330012", "0a0400000100", 261, true },    /* driver splits for a TPDU reader */
    { "120442330012", "0a0400000000", 65544, false }, /* short APDUs only, said so */
    { "120442330012", "0a04ff030000", 65544, false }, /* 1023 bytes: less than a card's buffer */
    { "120442330012", "0a0400040000", 0, true },
    { "120442330012", "0a03000100", 261, false },  /* malformed, and the attribute says no */
    { "120442330012", "0a04000001", 65544, true }, /* cut: not told, so the attribute counts */
    { "1204423300", NULL, 65544, true },           /* cut feature list */
    { NULL, NULL, 65544, true },
    { NULL, NULL, 261, false },
    { NULL, NULL, 1032, false },
    { NULL, NULL, 1033, true },
    { NULL, NULL, 0, false },
};

START_TEST(test_extended_length_is_used_only_where_the_reader_carries_it)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
        TkePcscIdentity identity = { 0 };
        FakePcscReader *reader = NULL;

        fake_pcsc_reset();
        reader = fake_pcsc_add(NAME);
        reader->features = lengths[i].features;
        reader->properties = lengths[i].properties;
        reader->max_input = lengths[i].max_input;
        ask(reader->name, &identity);

        ck_assert_msg(identity.is_extended == lengths[i].is_extended, "row %u", i);
        tke_pcsc_identity_clear(&identity);
    }
}
END_TEST

/* As long as what is asked for later takes: neither earlier nor later is a keypad denied that is
 * there. */
START_TEST(test_feature_lists_of_up_to_512_bytes_are_read)
{
    static const size_t lens[] = { 264, 265, 511, 512, 513 };

    for (unsigned i = 0; i < G_N_ELEMENTS(lens); i++) {
        g_autofree char *list = fake_pcsc_dup_features(lens[i]);
        TkePcscIdentity identity = { 0 };
        FakePcscReader *reader = NULL;
        TkeCardSource *source = NULL;
        TkePinPad pad = { 0 };
        g_autoptr(GError) error = NULL;

        fake_pcsc_reset();
        reader = fake_pcsc_add(NAME);
        reader->features = list;
        ask(reader->name, &identity);

        ck_assert_msg(identity.no_keypad == (lens[i] > TKE_PIN_PAD_ANSWER_MAX), "%zu", lens[i]);
        tke_pcsc_identity_clear(&identity);
        source = tke_pcsc_transport_new_on(&fake_pcsc_api, NULL);
        if (lens[i] <= TKE_PIN_PAD_ANSWER_MAX) {
            ck_assert(tke_pin_pad_query_reader(source, NAME, &pad, &error));
        } else {
            ck_assert(!tke_pin_pad_query_reader(source, NAME, &pad, &error));
            test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION);
            ck_assert_msg(strstr(error->message, "513 bytes, at most 512") != NULL, "%s",
                          error->message);
        }
        source->ops->free(source);
    }
}
END_TEST

START_TEST(test_answers_of_impossible_length_are_not_believed)
{
    static const FakePcscFunction functions[] = { FAKE_PCSC_ATTRIBUTE, FAKE_PCSC_CONTROL };
    static const DWORD sizes[] = { 0, 513, 70000, (DWORD) -1 };

    for (unsigned i = 0; i < G_N_ELEMENTS(functions) * G_N_ELEMENTS(sizes); i++) {
        FakePcscReader *reader = NULL;
        TkePcscIdentity identity = { 0 };

        fake_pcsc_reset();
        reader = fake_pcsc_add("Reader (N) 00 00");
        reader->serial = "A-17";
        reader->usb_path = "1-1.3:1.0";
        reader->features = "120442330012";
        reader->properties = "0a0400000100";
        fake_pcsc_lie(functions[i % 2], sizes[i / 2]);
        ask(reader->name, &identity);

        ck_assert_str_eq(identity.serial, i % 2 == 0 ? "N" : "A-17");
        ck_assert_str_eq(identity.port, i % 2 == 0 ? "usb:1-1.3" : "");
        ck_assert(identity.is_extended == (i % 2 == 0));
        tke_pcsc_identity_clear(&identity);
    }
}
END_TEST

START_TEST(test_a_reader_that_goes_or_is_kept_from_us_while_it_is_asked_is_not_known)
{
    static const LONG codes[] = { SCARD_E_UNKNOWN_READER, SCARD_E_SHARING_VIOLATION,
                                  SCARD_E_INVALID_VALUE, SCARD_E_NO_SERVICE };

    for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++) {
        TkePcscIdentity identity = { 0 };

        fake_pcsc_reset();
        (void) fake_pcsc_add(NAME);
        fake_pcsc_fail(FAKE_PCSC_STATUS, 0, 1, codes[i]);
        ask(NAME, &identity);

        ck_assert(!identity.known);
        tke_pcsc_identity_clear(&identity);
    }
}
END_TEST

START_TEST(test_a_reader_is_asked_once_and_again_after_it_was_forgotten)
{
    FakePcscReader *reader = NULL;
    TkePcscIdentity identity = { 0 };

    fake_pcsc_reset();
    reader = fake_pcsc_add(NAME);
    reader->serial = "1";
    for (unsigned i = 0; i < 3; i++) {
        tke_pcsc_identity_find(&fake_pcsc_api, NAME, &identity);
        ck_assert_str_eq(identity.serial, "1");
        tke_pcsc_identity_clear(&identity);
    }
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_CONNECT), 1);
    ck_assert_uint_eq(fake_pcsc_handles(), 0);
    ck_assert_uint_eq(fake_pcsc_contexts(), 0);

    reader->serial = "2";
    tke_pcsc_identity_forget(&fake_pcsc_api, NAME);
    tke_pcsc_identity_find(&fake_pcsc_api, NAME, &identity);
    ck_assert_str_eq(identity.serial, "2");
    tke_pcsc_identity_clear(&identity);
}
END_TEST

START_TEST(test_a_reader_that_is_held_goes_by_its_name_until_it_can_be_asked)
{
    FakePcscReader *reader = NULL;
    TkePcscIdentity identity = { 0 };

    fake_pcsc_reset();
    reader = fake_pcsc_add(NAME);
    reader->usb_path = "1-1:1.0";
    reader->held = true;
    tke_pcsc_identity_find(&fake_pcsc_api, NAME, &identity);
    ck_assert(!identity.known);
    ck_assert_str_eq(identity.serial, "55011932");
    ck_assert_str_eq(identity.port, "");
    tke_pcsc_identity_clear(&identity);

    reader->held = false;
    tke_pcsc_identity_find(&fake_pcsc_api, NAME, &identity);
    ck_assert(identity.known);
    ck_assert_str_eq(identity.port, "usb:1-1");
    tke_pcsc_identity_clear(&identity);
}
END_TEST

START_TEST(test_an_answer_that_comes_after_the_reader_was_unplugged_is_not_kept)
{
    FakePcscReader *reader = NULL;
    TkePcscIdentity identity = { 0 };

    fake_pcsc_reset();
    reader = fake_pcsc_add(NAME);
    reader->serial = "1";
    fake_pcsc_block(FAKE_PCSC_CONNECT, true);
    tke_pcsc_identity_find(&fake_pcsc_api, NAME, &identity); /* gives up after a moment */
    ck_assert(!identity.known);
    tke_pcsc_identity_clear(&identity);
    tke_pcsc_identity_find(&fake_pcsc_api, NAME, &identity); /* one is asking: not another one */
    tke_pcsc_identity_clear(&identity);
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_CONNECT), 1);

    tke_pcsc_identity_forget(&fake_pcsc_api, NAME);
    fake_pcsc_block(FAKE_PCSC_CONNECT, false);
    for (unsigned i = 0; i < 500 && fake_pcsc_count(FAKE_PCSC_RELEASE) < 1; i++) {
        g_usleep(10000);
    }
    g_usleep(50000);
    ck_assert(!tke_pcsc_identity_recall(&fake_pcsc_api, NAME, &identity));
}
END_TEST

/* Between two looks of anybody. */
static void
replug(FakePcscReader *reader)
{
    fake_pcsc_set_plugged(reader, false);
    fake_pcsc_set_plugged(reader, true);
}

static void
place(FakePcscReader *reader, const char *usb_path, const char *serial)
{
    reader->usb_path = usb_path;
    reader->serial = serial;
}

static GPtrArray *
need_two(TkeCardSource *source)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *readers = source->ops->list(source, &error);

    ck_assert_msg(readers != NULL, "%s", error != NULL ? error->message : "no error");
    ck_assert_uint_eq(readers->len, 2);
    return readers;
}

static void
check_swapped(GPtrArray *before, GPtrArray *after)
{
    for (guint i = 0; i < 2; i++) {
        const TkeReaderInfo *was = g_ptr_array_index(before, i);
        const TkeReaderInfo *same_name = g_ptr_array_index(after, i);
        g_autofree char *key = tke_reader_dup_key(was);
        g_autofree char *elsewhere = tke_reader_dup_key(g_ptr_array_index(after, 1 - i));

        ck_assert_str_eq(key, elsewhere);
        ck_assert_uint_ne(was->events, same_name->events);
    }
}

/* pcscd's numbers change hands, ours may not. With serial numbers or ports; by hand or by a new
 * pcscd. */
START_TEST(test_equal_readers_that_swap_their_names_keep_who_they_are)
{
    const bool by_serial = _i % 2 == 1;
    const bool restarted = _i / 2 == 1;
    TkeCardSource *source = NULL;
    FakePcscReader *first = NULL;
    FakePcscReader *second = NULL;
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) after = NULL;

    fake_pcsc_reset();
    first = fake_pcsc_add("Reader 00 00");
    second = fake_pcsc_add("Reader 01 00");
    place(first, "1-1:1.0", by_serial ? "A1" : NULL);
    place(second, "1-2:1.0", by_serial ? "B2" : NULL);
    fake_pcsc_insert(first);
    fake_pcsc_insert(second);
    source = tke_pcsc_transport_new_on(&fake_pcsc_api, NULL);
    before = need_two(source);
    if (restarted) {
        fake_pcsc_kill();
        first->counter = 9; /* no lower than before */
        second->counter = 9;
        fake_pcsc_start();
    } else {
        replug(first);
        replug(second);
    }
    place(first, "1-2:1.0", by_serial ? "B2" : NULL);
    place(second, "1-1:1.0", by_serial ? "A1" : NULL);
    after = need_two(source);
    check_swapped(before, after);
    source->ops->free(source);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_names_are_taken_apart);
    tcase_add_test(tests, test_usb_paths_are_checked);
    tcase_add_test(tests, test_the_port_is_found_by_bus_and_address);
    tcase_add_test(tests, test_a_reader_tells_who_it_is);
    tcase_add_test(tests, test_only_the_vendor_attribute_makes_a_reader_virtual);
    tcase_add_test(tests, test_extended_length_is_used_only_where_the_reader_carries_it);
    tcase_add_test(tests, test_feature_lists_of_up_to_512_bytes_are_read);
    tcase_add_test(tests, test_answers_of_impossible_length_are_not_believed);
    tcase_add_test(tests,
                   test_a_reader_that_goes_or_is_kept_from_us_while_it_is_asked_is_not_known);
    tcase_add_test(tests, test_a_reader_is_asked_once_and_again_after_it_was_forgotten);
    tcase_add_test(tests, test_a_reader_that_is_held_goes_by_its_name_until_it_can_be_asked);
    tcase_add_test(tests, test_an_answer_that_comes_after_the_reader_was_unplugged_is_not_kept);
    tcase_add_loop_test(tests, test_equal_readers_that_swap_their_names_keep_who_they_are, 0, 4);
}

int
main(void)
{
    return test_main("pcsc-reader", add_tests);
}
