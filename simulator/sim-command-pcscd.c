/*
 * tke-sim pcscd (rehearsal, 4.12): a private pcscd for as long as somebody needs it.
 */
#include "simulator/sim-command-pcscd.h"

#include <errno.h>
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

static void
become_command(char **words, const sigset_t *signals)
{
    sigprocmask(SIG_SETMASK, signals, NULL);
    execvp(words[0], words);
    fprintf(stderr, "tke-sim: %s: %s\n", words[0], g_strerror(errno));
    _exit(127);
}

/* Signals of the terminal reach the command by themselves, and it ends when it likes. */
static int
run_command(char **words, const sigset_t *signals, GError **error)
{
    int status = 0;
    pid_t pid = fork();

    if (pid < 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, "%s: %s", words[0], g_strerror(errno));
        return SIM_EXIT_FAILED;
    }
    if (pid == 0) {
        become_command(words, signals);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

static int
wait_for_interrupt(const SimPcscd *pcscd, const char *directory, const sigset_t *blocked)
{
    int number = 0;

    printf("export " SIM_PCSCD_SOCKET_VARIABLE "=%s OPENTKE_WORLD=%s\n",
           sim_pcscd_get_socket(pcscd), directory);
    fflush(stdout);
    sigwait(blocked, &number);
    return SIM_EXIT_OK;
}

int
sim_command_pcscd(const char *directory, char **words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(SimPcscd) pcscd = NULL;
    sigset_t blocked;
    sigset_t before;
    int code = SIM_EXIT_FAILED;

    /* Taken in by sigwait, or left to the command: nothing ends this program without its clean-up. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGHUP);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    if (need_world(directory, &error)) {
        pcscd = sim_pcscd_new(directory, NULL, &error);
    }
    if (pcscd != NULL && words[0] == NULL) {
        code = wait_for_interrupt(pcscd, directory, &blocked);
    } else if (pcscd != NULL) {
        g_setenv(SIM_PCSCD_SOCKET_VARIABLE, sim_pcscd_get_socket(pcscd), TRUE);
        g_setenv("OPENTKE_WORLD", directory, TRUE);
        code = run_command(words, &before, &error);
    }
    if (error != NULL) {
        fprintf(stderr, "tke-sim: %s\n", error->message);
    }
    return code;
}
