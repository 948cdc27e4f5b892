/*
 * Answers to information queries (crypto-unit-protocol.md, 2.3, 3.3.5, 3.3.6).
 */
#include "libep11admin/info-response.h"

#include <glib/gi18n-lib.h>

#include "common/der.h"
#include "libep11admin/reason-code.h"
#include "libep11admin/unit-error.h"

#define FLAG_CURRENT_WK 0x02u
#define FLAG_NEW_WK 0x04u
#define FLAG_COMMITTED 0x08u
#define FLAG_LEFT_IMPRINT 0x10u
#define DOMAIN_INFO_LEN 80u
#define MODULE_INFO_LEN 196u
#define MODE_LEN 8u
#define STATE_SIZES_LEN 24u

static bool
set_malformed(const char *message, GError **error)
{
    tke_unit_error_set(error, TKE_UNIT_ERROR_MALFORMED,
                       &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_INFO }, "%s", message);
    return false;
}

bool
tke_info_response_parse(const uint8_t *der, size_t len, TkeInfoResponse *response, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(der, len);
    TkeByteCursor fields = { 0 };
    TkeByteCursor payload = { 0 };
    TkeInfoResponse parsed = { 0 };

    if (!tke_der_read(&cursor, TKE_DER_SEQUENCE, &fields) ||
        !tke_der_read_octet_u32(&fields, &parsed.function) ||
        !tke_der_read_octet_u32(&fields, &parsed.domain_index) ||
        !tke_der_read_octet_u32(&fields, &parsed.return_value) ||
        !tke_der_read(&fields, TKE_DER_OCTET_STRING, &payload) ||
        tke_byte_cursor_left(&fields) > 0) {
        return set_malformed(_("the crypto unit's answer to an information query is malformed"),
                             error);
    }
    parsed.payload = payload.data;
    parsed.payload_len = payload.len;
    parsed.has_trailing_bytes = tke_byte_cursor_left(&cursor) > 0;
    *response = parsed;
    return true;
}

bool
tke_info_response_check(const TkeInfoResponse *response, uint32_t domain_index, GError **error)
{
    if (response->function != TKE_INFO_FUNCTION || response->has_trailing_bytes) {
        return set_malformed(_("the crypto unit's answer to an information query is malformed"),
                             error);
    }
    if (response->domain_index != domain_index) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_IDENTITY,
                           &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_INFO },
                           _("the answer comes from another domain"));
        return false;
    }
    if (response->return_value != TKE_RC_OK) {
        const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_INFO,
                                              .has_return_code = true,
                                              .return_code = response->return_value };
        g_autofree char *text =
            tke_reason_code_dup_message(response->return_value, TKE_REASON_NONE);

        tke_unit_error_set(error, TKE_UNIT_ERROR_REFUSED, &details,
                           _("the crypto unit refused: %s"), text);
        return false;
    }
    return true;
}

const char *
tke_info_response_register_word(TkeRegisterState state)
{
    switch (state) {
    case TKE_REGISTER_VALID:
        return N_("Valid");
    case TKE_REGISTER_FULL_UNCOMMITTED:
        return N_("Full Uncommitted");
    case TKE_REGISTER_FULL_COMMITTED:
        return N_("Full Committed");
    case TKE_REGISTER_EMPTY:
    default:
        return N_("Empty");
    }
}

bool
tke_info_response_get_domain(const TkeInfoResponse *response, TkeDomainInfo *info, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(response->payload, response->payload_len);
    TkeDomainInfo read = { 0 };

    if (response->payload_len < DOMAIN_INFO_LEN ||
        !tke_byte_cursor_u32(&cursor, &read.domain_index) ||
        !tke_byte_cursor_copy(&cursor, read.current_vp, sizeof read.current_vp) ||
        !tke_byte_cursor_copy(&cursor, read.new_vp, sizeof read.new_vp) ||
        !tke_byte_cursor_u32(&cursor, &read.flags)) {
        return set_malformed(_("the information about the domain is too short"), error);
    }
    if ((read.flags & FLAG_CURRENT_WK) != 0) {
        read.current_state = TKE_REGISTER_VALID;
    }
    if ((read.flags & FLAG_NEW_WK) != 0) {
        read.new_state = (read.flags & FLAG_COMMITTED) != 0 ? TKE_REGISTER_FULL_COMMITTED
                                                            : TKE_REGISTER_FULL_UNCOMMITTED;
    }
    read.left_imprint_mode = (read.flags & FLAG_LEFT_IMPRINT) != 0;
    *info = read;
    return true;
}

static bool
read_module(TkeByteCursor *cursor, TkeModuleInfo *info)
{
    return tke_byte_cursor_u32(cursor, &info->api_ordinal) &&
           tke_byte_cursor_copy(cursor, info->firmware_id, sizeof info->firmware_id) &&
           tke_byte_cursor_u8(cursor, &info->ep11_major) &&
           tke_byte_cursor_u8(cursor, &info->ep11_minor) &&
           tke_byte_cursor_u8(cursor, &info->csp_major) &&
           tke_byte_cursor_u8(cursor, &info->csp_minor) &&
           tke_byte_cursor_copy(cursor, info->firmware_configuration,
                                sizeof info->firmware_configuration) &&
           tke_byte_cursor_copy(cursor, info->ep11_configuration,
                                sizeof info->ep11_configuration) &&
           tke_byte_cursor_copy(cursor, info->csp_configuration, sizeof info->csp_configuration) &&
           tke_byte_cursor_copy(cursor, info->module_id, sizeof info->module_id) &&
           tke_byte_cursor_copy(cursor, (uint8_t *) info->utc_time, sizeof info->utc_time - 1) &&
           tke_byte_cursor_skip(cursor, MODE_LEN) &&
           tke_byte_cursor_u32(cursor, &info->capabilities) &&
           tke_byte_cursor_u32(cursor, &info->extended_flags) &&
           tke_byte_cursor_u32(cursor, &info->n_domains) &&
           tke_byte_cursor_skip(cursor, STATE_SIZES_LEN) &&
           tke_byte_cursor_u32(cursor, &info->max_payload) &&
           tke_byte_cursor_u32(cursor, &info->cp_profile_bytes) &&
           tke_byte_cursor_u32(cursor, &info->n_control_points);
}

bool
tke_info_response_get_module(const TkeInfoResponse *response, TkeModuleInfo *info, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(response->payload, response->payload_len);
    TkeModuleInfo read = { 0 };

    if (response->payload_len < MODULE_INFO_LEN || !read_module(&cursor, &read)) {
        return set_malformed(_("the information about the module is too short"), error);
    }
    for (size_t i = 0; i < sizeof read.utc_time - 1; i++) {
        if (!g_ascii_isprint(read.utc_time[i])) {
            read.utc_time[i] = '?';
        }
    }
    *info = read;
    return true;
}
