/*
 * Messages of errors begin with a small letter and have no full stop, so that they can be put
 * together; in a window each stands alone.
 */
#include "gtk-common/error-text.h"

#include <stdbool.h>
#include <string.h>

#include "gtk-common/menu-words.h"
#include "libceremony/advice.h"

static bool
is_ended(const char *text)
{
    const char *last = g_utf8_find_prev_char(text, text + strlen(text));

    return last == NULL || strchr(".!?:\n", *last) != NULL || g_str_equal(last, "…");
}

char *
tke_ui_error_text_sentence(const char *text)
{
    g_autofree char *words = tke_ui_menu_words(text);
    g_autofree char *first = NULL;
    const char *rest = NULL;

    if (words[0] == '\0') {
        return g_steal_pointer(&words);
    }
    if (g_str_has_prefix(words, "tke-sim ")) { /* names of programs stay what they are */
        return g_strdup_printf("%s%s", words, is_ended(words) ? "" : ".");
    }
    rest = g_utf8_next_char(words);
    first = g_utf8_strup(words, rest - words);
    return g_strdup_printf("%s%s%s", first, rest, is_ended(words) ? "" : ".");
}

char *
tke_ui_error_text_message(const GError *error)
{
    return tke_ui_error_text_sentence(error->message);
}

char *
tke_ui_error_text_advice(const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);

    return advice != NULL ? tke_ui_menu_words(advice) : NULL;
}
