/*
 * The socket of tke-sim as its clients have it, and their patience (rehearsal, 4.12).
 *
 * How long an answer takes tells nothing: it may be a person's, or a slow card's. A tke-sim that
 * is stopped or hangs is known by this, that it does not even answer a greeting on a connection of
 * its own.
 */
#include "libsmartcard/sim-client-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/byte-builder.h"
#include "common/error.h"
#include "common/safe-file.h"

#define KNOCK_MS 20        /* between two tries at a socket that takes nobody in */
#define HURRY_ASK_MS 1000  /* cancelled: before tke-sim is asked whether it lives */
#define HURRY_TELL_MS 2000 /* ... and for its answer to that */

/* A time to wait, and the shorter one that is left once somebody wants the program to end. */
typedef struct Patience {
    GCancellable *cancellable;
    gint64 end_us;
    unsigned hurry_ms;
    bool hurried;
} Patience;

static Patience
patience_of(GCancellable *cancellable, unsigned limit_ms, unsigned hurry_ms)
{
    return (Patience){ .cancellable = cancellable,
                       .end_us = g_get_monotonic_time() + (gint64) limit_ms * 1000,
                       .hurry_ms = hurry_ms };
}

static int
left_ms(Patience *patience)
{
    const gint64 now = g_get_monotonic_time();

    if (!patience->hurried && g_cancellable_is_cancelled(patience->cancellable)) {
        patience->hurried = true;
        patience->end_us = MIN(patience->end_us, now + (gint64) patience->hurry_ms * 1000);
    }
    return patience->end_us <= now ? 0 : (int) ((patience->end_us - now + 999) / 1000);
}

/* True once one of the sockets (-1: none) can be read or has ended. */
static bool
wait_for_sockets(int fd, int other, Patience *patience)
{
    for (;;) {
        const int left = left_ms(patience);
        GPollFD fds[3] = { { .fd = fd, .events = G_IO_IN }, { .fd = other, .events = G_IO_IN } };
        const bool watched =
            !patience->hurried && g_cancellable_make_pollfd(patience->cancellable, &fds[2]);
        const int ready = g_poll(fds, watched ? 3 : 2, left);

        if (watched) {
            g_cancellable_release_fd(patience->cancellable);
        }
        if (ready > 0 && (fds[0].revents != 0 || fds[1].revents != 0)) {
            return true;
        }
        if (left == 0) {
            return false;
        }
    }
}

/* ---- what is told ---- */

/* With a text of ours: GLib's own would set up its translations, which is not for a thread of
 * pcscd. */
bool
tke_sim_link_is_cancelled(GCancellable *cancellable, GError **error)
{
    if (!g_cancellable_is_cancelled(cancellable)) {
        return false;
    }
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("the wait was broken off"));
    return true;
}

static bool
set_silent(GError **error, const char *directory)
{
    const int pid = tke_safe_file_find_keeper(directory);
    g_autofree char *number = g_strdup_printf("%d", pid);

    g_set_error(
        error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
        _("tke-sim (process %s) does not answer: it is stopped or hangs. See it with “ps %s”; "
          "end it with “tke-sim --world %s stop --force” and start it again with “tke-sim "
          "--world %s start”: nothing of the world is lost"),
        pid > 0 ? number : "?", pid > 0 ? number : "-C tke-sim", directory, directory);
    return false;
}

/* ---- connecting ---- */

/* Whose tke-sim may answer: our own, and for root the one of the user that the world belongs to. */
static bool
is_trusted(int fd, const char *directory)
{
    struct ucred peer = { 0 };
    socklen_t peer_len = sizeof peer;
    struct stat world = { 0 };

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) != 0) {
        return false;
    }
    return peer.uid == geteuid() || (geteuid() == 0 && lstat(directory, &world) == 0 &&
                                     S_ISDIR(world.st_mode) && world.st_uid == peer.uid);
}

/* 0, or what errno says; EAGAIN: so many wait already that the socket takes nobody in. */
static int
try_connect(int fd, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    while (connect(fd, (const struct sockaddr *) &address, sizeof address) != 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

static bool
connect_socket(int fd, const char *path, const char *directory, Patience *patience, GError **error)
{
    int code = EAGAIN;

    while ((code = try_connect(fd, path)) == EAGAIN && left_ms(patience) > 0) {
        g_usleep(KNOCK_MS * 1000);
    }
    if (code == EAGAIN) {
        return !tke_sim_link_is_cancelled(patience->cancellable, error) &&
               set_silent(error, directory);
    }
    if (code != 0) {
        g_set_error(error, G_IO_ERROR,
                    code == EACCES ? G_IO_ERROR_PERMISSION_DENIED : G_IO_ERROR_NOT_FOUND,
                    _("no tke-sim answers at %s: %s"), path, g_strerror(code));
        return false;
    }
    if (!is_trusted(fd, directory)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                    _("the tke-sim at %s belongs to another user"), path);
        return false;
    }
    return true;
}

int
tke_sim_link_connect(const char *directory, unsigned timeout_ms, GError **error)
{
    g_autofree char *path = tke_sim_socket_path(directory, error);
    Patience patience =
        patience_of(timeout_ms == 0 ? g_cancellable_get_current() : NULL,
                    timeout_ms == 0 ? TKE_SIM_SILENCE_MS : timeout_ms, HURRY_TELL_MS);
    int fd = -1;

    if (path == NULL) {
        return -1;
    }
    /* A socket that waits would wait for ever where nobody takes its like in. */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("no socket for tke-sim: %s"),
                    g_strerror(errno));
        return -1;
    }
    if (!connect_socket(fd, path, directory, &patience, error)) {
        close(fd);
        return -1;
    }
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("no socket for tke-sim: %s"),
                    g_strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

bool
tke_sim_link_greet(int fd, GError **error)
{
    uint8_t hello[sizeof TKE_SIM_MAGIC - 1 + 2];
    TkeByteBuilder builder = { .out = hello, .size = sizeof hello };

    tke_byte_builder_text(&builder, TKE_SIM_MAGIC);
    tke_byte_builder_u16(&builder, TKE_SIM_VERSION);
    g_assert(!builder.failed);
    return tke_sim_frame_send(fd, TKE_SIM_HELLO, hello, sizeof hello, NULL, 0, error);
}

/* ---- waiting ---- */

/*
 * Does tke-sim answer a greeting, or the request itself meanwhile? A socket that is gone is no
 * answer: a tke-sim that ends closes the connections next.
 */
static bool
is_alive(const TkeSimClient *client, Patience *patience)
{
    g_autofree char *path = tke_sim_socket_path(client->directory, NULL);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool alive = fd < 0; /* then nothing can be told, and no wait is cut */

    while (!alive && path != NULL && try_connect(fd, path) != 0 && left_ms(patience) > 0) {
        Patience moment = patience_of(NULL, KNOCK_MS, KNOCK_MS);

        alive = wait_for_sockets(client->fd, -1, &moment);
    }
    if (!alive) {
        /* Where it is not even taken the connection was closed, which tke-sim does itself. */
        alive = tke_sim_link_greet(fd, NULL) ? wait_for_sockets(client->fd, fd, patience)
                                             : left_ms(patience) > 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    return alive;
}

bool
tke_sim_link_await(TkeSimClient *client, unsigned limit_ms, GCancellable *cancellable,
                   bool breakable, GError **error)
{
    const unsigned hurry_ms = client->greeted ? HURRY_ASK_MS : HURRY_TELL_MS;
    const gint64 end_us = g_get_monotonic_time() + (gint64) limit_ms * 1000;

    for (;;) {
        Patience wait = patience_of(cancellable, TKE_SIM_SILENCE_MS, breakable ? 0 : hurry_ms);
        Patience ask = { 0 };

        wait.end_us = limit_ms > 0 ? MIN(wait.end_us, end_us) : wait.end_us;

        if (wait_for_sockets(client->fd, -1, &wait)) {
            return true;
        }
        if (breakable && tke_sim_link_is_cancelled(cancellable, error)) {
            return false;
        }
        if (limit_ms > 0 && g_get_monotonic_time() >= end_us) {
            return set_silent(error, client->directory);
        }
        ask = patience_of(cancellable, TKE_SIM_SILENCE_MS, breakable ? 0 : HURRY_TELL_MS);
        /* A greeting that is not answered is known already to be none. */
        if ((!client->greeted || !is_alive(client, &ask)) &&
            !(breakable && g_cancellable_is_cancelled(cancellable))) {
            return set_silent(error, client->directory);
        }
    }
}
