/*
 * SimPcscd: a pcscd of one's own, in which the readers of a world are PC/SC readers
 * (libifd-opentke.so).
 *
 * It runs beside the system's pcscd without touching it: its listening socket is made here and
 * handed over on descriptor 3, its configuration lies in the world (pcscd/, mode 0700), and in a
 * mount namespace of its own it has a /run/pcscd for itself and sees no driver but ours, so that
 * it never opens a real reader. That takes root or a user namespace. Clients are led to it by
 * PCSCLITE_CSOCK_NAME in their environment.
 *
 * For one thread; pcscd is ended when the thread that started it ends.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct SimPcscd SimPcscd;

typedef struct SimPcscdOptions {
    const char *driver;  /* libifd-opentke.so; NULL: that of this program */
    const char *bundles; /* folder of driver bundles for USB readers; NULL: none */
    /* every APDU that programs send, for tests of what is in them */
    bool log_apdus;
    bool no_readers;                /* without the readers of the world: only what bundles bring */
    const char *const *environment; /* of pcscd, "NAME=VALUE" besides ours; NULL: none */
} SimPcscdOptions;

#define SIM_PCSCD_FOLDER "pcscd" /* in the world */

/* What clients look at. */
#define SIM_PCSCD_SOCKET_VARIABLE "PCSCLITE_CSOCK_NAME"

/*
 * Starts pcscd for a world whose tke-sim answers (for the number of readers; later it may come and
 * go), and waits until it is ready. options may be NULL; they are copied.
 * G_IO_ERROR_NOT_FOUND: no pcscd, or no driver, on this machine. G_IO_ERROR_PERMISSION_DENIED:
 * neither root nor user namespaces are allowed. TKE_ERROR_LOCKED: the world has one already. Else
 * TKE_ERROR_SETUP.
 */
SimPcscd *sim_pcscd_new(const char *world, const SimPcscdOptions *options, GError **error);

/* Ends it and removes its folder. NULL is allowed. */
void sim_pcscd_free(SimPcscd *pcscd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimPcscd, sim_pcscd_free)

/* Ends it with a signal (SIGTERM; SIGINT closes the drivers first; SIGKILL), and starts it
 * again. */
void sim_pcscd_stop(SimPcscd *pcscd, int signal_number);
bool sim_pcscd_start(SimPcscd *pcscd, GError **error);

const char *sim_pcscd_get_socket(const SimPcscd *pcscd);
pid_t sim_pcscd_get_pid(const SimPcscd *pcscd); /* 0: stopped */

/* What it has logged; the caller frees. */
char *sim_pcscd_dup_log(const SimPcscd *pcscd);

/* The driver beside this program, in the build tree or where it is installed; NULL: none. Caller
 * frees. */
char *sim_pcscd_find_driver(void);
