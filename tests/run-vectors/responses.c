/*
 * Answers of crypto units in golden cases: framing and errors (crypto-unit-protocol.md, 1.8, 1.9,
 * 6.1).
 */
#include "tests/run-vectors/responses.h"

#include "common/hex.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/wire-message.h"

static const char *
kind_of(const GError *error)
{
    const TkeUnitErrorDetails *details = tke_unit_error_get_details(error);

    if (details == NULL) {
        return "none of a crypto unit";
    }
    switch (details->place) {
    case TKE_UNIT_PLACE_HTP_FORMAT:
        return "htp-format";
    case TKE_UNIT_PLACE_PROGRAM:
        return "service-program";
    case TKE_UNIT_PLACE_CPRB:
        return "cprb";
    case TKE_UNIT_PLACE_OUTER:
        return "outer-response";
    case TKE_UNIT_PLACE_BLOCK:
        return "module";
    case TKE_UNIT_PLACE_SIGNER_INFO:
        return "signer-info-format";
    case TKE_UNIT_PLACE_SIGNATURE:
        return "response-signature";
    case TKE_UNIT_PLACE_NONE:
    case TKE_UNIT_PLACE_HTTP:
    case TKE_UNIT_PLACE_INFO:
    case TKE_UNIT_PLACE_CERTIFICATE:
    default:
        return "another";
    }
}

static void
check_codes(Vector *vector, const GError *error)
{
    const TkeUnitErrorDetails *details = tke_unit_error_get_details(error);

    if (!vector_check(vector, details != NULL && details->has_return_code,
                      "the error has no return code")) {
        return;
    }
    vector_check_member_int(vector, "return_code", details->return_code);
    vector_check_member_int(vector, "reason_code",
                            details->has_reason_code ? (int64_t) details->reason_code : -1);
}

bool
vector_check_error(Vector *vector, const GError *error)
{
    if (vector_check_outcome(vector, vector->expected, error)) {
        return true;
    }
    if (error != NULL && vector_has(vector->expected, "error_kind")) {
        vector_check_member_text(vector, "error_kind", kind_of(error));
    }
    if (error != NULL && vector_has(vector->expected, "return_code")) {
        check_codes(vector, error);
    }
    return false;
}

static void
check_error_info(Vector *vector, const TkeHtpResponse *response)
{
    JsonObject *info = NULL;

    if (!vector_has(vector->expected, "error_info")) {
        return;
    }
    info = vector_object(vector, vector->expected, "error_info");
    vector_check_text(vector, "error_type", response->error_type,
                      vector_text(vector, info, "error_type"));
    vector_check_text(vector, "return_code", response->return_code,
                      vector_text(vector, info, "return_code"));
    vector_check_text(vector, "reason_code", response->reason_code,
                      vector_text(vector, info, "reason_code"));
    vector_check_text(vector, "program_id", response->program,
                      vector_text(vector, info, "program_id"));
    vector_check_text(vector, "error_location", response->place,
                      vector_text(vector, info, "error_location"));
    vector_check_text(vector, "error_text", response->text,
                      vector_text(vector, info, "error_text"));
    if (vector_has(vector->expected, "cprb_text")) {
        vector_check_member_text(vector, "cprb_text",
                                 response->cprb_hex == NULL ? "" : response->cprb_hex);
    }
    if (vector_has(vector->expected, "text_known")) {
        vector_check(vector,
                     (tke_wire_message_htp_text(response) != NULL) ==
                         vector_bool(vector, vector->expected, "text_known"),
                     "whether the endpoint's codes have a text");
    }
}

GByteArray *
vector_open_response(Vector *vector, GError **error)
{
    g_auto(TkeHtpResponse) response = { 0 };
    g_autoptr(GByteArray) bytes = NULL;
    GByteArray *payload = NULL;
    TkeCprb cprb = { 0 };

    if (!tke_wire_message_parse_htp(vector_text(vector, vector->inputs, "htp_response"), &response,
                                    error)) {
        return NULL;
    }
    check_error_info(vector, &response);
    if (!tke_wire_message_check_htp(&response, error)) {
        return NULL;
    }
    bytes = tke_hex_decode(response.cprb_hex == NULL ? "" : response.cprb_hex, -1, error);
    if (bytes == NULL || !tke_wire_message_parse_cprb(bytes->data, bytes->len, &cprb, error)) {
        return NULL;
    }
    payload = g_byte_array_new();
    g_byte_array_append(payload, cprb.payload, cprb.payload_len);
    return vector_own(vector, payload, (GDestroyNotify) g_byte_array_unref);
}
