/*
 * Answers of virtual units taken apart, their signatures verified with the module's first
 * certificate.
 */
#include <string.h>

#include "common/der.h"
#include "common/ec-key.h"
#include "common/hex.h"
#include "simulator/sim-unit-internal.h"
#include "tests/simulator/unit-fixture.h"

void
answer_clear(Answer *answer)
{
    g_clear_pointer(&answer->output, g_byte_array_unref);
}

static TkeByteCursor
need(TkeByteCursor *cursor, uint8_t tag)
{
    TkeByteCursor value = { 0 };

    ck_assert_msg(tke_der_read(cursor, tag, &value), "element %02x expected", tag);
    return value;
}

/* The module's key as its first certificate tells it (layout of CEX6 and CEX7). */
static EVP_PKEY *
module_key(const Fixture *fixture)
{
    const GByteArray *certificate =
        sim_module_get_certificate(fixture->unit->module, SIM_CHAIN_GENUINE, 0, NULL);

    if (sim_module_get_kind(fixture->unit->module) == SIM_MODULE_CEX8) {
        return tke_ec_key_from_point(certificate->data + 182 + 198 + 25, TKE_EC_POINT_LEN, NULL);
    }
    if (sim_module_get_kind(fixture->unit->module) == SIM_MODULE_CEX5) {
        return tke_ec_key_from_point(certificate->data + 52 + 72 + 26, TKE_EC_POINT_LEN, NULL);
    }
    return tke_ec_key_from_point(certificate->data + 32 + 8 + 256 + 88 + 25, TKE_EC_POINT_LEN,
                                 NULL);
}

static void
read_block(const Fixture *fixture, Answer *answer, TkeByteCursor whole, TkeByteCursor infos)
{
    TkeByteCursor block = whole;
    TkeByteCursor fields = need(&block, TKE_DER_SEQUENCE);
    TkeByteCursor domain = { 0 };
    TkeByteCursor output = { 0 };

    ck_assert_uint_eq(tke_byte_cursor_left(&block), 0);
    ck_assert(tke_der_read_octet_u32(&fields, &answer->command));
    domain = need(&fields, TKE_DER_OCTET_STRING);
    ck_assert(tke_byte_cursor_u32(&domain, &answer->domain));
    ck_assert(tke_byte_cursor_u32(&domain, &answer->instance));
    ck_assert(tke_der_read_exact(&fields, TKE_DER_OCTET_STRING, answer->module_id, 16));
    ck_assert(tke_der_read_exact(&fields, TKE_DER_OCTET_STRING, answer->counter, 16));
    ck_assert(tke_der_read_octet_u32(&fields, &answer->return_code));
    output = need(&fields, TKE_DER_OCTET_STRING);
    ck_assert_uint_eq(tke_byte_cursor_left(&fields), 0);
    if (answer->return_code != 0 && output.len > 0) {
        ck_assert(tke_byte_cursor_u32(&output, &answer->reason));
    }
    g_byte_array_append(answer->output, output.data + output.pos,
                        (guint) tke_byte_cursor_left(&output));
    if (infos.len > 0) {
        g_autoptr(EVP_PKEY) key = module_key(fixture);
        TkeByteCursor info = need(&infos, TKE_DER_SEQUENCE);
        TkeByteCursor signature = { 0 };

        need(&info, TKE_DER_INTEGER);
        ck_assert_uint_eq(need(&info, 0x80).len, FIXTURE_SKI);
        need(&info, TKE_DER_SEQUENCE);
        need(&info, TKE_DER_SEQUENCE);
        signature = need(&info, TKE_DER_OCTET_STRING);
        ck_assert_ptr_nonnull(key);
        answer->is_signed =
            tke_ec_key_verify(key, whole.data, whole.len, signature.data, signature.len, NULL);
    }
}

static void
read_payload(const Fixture *fixture, Answer *answer, TkeByteCursor payload)
{
    TkeByteCursor fields = need(&payload, TKE_DER_SEQUENCE);
    TkeByteCursor function = need(&fields, TKE_DER_OCTET_STRING);
    TkeByteCursor block = { 0 };
    uint32_t number = 0;
    uint32_t domain = 0;

    ck_assert_uint_eq(tke_byte_cursor_left(&payload), 0);
    ck_assert(tke_byte_cursor_u32(&function, &number));
    ck_assert(tke_der_read_octet_u32(&fields, &domain));
    ck_assert(tke_der_read_octet_u32(&fields, &answer->outer));
    if ((number & 0xffff) == SIM_FUNCTION_INFO) {
        block = need(&fields, TKE_DER_OCTET_STRING);
        g_byte_array_append(answer->output, block.data, (guint) block.len);
    } else if (answer->outer == 0) {
        block = need(&fields, TKE_DER_OCTET_STRING);
        read_block(fixture, answer, block, need(&fields, TKE_DER_OCTET_STRING));
    }
    ck_assert_uint_eq(tke_byte_cursor_left(&fields), 0);
}

/* Length, information of 156 characters, hex. */
void
answer_read(const Fixture *fixture, Answer *answer, const char *text)
{
    g_auto(GStrv) fields = g_strsplit(text, ";", -1);
    g_autoptr(GByteArray) cprb = NULL;
    TkeByteCursor cursor = { 0 };
    TkeByteCursor payload = { 0 };
    uint32_t len = 0;

    ck_assert_uint_eq(g_strv_length(fields), 3);
    ck_assert_uint_eq(g_ascii_strtoull(fields[0], NULL, 10), strlen(text) - strlen(fields[0]));
    ck_assert_uint_eq(strlen(fields[1]), 156);
    if (strncmp(fields[1], "00", 2) != 0) {
        g_autofree char *type = g_strndup(fields[1], 2);

        answer->htp_type = (uint32_t) g_ascii_strtoull(type, NULL, 10);
        answer->htp_code = (uint32_t) g_ascii_strtoull(fields[1] + 2, NULL, 10);
        return;
    }
    cprb = tke_hex_decode(fields[2], -1, NULL);
    ck_assert_ptr_nonnull(cprb);
    cursor = tke_byte_cursor(cprb->data, cprb->len);
    ck_assert(tke_byte_cursor_skip(&cursor, 16));
    ck_assert(tke_byte_cursor_u32(&cursor, &answer->cprb));
    ck_assert(tke_byte_cursor_skip(&cursor, 8));
    ck_assert(tke_byte_cursor_u32(&cursor, &len));
    ck_assert(tke_byte_cursor_sub(&cursor, len, &payload));
    ck_assert_uint_eq(tke_byte_cursor_left(&cursor), 0);
    if (answer->cprb == 0) {
        read_payload(fixture, answer, payload);
    }
}
