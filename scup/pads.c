/*
 * What is known of keypads.
 */
#include "scup/pads.h"

#include <gio/gio.h>
#include <string.h>

#include "libsmartcard/card-error.h"

void
scup_pads_forget(ScupPads *pads, unsigned reader)
{
    g_clear_pointer(&pads->name[reader - 1], g_free);
    g_clear_error(&pads->trouble[reader - 1]);
}

void
scup_pads_clear(ScupPads *pads)
{
    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        scup_pads_forget(pads, reader);
    }
}

/* Nobody has asked, or the reader was not there: that says nothing of its keypad. */
static bool
tells_nothing(const TkeCardInfo *info)
{
    return info->reader_name == NULL ||
           g_error_matches(info->pad_trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
           tke_card_error_code(info->pad_trouble) == TKE_CARD_ERROR_NO_READER;
}

void
scup_pads_take(ScupPads *pads, const GPtrArray *infos, const uint32_t plugs[TKE_READERS])
{
    for (guint i = 0; i < infos->len; i++) {
        const TkeCardInfo *info = infos->pdata[i];

        scup_pads_forget(pads, info->reader);
        if (tells_nothing(info)) {
            continue;
        }
        pads->name[info->reader - 1] = g_strdup(info->reader_name);
        pads->plugs[info->reader - 1] = plugs[info->reader - 1];
        if (info->pad_trouble != NULL) {
            pads->trouble[info->reader - 1] = g_error_copy(info->pad_trouble);
        }
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
