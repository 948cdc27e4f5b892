/*
 * The operator at a terminal.
 */
#include "tke/tty-prompter.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "libsmartcard/card-error.h"
#include "tke/text.h"
#include "tke/tty-input.h"
#include "tke/tty-private.h"

#define LINE_MAX_LEN 4096u

TkeCliTty *
tke_cli_tty_new(const TkeCliTtyOptions *options, TkeCliEvents *events)
{
    TkeCliTty *tty = g_new0(TkeCliTty, 1);

    tty->options = *options;
    tty->events = events;
    tty->to = options->json ? stderr : stdout;
    tty->input = g_string_new(NULL);
    return tty;
}

void
tke_cli_tty_free(TkeCliTty *tty)
{
    if (tty != NULL) {
        g_string_free(tty->input, TRUE);
        g_free(tty->last_title);
        g_free(tty);
    }
}

void
tke_cli_tty_set_answers(TkeCliTty *tty, bool yes, const char *confirm)
{
    tty->options.yes = yes;
    tty->options.confirm = confirm;
}

void
tke_cli_tty_set_notes(TkeCliTty *tty, GPtrArray *notes)
{
    tty->notes = notes;
}

static char *
take_line(TkeCliTty *tty)
{
    char *newline = memchr(tty->input->str, '\n', tty->input->len);
    char *line;

    if (newline == NULL) {
        return NULL;
    }
    line = g_strndup(tty->input->str, (size_t) (newline - tty->input->str));
    g_string_erase(tty->input, 0, newline - tty->input->str + 1);
    return g_strchomp(line);
}

/* Prints on one line: what came from outside among it steers no terminal and passes for no line of
 * ours. */
static void say(TkeCliTty *tty, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
say(TkeCliTty *tty, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *safe = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    safe = tke_cli_text_safe(text);
    fputs(safe, tty->to);
}

void
tke_cli_tty_say_line(TkeCliTty *tty, const char *indent, const char *text)
{
    g_autofree char *safe = tke_cli_text_safe(text);

    fprintf(tty->to, "%s%s\n", indent, safe);
}

/* What is there to be read. False: the line is too long. *end: nothing will come any more. */
static bool
read_input(TkeCliTty *tty, bool *end, GError **error)
{
    char buffer[256];
    const ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);

    *end = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
    if (n == 0 && tty->input->len > 0) {
        g_string_append_c(tty->input, '\n');
        *end = false;
    } else if (n > 0 && tty->input->len + (size_t) n <= LINE_MAX_LEN) {
        g_string_append_len(tty->input, buffer, n);
    } else if (n > 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("the line is too long"));
        return false;
    }
    return true;
}

bool
tke_cli_tty_wait(TkeCliTty *tty, int ms, bool *there, GCancellable *cancellable, GError **error)
{
    bool some = false;
    bool end = false;

    *there = memchr(tty->input->str, '\n', tty->input->len) != NULL;
    if (*there) {
        return true;
    }
    if (!tke_cli_tty_input_wait(ms, &some, cancellable, error) ||
        (some && !read_input(tty, &end, error))) {
        return false;
    }
    *there = end || memchr(tty->input->str, '\n', tty->input->len) != NULL;
    return true;
}

char *
tke_cli_tty_read_line(TkeCliTty *tty, GCancellable *cancellable, GError **error)
{
    bool there = false;

    while (!there) {
        if (!tke_cli_tty_wait(tty, -1, &there, cancellable, error)) {
            return NULL;
        }
    }
    return take_line(tty); /* NULL: the end of the input */
}

char *
tke_cli_tty_ask_line(TkeCliTty *tty, const char *title, const char *option,
                     GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) local = NULL;
    char *line;

    say(tty, "%s ", title);
    fflush(tty->to);
    line = tke_cli_tty_read_line(tty, cancellable, &local);
    if (line != NULL) {
        return line;
    }
    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    fputc('\n', tty->to);
    if (option != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("nobody is there to answer “%s”: give the answer by the option %s, or start "
                      "the program at a terminal"),
                    title, option);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("nobody is there to answer “%s”: give the answer by an option, or start the "
                      "program at a terminal"),
                    title);
    }
    return NULL;
}

/* With the reader's model and place (P-1), unless it is not known which one it will be. */
static void
say_what_to_do(TkeCliTty *tty, const TkePrompt *prompt)
{
    if (prompt->reader_name != NULL && prompt->reader_name[0] != '\0') {
        say(tty, _("Reader %u (%s): %s"), prompt->reader, prompt->reader_name, prompt->title);
    } else {
        say(tty, _("Reader %u: %s"), prompt->reader, prompt->title);
    }
    fputc('\n', tty->to);
}

static void
tty_show(void *ui, const TkePrompt *prompt)
{
    TkeCliTty *tty = ui;

    tke_cli_events_prompt(tty->events, prompt);
    if (prompt->reason != NULL) {
        tke_cli_tty_say_line(tty, "  ", prompt->reason);
        if (prompt->advice != NULL) {
            tke_cli_tty_say_line(tty, "  ", prompt->advice);
        }
        if (prompt->details != NULL) {
            g_autofree char *line = g_strdup_printf(_("Details: %s"), prompt->details);

            tke_cli_tty_say_line(tty, "  ", line);
        }
    }
    if (prompt->reason == NULL || g_strcmp0(prompt->title, tty->last_title) != 0) {
        say_what_to_do(tty, prompt);
    }
    if (prompt->kind == TKE_PROMPT_ENTER_PIN || prompt->kind == TKE_PROMPT_CHANGE_PIN) {
        say(tty,
            ngettext("  %u try left. %u seconds. The red key on the pad cancels.",
                     "  %u tries left. %u seconds. The red key on the pad cancels.",
                     prompt->tries_left),
            prompt->tries_left, prompt->timeout_s);
        fputc('\n', tty->to);
    } else if (prompt->kind == TKE_PROMPT_NEW_PIN) {
        say(tty, _("  Six digits, typed twice within %u seconds."), prompt->timeout_s);
        fputc('\n', tty->to);
    }
    fflush(tty->to);
    g_free(tty->last_title);
    tty->last_title = g_strdup(prompt->title);
}

/* Somebody sees what is printed, or a program reads the events for people. */
static bool
is_followed(const TkeCliTty *tty)
{
    return tke_cli_events_are_read(tty->events) || isatty(STDIN_FILENO) == 1 ||
           isatty(fileno(tty->to)) == 1;
}

/*
 * Who has said yes beforehand may have people follow what a log says: they are waited for as long as
 * a card stays unlocked, and not for ever.
 */
static bool
tty_may_wait(void *ui, gint64 shown_ms, int *timeout_ms, GError **error)
{
    TkeCliTty *tty = ui;
    const char *title = tty->last_title != NULL ? tty->last_title : "";

    if (is_followed(tty)) {
        *timeout_ms = -1;
        return true;
    }
    if (!tty->options.yes) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("nobody is there to do this: “%s” Put the card in before the program is "
                      "started, or start it at a terminal, with --events-fd, or with --yes where "
                      "people follow what it prints"),
                    title);
        return false;
    }
    if (shown_ms >= (gint64) TKE_CLI_TTY_PATIENCE_S * 1000) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_CARD,
                    _("nobody has done this for %u minutes: “%s”"), TKE_CLI_TTY_PATIENCE_S / 60,
                    title);
        return false;
    }
    *timeout_ms = (int) ((gint64) TKE_CLI_TTY_PATIENCE_S * 1000 - shown_ms);
    return true;
}

static void
tty_hide(void *ui)
{
    TkeCliTty *tty = ui;

    tke_cli_events_prompt_done(tty->events);
    g_clear_pointer(&tty->last_title, g_free);
}

static void
tty_step(void *ui, unsigned done, unsigned total, const char *what)
{
    TkeCliTty *tty = ui;

    tke_cli_events_step(tty->events, done, total, what);
    say(tty, "[%u/%u] %s", MIN(done + 1, total), total, what);
    fputc('\n', tty->to);
    fflush(tty->to);
}

static void
tty_note(void *ui, const char *text)
{
    TkeCliTty *tty = ui;

    if (tty->notes != NULL) {
        g_ptr_array_add(tty->notes, g_strdup(text));
    }
    tke_cli_tty_say_line(tty, "", text);
    fflush(tty->to);
}

static void
tty_card(void *ui, unsigned reader, bool inserted)
{
    TkeCliTty *tty = ui;

    tke_cli_events_card(tty->events, reader, inserted);
}

static bool
refused(GError **error)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("not done: it was not confirmed"));
    return false;
}

static void
print_plan(TkeCliTty *tty, const TkePlan *plan)
{
    tke_cli_tty_say_line(tty, "", plan->title);
    for (const char *const *line = plan->lines; line != NULL && *line != NULL; line++) {
        tke_cli_tty_say_line(tty, "  ", *line);
    }
    if (plan->consequence != NULL) {
        tke_cli_tty_say_line(tty, "", plan->consequence);
    }
}

static bool
confirm_by_word(TkeCliTty *tty, const TkePlan *plan, GCancellable *cancellable, GError **error)
{
    g_autofree char *question = g_strdup_printf(_("To go on, type “%s”:"), plan->confirm_text);
    g_autofree char *line = NULL;

    if (tty->options.confirm != NULL) {
        return strcmp(tty->options.confirm, plan->confirm_text) == 0 || refused(error);
    }
    tke_cli_events_confirm(tty->events, plan);
    line = tke_cli_tty_ask_line(tty, question, NULL, cancellable, error);
    return line != NULL && (strcmp(line, plan->confirm_text) == 0 || refused(error));
}

static bool
tty_confirm(void *ui, const TkePlan *plan, GCancellable *cancellable, GError **error)
{
    TkeCliTty *tty = ui;
    g_autofree char *line = NULL;
    bool yes;

    print_plan(tty, plan);
    if (plan->confirm_text != NULL) {
        return confirm_by_word(tty, plan, cancellable, error);
    }
    if (tty->options.yes && !plan->by_person) {
        return true;
    }
    tke_cli_events_confirm(tty->events, plan);
    line = tke_cli_tty_ask_line(tty, plan->default_no ? _("Go on? [y/N]") : _("Go on? [Y/n]"), NULL,
                                cancellable, error);
    if (line == NULL) {
        return false;
    }
    yes = line[0] == '\0'
              ? !plan->default_no
              : g_ascii_strcasecmp(line, "y") == 0 || g_ascii_strcasecmp(line, "yes") == 0;
    return yes || refused(error);
}

bool
tke_cli_tty_ask_number(TkeCliTty *tty, const TkeCliQuestion *question, unsigned min, unsigned max,
                       unsigned *value, GCancellable *cancellable, GError **error)
{
    for (;;) {
        g_autofree char *line = NULL;
        guint64 number = 0;

        tke_cli_events_number(tty->events, question->what, min, max);
        line = tke_cli_tty_ask_line(tty, question->title, question->option, cancellable, error);
        if (line == NULL) {
            return false;
        }
        if (g_ascii_string_to_unsigned(line, 10, min, max, &number, NULL)) {
            *value = (unsigned) number;
            return true;
        }
        say(tty, _("A number from %u to %u is needed."), min, max);
        fputc('\n', tty->to);
    }
}

static void
print_choice(TkeCliTty *tty, const TkeChoice *choice)
{
    tke_cli_tty_say_line(tty, "", choice->title);
    for (unsigned i = 0; i < choice->n_rows; i++) {
        g_autofree char *row = g_strjoinv("  ", (char **) choice->rows[i]);

        g_autofree char *number = g_strdup_printf("  %u  ", i + 1);

        tke_cli_tty_say_line(tty, number, row);
    }
}

/* Somebody is at the terminal, or a program reads the events and answers for people. */
static bool
is_attended(const TkeCliTty *tty)
{
    return !tty->options.yes && (tke_cli_events_are_read(tty->events) || isatty(STDIN_FILENO));
}

static bool
tty_choose(void *ui, const TkeChoice *choice, unsigned *index, GCancellable *cancellable,
           GError **error)
{
    TkeCliTty *tty = ui;
    unsigned number = 0;

    print_choice(tty, choice);
    if (choice->default_row > 0 && !is_attended(tty)) {
        say(tty, _("Nobody is asked: %u."), choice->default_row);
        fputc('\n', tty->to);
        *index = choice->default_row - 1;
        return true;
    }
    for (;;) {
        g_autofree char *line = NULL;
        guint64 value = 0;

        tke_cli_events_choose(tty->events, choice);
        line = tke_cli_tty_ask_line(tty, _("Number:"), NULL, cancellable, error);
        if (line == NULL) {
            return false;
        }
        if (g_ascii_string_to_unsigned(line, 10, 1, choice->n_rows, &value, NULL)) {
            number = (unsigned) value;
            break;
        }
        say(tty, _("A number from %u to %u is needed."), 1, choice->n_rows);
        fputc('\n', tty->to);
    }
    *index = number - 1;
    return true;
}

static TkeSecret *
tty_ask_secret(void *ui, const TkeSecretPrompt *prompt, GCancellable *cancellable, GError **error)
{
    TkeCliTty *tty = ui;
    g_autoptr(TkeSecret) buffer = NULL;
    size_t len = 0;
    bool ok;

    if (isatty(STDIN_FILENO) != 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("nobody is there to answer “%s”: give the answer by an option, or start the "
                      "program at a terminal"),
                    prompt->title);
        return NULL;
    }
    buffer = tke_secret_new(prompt->max, error);
    if (buffer == NULL) {
        return NULL;
    }
    tke_cli_events_secret(tty->events, prompt->title);
    say(tty, "%s ", prompt->title);
    fflush(tty->to);
    ok = tke_cli_tty_input_read_secret(buffer, &len, cancellable, error);
    fputc('\n', tty->to);
    if (ok && (len == 0 || len > prompt->max)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    len == 0 ? _("nothing was typed") : _("the line is too long"));
        ok = false;
    }
    return ok ? tke_secret_new_slice(buffer, 0, len, error) : NULL;
}

const TkePrompterOps tke_cli_tty_ops = {
    .show = tty_show,
    .hide = tty_hide,
    .may_wait = tty_may_wait,
    .step = tty_step,
    .note = tty_note,
    .card = tty_card,
    .confirm = tty_confirm,
    .choose = tty_choose,
    .ask_secret = tty_ask_secret,
    .ask_texts = tke_cli_tty_ask_texts,
};
