/*
 * Starts pcscd in a mount namespace of its own.
 */
#pragma once

#include <glib.h>
#include <sys/types.h>

typedef struct SimPcscdSpawn {
    char **argv;
    char **environment;      /* without LISTEN_FDS and LISTEN_PID, which are added */
    const char *run_dir;     /* gets a file system of its own */
    const char *drivers_dir; /* replaced by what follows */
    const char *bundles;     /* NULL: nothing */
    const char *world;       /* stays visible, also if it lies beside run_dir */
    int listener;            /* borrowed */
    int log;                 /* borrowed: its standard output and error */
} SimPcscdSpawn;

/*
 * The process, in which pcscd has been started; -1 with G_IO_ERROR_PERMISSION_DENIED when no
 * namespace may be made, else TKE_ERROR_SETUP. It gets SIGTERM when the calling thread ends.
 */
pid_t sim_pcscd_spawn(const SimPcscdSpawn *spawn, GError **error);
