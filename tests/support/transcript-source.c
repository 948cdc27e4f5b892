/*
 * A source with one reader that holds a card with a transcript.
 */
#include <string.h>

#include "tests/support/transcript-card-source.h"

typedef struct Source {
    TkeCardSource base;
    TranscriptCard *card;
} Source;

static GPtrArray *
source_list(TkeCardSource *base, G_GNUC_UNUSED GError **error)
{
    GPtrArray *readers = g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_info_free);
    TkeReaderInfo *info = g_new0(TkeReaderInfo, 1);

    info->name = g_strdup("Reader 1");
    info->model = g_strdup("Transcript");
    info->serial = g_strdup("");
    info->port = g_strdup("");
    info->card_present = ((Source *) base)->card != NULL;
    g_ptr_array_add(readers, info);
    return readers;
}

static bool
source_wait(G_GNUC_UNUSED TkeCardSource *base, G_GNUC_UNUSED int timeout_ms,
            GCancellable *cancellable, GError **error)
{
    return !g_cancellable_set_error_if_cancelled(cancellable, error);
}

static TkeCardConnection *
source_connect(TkeCardSource *base, const char *reader_name,
               G_GNUC_UNUSED GCancellable *cancellable, GError **error)
{
    TranscriptCard *card = ((Source *) base)->card;

    if (strcmp(reader_name, "Reader 1") != 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER, "there is no reader \"%s\"",
                    reader_name);
        return NULL;
    }
    if (card == NULL) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_CARD, "%s is empty", reader_name);
        return NULL;
    }
    return transcript_card_connect(card);
}

static bool
source_control(TkeCardSource *base, const char *reader_name, uint32_t code, const uint8_t *in,
               size_t in_len, uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    TkeCardConnection *connection = source_connect(base, reader_name, NULL, error);
    bool ok = false;

    if (connection == NULL) {
        return false;
    }
    ok = connection->ops->control(connection, code, in, in_len, out, size, out_len, error);
    connection->ops->close(connection);
    return ok;
}

static void
source_free(TkeCardSource *base)
{
    g_free(base);
}

TkeCardSource *
transcript_source_new(TranscriptCard *card)
{
    static const TkeCardSourceOps ops = {
        .list = source_list,
        .wait = source_wait,
        .connect = source_connect,
        .control = source_control,
        .free = source_free,
    };
    Source *source = g_new0(Source, 1);

    source->base.ops = &ops;
    source->card = card;
    return &source->base;
}
