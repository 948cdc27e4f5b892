/*
 * A program that the people of a rehearsal use (4.12).
 */
#include "simulator/officers-program.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "simulator/sim-json.h"

#define EVENTS_FD 3
#define LINE_MAX_LEN 1048576u
#define CHUNK 4096u
#define SLICE_MS 500

static volatile sig_atomic_t interrupted;

struct SimOfficersProgram {
    char *name;
    GPid pid;
    bool reaped;
    int input;  /* -1: closed */
    int output; /* -1: at its end */
    int events; /* -1: at its end */
    GString *printed;
    GString *line; /* of events, perhaps without its end yet */
    SimOfficersObserver observer;
    void *observer_data;
};

static void
close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* argv with the option that names the descriptor of the events behind the program's name. */
static char **
with_events(const char *const *argv)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    g_ptr_array_add(words, g_strdup(argv[0]));
    g_ptr_array_add(words, g_strdup_printf("--events-fd=%d", EVENTS_FD));
    for (size_t i = 1; argv[i] != NULL; i++) {
        g_ptr_array_add(words, g_strdup(argv[i]));
    }
    g_ptr_array_add(words, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

static bool
spawn(SimOfficersProgram *program, char **argv, char **environment, GError **error)
{
    const int target = EVENTS_FD;
    int printed[2] = { -1, -1 };
    int events[2] = { -1, -1 };
    bool started = false;

    if (g_unix_open_pipe(printed, FD_CLOEXEC, error) &&
        g_unix_open_pipe(events, FD_CLOEXEC, error)) {
        started = g_spawn_async_with_pipes_and_fds(
            NULL, (const char *const *) argv, (const char *const *) environment,
            G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, -1, printed[1], printed[1], &events[1], &target,
            1, &program->pid, &program->input, NULL, NULL, error);
    }
    close_fd(&printed[1]);
    close_fd(&events[1]);
    program->output = printed[0];
    program->events = events[0];
    return started;
}

SimOfficersProgram *
sim_officers_program_new_for(const char *name, int input, int output, int events)
{
    SimOfficersProgram *program = g_new0(SimOfficersProgram, 1);

    program->name = g_strdup(name);
    program->reaped = true; /* nobody's child */
    program->input = input;
    program->output = output;
    program->events = events;
    program->printed = g_string_new(NULL);
    program->line = g_string_new(NULL);
    return program;
}

SimOfficersProgram *
sim_officers_program_new(const char *const *argv, char **environment, GError **error)
{
    g_autofree char *name = g_path_get_basename(argv[0]);
    g_autoptr(SimOfficersProgram) program = sim_officers_program_new_for(name, -1, -1, -1);
    g_auto(GStrv) words = with_events(argv);

    if (!spawn(program, words, environment, error)) {
        g_prefix_error(error, "%s: ", program->name);
        return NULL;
    }
    program->reaped = false;
    return g_steal_pointer(&program);
}

void
sim_officers_program_free(SimOfficersProgram *program)
{
    if (program == NULL) {
        return;
    }
    close_fd(&program->input);
    close_fd(&program->output);
    close_fd(&program->events);
    if (!program->reaped) {
        kill(program->pid, SIGKILL);
        while (waitpid(program->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    g_string_free(program->printed, TRUE);
    g_string_free(program->line, TRUE);
    g_free(program->name);
    g_free(program);
}

void
sim_officers_program_set_observer(SimOfficersProgram *program, SimOfficersObserver observer,
                                  void *data)
{
    program->observer = observer;
    program->observer_data = data;
}

bool
sim_officers_program_type(SimOfficersProgram *program, const char *line, GError **error)
{
    g_autofree char *text = g_strconcat(line, "\n", NULL);
    size_t len = strlen(text);
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(program->input, text + done, len - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            g_set_error(error, G_IO_ERROR, (gint) g_io_error_from_errno(errno),
                        _("%s takes no input: %s"), program->name, g_strerror(errno));
            return false;
        }
        done += (size_t) n;
    }
    return true;
}

void
sim_officers_program_signal(SimOfficersProgram *program, int number)
{
    if (!program->reaped) {
        kill(program->pid, number);
    }
}

void
sim_officers_program_close_input(SimOfficersProgram *program)
{
    close_fd(&program->input);
}

/* What there is to read, to the end of text; closes the descriptor at its end. */
static void
read_some(int *fd, GString *text)
{
    char chunk[CHUNK];
    ssize_t n = read(*fd, chunk, sizeof chunk);

    if (n > 0) {
        g_string_append_len(text, chunk, n);
    } else if (n == 0 || errno != EINTR) {
        close_fd(fd);
    }
}

void
sim_officers_program_interrupt(void)
{
    interrupted = 1;
}

/* Until one of the descriptors has something. */
static bool
wait_for_either(SimOfficersProgram *program, GPollFD fds[static 2], int timeout_ms, GError **error)
{
    for (int waited_ms = 0; waited_ms < timeout_ms; waited_ms += SLICE_MS) {
        if (g_poll(fds, 2, SLICE_MS) > 0) {
            return true;
        }
        if (interrupted != 0) {
            g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("interrupted"));
            return false;
        }
    }
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _("%s has said nothing for %d seconds"),
                program->name, timeout_ms / 1000);
    return false;
}

/* Reads from whatever has something. False after timeout_ms without anything. */
static bool
read_both(SimOfficersProgram *program, int timeout_ms, GError **error)
{
    GPollFD fds[2] = { { .fd = program->events, .events = G_IO_IN },
                       { .fd = program->output, .events = G_IO_IN } };

    if (!wait_for_either(program, fds, timeout_ms, error)) {
        return false;
    }
    if (program->events >= 0 && fds[0].revents != 0) {
        read_some(&program->events, program->line);
    }
    if (program->output >= 0 && fds[1].revents != 0) {
        read_some(&program->output, program->printed);
    }
    return true;
}

/* The first whole line that was read, as an event; NULL without error if there is none. */
static JsonObject *
take_line(SimOfficersProgram *program, GError **error)
{
    const char *end = strchr(program->line->str, '\n');
    JsonObject *event = NULL;
    gssize len = 0;

    if (end == NULL) {
        return NULL;
    }
    len = end - program->line->str;
    event = sim_json_parse(program->line->str, len, error);
    g_string_erase(program->line, 0, len + 1);
    if (event == NULL) {
        g_prefix_error(error, _("an event of %s: "), program->name);
    }
    return event;
}

JsonObject *
sim_officers_program_next_event(SimOfficersProgram *program, int timeout_ms, GError **error)
{
    for (;;) {
        g_autoptr(GError) cause = NULL;
        JsonObject *event = take_line(program, &cause);

        if (event != NULL) {
            if (program->observer != NULL) {
                program->observer(event, program->pid, program->observer_data);
            }
            return event;
        }
        if (cause != NULL) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
        if (program->events < 0) {
            return NULL;
        }
        if (program->line->len > LINE_MAX_LEN) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("an event of %s does not end"),
                        program->name);
            return NULL;
        }
        if (!read_both(program, timeout_ms, error)) {
            return NULL;
        }
    }
}

char *
sim_officers_program_take_output(SimOfficersProgram *program)
{
    char *text = g_strdup(program->printed->str);

    g_string_truncate(program->printed, 0);
    return text;
}

int
sim_officers_program_wait(SimOfficersProgram *program, int timeout_ms, GError **error)
{
    int status = 0;

    while (program->output >= 0) {
        if (!read_both(program, timeout_ms, error)) {
            return -1;
        }
    }
    while (waitpid(program->pid, &status, 0) < 0) {
        if (errno != EINTR) {
            g_set_error(error, G_IO_ERROR, (gint) g_io_error_from_errno(errno), "%s: %s",
                        program->name, g_strerror(errno));
            return -1;
        }
    }
    program->reaped = true;
    if (!WIFEXITED(status)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, _("%s was ended by signal %d"),
                    program->name, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        return -1;
    }
    return WEXITSTATUS(status);
}
