/*
 * Answers to administrative messages: form, signature, and whether they belong to the request
 * (crypto-unit-protocol.md, 2.6, 2.8, 2.14, 5.6; annex C, 3 to 5 and 14).
 */
#include "libep11admin/admin-response.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/der.h"
#include "common/ec-key.h"
#include "common/secret.h"
#include "libep11admin/admin-request.h"
#include "libep11admin/reason-code.h"
#include "libep11admin/signer-info.h"
#include "libep11admin/unit-error.h"

#define REASON_LEN 4u
#define COUNT_LEN 4u
#define PATTERN_LEN 32u

static bool
set_malformed(TkeUnitPlace place, const char *message, GError **error)
{
    tke_unit_error_set(error, TKE_UNIT_ERROR_MALFORMED, &(TkeUnitErrorDetails){ .place = place },
                       "%s", message);
    return false;
}

static bool
set_other(const char *message, GError **error)
{
    tke_unit_error_set(error, TKE_UNIT_ERROR_IDENTITY,
                       &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_BLOCK }, "%s", message);
    return false;
}

static bool
set_refused(TkeUnitPlace place, const TkeAdminResponse *response, GError **error)
{
    const TkeUnitErrorDetails details = {
        .place = place,
        .has_return_code = true,
        .return_code = response->return_code,
        .has_reason_code = response->has_reason_code,
        .reason_code = response->reason_code,
        .is_signed = response->is_verified,
    };
    g_autofree char *text = tke_reason_code_dup_message(
        response->return_code,
        response->has_reason_code ? (int64_t) response->reason_code : TKE_REASON_NONE);

    tke_unit_error_set(error, TKE_UNIT_ERROR_REFUSED, &details, _("the crypto unit refused: %s"),
                       text);
    return false;
}

static bool
parse_block(TkeAdminResponse *response, TkeByteCursor der)
{
    TkeByteCursor block = { 0 };
    TkeByteCursor output = { 0 };
    TkeUnitIdentity *identity = &response->identity;

    if (!tke_der_read(&der, TKE_DER_SEQUENCE, &block) ||
        !tke_der_read_octet_u32(&block, &response->command) ||
        !tke_der_read_exact(&block, TKE_DER_OCTET_STRING, identity->domain,
                            sizeof identity->domain) ||
        !tke_der_read_exact(&block, TKE_DER_OCTET_STRING, identity->module_id,
                            sizeof identity->module_id) ||
        !tke_der_read_exact(&block, TKE_DER_OCTET_STRING, identity->counter,
                            sizeof identity->counter) ||
        !tke_der_read_octet_u32(&block, &response->return_code) ||
        !tke_der_read(&block, TKE_DER_OCTET_STRING, &output) || tke_byte_cursor_left(&block) > 0) {
        return false;
    }
    if (tke_byte_cursor_left(&der) > 0) {
        response->has_trailing_bytes = true;
    }
    response->output = g_bytes_new(output.data, output.len);
    if (response->return_code != TKE_RC_OK && output.len >= REASON_LEN) {
        response->has_reason_code = tke_byte_cursor_u32(&output, &response->reason_code);
    }
    return true;
}

TkeAdminResponse *
tke_admin_response_parse(const uint8_t *der, size_t len, GError **error)
{
    g_autoptr(TkeAdminResponse) response = g_new0(TkeAdminResponse, 1);
    TkeByteCursor cursor = tke_byte_cursor(der, len);
    TkeByteCursor outer = { 0 };
    TkeByteCursor block = { 0 };
    TkeByteCursor signer_infos = { 0 };
    bool whole = false;

    if (!tke_der_read(&cursor, TKE_DER_SEQUENCE, &outer) ||
        !tke_der_read_octet_u32(&outer, &response->function) ||
        !tke_der_read_octet_u32(&outer, &response->domain_index) ||
        !tke_der_read_octet_u32(&outer, &response->return_code)) {
        set_malformed(TKE_UNIT_PLACE_OUTER, _("the answer of the crypto unit is malformed"), error);
        return NULL;
    }
    response->has_trailing_bytes = tke_byte_cursor_left(&cursor) > 0;
    whole = tke_der_read(&outer, TKE_DER_OCTET_STRING, &block) &&
            tke_der_read(&outer, TKE_DER_OCTET_STRING, &signer_infos);
    if (tke_byte_cursor_left(&outer) > 0 || (!whole && block.data != NULL)) {
        set_malformed(TKE_UNIT_PLACE_OUTER, _("the answer of the crypto unit is malformed"), error);
        return NULL;
    }
    if (response->return_code != TKE_RC_OK) {
        set_refused(TKE_UNIT_PLACE_OUTER, response, error);
        return NULL;
    }
    if (!whole) {
        set_malformed(TKE_UNIT_PLACE_OUTER, _("the answer of the crypto unit is incomplete"),
                      error);
        return NULL;
    }
    if (!parse_block(response, block)) {
        /* The signature comes first: what is not signed is not even worth a complaint. */
        response->is_malformed = true;
        g_clear_pointer(&response->output, g_bytes_unref);
        response->output = g_bytes_new(NULL, 0);
    }
    response->block = g_bytes_new(block.data, block.len);
    response->signer_infos = g_bytes_new(signer_infos.data, signer_infos.len);
    return g_steal_pointer(&response);
}

void
tke_admin_response_free(TkeAdminResponse *response)
{
    if (response == NULL) {
        return;
    }
    g_clear_pointer(&response->block, g_bytes_unref);
    g_clear_pointer(&response->signer_infos, g_bytes_unref);
    g_clear_pointer(&response->output, g_bytes_unref);
    g_free(response);
}

static TkeByteCursor
cursor_over(GBytes *bytes)
{
    gsize len = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &len);

    return tke_byte_cursor(data, len);
}

bool
tke_admin_response_verify(TkeAdminResponse *response, EVP_PKEY *key, const uint8_t *ski,
                          GError **error)
{
    const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_SIGNATURE };
    TkeByteCursor cursor = cursor_over(response->signer_infos);
    TkeByteCursor block = cursor_over(response->block);
    TkeSignerInfo info = { 0 };

    g_return_val_if_fail(key != NULL, false);

    if (tke_byte_cursor_left(&cursor) == 0) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_SIGNATURE,
                           &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_SIGNER_INFO },
                           _("the answer of the crypto unit is not signed"));
        return false;
    }
    if (!tke_signer_info_read(&cursor, &info, error)) {
        return false;
    }
    if (info.algorithm != TKE_SIGNER_INFO_ECDSA_SHA512) {
        return set_malformed(TKE_UNIT_PLACE_SIGNER_INFO,
                             _("the answer's first signature is not ECDSA with SHA-512"), error);
    }
    if (ski != NULL && !tke_bytes_equal(info.ski, ski, TKE_SKI_LEN)) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_SIGNATURE, &details,
                           _("the answer was signed with another key than the module's"));
        return false;
    }
    if (!tke_ec_key_verify(key, block.data, block.len, info.signature.data, info.signature.len,
                           NULL)) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_SIGNATURE, &details,
                           _("the signature of the crypto unit's answer is wrong"));
        return false;
    }
    response->is_verified = true;
    return true;
}

static bool
check_block(const TkeAdminResponse *response, GError **error)
{
    return !response->is_malformed ||
           set_malformed(TKE_UNIT_PLACE_BLOCK,
                         _("the signed part of the crypto unit's answer is malformed"), error);
}

/* The first SignerInfo was read before; more of them may follow, and nothing else. */
static bool
check_signer_infos(const TkeAdminResponse *response)
{
    TkeByteCursor cursor = cursor_over(response->signer_infos);
    TkeByteCursor value = { 0 };

    while (tke_byte_cursor_left(&cursor) > 0) {
        if (!tke_der_read(&cursor, TKE_DER_SEQUENCE, &value)) {
            return false;
        }
    }
    return true;
}

static bool
check_domain(const TkeAdminResponse *response, const TkeAdminExpectation *expected, GError **error)
{
    const uint8_t *got = response->identity.domain;
    uint8_t index[TKE_ADMIN_DOMAIN_LEN];
    uint8_t none[TKE_ADMIN_DOMAIN_LEN] = { 0 };

    tke_admin_block_query_domain(expected->domain_index, index);
    if (response->domain_index != expected->domain_index) {
        return set_other(_("the answer comes from another domain"), error);
    }
    if (expected->command == TKE_ADMIN_QUERY_DEVICE_CERT && memcmp(got, none, sizeof none) == 0) {
        return true; /* certificates belong to the module */
    }
    if (memcmp(got, index, sizeof(uint32_t)) != 0) {
        return set_other(_("the answer comes from another domain"), error);
    }
    /* Zeroizing makes a new instance of the domain. */
    if (expected->identity != NULL && expected->command != TKE_ADMIN_ZEROIZE &&
        response->return_code == TKE_RC_OK &&
        memcmp(got, expected->identity->domain, TKE_ADMIN_DOMAIN_LEN) != 0) {
        return set_other(_("the answer comes from another instance of the domain"), error);
    }
    return true;
}

bool
tke_admin_response_check(const TkeAdminResponse *response, const TkeAdminExpectation *expected,
                         GError **error)
{
    const TkeUnitIdentity *identity = expected->identity;
    const uint8_t *module_id = identity != NULL ? identity->module_id : expected->module_id;

    if (!check_block(response, error)) {
        return false;
    }
    if (response->function != TKE_ADMIN_FUNCTION) {
        return set_malformed(TKE_UNIT_PLACE_OUTER, _("the answer is to another function"), error);
    }
    if (response->has_trailing_bytes || !check_signer_infos(response)) {
        return set_malformed(TKE_UNIT_PLACE_OUTER, _("there is more in the answer than an answer"),
                             error);
    }
    if (response->command != (uint32_t) expected->command) {
        return set_other(_("the answer is to another command"), error);
    }
    if (!check_domain(response, expected, error)) {
        return false;
    }
    if (module_id != NULL &&
        memcmp(response->identity.module_id, module_id, TKE_ADMIN_MODULE_ID_LEN) != 0) {
        return set_other(_("the answer comes from another module"), error);
    }
    if (identity != NULL && expected->command != TKE_ADMIN_ZEROIZE &&
        response->return_code == TKE_RC_OK &&
        memcmp(response->identity.counter, identity->counter, TKE_ADMIN_COUNTER_LEN) != 0) {
        return set_other(_("the answer belongs to another transaction"), error);
    }
    return true;
}

bool
tke_admin_response_check_done(const TkeAdminResponse *response, GError **error)
{
    if (!check_block(response, error)) {
        return false;
    }
    if (response->return_code != TKE_RC_OK) {
        return set_refused(TKE_UNIT_PLACE_BLOCK, response, error);
    }
    return true;
}

bool
tke_admin_response_get_skis(const TkeAdminResponse *response, const uint8_t **skis, size_t *n,
                            GError **error)
{
    TkeByteCursor output = cursor_over(response->output);

    if (response->is_malformed || output.len % TKE_SKI_LEN != 0) {
        return set_malformed(TKE_UNIT_PLACE_BLOCK, _("the list of administrators is malformed"),
                             error);
    }
    *skis = output.data;
    *n = output.len / TKE_SKI_LEN;
    return true;
}

bool
tke_admin_response_get_count(const TkeAdminResponse *response, uint32_t *count, GError **error)
{
    TkeByteCursor output = cursor_over(response->output);

    if (output.len != COUNT_LEN || !tke_byte_cursor_u32(&output, count)) {
        return set_malformed(TKE_UNIT_PLACE_BLOCK, _("the number of certificates is malformed"),
                             error);
    }
    return true;
}

bool
tke_admin_response_get_vp(const TkeAdminResponse *response, uint8_t out[static 32], GError **error)
{
    TkeByteCursor output = cursor_over(response->output);

    if (!tke_byte_cursor_copy(&output, out, PATTERN_LEN)) {
        return set_malformed(TKE_UNIT_PLACE_BLOCK, _("the verification pattern is malformed"),
                             error);
    }
    return true;
}
