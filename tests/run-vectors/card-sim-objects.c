/*
 * Card vectors, files 01 to 03, against the virtual cards: objects, keys and seals, usage log
 * (card-protocol.md, 3, 5 and 9). What only a host checks has its handlers on the host's side.
 */
#include <string.h>

#include "common/digest.h"
#include "common/tlv.h"
#include "simulator/sim-card-crypto.h"
#include "simulator/sim-certificate.h"
#include "simulator/sim-ep11-private.h"
#include "simulator/sim-usage-log.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_card_sim_objects[];

#define ID_LEN SIM_CARD_ID_LEN

/* Bytes of a member that has to have this length. */
static void
take(Vector *vector, JsonObject *object, const char *member, uint8_t *out, size_t len)
{
    const GByteArray *bytes = vector_bytes(vector, object, member);

    if (vector_check(vector, bytes->len == len, "member %s has another length", member)) {
        memcpy(out, bytes->data, len);
    }
}

static SimCard *
new_card(Vector *vector, SimCardKind kind)
{
    static const uint8_t id[ID_LEN] = { 1 };
    g_autoptr(GError) error = NULL;
    SimCard *card = sim_card_new_with_id("card", kind, id, &error);

    if (card == NULL) {
        vector_fail_error(vector, "no card", error);
    }
    return card;
}

static void
check_sw(Vector *vector, const char *what, uint16_t got)
{
    g_autofree char *text = g_strdup_printf("%04x", got);

    vector_check_text(vector, what, text, vector_text(vector, vector->expected, "sw"));
}

static void
check_done(Vector *vector, const char *what, uint16_t sw)
{
    vector_check(vector, sw == SIM_SW_DONE, "%s failed with %04x", what, sw);
}

static void
run_key(Vector *vector)
{
    uint8_t scalar[SIM_SCALAR_LEN] = { 0 };
    uint8_t point[SIM_POINT_LEN] = { 0 };
    uint8_t hash[SIM_HASH_LEN] = { 0 };

    take(vector, vector->inputs, "scalar_hex", scalar, sizeof scalar);
    check_done(vector, "the point", sim_crypto_point_of(scalar, point));
    check_done(vector, "the hash", sim_crypto_hash(point, sizeof point, hash));
    vector_check_member_hex(vector, "point_hex", point, sizeof point);
    vector_check_member_hex(vector, "ski", hash, sizeof hash);
    vector_check_member_hex(vector, "zone_id_hex", hash, ID_LEN);
}

static void
take_text(Vector *vector, JsonObject *object, const char *member, SimText *text)
{
    const char *value = vector_text(vector, object, member);

    text->len = (uint8_t) MIN(strlen(value), SIM_NAME_MAX);
    memcpy(text->text, value, text->len);
}

/* What a certificate case is about: body and certificate with the case's signature. */
static void
check_certificate(Vector *vector, const SimBody *wanted, const SimText *zone_description,
                  const SimBody *given)
{
    uint8_t body[SIM_CERTIFICATE_MAX] = { 0 };
    TkeByteBuilder b = { .out = body, .size = sizeof body };
    g_autoptr(GByteArray) message = g_byte_array_new();
    SimCertificateBytes certificate = { 0 };

    sim_certificate_body(&b, wanted->zone_id, wanted->card_id, wanted->point, zone_description);
    vector_check_member_hex(vector, "body_hex", body, b.len);
    sim_crypto_labelled("certificate", body, b.len, message);
    vector_check_member_hex(vector, "message_hex", message->data, message->len);
    sim_certificate_build(&certificate, body, b.len, given->signature, given->signature_len);
    vector_check_member_hex(vector, "certificate_hex", certificate.bytes, certificate.len);
}

static void
run_certificate(Vector *vector)
{
    g_autoptr(SimCard) card = new_card(vector, SIM_CARD_EP11);
    bool zone = vector_has(vector->inputs, "zone_description");
    const GByteArray *bytes = vector_bytes(vector, vector->expected, "certificate_hex");
    TkeByteCursor data = tke_byte_cursor(bytes->data, bytes->len);
    SimText description = { 0 };
    SimBody wanted = { 0 };
    SimBody given = { 0 };
    uint8_t scalar[SIM_SCALAR_LEN] = { 0 };
    uint8_t zone_point[SIM_POINT_LEN] = { 0 };
    uint8_t hash[SIM_HASH_LEN] = { 0 };

    take(vector, vector->inputs, zone ? "scalar_hex" : "zone_scalar_hex", scalar, sizeof scalar);
    check_done(vector, "the zone's point", sim_crypto_point_of(scalar, zone_point));
    check_done(vector, "the zone id", sim_crypto_hash(zone_point, sizeof zone_point, hash));
    memcpy(wanted.zone_id, hash, ID_LEN);
    memcpy(wanted.point, zone_point, sizeof zone_point);
    if (zone) {
        take_text(vector, vector->inputs, "zone_description", &description);
    } else {
        take(vector, vector->inputs, "card_id_hex", wanted.card_id, ID_LEN);
        take(vector, vector->inputs, "identity_scalar_hex", scalar, sizeof scalar);
        check_done(vector, "the identity point", sim_crypto_point_of(scalar, wanted.point));
    }
    if (card != NULL &&
        vector_check(vector, sim_certificate_read(&data, zone, &given), "it cannot be read")) {
        check_certificate(vector, &wanted, zone ? &description : NULL, &given);
        check_done(vector, "the check",
                   zone ? sim_certificate_check_zone(card, &given)
                        : sim_certificate_check_card(card, &given, wanted.zone_id, zone_point,
                                                     card->state.id));
    }
}

static void
run_certificate_check(Vector *vector)
{
    g_autoptr(SimCard) card = new_card(vector, SIM_CARD_EP11);
    bool zone = strcmp(vector_text(vector, vector->inputs, "wanted"), "zone") == 0;
    const GByteArray *bytes = vector_bytes(vector, vector->inputs, "certificate_hex");
    TkeByteCursor data = tke_byte_cursor(bytes->data, bytes->len);
    SimBody body = { 0 };
    uint8_t zone_point[SIM_POINT_LEN] = { 0 };
    uint8_t hash[SIM_HASH_LEN] = { 0 };
    uint16_t sw = SIM_SW_DATA;

    take(vector, vector->inputs, "zone_point_hex", zone_point, sizeof zone_point);
    check_done(vector, "the zone id", sim_crypto_hash(zone_point, sizeof zone_point, hash));
    if (card == NULL) {
        return;
    }
    if (sim_certificate_read(&data, zone, &body) && sim_card_read_end(&data)) {
        sw = zone ? sim_certificate_check_zone(card, &body)
                  : sim_certificate_check_card(card, &body, hash, zone_point, card->state.id);
    }
    if (zone && sw == SIM_SW_DONE && memcmp(body.point, zone_point, sizeof zone_point) != 0) {
        sw = SIM_SW_WRONG;
    }
    vector_check_text(vector, "outcome", sw == SIM_SW_DONE ? "ok" : "error",
                      vector_text(vector, vector->expected, "outcome"));
}

static void
run_signed(Vector *vector)
{
    g_autoptr(SimCard) card = new_card(vector, SIM_CARD_EP11);
    const char *label = vector_text(vector, vector->inputs, "label");
    JsonArray *parts = vector_array(vector, vector->inputs, "parts");
    const GByteArray *signature = vector_bytes(vector, vector->expected, "signature_hex");
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_autoptr(GByteArray) labelled = g_byte_array_new();
    SimKeyPair key = { 0 };
    uint8_t own[SIM_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    take(vector, vector->inputs, "scalar_hex", key.scalar, SIM_SCALAR_LEN);
    for (unsigned i = 0; i < json_array_get_length(parts); i++) {
        JsonNode *node = json_array_get_element(parts, i);
        const GByteArray *part =
            JSON_NODE_HOLDS_VALUE(node)
                ? vector_element_bytes(vector, parts, i)
                : vector_bytes(vector, vector_element(vector, parts, i), "hex");

        g_byte_array_append(message, part->data, part->len);
    }
    sim_crypto_labelled(label, message->data, message->len, labelled);
    vector_check_member_hex(vector, "message_hex", labelled->data, labelled->len);
    check_done(vector, "the point", sim_crypto_point_of(key.scalar, key.point));
    vector_check_member_hex(vector, "point_hex", key.point, SIM_POINT_LEN);
    if (card != NULL) {
        check_done(vector, "verifying the case's signature",
                   sim_crypto_verify(card, key.point, label, message->data, message->len,
                                     signature->data, signature->len));
        check_done(vector, "signing",
                   sim_crypto_sign(card, &key, label, message->data, message->len, own, &len));
        check_done(
            vector, "verifying the own signature",
            sim_crypto_verify(card, key.point, label, message->data, message->len, own, len));
    }
}

static void
run_pattern(Vector *vector)
{
    g_autofree SimCardState *state = g_new0(SimCardState, 1);
    static const SimText none = { 0 };
    uint8_t part[SIM_CARD_PART_LEN] = { 0 };

    take(vector, vector->inputs, "part_hex", part, sizeof part);
    vector_check(vector, sim_card_state_put_part(state, 1, part, 0, &none), "no place");
    vector_check_member_hex(vector, "pattern_hex", state->parts[0].pattern, SIM_HASH_LEN);
}

/* Object 8D hashes a SKI that follows from a point, so its preimage is built here as the card
 * does. */
static void
run_contents(Vector *vector)
{
    g_autofree SimCardState *state = g_new0(SimCardState, 1);
    const GByteArray *ski = NULL;
    JsonArray *parts = NULL;
    uint8_t digest[SIM_HASH_LEN] = { 0 };

    state->kind = (uint8_t) vector_int(vector, vector->inputs, "kind");
    if (state->kind == SIM_CARD_EP11) {
        ski = vector_bytes(vector, vector->inputs, "ski");
        parts = vector_array(vector, vector->inputs, "parts");
    }
    for (unsigned i = 0; parts != NULL && i < json_array_get_length(parts); i++) {
        JsonObject *entry = vector_element(vector, parts, i);
        int64_t place = vector_int(vector, entry, "place");

        if (vector_check(vector, place >= 1 && place <= SIM_CARD_PLACES, "no such place")) {
            state->parts[place - 1].used = true;
            take(vector, entry, "pattern_hex", state->parts[place - 1].pattern, SIM_HASH_LEN);
        }
    }
    vector_check(vector,
                 ski != NULL && ski->len > 0 ? sim_card_contents_of(state, ski->data, digest)
                                             : sim_card_contents(state, digest),
                 "no digest");
    vector_check_member_hex(vector, "digest_hex", digest, sizeof digest);
}

static void
add_event(Vector *vector, SimCardState *state, JsonObject *event)
{
    uint8_t x[SIM_USAGE_X] = { 0 };
    uint8_t y[SIM_USAGE_Y] = { 0 };
    const GByteArray *long_x = vector_bytes(vector, event, "x_hex");
    const GByteArray *long_y = vector_bytes(vector, event, "y_hex");

    if (long_x->len > 0) {
        memcpy(x, long_x->data, MIN(long_x->len, sizeof x));
    }
    if (long_y->len > 0) {
        memcpy(y, long_y->data, MIN(long_y->len, sizeof y));
    }
    vector_check(vector,
                 sim_usage_log_add(state, (SimUse) vector_int(vector, event, "operation"),
                                   (uint8_t) vector_int(vector, event, "argument"), x, y),
                 "the entry cannot be added");
}

static void
check_pages(Vector *vector, const SimCardState *state)
{
    JsonObject *pages = vector_object(vector, vector->expected, "pages_hex");
    g_autoptr(GList) names = json_object_get_members(pages);

    for (GList *name = names; name != NULL; name = name->next) {
        const GByteArray *want = vector_bytes(vector, pages, name->data);
        uint8_t bytes[SIM_BLOCK_MAX] = { 0 };
        TkeByteBuilder out = { .out = bytes, .size = sizeof bytes };

        sim_usage_log_page(state, (unsigned) g_ascii_strtoull(name->data, NULL, 10), &out);
        vector_check_bytes(vector, name->data, bytes, out.len, want->data, want->len);
    }
}

static void
run_chain(Vector *vector)
{
    g_autofree SimCardState *state = g_new0(SimCardState, 1);
    JsonArray *events = vector_array(vector, vector->inputs, "events");
    JsonArray *entries = vector_array(vector, vector->expected, "entries_hex");
    JsonArray *heads = vector_array(vector, vector->expected, "heads_hex");
    unsigned n = json_array_get_length(events);
    bool all_heads = json_array_get_length(heads) == n + 1;
    const GByteArray *want = NULL;

    take(vector, vector->inputs, "card_id_hex", state->id, ID_LEN);
    vector_check(vector, sim_usage_log_start(state, NULL), "the log cannot begin");
    want = vector_element_bytes(vector, heads, 0);
    vector_check_bytes(vector, "first head", state->usage_head, SIM_HASH_LEN, want->data,
                       want->len);
    for (unsigned i = 0; i < n; i++) {
        add_event(vector, state, vector_element(vector, events, i));
        if (i < json_array_get_length(entries)) {
            want = vector_element_bytes(vector, entries, i);
            vector_check_bytes(vector, "entry", state->usage[i % SIM_USAGE_KEPT], SIM_USAGE_ENTRY,
                               want->data, want->len);
        }
        if (all_heads || i + 1 == n) {
            want = vector_element_bytes(vector, heads,
                                        all_heads ? i + 1 : json_array_get_length(heads) - 1);
            vector_check_bytes(vector, "head", state->usage_head, SIM_HASH_LEN, want->data,
                               want->len);
        }
    }
    check_pages(vector, state);
}

static void
run_unseal(Vector *vector)
{
    const GByteArray *ke = vector_bytes(vector, vector->inputs, "encryption_key_hex");
    const GByteArray *km = vector_bytes(vector, vector->inputs, "mac_key_hex");
    const GByteArray *sealed = vector_bytes(vector, vector->inputs, "sealed_hex");
    g_autoptr(TkeSecret) encryption_key = tke_secret_new_from(ke->data, ke->len, NULL);
    g_autoptr(TkeSecret) mac_key = tke_secret_new_from(km->data, km->len, NULL);
    uint8_t plain[SIM_SEALED_MAX] = { 0 };
    size_t len = 0;

    if (vector_check(vector, encryption_key != NULL && mac_key != NULL, "no keys")) {
        check_sw(vector, "status word",
                 sim_crypto_unseal(encryption_key, mac_key,
                                   (uint32_t) vector_int(vector, vector->inputs, "number"),
                                   sealed->data, sealed->len, plain, &len));
    }
}

static void
run_records(Vector *vector)
{
    g_autoptr(SimCard) card = new_card(vector, SIM_CARD_EP11);
    bool imported = strcmp(vector_text(vector, vector->inputs, "where"), "import") == 0;
    const GByteArray *plain = vector_bytes(vector, vector->inputs, "plain_hex");
    g_autofree SimRecords *records = g_new0(SimRecords, 1);
    uint16_t sw = SIM_SW_DATA;

    if (card == NULL) {
        return;
    }
    card->state.life_cycle = 0x04;
    card->out = (TkeByteBuilder){ .out = card->answer, .size = sizeof card->answer };
    if (sim_ep11_read_records(plain->data, plain->len, imported, records)) {
        sw = imported ? sim_ep11_store_imported(card, records)
                      : sim_ep11_store_received(card, records);
    }
    check_sw(vector, "status word", sw);
}

static void
run_encrypt(Vector *vector)
{
    g_autoptr(SimCard) card = new_card(vector, SIM_CARD_EP11);
    uint8_t importer_scalar[SIM_SCALAR_LEN] = { 0 };
    uint8_t importer[SIM_POINT_LEN] = { 0 };
    SimKeyPair ephemeral = { 0 };
    uint8_t ukm[SIM_UKM_LEN] = { 0 };
    uint8_t part[SIM_CARD_PART_LEN] = { 0 };
    uint8_t info[SIM_SHARED_INFO_MAX] = { 0 };
    uint8_t wrapped[SIM_WRAPPED_LEN] = { 0 };
    uint8_t hash[SIM_HASH_LEN] = { 0 };
    static const SimText none = { 0 };
    uint8_t form = (uint8_t) vector_int(vector, vector->inputs, "form");

    take(vector, vector->inputs, "importer_scalar_hex", importer_scalar, sizeof importer_scalar);
    take(vector, vector->inputs, "ephemeral_scalar_hex", ephemeral.scalar, SIM_SCALAR_LEN);
    take(vector, vector->inputs, "ukm_hex", ukm, sizeof ukm);
    take(vector, vector->inputs, "part_hex", part, sizeof part);
    check_done(vector, "importer", sim_crypto_point_of(importer_scalar, importer));
    check_done(vector, "ephemeral", sim_crypto_point_of(ephemeral.scalar, ephemeral.point));
    vector_check_member_hex(vector, "importer_point_hex", importer, sizeof importer);
    vector_check_member_hex(vector, "ephemeral_point_hex", ephemeral.point, SIM_POINT_LEN);
    vector_check_member_hex(vector, "shared_info_hex", info,
                            sim_crypto_shared_info(form, ukm, info));
    check_done(vector, "hash", sim_crypto_hash(importer, sizeof importer, hash));
    vector_check_member_hex(vector, "log_y_hex", hash, SIM_USAGE_Y);
    if (card != NULL) {
        check_done(vector, "wrap",
                   sim_crypto_wrap(card, &ephemeral, importer, form, ukm, part, wrapped));
        vector_check_member_hex(vector, "wrapped_hex", wrapped, sizeof wrapped);
        vector_check(vector, sim_card_state_put_part(&card->state, 1, part, 0, &none), "no place");
        vector_check_member_hex(vector, "pattern_hex", card->state.parts[0].pattern, SIM_HASH_LEN);
    }
}

static void
check_secret(Vector *vector, const char *member, const TkeSecret *got)
{
    vector_check_member_hex(vector, member, tke_secret_bytes(got, NULL), tke_secret_len(got));
}

/* One side of an agreement derives both keys, seals and opens. */
static void
check_side(Vector *vector, SimCard *card, const SimKeyPair *own, const uint8_t *peer,
           const SimAgreement *agreement)
{
    g_autofree char *label = g_strdup(vector_text(vector, vector->inputs, "label"));
    const GByteArray *plain = vector_bytes(vector, vector->inputs, "plain_hex");
    uint32_t number = (uint32_t) vector_int(vector, vector->inputs, "number");
    g_autoptr(TkeSecret) ke = NULL;
    g_autoptr(TkeSecret) km = NULL;
    uint8_t iv[SIM_IV_LEN] = { 0 };
    uint8_t sealed[SIM_SEALED_MAX] = { 0 };
    uint8_t opened[SIM_SEALED_MAX] = { 0 };
    size_t sealed_len = 0;
    size_t len = 0;
    uint16_t sw = sim_crypto_agree(card, own, peer, label, agreement, &ke, &km);

    check_done(vector, "the agreement", sw);
    if (sw != SIM_SW_DONE) {
        return;
    }
    take(vector, vector->inputs, "iv_hex", iv, sizeof iv);
    check_secret(vector, "encryption_key_hex", ke);
    check_secret(vector, "mac_key_hex", km);
    check_done(vector, "sealing",
               sim_crypto_seal(ke, km, number, iv, plain->data, plain->len, sealed, &sealed_len));
    vector_check_member_hex(vector, "sealed_hex", sealed, sealed_len);
    check_done(vector, "opening",
               sim_crypto_unseal(ke, km, number, sealed, sealed_len, opened, &len));
    vector_check_bytes(vector, "what was opened", opened, len, plain->data, plain->len);
}

static void
run_agreement(Vector *vector)
{
    g_autoptr(SimCard) card = new_card(vector, SIM_CARD_EP11);
    JsonObject *inputs = vector->inputs;
    const char *label = vector_text(vector, inputs, "label");
    SimAgreement agreement = { 0 };
    SimKeyPair receiver = { 0 };
    SimKeyPair sender = { 0 };
    uint8_t transcript[SIM_TRANSCRIPT_LEN] = { 0 };
    g_autoptr(GByteArray) info = g_byte_array_new();

    take(vector, inputs, "zone_id_hex", agreement.zone_id, ID_LEN);
    take(vector, inputs, "receiver_id_hex", agreement.receiver_id, ID_LEN);
    take(vector, inputs, "sender_id_hex", agreement.sender_id, ID_LEN);
    take(vector, inputs, "receiver_nonce_hex", agreement.receiver_nonce, SIM_NONCE_LEN);
    take(vector, inputs, "sender_nonce_hex", agreement.sender_nonce, SIM_NONCE_LEN);
    take(vector, inputs, "receiver_scalar_hex", receiver.scalar, SIM_SCALAR_LEN);
    take(vector, inputs, "sender_scalar_hex", sender.scalar, SIM_SCALAR_LEN);
    check_done(vector, "receiver", sim_crypto_point_of(receiver.scalar, receiver.point));
    check_done(vector, "sender", sim_crypto_point_of(sender.scalar, sender.point));
    memcpy(agreement.receiver_point, receiver.point, SIM_POINT_LEN);
    memcpy(agreement.sender_point, sender.point, SIM_POINT_LEN);
    vector_check_member_hex(vector, "receiver_point_hex", receiver.point, SIM_POINT_LEN);
    vector_check_member_hex(vector, "sender_point_hex", sender.point, SIM_POINT_LEN);
    sim_crypto_transcript(&agreement, transcript);
    vector_check_member_hex(vector, "transcript_hex", transcript, sizeof transcript);
    sim_crypto_labelled(label, transcript, sizeof transcript, info);
    vector_check_member_hex(vector, "shared_info_hex", info->data, info->len);
    if (card != NULL) {
        check_side(vector, card, &receiver, sender.point, &agreement);
        check_side(vector, card, &sender, receiver.point, &agreement);
    }
}

const VectorKind vectors_card_sim_objects[] = {
    { "01-objects", "key", run_key, NULL },
    { "01-objects", "certificate", run_certificate, NULL },
    { "01-objects", "certificate-check", run_certificate_check, NULL },
    { "01-objects", "signed", run_signed, NULL },
    { "01-objects", "pattern", run_pattern, NULL },
    { "01-objects", "contents", run_contents, NULL },
    { "02-keys", "copy", run_agreement, NULL },
    { "02-keys", "backup", run_agreement, NULL },
    { "02-keys", "import", run_agreement, NULL },
    { "02-keys", "unseal", run_unseal, NULL },
    { "02-keys", "records", run_records, NULL },
    { "02-keys", "encrypt", run_encrypt, NULL },
    { "03-usage-log", "chain", run_chain, NULL },
    { 0 },
};
