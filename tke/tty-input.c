/*
 * What is typed at a terminal.
 */
#include "tke/tty-input.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "common/cancel.h"
#include "common/error.h"

bool
tke_cli_tty_input_wait(int ms, bool *there, GCancellable *cancellable, GError **error)
{
    struct pollfd fds[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = -1 } };
    GPollFD cancel = { .fd = -1 };
    bool watched = cancellable != NULL && g_cancellable_make_pollfd(cancellable, &cancel);
    int n;

    fds[1].fd = watched ? cancel.fd : -1;
    fds[1].events = POLLIN;

    while ((n = poll(fds, 2, ms)) < 0 && errno == EINTR) {
    }
    *there = n < 0 || fds[0].revents != 0; /* reading tells what is wrong */
    if (watched) {
        g_cancellable_release_fd(cancellable);
    }
    return !tke_cancel_is_asked(cancellable, error);
}

/* What is typed unseen; more than fits is counted, and refused at the end. */
typedef struct Typed {
    uint8_t *bytes;
    size_t size;
    size_t len;
} Typed;

static void
add_byte(Typed *typed, uint8_t byte)
{
    if (typed->len < typed->size) {
        typed->bytes[typed->len] = byte;
    }
    typed->len++;
}

/* The last character, which in UTF-8 may be several bytes: those that go on with one begin with
 * 10. */
static void
erase_character(Typed *typed)
{
    bool more = typed->len > 0;

    while (more) {
        typed->len--;
        more = false;
        if (typed->len < typed->size) {
            more = typed->len > 0 && (typed->bytes[typed->len] & 0xC0) == 0x80;
            typed->bytes[typed->len] = 0;
        }
    }
}

/* What the terminal's own editing would do. False: the end of the input (Ctrl-D), or of the
 * line. */
static bool
take_key(Typed *typed, const cc_t *keys, uint8_t key)
{
    if (key == '\n' || key == keys[VEOF]) {
        return false;
    }
    if (key == keys[VERASE] || key == '\b' || key == 0x7f) {
        erase_character(typed);
    } else if (key == keys[VKILL]) {
        while (typed->len > 0) {
            erase_character(typed);
        }
    } else {
        add_byte(typed, key);
    }
    return true;
}

/*
 * What is typed until the end of the line, straight into locked memory, with the keys of the
 * terminal. What does not fit is read to its end and refused.
 */
static bool
read_secret(TkeSecret *buffer, const cc_t *keys, size_t *len, GCancellable *cancellable,
            GError **error)
{
    Typed typed = { 0 };
    uint8_t key = 0;
    ssize_t n = 0;
    bool there = false;

    typed.bytes = tke_secret_fill(buffer, &typed.size);
    while (tke_cli_tty_input_wait(-1, &there, cancellable, error)) {
        n = read(STDIN_FILENO, &key, 1);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || !take_key(&typed, keys, key)) {
            key = 0;
            *len = typed.len;
            return true;
        }
    }
    return false;
}

bool
tke_cli_tty_input_read_secret(TkeSecret *buffer, size_t *len, GCancellable *cancellable,
                              GError **error)
{
    struct termios before;
    struct termios unseen;
    bool ok;

    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("the terminal cannot be set up: %s"),
                    g_strerror(errno));
        return false;
    }
    unseen = before;
    unseen.c_lflag &= ~((tcflag_t) ECHO | (tcflag_t) ICANON);
    unseen.c_cc[VMIN] = 1;
    unseen.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
    ok = read_secret(buffer, before.c_cc, len, cancellable, error);
    tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return ok;
}
