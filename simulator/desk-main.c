/*
 * tke-desk: the virtual desk, on which people rehearse with cards and readers that are not real
 * (4.12).
 */
#include <glib/gi18n-lib.h>
#include <gtk/gtk.h>
#include <libintl.h>
#include <locale.h>
#include <stdio.h>

#include "common/main-thread.h"
#include "common/process.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/desk-size.h"
#include "simulator/desk-window.h"
#include "simulator/sim-daemon.h"

typedef struct Desk {
    char *world;
    gboolean another;
    gboolean no_start;
    gboolean version;
    SimDeskSize size;
} Desk;

static bool
parse_arguments(int *argc, char ***argv, Desk *desk, GError **error)
{
    const GOptionEntry entries[] = {
        { "world", 0, 0, G_OPTION_ARG_FILENAME, &desk->world, N_("directory of the world"),
          N_("DIR") },
        { "another", 0, 0, G_OPTION_ARG_NONE, &desk->another,
          N_("also where a virtual desk shows this world already"), NULL },
        { "no-start", 0, 0, G_OPTION_ARG_NONE, &desk->no_start,
          N_("do not start tke-sim where no world answers"), NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &desk->version, N_("version"), NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(
        context, _("The virtual desk: cards, readers with PIN pads and faults of a rehearsal."));
    g_option_context_set_description(
        context, _("The world is the directory of --world, else OPENTKE_WORLD, else\n"
                   "$XDG_STATE_HOME/opentke/rehearsal.\n"));
    g_option_context_add_main_entries(context, entries, GETTEXT_PACKAGE);
    return g_option_context_parse(context, argc, argv, error);
}

static void
load_style(void)
{
    g_autoptr(GtkCssProvider) provider = gtk_css_provider_new();

    gtk_css_provider_load_from_resource(provider, "/opentke/desk/desk.css");
    gtk_style_context_add_provider_for_screen(gdk_screen_get_default(),
                                              GTK_STYLE_PROVIDER(provider),
                                              GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

/* The last size before the window goes, but not that of a maximized one. */
static gboolean
on_configure(GtkWidget *window, GdkEvent *event, gpointer data)
{
    SimDeskSize *size = data;

    (void) event;
    size->maximized = gtk_window_is_maximized(GTK_WINDOW(window));
    if (!size->maximized) {
        gtk_window_get_size(GTK_WINDOW(window), &size->width, &size->height);
    }
    return FALSE;
}

static void
on_quit(GSimpleAction *action, GVariant *parameter, gpointer application)
{
    GtkWindow *window = gtk_application_get_active_window(application);

    (void) action;
    (void) parameter;
    if (window != NULL) {
        gtk_widget_destroy(GTK_WIDGET(window)); /* the application ends with its last window */
    }
}

static void
add_quit(GtkApplication *application)
{
    static const GActionEntry entries[] = { { .name = "quit", .activate = on_quit } };
    static const char *const keys[] = { "<Primary>q", "<Primary>w", NULL };

    g_action_map_add_action_entries(G_ACTION_MAP(application), entries, G_N_ELEMENTS(entries),
                                    application);
    gtk_application_set_accels_for_action(application, "app.quit", keys);
}

static void
on_activate(GtkApplication *application, gpointer data)
{
    Desk *desk = data;
    g_autofree char *directory = tke_sim_world_directory(desk->world);
    SimDeskWindow *window = NULL;

    load_style();
    add_quit(application);
    window = sim_desk_window_new(application, directory, !desk->another, !desk->no_start);
    gtk_window_set_default_size(GTK_WINDOW(window), desk->size.width, desk->size.height);
    if (desk->size.maximized) {
        gtk_window_maximize(GTK_WINDOW(window));
    }
    g_signal_connect(window, "configure-event", G_CALLBACK(on_configure), &desk->size);
}

static void *
save_size(void *data)
{
    sim_desk_size_save(data);
    return NULL;
}

static int
run(Desk *desk)
{
    g_autoptr(GtkApplication) application = NULL;
    const SimDeskSize before = sim_desk_size_load();
    int status = 0;

    desk->size = before;
    tke_main_thread_mark();
    application = gtk_application_new("org.opentke.desk", G_APPLICATION_NON_UNIQUE);
    g_signal_connect(application, "activate", G_CALLBACK(on_activate), desk);
    status = g_application_run(G_APPLICATION(application), 0, NULL);
    if (desk->size.width != before.width || desk->size.height != before.height ||
        desk->size.maximized != before.maximized) {
        /* No window is open any more, but files are still not for this thread. */
        g_thread_join(g_thread_new("desk-size", save_size, &desk->size));
    }
    return status;
}

int
main(int argc, char **argv)
{
    Desk desk = { 0 };
    g_autoptr(GError) error = NULL;
    int status = SIM_EXIT_OK;

    tke_process_open_standard();
    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, TKE_LOCALE_DIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
    g_set_prgname("tke-desk");
    /* Nothing here is drawn with OpenGL, whose libraries cost half of the memory and of the
     * start. */
    g_setenv("GDK_GL", "disable", FALSE);
    if (!parse_arguments(&argc, &argv, &desk, &error)) {
        fprintf(stderr, "tke-desk: %s\n", error->message);
        status = SIM_EXIT_USAGE;
    } else if (argc > 1) {
        fprintf(stderr, _("tke-desk: too many words; see tke-desk --help\n"));
        status = SIM_EXIT_USAGE;
    } else if (desk.version) {
        printf("tke-desk %s\n", TKE_VERSION);
    } else {
        g_set_application_name(_("Virtual desk"));
        status = run(&desk);
    }
    g_free(desk.world);
    return status;
}
