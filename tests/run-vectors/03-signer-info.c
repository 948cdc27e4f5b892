/*
 * File 03: signatures on commands (crypto-unit-protocol.md, 2.9 to 2.11).
 */
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

#include "common/digest.h"
#include "common/ec-key.h"
#include "common/hex.h"
#include "common/rsa.h"
#include "libep11admin/admin-block.h"
#include "libep11admin/admin-request.h"
#include "libep11admin/signer-info.h"
#include "libep11admin/wire-message.h"
#include "tests/run-vectors/key-files.h"
#include "tests/run-vectors/keys.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_signer_info[];

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)

/* An RSA key from its numbers; d may be NULL. */
static EVP_PKEY *
make_rsa(const GByteArray *modulus, int64_t exponent, const GByteArray *d)
{
    g_autoptr(OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new();
    g_autoptr(OSSL_PARAM) params = NULL;
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    g_autoptr(BIGNUM) n = BN_bin2bn(modulus->data, (int) modulus->len, NULL);
    g_autoptr(BIGNUM) private_exponent = d == NULL ? NULL : BN_bin2bn(d->data, (int) d->len, NULL);
    EVP_PKEY *key = NULL;

    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_ulong(builder, OSSL_PKEY_PARAM_RSA_E, (unsigned long) exponent);
    if (private_exponent != NULL) {
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, private_exponent);
    }
    params = OSSL_PARAM_BLD_to_param(builder);
    if (EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, d == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params) !=
            1) {
        return NULL;
    }
    return key;
}

static void
run_rsa_signature(Vector *vector)
{
    GByteArray *data = vector_bytes(vector, vector->inputs, "data_hex");
    g_autoptr(EVP_PKEY) key =
        make_rsa(vector_bytes(vector, vector->inputs, "modulus_hex"),
                 vector_int(vector, vector->inputs, "public_exponent"),
                 vector_bytes(vector, vector->inputs, "private_exponent_hex"));
    uint8_t hash[TKE_SHA256_LEN] = { 0 };
    uint8_t block[TKE_RSA_LEN] = { 0 };
    uint8_t signature[TKE_RSA_LEN] = { 0 };
    g_autoptr(GError) error = NULL;

    if (!vector_check(vector, key != NULL, "not a key") ||
        !vector_check(vector, tke_digest_sha256(data->data, data->len, hash, NULL), "no hash") ||
        !tke_rsa_sign_x931(key, data->data, data->len, signature, &error) ||
        !tke_rsa_verify_x931(key, data->data, data->len, signature, sizeof signature, &error)) {
        vector_fail_error(vector, "signature", error);
        return;
    }
    tke_rsa_x931_block(hash, block);
    vector_check_member_hex(vector, "sha256_hex", hash, sizeof hash);
    vector_check_member_hex(vector, "x931_block_hex", block, sizeof block);
    vector_check_member_hex(vector, "signature_hex", signature, sizeof signature);
}

static void
run_ski_ec(Vector *vector)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[TKE_SKI_LEN] = { 0 };
    g_autoptr(EVP_PKEY) key = NULL;
    g_autoptr(GError) error = NULL;

    if (!vector_point(vector, vector->inputs, "x_hex", "y_hex", point)) {
        return;
    }
    key = tke_ec_key_from_point(point, sizeof point, &error);
    if (key == NULL || !tke_ec_key_get_ski(key, ski, &error)) {
        vector_fail_error(vector, "key", error);
        return;
    }
    vector_check_member_hex(vector, "ski", ski, sizeof ski);
}

static void
run_ski_rsa(Vector *vector)
{
    g_autoptr(EVP_PKEY) key = make_rsa(vector_bytes(vector, vector->inputs, "modulus_hex"),
                                       vector_int(vector, vector->inputs, "public_exponent"), NULL);
    g_autoptr(GByteArray) der = key == NULL ? NULL : tke_rsa_public_der(key, NULL);
    uint8_t ski[TKE_SKI_LEN] = { 0 };

    if (!vector_check(vector, der != NULL && tke_digest_sha256(der->data, der->len, ski, NULL),
                      "not a key")) {
        return;
    }
    vector_check_member_hex(vector, "der_hex", der->data, der->len);
    vector_check_member_hex(vector, "ski", ski, sizeof ski);
}

static void
check_cursor(Vector *vector, JsonObject *entry, const char *member, const TkeByteCursor *got)
{
    GByteArray *want = vector_bytes(vector, entry, member);

    vector_check_bytes(vector, member, got->data, got->len, want->data, want->len);
}

/* One recorded SignerInfo: its fields, its signature, and the same bytes built from its parts. */
static void
check_entry(Vector *vector, JsonObject *entry, const TkeSignerInfo *info, TkeSigner *signer,
            const GByteArray *data)
{
    EVP_PKEY *key = vector_signer_key(vector, signer);
    GByteArray *ski = vector_bytes(vector, entry, "ski");
    g_autoptr(GByteArray) built = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    check_cursor(vector, entry, "der_hex", &info->whole);
    check_cursor(vector, entry, "digest_algorithm_hex", &info->digest_id);
    check_cursor(vector, entry, "signature_algorithm_hex", &info->algorithm_id);
    check_cursor(vector, entry, "signature_hex", &info->signature);
    vector_check_int(vector, "version", info->version, vector_int(vector, entry, "version"));
    vector_check_bytes(vector, "ski", info->ski, sizeof info->ski, ski->data, ski->len);
    if (!tke_signer_info_verify(info, key, data->data, data->len, &error)) {
        vector_fail_error(vector, "signature", error);
    }
    tke_signer_info_append(built, signer->kind, signer->ski, sizeof signer->ski,
                           info->signature.data, info->signature.len);
    vector_check_bytes(vector, "SignerInfo", built->data, built->len, info->whole.data,
                       info->whole.len);
}

/* The signers sign anew: RSA gives the same bytes, of EC the bytes around the signature are the
 * same. */
static void
check_signed_anew(Vector *vector, GPtrArray *signers, const GByteArray *data,
                  const GByteArray *recorded)
{
    TkeByteCursor old = tke_byte_cursor(recorded->data, recorded->len);

    for (guint i = 0; i < signers->len; i++) {
        TkeSigner *signer = g_ptr_array_index(signers, i);
        EVP_PKEY *key = vector_signer_key(vector, signer);
        g_autoptr(GByteArray) out = g_byte_array_new();
        TkeSignerInfo was = { 0 };
        TkeSignerInfo is = { 0 };
        TkeByteCursor cursor = { 0 };
        g_autoptr(GError) error = NULL;

        if (!tke_signer_info_sign(out, signer, data->data, data->len, NULL, &error) ||
            !tke_signer_info_read(&old, &was, &error)) {
            vector_fail_error(vector, "signature", error);
            return;
        }
        if (signer->kind == TKE_SIGNER_RSA_2048) {
            vector_check_bytes(vector, "new SignerInfo", out->data, out->len, was.whole.data,
                               was.whole.len);
            continue;
        }
        cursor = tke_byte_cursor(out->data, out->len);
        if (!tke_signer_info_read(&cursor, &is, &error) ||
            !tke_signer_info_verify(&is, key, data->data, data->len, &error)) {
            vector_fail_error(vector, "new signature", error);
            return;
        }
        vector_check(vector,
                     is.version == was.version && memcmp(is.ski, was.ski, sizeof is.ski) == 0,
                     "the new SignerInfo names another key");
        vector_check_bytes(vector, "digest", is.digest_id.data, is.digest_id.len,
                           was.digest_id.data, was.digest_id.len);
        vector_check_bytes(vector, "algorithm", is.algorithm_id.data, is.algorithm_id.len,
                           was.algorithm_id.data, was.algorithm_id.len);
    }
}

/* Member signer_info_hex with its entries, signed by the key files over data. */
static GByteArray *
check_signer_infos(Vector *vector, const GByteArray *data)
{
    GPtrArray *signers = vector_key_files(vector, vector->inputs, "key_files");
    JsonArray *entries = vector_array(vector, vector->expected, "entries");
    GByteArray *recorded = vector_bytes(vector, vector->expected, "signer_info_hex");
    TkeByteCursor cursor = tke_byte_cursor(recorded->data, recorded->len);

    if (!vector_check_int(vector, "number of entries", json_array_get_length(entries),
                          signers->len)) {
        return recorded;
    }
    for (guint i = 0; i < signers->len; i++) {
        TkeSignerInfo info = { 0 };
        g_autoptr(GError) error = NULL;

        if (!tke_signer_info_read(&cursor, &info, &error)) {
            vector_fail_error(vector, "recorded SignerInfo", error);
            return recorded;
        }
        check_entry(vector, vector_element(vector, entries, i), &info,
                    g_ptr_array_index(signers, i), data);
    }
    vector_check_int(vector, "bytes left", (int64_t) tke_byte_cursor_left(&cursor), 0);
    check_signed_anew(vector, signers, data, recorded);
    return recorded;
}

static void
run_signer_info(Vector *vector)
{
    check_signer_infos(vector, vector_bytes(vector, vector->inputs, "data_hex"));
}

/* The identifier is the caller's, whatever its length. */
static void
run_ski_text(Vector *vector)
{
    GPtrArray *signers = vector_key_files(vector, vector->inputs, "key_files");
    GByteArray *data = vector_bytes(vector, vector->inputs, "data_hex");
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) ski =
        tke_hex_decode(vector_text(vector, vector->inputs, "caller_ski"), -1, &error);
    g_autoptr(GByteArray) out = g_byte_array_new();

    for (guint i = 0; ski != NULL && i < signers->len; i++) {
        TkeSigner *signer = g_ptr_array_index(signers, i);
        uint8_t signature[TKE_SIGNATURE_MAX] = { 0 };
        size_t len = 0;

        if (!signer->ops->sign(signer, TKE_SIGN_COMMAND, data->data, data->len, signature, &len,
                               NULL, &error)) {
            break;
        }
        tke_signer_info_append(out, signer->kind, ski->data, ski->len, signature, len);
    }
    if (vector_check_outcome(vector, vector->expected, error)) {
        vector_check_member_hex(vector, "signer_info_hex", out->data, out->len);
    }
}

static void
read_field(Vector *vector, const char *member, uint8_t *out, size_t len)
{
    GByteArray *bytes = vector_bytes(vector, vector->inputs, member);

    if (vector_check_int(vector, member, bytes->len, (int64_t) len)) {
        memcpy(out, bytes->data, len);
    }
}

/* A complete command. The frames are built around the recorded signatures. */
static void
run_signed_command(Vector *vector)
{
    GByteArray *payload = vector_bytes(vector, vector->inputs, "ski");
    uint32_t module = (uint32_t) vector_int(vector, vector->inputs, "crypto_module_index");
    uint32_t domain = (uint32_t) vector_int(vector, vector->inputs, "domain_index");
    TkeUnitIdentity identity = { 0 };
    g_autoptr(GByteArray) block = NULL;
    g_autoptr(GByteArray) request = NULL;
    g_autoptr(GByteArray) cprb = NULL;
    g_autofree char *htp = NULL;
    GByteArray *infos = NULL;

    if (!vector_check_text(vector, "command", vector_text(vector, vector->inputs, "command"),
                           "remove-domain-admin")) {
        return;
    }
    read_field(vector, "reported_admin_domain_hex", identity.domain, sizeof identity.domain);
    read_field(vector, "reported_module_id_hex", identity.module_id, sizeof identity.module_id);
    read_field(vector, "reported_transaction_counter_hex", identity.counter,
               sizeof identity.counter);
    tke_admin_block_increment_counter(identity.counter, sizeof identity.counter);
    block =
        tke_admin_block_new_command(TKE_ADMIN_REMOVE_ADMIN, &identity, payload->data, payload->len);
    vector_check_member_hex(vector, "admin_block_hex", block->data, block->len);
    infos = check_signer_infos(vector, block);
    request = tke_admin_request_new(domain, block->data, block->len, infos->data, infos->len);
    vector_check_member_hex(vector, "ep11_request_hex", request->data, request->len);
    cprb = tke_wire_message_new_cprb(domain, request->data, request->len);
    vector_check_member_hex(vector, "cprb_hex", cprb->data, cprb->len);
    htp = tke_wire_message_new_htp_request(module, cprb->data, cprb->len);
    vector_check_member_text(vector, "htp_request", htp);
}

const VectorKind vectors_signer_info[] = {
    { "03-signer-info", "rsa-signature", run_rsa_signature, NULL },
    { "03-signer-info", "rsa-signature-leading-zero", run_rsa_signature, NULL },
    { "03-signer-info", "ski-ec", run_ski_ec, NULL },
    { "03-signer-info", "ski-rsa", run_ski_rsa, NULL },
    { "03-signer-info", "signer-info-rsa", run_signer_info, NULL },
    { "03-signer-info", "signer-info-with-ec", run_signer_info, NULL },
    { "03-signer-info", "signer-info-ski-text", run_ski_text, NULL },
    { "03-signer-info", "signed-command-ec", run_signed_command, NULL },
    { 0 },
};
