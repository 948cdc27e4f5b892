/*
 * Card vectors, files 04 and 05, against the virtual cards: whole exchanges, with the case's card
 * ids and drawn values (card-protocol.md, 2 to 11).
 *
 * Virtual cards sign with random nonces, so where an answer differs, it must differ in signatures
 * only: each of them is one that the card just made, over a text under a point, and the case's
 * signature must verify under the same point for the same text.
 */
#include <string.h>

#include "common/ec-key.h"
#include "common/hex.h"
#include "common/tlv.h"
#include "simulator/sim-card.h"
#include "tests/run-vectors/card-sim-steps.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_card_sim_exchanges[];

#define TAG_POINT 0x86u
#define TAG_SIGNATURE 0x5F37u
#define SW_DONE 0x9000u

/* A case while it runs. */
typedef struct Run {
    Vector *vector;
    GHashTable *cards;    /* name to SimCard */
    GHashTable *replaced; /* hex of a signature of the case to hex of ours */
    unsigned step;
    GPtrArray *made; /* signatures made in this step */
} Run;

static void
card_free(void *data)
{
    sim_card_free(data);
}

static SimCard *
add_card(Run *run, const char *name, JsonObject *about)
{
    Vector *vector = run->vector;
    g_autoptr(GError) error = NULL;
    const GByteArray *id = vector_bytes(vector, about, "card_id_hex");
    SimCardKind kind = (SimCardKind) vector_int(vector, about, "kind");
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t atr_len = 0;
    double cost_ms = 0;
    SimCard *card = NULL;

    if (!vector_check(vector, id->len == SIM_CARD_ID_LEN, "card %s has no id", name)) {
        return NULL;
    }
    card = sim_card_new_with_id(name, kind, id->data, &error);
    if (card == NULL) {
        vector_fail_error(vector, name, error);
        return NULL;
    }
    sim_card_set_extended_length(card, vector_bool(vector, about, "extended_length"));
    sim_card_record_signatures(card);
    sim_card_power_on(card, atr, &atr_len, &cost_ms);
    g_hash_table_insert(run->cards, g_strdup(name), card);
    return card;
}

static void
add_cards(Run *run)
{
    JsonObject *cards = vector_object(run->vector, run->vector->inputs, "cards");
    g_autoptr(GList) names = json_object_get_members(cards);

    for (GList *name = names; name != NULL; name = name->next) {
        add_card(run, name->data, vector_object(run->vector, cards, name->data));
    }
}

static void
run_event(Run *run, SimCard *card, JsonObject *step)
{
    Vector *vector = run->vector;
    const char *event = vector_text(vector, step, "event");
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    uint8_t parts[SIM_CARD_PLACES * SIM_CARD_PART_LEN] = { 0 };
    size_t atr_len = 0;
    double cost_ms = 0;

    if (strcmp(event, "reset") == 0) {
        sim_card_power_on(card, atr, &atr_len, &cost_ms);
    } else if (strcmp(event, "fill") == 0) {
        JsonArray *values = vector_array(vector, step, "values_hex");
        unsigned n = MIN(json_array_get_length(values), SIM_CARD_PLACES);

        for (unsigned i = 0; i < n; i++) {
            const GByteArray *value = vector_element_bytes(vector, values, i);

            memcpy(parts + i * SIM_CARD_PART_LEN, value->data, MIN(value->len, SIM_CARD_PART_LEN));
        }
        vector_check(vector, sim_card_fill(card, parts, n, NULL), "the card cannot be filled");
    } else {
        vector_check(vector, false, "step %u: unknown event %s", run->step, event);
    }
}

/* Generating a signature key (46 05), whose answer begins with the point. */
static bool
is_generate(const GByteArray *command)
{
    return command->len >= 3 && command->data[1] == 0x46 && command->data[2] == 0x05;
}

/* A key that a card drew, found again by its point. */
typedef struct DrawnKey {
    char *what;
    GByteArray *scalar;
} DrawnKey;

/* Hex of the point to DrawnKey: the keys of all cases so far. */
static GHashTable *drawn_keys;

static void
drawn_key_free(void *data)
{
    DrawnKey *key = data;

    g_free(key->what);
    g_byte_array_unref(key->scalar);
    g_free(key);
}

static void
remember_key(const char *what, const GByteArray *scalar)
{
    g_autoptr(TkeSecret) secret = tke_secret_new_from(scalar->data, scalar->len, NULL);
    g_autoptr(EVP_PKEY) pkey = secret == NULL ? NULL : tke_ec_key_from_scalar(secret, NULL);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    DrawnKey *key = NULL;

    if (pkey != NULL && tke_ec_key_get_point(pkey, point, NULL)) {
        if (drawn_keys == NULL) {
            drawn_keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, drawn_key_free);
        }
        key = g_new0(DrawnKey, 1);
        key->what = g_strdup(what);
        key->scalar = g_byte_array_append(g_byte_array_new(), scalar->data, scalar->len);
        g_hash_table_insert(drawn_keys, tke_hex_encode(point, sizeof point), key);
    }
}

/*
 * Steps that consist of APDUs alone do not always list what the card drew. A key can be told all
 * the same: its point is in the answer, and the same card draws the same key in another case.
 */
static void
inject_remembered(Run *run, SimCard *card, JsonObject *step)
{
    Vector *vector = run->vector;
    JsonArray *apdus = vector_array(vector, step, "apdus");

    for (unsigned i = 0; i < json_array_get_length(apdus); i++) {
        JsonObject *apdu = vector_element(vector, apdus, i);
        const GByteArray *response = vector_bytes(vector, apdu, "response");
        TkeByteCursor data = tke_byte_cursor(response->data, response->len);
        uint8_t point[TKE_EC_POINT_LEN] = { 0 };
        g_autofree char *hex = NULL;
        const DrawnKey *key = NULL;

        if (drawn_keys != NULL && tke_tlv_read_exact(&data, TAG_POINT, point, sizeof point)) {
            hex = tke_hex_encode(point, sizeof point);
            key = g_hash_table_lookup(drawn_keys, hex);
        }
        if (key != NULL && is_generate(vector_bytes(vector, apdu, "command"))) {
            sim_card_inject(card, key->what, key->scalar->data, key->scalar->len);
        }
    }
}

static void
inject(Run *run, SimCard *card, JsonObject *step)
{
    Vector *vector = run->vector;
    JsonArray *drawn = vector_has(step, "drawn") ? vector_array(vector, step, "drawn") : NULL;

    if (drawn == NULL && !vector_has(step, "header")) {
        inject_remembered(run, card, step);
    }
    for (unsigned i = 0; drawn != NULL && i < json_array_get_length(drawn); i++) {
        JsonObject *value = vector_element(vector, drawn, i);
        const GByteArray *bytes = vector_bytes(vector, value, "hex");
        const char *what = vector_text(vector, value, "what");

        vector_check(vector, sim_card_inject(card, what, bytes->data, bytes->len),
                     "step %u: no value %s is drawn", run->step, what);
        if (bytes->len == TKE_EC_SCALAR_LEN) {
            remember_key(what, bytes);
        }
    }
}

static bool
is_get_response(const GByteArray *command)
{
    return command->len >= 2 && command->data[0] == 0x00 && command->data[1] == 0xC0;
}

/* Status word of a response; 0 if there is none. */
static unsigned
status_word(const uint8_t *response, size_t len)
{
    return len < 2 ? 0 : (unsigned) response[len - 2] << 8 | response[len - 1];
}

/* What a step gave and what it should have given: data of all answers together, last status
 * word. */
typedef struct Answers {
    GByteArray *got;
    GByteArray *want;
    unsigned got_sw;
    unsigned want_sw;
    bool same; /* each response was exactly as in the case */
} Answers;

static void
add_answer(GByteArray *all, unsigned *sw, const uint8_t *response, size_t len)
{
    *sw = status_word(response, len);
    if (len > 2) {
        g_byte_array_append(all, response, (guint) len - 2);
    }
}

static void
send_one(SimCard *card, const GByteArray *command, Answers *answers, const GByteArray *want)
{
    SimCardAnswer answer = { 0 };
    SimCardOutcome outcome = sim_card_exchange(card, command->data, command->len, &answer);

    if (outcome != SIM_CARD_ANSWERED) {
        answer.len = 0;
    }
    add_answer(answers->got, &answers->got_sw, answer.bytes, answer.len);
    if (want != NULL) {
        answers->same = answers->same && answer.len == want->len &&
                        memcmp(answer.bytes, want->data, want->len) == 0;
    }
}

/*
 * Sends the APDUs of a step. With signatures of another length an answer may need one GET RESPONSE
 * less or more than the case has.
 */
static void
send_all(Run *run, SimCard *card, JsonObject *step, Answers *answers)
{
    Vector *vector = run->vector;
    JsonArray *apdus = vector_array(vector, step, "apdus");
    static const uint8_t more[] = { 0x00, 0xC0, 0x00, 0x00, 0x00 };
    g_autoptr(GByteArray) collect = g_byte_array_append(g_byte_array_new(), more, sizeof more);

    for (unsigned i = 0; i < json_array_get_length(apdus); i++) {
        JsonObject *apdu = vector_element(vector, apdus, i);
        const GByteArray *command = vector_bytes(vector, apdu, "command");
        const GByteArray *want = vector_bytes(vector, apdu, "response");
        bool has_more = (answers->want_sw & 0xFF00) == 0x6100;

        add_answer(answers->want, &answers->want_sw, want->data, want->len);
        if (has_more && is_get_response(command) && answers->got_sw == SW_DONE) {
            continue;
        }
        send_one(card, command, answers, want);
    }
    while (answers->want_sw == SW_DONE && (answers->got_sw & 0xFF00) == 0x6100) {
        send_one(card, collect, answers, NULL);
    }
}

static bool
same_bytes(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

static bool
is_hex_of(Vector *vector, JsonObject *object, const char *member, const uint8_t *bytes, size_t len)
{
    const GByteArray *want = vector_bytes(vector, object, member);

    return same_bytes(want->data, want->len, bytes, len);
}

/* If the case lists the signature: it says the same about point and text. */
static bool
agrees_with_list(Run *run, JsonObject *step, const SimCardSignature *made, const uint8_t *want,
                 size_t want_len)
{
    Vector *vector = run->vector;
    JsonArray *list =
        vector_has(step, "signatures") ? vector_array(vector, step, "signatures") : NULL;

    for (unsigned i = 0; list != NULL && i < json_array_get_length(list); i++) {
        JsonObject *entry = vector_element(vector, list, i);

        if (is_hex_of(vector, entry, "signature_hex", want, want_len)) {
            return is_hex_of(vector, entry, "point_hex", made->point, sizeof made->point) &&
                   is_hex_of(vector, entry, "message_hex", made->message->data, made->message->len);
        }
    }
    return true;
}

static bool
verifies(const SimCardSignature *made, const uint8_t *signature, size_t len)
{
    g_autoptr(EVP_PKEY) key = tke_ec_key_from_point(made->point, sizeof made->point, NULL);

    return key != NULL &&
           tke_ec_key_verify(key, made->message->data, made->message->len, signature, len, NULL);
}

/* Whether got is the card's signature where the case has want. */
static bool
same_signature(Run *run, JsonObject *step, const uint8_t *got, size_t got_len, const uint8_t *want,
               size_t want_len)
{
    g_autofree char *got_hex = tke_hex_encode(got, got_len);
    g_autofree char *want_hex = tke_hex_encode(want, want_len);
    const char *known = g_hash_table_lookup(run->replaced, want_hex);

    if (strcmp(got_hex, want_hex) == 0 || (known != NULL && strcmp(got_hex, known) == 0)) {
        return true;
    }
    for (guint i = 0; i < run->made->len; i++) {
        const SimCardSignature *made = g_ptr_array_index(run->made, i);

        if (made->len == got_len && memcmp(made->bytes, got, got_len) == 0) {
            if (!verifies(made, got, got_len) || !verifies(made, want, want_len) ||
                !agrees_with_list(run, step, made, want, want_len)) {
                return false;
            }
            g_hash_table_insert(run->replaced, g_steal_pointer(&want_hex),
                                g_steal_pointer(&got_hex));
            return true;
        }
    }
    return false;
}

static bool
is_template(uint16_t tag)
{
    return tag == 0x7F21 || tag == 0x7F4E || tag == 0xE0 || tag == 0xE1;
}

/* Object by object the same, but for signatures. */
static bool
same_objects(Run *run, JsonObject *step, TkeByteCursor got, TkeByteCursor want, unsigned depth)
{
    while (tke_byte_cursor_left(&got) > 0 && tke_byte_cursor_left(&want) > 0) {
        uint16_t got_tag = 0;
        uint16_t want_tag = 0;
        TkeByteCursor a = { 0 };
        TkeByteCursor b = { 0 };
        bool same = false;

        if (!tke_tlv_read_any(&got, &got_tag, &a) || !tke_tlv_read_any(&want, &want_tag, &b) ||
            got_tag != want_tag) {
            return false;
        }
        if (got_tag == TAG_SIGNATURE) {
            same = same_signature(run, step, a.data + a.pos, tke_byte_cursor_left(&a),
                                  b.data + b.pos, tke_byte_cursor_left(&b));
        } else if (is_template(got_tag) && depth > 0) {
            same = same_objects(run, step, a, b, depth - 1);
        } else {
            same = same_bytes(a.data + a.pos, tke_byte_cursor_left(&a), b.data + b.pos,
                              tke_byte_cursor_left(&b));
        }
        if (!same) {
            return false;
        }
    }
    return tke_byte_cursor_left(&got) == tke_byte_cursor_left(&want);
}

static void
check_answers(Run *run, JsonObject *step, const Answers *answers)
{
    Vector *vector = run->vector;
    const GByteArray *got = answers->got;
    const GByteArray *want = answers->want;
    g_autofree char *sw = g_strdup_printf("%04x", answers->got_sw);
    g_autofree char *name = g_strdup_printf("step %u: status word", run->step);
    bool good = answers->same;

    vector_check_text(vector, name, sw, vector_text(vector, step, "sw"));
    if (vector_has(step, "answer_hex")) {
        vector_check(vector, is_hex_of(vector, step, "answer_hex", want->data, want->len),
                     "step %u: the case's responses are not its answer", run->step);
    }
    if (!good && answers->got_sw == answers->want_sw) {
        good = same_signature(run, step, got->data, got->len, want->data, want->len) ||
               same_objects(run, step, tke_byte_cursor(got->data, got->len),
                            tke_byte_cursor(want->data, want->len), 2);
    }
    if (!vector_check(vector, good, "step %u: another answer", run->step)) {
        vector_check_bytes(vector, "answer", got->data, got->len, want->data, want->len);
    }
}

static void
run_step(Run *run, JsonObject *step)
{
    Vector *vector = run->vector;
    SimCard *card = g_hash_table_lookup(run->cards, vector_text(vector, step, "card"));
    Answers answers = { .same = true };

    if (!vector_check(vector, card != NULL, "step %u: no such card", run->step)) {
        return;
    }
    if (vector_has(step, "event")) {
        run_event(run, card, step);
        return;
    }
    answers.got = g_byte_array_new();
    answers.want = g_byte_array_new();
    inject(run, card, step);
    send_all(run, card, step, &answers);
    run->made = sim_card_take_signatures(card);
    check_answers(run, step, &answers);
    if (vector_has(step, "header")) {
        card_sim_steps_check_command(vector, run->step, step);
    }
    if (vector_has(step, "signatures")) { /* some steps whose answer has one do without the list */
        card_sim_steps_check_signatures(vector, run->step, step, card, run->made);
    }
    vector_check(vector, sim_card_injected_left(card) == 0,
                 "step %u: the card did not draw what it should", run->step);
    g_clear_pointer(&run->made, g_ptr_array_unref);
    g_byte_array_unref(answers.got);
    g_byte_array_unref(answers.want);
}

static void
run_exchange(Vector *vector)
{
    Run run = { .vector = vector };
    JsonArray *steps = vector_array(vector, vector->expected, "steps");

    run.cards = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, card_free);
    run.replaced = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    add_cards(&run);
    for (unsigned i = 0; i < json_array_get_length(steps) && vector->failures == NULL; i++) {
        run.step = i;
        run_step(&run, vector_element(vector, steps, i));
    }
    g_hash_table_unref(run.replaced);
    g_hash_table_unref(run.cards);
}

static bool
is_exchange(JsonObject *inputs, JsonObject *expected)
{
    return inputs != NULL && expected != NULL && vector_has(inputs, "cards") &&
           vector_has(expected, "steps");
}

const VectorKind vectors_card_sim_exchanges[] = {
    { "04-exchanges", "*", run_exchange, is_exchange },
    { "05-refusals", "*", run_exchange, is_exchange },
    { 0 },
};
