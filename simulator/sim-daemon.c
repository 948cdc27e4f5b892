/*
 * tke-sim as a daemon (rehearsal, 4.12). The parent returns when the socket answers, so that a
 * script can go on at once; SIGTERM and SIGINT end the daemon in order, and nothing is lost when
 * it is killed.
 */
#include "simulator/sim-daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "common/process.h"
#include "common/safe-file.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-socket.h"

#define LOG_FILE "tke-sim.log"
#define PROGRAM "tke-sim"
#define READY "ready"
#define STOP_TRIES 500u
#define STOP_STEP_US 20000u

static SimSocket *running_socket; /* for the signal handler */

static void
on_signal(int number)
{
    (void) number;
    sim_socket_stop(running_socket);
}

static void
catch_signals(SimSocket *socket)
{
    struct sigaction action = { .sa_handler = on_signal };

    running_socket = socket;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* Standard input from nowhere, output to the log of the world, in nobody's directory. */
static bool
redirect_output(const char *directory, GError **error)
{
    g_autofree char *path = g_build_filename(directory, LOG_FILE, NULL);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (null < 0 || log < 0 || chdir("/") != 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, "%s: %s", path, g_strerror(errno));
        return false;
    }
    close(null);
    close(log);
    return true;
}

static bool
report(int fd, const char *text)
{
    size_t len = strlen(text);

    return write(fd, text, len) == (ssize_t) len;
}

/* Opens world and socket; tells ready_fd (a daemon) or standard output (foreground) when they
 * answer. */
static bool
serve(const char *directory, const SimWorldOptions *options, int ready_fd, GError **error)
{
    g_autoptr(SimWorld) world = NULL;
    g_autoptr(SimSocket) socket = NULL;
    bool served = false;

    if (!tke_process_init(TKE_PROCESS_DEFAULT, error)) {
        return false;
    }
    world = sim_world_new(directory, options, error);
    socket = world == NULL ? NULL : sim_socket_new(world, error);
    if (socket == NULL) {
        return false;
    }
    catch_signals(socket);
    if (ready_fd < 0) {
        printf("%s %s\n", READY, sim_world_get_directory(world));
        fflush(stdout);
    } else {
        if (!redirect_output(directory, error)) {
            return false;
        }
        report(ready_fd, READY);
        close(ready_fd);
    }
    served = sim_socket_run(socket, error);
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    return served;
}

static int
exit_code_of(const GError *error)
{
    if (g_error_matches(error, TKE_ERROR, TKE_ERROR_LOCKED)) {
        return SIM_EXIT_RUNNING;
    }
    return g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE) ? SIM_EXIT_USAGE : SIM_EXIT_FAILED;
}

static int
serve_and_tell(const char *directory, const SimWorldOptions *options, int ready_fd)
{
    g_autoptr(GError) error = NULL;

    if (!serve(directory, options, ready_fd, &error)) {
        fprintf(stderr, "tke-sim: %s\n", error->message);
        return exit_code_of(error);
    }
    return SIM_EXIT_OK;
}

/* Waits for the word of the child; its exit code if it failed (it has told why). */
static int
wait_for_child(pid_t child, int fd)
{
    char word[sizeof READY] = "";
    size_t got = 0;
    int status = 0;

    while (got < strlen(READY)) {
        ssize_t n = read(fd, word + got, strlen(READY) - got);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        got += (size_t) n;
    }
    if (strcmp(word, READY) == 0) {
        return SIM_EXIT_OK;
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : SIM_EXIT_FAILED;
}

int
sim_daemon_start(const char *directory, const SimWorldOptions *options, bool foreground)
{
    int fds[2] = { -1, -1 };
    pid_t child = -1;

    if (foreground) {
        return serve_and_tell(directory, options, -1);
    }
    if (pipe2(fds, O_CLOEXEC) != 0 || (child = fork()) < 0) {
        fprintf(stderr, "tke-sim: %s\n", g_strerror(errno));
        return SIM_EXIT_FAILED;
    }
    if (child == 0) {
        close(fds[0]);
        setsid();
        return serve_and_tell(directory, options, fds[1]);
    }
    close(fds[1]);
    int code = wait_for_child(child, fds[0]);
    close(fds[0]);
    return code;
}

/* ---- ending ---- */

/* It holds the lock of its world to the end. */
static bool
wait_until_gone(const char *directory)
{
    for (unsigned i = 0; i < STOP_TRIES; i++) {
        g_autoptr(TkeDirLock) lock = tke_safe_file_lock_dir(directory, NULL);

        if (lock != NULL) {
            return true;
        }
        g_usleep(STOP_STEP_US);
    }
    return false;
}

static bool
ask_to_stop(const char *directory, GError **error)
{
    g_autoptr(TkeSimClient) client = tke_sim_client_open(directory, error);
    g_autoptr(JsonObject) command = json_object_new();
    g_autoptr(JsonObject) answer = NULL;

    json_object_set_string_member(command, "command", "stop");
    if (client != NULL) {
        answer = tke_sim_client_command(client, command, error);
    }
    if (answer == NULL) {
        return false;
    }
    if (!wait_until_gone(directory)) {
        g_set_error(
            error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
            _("it was told to stop and still runs; end it with “tke-sim --world %s stop --force”"),
            directory);
        return false;
    }
    return true;
}

/* The process that keeps the world, as its lock tells; 0: none, or none that is a tke-sim. */
static pid_t
find_keeper(const char *directory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeDirLock) lock = tke_safe_file_lock_dir(directory, &error);
    const int pid = tke_safe_file_find_keeper(directory);
    g_autofree char *comm = g_strdup_printf("/proc/%d/comm", pid);
    g_autofree char *name = NULL;

    if (lock != NULL || !g_error_matches(error, TKE_ERROR, TKE_ERROR_LOCKED) || pid <= 1) {
        return 0;
    }
    return g_file_get_contents(comm, &name, NULL, NULL) && strcmp(g_strstrip(name), PROGRAM) == 0
               ? (pid_t) pid
               : 0;
}

/* What was answered is in the files of the world: as with a power cut, nothing of it is lost. */
static bool
end_by_force(const char *directory, GError **error)
{
    const pid_t pid = find_keeper(directory);

    if (pid == 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    _("no process can be named that keeps the world %s; nothing was ended"),
                    directory);
        return false;
    }
    if (kill(pid, SIGKILL) != 0 && errno != ESRCH) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("process %ld cannot be ended: %s"),
                    (long) pid, g_strerror(errno));
        return false;
    }
    if (!wait_until_gone(directory)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("process %ld was killed and still runs"),
                    (long) pid);
        return false;
    }
    return true;
}

int
sim_daemon_stop(const char *directory, bool force)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) reason = NULL;

    if (ask_to_stop(directory, &error)) {
        return SIM_EXIT_OK;
    }
    if (force && end_by_force(directory, &reason)) {
        return SIM_EXIT_OK;
    }
    fprintf(stderr, "tke-sim: %s\n", error->message);
    if (reason != NULL) {
        fprintf(stderr, "tke-sim: %s\n", reason->message);
    }
    return SIM_EXIT_FAILED;
}
