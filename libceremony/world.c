/*
 * The real world, or a rehearsal (functions 4.1 and 4.12).
 */
#include "libceremony/world.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "libceremony/applet-file.h"
#include "libceremony/world-private.h"
#include "libep11admin/https-transport.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-list.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/pcsc-transport.h"
#include "libsmartcard/sim-protocol.h"
#include "libsmartcard/sim-transport.h"

struct TkeWorld {
    bool rehearsal;
    bool pcsc;          /* a rehearsal whose readers come through PC/SC */
    unsigned answer_ms; /* of cards; 0: as usual */
    char *base_url;     /* NULL: not known */
    char *region;
    char *directory; /* CLOUDTKEFILES as given; NULL: not set */
    char *state_directory;
    char **instances;
    TkeSecret *token;
    bool token_refused;
    TkeWorldAskToken ask_token;
    void *ask_token_data;
    unsigned timeout_ms;
    TkeModuleRoots *roots; /* of a rehearsal */
    TkeSimClient *sim;
    TkeSimWorldInfo *info;
    TkeCardSource *cards;
    TkeUnitTransport *units;
    bool https;           /* units is a connection of our own */
    GBytes *applet_bytes; /* of a world made of parts */
    TkeCapFile *applet;   /* NULL until it is asked for */
};

static char *
default_state_directory(void)
{
    return g_build_filename(g_get_user_state_dir(), "opentke", NULL);
}

static bool
set_address(TkeWorld *world, const TkeWorldParams *params, GError **error)
{
    if (params->private_address != NULL && *params->private_address != '\0') {
        world->base_url = tke_unit_list_check_url(params->private_address, error);
        return world->base_url != NULL;
    }
    if (params->region != NULL && *params->region != '\0') {
        world->base_url = tke_unit_list_base_url("cloud.ibm.com", params->region, error);
        return world->base_url != NULL;
    }
    return true;
}

TkeWorld *
tke_world_new(const TkeWorldParams *params, GError **error)
{
    g_autoptr(TkeWorld) world = g_new0(TkeWorld, 1);
    g_autofree char *path = NULL;

    world->token = params->token;
    world->region = g_strdup(params->region);
    world->directory = g_strdup(params->directory);
    world->state_directory = params->state_directory != NULL ? g_strdup(params->state_directory)
                                                             : default_state_directory();
    world->timeout_ms = params->timeout_ms;
    world->instances = g_new0(char *, 2);
    world->instances[0] = g_strdup(params->instance);
    if (params->instance != NULL) {
        path = tke_unit_list_path(params->instance, error);
        if (path == NULL) {
            return NULL;
        }
    }
    return set_address(world, params, error) ? g_steal_pointer(&world) : NULL;
}

static bool
set_roots(TkeWorld *world, GError **error)
{
    world->roots = tke_module_roots_new_rehearsal();
    for (unsigned i = 0; i < world->info->module_roots->len; i++) {
        const char *name = g_ptr_array_index(world->info->root_names, i);
        gsize len = 0;
        const uint8_t *point =
            g_bytes_get_data(g_ptr_array_index(world->info->module_roots, i), &len);

        if (len != TKE_EC_POINT_LEN) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                        _("root key %s of the rehearsal is no point"), name);
            return false;
        }
        if (!tke_module_roots_add_generation(world->roots, name, point, error)) {
            return false;
        }
    }
    return true;
}

TkeWorld *
tke_world_new_rehearsal(const char *directory, const char *program_dir, unsigned timeout_ms,
                        GError **error)
{
    g_autoptr(TkeWorld) world = g_new0(TkeWorld, 1);
    g_autofree char *path = tke_sim_world_directory(directory);

    (void) program_dir;
    if (!TKE_WITH_SIMULATOR) {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_SETUP,
            _("rehearsals are not part of this program: it was built without the simulator"));
        return NULL;
    }
    world->rehearsal = true;
    world->timeout_ms = timeout_ms;
    world->sim = tke_sim_client_open_or_start(path, error);
    if (world->sim == NULL) {
        return NULL;
    }
    world->info = tke_sim_client_query_world(world->sim, error);
    if (world->info == NULL || !set_roots(world, error)) {
        return NULL;
    }
    world->base_url = g_strdup(world->info->base_url);
    world->region = g_strdup(world->info->region);
    world->directory = g_strdup(world->info->workstation);
    world->state_directory = g_strdup(world->info->workstation);
    world->instances = g_strdupv(world->info->instances);
    return g_steal_pointer(&world);
}

TkeWorld *
tke_world_new_of_parts(TkeCardSource *cards, TkeUnitTransport *units, TkeModuleRoots *roots,
                       const char *directory, const char *const *instances)
{
    TkeWorld *world = g_new0(TkeWorld, 1);

    world->rehearsal = true;
    world->cards = cards;
    world->units = units;
    world->roots = roots;
    world->directory = g_strdup(directory);
    world->state_directory = g_strdup(directory);
    world->instances = g_strdupv((char **) instances);
    return world;
}

void
tke_world_free(TkeWorld *world)
{
    if (world == NULL) {
        return;
    }
    if (world->cards != NULL) {
        world->cards->ops->free(world->cards);
    }
    if (world->units != NULL) {
        world->units->ops->free(world->units);
    }
    tke_cap_file_free(world->applet);
    g_clear_pointer(&world->applet_bytes, g_bytes_unref);
    tke_sim_client_free(world->sim);
    tke_sim_world_info_free(world->info);
    tke_module_roots_free(world->roots);
    tke_secret_free(world->token);
    g_strfreev(world->instances);
    g_free(world->base_url);
    g_free(world->region);
    g_free(world->directory);
    g_free(world->state_directory);
    g_free(world);
}

bool
tke_world_is_rehearsal(const TkeWorld *world)
{
    return world->rehearsal;
}

unsigned
tke_world_get_request_ms(const TkeWorld *world)
{
    return world->timeout_ms;
}

void
tke_world_set_limits(TkeWorld *world, unsigned answer_ms, unsigned request_ms)
{
    world->answer_ms = answer_ms;
    world->timeout_ms = request_ms != 0 ? request_ms : world->timeout_ms;
}

bool
tke_world_use_pcsc(TkeWorld *world, GError **error)
{
    if (!TKE_WITH_PCSC) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, "%s",
                    _("this program was built without PC/SC: a rehearsal has its readers through "
                      "its own socket only (--rehearsal)"));
        return false;
    }
    g_return_val_if_fail(world->rehearsal && world->cards == NULL, false);
    world->pcsc = true;
    return true;
}

#if TKE_WITH_PCSC
/* The serial numbers of the readers of a rehearsal, NULL-terminated; the caller frees. */
static char **
query_serials(const TkeWorld *world, GError **error)
{
    TkeCardSource *socket = tke_sim_transport_new(world->info->directory, error);
    g_autoptr(GPtrArray) readers = socket != NULL ? socket->ops->list(socket, error) : NULL;
    g_autoptr(GStrvBuilder) serials = g_strv_builder_new();

    for (guint i = 0; readers != NULL && i < readers->len; i++) {
        const TkeReaderInfo *info = g_ptr_array_index(readers, i);

        if (info->serial[0] != '\0') {
            g_strv_builder_add(serials, info->serial);
        }
    }
    if (socket != NULL) {
        socket->ops->free(socket);
    }
    return readers != NULL ? g_strv_builder_end(serials) : NULL;
}

static TkeCardSource *
new_pcsc_cards(const TkeWorld *world, GError **error)
{
    TkePcscOptions options = { .virtual_readers = world->rehearsal, .answer_ms = world->answer_ms };
    g_auto(GStrv) serials = NULL;

    if (world->rehearsal) {
        serials = query_serials(world, error);
        if (serials == NULL) {
            return NULL;
        }
        options.serials = (const char *const *) serials;
    }
    return tke_pcsc_transport_new(&options);
}
#else
static TkeCardSource *
new_pcsc_cards(const TkeWorld *world, GError **error)
{
    (void) world;
    g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, "%s",
                TKE_WITH_SIMULATOR
                    ? _("this program was built without PC/SC and reaches no real readers: card "
                        "commands work in a rehearsal only (--rehearsal)")
                    : _("this program was built without PC/SC and without the simulator: there are "
                        "no readers for it"));
    return NULL;
}
#endif

TkeCardSource *
tke_world_new_cards(TkeWorld *world, GError **error)
{
    return world->rehearsal && !world->pcsc ? tke_sim_transport_new(world->info->directory, error)
                                            : new_pcsc_cards(world, error);
}

TkeCardSource *
tke_world_get_cards(TkeWorld *world, GError **error)
{
    if (world->cards == NULL) {
        world->cards = tke_world_new_cards(world, error);
    }
    return world->cards;
}

static bool
need_service(const TkeWorld *world, GError **error)
{
    if (world->instances[0] == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    _("no service instance is named: give its UUID with --instance"));
    } else if (world->base_url == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    _("no service is named: give the region with --region, or the address in "
                      "TKE_PRIVATE_ADDR"));
    } else if (!world->rehearsal && world->token == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    _("no authentication token: hand it over with --token-fd"));
    } else {
        return true;
    }
    return false;
}

TkeUnitTransport *
tke_world_get_units(TkeWorld *world, GError **error)
{
    TkeHttpsConfig config = { .base_url = world->base_url, .timeout_ms = world->timeout_ms };

    if (world->units != NULL) {
        return world->units;
    }
    if (!need_service(world, error)) {
        return NULL;
    }
    if (world->rehearsal) {
        tke_secret_free(world->token);
        world->token = tke_sim_client_query_token(world->sim, error);
        if (world->token == NULL) {
            return NULL;
        }
        config.ca_pem = world->info->ca_pem;
        config.direct = true;
    }
    config.token = world->token;
    world->units = tke_https_transport_new(&config, error);
    world->https = world->units != NULL;
    return world->units;
}

void
tke_world_note_error(TkeWorld *world, const GError *error)
{
    world->token_refused =
        world->token_refused || g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_UNAUTHORIZED);
}

bool
tke_world_is_token_refused(const TkeWorld *world)
{
    return world->token_refused;
}

void
tke_world_set_ask_token(TkeWorld *world, TkeWorldAskToken ask, void *data)
{
    world->ask_token = ask;
    world->ask_token_data = data;
}

static TkeSecret *
get_new_token(const TkeWorld *world, GError **error)
{
    if (world->sim != NULL) {
        return tke_sim_client_query_token(world->sim, error);
    }
    if (world->ask_token != NULL) {
        return world->ask_token(world->ask_token_data, error);
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, "%s",
                _("the service does not accept the authentication token any more, and nobody is "
                  "there to give another: start again with a new one"));
    return NULL;
}

bool
tke_world_renew_token(TkeWorld *world, GError **error)
{
    /* made of parts: it has no token of ours */
    bool foreign = world->units != NULL && !world->https;
    g_autoptr(TkeSecret) token = NULL;

    if (foreign && world->ask_token == NULL) {
        world->token_refused = false;
        return true;
    }
    token = get_new_token(world, error);
    if (token == NULL ||
        (world->https && !tke_https_transport_set_token(world->units, token, error))) {
        return false;
    }
    tke_secret_free(world->token);
    world->token = g_steal_pointer(&token);
    world->token_refused = false;
    return true;
}

void
tke_world_set_applet(TkeWorld *world, GBytes *bytes)
{
    g_clear_pointer(&world->applet, tke_cap_file_free);
    g_clear_pointer(&world->applet_bytes, g_bytes_unref);
    world->applet_bytes = g_bytes_ref(bytes);
}

const TkeCapFile *
tke_world_get_applet(TkeWorld *world, GError **error)
{
    if (world->applet == NULL) {
        world->applet =
            world->rehearsal
                ? tke_applet_file_of_rehearsal(
                      world->info != NULL ? world->info->applet : world->applet_bytes, error)
                : tke_applet_file_load(error);
    }
    return world->applet;
}

const TkeModuleRoots *
tke_world_get_roots(const TkeWorld *world)
{
    return world->rehearsal ? world->roots : tke_module_roots_get_built_in();
}

const char *
tke_world_get_directory(TkeWorld *world, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (world->directory == NULL || *world->directory == '\0') {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_SETUP,
            _("CLOUDTKEFILES is not set: set it to an existing directory for the files of this "
              "program"));
        return NULL;
    }
    if (world->rehearsal && !tke_safe_file_make_dir(world->directory, error)) {
        return NULL;
    }
    if (!g_file_test(world->directory, G_FILE_TEST_IS_DIR) ||
        access(world->directory, R_OK | W_OK | X_OK) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    _("CLOUDTKEFILES names %s, which is no directory that can be read and written"),
                    world->directory);
        return NULL;
    }
    if (!tke_safe_file_check_dir(world->directory, &reason)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    _("CLOUDTKEFILES names a directory that is not safe to use: %s"),
                    reason->message);
        return NULL;
    }
    return world->directory;
}

const char *
tke_world_get_state_directory(const TkeWorld *world)
{
    return world->state_directory;
}

const char *
tke_world_get_endpoint(const TkeWorld *world)
{
    return world->base_url != NULL ? world->base_url : "";
}

const char *
tke_world_get_region(const TkeWorld *world)
{
    return world->region != NULL ? world->region : "";
}

const char *
tke_world_get_account(const TkeWorld *world)
{
    return world->info != NULL && world->info->account != NULL ? world->info->account : "";
}

const char *
tke_world_get_user(const TkeWorld *world)
{
    return world->info != NULL && world->info->user != NULL ? world->info->user : "";
}

const char *
tke_world_get_resource_group(const TkeWorld *world)
{
    return world->info != NULL && world->info->resource_group != NULL ? world->info->resource_group
                                                                      : "";
}

bool
tke_world_choose_instance(TkeWorld *world, const char *instance, GError **error)
{
    if (!g_strv_contains((const char *const *) world->instances, instance)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                    _("there is no service instance %s in the rehearsal"), instance);
        return false;
    }
    g_strfreev(world->instances);
    world->instances = g_strdupv((char *[]){ (char *) instance, NULL });
    return true;
}

const char *const *
tke_world_get_instances(const TkeWorld *world)
{
    return (const char *const *) world->instances;
}
