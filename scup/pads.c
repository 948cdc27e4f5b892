/*
 * What is known of keypads.
 */
#include "scup/pads.h"

#include <gio/gio.h>

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

void
scup_pads_take(ScupPads *pads, const GPtrArray *infos)
{
    for (guint i = 0; i < infos->len; i++) {
        const TkeCardInfo *info = infos->pdata[i];

        scup_pads_forget(pads, info->reader);
        if (info->reader_name == NULL ||
            g_error_matches(info->pad_trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
            continue;
        }
        pads->name[info->reader - 1] = g_strdup(info->reader_name);
        if (info->pad_trouble != NULL) {
            pads->trouble[info->reader - 1] = g_error_copy(info->pad_trouble);
        }
    }
}

bool
scup_pads_is_known(const ScupPads *pads, unsigned reader, const char *name)
{
    return g_strcmp0(pads->name[reader - 1], name) == 0;
}

bool
scup_pads_is_held(const ScupPads *pads, unsigned reader)
{
    return tke_card_error_code(pads->trouble[reader - 1]) == TKE_CARD_ERROR_IN_USE;
}
