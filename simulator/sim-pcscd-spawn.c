/*
 * A mount namespace for pcscd, as root or as any user who may make a user namespace (test
 * environment 3).
 *
 * Between fork and exec only system calls and arithmetic: the parent may have threads. What fails
 * is told to the parent through a pipe that a successful exec closes.
 */
#include "simulator/sim-pcscd-spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"

#define FIRST_PASSED_FD 3
#define HIGH_FD 16 /* out of the way of those that are handed over */
#define PATH_BYTES 4096

enum { STEP_NAMESPACE, STEP_MOUNT, STEP_START };

typedef struct Failure {
    int step;
    int code;
} Failure;

typedef struct Child {
    const SimPcscdSpawn *spawn;
    char **environment;
    char *listen_pid; /* in the environment: its digits are written by the child */
    char *run_parent;
    bool run_exists;
    bool drivers_exist;
    bool world_is_hidden; /* by a new file system on run_parent */
    int listener;         /* all out of the way */
    int log;
    int null;
    int world;
    int report;
    pid_t parent;
    char uid_map[64];
    char gid_map[64];
} Child;

static bool
write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);
    int code = errno;

    if (fd >= 0) {
        close(fd);
    }
    errno = code;
    return done;
}

/* In a user namespace we are its root; files keep their owner. */
static bool
enter_namespace(const Child *child)
{
    if (unshare(CLONE_NEWNS) == 0) {
        return true;
    }
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_file("/proc/self/setgroups", "deny") &&
           write_file("/proc/self/uid_map", child->uid_map) &&
           write_file("/proc/self/gid_map", child->gid_map);
}

/* Makes all folders of a path that has room to be cut. */
static bool
make_folders(char *path)
{
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            if (mkdir(path, S_IRWXU) != 0 && errno != EEXIST) {
                return false;
            }
            *at = '/';
        }
    }
    return mkdir(path, S_IRWXU) == 0 || errno == EEXIST;
}

/* The world again where it was, from the descriptor that was opened before. */
static bool
show_world(const Child *child)
{
    char path[PATH_BYTES];
    char from[64];

    snprintf(path, sizeof path, "%s", child->spawn->world);
    snprintf(from, sizeof from, "/proc/self/fd/%d", child->world);
    return make_folders(path) && mount(from, child->spawn->world, NULL, MS_BIND, NULL) == 0;
}

static bool
mount_run(const Child *child)
{
    const char *at = child->run_exists ? child->spawn->run_dir : child->run_parent;

    if (mount("tmpfs", at, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) {
        return false;
    }
    if (!child->run_exists && mkdir(child->spawn->run_dir, S_IRWXU) != 0) {
        return false;
    }
    return !child->world_is_hidden || show_world(child);
}

static bool
mount_drivers(const Child *child)
{
    const SimPcscdSpawn *spawn = child->spawn;

    if (!child->drivers_exist) {
        return true;
    }
    return spawn->bundles != NULL
               ? mount(spawn->bundles, spawn->drivers_dir, NULL, MS_BIND | MS_REC, NULL) == 0
               : mount("tmpfs", spawn->drivers_dir, "tmpfs", MS_NOSUID | MS_NODEV, NULL) == 0;
}

static void
default_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
}

/* Returns only if something failed: the step, errno tells more. */
static int
become_pcscd(const Child *child)
{
    default_signals();
    setsid(); /* Ctrl-C at a terminal is for the program that started us */
    if (!enter_namespace(child)) {
        return STEP_NAMESPACE;
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || !mount_run(child) ||
        !mount_drivers(child)) {
        return STEP_MOUNT;
    }
    /* After the namespace, which forgets it. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != child->parent || chdir("/") != 0 ||
        dup2(child->null, STDIN_FILENO) < 0 || dup2(child->log, STDOUT_FILENO) < 0 ||
        dup2(child->log, STDERR_FILENO) < 0 || dup2(child->listener, FIRST_PASSED_FD) < 0 ||
        close_range(FIRST_PASSED_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
        return STEP_START;
    }
    snprintf(child->listen_pid, 16, "%d", (int) getpid());
    execve(child->spawn->argv[0], child->spawn->argv, child->environment);
    return STEP_START;
}

static bool
set_failure(GError **error, const Failure *failure)
{
    switch (failure->step) {
    case STEP_NAMESPACE:
        g_set_error(
            error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
            _("a pcscd of one's own needs root or a user namespace, and this machine allows "
              "neither here: %s"),
            g_strerror(failure->code));
        break;
    case STEP_MOUNT:
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                    _("a pcscd of one's own needs file systems of its own, and this machine allows "
                      "none here: %s"),
                    g_strerror(failure->code));
        break;
    default:
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("pcscd cannot be started: %s"),
                    g_strerror(failure->code));
    }
    return false;
}

/* Copies of descriptors out of the way; false if one is missing. */
static bool
raise_fds(Child *child, const SimPcscdSpawn *spawn)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int world = open(spawn->world, O_PATH | O_DIRECTORY | O_CLOEXEC);

    child->null = fcntl(null, F_DUPFD_CLOEXEC, HIGH_FD);
    child->world = fcntl(world, F_DUPFD_CLOEXEC, HIGH_FD);
    child->listener = fcntl(spawn->listener, F_DUPFD_CLOEXEC, HIGH_FD);
    child->log = fcntl(spawn->log, F_DUPFD_CLOEXEC, HIGH_FD);
    close(null);
    close(world);
    return child->null >= 0 && child->world >= 0 && child->listener >= 0 && child->log >= 0;
}

static void
close_fds(const Child *child)
{
    const int fds[] = { child->null, child->world, child->listener, child->log };

    for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

/* Forks; the process, or -1. */
static pid_t
fork_pcscd(Child *child, GError **error)
{
    Failure failure = { .step = STEP_START };
    int fds[2] = { -1, -1 };
    ssize_t got = -1;
    pid_t pid = -1;

    if (pipe2(fds, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        failure.code = errno;
        set_failure(error, &failure);
        return -1;
    }
    if (pid == 0) {
        failure.step = become_pcscd(child);
        failure.code = errno;
        _exit(write(fds[1], &failure, sizeof failure) == (ssize_t) sizeof failure ? 126 : 127);
    }
    close(fds[1]);
    do {
        got = read(fds[0], &failure, sizeof failure);
    } while (got < 0 && errno == EINTR);
    close(fds[0]);
    if (got == 0) {
        return pid;
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    set_failure(error, &failure);
    return -1;
}

/* Room for the number of the process, which is not known before there is one. */
static char **
make_environment(char **from, char **listen_pid)
{
    char **environment = g_environ_setenv(g_strdupv(from), "LISTEN_FDS", "1", TRUE);

    environment = g_environ_setenv(environment, "LISTEN_PID", "000000000000000", TRUE);
    for (unsigned i = 0; environment[i] != NULL; i++) {
        if (g_str_has_prefix(environment[i], "LISTEN_PID=")) {
            *listen_pid = environment[i] + strlen("LISTEN_PID=");
        }
    }
    return environment;
}

pid_t
sim_pcscd_spawn(const SimPcscdSpawn *spawn, GError **error)
{
    g_autofree char *run_parent = g_path_get_dirname(spawn->run_dir);
    g_autofree char *below_run = g_strconcat(run_parent, "/", NULL);
    Child child = { .spawn = spawn, .run_parent = run_parent, .parent = getpid() };
    pid_t pid = -1;

    child.run_exists = g_file_test(spawn->run_dir, G_FILE_TEST_IS_DIR);
    child.drivers_exist = g_file_test(spawn->drivers_dir, G_FILE_TEST_IS_DIR);
    child.world_is_hidden = !child.run_exists && g_str_has_prefix(spawn->world, below_run);
    child.environment = make_environment(spawn->environment, &child.listen_pid);
    snprintf(child.uid_map, sizeof child.uid_map, "0 %u 1", (unsigned) geteuid());
    snprintf(child.gid_map, sizeof child.gid_map, "0 %u 1", (unsigned) getegid());
    if (raise_fds(&child, spawn)) {
        pid = fork_pcscd(&child, error);
    } else {
        set_failure(error, &(Failure){ .step = STEP_START, .code = errno });
    }
    close_fds(&child);
    g_strfreev(child.environment);
    return pid;
}
