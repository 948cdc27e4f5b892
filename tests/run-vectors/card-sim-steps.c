/*
 * Card vectors, files 04 and 05: members of a step that repeat each other
 * (tests/vectors-card/README.md).
 */
#include <string.h>

#include "common/byte-cursor.h"
#include "common/ec-key.h"
#include "tests/run-vectors/card-sim-steps.h"

#define CLASS_CHAIN 0x10u
#define HEADER_LEN 4u
#define SW_DONE 0x9000u

/* ---- commands ---- */

/* Length, data and Le behind a header; data is what belongs to the command. */
static bool
parse_body(TkeByteCursor body, TkeByteCursor *data)
{
    const size_t left = tke_byte_cursor_left(&body);
    uint8_t short_len = 0;
    uint16_t len = 0;
    bool extended = false;

    *data = (TkeByteCursor){ 0 };
    if (left <= 1 || !tke_byte_cursor_u8(&body, &short_len)) {
        return true; /* Le or nothing */
    }
    len = short_len;
    extended = short_len == 0;
    if (extended && !tke_byte_cursor_u16(&body, &len)) {
        return false;
    }
    if (extended && left == 3) {
        return true; /* Le */
    }
    return tke_byte_cursor_sub(&body, len, data) &&
           (tke_byte_cursor_left(&body) == 0 || tke_byte_cursor_left(&body) == (extended ? 2 : 1));
}

static bool
collects(const GByteArray *command)
{
    return command->len >= 2 && command->data[0] == 0x00 && command->data[1] == 0xC0;
}

static bool
is_status(const GByteArray *response, unsigned sw)
{
    return response->len == 2 && (unsigned) (response->data[0] << 8 | response->data[1]) == sw;
}

/* Whether a block (of which more follow unless it is the last) belongs to the command. */
static bool
has_header(const GByteArray *block, const GByteArray *header, bool last)
{
    const uint8_t class = header->len == HEADER_LEN ? header->data[0] : 0;

    return header->len == HEADER_LEN && block->len >= HEADER_LEN &&
           block->data[0] == (last ? class : class | CLASS_CHAIN) &&
           memcmp(block->data + 1, header->data + 1, HEADER_LEN - 1) == 0;
}

static TkeByteCursor
body_of(const GByteArray *block)
{
    return tke_byte_cursor(block->data + HEADER_LEN, block->len - HEADER_LEN);
}

static void
append(GByteArray *all, TkeByteCursor data)
{
    const size_t len = tke_byte_cursor_left(&data);

    if (len > 0) {
        g_byte_array_append(all, tke_byte_cursor_peek(&data), (guint) len);
    }
}

/* The APDUs that carry the command: all but those that collect the answer. */
static unsigned
count_blocks(Vector *vector, JsonArray *apdus)
{
    unsigned n = json_array_get_length(apdus);

    while (n > 1 &&
           collects(vector_bytes(vector, vector_element(vector, apdus, n - 1), "command"))) {
        n--;
    }
    return n;
}

void
card_sim_steps_check_command(Vector *vector, unsigned number, JsonObject *step)
{
    JsonArray *apdus = vector_array(vector, step, "apdus");
    const GByteArray *header = vector_bytes(vector, step, "header");
    const GByteArray *want = vector_bytes(vector, step, "data_hex");
    const unsigned n = count_blocks(vector, apdus);
    g_autoptr(GByteArray) all = g_byte_array_new();
    bool refused = false;

    for (unsigned i = 0; i < n; i++) {
        JsonObject *apdu = vector_element(vector, apdus, i);
        const GByteArray *block = vector_bytes(vector, apdu, "command");
        const bool last = i + 1 == n;
        TkeByteCursor data = { 0 };

        /* A card that refuses a block gets no more of them. */
        refused = last && want->len > 0 && !has_header(block, header, true) &&
                  !is_status(vector_bytes(vector, apdu, "response"), SW_DONE);
        if (!vector_check(vector, has_header(block, header, last && !refused),
                          "step %u: the header is not that of APDU %u", number, i) ||
            !vector_check(vector, parse_body(body_of(block), &data),
                          "step %u: APDU %u is malformed", number, i)) {
            return;
        }
        append(all, data);
    }
    vector_check(vector,
                 (refused ? all->len < want->len : all->len == want->len) &&
                     (all->len == 0 || memcmp(all->data, want->data, all->len) == 0),
                 "step %u: the data are not those of the APDUs", number);
}

/* ---- signatures ---- */

static bool
equals(const GByteArray *want, const uint8_t *bytes, size_t len)
{
    return want->len == len && (len == 0 || memcmp(want->data, bytes, len) == 0);
}

/* The key that a signature of the list is by, from the card. */
static bool
is_point_of(SimCard *card, const char *by, const GByteArray *point)
{
    static const char *const names[] = { [SIM_CARD_KEY_ZONE] = "zone key",
                                         [SIM_CARD_KEY_IDENTITY] = "identity key",
                                         [SIM_CARD_KEY_SIGNATURE] = "signature key" };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(TkeSecret) scalar = NULL;
        g_autoptr(EVP_PKEY) key = NULL;
        uint8_t own[TKE_EC_POINT_LEN] = { 0 };

        if (strcmp(by, names[i]) == 0) {
            scalar = sim_card_reveal_scalar(card, (SimCardKey) i, NULL);
            key = scalar == NULL ? NULL : tke_ec_key_from_scalar(scalar, NULL);
            return key != NULL && tke_ec_key_get_point(key, own, NULL) &&
                   equals(point, own, sizeof own);
        }
    }
    return false;
}

static bool
verifies(const GByteArray *point, const GByteArray *message, const GByteArray *signature)
{
    g_autoptr(EVP_PKEY) key = tke_ec_key_from_point(point->data, point->len, NULL);

    return key != NULL && tke_ec_key_verify(key, message->data, message->len, signature->data,
                                            signature->len, NULL);
}

static bool
was_made(const GPtrArray *made, const GByteArray *point, const GByteArray *message)
{
    for (guint i = 0; i < made->len; i++) {
        const SimCardSignature *one = g_ptr_array_index(made, i);

        if (equals(point, one->point, sizeof one->point) &&
            equals(message, one->message->data, one->message->len)) {
            return true;
        }
    }
    return false;
}

void
card_sim_steps_check_signatures(Vector *vector, unsigned number, JsonObject *step, SimCard *card,
                                const GPtrArray *made)
{
    JsonArray *list = vector_array(vector, step, "signatures");
    const unsigned n = json_array_get_length(list);

    vector_check(vector, n == made->len, "step %u: %u signatures are listed, the card made %u",
                 number, n, made->len);
    for (unsigned i = 0; i < n; i++) {
        JsonObject *entry = vector_element(vector, list, i);
        const GByteArray *point = vector_bytes(vector, entry, "point_hex");
        const GByteArray *message = vector_bytes(vector, entry, "message_hex");

        vector_check(vector, was_made(made, point, message),
                     "step %u: the card did not make signature %u", number, i);
        vector_check(vector, is_point_of(card, vector_text(vector, entry, "by"), point),
                     "step %u: signature %u is by another key", number, i);
        vector_check(vector, verifies(point, message, vector_bytes(vector, entry, "signature_hex")),
                     "step %u: signature %u is wrong", number, i);
    }
}
