/*
 * TkeWorld: where cards, crypto units, directories and trust come from: the real world, or a
 * rehearsal.
 *
 * The two never mix: a rehearsal learns readers, service, TLS authority, root keys and token from
 * tke-sim and from nowhere else; without it a virtual reader or root is refused. Connections are
 * made when first asked for and live as long as the world. Used by one thread.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "common/public.h"
#include "common/secret.h"
#include "libep11admin/module-roots.h"
#include "libep11admin/unit-transport.h"
#include "libsmartcard/cap-file.h"
#include "libsmartcard/card-transport.h"

typedef struct TkeWorld TkeWorld;

/* The real world. Strings are copied. */
typedef struct TkeWorldParams {
    const char *instance;        /* UUID of the service instance; NULL: none named */
    const char *region;          /* "us-south"; NULL if private_address is given */
    const char *private_address; /* complete base URL; NULL: from the region */
    TkeSecret *token;            /* bearer token; taken; NULL: none */
    const char *directory;       /* CLOUDTKEFILES; NULL: not set */
    const char *state_directory; /* NULL: $XDG_STATE_HOME/opentke */
    unsigned timeout_ms;         /* of one request; 0: 10 s */
} TkeWorldParams;

/* Fails with TKE_ERROR_USAGE on an address or instance that cannot be one. */
TKE_PUBLIC TkeWorld *tke_world_new(const TkeWorldParams *params, GError **error);

/*
 * A rehearsal in the world of this directory (NULL: OPENTKE_WORLD, else the user's own). Where no
 * tke-sim answers it is started: looked for in program_dir, in the build tree beside it, then in
 * PATH.
 */
TKE_PUBLIC TkeWorld *tke_world_new_rehearsal(const char *directory, const char *program_dir,
                                             unsigned timeout_ms, GError **error);

TKE_PUBLIC void tke_world_free(TkeWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeWorld, tke_world_free)

TKE_PUBLIC bool tke_world_is_rehearsal(const TkeWorld *world);

/*
 * A rehearsal has its readers through PC/SC instead of the socket of tke-sim, and only those
 * virtual ones that belong to its world (--rehearsal=pcsc). Before cards are first asked for.
 * TKE_ERROR_SETUP: this build has no PC/SC.
 */
TKE_PUBLIC bool tke_world_use_pcsc(TkeWorld *world, GError **error);

/*
 * How long a card may take for an answer (TkePcscOptions), and the service for that to one request;
 * 0: as usual. Before either is first asked.
 */
TKE_PUBLIC void tke_world_set_limits(TkeWorld *world, unsigned answer_ms, unsigned request_ms);

/*
 * Readers and cards: real ones through PC/SC, of which no virtual one is ever used; in a rehearsal
 * its own. TKE_ERROR_SETUP: this build has no PC/SC.
 */
TKE_PUBLIC TkeCardSource *tke_world_get_cards(TkeWorld *world, GError **error);

/* Another source of the same readers, for the thread that watches them; the caller frees it. */
TKE_PUBLIC TkeCardSource *tke_world_new_cards(TkeWorld *world, GError **error);

/* The service. Needs an instance, an address and a token; says which is missing and how to give
 * it. */
TKE_PUBLIC TkeUnitTransport *tke_world_get_units(TkeWorld *world, GError **error);

/*
 * Bearer tokens live an hour, ceremonies longer. Who sees an error of the service notes it here;
 * once the service has refused the token (401), a new one is got before the next command, or
 * before it is tried again. No request is repeated for it.
 */
TKE_PUBLIC void tke_world_note_error(TkeWorld *world, const GError *error); /* NULL is allowed */
TKE_PUBLIC bool tke_world_is_token_refused(const TkeWorld *world);

/* Asks the operator for a token; the caller frees. NULL with an error: there is none. */
typedef TkeSecret *(*TkeWorldAskToken)(void *data, GError **error);
TKE_PUBLIC void tke_world_set_ask_token(TkeWorld *world, TkeWorldAskToken ask, void *data);

/*
 * A new token for all requests from now on: of tke-sim in a rehearsal, else from the function set
 * before; without one TKE_ERROR_SETUP. After an error the token is as before.
 */
TKE_PUBLIC bool tke_world_renew_token(TkeWorld *world, GError **error);

/*
 * The applet file for blank cards: the installed one, or what a rehearsal brings and only that.
 * Borrowed. There is none: TKE_ERROR_SETUP.
 */
TKE_PUBLIC const TkeCapFile *tke_world_get_applet(TkeWorld *world, GError **error);

/* Root keys of modules: the built-in ones, or a rehearsal's own and only those. */
TKE_PUBLIC const TkeModuleRoots *tke_world_get_roots(const TkeWorld *world);

/* CLOUDTKEFILES or its stand-in: existing, usable and nobody else's to change, else
 * TKE_ERROR_SETUP (E-L01). */
TKE_PUBLIC const char *tke_world_get_directory(TkeWorld *world, GError **error);

/* Where the activity log lies. */
TKE_PUBLIC const char *tke_world_get_state_directory(const TkeWorld *world);

/* For the heads of listings; "" where not known. */
TKE_PUBLIC const char *tke_world_get_endpoint(const TkeWorld *world);
TKE_PUBLIC const char *tke_world_get_region(const TkeWorld *world);
TKE_PUBLIC const char *tke_world_get_account(const TkeWorld *world);
TKE_PUBLIC const char *tke_world_get_user(const TkeWorld *world);
TKE_PUBLIC const char *tke_world_get_resource_group(const TkeWorld *world);

/* Only this one of the instances; before the service is first asked. TKE_ERROR_SETUP: there is none. */
TKE_PUBLIC bool tke_world_choose_instance(TkeWorld *world, const char *instance, GError **error);

/* Service instances in listing order, NULL-terminated, at least one when the service is usable. */
TKE_PUBLIC const char *const *tke_world_get_instances(const TkeWorld *world);
