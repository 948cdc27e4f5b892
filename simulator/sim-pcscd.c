/*
 * A pcscd of one's own for a world (rehearsal, 4.12; test environment 3).
 */
#include "simulator/sim-pcscd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-pcscd-features.h"
#include "simulator/sim-pcscd-spawn.h"

#define DRIVER_NAME "libifd-opentke.so"
#define READER_NAME "OpenTKE Virtual PIN Pad Reader"
#define READY "daemon ready"
#define READY_TRIES 3000u /* half a minute: sanitizers on a busy machine */
#define STEP_US 10000u
#define STOP_MS 15000
#define BACKLOG 64
/* of a name in pcscd's configuration, besides letters and digits */
#define PLAIN_CHARACTERS "=\\/-._@:"

struct SimPcscd {
    char *world;
    char *dir;     /* world/pcscd */
    char *readers; /* its configuration */
    char *socket;
    char *log;
    char *program;
    char *driver;
    char *bundles;
    SimPcscdFeatures features;
    bool no_readers;
    bool log_apdus;
    char **environment;
    TkeDirLock *lock;
    pid_t pid; /* 0: stopped */
};

/* ---- what this machine has ---- */

char *
sim_pcscd_find_driver(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *own_dir = self == NULL ? g_strdup("/") : g_path_get_dirname(self);
    g_autofree char *beside = g_build_filename(own_dir, DRIVER_NAME, NULL);
    g_autofree char *built = g_build_filename(own_dir, "..", "simulator", DRIVER_NAME, NULL);
    g_autofree char *installed = g_build_filename(SIM_DRIVER_DIR, DRIVER_NAME, NULL);
    const char *const places[] = { beside, built, installed };

    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        if (g_file_test(places[i], G_FILE_TEST_IS_REGULAR)) {
            return g_canonicalize_filename(places[i], NULL);
        }
    }
    return NULL;
}

/* What "pcscd --version" says of its features. */
static bool
ask_pcscd(SimPcscd *self, GError **error)
{
    g_autofree char *output = NULL;
    char *argv[] = { NULL, (char *) "--version", NULL };

    self->program = g_find_program_in_path("pcscd");
    if (self->program == NULL) {
        self->program = g_strdup("/usr/sbin/pcscd"); /* not in everybody's PATH */
    }
    if (!g_file_test(self->program, G_FILE_TEST_IS_EXECUTABLE)) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                            _("there is no pcscd on this machine; install the package pcscd"));
        return false;
    }
    argv[0] = self->program;
    if (!g_spawn_sync("/", argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL, NULL,
                      error)) {
        g_prefix_error(error, "%s: ", self->program);
        return false;
    }
    self->features = sim_pcscd_features_read(output);
    if (self->features.run_dir == NULL || self->features.drivers_dir == NULL ||
        !self->features.takes_socket) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    _("%s takes no socket from outside, which a pcscd of one's own needs"),
                    self->program);
        return false;
    }
    return true;
}

/* ---- its folder ---- */

/* pcscd takes few characters in a name. */
static bool
is_plain(const char *path, GError **error)
{
    for (const char *at = path; *at != '\0'; at++) {
        if (!g_ascii_isalnum(*at) && strchr(PLAIN_CHARACTERS, *at) == NULL) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                        _("%s: pcscd takes letters, digits and %s in a path, nothing else; choose "
                          "another directory"),
                        path, PLAIN_CHARACTERS);
            return false;
        }
    }
    return true;
}

static bool
count_readers(const SimPcscd *self, unsigned *n, GError **error)
{
    g_autoptr(TkeSimClient) client = tke_sim_client_open(self->world, error);
    g_autoptr(GByteArray) answer = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    uint32_t generation = 0;

    if (client != NULL) {
        answer = tke_sim_client_call_alloc(client, TKE_SIM_LIST, NULL, 0, error);
    }
    if (answer != NULL) {
        readers = tke_sim_parse_readers(answer->data, answer->len, &generation, error);
    }
    if (readers == NULL) {
        return false;
    }
    *n = readers->len;
    return true;
}

static bool
write_configuration(const SimPcscd *self, GError **error)
{
    g_autofree char *path = g_build_filename(self->readers, "opentke", NULL);
    g_autoptr(GString) text = g_string_new("# virtual readers of a rehearsal\n");
    unsigned n = 0;

    if (!self->no_readers && !count_readers(self, &n, error)) {
        return false;
    }
    for (unsigned i = 1; i <= n; i++) {
        g_string_append_printf(text,
                               "\nFRIENDLYNAME \"" READER_NAME "\"\n"
                               "DEVICENAME otk:%s:%u\n"
                               "LIBPATH %s\n",
                               self->world, i, self->driver);
    }
    return tke_safe_file_write(path, (const uint8_t *) text->str, text->len, error);
}

static bool
make_folder(SimPcscd *self, GError **error)
{
    self->dir = g_build_filename(self->world, SIM_PCSCD_FOLDER, NULL);
    self->readers = g_build_filename(self->dir, "readers", NULL);
    self->socket = g_build_filename(self->dir, "socket", NULL);
    self->log = g_build_filename(self->dir, "log", NULL);
    if (strlen(self->socket) > TKE_SIM_SOCKET_PATH_MAX) {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_SETUP,
            _("%s is too long for a socket, which takes %u bytes; choose another directory"),
            self->socket, TKE_SIM_SOCKET_PATH_MAX);
        return false;
    }
    if (!is_plain(self->world, error) || !is_plain(self->driver, error) ||
        !tke_safe_file_make_dir(self->dir, error)) {
        return false;
    }
    self->lock = tke_safe_file_lock_dir(self->dir, error);
    return self->lock != NULL && tke_safe_file_make_dir(self->readers, error) &&
           write_configuration(self, error);
}

static int
listen_at(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    unlink(path);
    if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof address) != 0 ||
        chmod(path, S_IRUSR | S_IWUSR) != 0 || listen(fd, BACKLOG) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("the socket %s: %s"), path,
                    g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* ---- the process ---- */

static pid_t
spawn(SimPcscd *self, int listener, int log, GError **error)
{
    char *argv[] = { self->program,
                     (char *) "--foreground",
                     (char *) "--info",
                     (char *) "--config",
                     self->readers,
                     NULL,
                     NULL,
                     NULL };
    unsigned n = 5;
    const SimPcscdSpawn how = {
        .argv = argv,
        .environment = self->environment,
        .run_dir = self->features.run_dir,
        .drivers_dir = self->features.drivers_dir,
        .bundles = self->bundles,
        .world = self->world,
        .listener = listener,
        .log = log,
    };

    if (self->features.has_polkit) {
        argv[n++] = (char *) "--disable-polkit";
    }
    if (self->log_apdus) {
        argv[2] = (char *) "--debug";
        argv[n++] = (char *) "--apdu";
    }
    return sim_pcscd_spawn(&how, error);
}

static bool
has_ended(SimPcscd *self)
{
    int status = 0;
    pid_t ended = 0;

    do {
        ended = waitpid(self->pid, &status, WNOHANG);
    } while (ended < 0 && errno == EINTR);
    if (ended == 0) {
        return false;
    }
    self->pid = 0;
    return true;
}

static bool
wait_until_ready(SimPcscd *self, GError **error)
{
    g_autofree char *log = NULL;

    for (unsigned i = 0; i < READY_TRIES; i++) {
        bool ended = has_ended(self);

        g_free(log);
        log = sim_pcscd_dup_log(self);
        if (ended) {
            break;
        }
        if (strstr(log, READY) != NULL) {
            return true;
        }
        if (g_cancellable_is_cancelled(g_cancellable_get_current())) {
            g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                _("the wait was broken off"));
            sim_pcscd_stop(self, SIGTERM);
            return false;
        }
        g_usleep(STEP_US);
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("pcscd did not start; it says: %s"),
                g_strstrip(log));
    sim_pcscd_stop(self, SIGKILL);
    return false;
}

bool
sim_pcscd_start(SimPcscd *self, GError **error)
{
    int listener = -1;
    int log = -1;
    pid_t pid = -1;

    g_return_val_if_fail(self->pid == 0, false);

    listener = listen_at(self->socket, error);
    if (listener < 0) {
        return false;
    }
    log = open(self->log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
               S_IRUSR | S_IWUSR);
    if (log < 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, "%s: %s", self->log, g_strerror(errno));
        close(listener);
        return false;
    }
    pid = spawn(self, listener, log, error);
    self->pid = pid > 0 ? pid : 0;
    close(listener); /* so that clients notice when pcscd has gone */
    close(log);
    return self->pid > 0 && wait_until_ready(self, error);
}

/* pcscd looks whether it is to end when its wait for clients ends; a signal may come just before
 * that. */
static void
knock(const SimPcscd *self)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, self->socket, sizeof address.sun_path);
    if (fd >= 0) {
        (void) connect(fd, (const struct sockaddr *) &address, sizeof address);
        close(fd);
    }
}

void
sim_pcscd_stop(SimPcscd *self, int signal_number)
{
    const gint64 end = g_get_monotonic_time() + STOP_MS * 1000;

    if (self->pid == 0) {
        return;
    }
    kill(self->pid, signal_number);
    while (g_get_monotonic_time() < end) {
        if (has_ended(self)) {
            return;
        }
        g_usleep(STEP_US / 5);
        if (signal_number == SIGINT) {
            knock(self);
            g_usleep(STEP_US);
        }
    }
    kill(self->pid, SIGKILL);
    while (waitpid(self->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    self->pid = 0;
}

/* A driver with sanitizers: their runtime comes first, and what pcscd itself leaves behind is not
 * told. */
static char **
add_sanitizer(char **environment)
{
#ifdef SIM_PCSCD_SANITIZER
    environment = g_environ_setenv(environment, "LD_PRELOAD", SIM_PCSCD_SANITIZER, TRUE);
    environment = g_environ_setenv(environment, "ASAN_OPTIONS",
                                   "verify_asan_link_order=0:detect_leaks=0", TRUE);
#endif
    return environment;
}

static char **
make_environment(const char *world, const char *const *more)
{
    char **environment =
        add_sanitizer(g_environ_unsetenv(g_get_environ(), SIM_PCSCD_SOCKET_VARIABLE));

    environment = g_environ_setenv(environment, "OPENTKE_WORLD", world, TRUE);
    for (; more != NULL && *more != NULL; more++) {
        g_auto(GStrv) pair = g_strsplit(*more, "=", 2);

        environment = g_environ_setenv(environment, pair[0], pair[1] == NULL ? "" : pair[1], TRUE);
    }
    return environment;
}

SimPcscd *
sim_pcscd_new(const char *world, const SimPcscdOptions *options, GError **error)
{
    const SimPcscdOptions standard = { 0 };
    const SimPcscdOptions *chosen = options == NULL ? &standard : options;
    g_autoptr(SimPcscd) self = g_new0(SimPcscd, 1);

    self->world = g_canonicalize_filename(world, NULL);
    self->driver = chosen->driver == NULL ? sim_pcscd_find_driver() : g_strdup(chosen->driver);
    self->bundles = g_strdup(chosen->bundles);
    self->no_readers = chosen->no_readers;
    self->log_apdus = chosen->log_apdus;
    self->environment = make_environment(self->world, chosen->environment);
    if (self->driver == NULL) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                    _("the driver %s is neither beside this program nor installed"), DRIVER_NAME);
        return NULL;
    }
#ifdef SIM_PCSCD_SANITIZER
    if (*SIM_PCSCD_SANITIZER == '\0') {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                            _("a driver with the sanitizers of this compiler cannot be loaded"));
        return NULL;
    }
#endif
    if (!ask_pcscd(self, error) || !make_folder(self, error) || !sim_pcscd_start(self, error)) {
        return NULL;
    }
    return g_steal_pointer(&self);
}

static void
remove_folder(const SimPcscd *self)
{
    const char *const folders[] = { self->readers, self->dir };

    for (unsigned i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autoptr(GDir) dir = g_dir_open(folders[i], 0, NULL);
        const char *name = NULL;

        while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
            g_autofree char *path = g_build_filename(folders[i], name, NULL);

            g_unlink(path);
        }
        g_rmdir(folders[i]);
    }
}

void
sim_pcscd_free(SimPcscd *self)
{
    if (self == NULL) {
        return;
    }
    sim_pcscd_stop(self, SIGTERM);
    if (self->lock != NULL) {
        remove_folder(self);
    }
    tke_dir_lock_free(self->lock);
    g_strfreev(self->environment);
    g_free(self->world);
    g_free(self->dir);
    g_free(self->readers);
    g_free(self->socket);
    g_free(self->log);
    g_free(self->program);
    g_free(self->driver);
    g_free(self->bundles);
    sim_pcscd_features_clear(&self->features);
    g_free(self);
}

const char *
sim_pcscd_get_socket(const SimPcscd *self)
{
    return self->socket;
}

pid_t
sim_pcscd_get_pid(const SimPcscd *self)
{
    return self->pid;
}

char *
sim_pcscd_dup_log(const SimPcscd *self)
{
    char *text = NULL;

    return g_file_get_contents(self->log, &text, NULL, NULL) ? text : g_strdup("");
}
