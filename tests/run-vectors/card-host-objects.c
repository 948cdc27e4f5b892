/*
 * Card files 01 to 03, the host's side: certificates, signed messages, statuses, lists, seals,
 * usage log (card-protocol.md, sections 3, 5, 6, 9 and 12).
 */
#include <string.h>

#include "common/aes.h"
#include "common/digest.h"
#include "common/ec-key.h"
#include "common/key-agreement.h"
#include "libsmartcard/card-evidence.h"
#include "libsmartcard/card-seal.h"
#include "libsmartcard/zone-certificate.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_card_host_objects[];

static TkeSecret *
secret_of(Vector *vector, JsonObject *object, const char *member)
{
    GByteArray *bytes = vector_bytes(vector, object, member);
    g_autoptr(GError) error = NULL;
    TkeSecret *secret = tke_secret_new_from(bytes->data, bytes->len, &error);

    vector_check(vector, secret != NULL, "%s: no secret", member);
    return secret == NULL ? NULL : vector_own(vector, secret, (GDestroyNotify) tke_secret_free);
}

static EVP_PKEY *
key_of(Vector *vector, JsonObject *object, const char *member)
{
    TkeSecret *scalar = secret_of(vector, object, member);
    EVP_PKEY *key = scalar == NULL ? NULL : tke_ec_key_from_scalar(scalar, NULL);

    vector_check(vector, key != NULL, "%s: no key", member);
    return key == NULL ? NULL : vector_own(vector, key, (GDestroyNotify) EVP_PKEY_free);
}

/* Bytes of a value that has one length only. */
static bool
copy_exact(Vector *vector, JsonObject *object, const char *member, uint8_t *out, size_t len)
{
    GByteArray *bytes = vector_bytes(vector, object, member);

    if (!vector_check(vector, bytes->len == len, "%s: %u bytes", member, bytes->len)) {
        return false;
    }
    memcpy(out, bytes->data, len);
    return true;
}

static void
run_key(Vector *vector)
{
    EVP_PKEY *key = key_of(vector, vector->inputs, "scalar_hex");
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[32] = { 0 };

    if (key != NULL && tke_ec_key_get_point(key, point, NULL) &&
        tke_ec_key_get_ski(key, ski, NULL)) {
        vector_check_member_hex(vector, "point_hex", point, sizeof point);
        vector_check_member_hex(vector, "ski", ski, sizeof ski);
        vector_check_member_hex(vector, "zone_id_hex", ski, TKE_ZONE_ID_LEN);
    }
}

static void
run_certificate(Vector *vector)
{
    GByteArray *bytes = vector_bytes(vector, vector->expected, "certificate_hex");
    uint8_t again[TKE_ZONE_CERTIFICATE_MAX];
    size_t len = 0;
    TkeZoneCertificate certificate = { 0 };
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    if (!tke_zone_certificate_parse(bytes->data, bytes->len, &certificate, &error)) {
        vector_fail_error(vector, "the certificate", error);
        return;
    }
    tke_zone_certificate_write(&certificate, again, &len);
    vector_check_bytes(vector, "written again", again, len, bytes->data, bytes->len);
    vector_check_member_hex(vector, "body_hex", certificate.body, certificate.body_len);
    tke_zone_label_append(message, "certificate", certificate.body, certificate.body_len);
    vector_check_member_hex(vector, "message_hex", message->data, message->len);
}

static void
run_signed(Vector *vector)
{
    JsonArray *parts = vector_array(vector, vector->inputs, "parts");
    const char *label = vector_text(vector, vector->inputs, "label");
    GByteArray *signature = vector_bytes(vector, vector->expected, "signature_hex");
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    g_autoptr(GByteArray) joined = g_byte_array_new();
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < json_array_get_length(parts); i++) {
        GByteArray *part = vector_bytes(vector, vector_element(vector, parts, i), "hex");

        g_byte_array_append(joined, part->data, part->len);
    }
    tke_zone_label_append(message, label, joined->data, joined->len);
    vector_check_member_hex(vector, "message_hex", message->data, message->len);
    if (copy_exact(vector, vector->expected, "point_hex", point, sizeof point) &&
        !tke_zone_label_verify(point, label, joined->data, joined->len, signature->data,
                               signature->len, &error)) {
        vector_fail_error(vector, "the signature", error);
    }
}

static void
run_pattern(Vector *vector)
{
    TkeSecret *part = secret_of(vector, vector->inputs, "part_hex");
    uint8_t vp[TKE_VP_LEN] = { 0 };

    if (part != NULL && tke_digest_verification_pattern(part, vp, NULL)) {
        vector_check_member_hex(vector, "pattern_hex", vp, sizeof vp);
    }
}

/* What a host computes from the list of an EP11 card; a CA card states zeros. */
static void
run_contents(Vector *vector)
{
    uint8_t digest[32] = { 0 };
    uint8_t ski[32] = { 0 };
    g_autofree TkeKeyPartList *list = g_new0(TkeKeyPartList, 1);
    bool has_key = false;

    if (vector_int(vector, vector->inputs, "kind") == TKE_CARD_KIND_EP11) {
        JsonArray *parts = vector_array(vector, vector->inputs, "parts");

        has_key = vector_has(vector->inputs, "ski") &&
                  vector_bytes(vector, vector->inputs, "ski")->len > 0;
        if (has_key) {
            copy_exact(vector, vector->inputs, "ski", ski, sizeof ski);
        }
        for (guint i = 0; i < json_array_get_length(parts) && i < TKE_EP11_PLACES; i++) {
            JsonObject *part = vector_element(vector, parts, i);

            list->parts[i].place = (uint8_t) vector_int(vector, part, "place");
            copy_exact(vector, part, "pattern_hex", list->parts[i].vp, TKE_VP_LEN);
            list->n++;
        }
        vector_check(vector, tke_card_evidence_contents(has_key ? ski : NULL, list, digest, NULL),
                     "no digest");
    }
    vector_check_member_hex(vector, "digest_hex", digest, sizeof digest);
}

static bool
check_certificate(Vector *vector, GByteArray *bytes, GError **error)
{
    TkeZoneCertificate certificate = { 0 };
    TkeZoneCertificate zone = { 0 };
    EVP_PKEY *key = NULL;
    uint8_t hash[32] = { 0 };

    if (!tke_zone_certificate_parse(bytes->data, bytes->len, &certificate, error)) {
        return false;
    }
    if (strcmp(vector_text(vector, vector->inputs, "wanted"), "zone") == 0) {
        return tke_zone_certificate_check_zone(&certificate, error);
    }
    copy_exact(vector, vector->inputs, "zone_point_hex", zone.point, sizeof zone.point);
    key = tke_ec_key_from_point(zone.point, sizeof zone.point, NULL);
    if (vector_check(vector, key != NULL && tke_ec_key_get_ski(key, hash, NULL), "zone point")) {
        memcpy(zone.zone_id, hash, TKE_ZONE_ID_LEN);
    }
    EVP_PKEY_free(key);
    return tke_zone_certificate_check_card(&certificate, &zone, NULL, error);
}

static void
run_certificate_check(Vector *vector)
{
    GByteArray *bytes = vector_bytes(vector, vector->inputs, "certificate_hex");
    g_autoptr(GError) error = NULL;

    check_certificate(vector, bytes, &error);
    vector_check_outcome(vector, vector->expected, error);
}

static void
run_status_check(Vector *vector)
{
    GByteArray *answer = vector_bytes(vector, vector->inputs, "answer_hex");
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;

    tke_card_status_parse(answer->data, answer->len, TKE_CARD_KIND_FOREIGN, &status, &error);
    vector_check_outcome(vector, vector->expected, error);
}

static void
run_list_check(Vector *vector)
{
    GByteArray *answer = vector_bytes(vector, vector->inputs, "answer_hex");
    g_autofree TkeKeyPartList *list = g_new0(TkeKeyPartList, 1);
    g_autoptr(GError) error = NULL;

    tke_ep11_card_parse_parts(answer->data, answer->len,
                              (uint8_t) vector_int(vector, vector->inputs, "first"), list, &error);
    vector_check_outcome(vector, vector->expected, error);
}

static bool
read_agreement(Vector *vector, TkeCardAgreement *agreement)
{
    JsonObject *in = vector->inputs;
    JsonObject *out = vector->expected;

    return copy_exact(vector, in, "zone_id_hex", agreement->zone_id, TKE_ZONE_ID_LEN) &&
           copy_exact(vector, in, "receiver_id_hex", agreement->receiver_id, TKE_CARD_ID_LEN) &&
           copy_exact(vector, in, "sender_id_hex", agreement->sender_id, TKE_CARD_ID_LEN) &&
           copy_exact(vector, in, "receiver_nonce_hex", agreement->receiver_nonce,
                      TKE_CARD_NONCE_LEN) &&
           copy_exact(vector, in, "sender_nonce_hex", agreement->sender_nonce,
                      TKE_CARD_NONCE_LEN) &&
           copy_exact(vector, out, "receiver_point_hex", agreement->receiver_point,
                      TKE_EC_POINT_LEN) &&
           copy_exact(vector, out, "sender_point_hex", agreement->sender_point, TKE_EC_POINT_LEN);
}

static void
check_points(Vector *vector, EVP_PKEY *sender, EVP_PKEY *receiver)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };

    if (tke_ec_key_get_point(sender, point, NULL)) {
        vector_check_member_hex(vector, "sender_point_hex", point, sizeof point);
    }
    if (tke_ec_key_get_point(receiver, point, NULL)) {
        vector_check_member_hex(vector, "receiver_point_hex", point, sizeof point);
    }
}

static void
check_secret(Vector *vector, const char *member, const TkeSecret *secret)
{
    if (vector_check(vector, secret != NULL, "%s is missing", member)) {
        vector_check_member_hex(vector, member, tke_secret_bytes(secret, NULL),
                                tke_secret_len(secret));
    }
}

static void
check_seal(Vector *vector, const TkeCardSealKeys *keys)
{
    TkeSecret *plain = secret_of(vector, vector->inputs, "plain_hex");
    g_autoptr(TkeSecret) padded = plain == NULL ? NULL : tke_card_seal_pad(plain, NULL);
    uint8_t iv[TKE_AES_BLOCK] = { 0 };
    uint8_t content[TKE_CARD_SEAL_MAX];
    size_t len = 0;

    check_secret(vector, "padded_hex", padded);
    if (padded != NULL && copy_exact(vector, vector->inputs, "iv_hex", iv, sizeof iv) &&
        tke_card_seal_close(keys, (uint32_t) vector_int(vector, vector->inputs, "number"), iv,
                            plain, content, &len, NULL)) {
        vector_check_member_hex(vector, "sealed_hex", content, len);
    }
}

static void
run_seal(Vector *vector)
{
    TkeCardAgreement agreement = { 0 };
    EVP_PKEY *sender = key_of(vector, vector->inputs, "sender_scalar_hex");
    EVP_PKEY *receiver = key_of(vector, vector->inputs, "receiver_scalar_hex");
    const char *label = vector_text(vector, vector->inputs, "label");
    uint8_t transcript[TKE_CARD_TRANSCRIPT_LEN];
    g_autoptr(GByteArray) info = g_byte_array_new();
    g_autoptr(TkeSecret) z = NULL;
    g_autoptr(TkeCardSealKeys) keys = NULL;

    if (sender == NULL || receiver == NULL || !read_agreement(vector, &agreement)) {
        return;
    }
    check_points(vector, sender, receiver);
    z = tke_key_agreement_ecdh(sender, receiver, NULL);
    check_secret(vector, "z_hex", z);
    tke_card_seal_transcript(&agreement, transcript);
    vector_check_member_hex(vector, "transcript_hex", transcript, sizeof transcript);
    tke_zone_label_append(info, label, transcript, sizeof transcript);
    vector_check_member_hex(vector, "shared_info_hex", info->data, info->len);
    keys = z == NULL ? NULL : tke_card_seal_keys_new(z, label, &agreement, NULL);
    if (vector_check(vector, keys != NULL, "no session keys")) {
        check_secret(vector, "encryption_key_hex", keys->encryption);
        check_secret(vector, "mac_key_hex", keys->mac);
        check_seal(vector, keys);
    }
}

static void
check_heads(Vector *vector, const uint8_t card_id[static TKE_CARD_ID_LEN])
{
    JsonArray *entries = vector_array(vector, vector->expected, "entries_hex");
    JsonArray *heads = vector_array(vector, vector->expected, "heads_hex");
    const guint n = json_array_get_length(entries);
    const bool all = json_array_get_length(heads) == n + 1;
    uint8_t head[32] = { 0 };

    vector_check(vector, tke_card_evidence_first_head(card_id, head, NULL), "no first head");
    for (guint i = 0; i <= n; i++) {
        TkeUsageEntry entry = { 0 };

        if (all || i == 0 || i == n) {
            GByteArray *want = vector_element_bytes(
                vector, heads, all ? i : MIN(i, json_array_get_length(heads) - 1));

            vector_check_bytes(vector, "head", head, sizeof head, want->data, want->len);
        }
        if (i < n) {
            GByteArray *bytes = vector_element_bytes(vector, entries, i);

            if (vector_check(vector, bytes->len == sizeof entry.bytes, "entry %u", i)) {
                memcpy(entry.bytes, bytes->data, sizeof entry.bytes);
                vector_check(vector, tke_card_evidence_next_head(head, &entry, NULL), "head %u", i);
            }
        }
    }
}

/* A page holds the entries it must; what is left of the log from there on leads to its head. */
static void
check_page(Vector *vector, unsigned page, GByteArray *answer, TkeUsageLog *log)
{
    JsonArray *entries = vector_array(vector, vector->expected, "entries_hex");
    g_autoptr(GError) error = NULL;

    if (!tke_card_evidence_parse_page(answer->data, answer->len, page, log, &error)) {
        vector_fail_error(vector, "page", error);
        return;
    }
    vector_check_int(vector, "counter", log->counter, json_array_get_length(entries));
    for (unsigned i = 0; i < log->n; i++) {
        GByteArray *want = vector_element_bytes(vector, entries, log->entries[i].counter - 1);

        vector_check_bytes(vector, "entry", log->entries[i].bytes, sizeof log->entries[i].bytes,
                           want->data, want->len);
    }
}

static void
run_chain(Vector *vector)
{
    uint8_t card_id[TKE_CARD_ID_LEN] = { 0 };
    JsonObject *pages = vector_object(vector, vector->expected, "pages_hex");
    g_autofree TkeUsageLog *log = g_new0(TkeUsageLog, 1);

    if (!copy_exact(vector, vector->inputs, "card_id_hex", card_id, sizeof card_id)) {
        return;
    }
    check_heads(vector, card_id);
    for (unsigned page = 0; page < TKE_USAGE_PAGES; page++) {
        const char member[] = { (char) ('0' + page), '\0' };

        if (vector_has(pages, member)) {
            check_page(vector, page, vector_bytes(vector, pages, member), log);
        }
    }
}

#define OBJECTS "01-objects"
#define KEYS "02-keys"

const VectorKind vectors_card_host_objects[] = {
    { OBJECTS, "key", run_key, NULL },
    { OBJECTS, "certificate", run_certificate, NULL },
    { OBJECTS, "signed", run_signed, NULL },
    { OBJECTS, "pattern", run_pattern, NULL },
    { OBJECTS, "contents", run_contents, NULL },
    { OBJECTS, "certificate-check", run_certificate_check, NULL },
    { OBJECTS, "status-check", run_status_check, NULL },
    { OBJECTS, "list-check", run_list_check, NULL },
    { KEYS, "copy", run_seal, NULL },
    { KEYS, "backup", run_seal, NULL },
    { KEYS, "import", run_seal, NULL },
    { "03-usage-log", "chain", run_chain, NULL },
    { 0 },
};
