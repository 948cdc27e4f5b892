/*
 * tke-sim pcscd (rehearsal, 4.12): a private pcscd for as long as somebody needs it.
 */
#include "simulator/sim-command-pcscd.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-daemon.h"
#include "simulator/sim-pcscd.h"

#define KILLED 128 /* exit code of a shell for a command that a signal ended, with its number */

/* tke-sim answers, started if need be. */
static bool
need_world(const char *directory, GError **error)
{
    g_autoptr(TkeSimClient) client = tke_sim_client_open_or_start(directory, error);

    return client != NULL;
}

/* A thread takes in the signals that end programs: nothing ends this one without its clean-up. */
typedef struct Signals {
    sigset_t taken;
    sigset_t before; /* what was blocked */
    GCancellable *ended;
    gint command; /* atomic: the process of the command; 0: none */
} Signals;

static gpointer
take_signals(gpointer data)
{
    Signals *signals = data;

    for (;;) {
        siginfo_t info = { 0 };
        const int number = sigwaitinfo(&signals->taken, &info);
        const pid_t command = g_atomic_int_get(&signals->command);

        if (number < 0) {
            continue;
        }
        g_cancellable_cancel(signals->ended);
        /* Those of the terminal reach the command by themselves. */
        if (command > 0 && info.si_code != SI_KERNEL) {
            kill(command, number);
        }
    }
    return NULL;
}

/* Stays as long as the program does. */
static Signals *
start_signals(void)
{
    static Signals signals;

    sigemptyset(&signals.taken);
    sigaddset(&signals.taken, SIGINT);
    sigaddset(&signals.taken, SIGTERM);
    sigaddset(&signals.taken, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals.taken, &signals.before);
    signals.ended = g_cancellable_new();
    g_thread_unref(g_thread_new("signals", take_signals, &signals));
    return &signals;
}

static void
become_command(char **words, const Signals *signals)
{
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
    execvp(words[0], words);
    fprintf(stderr, "tke-sim: %s: %s\n", words[0], g_strerror(errno));
    _exit(127);
}

/* It ends when it likes. */
static int
run_command(char **words, Signals *signals, GError **error)
{
    siginfo_t info = { 0 };
    int status = 0;
    pid_t pid = fork();

    if (pid < 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, "%s: %s", words[0], g_strerror(errno));
        return SIM_EXIT_FAILED;
    }
    if (pid == 0) {
        become_command(words, signals);
    }
    g_atomic_int_set(&signals->command, pid);
    if (g_cancellable_is_cancelled(signals->ended)) {
        kill(pid, SIGTERM); /* it came too early for the command */
    }
    /* Its number is not another process's before it is forgotten. */
    while (waitid(P_PID, (id_t) pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
    }
    g_atomic_int_set(&signals->command, 0);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

static int
wait_for_interrupt(const SimPcscd *pcscd, const char *directory, const Signals *signals)
{
    GPollFD fd = { 0 };

    printf("export " SIM_PCSCD_SOCKET_VARIABLE "=%s OPENTKE_WORLD=%s\n",
           sim_pcscd_get_socket(pcscd), directory);
    fflush(stdout);
    if (g_cancellable_make_pollfd(signals->ended, &fd)) {
        while (!g_cancellable_is_cancelled(signals->ended)) {
            g_poll(&fd, 1, -1);
        }
        g_cancellable_release_fd(signals->ended);
    }
    return SIM_EXIT_OK;
}

int
sim_command_pcscd(const char *directory, char **words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimPcscd) pcscd = NULL;
    Signals *signals = NULL;
    int code = SIM_EXIT_FAILED;

    /* Up to here there is nothing to clean up: signals do as always. */
    if (need_world(directory, &error)) {
        signals = start_signals();
        g_cancellable_push_current(signals->ended);
        pcscd = sim_pcscd_new(directory, NULL, &error);
        g_cancellable_pop_current(signals->ended);
    }
    if (pcscd != NULL && words[0] == NULL) {
        code = wait_for_interrupt(pcscd, directory, signals);
    } else if (pcscd != NULL) {
        g_setenv(SIM_PCSCD_SOCKET_VARIABLE, sim_pcscd_get_socket(pcscd), TRUE);
        g_setenv("OPENTKE_WORLD", directory, TRUE);
        code = run_command(words, signals, &error);
    }
    if (error != NULL) {
        fprintf(stderr, "tke-sim: %s\n", error->message);
    }
    return code;
}
