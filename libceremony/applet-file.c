/*
 * The applet file (card-protocol.md, 1; F-041). A rehearsal's file never gets onto a real card,
 * whatever directory it was put into, and a rehearsal loads no other.
 */
#include "libceremony/applet-file.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"

#define INSTALLED TKE_DATA_DIR "/opentke/applets"

/* data/applets of the build tree in which this program lies: "" if that cannot be found out. */
static char *
build_tree_dir(void)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = program != NULL ? g_path_get_dirname(program) : g_strdup("");
    g_autofree char *tree = g_path_get_dirname(dir);

    return g_build_filename(tree, "data", "applets", NULL);
}

/* Only what a release is named gets onto real cards, whatever else looks like it. */
static bool
check_name(const TkeCapFile *cap, GError **error)
{
    const char *name = tke_cap_file_get_package_name(cap);

    if (strcmp(name, TKE_CAP_FILE_PACKAGE) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    _("the package in the applet file found is named “%s” and not “%s”; it is not "
                      "loaded onto real cards: install the file of a release"),
                    name, TKE_CAP_FILE_PACKAGE);
        return false;
    }
    return true;
}

static TkeCapFile *
check(TkeCapFile *cap, bool rehearsal, GError **error)
{
    if (cap == NULL) {
        return NULL;
    }
    if (tke_cap_file_is_rehearsal(cap) != rehearsal) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    rehearsal ? _("the applet that tke-sim brings is none of rehearsals")
                              : _("the applet file found is that of rehearsals; it is not loaded "
                                  "onto real cards"));
    } else if (tke_cap_file_check_ours(cap, error) && (rehearsal || check_name(cap, error))) {
        return cap;
    }
    tke_cap_file_free(cap);
    return NULL;
}

TkeCapFile *
tke_applet_file_load_from(const char *const *dirs, GError **error)
{
    for (; *dirs != NULL; dirs++) {
        g_autofree char *path = g_build_filename(*dirs, TKE_APPLET_FILE_NAME, NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
            return check(tke_cap_file_load(path, error), false, error);
        }
    }
    g_set_error(
        error, TKE_ERROR, TKE_ERROR_SETUP,
        _("no applet is installed (%s/%s): blank cards cannot be made cards of OpenTKE yet; "
          "cards that hold the applet can be used, and everything can be rehearsed "
          "(--rehearsal)"),
        INSTALLED, TKE_APPLET_FILE_NAME);
    return NULL;
}

TkeCapFile *
tke_applet_file_load(GError **error)
{
    g_autofree char *tree = build_tree_dir();
    const char *const dirs[] = { tree, INSTALLED, NULL };

    return tke_applet_file_load_from(dirs, error);
}

TkeCapFile *
tke_applet_file_of_rehearsal(GBytes *bytes, GError **error)
{
    gsize len = 0;
    const uint8_t *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;

    if (data == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    _("the tke-sim of this rehearsal brings no applet: stop it (tke-sim stop), so "
                      "that the one of this version is started"));
        return NULL;
    }
    return check(tke_cap_file_new(data, len, "tke-sim", error), true, error);
}
