/*
 * Recorded answers of a service.
 */
#include "tests/support/transcript-unit-transport.h"

#include <string.h>

typedef struct Exchange {
    char *path;
    char *body;
    unsigned status;
    char *answer;
} Exchange;

typedef struct Transcript {
    TkeUnitTransport base;
    GPtrArray *exchanges; /* of Exchange, not used yet */
    TkeUnitTransportCounts counts;
} Transcript;

static void
exchange_free(gpointer data)
{
    Exchange *exchange = data;

    g_free(exchange->path);
    g_free(exchange->body);
    g_free(exchange->answer);
    g_free(exchange);
}

static void
answer(Transcript *transcript, TkeUnitRequest *request)
{
    const char *text = "";

    request->status = 404;
    for (guint i = 0; i < transcript->exchanges->len; i++) {
        const Exchange *exchange = g_ptr_array_index(transcript->exchanges, i);

        if (strcmp(exchange->path, request->path) == 0 &&
            g_strcmp0(exchange->body, request->body) == 0) {
            request->status = exchange->status;
            text = exchange->answer;
            request->answer = g_byte_array_append(g_byte_array_new(), (const guint8 *) text,
                                                  (guint) strlen(text) + 1);
            g_byte_array_set_size(request->answer, request->answer->len - 1);
            g_ptr_array_remove_index(transcript->exchanges, i);
            return;
        }
    }
    request->answer = g_byte_array_append(g_byte_array_new(), (const guint8 *) "", 1);
    g_byte_array_set_size(request->answer, 0);
}

static bool
transcript_run(TkeUnitTransport *base, TkeUnitRequest *const *requests, size_t n,
               GCancellable *cancellable, GError **error)
{
    Transcript *transcript = (Transcript *) base;

    if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
        !tke_unit_transport_check(requests, n, error)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        answer(transcript, requests[i]);
    }
    transcript->counts.requests += (unsigned) n;
    transcript->counts.rounds += n > 0 ? 1 : 0;
    return true;
}

static void
transcript_get_counts(TkeUnitTransport *base, TkeUnitTransportCounts *counts)
{
    *counts = ((Transcript *) base)->counts;
}

static void
transcript_free(TkeUnitTransport *base)
{
    Transcript *transcript = (Transcript *) base;

    g_ptr_array_unref(transcript->exchanges);
    g_free(transcript);
}

TkeUnitTransport *
test_transcript_unit_transport_new(void)
{
    static const TkeUnitTransportOps ops = {
        .run = transcript_run,
        .get_counts = transcript_get_counts,
        .free = transcript_free,
    };
    Transcript *transcript = g_new0(Transcript, 1);

    transcript->base.ops = &ops;
    transcript->exchanges = g_ptr_array_new_with_free_func(exchange_free);
    return &transcript->base;
}

void
test_transcript_unit_transport_add(TkeUnitTransport *base, const char *path, const char *body,
                                   unsigned status, const char *answer_text)
{
    Transcript *transcript = (Transcript *) base;
    Exchange *exchange = g_new0(Exchange, 1);

    exchange->path = g_strdup(path);
    exchange->body = g_strdup(body);
    exchange->status = status;
    exchange->answer = g_strdup(answer_text);
    g_ptr_array_add(transcript->exchanges, exchange);
}

unsigned
test_transcript_unit_transport_get_left(TkeUnitTransport *base)
{
    return ((const Transcript *) base)->exchanges->len;
}
