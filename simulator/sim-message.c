/*
 * HTP texts, CPRB and DER messages, seen from the module (crypto-unit-protocol.md, 1.7 to 1.10,
 * 2.1 to 2.6).
 */
#include "simulator/sim-message.h"

#include <string.h>

#include "common/byte-builder.h"
#include "common/der.h"
#include "common/hex.h"
#include "simulator/sim-codes.h"

#define MESSAGE_MAX 131072u
#define CPRB_VERSION 0x04u
#define CPRB_SUBTYPE 0x5434u
#define ORDINAL_MIN 1u
#define ORDINAL_MAX 6u

/* Fields of the HTPRequest (1.7). */
#define HTP_TYPE "PCI request"
#define HTP_RULE "XPNUM   "
#define HTP_UNUSED "        "
#define HTP_FIELDS 6u
#define MODULE_MAX 255u
#define HTP_PROGRAM "TKECATCH"

enum { /* errors of the kind "request syntax" (1.8) */
       HTP_SYNTAX = 9,
       HTP_BAD_HEX = 12,
       HTP_ODD_HEX = 13,
       HTP_BAD_LENGTH = 27,
       HTP_BAD_MODULE = 40,
       HTP_MODULE_RANGE = 41,
       HTP_BAD_BLOCK = 43,
       HTP_BAD_TYPE = 47,
};

static bool
refuse(SimHtpError *error, uint32_t return_code, const char *text)
{
    *error = (SimHtpError){ .type = HTP_SYNTAX, .return_code = return_code, .text = text };
    return false;
}

/* A decimal number without padding. */
static bool
parse_decimal(const char *text, uint32_t max, uint32_t *value)
{
    guint64 number = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 0, max, &number, NULL) ||
        (text[0] == '0' && text[1] != '\0')) {
        return false;
    }
    *value = (uint32_t) number;
    return true;
}

static bool
parse_cprb(SimHtpRequest *request, SimHtpError *error)
{
    TkeByteCursor cursor = tke_byte_cursor(request->bytes->data, request->bytes->len);
    uint16_t header = 0;
    uint16_t subtype = 0;
    uint8_t version = 0;
    uint32_t len = 0;

    if (!tke_byte_cursor_u16(&cursor, &header) || !tke_byte_cursor_u8(&cursor, &version) ||
        !tke_byte_cursor_skip(&cursor, 2) || !tke_byte_cursor_u8(&cursor, &request->flags) ||
        !tke_byte_cursor_u16(&cursor, &subtype) || !tke_byte_cursor_skip(&cursor, 4) ||
        !tke_byte_cursor_u32(&cursor, &request->domain) || !tke_byte_cursor_skip(&cursor, 12) ||
        !tke_byte_cursor_u32(&cursor, &len)) {
        return refuse(error, HTP_BAD_BLOCK, "request block too short");
    }
    if (header != SIM_CPRB_LEN || version != CPRB_VERSION || subtype != CPRB_SUBTYPE ||
        len != tke_byte_cursor_left(&cursor)) {
        return refuse(error, HTP_BAD_BLOCK, "request block invalid");
    }
    return tke_byte_cursor_sub(&cursor, len, &request->payload);
}

bool
sim_message_parse_htp(const char *text, SimHtpRequest *request, SimHtpError *error)
{
    g_auto(GStrv) fields = g_strsplit(text, ";", HTP_FIELDS + 1);
    g_auto(SimHtpRequest) read = { 0 };
    uint32_t len = 0;

    if (g_strv_length(fields) != HTP_FIELDS || !parse_decimal(fields[0], MESSAGE_MAX, &len) ||
        len != strlen(text) - strlen(fields[0])) {
        return refuse(error, HTP_BAD_LENGTH, "length of the message wrong");
    }
    if (strcmp(fields[1], HTP_TYPE) != 0 || strcmp(fields[2], HTP_RULE) != 0 ||
        strcmp(fields[4], HTP_UNUSED) != 0) {
        return refuse(error, HTP_BAD_TYPE, "message type or rule unknown");
    }
    if (!parse_decimal(fields[3], UINT32_MAX, &read.module)) {
        return refuse(error, HTP_BAD_MODULE, "module index not a number");
    }
    if (read.module > MODULE_MAX) {
        return refuse(error, HTP_MODULE_RANGE, "module index out of range");
    }
    if (strlen(fields[5]) % 2 != 0) {
        return refuse(error, HTP_ODD_HEX, "odd number of hex digits");
    }
    read.bytes = tke_hex_decode(fields[5], -1, NULL);
    if (read.bytes == NULL) {
        return refuse(error, HTP_BAD_HEX, "hex data invalid");
    }
    if (!parse_cprb(&read, error)) {
        return false;
    }
    *request = read;
    read.bytes = NULL;
    return true;
}

void
sim_htp_request_clear(SimHtpRequest *request)
{
    g_clear_pointer(&request->bytes, g_byte_array_unref);
}

GByteArray *
sim_message_build_cprb(uint8_t flags, uint32_t domain, uint32_t return_code, const uint8_t *payload,
                       size_t len)
{
    GByteArray *bytes = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(bytes, SIM_CPRB_LEN + len);

    tke_byte_builder_u16(&builder, SIM_CPRB_LEN);
    tke_byte_builder_u8(&builder, CPRB_VERSION);
    tke_byte_builder_fill(&builder, 0, 2);
    tke_byte_builder_u8(&builder, flags);
    tke_byte_builder_u16(&builder, CPRB_SUBTYPE);
    tke_byte_builder_fill(&builder, 0, 4);
    tke_byte_builder_u32(&builder, domain);
    tke_byte_builder_u32(&builder, return_code);
    tke_byte_builder_fill(&builder, 0, 8);
    tke_byte_builder_u32(&builder, (uint32_t) len);
    tke_byte_builder_bytes(&builder, payload, len);
    return bytes;
}

/* The length of a text in front of it (1.8). */
static char *
with_length(const char *rest)
{
    return g_strdup_printf("%zu%s", strlen(rest), rest);
}

char *
sim_message_build_htp(const uint8_t *cprb, size_t len)
{
    g_autofree char *hex = tke_hex_encode_upper(cprb, len);
    g_autofree char *rest = g_strdup_printf(";%-2s%-8s%-8s%-8s%-30s%-100s;%s", "00", "0", "0",
                                            HTP_PROGRAM, "", "", hex);

    return with_length(rest);
}

char *
sim_message_build_htp_error(const SimHtpError *error)
{
    g_autofree char *text = g_strdup(error->text == NULL ? "" : error->text);
    g_autofree char *rest = NULL;

    g_strdelimit(text, ";", ','); /* would end the field */
    rest = g_strdup_printf(";%-2u%-8u%-8u%-8s%-30s%-100.100s;", error->type, error->return_code,
                           error->reason_code, HTP_PROGRAM, "", text);
    return with_length(rest);
}

static bool
parse_function(TkeByteCursor *cursor, SimMessage *message)
{
    TkeByteCursor function = { 0 };

    return tke_der_read(cursor, TKE_DER_OCTET_STRING, &function) && function.len == 4 &&
           tke_byte_cursor_u16(&function, &message->ordinal) &&
           tke_byte_cursor_u16(&function, &message->function);
}

uint32_t
sim_message_parse(TkeByteCursor payload, SimMessage *message)
{
    TkeByteCursor cursor = { 0 };
    bool ok = false;

    if (!tke_der_read(&payload, TKE_DER_SEQUENCE, &cursor) || tke_byte_cursor_left(&payload) != 0 ||
        !parse_function(&cursor, message)) {
        return SIM_RC_DATA;
    }
    if (message->ordinal < ORDINAL_MIN || message->ordinal > ORDINAL_MAX) {
        return SIM_RC_API_MISMATCH;
    }
    if (message->function != SIM_FUNCTION_INFO && message->function != SIM_FUNCTION_ADMIN) {
        return SIM_RC_UNKNOWN;
    }
    if (!tke_der_read_octet_u32(&cursor, &message->domain)) {
        return SIM_RC_DATA;
    }
    if (message->function == SIM_FUNCTION_INFO) {
        ok = tke_der_read_octet_u32(&cursor, &message->query) &&
             tke_der_read_octet_u32(&cursor, &message->sub_query);
    } else {
        ok = tke_der_read(&cursor, TKE_DER_OCTET_STRING, &message->block) &&
             tke_der_read(&cursor, TKE_DER_OCTET_STRING, &message->signatures);
    }
    return ok && tke_byte_cursor_left(&cursor) == 0 ? SIM_RC_OK : SIM_RC_DATA;
}

bool
sim_message_parse_block(TkeByteCursor bytes, SimBlock *block)
{
    TkeByteCursor cursor = { 0 };

    return tke_der_read_whole(&bytes, TKE_DER_SEQUENCE, &block->whole, &cursor) &&
           tke_byte_cursor_left(&bytes) == 0 && tke_der_read_octet_u32(&cursor, &block->command) &&
           tke_der_read(&cursor, TKE_DER_OCTET_STRING, &block->domain) &&
           tke_der_read(&cursor, TKE_DER_OCTET_STRING, &block->module_id) &&
           tke_der_read(&cursor, TKE_DER_OCTET_STRING, &block->counter) &&
           tke_der_read(&cursor, TKE_DER_OCTET_STRING, &block->payload) &&
           tke_byte_cursor_left(&cursor) == 0;
}

/* An element of variable length, in one of the two forms. */
static void
put_element(TkeByteBuilder *builder, uint8_t tag, const uint8_t *value, size_t len,
            bool long_lengths)
{
    if (!long_lengths || len == 0 || len > UINT16_MAX) {
        tke_der_element(builder, tag, value, len);
        return;
    }
    tke_byte_builder_u8(builder, tag);
    tke_byte_builder_u8(builder, 0x82);
    tke_byte_builder_u16(builder, (uint16_t) len);
    tke_byte_builder_bytes(builder, value, len);
}

static GByteArray *
wrap_sequence(const GByteArray *content, bool long_lengths)
{
    GByteArray *bytes = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(bytes, MESSAGE_MAX);

    put_element(&builder, TKE_DER_SEQUENCE, content->data, content->len, long_lengths);
    return bytes;
}

GByteArray *
sim_message_build_block(const SimAnswer *answer, bool long_lengths)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(content, MESSAGE_MAX);

    tke_der_octet_u32(&builder, answer->command);
    tke_der_header(&builder, TKE_DER_OCTET_STRING, 8);
    tke_byte_builder_u32(&builder, answer->domain);
    tke_byte_builder_u32(&builder, answer->instance);
    tke_der_element(&builder, TKE_DER_OCTET_STRING, answer->module_id, sizeof answer->module_id);
    tke_der_element(&builder, TKE_DER_OCTET_STRING, answer->counter, sizeof answer->counter);
    tke_der_octet_u32(&builder, answer->return_code);
    put_element(&builder, TKE_DER_OCTET_STRING, answer->output, answer->output_len, long_lengths);
    return wrap_sequence(content, long_lengths);
}

GByteArray *
sim_message_build_signer_info(const uint8_t ski[static SIM_SKI_LEN], const uint8_t *signature,
                              size_t len, bool long_lengths)
{
    static const uint8_t version[] = { 0x02, 0x01, 0x03 };
    static const uint8_t algorithms[] = {
        0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, /* SHA-512 */
        0x03, 0x04, 0x02, 0x03, 0x05, 0x00,                   /* */
        0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, /* ecdsa-with-SHA512 */
        0x04, 0x03, 0x04, 0x05, 0x00,
    };
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(content, MESSAGE_MAX);

    tke_byte_builder_bytes(&builder, version, sizeof version);
    tke_der_element(&builder, 0x80, ski, SIM_SKI_LEN);
    tke_byte_builder_bytes(&builder, algorithms, sizeof algorithms);
    put_element(&builder, TKE_DER_OCTET_STRING, signature, len, long_lengths);
    return wrap_sequence(content, long_lengths);
}

static void
put_head(TkeByteBuilder *builder, const SimMessage *message, uint32_t return_value)
{
    tke_der_header(builder, TKE_DER_OCTET_STRING, 4);
    tke_byte_builder_u16(builder, message->ordinal);
    tke_byte_builder_u16(builder, message->function);
    tke_der_octet_u32(builder, message->domain);
    tke_der_octet_u32(builder, return_value);
}

GByteArray *
sim_message_build_admin_rsp(const SimMessage *message, uint32_t return_value,
                            const GByteArray *block, const GByteArray *signatures,
                            bool long_lengths)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(content, MESSAGE_MAX);

    put_head(&builder, message, return_value);
    if (return_value == SIM_RC_OK) {
        put_element(&builder, TKE_DER_OCTET_STRING, block->data, block->len, long_lengths);
        put_element(&builder, TKE_DER_OCTET_STRING, signatures->data, signatures->len,
                    long_lengths);
    } else {
        long_lengths = false; /* nothing of variable length in it */
    }
    return wrap_sequence(content, long_lengths);
}

GByteArray *
sim_message_build_info_rsp(const SimMessage *message, uint32_t return_value, const uint8_t *data,
                           size_t len, bool long_lengths)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(content, MESSAGE_MAX);

    put_head(&builder, message, return_value);
    put_element(&builder, TKE_DER_OCTET_STRING, data, len, long_lengths);
    return wrap_sequence(content, long_lengths);
}
