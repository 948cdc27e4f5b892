/*
 * TkeUiWorkplace: what the worker thread of a program with windows works with: world, cards,
 * settings, log.
 *
 * Made on the main thread, opened and used on the worker thread; only what says so may be called
 * elsewhere.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "libceremony/activity-log.h"
#include "libceremony/card-session.h"
#include "libceremony/settings.h"
#include "libceremony/world.h"

typedef struct TkeUiWorkplaceOptions {
    const char *rehearsal;   /* NULL: no; "": through the socket; "pcsc": through PC/SC */
    const char *world;       /* directory of the rehearsal; NULL: the usual one */
    bool desk;               /* a rehearsal opens the virtual desk too */
    const char *program_dir; /* where tke-sim is looked for first */
} TkeUiWorkplaceOptions;

typedef struct TkeUiWorkplace TkeUiWorkplace;

TkeUiWorkplace *tke_ui_workplace_new(const TkeUiWorkplaceOptions *options); /* copied */
void tke_ui_workplace_free(TkeUiWorkplace *workplace); /* on the worker, if it was opened */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUiWorkplace, tke_ui_workplace_free)

/* On any thread. */
bool tke_ui_workplace_is_rehearsal(const TkeUiWorkplace *workplace);

/*
 * Opens what is not open yet; a failure may be tried again. In a rehearsal tke-sim is started if
 * it does not run, so this may take a while.
 */
bool tke_ui_workplace_open(TkeUiWorkplace *workplace, GError **error);

/* Borrowed; NULL before it is open. */
TkeWorld *tke_ui_workplace_get_world(TkeUiWorkplace *workplace);
TkeCardSession *tke_ui_workplace_get_session(TkeUiWorkplace *workplace);
TkeSettings *tke_ui_workplace_get_settings(TkeUiWorkplace *workplace);
TkeActivityLog *tke_ui_workplace_get_log(TkeUiWorkplace *workplace);
