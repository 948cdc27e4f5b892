/*
 * World, cards, settings and log of a program with windows.
 */
#include "gtk-common/workplace.h"

#include "gtk-common/desk-start.h"
#include "gtk-common/rehearsal.h"

struct TkeUiWorkplace {
    char *rehearsal;
    char *world_dir;
    char *program_dir;
    bool desk;
    TkeWorld *world;
    TkeActivityLog *log;
    TkeSettings *settings;
    TkeCardSession *session;
};

TkeUiWorkplace *
tke_ui_workplace_new(const TkeUiWorkplaceOptions *options)
{
    TkeUiWorkplace *workplace = g_new0(TkeUiWorkplace, 1);

    workplace->rehearsal = g_strdup(options->rehearsal);
    tke_ui_rehearsal_set(options->rehearsal != NULL);
    workplace->world_dir = g_strdup(options->world);
    workplace->program_dir = g_strdup(options->program_dir);
    workplace->desk = options->desk;
    return workplace;
}

void
tke_ui_workplace_free(TkeUiWorkplace *workplace)
{
    if (workplace != NULL) {
        tke_card_session_free(workplace->session);
        tke_settings_free(workplace->settings);
        tke_activity_log_free(workplace->log);
        tke_world_free(workplace->world);
        g_free(workplace->rehearsal);
        g_free(workplace->world_dir);
        g_free(workplace->program_dir);
        g_free(workplace);
    }
}

bool
tke_ui_workplace_is_rehearsal(const TkeUiWorkplace *workplace)
{
    return workplace->rehearsal != NULL;
}

static bool
open_world(TkeUiWorkplace *workplace, GError **error)
{
    const TkeWorldParams real = { .directory = g_getenv("CLOUDTKEFILES") };

    g_autoptr(TkeWorld) world = NULL;

    if (workplace->world != NULL) {
        return true;
    }
    if (workplace->rehearsal == NULL) {
        world = tke_world_new(&real, error);
    } else {
        world = tke_world_new_rehearsal(workplace->world_dir, workplace->program_dir, 0, error);
    }
    if (world == NULL ||
        (g_strcmp0(workplace->rehearsal, "pcsc") == 0 && !tke_world_use_pcsc(world, error))) {
        return false;
    }
    workplace->world = g_steal_pointer(&world);
    if (workplace->rehearsal != NULL && workplace->desk) {
        tke_ui_desk_start(workplace->world_dir);
    }
    return true;
}

bool
tke_ui_workplace_open(TkeUiWorkplace *workplace, GError **error)
{
    g_autofree char *path = NULL;
    TkeCardSource *cards;

    if (workplace->session != NULL) {
        return true;
    }
    if (!open_world(workplace, error)) {
        return false;
    }
    if (workplace->log == NULL) {
        path =
            g_build_filename(tke_world_get_state_directory(workplace->world), "activity.log", NULL);
        workplace->log = tke_activity_log_new(path, tke_world_is_rehearsal(workplace->world));
    }
    if (workplace->settings == NULL) {
        workplace->settings = tke_settings_load(workplace->world, error);
    }
    if (workplace->settings == NULL) {
        return false;
    }
    tke_settings_limit_world(workplace->settings, workplace->world);
    cards = tke_world_get_cards(workplace->world, error);
    if (cards == NULL) {
        return false;
    }
    workplace->session = tke_card_session_new(cards);
    tke_settings_prepare_session(workplace->settings, workplace->session);
    return true;
}

TkeWorld *
tke_ui_workplace_get_world(TkeUiWorkplace *workplace)
{
    return workplace->world;
}

TkeCardSession *
tke_ui_workplace_get_session(TkeUiWorkplace *workplace)
{
    return workplace->session;
}

TkeSettings *
tke_ui_workplace_get_settings(TkeUiWorkplace *workplace)
{
    return workplace->settings;
}

TkeActivityLog *
tke_ui_workplace_get_log(TkeUiWorkplace *workplace)
{
    return workplace->log;
}
