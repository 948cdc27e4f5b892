/*
 * The world on its socket (rehearsal, 4.12): a thread that accepts, and one for each connection.
 */
#include "simulator/sim-socket.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/error.h"
#include "common/log.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-session.h"

#define BACKLOG 64
#define CONNECTIONS_MAX 256u

typedef struct Connection {
    SimSocket *owner;
    SimSession *session;
    GThread *thread;
    gint done; /* atomic: the thread is about to end */
} Connection;

struct SimSocket {
    SimWorld *world;
    char *path;
    int listener;
    int stop_event;
    gint stopping;          /* atomic */
    GPtrArray *connections; /* of Connection; only the accepting thread touches it */
};

static int
bind_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    if (fd >= 0 && (bind(fd, (const struct sockaddr *) &address, sizeof address) != 0 ||
                    chmod(path, S_IRUSR | S_IWUSR) != 0 || listen(fd, BACKLOG) != 0)) {
        int code = errno;

        close(fd);
        errno = code;
        return -1;
    }
    return fd;
}

SimSocket *
sim_socket_new(SimWorld *world, GError **error)
{
    g_autoptr(SimSocket) self = g_new0(SimSocket, 1);

    self->world = world;
    self->listener = -1;
    self->stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->connections = g_ptr_array_new();
    self->path = tke_sim_socket_path(sim_world_get_directory(world), error);
    if (self->path == NULL) {
        return NULL;
    }
    unlink(self->path);
    self->listener = bind_socket(self->path);
    if (self->listener < 0 || self->stop_event < 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("the socket %s: %s"), self->path,
                    g_strerror(errno));
        return NULL;
    }
    return g_steal_pointer(&self);
}

void
sim_socket_stop(SimSocket *self)
{
    const uint64_t one = 1;

    g_atomic_int_set(&self->stopping, 1);
    /* Only write() here: a signal handler calls this. A full counter wakes run just as well. */
    if (write(self->stop_event, &one, sizeof one) != (ssize_t) sizeof one) {
        g_atomic_int_set(&self->stopping, 1);
    }
}

static void
stop_from_session(void *data)
{
    sim_socket_stop(data);
}

static bool
is_stopping(void *data)
{
    SimSocket *self = data;

    return g_atomic_int_get(&self->stopping) != 0;
}

static void *
serve(void *data)
{
    Connection *connection = data;

    sim_session_run(connection->session);
    g_atomic_int_set(&connection->done, 1);
    return NULL;
}

static void
end_connection(Connection *connection)
{
    g_thread_join(connection->thread);
    sim_session_free(connection->session);
    g_free(connection);
}

/* Joins the threads of connections that are over. */
static void
reap(SimSocket *self)
{
    for (unsigned i = self->connections->len; i > 0; i--) {
        Connection *connection = g_ptr_array_index(self->connections, i - 1);

        if (g_atomic_int_get(&connection->done) != 0) {
            g_ptr_array_remove_index_fast(self->connections, i - 1);
            end_connection(connection);
        }
    }
}

/* Our own user's processes, and root's: a driver in the system's pcscd. */
static bool
is_welcome(int fd)
{
    struct ucred peer = { 0 };
    socklen_t len = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void
accept_connection(SimSocket *self)
{
    const SimSessionHost host = {
        .world = self->world, .stop = stop_from_session, .is_stopping = is_stopping, .data = self
    };
    Connection *connection = NULL;
    int fd = accept4(self->listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        return;
    }
    reap(self);
    if (!is_welcome(fd) || self->connections->len >= CONNECTIONS_MAX) {
        tke_log("sim", "a connection to the socket was refused");
        close(fd);
        return;
    }
    connection = g_new0(Connection, 1);
    connection->owner = self;
    connection->session = sim_session_new(&host, fd);
    connection->thread = g_thread_try_new("sim-session", serve, connection, NULL);
    if (connection->thread == NULL) {
        sim_session_free(connection->session);
        g_free(connection);
        return;
    }
    g_ptr_array_add(self->connections, connection);
}

bool
sim_socket_run(SimSocket *self, GError **error)
{
    struct pollfd fds[2] = { { .fd = self->listener, .events = POLLIN },
                             { .fd = self->stop_event, .events = POLLIN } };

    while (g_atomic_int_get(&self->stopping) == 0) {
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("the socket %s: %s"), self->path,
                        g_strerror(errno));
            return false;
        }
        if ((fds[0].revents & POLLIN) != 0) {
            accept_connection(self);
        }
    }
    return true;
}

void
sim_socket_free(SimSocket *self)
{
    if (self == NULL) {
        return;
    }
    if (self->listener >= 0) {
        close(self->listener);
        unlink(self->path);
    }
    g_atomic_int_set(&self->stopping, 1);
    for (unsigned i = 0; i < self->connections->len; i++) {
        Connection *connection = g_ptr_array_index(self->connections, i);

        sim_session_shut_down(connection->session);
    }
    for (unsigned i = 0; i < self->connections->len; i++) {
        end_connection(g_ptr_array_index(self->connections, i));
    }
    g_ptr_array_unref(self->connections);
    if (self->stop_event >= 0) {
        close(self->stop_event);
    }
    g_free(self->path);
    g_free(self);
}
