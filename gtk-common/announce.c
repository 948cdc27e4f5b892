/*
 * Notifications for screen readers. ATK's signal for announcements is younger than what GTK 3 is
 * built with.
 */
#include "gtk-common/announce.h"

#define KEY "tke-announce"
#define SETTLE_MS 100 /* what changes together is told once */

typedef struct Announcer {
    GtkWidget *box;
    GPtrArray *labels; /* GtkWidget, in the box */
    guint source;
} Announcer;

static char *
dup_words(const Announcer *announcer)
{
    g_autoptr(GString) words = g_string_new(NULL);

    for (guint i = 0; i < announcer->labels->len; i++) {
        GtkWidget *label = announcer->labels->pdata[i];
        const char *text = gtk_label_get_text(GTK_LABEL(label));
        bool shown = true;

        for (GtkWidget *at = label; at != NULL && shown && at != announcer->box;
             at = gtk_widget_get_parent(at)) {
            shown = gtk_widget_get_visible(at);
        }
        if (shown && text[0] != '\0') {
            g_string_append_printf(words, "%s%s", words->len > 0 ? "\n" : "", text);
        }
    }
    return g_string_free(g_steal_pointer(&words), FALSE);
}

static void
set_name(const Announcer *announcer)
{
    g_autofree char *words = dup_words(announcer);

    atk_object_set_name(gtk_widget_get_accessible(announcer->box), words);
}

void
tke_ui_announce_now(GtkWidget *box)
{
    Announcer *announcer = g_object_get_data(G_OBJECT(box), KEY);
    AtkObject *accessible = gtk_widget_get_accessible(box);

    g_return_if_fail(announcer != NULL);

    g_clear_handle_id(&announcer->source, g_source_remove);
    set_name(announcer);
    if (gtk_widget_get_mapped(box) && atk_object_get_name(accessible)[0] != '\0') {
        atk_object_notify_state_change(accessible, ATK_STATE_SHOWING, TRUE);
    }
}

static gboolean
on_settled(gpointer data)
{
    Announcer *announcer = data;

    announcer->source = 0;
    tke_ui_announce_now(announcer->box);
    return G_SOURCE_REMOVE;
}

static void
on_changed(GtkWidget *label, GParamSpec *pspec, gpointer data)
{
    Announcer *announcer = data;

    (void) label;
    (void) pspec;
    set_name(announcer);
    if (announcer->source == 0) {
        announcer->source = g_timeout_add(SETTLE_MS, on_settled, announcer);
    }
}

static void
announcer_free(gpointer data)
{
    Announcer *announcer = data;

    g_clear_handle_id(&announcer->source, g_source_remove);
    for (guint i = 0; i < announcer->labels->len; i++) {
        g_signal_handlers_disconnect_by_data(announcer->labels->pdata[i], announcer);
    }
    g_ptr_array_unref(announcer->labels);
    g_free(announcer);
}

static void
on_destroy(GtkWidget *box)
{
    g_object_set_data(G_OBJECT(box), KEY, NULL); /* frees it */
}

static Announcer *
get_announcer(GtkWidget *box)
{
    Announcer *announcer = g_object_get_data(G_OBJECT(box), KEY);

    if (announcer == NULL) {
        announcer = g_new0(Announcer, 1);
        announcer->box = box;
        announcer->labels = g_ptr_array_new_with_free_func(g_object_unref);
        g_object_set_data_full(G_OBJECT(box), KEY, announcer, announcer_free);
        g_signal_connect(box, "destroy", G_CALLBACK(on_destroy), NULL);
        atk_object_set_role(gtk_widget_get_accessible(box), ATK_ROLE_NOTIFICATION);
    }
    return announcer;
}

void
tke_ui_announce_add(GtkWidget *box, GtkWidget *label, bool starts)
{
    Announcer *announcer = get_announcer(box);

    g_ptr_array_add(announcer->labels, g_object_ref(label));
    if (starts) {
        g_signal_connect(label, "notify::label", G_CALLBACK(on_changed), announcer);
        g_signal_connect(label, "notify::visible", G_CALLBACK(on_changed), announcer);
    }
    set_name(announcer);
}
