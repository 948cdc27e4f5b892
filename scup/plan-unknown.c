/*
 * The planner where the inventory cannot be read.
 */
#include "scup/plan-unknown.h"

#include <glib/gi18n.h>

#include "gtk-common/error-text.h"

char *
scup_plan_unknown_text(const GError *error)
{
    g_autofree char *message = tke_ui_error_text_message(error);

    return g_strdup_printf(_("%s Until then it is not known which cards are made."), message);
}

void
scup_plan_unknown_show(GtkWidget *window, GtkWidget *rows, const GError *error)
{
    static const char *const actions[] = { "csv", "pdf", "print", "record" };
    GActionMap *map = G_ACTION_MAP(gtk_widget_get_action_group(window, "plan"));

    gtk_widget_set_visible(rows, error == NULL);
    for (guint i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_simple_action_set_enabled(G_SIMPLE_ACTION(g_action_map_lookup_action(map, actions[i])),
                                    error == NULL);
    }
}
