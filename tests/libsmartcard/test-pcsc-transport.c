/*
 * The readers of PC/SC: list, wait, plug and unplug, a service that ends, virtual readers.
 */
#include <check.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/pcsc-transport-private.h"
#include "libsmartcard/pcsc-transport-watch.h"
#include "libsmartcard/reader-monitor.h"
#include "libsmartcard/reader.h"
#include "tests/support/fake-pcsc.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define ONE "Identiv SPR332 v2 (55011932) 00 00"
#define TWO "Identiv SPR332 v2 (55011933) 01 00"

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

/* Does wait end within the time because something changed? */
static bool
is_noticed(TkeCardSource *source, int timeout_ms)
{
    g_autoptr(GError) error = NULL;
    const gint64 begun = g_get_monotonic_time();

    ck_assert_msg(source->ops->wait(source, timeout_ms, NULL, &error), "%s",
                  error != NULL ? error->message : "no error");
    return g_get_monotonic_time() - begun < (gint64) timeout_ms * 900; /* clocks differ a little */
}

START_TEST(test_readers_are_listed_with_what_is_known_of_them)
{
    g_autoptr(GPtrArray) readers = NULL;
    FakePcscReader *first = NULL;
    TkeCardSource *source = NULL;

    fake_pcsc_reset();
    first = fake_pcsc_add("Identiv SPR332 v2 [CCID Interface] (55011932) 00 00");
    first->usb_path = "1-1.2:1.0";
    fake_pcsc_insert(first);
    (void) fake_pcsc_add(TWO);
    source = make_source();
    readers = need_list(source);

    ck_assert_uint_eq(readers->len, 2);
    ck_assert_str_eq(info_at(readers, 0)->name, first->name);
    ck_assert_str_eq(info_at(readers, 0)->model, "Identiv SPR332 v2");
    ck_assert_str_eq(info_at(readers, 0)->serial, "55011932");
    ck_assert_str_eq(info_at(readers, 0)->port, "usb:1-1.2");
    ck_assert(info_at(readers, 0)->card_present);
    ck_assert(!info_at(readers, 0)->is_virtual);
    ck_assert(!info_at(readers, 1)->card_present);
    source->ops->free(source);
    ck_assert_uint_eq(fake_pcsc_contexts(), 0);
}
END_TEST

START_TEST(test_no_reader_is_an_empty_list_and_the_first_one_is_noticed)
{
    TkeCardSource *source = NULL;
    g_autoptr(GPtrArray) none = NULL;
    g_autoptr(GPtrArray) one = NULL;
    FakePcscReader *reader = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add(ONE);
    fake_pcsc_set_plugged(reader, false);
    source = make_source();
    none = need_list(source);
    ck_assert_uint_eq(none->len, 0);
    ck_assert(!is_noticed(source, 100));
    fake_pcsc_set_plugged(reader, true);
    ck_assert(is_noticed(source, 5000));
    one = need_list(source);
    ck_assert_uint_eq(one->len, 1);
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_service_that_is_not_there_is_told_and_found_later)
{
    TkeCardSource *source = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    gint64 begun = 0;

    fake_pcsc_reset();
    (void) fake_pcsc_add(ONE);
    fake_pcsc_kill();
    source = make_source();
    begun = g_get_monotonic_time();
    ck_assert_ptr_null(source->ops->list(source, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE);
    ck_assert_int_lt(g_get_monotonic_time() - begun, 5 * G_TIME_SPAN_SECOND);
    fake_pcsc_start();
    readers = need_list(source);
    ck_assert_uint_eq(readers->len, 1);
    source->ops->free(source);
}
END_TEST

typedef struct Hand {
    FakePcscReader *reader;
    void (*move)(FakePcscReader *reader);
} Hand;

static void *
move_later(void *data)
{
    const Hand *hand = data;

    g_usleep(60000);
    hand->move(hand->reader);
    return NULL;
}

static void
unplug(FakePcscReader *reader)
{
    fake_pcsc_set_plugged(reader, false);
}

static void
restart(FakePcscReader *reader)
{
    (void) reader;
    fake_pcsc_kill();
    g_usleep(300000);
    fake_pcsc_start();
}

/* What a hand does while wait waits; and the events differ afterwards. */
START_TEST(test_whatever_hands_do_ends_the_wait)
{
    static void (*const moves[])(FakePcscReader *) = { fake_pcsc_insert, fake_pcsc_remove,
                                                       fake_pcsc_out_and_in, unplug, restart };

    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(moves); i++) {
        TkeCardSource *source = NULL;
        g_autoptr(GPtrArray) before = NULL;
        g_autoptr(GPtrArray) after = NULL;
        Hand hand = { .move = moves[i / 2] };
        GThread *thread = NULL;

        fake_pcsc_reset();
        hand.reader = fake_pcsc_add(ONE);
        hand.reader->present = hand.move != fake_pcsc_insert;
        /* a counter of 0 is not looked at by pcscd's library */
        hand.reader->counter = i % 2 == 0 ? 0 : 7;
        source = make_source();
        before = need_list(source);
        thread = g_thread_new("hand", move_later, &hand);
        ck_assert_msg(is_noticed(source, 8000), "move %u", i);
        g_thread_join(thread);
        after = need_list(source);
        if (hand.move == unplug) {
            ck_assert_uint_eq(after->len, 0);
        } else {
            ck_assert_uint_ne(info_at(before, 0)->events, info_at(after, 0)->events);
        }
        source->ops->free(source);
        ck_assert_uint_eq(fake_pcsc_contexts(), 0);
    }
}
END_TEST

START_TEST(test_nothing_is_no_change)
{
    TkeCardSource *source = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    FakePcscReader *reader = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add(ONE);
    fake_pcsc_insert(reader);
    source = make_source();
    readers = need_list(source);
    reader->shared = true; /* others may come and go */
    ck_assert(!is_noticed(source, 300));
    ck_assert(!is_noticed(source, 0));
    source->ops->free(source);
}
END_TEST

START_TEST(test_no_quick_out_and_in_is_missed_in_a_thousand)
{
    TkeCardSource *source = NULL;
    FakePcscReader *reader = NULL;
    uint32_t last = 0;

    fake_pcsc_reset();
    reader = fake_pcsc_add(ONE);
    reader->present = true;
    reader->counter = 65000; /* the counter has 16 bits */
    source = make_source();
    for (unsigned i = 0; i < 1000; i++) {
        g_autoptr(GPtrArray) readers = need_list(source);

        ck_assert_msg(i == 0 || info_at(readers, 0)->events != last, "number %u", i);
        last = info_at(readers, 0)->events;
        fake_pcsc_out_and_in(reader);
        ck_assert(is_noticed(source, 5000));
    }
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_reader_that_comes_back_is_asked_anew_and_counts_on)
{
    TkeCardSource *source = NULL;
    FakePcscReader *reader = NULL;
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) none = NULL;
    g_autoptr(GPtrArray) after = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add("Reader 00 00");
    reader->usb_path = "1-1:1.0";
    source = make_source();
    before = need_list(source);
    fake_pcsc_set_plugged(reader, false);
    none = need_list(source);
    reader->usb_path = "1-2:1.0"; /* another one of the same name, elsewhere */
    fake_pcsc_set_plugged(reader, true);
    after = need_list(source);

    ck_assert_str_eq(info_at(before, 0)->port, "usb:1-1");
    ck_assert_str_eq(info_at(after, 0)->port, "usb:1-2");
    ck_assert_uint_ne(info_at(before, 0)->events, info_at(after, 0)->events);
    ck_assert_uint_ne(info_at(before, 0)->plugs, info_at(after, 0)->plugs);
    source->ops->free(source);
}
END_TEST

START_TEST(test_equal_readers_without_own_serial_numbers_are_told_apart_by_their_ports)
{
    static const char *const serials[] = { NULL, "123456" };

    for (unsigned i = 0; i < G_N_ELEMENTS(serials); i++) {
        TkeCardSource *source = NULL;
        FakePcscReader *first = NULL;
        FakePcscReader *second = NULL;
        g_autoptr(GPtrArray) readers = NULL;
        g_autofree char *one = NULL;
        g_autofree char *two = NULL;

        fake_pcsc_reset();
        first = fake_pcsc_add("Reader 00 00");
        second = fake_pcsc_add("Reader 01 00");
        first->usb_path = "1-1.1:1.0";
        second->usb_path = "1-1.2:1.0";
        first->serial = serials[i];
        second->serial = serials[i];
        source = make_source();
        readers = need_list(source);
        one = tke_reader_dup_key(info_at(readers, 0));
        two = tke_reader_dup_key(info_at(readers, 1));

        ck_assert_str_eq(one, "usb:1-1.1");
        ck_assert_str_eq(two, "usb:1-1.2");
        source->ops->free(source);
    }
}
END_TEST

START_TEST(test_readers_that_are_held_are_marked_until_they_could_be_asked)
{
    TkeCardSource *source = NULL;
    FakePcscReader *reader = NULL;
    g_autoptr(GPtrArray) held = NULL;
    g_autoptr(GPtrArray) later = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add("Reader 00 00");
    reader->usb_path = "1-1.1:1.0";
    fake_pcsc_set_held(reader, true);
    source = make_source();
    held = need_list(source);
    fake_pcsc_set_held(reader, false);
    later = need_list(source);
    ck_assert(info_at(held, 0)->unasked);
    ck_assert_str_eq(info_at(held, 0)->port, "");
    ck_assert(!info_at(later, 0)->unasked);
    ck_assert_str_eq(info_at(later, 0)->port, "usb:1-1.1");
    ck_assert_uint_eq(info_at(later, 0)->plugs, info_at(held, 0)->plugs); /* it has stayed */
    source->ops->free(source);
}
END_TEST

static void *
cancel_later(void *data)
{
    g_usleep(50000);
    g_cancellable_cancel(data);
    return NULL;
}

START_TEST(test_waiting_is_cancelled_at_once)
{
    for (unsigned i = 0; i < 20; i++) {
        TkeCardSource *source = NULL;
        g_autoptr(GPtrArray) readers = NULL;
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        g_autoptr(GError) error = NULL;
        GThread *thread = NULL;
        gint64 begun = 0;

        fake_pcsc_reset();
        fake_pcsc_insert(fake_pcsc_add(ONE));
        source = make_source();
        readers = need_list(source);
        if (i % 2 == 0) {
            thread = g_thread_new("cancel", cancel_later, cancellable);
        } else {
            g_cancellable_cancel(cancellable);
        }
        begun = g_get_monotonic_time();
        ck_assert(!source->ops->wait(source, -1, cancellable, &error));
        test_bytes_check_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        ck_assert_int_lt(g_get_monotonic_time() - begun, 5 * G_TIME_SPAN_SECOND);
        if (thread != NULL) {
            g_thread_join(thread);
        }
        ck_assert(!is_noticed(source, 50)); /* it goes on as if nothing had been */
        source->ops->free(source);
        ck_assert_uint_eq(fake_pcsc_contexts(), 0);
    }
}
END_TEST

START_TEST(test_a_service_that_hangs_is_left_and_another_try_is_possible)
{
    TkeCardSource *source = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    g_autoptr(GPtrArray) again = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;

    fake_pcsc_reset();
    fake_pcsc_insert(fake_pcsc_add(ONE));
    source = make_source();
    readers = need_list(source);
    fake_pcsc_block(FAKE_PCSC_CHANGE, true);
    fake_pcsc_block(FAKE_PCSC_CANCEL, true);
    g_cancellable_cancel(cancellable);
    ck_assert(!source->ops->wait(source, -1, cancellable, &error));
    fake_pcsc_block(FAKE_PCSC_CHANGE, false);
    fake_pcsc_block(FAKE_PCSC_CANCEL, false);
    again = need_list(source);
    ck_assert_uint_eq(again->len, 1);
    source->ops->free(source);
}
END_TEST

START_TEST(test_lists_of_names_are_read_within_their_bounds)
{
    static const struct {
        const char *bytes;
        size_t len;
        unsigned n;
    } lists[] = { { "", 0, 0 },     { "\0", 1, 0 },          { "A\0\0", 3, 1 },
                  { "A\0B", 3, 2 }, { "A\0B\0\0C\0", 7, 2 }, { "AB", 1, 1 } };

    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_autofree char *exact = g_memdup2(lists[i].bytes, lists[i].len);
        g_autoptr(GPtrArray) names = tke_pcsc_watch_parse_names(exact, lists[i].len);

        ck_assert_uint_eq(names->len, lists[i].n);
    }
}
END_TEST

typedef struct Told {
    GMutex lock;
    unsigned calls;
    unsigned readers;
    bool failed;
} Told;

static void
on_readers(GPtrArray *readers, const GError *error, void *data)
{
    Told *told = data;

    g_mutex_lock(&told->lock);
    told->calls++;
    told->readers = readers != NULL ? readers->len : 0;
    told->failed = error != NULL;
    g_mutex_unlock(&told->lock);
}

static bool
is_told(Told *told, unsigned readers, bool failed)
{
    bool yes = false;

    for (unsigned i = 0; i < 1000 && !yes; i++) {
        g_mutex_lock(&told->lock);
        yes = told->calls > 0 && told->readers == readers && told->failed == failed;
        g_mutex_unlock(&told->lock);
        g_usleep(yes ? 0 : 10000);
    }
    return yes;
}

START_TEST(test_the_monitor_lives_through_plugs_and_restarts)
{
    Told told = { .calls = 0 };
    g_autoptr(TkeReaderMonitor) monitor = NULL;
    FakePcscReader *second = NULL;

    fake_pcsc_reset();
    fake_pcsc_insert(fake_pcsc_add(ONE));
    monitor = tke_reader_monitor_new(make_source(), on_readers, &told);
    ck_assert(is_told(&told, 1, false));
    second = fake_pcsc_add(TWO);
    ck_assert(is_told(&told, 2, false));
    fake_pcsc_kill();
    ck_assert(is_told(&told, 0, true));
    fake_pcsc_start();
    ck_assert(is_told(&told, 2, false));
    fake_pcsc_set_plugged(second, false);
    ck_assert(is_told(&told, 1, false));
    g_clear_pointer(&monitor, tke_reader_monitor_free);
    ck_assert_uint_eq(fake_pcsc_contexts(), 0);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_readers_are_listed_with_what_is_known_of_them);
    tcase_add_test(tests, test_no_reader_is_an_empty_list_and_the_first_one_is_noticed);
    tcase_add_test(tests, test_a_service_that_is_not_there_is_told_and_found_later);
    tcase_add_test(tests, test_whatever_hands_do_ends_the_wait);
    tcase_add_test(tests, test_nothing_is_no_change);
    tcase_add_test(tests, test_no_quick_out_and_in_is_missed_in_a_thousand);
    tcase_add_test(tests, test_a_reader_that_comes_back_is_asked_anew_and_counts_on);
    tcase_add_test(tests,
                   test_equal_readers_without_own_serial_numbers_are_told_apart_by_their_ports);
    tcase_add_test(tests, test_readers_that_are_held_are_marked_until_they_could_be_asked);
    tcase_add_test(tests, test_waiting_is_cancelled_at_once);
    tcase_add_test(tests, test_a_service_that_hangs_is_left_and_another_try_is_possible);
    tcase_add_test(tests, test_lists_of_names_are_read_within_their_bounds);
    tcase_add_test(tests, test_the_monitor_lives_through_plugs_and_restarts);
}

int
main(void)
{
    return test_main("pcsc-transport", add_tests);
}
