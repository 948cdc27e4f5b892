/*
 * Readers of the simulator in this process, as a source of cards.
 */
#include "tests/support/virtual-readers.h"

#include <string.h>

#include "common/secret.h"
#include "libsmartcard/card-error.h"

#define MOST_READERS 4u
#define TYPING_PATIENCE_MS 5000
#define REAL_SECOND_MS 1000

typedef struct Pad {
    SimReader *reader;
    GQueue keys; /* of texts: one for each PIN entry to come */
    char *name;
    unsigned second_ms; /* on the clock of the pad when nobody ends an entry */
    unsigned slow_ms;   /* of the person there, before typing */
    unsigned mangle_in; /* exchanges until an answer is spoilt; 0: never */
    VirtualMangle mangle;
    uint32_t plugs;
} Pad;

struct VirtualReaders {
    Pad pads[MOST_READERS];
    unsigned n;
    bool equal;    /* they tell nothing of themselves */
    unsigned held; /* more looks before they do, while another program has them */
};

typedef struct Source {
    TkeCardSource base;
    VirtualReaders *readers;
} Source;

typedef struct Connection {
    TkeCardConnection base;
    Pad *pad;
    uint32_t number;
} Connection;

static SimReader *
make_reader(const char *name, unsigned number, unsigned second_ms, const char *keypad)
{
    SimReaderOptions options = {
        .name = name, .model = "Virtual", .port = "", .second_ms = second_ms, .keypad = keypad
    };
    g_autofree char *serial = g_strdup_printf("V%u", number);

    options.serial = serial;
    return sim_reader_new(&options);
}

static void
add_pad(VirtualReaders *readers, unsigned second_ms)
{
    const unsigned number = readers->n + 1;
    Pad *pad = &readers->pads[readers->n];

    g_assert(number <= MOST_READERS);
    pad->name = g_strdup_printf("Virtual reader %u", number);
    pad->reader = make_reader(pad->name, number, second_ms, NULL);
    pad->second_ms = second_ms;
    g_queue_init(&pad->keys);
    readers->n = number;
}

VirtualReaders *
virtual_readers_new(unsigned n, unsigned second_ms)
{
    VirtualReaders *readers = g_new0(VirtualReaders, 1);

    for (unsigned i = 0; i < n; i++) {
        add_pad(readers, second_ms);
    }
    return readers;
}

void
virtual_readers_make_equal(VirtualReaders *readers, unsigned n)
{
    while (readers->n < n) {
        add_pad(readers, readers->pads[0].second_ms);
    }
    readers->equal = true;
    for (unsigned i = 0; i < n; i++) {
        g_free(readers->pads[i].name);
        readers->pads[i].name = g_strdup_printf("Equal %02X 00", i);
    }
}

void
virtual_readers_make_held(VirtualReaders *readers, unsigned looks)
{
    virtual_readers_make_equal(readers, readers->n);
    readers->held = looks;
}

void
virtual_readers_replug(VirtualReaders *readers, unsigned number)
{
    g_assert(number >= 1 && number <= readers->n);
    readers->pads[number - 1].plugs++;
}

void
virtual_readers_free(VirtualReaders *readers)
{
    if (readers == NULL) {
        return;
    }
    for (unsigned i = 0; i < readers->n; i++) {
        sim_reader_remove(readers->pads[i].reader);
        sim_reader_free(readers->pads[i].reader);
        g_queue_clear_full(&readers->pads[i].keys, g_free);
        g_free(readers->pads[i].name);
    }
    g_free(readers);
}

void
virtual_readers_set_slow(VirtualReaders *readers, unsigned ms)
{
    for (unsigned i = 0; i < readers->n; i++) {
        readers->pads[i].slow_ms = ms;
    }
}

void
virtual_readers_set_keypad(VirtualReaders *readers, unsigned number, const char *keypad)
{
    Pad *pad = &readers->pads[number - 1];

    g_assert(number >= 1 && number <= readers->n);
    sim_reader_remove(pad->reader);
    sim_reader_free(pad->reader);
    pad->reader = make_reader(pad->name, number, pad->second_ms, keypad);
}

SimReader *
virtual_readers_get(VirtualReaders *readers, unsigned number)
{
    g_assert(number >= 1 && number <= readers->n);
    return readers->pads[number - 1].reader;
}

const char *
virtual_readers_get_name(VirtualReaders *readers, unsigned number)
{
    g_assert(number >= 1 && number <= readers->n);
    return readers->pads[number - 1].name;
}

void
virtual_readers_type(VirtualReaders *readers, unsigned number, const char *keys)
{
    g_assert(number >= 1 && number <= readers->n);
    g_queue_push_tail(&readers->pads[number - 1].keys, g_strdup(keys));
}

void
virtual_readers_forget_keys(VirtualReaders *readers, unsigned number)
{
    g_assert(number >= 1 && number <= readers->n);
    g_queue_clear_full(&readers->pads[number - 1].keys, g_free);
}

void
virtual_readers_mangle(VirtualReaders *readers, unsigned number, VirtualMangle how, unsigned skip)
{
    g_assert(number >= 1 && number <= readers->n);
    readers->pads[number - 1].mangle = how;
    readers->pads[number - 1].mangle_in = skip + 1;
}

bool
virtual_readers_was_mangled(VirtualReaders *readers, unsigned number)
{
    const bool was = readers->pads[number - 1].mangle_in == 0;

    readers->pads[number - 1].mangle_in = 0;
    return was;
}

/* Counts down; spoils the answer when its turn comes. */
static void
mangle(Pad *pad, uint8_t *response, size_t size, size_t *len)
{
    if (pad->mangle_in == 0 || --pad->mangle_in > 0 || *len < 2) {
        return;
    }
    if (pad->mangle == VIRTUAL_MANGLE_TAG) {
        if (*len > 2) {
            response[0] ^= 0x02;
        }
    } else if (pad->mangle == VIRTUAL_MANGLE_GROW && *len < size) {
        memmove(response + *len - 1, response + *len - 2, 2);
        response[*len - 2] = 0;
        (*len)++;
    } else {
        if (*len > 2) {
            memmove(response + *len - 3, response + *len - 2, 2);
        }
        (*len)--;
    }
}

static TkeCardError
code_of(const GError *error)
{
    if (error == NULL || error->domain != SIM_READER_ERROR) {
        return TKE_CARD_ERROR_COMMUNICATION;
    }
    switch (error->code) {
    case SIM_READER_ERROR_NO_CARD:
        return TKE_CARD_ERROR_NO_CARD;
    case SIM_READER_ERROR_REMOVED:
        return TKE_CARD_ERROR_REMOVED;
    case SIM_READER_ERROR_IN_USE:
        return TKE_CARD_ERROR_IN_USE;
    case SIM_READER_ERROR_SILENT:
        return TKE_CARD_ERROR_SILENT;
    case SIM_READER_ERROR_UNSUPPORTED:
        return TKE_CARD_ERROR_NO_PIN_PAD;
    default:
        return TKE_CARD_ERROR_COMMUNICATION;
    }
}

/* The simulator's error as one of cards; returns false. */
static bool
hand_on(GError **error, GError *cause)
{
    g_set_error_literal(error, TKE_CARD_ERROR, (int) code_of(cause),
                        cause != NULL ? cause->message : "the virtual reader failed");
    g_clear_error(&cause);
    return false;
}

static bool
exchange(TkeCardConnection *base, const uint8_t *command, size_t len, uint8_t *response,
         size_t size, size_t *response_len, GError **error)
{
    Connection *connection = (Connection *) base;
    GError *cause = NULL;

    base->exchanges++;
    if (!sim_reader_exchange(connection->pad->reader, connection->number, command, len, response,
                             size, response_len, &cause)) {
        return hand_on(error, cause);
    }
    mangle(connection->pad, response, size, response_len);
    return true;
}

/*
 * Where somebody ends the entry the pad's time is a real one: it does not depend on when this
 * machine, busy as it may be, lets him type. Only an entry that nobody ends is to be over quickly.
 */
static void
set_clock(Pad *pad)
{
    const char *keys = g_queue_peek_head(&pad->keys);
    const char last = keys == NULL || *keys == '\0' ? '\0' : keys[strlen(keys) - 1];
    bool ended = last == SIM_KEY_ENTER || last == SIM_KEY_CANCEL;

    sim_reader_set_second(pad->reader, ended ? REAL_SECOND_MS : pad->second_ms);
}

/* The person at the desk. */
static void *
type(void *data)
{
    Pad *pad = data;
    g_autofree char *keys = g_queue_pop_head(&pad->keys);
    g_autoptr(TkeSecret) secret = tke_secret_new_from((const uint8_t *) keys, strlen(keys), NULL);

    g_usleep((gulong) pad->slow_ms * 1000);
    sim_reader_keys(pad->reader, secret, TYPING_PATIENCE_MS, NULL);
    return NULL;
}

static bool
control(TkeCardConnection *base, uint32_t code, const uint8_t *in, size_t in_len, uint8_t *out,
        size_t size, size_t *out_len, GError **error)
{
    Connection *connection = (Connection *) base;
    const bool is_entry = in_len > 0; /* what is only asked has no data */
    GThread *person = NULL;
    GError *cause = NULL;
    bool ok = false;

    set_clock(connection->pad);
    if (is_entry && !g_queue_is_empty(&connection->pad->keys)) {
        person = g_thread_new("person", type, connection->pad);
    }
    ok = sim_reader_control(connection->pad->reader, connection->number, code, in, in_len, out,
                            size, out_len, &cause);
    if (person != NULL) {
        g_thread_join(person);
    }
    return ok || hand_on(error, cause);
}

static bool
reset(TkeCardConnection *base, GError **error)
{
    Connection *connection = (Connection *) base;
    GError *cause = NULL;

    return sim_reader_reset(connection->pad->reader, connection->number, base->atr, &base->atr_len,
                            &cause) ||
           hand_on(error, cause);
}

static bool
begin(G_GNUC_UNUSED TkeCardConnection *base, G_GNUC_UNUSED GError **error)
{
    return true;
}

static void
end(G_GNUC_UNUSED TkeCardConnection *base)
{
}

static void
close_connection(TkeCardConnection *base)
{
    Connection *connection = (Connection *) base;

    sim_reader_disconnect(connection->pad->reader, connection->number);
    g_free(connection);
}

static const TkeCardConnectionOps connection_ops = {
    .exchange = exchange,
    .control = control,
    .reset = reset,
    .begin = begin,
    .end = end,
    .close = close_connection,
};

static GPtrArray *
list(TkeCardSource *base, G_GNUC_UNUSED GError **error)
{
    VirtualReaders *readers = ((Source *) base)->readers;
    GPtrArray *infos = g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_info_free);
    const bool held = readers->held > 0;

    if (held && --readers->held == 0) {
        readers->equal = false;
    }
    for (unsigned i = 0; i < readers->n; i++) {
        const SimReaderOptions *options = sim_reader_get_options(readers->pads[i].reader);
        g_auto(SimReaderState) state = { 0 };
        TkeReaderInfo *info = g_new0(TkeReaderInfo, 1);

        sim_reader_get_state(readers->pads[i].reader, &state);
        info->name = g_strdup(readers->pads[i].name);
        info->model = g_strdup(options->model);
        info->serial = g_strdup(readers->equal ? "" : options->serial);
        info->port = g_strdup(options->port);
        info->is_virtual = true;
        info->card_present = state.card_present;
        info->events = state.events;
        info->plugs = readers->pads[i].plugs;
        info->unasked = held;
        g_ptr_array_add(infos, info);
    }
    return infos;
}

static bool
wait_for_change(G_GNUC_UNUSED TkeCardSource *base, G_GNUC_UNUSED int timeout_ms,
                GCancellable *cancellable, GError **error)
{
    return !g_cancellable_set_error_if_cancelled(cancellable, error);
}

static Pad *
need_pad(TkeCardSource *base, const char *reader_name, GError **error)
{
    VirtualReaders *readers = ((Source *) base)->readers;

    for (unsigned i = 0; i < readers->n; i++) {
        if (strcmp(readers->pads[i].name, reader_name) == 0) {
            return &readers->pads[i];
        }
    }
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER, "there is no reader \"%s\"",
                reader_name);
    return NULL;
}

/* The same, unless another program has it. */
static Pad *
need_free_pad(TkeCardSource *base, const char *reader_name, GError **error)
{
    if (((Source *) base)->readers->held > 0) {
        g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE,
                            "another program holds the reader");
        return NULL;
    }
    return need_pad(base, reader_name, error);
}

static bool
control_reader(TkeCardSource *base, const char *reader_name, uint32_t code, const uint8_t *in,
               size_t in_len, uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    Pad *pad = need_free_pad(base, reader_name, error);
    GError *cause = NULL;

    return pad != NULL &&
           (sim_reader_control_direct(pad->reader, code, in, in_len, out, size, out_len, &cause) ||
            hand_on(error, cause));
}

static TkeCardConnection *
open_connection(TkeCardSource *base, const char *reader_name,
                G_GNUC_UNUSED GCancellable *cancellable, GError **error)
{
    Connection *connection = NULL;
    Pad *pad = need_free_pad(base, reader_name, error);
    GError *cause = NULL;

    if (pad == NULL) {
        return NULL;
    }
    connection = g_new0(Connection, 1);
    connection->base.ops = &connection_ops;
    connection->base.extended_length = !sim_reader_get_options(pad->reader)->short_only;
    connection->pad = pad;
    connection->number =
        sim_reader_connect(pad->reader, connection->base.atr, &connection->base.atr_len, &cause);
    if (connection->number == 0) {
        hand_on(error, cause);
        g_free(connection);
        return NULL;
    }
    return &connection->base;
}

static void
free_source(TkeCardSource *base)
{
    g_free(base);
}

TkeCardSource *
virtual_readers_source(VirtualReaders *readers)
{
    static const TkeCardSourceOps ops = {
        .list = list,
        .wait = wait_for_change,
        .connect = open_connection,
        .control = control_reader,
        .free = free_source,
    };
    Source *source = g_new0(Source, 1);

    source->base.ops = &ops;
    source->readers = readers;
    return &source->base;
}
