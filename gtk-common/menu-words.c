/*
 * Commands of tke and the menu items that do the same.
 */
#include "gtk-common/menu-words.h"

#include <glib.h>
#include <glib/gi18n.h>

typedef struct Word {
    const char *command; /* never translated */
    const char *item;
} Word;

/* Longer commands before their beginnings. */
static const Word words[] = {
    { "tke card info --reader 1 --check", N_("Check the cards") },
    { "tke card info", N_("Display smart card information") },
    { "tke card enroll", N_("Initialize and enroll EP11 smart card") },
    { "tke card personalize", N_("Personalize EP11 smart card") },
    { "tke card unblock", N_("Unblock EP11 smart card") },
    { "tke card set-description", N_("Change description") },
    { "tke card change-pin", N_("Change PIN") },
    { "tke card delete", N_("Manage smart card contents") },
    { "tke zone create", N_("Initialize and personalize CA smart card") },
    { "tke zone backup", N_("Backup CA smart card") },
    { "tke readers --identify", N_("Identify readers") },
    { "tke readers", N_("Check readers") },
};

/* What only people at a terminal can do; as it stands inside the advice. */
static const char *const terminal_only = N_(" (in a rehearsal: tke-sim start)");

char *
tke_ui_menu_words(const char *text)
{
    GString *result = g_string_new(text);

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_string_replace(result, words[i].command, _(words[i].item), 0);
    }
    g_string_replace(result, _(terminal_only), "", 0);
    return g_string_free(result, FALSE);
}
