/*
 * What "pcscd --version" tells of the features a pcscd was built with.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct SimPcscdFeatures {
    char *run_dir;     /* NULL: not told */
    char *drivers_dir; /* NULL: not told */
    bool takes_socket; /* from whoever starts it, on descriptor 3 */
    bool has_polkit;
} SimPcscdFeatures;

/* text: the output of --version. The caller clears what comes back. */
SimPcscdFeatures sim_pcscd_features_read(const char *text);

void sim_pcscd_features_clear(SimPcscdFeatures *features);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimPcscdFeatures, sim_pcscd_features_clear)
