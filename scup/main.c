/*
 * scup: the Smart Card Utility Program.
 */
#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/main-thread.h"
#include "common/process.h"
#include "gtk-common/window-size.h"
#include "libsmartcard/sim-protocol.h"
#include "scup/application.h"

typedef struct Options {
    char *rehearsal; /* NULL: no; "": through the socket */
    char *world;
    gboolean no_desk;
    gboolean version;
} Options;

static gboolean
take_rehearsal(const char *name, const char *value, gpointer data, GError **error)
{
    Options *options = data;

    (void) name;
    if (value != NULL && g_strcmp0(value, "pcsc") != 0) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    _("--rehearsal=%s: only “pcsc” can stand there"), value);
        return FALSE;
    }
    g_free(options->rehearsal);
    options->rehearsal = g_strdup(value != NULL ? value : "");
    return TRUE;
}

static bool
parse(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "rehearsal", 0, G_OPTION_FLAG_OPTIONAL_ARG, G_OPTION_ARG_CALLBACK,
          (gpointer) (guintptr) take_rehearsal,
          N_("work in a rehearsal, with virtual readers and cards"), "pcsc" },
        { "world", 0, 0, G_OPTION_ARG_FILENAME, &options->world, N_("directory of the rehearsal"),
          "DIR" },
        { "no-desk", 0, 0, G_OPTION_ARG_NONE, &options->no_desk,
          N_("do not open the virtual desk of the rehearsal"), NULL },
        { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, N_("print the version"), NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    GOptionGroup *group = g_option_group_new("scup", "", "", options, NULL);

    g_option_group_add_entries(group, entries);
    g_option_group_set_translation_domain(group, GETTEXT_PACKAGE);
    g_option_context_set_main_group(context, group);
    g_option_context_set_summary(context, _("Makes and looks after the smart cards of a zone."));
    return g_option_context_parse(context, argc, argv, error);
}

static int
run(const Options *options, const char *program)
{
    g_autofree char *dir = g_path_get_dirname(program);
    g_autofree char *world =
        options->rehearsal != NULL ? tke_sim_world_directory(options->world) : NULL;
    const TkeUiWorkplaceOptions workplace = { .rehearsal = options->rehearsal,
                                              .world = options->world,
                                              .desk = !options->no_desk,
                                              .program_dir = dir };
    g_autoptr(ScupApplication) app = scup_application_new(&workplace);
    int result;

    tke_ui_window_size_load(world);
    tke_main_thread_mark();
    result = g_application_run(G_APPLICATION(app), 0, NULL);
    tke_ui_window_size_save();
    return result;
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    Options options = { 0 };
    int result = EXIT_FAILURE;

    /* Nothing here draws with OpenGL; setting it up costs half of all the memory and a tenth of a
     * second. */
    g_setenv("GDK_GL", "disable", FALSE);
    if (!tke_process_init(TKE_PROCESS_DEFAULT, &error) || !parse(&options, &argc, &argv, &error)) {
        fprintf(stderr, "scup: %s\n", error->message);
    } else if (options.version) {
        printf("scup %s\n", TKE_VERSION);
        result = EXIT_SUCCESS;
    } else if (!gtk_init_check(&argc, &argv)) {
        fprintf(stderr, "%s\n", _("scup: there is no display to show windows on"));
    } else {
        result = run(&options, argv[0]);
    }
    g_free(options.rehearsal);
    g_free(options.world);
    return result;
}
