/*
 * Texts at a terminal: descriptions and names, beforehand or in the middle of a step (functions
 * 4.11: the same steps as in windows).
 */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "libceremony/op-card.h"
#include "tke/tty-private.h"

#define MOST_AT_ONCE 4096u

/* Is the end of the input there already? What is there instead is kept for the next question. */
static bool
is_input_over(TkeCliTty *tty)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    char buffer[MOST_AT_ONCE];
    ssize_t n = 0;

    while (poll(&input, 1, 0) < 0 && errno == EINTR) {
    }
    if (tty->input->len > 0 || input.revents == 0) {
        return false;
    }
    do {
        n = read(STDIN_FILENO, buffer, sizeof buffer);
    } while (n < 0 && errno == EINTR);
    if (n > 0) {
        g_string_append_len(tty->input, buffer, n);
    }
    return n <= 0;
}

bool
tke_cli_tty_asks_later(TkeCliTty *tty)
{
    return isatty(STDIN_FILENO) == 1 ||
           (tke_cli_events_are_read(tty->events) && !is_input_over(tty));
}

bool
tke_cli_tty_asks_for_choices(TkeCliTty *tty)
{
    return !tty->options.yes && tke_cli_tty_asks_later(tty);
}

char *
tke_cli_tty_ask_text(TkeCliTty *tty, const TkeCliQuestion *question, unsigned max,
                     GCancellable *cancellable, GError **error)
{
    for (;;) {
        char *line;

        tke_cli_events_text(tty->events, question->what, max, NULL, NULL);
        line = tke_cli_tty_ask_line(tty, question->title, question->option, cancellable, error);
        if (line == NULL || strlen(line) <= max) {
            return line;
        }
        g_free(line);
        {
            g_autofree char *text = g_strdup_printf(_("At most %u characters fit."), max);

            tke_cli_tty_say_line(tty, "", text);
        }
    }
}

/* One line; what is proposed for an empty one. */
static char *
ask_once(TkeCliTty *tty, const TkeTextField *field, const char *reason, GCancellable *cancellable,
         GError **error)
{
    bool proposes = field->proposal[0] != '\0';
    g_autofree char *title = proposes ? g_strdup_printf("%s [%s]:", field->label, field->proposal)
                                      : g_strdup_printf("%s:", field->label);
    char *line;

    tke_cli_events_text(tty->events, field->word, TKE_CARD_TEXT_MAX,
                        proposes ? field->proposal : NULL, reason);
    line = tke_cli_tty_ask_line(tty, title, NULL, cancellable, error);
    if (line != NULL && line[0] == '\0' && proposes) {
        g_free(line);
        return g_strdup(field->proposal);
    }
    return line;
}

/* Until it is what the card takes. An empty description is pointed out once (functions 2.3). */
static char *
ask_field(TkeCliTty *tty, const TkeTextField *field, GCancellable *cancellable, GError **error)
{
    const char *reason = NULL;
    bool pointed_out = false;

    for (;;) {
        g_autofree char *line = ask_once(tty, field, reason, cancellable, error);
        g_autoptr(GError) wrong = NULL;

        if (line == NULL) {
            return NULL;
        }
        if (!(field->kind == TKE_TEXT_NAME ? tke_op_card_check_name(line, &wrong)
                                           : tke_op_card_check_description(line, &wrong))) {
            tke_cli_tty_say_line(tty, "  ", wrong->message);
            reason = "not-accepted";
        } else if (line[0] == '\0' && !pointed_out) {
            tke_cli_tty_say_line(tty, "  ",
                                 _("This is empty. An empty line once more leaves it so."));
            reason = "empty";
            pointed_out = true;
        } else {
            return g_steal_pointer(&line);
        }
    }
}

/* Whoever ends the input in the middle of a step stops it there (P-8). */
static bool
stop(const GError *why, GError **error)
{
    if (g_error_matches(why, TKE_ERROR, TKE_ERROR_USAGE)) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, why->message);
    } else {
        g_propagate_error(error, g_error_copy(why));
    }
    return false;
}

bool
tke_cli_tty_ask_texts(void *ui, const TkeTextPrompt *prompt, char **texts,
                      GCancellable *cancellable, GError **error)
{
    TkeCliTty *tty = ui;
    g_autoptr(GPtrArray) answers = g_ptr_array_new_with_free_func(g_free);

    tke_cli_tty_say_line(tty, "", prompt->title);
    if (prompt->why != NULL) {
        tke_cli_tty_say_line(tty, "  ", prompt->why);
    }
    for (unsigned i = 0; i < prompt->n_fields; i++) {
        g_autoptr(GError) local = NULL;
        char *answer = ask_field(tty, &prompt->fields[i], cancellable, &local);

        if (answer == NULL) {
            return stop(local, error);
        }
        g_ptr_array_add(answers, answer);
    }
    for (unsigned i = 0; i < prompt->n_fields; i++) {
        texts[i] = g_steal_pointer(&answers->pdata[i]);
    }
    return true;
}
