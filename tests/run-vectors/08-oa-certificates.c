/*
 * File 08: module certificates and their chains (crypto-unit-protocol.md, 5).
 */
#include <string.h>

#include "common/digest.h"
#include "libep11admin/module-certificate.h"
#include "libep11admin/module-chain.h"
#include "libep11admin/module-roots.h"
#include "libep11admin/unit-error.h"
#include "tests/run-vectors/keys.h"
#include "tests/run-vectors/roots.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_oa_certificates[];

static const char *
kind_name(TkeModuleCertificateKind kind)
{
    static const char *const names[] = { "OA1", "OA2", "OA3" };

    return names[kind];
}

/* The key of certificate 0 in the form that the source keeps: OA1 the whole section. */
static void
check_first_key(Vector *vector, const TkeModuleCertificate *first)
{
    if (first->kind == TKE_MODULE_CERTIFICATE_OA1) {
        vector_check_member_hex(vector, "verification_key_hex", first->key_section.data,
                                first->key_section.len);
    } else {
        vector_check_member_hex(vector, "verification_key_hex", first->point, sizeof first->point);
    }
}

/* What the module answers when it is asked for a certificate that it does not have. */
static void
set_module_error(Vector *vector, GError **error)
{
    int64_t reason = vector_int(vector, vector->inputs, "end_reason_code");
    const TkeUnitErrorDetails details = {
        .place = vector_bool(vector, vector->inputs, "end_reported_in_outer_response")
                     ? TKE_UNIT_PLACE_OUTER
                     : TKE_UNIT_PLACE_BLOCK,
        .has_return_code = true,
        .return_code = (uint32_t) vector_int(vector, vector->inputs, "end_return_code"),
        .has_reason_code = reason >= 0,
        .reason_code = (uint32_t) MAX(reason, 0),
    };

    tke_unit_error_set(error, TKE_UNIT_ERROR_REFUSED, &details, "the module refused");
}

/* Feeds the chain as it is walked: certificate after certificate, then the codes of the end. */
static void
walk(Vector *vector, TkeModuleChain *chain, GError **error)
{
    JsonArray *certificates = vector_array(vector, vector->inputs, "chain_hex");
    int64_t reason = vector_int(vector, vector->inputs, "end_reason_code");
    uint32_t code = (uint32_t) vector_int(vector, vector->inputs, "end_return_code");

    for (unsigned i = 0; i < json_array_get_length(certificates); i++) {
        GByteArray *der = vector_element_bytes(vector, certificates, i);

        if (!tke_module_chain_add(chain, der->data, der->len, error)) {
            return;
        }
    }
    if (!tke_module_chain_is_end(chain, code, reason >= 0, (uint32_t) MAX(reason, 0))) {
        set_module_error(vector, error);
        return;
    }
    tke_module_chain_finish(chain, 0, error);
}

static void
check_codes(Vector *vector, const GError *error)
{
    const TkeUnitErrorDetails *details = tke_unit_error_get_details(error);
    const char *kind = vector_text(vector, vector->expected, "error_kind");

    if (!vector_check(vector, details != NULL && error->code == TKE_UNIT_ERROR_REFUSED,
                      "the refusal of the module was not reported")) {
        return;
    }
    vector_check_text(vector, "error_kind",
                      details->place == TKE_UNIT_PLACE_OUTER ? "outer-response" : "module", kind);
    vector_check_member_int(vector, "return_code", details->return_code);
    vector_check_member_int(vector, "reason_code",
                            details->has_reason_code ? (int64_t) details->reason_code : -1);
}

static void
run_chain(Vector *vector)
{
    GByteArray *first =
        vector_element_bytes(vector, vector_array(vector, vector->inputs, "chain_hex"), 0);
    const TkeModuleRoots *roots = vector_roots(vector);
    g_autoptr(TkeModuleChain) chain = roots == NULL ? NULL : tke_module_chain_new(roots);
    TkeModuleCertificateKind kind = tke_module_certificate_guess_kind(first->data, first->len);
    g_autoptr(TkeModuleCertificate) parsed =
        tke_module_certificate_parse(kind, first->data, first->len, NULL);
    g_autoptr(GError) error = NULL;

    if (chain == NULL) {
        return;
    }
    vector_check_member_text(vector, "certificate_kind", kind_name(kind));
    if (vector_check(vector, parsed != NULL, "certificate 0 cannot be read")) {
        check_first_key(vector, parsed);
    }
    walk(vector, chain, &error);
    vector_check_outcome(vector, vector->expected, error);
    vector_check(vector, tke_module_chain_is_verified(chain) == (error == NULL),
                 "the verdict is another one");
    if (vector_has(vector->expected, "error_kind")) {
        check_codes(vector, error);
    } else if (error != NULL) {
        vector_check(vector, g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_NOT_GENUINE),
                     "another error");
    }
}

static TkeModuleCertificateKind
kind_of_name(const Vector *vector)
{
    return strstr(vector->name, "OA1/") != NULL   ? TKE_MODULE_CERTIFICATE_OA1
           : strstr(vector->name, "OA2/") != NULL ? TKE_MODULE_CERTIFICATE_OA2
                                                  : TKE_MODULE_CERTIFICATE_OA3;
}

static void
run_length(Vector *vector)
{
    GByteArray *der = vector_bytes(vector, vector->inputs, "certificate_hex");
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeModuleCertificate) certificate =
        tke_module_certificate_parse(kind_of_name(vector), der->data, der->len, &error);

    vector_check_outcome(vector, vector->expected, error);
    vector_check(vector, (certificate == NULL) == (error != NULL), "an error without a reason");
}

static void
check_sha512(Vector *vector, const char *member, const GByteArray *bytes)
{
    uint8_t hash[TKE_SHA512_LEN] = { 0 };

    vector_check(vector, tke_digest_sha512(bytes->data, bytes->len, hash, NULL), "no hash");
    vector_check_member_hex(vector, member, hash, sizeof hash);
}

static void
check_oa1(Vector *vector, const TkeModuleCertificate *certificate)
{
    TkeByteCursor name = tke_byte_cursor(certificate->name, sizeof certificate->name);
    uint16_t type = 0;
    uint16_t index = 0;

    vector_check(vector,
                 tke_byte_cursor_skip(&name, 4) && tke_byte_cursor_u16(&name, &type) &&
                     tke_byte_cursor_u16(&name, &index),
                 "a name that is too short");
    vector_check_member_int(vector, "curve_size", certificate->curve_bits);
    vector_check_member_int(vector, "curve_type", certificate->curve_family);
    vector_check_member_hex(vector, "name_hex", certificate->name, sizeof certificate->name);
    vector_check_member_hex(vector, "parent_name_hex", certificate->parent_name,
                            sizeof certificate->parent_name);
    vector_check_member_int(vector, "name_type", type);
    vector_check_member_int(vector, "name_index", index);
    vector_check_member_hex(vector, "public_key_hex", certificate->key_section.data,
                            certificate->key_section.len);
}

static void
check_oa2_or_oa3(Vector *vector, const TkeModuleCertificate *certificate)
{
    vector_check_member_hex(vector, "public_key_hex", certificate->point,
                            sizeof certificate->point);
    vector_check_member_hex(vector, "subject_ski", certificate->subject_ski,
                            sizeof certificate->subject_ski);
    vector_check_member_hex(vector, "signer_ski", certificate->signer_ski,
                            sizeof certificate->signer_ski);
    if (certificate->kind == TKE_MODULE_CERTIFICATE_OA2) {
        JsonArray *lengths = vector_array(vector, vector->expected, "section_lengths");

        vector_check_int(vector, "sections", json_array_get_length(lengths),
                         G_N_ELEMENTS(certificate->section_lengths));
        for (unsigned i = 0; i < MIN(5, json_array_get_length(lengths)); i++) {
            vector_check_int(vector, "section length", certificate->section_lengths[i],
                             json_array_get_int_element(lengths, i));
        }
        vector_check_member_hex(vector, "oa_info_hex", certificate->oa_info.data,
                                certificate->oa_info.len);
    } else {
        vector_check_member_hex(vector, "signed_data_hex", certificate->signed_data->data,
                                certificate->signed_data->len);
        vector_check_member_hex(vector, "dilithium_signer_ski", certificate->dilithium_signer_ski,
                                sizeof certificate->dilithium_signer_ski);
        check_sha512(vector, "dilithium_signed_sha512_hex", certificate->dilithium_signed_data);
    }
}

static void
run_parse(Vector *vector)
{
    GByteArray *der = vector_bytes(vector, vector->inputs, "certificate_hex");
    g_autoptr(GError) error = NULL;
    TkeModuleCertificateKind kind = tke_module_certificate_guess_kind(der->data, der->len);
    g_autoptr(TkeModuleCertificate) certificate =
        tke_module_certificate_parse(kind, der->data, der->len, &error);

    if (!vector_check_outcome(vector, vector->expected, error)) {
        return;
    }
    vector_check_member_text(vector, "certificate_kind", kind_name(kind));
    vector_check_member_hex(vector, "x_hex", certificate->point + 1, TKE_EC_SCALAR_LEN);
    vector_check_member_hex(vector, "y_hex", certificate->point + 1 + TKE_EC_SCALAR_LEN,
                            TKE_EC_SCALAR_LEN);
    vector_check_member_hex(vector, "r_hex", certificate->r, sizeof certificate->r);
    vector_check_member_hex(vector, "s_hex", certificate->s, sizeof certificate->s);
    vector_check_member_int(vector, "signed_length", certificate->signed_data->len);
    check_sha512(vector, "signed_sha512_hex", certificate->signed_data);
    if (kind == TKE_MODULE_CERTIFICATE_OA1) {
        check_oa1(vector, certificate);
    } else {
        check_oa2_or_oa3(vector, certificate);
    }
}

static void
run_built_in_root(Vector *vector)
{
    const TkeModuleRoots *roots = tke_module_roots_get_built_in();
    const char *module = vector_text(vector, vector->inputs, "module");
    const TkeModuleRoot *root = NULL;
    uint8_t hash[TKE_SHA256_LEN] = { 0 };

    for (unsigned i = 0; i < tke_module_roots_get_count(roots); i++) {
        if (strcmp(tke_module_roots_get(roots, i)->name, module) == 0) {
            root = tke_module_roots_get(roots, i);
        }
    }
    if (!vector_check(
            vector, root != NULL && tke_digest_sha256(root->point, sizeof root->point, hash, NULL),
            "there is no such root")) {
        return;
    }
    vector_check_member_text(vector, "certificate_kind", kind_name(root->kind));
    vector_check_member_hex(vector, "x_hex", root->point + 1, TKE_EC_SCALAR_LEN);
    vector_check_member_hex(vector, "y_hex", root->point + 1 + TKE_EC_SCALAR_LEN,
                            TKE_EC_SCALAR_LEN);
    vector_check_member_hex(vector, "sha256_of_point", hash, sizeof hash);
    vector_check_member_hex(vector, "ski", root->ski,
                            root->kind == TKE_MODULE_CERTIFICATE_OA1 ? 0 : sizeof root->ski);
}

#define STEM "08-oa-certificates"

const VectorKind vectors_oa_certificates[] = {
    { STEM, "built-in-root", run_built_in_root, NULL },
    { STEM, "valid", run_chain, NULL },
    { STEM, "end-of-chain", run_chain, NULL },
    { STEM, "bad-signature", run_chain, NULL },
    { STEM, "bad-body", run_chain, NULL },
    { STEM, "bad-parent-signature", run_chain, NULL },
    { STEM, "self-signed", run_chain, NULL },
    { STEM, "wrong-parent", run_chain, NULL },
    { STEM, "unknown-root", run_chain, NULL },
    { STEM, "forged-root-signature", run_chain, NULL },
    { STEM, "forged-built-in-root", run_chain, NULL },
    { STEM, "missing-parent", run_chain, NULL },
    { STEM, "oa1-name", run_chain, NULL },
    { STEM, "oa1-kind", run_chain, NULL },
    { STEM, "oa1-curve", run_chain, NULL },
    { STEM, "parse-OA1", run_parse, NULL },
    { STEM, "parse-OA2", run_parse, NULL },
    { STEM, "parse-OA3", run_parse, NULL },
    { STEM, "length-OA1", run_length, NULL },
    { STEM, "length-OA2", run_length, NULL },
    { STEM, "length-OA3", run_length, NULL },
    { STEM, "section-length-OA2", run_length, NULL },
    { 0 },
};
