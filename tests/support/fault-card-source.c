/*
 * Faults of the way to cards, exchange by exchange.
 */
#include "tests/support/fault-card-source.h"

#include <string.h>

#include "libsmartcard/card-error.h"

#define WAITS_MAX 1000u /* a wait returns at once here: then nobody does anything any more */

typedef struct FaultSource {
    TkeCardSource base;
    TkeCardSource *inner;
    TestCardPull pull;
    TestCardWait wait; /* may be NULL */
    void *pull_data;
    unsigned exchanges;
    unsigned waits;
    unsigned strike_at; /* 0: never */
    bool struck;
    TestCardFault fault;
    GCancellable *cancellable;
    uint16_t filter_sw; /* 0: none */
    bool resets_fail;
    bool lies; /* about the next entry */
    uint16_t lie_sw;
} FaultSource;

typedef struct FaultConnection {
    TkeCardConnection base;
    TkeCardConnection *inner;
    FaultSource *source;
    char *reader_name;
} FaultConnection;

const char *
test_card_fault_name(TestCardFault fault)
{
    static const char *const names[] = { "pulled before", "pulled after", "silent", "garbage",
                                         "status 6F00",   "cancel",       "reset" };

    return names[fault];
}

static bool
set_removed(GError **error)
{
    g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED, "the card was taken out");
    return false;
}

/* Counts; true if the fault strikes this exchange. */
static bool
strikes(FaultSource *source)
{
    source->exchanges++;
    if (source->strike_at == 0 || source->exchanges != source->strike_at) {
        return false;
    }
    source->struck = true;
    return true;
}

/* What happens before the command reaches the card; true if it does not. */
static bool
spoil_before(FaultConnection *connection, uint8_t *response, size_t *len, bool *ok, GError **error)
{
    FaultSource *source = connection->source;

    switch (source->fault) {
    case TEST_CARD_FAULT_PULL_BEFORE:
        source->pull(source->pull_data, connection->reader_name);
        *ok = set_removed(error);
        return true;
    case TEST_CARD_FAULT_SILENT:
        g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_SILENT, "no answer in time");
        *ok = false;
        return true;
    case TEST_CARD_FAULT_RESET:
        g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_RESET, "the card was reset");
        *ok = false;
        return true;
    case TEST_CARD_FAULT_STATUS:
        response[0] = 0x6F;
        response[1] = 0x00;
        *len = 2;
        *ok = true;
        return true;
    case TEST_CARD_FAULT_CANCEL:
        g_cancellable_cancel(source->cancellable);
        return false;
    case TEST_CARD_FAULT_PULL_AFTER:
    case TEST_CARD_FAULT_GARBAGE:
    default:
        return false;
    }
}

static bool
spoil_after(FaultConnection *connection, uint8_t *response, size_t size, size_t *len,
            GError **error)
{
    FaultSource *source = connection->source;

    if (source->fault == TEST_CARD_FAULT_PULL_AFTER) {
        source->pull(source->pull_data, connection->reader_name);
        return set_removed(error);
    }
    if (source->fault == TEST_CARD_FAULT_GARBAGE && size >= 9) {
        memcpy(response, (const uint8_t[]){ 0xA7, 0x13, 0x5C, 0xFE, 0x00, 0x31, 0x9B, 0x90, 0x00 },
               9);
        *len = 9;
    }
    return true;
}

static void
put_sw(uint16_t sw, uint8_t *response, size_t *len)
{
    response[0] = (uint8_t) (sw >> 8);
    response[1] = (uint8_t) sw;
    *len = 2;
}

/* VERIFY that does not come from the keypad. */
static bool
is_filtered(const FaultSource *source, const uint8_t *command)
{
    return source->filter_sw != 0 && command[0] == 0x00 && command[1] == 0x20;
}

static bool
set_failed(GError **error)
{
    g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION, "the driver failed");
    return false;
}

static bool
fault_exchange(TkeCardConnection *base, const uint8_t *command, size_t len, uint8_t *response,
               size_t size, size_t *response_len, GError **error)
{
    FaultConnection *connection = (FaultConnection *) base;
    bool struck = strikes(connection->source);
    bool ok = false;

    base->exchanges++;
    if (struck && spoil_before(connection, response, response_len, &ok, error)) {
        return ok;
    }
    if (is_filtered(connection->source, command)) {
        put_sw(connection->source->filter_sw, response, response_len);
        return true;
    }
    ok = connection->inner->ops->exchange(connection->inner, command, len, response, size,
                                          response_len, error);
    return ok && struck ? spoil_after(connection, response, size, response_len, error) : ok;
}

/* PIN entries count; asking what the pad can do does not. */
static bool
fault_control(TkeCardConnection *base, uint32_t code, const uint8_t *in, size_t in_len,
              uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    FaultConnection *connection = (FaultConnection *) base;
    bool struck = in_len > 0 && strikes(connection->source);
    bool ok = false;

    if (struck && spoil_before(connection, out, out_len, &ok, error)) {
        return ok;
    }
    ok = connection->inner->ops->control(connection->inner, code, in, in_len, out, size, out_len,
                                         error);
    if (ok && in_len > 0 && connection->source->lies) {
        connection->source->lies = false;
        put_sw(connection->source->lie_sw, out, out_len);
        return connection->source->lie_sw != 0 || set_failed(error);
    }
    return ok && struck ? spoil_after(connection, out, size, out_len, error) : ok;
}

static bool
fault_reset(TkeCardConnection *base, GError **error)
{
    FaultConnection *connection = (FaultConnection *) base;

    return connection->source->resets_fail
               ? set_failed(error)
               : connection->inner->ops->reset(connection->inner, error);
}

static bool
fault_begin(TkeCardConnection *base, GError **error)
{
    FaultConnection *connection = (FaultConnection *) base;

    return connection->inner->ops->begin(connection->inner, error);
}

static void
fault_end(TkeCardConnection *base)
{
    FaultConnection *connection = (FaultConnection *) base;

    connection->inner->ops->end(connection->inner);
}

static void
fault_close(TkeCardConnection *base)
{
    FaultConnection *connection = (FaultConnection *) base;

    connection->inner->ops->close(connection->inner);
    g_free(connection->reader_name);
    g_free(connection);
}

static GPtrArray *
fault_list(TkeCardSource *base, GError **error)
{
    FaultSource *source = (FaultSource *) base;

    return source->inner->ops->list(source->inner, error);
}

static bool
fault_wait(TkeCardSource *base, int timeout_ms, GCancellable *cancellable, GError **error)
{
    FaultSource *source = (FaultSource *) base;

    if (++source->waits > WAITS_MAX) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "nobody puts in a card");
        return false;
    }
    if (source->wait != NULL) {
        source->wait(source->pull_data, timeout_ms);
    }
    return source->inner->ops->wait(source->inner, timeout_ms, cancellable, error);
}

static TkeCardConnection *
fault_connect(TkeCardSource *base, const char *reader_name, GCancellable *cancellable,
              GError **error)
{
    static const TkeCardConnectionOps ops = {
        .exchange = fault_exchange,
        .control = fault_control,
        .reset = fault_reset,
        .begin = fault_begin,
        .end = fault_end,
        .close = fault_close,
    };
    FaultSource *source = (FaultSource *) base;
    TkeCardConnection *inner =
        source->inner->ops->connect(source->inner, reader_name, cancellable, error);
    FaultConnection *connection = NULL;

    if (inner == NULL) {
        return NULL;
    }
    connection = g_new0(FaultConnection, 1);
    connection->base = *inner;
    connection->base.ops = &ops;
    connection->inner = inner;
    connection->source = source;
    connection->reader_name = g_strdup(reader_name);
    return &connection->base;
}

/* What a reader tells about itself is no exchange: it is not counted. */
static bool
fault_reader_control(TkeCardSource *base, const char *reader_name, uint32_t code, const uint8_t *in,
                     size_t in_len, uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    TkeCardSource *inner = ((FaultSource *) base)->inner;

    return inner->ops->control(inner, reader_name, code, in, in_len, out, size, out_len, error);
}

static void
fault_free(TkeCardSource *base)
{
    FaultSource *source = (FaultSource *) base;

    source->inner->ops->free(source->inner);
    g_free(source);
}

TkeCardSource *
test_fault_card_source_new(TkeCardSource *inner, TestCardPull pull, void *data)
{
    static const TkeCardSourceOps ops = {
        .list = fault_list,
        .wait = fault_wait,
        .connect = fault_connect,
        .control = fault_reader_control,
        .free = fault_free,
    };
    FaultSource *source = g_new0(FaultSource, 1);

    source->base.ops = &ops;
    source->inner = inner;
    source->pull = pull;
    source->pull_data = data;
    return &source->base;
}

void
test_fault_card_source_set(TkeCardSource *base, unsigned n, TestCardFault fault,
                           GCancellable *cancellable)
{
    FaultSource *source = (FaultSource *) base;

    source->exchanges = 0;
    source->waits = 0;
    source->strike_at = n;
    source->struck = false;
    source->fault = fault;
    source->cancellable = cancellable;
}

void
test_fault_card_source_clear(TkeCardSource *base)
{
    FaultSource *source = (FaultSource *) base;

    source->exchanges = 0;
    source->waits = 0;
    source->strike_at = 0;
    source->struck = false;
}

unsigned
test_fault_card_source_get_exchanges(const TkeCardSource *base)
{
    return ((const FaultSource *) base)->exchanges;
}

bool
test_fault_card_source_has_struck(const TkeCardSource *base)
{
    return ((const FaultSource *) base)->struck;
}

void
test_fault_card_source_set_filter(TkeCardSource *source, uint16_t sw)
{
    ((FaultSource *) source)->filter_sw = sw;
}

void
test_fault_card_source_refuse_resets(TkeCardSource *source)
{
    ((FaultSource *) source)->resets_fail = true;
}

void
test_fault_card_source_set_wait(TkeCardSource *source, TestCardWait wait)
{
    ((FaultSource *) source)->wait = wait;
}

void
test_fault_card_source_set_lie(TkeCardSource *source, const char *sw)
{
    ((FaultSource *) source)->lies = true;
    ((FaultSource *) source)->lie_sw = (uint16_t) g_ascii_strtoull(sw, NULL, 16);
}
