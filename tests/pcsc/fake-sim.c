/*
 * A tke-sim of the test's own.
 */
#include "tests/pcsc/fake-sim.h"

#include <check.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/support/test-bytes.h"

#define CONNECTIONS_MAX 64u
#define FAKE_NAME "Fake"

struct FakeSim {
    int listener;
    int stop;
    FakeSimAnswer answer;
    void *data;
    GThread *thread;
    GThread *threads[CONNECTIONS_MAX];
    unsigned n_threads;
    GMutex lock;
    GCond changed;
    bool stopping;
    uint32_t events; /* odd: the card is in */
};

typedef struct Connection {
    FakeSim *fake;
    int fd;
} Connection;

static void
put_u32(GByteArray *out, uint32_t value)
{
    const uint8_t bytes[] = { (uint8_t) (value >> 24), (uint8_t) (value >> 16),
                              (uint8_t) (value >> 8), (uint8_t) value };

    g_byte_array_append(out, bytes, sizeof bytes);
}

static uint32_t
get_u32(const uint8_t *bytes)
{
    return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 |
           bytes[3];
}

void
fake_sim_frame(GByteArray *out, uint8_t type, const uint8_t *body, size_t len)
{
    put_u32(out, (uint32_t) len);
    g_byte_array_append(out, &type, 1);
    g_byte_array_append(out, body, (guint) len);
}

static uint32_t
get_events(FakeSim *fake)
{
    uint32_t events = 0;

    g_mutex_lock(&fake->lock);
    events = fake->events;
    g_mutex_unlock(&fake->lock);
    return events;
}

/* The generation is the number of events. */
static void
list_reader(FakeSim *fake, GByteArray *body)
{
    const uint32_t events = get_events(fake);
    const uint8_t present = events % 2 == 1;
    static const uint8_t texts[] = "\x04" FAKE_NAME "\x00\x03"
                                   "123"
                                   "\x00";

    put_u32(body, events);
    g_byte_array_append(body, (const uint8_t *) "\x01", 1);
    g_byte_array_append(body, &present, 1);
    put_u32(body, events);
    g_byte_array_append(body, texts, sizeof texts - 1);
}

static void
wait_for_change(FakeSim *fake, const uint8_t *request)
{
    const uint32_t seen = get_u32(request);
    const gint64 end = g_get_monotonic_time() + (gint64) get_u32(request + 4) * 1000;

    g_mutex_lock(&fake->lock);
    while (
        fake->events == seen && !fake->stopping &&
        g_cond_wait_until(&fake->changed, &fake->lock, MIN(end, g_get_monotonic_time() + 50000))) {
    }
    g_mutex_unlock(&fake->lock);
}

/* Data back, or as many bytes as Le says; both forms of length. */
static void
echo(const uint8_t *apdu, size_t len, GByteArray *out)
{
    const bool is_long = len > 5 && apdu[4] == 0;
    const size_t head = is_long ? 7 : 5;
    size_t n = len < 5 ? 0 : is_long ? (size_t) apdu[5] << 8 | apdu[6] : apdu[4];

    if (len == head || (len == 5 && !is_long)) { /* Le alone */
        n = n == 0 ? (is_long ? 65536 : 256) : n;
        for (size_t i = 0; i < n; i++) {
            const uint8_t byte = (uint8_t) (i * 7 + i / 256);

            g_byte_array_append(out, &byte, 1);
        }
    } else if (len >= head + n && len > head) {
        g_byte_array_append(out, apdu + head, (guint) n);
    }
    g_byte_array_append(out, (const uint8_t *) "\x90\x00", 2);
}

bool
fake_sim_decent(FakeSim *fake, uint8_t type, const uint8_t *body, size_t len, GByteArray *out)
{
    g_autoptr(GByteArray) answer = g_byte_array_new();
    static const uint8_t atr[] = { 1, 0x3b, 0x80, 0x81, 0x01, 0x00 };
    static const uint8_t refused[] = { TKE_SIM_STATUS_UNSUPPORTED, 'n', 'o' };

    switch (type) {
    case TKE_SIM_HELLO:
        g_byte_array_append(answer,
                            (const uint8_t *) "\x00\x01"
                                              "fake",
                            6);
        break;
    case TKE_SIM_LIST:
    case TKE_SIM_SLOT:
        list_reader(fake, answer);
        break;
    case TKE_SIM_WAIT:
        wait_for_change(fake, body);
        put_u32(answer, get_events(fake));
        break;
    case TKE_SIM_WAIT_END:
        return true;
    case TKE_SIM_POWER_ON:
        g_byte_array_append(answer, atr, sizeof atr);
        break;
    case TKE_SIM_RESET:
        g_byte_array_append(answer, atr + 1, sizeof atr - 1);
        break;
    case TKE_SIM_EXCHANGE:
        echo(body, len, answer);
        break;
    case TKE_SIM_POWER_OFF:
        break;
    default:
        fake_sim_frame(out, TKE_SIM_REFUSED, refused, sizeof refused);
        return true;
    }
    fake_sim_frame(out, type | TKE_SIM_ANSWER, answer->data, answer->len);
    return true;
}

/* Bytes of a request; false when the client has gone or the fake stops. */
static bool
receive(const Connection *connection, uint8_t *out, size_t len)
{
    struct pollfd fds[2] = { { .fd = connection->fd, .events = POLLIN },
                             { .fd = connection->fake->stop, .events = POLLIN } };

    while (len > 0) {
        ssize_t n = -1;

        if (poll(fds, 2, -1) <= 0 || fds[1].revents != 0) {
            return false;
        }
        n = recv(connection->fd, out, len, 0);
        if (n <= 0) {
            return false;
        }
        out += n;
        len -= (size_t) n;
    }
    return true;
}

static bool
send_all(int fd, const GByteArray *out)
{
    size_t sent = 0;

    while (sent < out->len) {
        ssize_t n = send(fd, out->data + sent, out->len - sent, MSG_NOSIGNAL);

        if (n <= 0) {
            return false;
        }
        sent += (size_t) n;
    }
    return true;
}

static void *
serve(void *data)
{
    Connection *connection = data;
    FakeSim *fake = connection->fake;
    uint8_t head[TKE_SIM_FRAME_HEAD];
    bool going = true;

    while (going && receive(connection, head, sizeof head)) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        size_t len = get_u32(head);
        g_autofree uint8_t *body = g_malloc(len + 1);

        if (!receive(connection, body, len)) {
            break;
        }
        going = fake->answer == NULL || head[4] == TKE_SIM_HELLO
                    ? fake_sim_decent(fake, head[4], body, len, out)
                    : fake->answer(head[4], body, len, out, fake->data);
        going = send_all(connection->fd, out) && going;
    }
    close(connection->fd);
    g_free(connection);
    return NULL;
}

static void *
accept_all(void *data)
{
    FakeSim *fake = data;
    struct pollfd fds[2] = { { .fd = fake->listener, .events = POLLIN },
                             { .fd = fake->stop, .events = POLLIN } };

    while (poll(fds, 2, -1) > 0 && fds[1].revents == 0) {
        Connection *connection = g_new0(Connection, 1);

        connection->fake = fake;
        connection->fd = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fake->n_threads == CONNECTIONS_MAX || connection->fd < 0) {
            close(connection->fd);
            g_free(connection);
            continue;
        }
        fake->threads[fake->n_threads++] = g_thread_new("fake", serve, connection);
    }
    return NULL;
}

FakeSim *
fake_sim_new(const char *directory, FakeSimAnswer answer, void *data)
{
    FakeSim *fake = g_new0(FakeSim, 1);
    g_autofree char *path = g_build_filename(directory, TKE_SIM_SOCKET_NAME, NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    unlink(path);
    fake->events = 1;
    fake->answer = answer;
    fake->data = data;
    g_mutex_init(&fake->lock);
    g_cond_init(&fake->changed);
    fake->stop = eventfd(0, EFD_CLOEXEC);
    fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fake->listener, (const struct sockaddr *) &address, sizeof address), 0);
    ck_assert_int_eq(listen(fake->listener, 64), 0);
    fake->thread = g_thread_new("fake", accept_all, fake);
    return fake;
}

void
fake_sim_set_card(FakeSim *fake, bool in)
{
    g_mutex_lock(&fake->lock);
    fake->events += (fake->events % 2 == 1) != in;
    g_cond_broadcast(&fake->changed);
    g_mutex_unlock(&fake->lock);
}

void
fake_sim_free(FakeSim *fake)
{
    const uint64_t one = 1;

    g_mutex_lock(&fake->lock);
    fake->stopping = true;
    g_cond_broadcast(&fake->changed);
    g_mutex_unlock(&fake->lock);
    ck_assert_int_eq(write(fake->stop, &one, sizeof one), sizeof one);
    g_thread_join(fake->thread);
    for (unsigned i = 0; i < fake->n_threads; i++) {
        g_thread_join(fake->threads[i]);
    }
    close(fake->listener);
    close(fake->stop);
    g_mutex_clear(&fake->lock);
    g_cond_clear(&fake->changed);
    g_free(fake);
}
