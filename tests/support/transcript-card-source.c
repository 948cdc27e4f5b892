/*
 * Readers whose cards play a transcript.
 */
#include "tests/support/transcript-card-source.h"

#include <string.h>

#include "common/hex.h"

#define VERIFY_CODE TKE_CARD_CONTROL_CODE(3506u)
#define MODIFY_CODE TKE_CARD_CONTROL_CODE(3507u)
#define TLV_CODE TKE_CARD_CONTROL_CODE(3518u)
#define STRUCTURE_CODE TKE_CARD_CONTROL_CODE(3510u)
#define DEFAULT_FEATURES                                                                           \
    "060442000DB2"                                                                                 \
    "070442000DB3"
#define PIN_LEN 6u
#define BLOCK_LEN 8u
#define VERIFY_HEAD 19u
#define MODIFY_HEAD 24u

typedef struct Exchange {
    GByteArray *command; /* NULL: the pad answers by itself */
    GByteArray *response;
    int fault; /* TkeCardError, or -1 */
} Exchange;

struct TranscriptCard {
    GPtrArray *exchanges;
    unsigned next;
    bool extended_length;
    bool any_form;
    char *features;
    char *tlv;
    char *structure;
    GString *problem;
};

typedef struct Connection {
    TkeCardConnection base;
    TranscriptCard *card;
} Connection;

static void
exchange_free(void *data)
{
    Exchange *exchange = data;

    g_clear_pointer(&exchange->command, g_byte_array_unref);
    g_clear_pointer(&exchange->response, g_byte_array_unref);
    g_free(exchange);
}

TranscriptCard *
transcript_card_new(bool extended_length)
{
    TranscriptCard *card = g_new0(TranscriptCard, 1);

    card->exchanges = g_ptr_array_new_with_free_func(exchange_free);
    card->extended_length = extended_length;
    card->features = g_strdup(DEFAULT_FEATURES);
    return card;
}

void
transcript_card_free(TranscriptCard *card)
{
    if (card == NULL) {
        return;
    }
    g_ptr_array_unref(card->exchanges);
    g_free(card->features);
    g_free(card->tlv);
    g_free(card->structure);
    if (card->problem != NULL) {
        g_string_free(card->problem, TRUE);
    }
    g_free(card);
}

static GByteArray *
to_array(const uint8_t *bytes, size_t len)
{
    GByteArray *array = g_byte_array_new();

    if (len > 0) {
        g_byte_array_append(array, bytes, (guint) len);
    }
    return array;
}

static GByteArray *
from_hex(const char *hex)
{
    g_autoptr(GString) digits = g_string_new(NULL);
    GByteArray *bytes = NULL;

    for (; *hex != '\0'; hex++) {
        if (!g_ascii_isspace(*hex)) {
            g_string_append_c(digits, *hex);
        }
    }
    bytes = tke_hex_decode(digits->str, -1, NULL);
    g_assert(bytes != NULL);
    return bytes;
}

static Exchange *
append(TranscriptCard *card)
{
    Exchange *exchange = g_new0(Exchange, 1);

    exchange->fault = -1;
    g_ptr_array_add(card->exchanges, exchange);
    return exchange;
}

void
transcript_card_add(TranscriptCard *card, const uint8_t *command, size_t len,
                    const uint8_t *response, size_t response_len)
{
    Exchange *exchange = append(card);

    exchange->command = to_array(command, len);
    exchange->response = to_array(response, response_len);
}

void
transcript_card_expect(TranscriptCard *card, const char *command_hex, const char *response_hex)
{
    Exchange *exchange = append(card);

    exchange->command = from_hex(command_hex);
    exchange->response = from_hex(response_hex);
}

void
transcript_card_expect_fault(TranscriptCard *card, const char *command_hex, TkeCardError code)
{
    Exchange *exchange = append(card);

    exchange->command = from_hex(command_hex);
    exchange->fault = (int) code;
}

void
transcript_card_expect_pad(TranscriptCard *card, const char *response_hex)
{
    append(card)->response = from_hex(response_hex);
}

void
transcript_card_set_features(TranscriptCard *card, const char *list_hex)
{
    g_free(card->features);
    card->features = g_strdup(list_hex);
}

void
transcript_card_set_properties(TranscriptCard *card, const char *tlv_hex, const char *structure_hex)
{
    g_free(card->tlv);
    g_free(card->structure);
    card->tlv = g_strdup(tlv_hex);
    card->structure = g_strdup(structure_hex);
}

void
transcript_card_set_any_form(TranscriptCard *card, bool any_form)
{
    card->any_form = any_form;
}

unsigned
transcript_card_get_left(const TranscriptCard *card)
{
    return card->exchanges->len - card->next;
}

const char *
transcript_card_get_problem(TranscriptCard *card)
{
    if (card->problem == NULL && transcript_card_get_left(card) > 0) {
        card->problem = g_string_new(NULL);
        g_string_printf(card->problem, "%u of %u commands were not sent",
                        transcript_card_get_left(card), card->exchanges->len);
    }
    return card->problem != NULL ? card->problem->str : NULL;
}

/* Header, data and Le of a command in either form; false if it is malformed. */
static bool
take_apart(const uint8_t *command, size_t len, const uint8_t **data, size_t *data_len, bool *has_le)
{
    size_t head = 5;
    size_t le = 1;

    *data = NULL;
    *data_len = 0;
    *has_le = false;
    if (len <= 5) {
        *has_le = len == 5;
        return len >= 4;
    }
    if (command[4] == 0 && len == 7) {
        *has_le = true;
        return true;
    }
    *data_len = command[4];
    if (command[4] == 0) {
        head = 7;
        le = 2;
        *data_len = (size_t) command[5] << 8 | command[6];
    }
    *data = command + head;
    *has_le = len == head + *data_len + le;
    return *has_le || len == head + *data_len;
}

static bool
is_form_open(const uint8_t *command, size_t len)
{
    return len > 4 && command[0] == 0 &&
           (command[1] == 0xA4 || command[1] == 0x20 || command[1] == 0x24);
}

static bool
is_same_command(const TranscriptCard *card, const GByteArray *want, const uint8_t *got, size_t len)
{
    const uint8_t *want_data = NULL;
    const uint8_t *got_data = NULL;
    size_t want_len = 0;
    size_t got_len = 0;
    bool want_le = false;
    bool got_le = false;

    if (len == want->len && memcmp(got, want->data, len) == 0) {
        return true;
    }
    return card->any_form && is_form_open(want->data, want->len) && is_form_open(got, len) &&
           take_apart(want->data, want->len, &want_data, &want_len, &want_le) &&
           take_apart(got, len, &got_data, &got_len, &got_le) && memcmp(want->data, got, 4) == 0 &&
           want_le == got_le && want_len == got_len &&
           (want_len == 0 || memcmp(want_data, got_data, want_len) == 0);
}

static bool
set_problem(TranscriptCard *card, GError **error, const char *what, const uint8_t *got, size_t len)
{
    g_autofree char *hex = tke_hex_encode(got, len);

    if (card->problem == NULL) {
        card->problem = g_string_new(NULL);
        g_string_printf(card->problem, "exchange %u: %s: %s", card->next + 1, what, hex);
        if (card->next < card->exchanges->len) {
            const Exchange *want = g_ptr_array_index(card->exchanges, card->next);
            g_autofree char *want_hex =
                want->command == NULL ? g_strdup("an entry the pad answers")
                                      : tke_hex_encode(want->command->data, want->command->len);

            g_string_append_printf(card->problem, " instead of %s", want_hex);
        }
    }
    g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION, card->problem->str);
    return false;
}

static bool
play(TranscriptCard *card, const uint8_t *command, size_t len, uint8_t *response, size_t size,
     size_t *response_len, GError **error)
{
    const Exchange *want = NULL;

    if (card->problem != NULL || card->next >= card->exchanges->len) {
        return set_problem(card, error, "a command too many", command, len);
    }
    want = g_ptr_array_index(card->exchanges, card->next);
    if (want->command == NULL || !is_same_command(card, want->command, command, len)) {
        return set_problem(card, error, "another command", command, len);
    }
    card->next++;
    if (want->fault >= 0) {
        g_set_error(error, TKE_CARD_ERROR, want->fault, "the transcript has a fault here");
        return false;
    }
    if (want->response->len > size) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL, "the answer has %u bytes",
                    want->response->len);
        return false;
    }
    if (want->response->len > 0) {
        memcpy(response, want->response->data, want->response->len);
    }
    *response_len = want->response->len;
    return true;
}

static bool
exchange(TkeCardConnection *connection, const uint8_t *command, size_t len, uint8_t *response,
         size_t size, size_t *response_len, GError **error)
{
    connection->exchanges++;
    return play(((Connection *) connection)->card, command, len, response, size, response_len,
                error);
}

static uint32_t
host_u32(const uint8_t *bytes)
{
    uint32_t value = 0;

    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Everything of an entry that does not depend on which it is. */
static bool
is_form_right(const uint8_t *in, size_t len, size_t head, size_t extra_at)
{
    uint16_t digits = 0;

    if (len < head + 4 || host_u32(in + head - 4) != len - head) {
        return false;
    }
    memcpy(&digits, in + extra_at, sizeof digits);
    return in[0] == 20 && in[2] == 0x82 && in[3] == 0x08 && in[4] == 0 && digits == 0x0606 &&
           in[head - 7] == 0 && in[head - 6] == 0 && in[head - 5] == 0;
}

/* The command that the pad sends: digits of the transcript in the places the structure names. */
static bool
fill_digits(const GByteArray *want, const uint8_t *in, size_t len, size_t head,
            const size_t *offsets, unsigned n, GByteArray *out)
{
    const uint8_t *data = NULL;
    size_t data_len = 0;
    bool has_le = false;

    g_byte_array_append(out, in + head, (guint) (len - head));
    if (!take_apart(want->data, want->len, &data, &data_len, &has_le)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        if (offsets[i] + PIN_LEN > data_len || 5 + offsets[i] + PIN_LEN > out->len) {
            return false;
        }
        memcpy(out->data + 5 + offsets[i], data + offsets[i], PIN_LEN);
    }
    return true;
}

static bool
control_entry(TranscriptCard *card, bool modify, const uint8_t *in, size_t len, uint8_t *out,
              size_t size, size_t *out_len, GError **error)
{
    const size_t head = modify ? MODIFY_HEAD : VERIFY_HEAD;
    const Exchange *want =
        card->next < card->exchanges->len ? g_ptr_array_index(card->exchanges, card->next) : NULL;
    g_autoptr(GByteArray) command = g_byte_array_new();
    size_t offsets[2] = { 0 };
    unsigned n = 1;

    if (want == NULL || !is_form_right(in, len, head, modify ? 7 : 5)) {
        return set_problem(card, error, "not an entry that was expected", in, len);
    }
    if (want->command == NULL) {
        card->next++;
        memcpy(out, want->response->data, MIN(size, want->response->len));
        *out_len = want->response->len;
        return true;
    }
    if (modify) {
        const bool asks_old = (in[9] & 2) != 0;

        if ((in[9] & 1) == 0 || in[11] != (asks_old ? 3 : 2)) {
            return set_problem(card, error, "a new PIN is not typed twice", in, len);
        }
        offsets[0] = in[6];
        offsets[1] = in[5];
        n = asks_old ? 2 : 1;
    }
    if (!fill_digits(want->command, in, len, head, offsets, n, command)) {
        return set_problem(card, error, "PINs in wrong places", in, len);
    }
    return play(card, command->data, command->len, out, size, out_len, error);
}

/* What the reader says of itself; NULL: the control fails. */
static bool
tell(const char *hex, uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    g_autoptr(GByteArray) bytes = hex == NULL ? NULL : from_hex(hex);

    if (bytes == NULL || bytes->len > size) {
        g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION, "not told");
        return false;
    }
    if (bytes->len > 0) {
        memcpy(out, bytes->data, bytes->len);
    }
    *out_len = bytes->len;
    return true;
}

static bool
control(TkeCardConnection *connection, uint32_t code, const uint8_t *in, size_t in_len,
        uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    TranscriptCard *card = ((Connection *) connection)->card;

    switch (code) {
    case TKE_CARD_CONTROL_GET_FEATURES:
        return tell(card->features, out, size, out_len, error);
    case TLV_CODE:
        return tell(card->tlv, out, size, out_len, error);
    case STRUCTURE_CODE:
        return tell(card->structure, out, size, out_len, error);
    default:
        break;
    }
    if (code != VERIFY_CODE && code != MODIFY_CODE) {
        return set_problem(card, error, "unknown control code", (const uint8_t *) &code,
                           sizeof code);
    }
    return control_entry(card, code == MODIFY_CODE, in, in_len, out, size, out_len, error);
}

static bool
reset(G_GNUC_UNUSED TkeCardConnection *connection, G_GNUC_UNUSED GError **error)
{
    return true;
}

static bool
begin(G_GNUC_UNUSED TkeCardConnection *connection, G_GNUC_UNUSED GError **error)
{
    return true;
}

static void
end(G_GNUC_UNUSED TkeCardConnection *connection)
{
}

static void
close_connection(TkeCardConnection *connection)
{
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

TkeCardConnection *
transcript_card_connect(TranscriptCard *card)
{
    Connection *connection = g_new0(Connection, 1);

    connection->base.ops = &connection_ops;
    connection->base.extended_length = card->extended_length;
    connection->card = card;
    return &connection->base;
}
