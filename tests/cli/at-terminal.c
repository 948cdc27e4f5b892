/*
 * at-terminal [ARGUMENT…]: runs tke with these arguments at a terminal of its own. What comes in
 * is typed there, what is shown there goes out; other descriptors and the exit code are passed on.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Copies what is there; false at the end. */
static bool
copy(int from, int to)
{
    char buffer[4096];
    ssize_t n = read(from, buffer, sizeof buffer);
    ssize_t done = 0;

    if (n < 0 && errno == EINTR) {
        return true;
    }
    while (done < n) {
        ssize_t written = write(to, buffer + done, (size_t) (n - done));

        if (written < 0 && errno != EINTR) {
            return false;
        }
        done += written > 0 ? written : 0;
    }
    return n > 0; /* a terminal that nobody holds any more is EIO */
}

/* Until the program has left the terminal; the end of the input is Ctrl-D. */
static void
serve(int terminal)
{
    struct pollfd fds[2] = { { .fd = terminal, .events = POLLIN },
                             { .fd = STDIN_FILENO, .events = POLLIN } };
    const char end = 4;

    for (;;) {
        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR) {
                continue;
            }
            return;
        }
        if (fds[0].revents != 0 && !copy(terminal, STDOUT_FILENO)) {
            return;
        }
        if (fds[1].revents != 0 && !copy(STDIN_FILENO, terminal)) {
            fds[1].fd = -1;
            if (write(terminal, &end, 1) != 1) {
                return;
            }
        }
    }
}

int
main(int argc, char **argv)
{
    int terminal = -1;
    int status = 0;
    pid_t pid = forkpty(&terminal, NULL, NULL, NULL);

    (void) argc;
    if (pid < 0) {
        perror("forkpty");
        return EXIT_FAILURE;
    }
    if (pid == 0) {
        argv[0] = (char *) TKE;
        execv(TKE, argv);
        perror(TKE);
        _exit(127);
    }
    serve(terminal);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
