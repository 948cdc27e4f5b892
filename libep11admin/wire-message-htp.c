/*
 * HTPRequest and HTPResponse: texts of fields parted by ";" (crypto-unit-protocol.md, 1.7 and 1.8).
 */
#include "libep11admin/wire-message.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/hex.h"
#include "libep11admin/reason-code.h"
#include "libep11admin/unit-error.h"

#define SEPARATOR ';'
#define REQUEST_FIXED ";PCI request;XPNUM   ;"
#define REQUEST_UNUSED ";        ;"

/* Information field of a response. */
#define INFO_MIN 156u
#define TYPE_AT 0u
#define TYPE_LEN 2u
#define RETURN_AT 2u
#define REASON_AT 10u
#define PROGRAM_AT 18u
#define CODE_LEN 8u
#define PLACE_AT 26u
#define PLACE_LEN 30u
#define TEXT_AT 56u
#define TEXT_LEN 100u
#define TYPE_OK "00"
#define TYPE_EP11 3u /* with the codes of crypto units */

static const struct {
    unsigned type;
    unsigned first;
    unsigned last;
    unsigned reason;
    const char *text;
    const char *source;
} htp_errors[] = {
#define HTP_ERROR(type, first, last, reason, text, source)                                         \
    { (type), (first), (last), (reason), (text), (source) },
#include "libep11admin/htp-error.inc"
};

char *
tke_wire_message_new_htp_request(uint32_t module_index, const uint8_t *cprb, size_t len)
{
    g_autofree char *hex = tke_hex_encode_upper(cprb, len);
    g_autofree char *rest =
        g_strdup_printf(REQUEST_FIXED "%u" REQUEST_UNUSED "%s", module_index, hex);

    return g_strdup_printf("%zu%s", strlen(rest), rest);
}

static void
copy_field(const char *info, size_t at, size_t len, char *out)
{
    memcpy(out, info + at, len);
    out[len] = '\0';
}

bool
tke_wire_message_parse_htp(const char *text, TkeHtpResponse *response, GError **error)
{
    const char *info = strchr(text, SEPARATOR);
    const char *cprb = NULL;
    size_t info_len = 0;
    guint64 length = 0;

    *response = (TkeHtpResponse){ 0 };
    if (info != NULL) {
        g_autofree char *digits = g_strndup(text, (size_t) (info - text));

        response->length_is_right =
            g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT32, &length, NULL) &&
            length == strlen(info);
        info++;
        cprb = strchr(info, SEPARATOR);
        info_len = cprb == NULL ? strlen(info) : (size_t) (cprb - info);
    }
    if (info == NULL || info_len < INFO_MIN) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_MALFORMED,
                           &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_HTP_FORMAT },
                           _("the service's answer about the crypto unit is malformed"));
        return false;
    }
    copy_field(info, TYPE_AT, TYPE_LEN, response->error_type);
    copy_field(info, RETURN_AT, CODE_LEN, response->return_code);
    copy_field(info, REASON_AT, CODE_LEN, response->reason_code);
    copy_field(info, PROGRAM_AT, CODE_LEN, response->program);
    copy_field(info, PLACE_AT, PLACE_LEN, response->place);
    copy_field(info, TEXT_AT, TEXT_LEN, response->text);
    if (cprb != NULL) {
        const char *more = strchr(cprb + 1, SEPARATOR);

        response->has_more_fields = more != NULL;
        response->cprb_hex =
            more == NULL ? g_strdup(cprb + 1) : g_strndup(cprb + 1, (size_t) (more - cprb - 1));
    }
    return true;
}

void
tke_htp_response_clear(TkeHtpResponse *response)
{
    g_clear_pointer(&response->cprb_hex, g_free);
}

/* A field with its blanks cut, for people; never NULL. Caller frees. */
static char *
dup_stripped(const char *field)
{
    char *text = g_utf8_make_valid(field, -1);

    for (char *c = text; *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c)) {
            *c = ' ';
        }
    }
    return g_strstrip(text);
}

/* Codes are decimal without leading zeros; others are never found, as with IBM's client. */
static bool
field_is(const char *field, unsigned first, unsigned last, unsigned *value)
{
    g_autofree char *text = dup_stripped(field);
    guint64 number = 0;

    if ((text[0] == '0' && text[1] != '\0') ||
        !g_ascii_string_to_unsigned(text, 10, first, last, &number, NULL)) {
        return false;
    }
    *value = (unsigned) number;
    return true;
}

const char *
tke_wire_message_htp_text(const TkeHtpResponse *response)
{
    unsigned type = 0;
    unsigned code = 0;
    unsigned reason = 0;
    TkeReasonText unit_text = { 0 };

    if (!field_is(response->error_type, 0, 99, &type) ||
        !field_is(response->return_code, 0, G_MAXUINT, &code) ||
        !field_is(response->reason_code, 0, G_MAXUINT, &reason)) {
        return NULL;
    }
    if (type == TYPE_EP11) {
        return tke_reason_code_lookup(code, reason, &unit_text) && unit_text.documented
                   ? unit_text.meaning
                   : NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(htp_errors); i++) {
        if (htp_errors[i].type == type && htp_errors[i].reason == reason &&
            htp_errors[i].first <= code && code <= htp_errors[i].last) {
            return _(htp_errors[i].text);
        }
    }
    return NULL;
}

bool
tke_wire_message_check_htp(const TkeHtpResponse *response, GError **error)
{
    const char *meaning = tke_wire_message_htp_text(response);
    g_autofree char *type = dup_stripped(response->error_type);
    g_autofree char *code = dup_stripped(response->return_code);
    g_autofree char *reason = dup_stripped(response->reason_code);
    g_autofree char *program = dup_stripped(response->program);
    g_autofree char *place = dup_stripped(response->place);
    g_autofree char *text = dup_stripped(response->text);

    if (strcmp(response->error_type, TYPE_OK) == 0) {
        return true;
    }
    tke_unit_error_set(
        error, TKE_UNIT_ERROR_ENDPOINT, &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_PROGRAM },
        _("the service could not reach the crypto unit: %s (error type %s, return "
          "code %s, reason code %s, program %s, place %s, text \"%s\")"),
        meaning != NULL ? meaning : _("unknown error"), type, code, reason, program, place, text);
    return false;
}
