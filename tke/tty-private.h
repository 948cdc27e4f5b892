/*
 * Between tty-prompter.c and tty-texts.c.
 */
#pragma once

#include <stdio.h>

#include "tke/tty-prompter.h"

struct TkeCliTty {
    TkeCliTtyOptions options;
    TkeCliEvents *events;
    FILE *to;
    GString *input; /* read, not yet used */
    char *last_title;
    GPtrArray *notes; /* borrowed; NULL: nobody collects them */
};

/* A whole line: what came from outside among it steers no terminal and passes for no line of
 * ours. */
void tke_cli_tty_say_line(TkeCliTty *tty, const char *indent, const char *text);

/*
 * The answer to a question. At the end of input nobody is there to answer (E-L09, TKE_ERROR_USAGE):
 * the option that would have given the answer is named, if there is one.
 */
char *tke_cli_tty_ask_line(TkeCliTty *tty, const char *title, const char *option,
                           GCancellable *cancellable, GError **error);

/* ask_texts of prompter.h. */
bool tke_cli_tty_ask_texts(void *ui, const TkeTextPrompt *prompt, char **texts,
                           GCancellable *cancellable, GError **error);
