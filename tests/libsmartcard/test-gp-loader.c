/*
 * Loading an applet: what the card is told, and what is left after a failure.
 */
#include "libsmartcard/gp-loader.h"

#include "libsmartcard/card-error.h"
#include "tests/libsmartcard/gp-manager.h"
#include "tests/support/cap-maker.h"
#include "tests/support/test-main.h"

#define DELETE_PACKAGE "80E40080094F07F04F544B45010000"
#define FOR_LOAD "80E602000C07F04F544B4501000000000000"
#define INSTALL_EP11 "80E60C001E07F04F544B45010007F04F544B45010207F04F544B450102010002C9000000"
#define ROOM 239u

typedef struct Loading {
    Manager manager;
    TkeCapFile *cap;
    GPtrArray *blocks; /* of LOAD, as plain hex */
    unsigned calls;    /* of progress */
    size_t done, total;
    unsigned cancel_after; /* calls of progress; 0: never */
    GCancellable *cancellable;
    GError *left; /* what the last failure has left on the card, and why */
} Loading;

static void
on_progress(void *data, size_t done, size_t total)
{
    Loading *loading = data;

    ck_assert_uint_gt(done, loading->done);
    ck_assert_uint_le(done, total);
    loading->done = done;
    loading->total = total;
    loading->calls++;
    if (loading->calls == loading->cancel_after) {
        g_cancellable_cancel(loading->cancellable);
    }
}

/* LOAD commands for C4, length, load file, cut by hand. */
static GPtrArray *
cut_blocks(const GByteArray *load_file)
{
    GPtrArray *blocks = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GByteArray) object = g_byte_array_new();

    ck_assert(load_file->len >= 256);
    g_byte_array_append(
        object,
        (const uint8_t[]){ 0xC4, 0x82, (uint8_t) (load_file->len >> 8), (uint8_t) load_file->len },
        4);
    g_byte_array_append(object, load_file->data, load_file->len);
    for (guint at = 0; at < object->len; at += ROOM) {
        guint len = MIN(ROOM, object->len - at);
        g_autofree char *hex = tke_hex_encode(object->data + at, len);

        g_ptr_array_add(blocks,
                        g_strdup_printf("80E8%02X%02X%02X%s00", at + len == object->len ? 0x80 : 0,
                                        blocks->len, len, hex));
    }
    return blocks;
}

static void
loading_init(Loading *loading, unsigned code_len)
{
    g_autoptr(CapMaker) maker = cap_maker_new("opentke/applets", code_len);
    g_autoptr(GByteArray) zip = cap_maker_build(maker);
    g_autoptr(GByteArray) load_file = cap_maker_load_file(maker);

    manager_init(&loading->manager);
    loading->cap = tke_cap_file_new(zip->data, zip->len, "test", NULL);
    ck_assert_ptr_nonnull(loading->cap);
    loading->blocks = cut_blocks(load_file);
    loading->cancellable = g_cancellable_new();
    tke_card_set_cancellable(loading->manager.card, loading->cancellable);
}

static void
loading_clear(Loading *loading)
{
    tke_cap_file_free(loading->cap);
    g_clear_pointer(&loading->blocks, g_ptr_array_unref);
    g_clear_object(&loading->cancellable);
    g_clear_error(&loading->left);
    manager_clear(&loading->manager);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loading, loading_clear)

/* The commands up to block n are answered well. */
static void
expect_blocks(Loading *loading, unsigned n)
{
    manager_expect(&loading->manager, DELETE_PACKAGE, "6A88");
    manager_expect(&loading->manager, FOR_LOAD, "009000");
    for (unsigned i = 0; i < n; i++) {
        manager_expect(&loading->manager, g_ptr_array_index(loading->blocks, i),
                       i % 2 == 0 ? "009000" : "9000");
    }
}

static bool
install(Loading *loading, GError **error)
{
    return tke_gp_loader_install(loading->manager.scp, loading->cap, &tke_gp_aid_ep11, on_progress,
                                 loading, &loading->left, error);
}

START_TEST(test_an_applet_is_loaded_in_full_blocks_and_installed)
{
    g_auto(Loading) loading = { 0 };
    g_autoptr(GError) error = NULL;

    loading_init(&loading, 30000);
    ck_assert_uint_eq(loading.blocks->len, 127);
    expect_blocks(&loading, loading.blocks->len);
    manager_expect(&loading.manager, INSTALL_EP11, "009000");
    ck_assert_msg(install(&loading, &error), "%s", error != NULL ? error->message : "");
    manager_check(&loading.manager);
    ck_assert_uint_eq(loading.calls, loading.blocks->len);
    ck_assert_uint_eq(loading.done, loading.total);
    ck_assert_uint_gt(tke_gp_loader_memory(loading.cap), 60000);
}
END_TEST

START_TEST(test_nothing_is_loaded_without_encrypted_commands)
{
    static const uint8_t levels[] = { 0x01, 0x11 };
    g_auto(Loading) loading = { 0 };
    g_autoptr(GError) error = NULL;

    loading_init(&loading, 1000);
    loading.manager.scp->info.level = levels[_i];
    ck_assert(!install(&loading, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS);
    ck_assert_msg(strstr(error->message, "encrypted commands only") != NULL, "%s", error->message);
    manager_check(&loading.manager);
}
END_TEST

START_TEST(test_a_load_file_that_just_fits_or_is_too_large)
{
    g_auto(Loading) fits = { 0 };
    g_auto(Loading) large = { 0 };
    g_autoptr(GError) error = NULL;
    const unsigned most = 256 * ROOM - 4;
    size_t len = 0;

    loading_init(&fits, 1000);
    tke_cap_file_get_load_file(fits.cap, &len);
    loading_clear(&fits);
    fits = (Loading){ 0 };
    loading_init(&fits, most - (unsigned) len + 1000);
    ck_assert_uint_eq(fits.blocks->len, 256);
    expect_blocks(&fits, 256);
    manager_expect(&fits.manager, INSTALL_EP11, "009000");
    ck_assert_msg(install(&fits, &error), "%s", error != NULL ? error->message : "");
    manager_check(&fits.manager);
    loading_init(&large, most - (unsigned) len + 1001);
    expect_blocks(&large, 0);
    manager_expect(&large.manager, DELETE_PACKAGE, "6A88");
    ck_assert(!install(&large, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE);
    manager_check(&large.manager);
}
END_TEST

START_TEST(test_every_refusal_takes_the_partial_package_off_again)
{
    g_auto(Loading) whole = { 0 };
    unsigned n;

    loading_init(&whole, 800);
    n = whole.blocks->len;
    for (unsigned stop = 0; stop <= n + 1; stop++) {
        g_auto(Loading) loading = { 0 };
        g_autoptr(GError) error = NULL;

        loading_init(&loading, 800);
        if (stop == 0) {
            manager_expect(&loading.manager, DELETE_PACKAGE, "009000");
            manager_expect(&loading.manager, FOR_LOAD, "6A84");
        } else {
            expect_blocks(&loading, stop - 1);
            manager_expect(&loading.manager,
                           stop <= n ? g_ptr_array_index(loading.blocks, stop - 1) : INSTALL_EP11,
                           "6A84");
        }
        manager_expect(&loading.manager, DELETE_PACKAGE, stop == 0 ? "6A88" : "9000");
        ck_assert(!install(&loading, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE);
        ck_assert_ptr_nonnull(strstr(error->message, "not enough memory on the card"));
        ck_assert_ptr_null(loading.left);
        manager_check(&loading.manager);
    }
}
END_TEST

START_TEST(test_cancelling_between_blocks_takes_the_package_off_again)
{
    g_auto(Loading) loading = { 0 };
    g_autoptr(GError) error = NULL;

    loading_init(&loading, 2000);
    loading.cancel_after = 3;
    expect_blocks(&loading, 3);
    manager_expect(&loading.manager, DELETE_PACKAGE, "009000");
    ck_assert(!install(&loading, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    manager_check(&loading.manager);
}
END_TEST

START_TEST(test_a_pulled_card_is_told_nothing_more)
{
    g_auto(Loading) loading = { 0 };
    g_autoptr(GError) error = NULL;

    loading_init(&loading, 2000);
    expect_blocks(&loading, 2);
    transcript_card_expect_fault(loading.manager.transcript, g_ptr_array_index(loading.blocks, 2),
                                 TKE_CARD_ERROR_REMOVED);
    ck_assert(!install(&loading, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED);
    ck_assert_ptr_null(loading.left); /* the error itself says that nobody knows */
    manager_check(&loading.manager);
}
END_TEST

START_TEST(test_what_cannot_be_taken_off_again_is_told_with_the_reason)
{
    static const struct {
        const char *answer; /* NULL: the card is pulled */
        TkeCardError code;
    } cases[] = {
        { "6985", TKE_CARD_ERROR_STATUS },
        { "6581", TKE_CARD_ERROR_UNSUITABLE },
        { NULL, TKE_CARD_ERROR_REMOVED },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Loading) loading = { 0 };
        g_autoptr(GError) error = NULL;

        loading_init(&loading, 800);
        expect_blocks(&loading, 1);
        manager_expect(&loading.manager, g_ptr_array_index(loading.blocks, 1), "6A84");
        if (cases[i].answer != NULL) {
            manager_expect(&loading.manager, DELETE_PACKAGE, cases[i].answer);
        } else {
            transcript_card_expect_fault(loading.manager.transcript, DELETE_PACKAGE,
                                         TKE_CARD_ERROR_REMOVED);
        }
        ck_assert(!install(&loading, &error));
        ck_assert_ptr_nonnull(strstr(error->message, "not enough memory on the card"));
        test_bytes_check_error(loading.left, TKE_CARD_ERROR, (int) cases[i].code);
        manager_check(&loading.manager);
    }
}
END_TEST

START_TEST(test_a_card_that_refuses_to_begin_keeps_nothing)
{
    g_auto(Loading) loading = { 0 };
    g_autoptr(GError) error = NULL;

    loading_init(&loading, 800);
    manager_expect(&loading.manager, DELETE_PACKAGE, "9000");
    manager_expect(&loading.manager, FOR_LOAD, "6A84");
    manager_expect(&loading.manager, DELETE_PACKAGE, "6985");
    ck_assert(!install(&loading, &error));
    ck_assert_ptr_null(loading.left);
    manager_check(&loading.manager);
}
END_TEST

START_TEST(test_answers_that_do_not_belong_are_refused)
{
    static const char *const answers[] = { "019000", "00009000" };

    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_auto(Loading) loading = { 0 };
        g_autoptr(GError) error = NULL;

        loading_init(&loading, 800);
        manager_expect(&loading.manager, DELETE_PACKAGE, "6A88");
        manager_expect(&loading.manager, FOR_LOAD, answers[i]);
        manager_expect(&loading.manager, DELETE_PACKAGE, "6A88");
        ck_assert(!install(&loading, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
        manager_check(&loading.manager);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_an_applet_is_loaded_in_full_blocks_and_installed);
    tcase_add_loop_test(tests, test_nothing_is_loaded_without_encrypted_commands, 0, 2);
    tcase_add_test(tests, test_a_load_file_that_just_fits_or_is_too_large);
    tcase_add_test(tests, test_every_refusal_takes_the_partial_package_off_again);
    tcase_add_test(tests, test_cancelling_between_blocks_takes_the_package_off_again);
    tcase_add_test(tests, test_a_pulled_card_is_told_nothing_more);
    tcase_add_test(tests, test_what_cannot_be_taken_off_again_is_told_with_the_reason);
    tcase_add_test(tests, test_a_card_that_refuses_to_begin_keeps_nothing);
    tcase_add_test(tests, test_answers_that_do_not_belong_are_refused);
}

int
main(void)
{
    return test_main("gp-loader", add_tests);
}
