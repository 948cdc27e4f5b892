/*
 * A virtual desk's connections to tke-sim: what it tells, in which thread, and what it survives.
 */
#include <check.h>
#include <string.h>

#include "common/error.h"
#include "common/main-thread.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/desk-link.h"
#include "tests/simulator/socket-fixture.h"
#include "tests/support/test-main.h"

#define DEADLINE_US 20000000

/* What a link has told; the owner is the test's thread. */
typedef struct Told {
    GThread *thread;
    SimDeskWorld *world;
    unsigned seen;
    unsigned lost;
    unsigned refused;
    unsigned other_desk;
    char *text;
} Told;

static void
keep_text(Told *told, const char *text)
{
    ck_assert_ptr_eq(g_thread_self(), told->thread);
    g_free(told->text);
    told->text = g_strdup(text);
}

static void
on_seen(void *data, SimDeskWorld *world)
{
    Told *told = data;

    ck_assert_ptr_eq(g_thread_self(), told->thread);
    sim_desk_world_free(told->world);
    told->world = world;
    told->seen++;
}

static void
on_lost(void *data, const char *reason)
{
    Told *told = data;

    keep_text(told, reason);
    told->lost++;
}

static void
on_refused(void *data, const char *reason)
{
    Told *told = data;

    keep_text(told, reason);
    told->refused++;
}

static void
on_other_desk(void *data)
{
    Told *told = data;

    told->other_desk++;
}

static const SimDeskLinkEvents events = {
    .seen = on_seen, .lost = on_lost, .refused = on_refused, .other_desk = on_other_desk
};

static void
told_clear(Told *told)
{
    sim_desk_world_free(told->world);
    g_free(told->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Told, told_clear)

/* Runs the main context until a counter has that value. */
static void
wait_for(const unsigned *counter, unsigned value)
{
    const gint64 end = g_get_monotonic_time() + DEADLINE_US;

    while (*counter < value && g_get_monotonic_time() < end) {
        if (!g_main_context_iteration(NULL, FALSE)) {
            g_usleep(1000);
        }
    }
    ck_assert_uint_ge(*counter, value);
}

static void
wait_for_card(const Told *told, const char *label)
{
    const gint64 end = g_get_monotonic_time() + DEADLINE_US;
    const char *card = NULL;

    do {
        if (!g_main_context_iteration(NULL, FALSE)) {
            g_usleep(1000);
        }
        card = told->world == NULL ? NULL : sim_desk_world_find_reader(told->world, 1)->card;
    } while (g_strcmp0(card, label) != 0 && g_get_monotonic_time() < end);
    ck_assert_pstr_eq(card, label);
}

/* States that follow one another quickly may be told as one: the state counts, not how often. */
static void
wait_for_front(const Told *told, const char *label, const char *text)
{
    const gint64 end = g_get_monotonic_time() + DEADLINE_US;
    const char *front = NULL;

    do {
        if (!g_main_context_iteration(NULL, FALSE)) {
            g_usleep(1000);
        }
        front = told->world == NULL ? NULL : sim_desk_world_find_card(told->world, label)->front;
    } while (g_strcmp0(front, text) != 0 && g_get_monotonic_time() < end);
    ck_assert_pstr_eq(front, text);
}

START_TEST(test_link_tells_the_world_and_carries_orders)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_auto(Told) told = { .thread = g_thread_self() };
    g_autoptr(SimDeskLink) link =
        sim_desk_link_new(fixture->directory->path, true, false, &events, &told);
    g_autoptr(GPtrArray) orders = NULL;

    wait_for(&told.seen, 1);
    ck_assert_str_eq(told.world->region, "us-south");
    orders = sim_desk_order_insert(told.world, "ca-1", 1);
    sim_desk_link_send_all(link, orders);
    wait_for_card(&told, "ca-1");
    socket_fixture_command(fixture, "{\"command\":\"remove\",\"reader\":1}");
    wait_for_card(&told, NULL);
    ck_assert_uint_eq(told.lost + told.refused + told.other_desk, 0);
    ck_assert_uint_lt(sim_desk_link_get_silence_ms(link), DEADLINE_US / 1000);
}
END_TEST

START_TEST(test_refused_order_is_told_and_ends_its_row)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_auto(Told) told = { .thread = g_thread_self() };
    g_autoptr(SimDeskLink) link =
        sim_desk_link_new(fixture->directory->path, true, false, &events, &told);
    g_autoptr(GPtrArray) orders =
        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);

    g_ptr_array_add(orders, sim_desk_order_key(1, '5'));
    g_ptr_array_add(orders, sim_desk_order_reader_fault(1, "held"));
    sim_desk_link_send_all(link, orders);
    wait_for(&told.refused, 1);
    ck_assert_ptr_nonnull(strstr(told.text, "did not ask for a PIN"));
    sim_desk_link_send(link, sim_desk_order_note("ca-1", "still there", ""));
    wait_for_front(&told, "ca-1", "still there");
    ck_assert(!sim_desk_world_find_reader(told.world, 1)->held);
}
END_TEST

static void *
run_again(void *socket)
{
    ck_assert(sim_socket_run(socket, NULL));
    return NULL;
}

START_TEST(test_lost_world_is_told_once_and_found_again)
{
    SocketFixture *fixture = socket_fixture_new();
    g_autofree char *path = g_strdup(fixture->directory->path);
    g_auto(Told) told = { .thread = g_thread_self() };
    SimDeskLink *link = sim_desk_link_new(path, true, false, &events, &told);
    unsigned seen = 0;

    wait_for(&told.seen, 1);
    sim_socket_stop(fixture->socket);
    g_thread_join(fixture->thread);
    sim_socket_free(fixture->socket);
    wait_for(&told.lost, 1);
    g_usleep(1000000);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    ck_assert_uint_eq(told.lost, 1);
    sim_desk_link_send(link, sim_desk_order_reader_fault(1, "held"));
    wait_for(&told.refused, 1);

    seen = told.seen;
    fixture->socket = sim_socket_new(fixture->world, NULL);
    ck_assert_ptr_nonnull(fixture->socket);
    fixture->thread = g_thread_new("socket", run_again, fixture->socket);
    wait_for(&told.seen, seen + 1);
    ck_assert(!sim_desk_world_find_reader(told.world, 1)->held);
    sim_desk_link_send(link, sim_desk_order_reader_fault(1, "held"));
    wait_for(&told.seen, seen + 2);
    ck_assert(sim_desk_world_find_reader(told.world, 1)->held);
    sim_desk_link_free(link);
    socket_fixture_free(fixture);
}
END_TEST

START_TEST(test_second_desk_is_told_that_there_is_one)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_auto(Told) first = { .thread = g_thread_self() };
    g_auto(Told) second = { .thread = g_thread_self() };
    g_autoptr(SimDeskLink) link G_GNUC_UNUSED =
        sim_desk_link_new(fixture->directory->path, true, false, &events, &first);
    g_autoptr(SimDeskLink) other G_GNUC_UNUSED = NULL;

    wait_for(&first.seen, 1);
    other = sim_desk_link_new(fixture->directory->path, true, false, &events, &second);
    wait_for(&second.other_desk, 1);
    wait_for(&first.seen, 2);
    ck_assert_uint_eq(first.world->desk_calls, 1);
    ck_assert_uint_eq(second.seen + second.lost, 0);
}
END_TEST

START_TEST(test_end_of_a_link_tells_nothing_more)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_auto(Told) told = { .thread = g_thread_self() };
    SimDeskLink *link = sim_desk_link_new(fixture->directory->path, true, false, &events, &told);
    gint64 start = 0;

    g_usleep(200000);
    start = g_get_monotonic_time();
    sim_desk_link_free(link);
    ck_assert_int_lt(g_get_monotonic_time() - start, DEADLINE_US);
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    ck_assert_uint_eq(told.seen, 0);
}
END_TEST

START_TEST(test_thread_of_the_window_never_touches_the_socket)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_auto(Told) told = { .thread = g_thread_self() };
    g_autoptr(GError) open_error = NULL;
    g_autoptr(GError) call_error = NULL;
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(JsonObject) order = sim_desk_order_key(1, '5');
    g_autoptr(SimDeskLink) link = NULL;

    tke_main_thread_mark();
    ck_assert_ptr_null(tke_sim_client_open(fixture->directory->path, &open_error));
    ck_assert(g_error_matches(open_error, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert_ptr_null(tke_sim_client_command(client, order, &call_error));
    ck_assert(g_error_matches(call_error, TKE_ERROR, TKE_ERROR_USAGE));

    link = sim_desk_link_new(fixture->directory->path, true, false, &events, &told);
    wait_for(&told.seen, 1);
    sim_desk_link_send(link, sim_desk_order_reader_fault(1, "held"));
    wait_for(&told.seen, 2);
    ck_assert_uint_eq(told.refused, 0);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_link_tells_the_world_and_carries_orders);
    tcase_add_test(tests, test_refused_order_is_told_and_ends_its_row);
    tcase_add_test(tests, test_lost_world_is_told_once_and_found_again);
    tcase_add_test(tests, test_second_desk_is_told_that_there_is_one);
    tcase_add_test(tests, test_end_of_a_link_tells_nothing_more);
    tcase_add_test(tests, test_thread_of_the_window_never_touches_the_socket);
}

int
main(void)
{
    return test_main("desk-link", add_tests);
}
