/*
 * What is known of keypads.
 */
#include "scup/pads.h"

#include <gio/gio.h>
#include <string.h>

#include "libsmartcard/card-error.h"

#define ASKED_MAX 4u /* once, and three times more */

static void
forget_told(ScupPads *pads, unsigned reader)
{
    g_clear_pointer(&pads->name[reader - 1], g_free);
    g_clear_error(&pads->trouble[reader - 1]);
}

static void
forget_silent(ScupPads *pads, unsigned reader)
{
    g_clear_pointer(&pads->silent[reader - 1].name, g_free);
    pads->silent[reader - 1].asked = 0;
}

void
scup_pads_forget(ScupPads *pads, unsigned reader)
{
    forget_told(pads, reader);
    forget_silent(pads, reader);
}

void
scup_pads_clear(ScupPads *pads)
{
    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        scup_pads_forget(pads, reader);
    }
}

/* Nobody has asked. */
static bool
tells_nothing(const TkeCardInfo *info)
{
    return info->reader_name == NULL ||
           g_error_matches(info->pad_trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The reader was not there, which says nothing of its keypad; but the code also stands for one
 * whose driver never answers. */
static bool
is_silent(const TkeCardInfo *info, const ScupPadsAsked *asked)
{
    return tke_card_error_code(info->pad_trouble) == TKE_CARD_ERROR_NO_READER &&
           (asked->rehearsal || !info->reader_virtual);
}

static void
count_silent(ScupPads *pads, const TkeCardInfo *info, const ScupPadsAsked *asked)
{
    ScupSilentPad *silent = &pads->silent[info->reader - 1];
    const uint32_t plugs = asked->plugs[info->reader - 1];
    const uint32_t events = asked->events[info->reader - 1];

    if (g_strcmp0(silent->name, info->reader_name) != 0 || silent->plugs != plugs ||
        silent->events != events) {
        forget_silent(pads, info->reader);
        silent->name = g_strdup(info->reader_name);
        silent->plugs = plugs;
        silent->events = events;
    }
    silent->asked = MIN(silent->asked + 1, ASKED_MAX);
}

/* That it was silent before stays told while it is asked anew. */
static bool
was_told_silent(const ScupPads *pads, const TkeCardInfo *info, const ScupPadsAsked *asked)
{
    const unsigned i = info->reader - 1;

    return g_strcmp0(pads->name[i], info->reader_name) == 0 && pads->plugs[i] == asked->plugs[i] &&
           tke_card_error_code(pads->trouble[i]) == TKE_CARD_ERROR_NO_READER;
}

static void
take_told(ScupPads *pads, const TkeCardInfo *info, const ScupPadsAsked *asked)
{
    forget_told(pads, info->reader);
    pads->name[info->reader - 1] = g_strdup(info->reader_name);
    pads->plugs[info->reader - 1] = asked->plugs[info->reader - 1];
    if (info->pad_trouble != NULL) {
        pads->trouble[info->reader - 1] = g_error_copy(info->pad_trouble);
    }
}

static void
take(ScupPads *pads, const TkeCardInfo *info, const ScupPadsAsked *asked)
{
    if (tells_nothing(info)) {
        scup_pads_forget(pads, info->reader);
        return;
    }
    if (!is_silent(info, asked)) {
        forget_silent(pads, info->reader);
        take_told(pads, info, asked);
        return;
    }
    count_silent(pads, info, asked);
    if (!scup_pads_is_asked_again(pads, info->reader)) {
        take_told(pads, info, asked);
    } else if (!was_told_silent(pads, info, asked)) {
        forget_told(pads, info->reader);
    }
}

void
scup_pads_take(ScupPads *pads, const GPtrArray *infos, const ScupPadsAsked *asked)
{
    for (guint i = 0; i < infos->len; i++) {
        take(pads, infos->pdata[i], asked);
    }
}

bool
scup_pads_is_known(const ScupPads *pads, unsigned reader, const TkeReaderInfo *there)
{
    return pads->name[reader - 1] != NULL && strcmp(pads->name[reader - 1], there->name) == 0 &&
           pads->plugs[reader - 1] == there->plugs;
}

bool
scup_pads_is_held(const ScupPads *pads, unsigned reader)
{
    return tke_card_error_code(pads->trouble[reader - 1]) == TKE_CARD_ERROR_IN_USE;
}

bool
scup_pads_is_asked_again(const ScupPads *pads, unsigned reader)
{
    const ScupSilentPad *silent = &pads->silent[reader - 1];

    return silent->name != NULL && silent->asked < ASKED_MAX;
}

bool
scup_pads_is_to_ask(const ScupPads *pads, unsigned reader, const TkeReaderInfo *there)
{
    const ScupSilentPad *silent = &pads->silent[reader - 1];

    return !scup_pads_is_known(pads, reader, there) || scup_pads_is_held(pads, reader) ||
           scup_pads_is_asked_again(pads, reader) ||
           (silent->name != NULL && silent->events != there->events);
}
