/*
 * The words of "pcscd --version".
 */
#include "simulator/sim-pcscd-features.h"

#include <string.h>

/* The value of "name=value" in a list of words; NULL: none. The caller frees. */
static char *
find_value(const char *const *words, const char *name)
{
    for (; *words != NULL; words++) {
        if (g_str_has_prefix(*words, name)) {
            return g_strdup(*words + strlen(name));
        }
    }
    return NULL;
}

SimPcscdFeatures
sim_pcscd_features_read(const char *text)
{
    g_auto(GStrv) split = g_strsplit_set(text, " \n", -1);
    const char *const *words = (const char *const *) split;

    return (SimPcscdFeatures){
        .run_dir = find_value(words, "ipcdir="),
        .drivers_dir = find_value(words, "usbdropdir="),
        /* The name of the library as autoconf wrote it, and of the feature since meson (2.2). */
        .takes_socket = g_strv_contains(words, "libsystemd") || g_strv_contains(words, "systemd"),
        .has_polkit = g_strv_contains(words, "polkit"),
    };
}

void
sim_pcscd_features_clear(SimPcscdFeatures *features)
{
    g_clear_pointer(&features->run_dir, g_free);
    g_clear_pointer(&features->drivers_dir, g_free);
}
