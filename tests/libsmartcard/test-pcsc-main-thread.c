/*
 * PC/SC on the thread of the windows: refused at every call, before the service hears of it
 * (conventions, section 4).
 */
#include <check.h>

#include "common/error.h"
#include "common/main-thread.h"
#include "tests/support/fake-pcsc.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define READER "Identiv SPR332 v2 (55011932) 00 00"

static const uint8_t command[] = { 0x00, 0xa4, 0x04, 0x00 };

/* What was made while no thread was marked. */
typedef struct Open {
    TkeCardSource *source;
    TkeCardConnection *connection;
} Open;

static bool
do_list(const Open *open, GError **error)
{
    g_autoptr(GPtrArray) readers = open->source->ops->list(open->source, error);

    return readers != NULL;
}

static Open
open_all(void)
{
    Open open = { 0 };
    g_autoptr(GError) error = NULL;

    fake_pcsc_reset();
    fake_pcsc_insert(fake_pcsc_add(READER));
    open.source = tke_pcsc_transport_new_on(&fake_pcsc_api, NULL);
    open.connection = open.source->ops->connect(open.source, READER, NULL, &error);
    ck_assert_msg(open.connection != NULL, "%s", error != NULL ? error->message : "no error");
    ck_assert(do_list(&open, NULL)); /* else there is nothing to wait for */
    return open;
}

static unsigned
count_calls(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < FAKE_PCSC_FUNCTIONS; i++) {
        n += fake_pcsc_count((FakePcscFunction) i);
    }
    return n;
}

static bool
do_wait(const Open *open, GError **error)
{
    return open->source->ops->wait(open->source, 0, NULL, error);
}

static bool
do_connect(const Open *open, GError **error)
{
    TkeCardConnection *other = open->source->ops->connect(open->source, READER, NULL, error);

    if (other != NULL) {
        other->ops->close(other);
    }
    return other != NULL;
}

static bool
do_direct_control(const Open *open, GError **error)
{
    uint8_t out[64];
    size_t len = 0;

    return open->source->ops->control(open->source, READER, TKE_CARD_CONTROL_GET_FEATURES, NULL, 0,
                                      out, sizeof out, &len, error);
}

static bool
do_exchange(const Open *open, GError **error)
{
    uint8_t out[TKE_CARD_RESPONSE_MAX];
    size_t len = 0;

    return open->connection->ops->exchange(open->connection, command, sizeof command, out,
                                           sizeof out, &len, error);
}

static bool
do_control(const Open *open, GError **error)
{
    uint8_t out[64];
    size_t len = 0;

    return open->connection->ops->control(open->connection, TKE_CARD_CONTROL_GET_FEATURES, NULL, 0,
                                          out, sizeof out, &len, error);
}

static bool
do_reset(const Open *open, GError **error)
{
    return open->connection->ops->reset(open->connection, error);
}

static const struct {
    const char *name;
    bool (*func)(const Open *open, GError **error);
} calls[] = {
    { "list", do_list },         { "wait", do_wait },
    { "connect", do_connect },   { "control of the reader", do_direct_control },
    { "exchange", do_exchange }, { "control", do_control },
    { "reset", do_reset },
};

START_TEST(test_no_call_of_the_marked_thread_reaches_the_service)
{
    Open open = open_all();
    g_autoptr(GError) error = NULL;
    unsigned before = count_calls();

    tke_main_thread_mark();
    ck_assert_msg(!calls[_i].func(&open, &error), "%s", calls[_i].name);
    ck_assert_msg(g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE), "%s: %s", calls[_i].name,
                  error != NULL ? error->message : "no error");
    ck_assert_uint_eq(count_calls(), before);
    open.connection->ops->close(open.connection);
    open.source->ops->free(open.source);
}
END_TEST

static gpointer
list_elsewhere(gpointer data)
{
    return GINT_TO_POINTER(do_list(data, NULL) && do_exchange(data, NULL) ? 1 : 0);
}

START_TEST(test_another_thread_of_the_same_program_may)
{
    Open open = open_all();

    tke_main_thread_mark();
    ck_assert_int_eq(GPOINTER_TO_INT(g_thread_join(g_thread_new("worker", list_elsewhere, &open))),
                     1);
    open.connection->ops->close(open.connection);
    open.source->ops->free(open.source);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_no_call_of_the_marked_thread_reaches_the_service, 0,
                        G_N_ELEMENTS(calls));
    tcase_add_test(tests, test_another_thread_of_the_same_program_may);
}

int
main(void)
{
    return test_main("pcsc-main-thread", add_tests);
}
