/*
 * What every transport shares: descriptions of readers.
 */
#include "libsmartcard/card-transport.h"

TkeReaderInfo *
tke_reader_info_copy(const TkeReaderInfo *info)
{
    TkeReaderInfo *copy = NULL;

    g_return_val_if_fail(info != NULL, NULL);
    copy = g_new0(TkeReaderInfo, 1);
    *copy = *info;
    copy->name = g_strdup(info->name);
    copy->model = g_strdup(info->model);
    copy->serial = g_strdup(info->serial);
    copy->port = g_strdup(info->port);
    return copy;
}

void
tke_reader_info_free(TkeReaderInfo *info)
{
    if (info == NULL) {
        return;
    }
    g_free(info->name);
    g_free(info->model);
    g_free(info->serial);
    g_free(info->port);
    g_free(info);
}
