/*
 * The service in front of scripted crypto units: framing, signed answers, the list.
 */
#include <check.h>
#include <string.h>

#include "common/der.h"
#include "common/hex.h"
#include "libep11admin/admin-command.h"
#include "libep11admin/admin-request.h"
#include "libep11admin/module-certificate.h"
#include "libep11admin/signer-info.h"
#include "tests/libep11admin/fake-units-private.h"
#include "tests/libep11admin/test-keys.h"

#define CONNECTIONS 6u
#define ANSWER_MAX 65536u
#define CPRB_LEN 32u

typedef struct FakeTransport {
    TkeUnitTransport base;
    FakeUnits *units;
    TkeUnitTransportCounts counts;
} FakeTransport;

static void
append_u32(GByteArray *out, uint32_t value)
{
    TkeByteBuilder builder = tke_byte_builder_into(out, sizeof value);

    tke_byte_builder_u32(&builder, value);
}

static void
append_octets(GByteArray *out, const uint8_t *data, size_t len)
{
    TkeByteBuilder builder = tke_byte_builder_into(out, ANSWER_MAX);

    tke_der_element(&builder, TKE_DER_OCTET_STRING, data, len);
    ck_assert(!builder.failed);
}

static void
append_octets_u32(GByteArray *out, uint32_t value)
{
    TkeByteBuilder builder = tke_byte_builder_into(out, 6);

    tke_der_octet_u32(&builder, value);
}

static GByteArray *
wrap_sequence(const GByteArray *content)
{
    GByteArray *out = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(out, ANSWER_MAX);

    tke_der_element(&builder, TKE_DER_SEQUENCE, content->data, content->len);
    return out;
}

/* The signed block of an answer. */
static GByteArray *
make_block(const FakeUnit *unit, const FakeAsked *asked, uint32_t code, const GByteArray *output)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    uint8_t domain[TKE_ADMIN_DOMAIN_LEN] = { 0 };
    uint8_t counter[TKE_ADMIN_COUNTER_LEN] = { 0 };

    if (asked->command != TKE_ADMIN_QUERY_DEVICE_CERT) {
        memcpy(domain, unit->identity.domain, sizeof domain);
    }
    if (asked->command == TKE_ADMIN_QUERY_ADMINS && unit->other_admins) {
        domain[7]++;
    }
    if (!unit->old_counter && (asked->command != TKE_ADMIN_QUERY_ADMINS || !unit->old_admins)) {
        memcpy(counter, unit->identity.counter, sizeof counter);
    }
    append_octets_u32(content, asked->command);
    append_octets(content, domain, sizeof domain);
    append_octets(content, unit->identity.module_id, TKE_ADMIN_MODULE_ID_LEN);
    append_octets(content, counter, sizeof counter);
    append_octets_u32(content, code);
    append_octets(content, output->data, output->len);
    return wrap_sequence(content);
}

/*
 * What a service without any key can do: it has got a refusal from the unit, signed, by a command
 * of its own making; then it delivers the command, keeps the answer to itself and shows the
 * refusal.
 */
static GByteArray *
make_replayed_block(FakeUnit *unit, const FakeAsked *asked)
{
    const FakeUnit before = *unit;
    g_autoptr(GByteArray) withheld = g_byte_array_new();
    g_autoptr(GByteArray) output = g_byte_array_new();

    append_u32(output, unit->replay_reason);
    ck_assert_uint_eq(fake_unit_run(unit, asked, withheld), 0);
    return make_block(unit->replay_after ? unit : &before, asked, unit->replay_code, output);
}

static GByteArray *
make_run_block(FakeUnit *unit, const FakeAsked *asked)
{
    g_autoptr(GByteArray) output = g_byte_array_new();
    uint32_t code = fake_unit_run(unit, asked, output);

    return make_block(unit, asked, code, output);
}

static GByteArray *
make_admin_answer(FakeUnits *units, FakeUnit *unit, const FakeAsked *asked)
{
    const TkeAdminCommandInfo *info = tke_admin_command_lookup(asked->command);
    g_autoptr(GByteArray) block = unit->replay_code != 0 && info->changes_state
                                      ? make_replayed_block(unit, asked)
                                      : make_run_block(unit, asked);
    g_autoptr(GByteArray) signer_info = g_byte_array_new();
    g_autoptr(GByteArray) content = g_byte_array_new();
    uint8_t point[TKE_EC_POINT_LEN];
    uint8_t ski[TKE_MODULE_SKI_LEN];
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t len = 0;

    test_key_point(unit->epoch, point);
    ck_assert(tke_module_certificate_ski(point, ski, NULL));
    ck_assert(tke_ec_key_sign(unit->other_key ? units->other : unit->epoch, block->data, block->len,
                              signature, &len, NULL));
    tke_signer_info_append(signer_info, TKE_SIGNER_P521, ski, sizeof ski, signature, len);
    append_octets_u32(content, TKE_ADMIN_FUNCTION);
    append_octets_u32(content, unit->domain);
    append_octets_u32(content, 0);
    append_octets(content, block->data, block->len);
    append_octets(content, signer_info->data, signer_info->len);
    return wrap_sequence(content);
}

static bool
is_full(const uint8_t vp[static 32])
{
    static const uint8_t none[32];

    return memcmp(vp, none, sizeof none) != 0;
}

static GByteArray *
make_info_answer(const FakeUnit *unit)
{
    g_autoptr(GByteArray) payload = g_byte_array_new();
    g_autoptr(GByteArray) content = g_byte_array_new();
    uint32_t flags = (unit->admins->len > 0 ? 1u : 0) | (is_full(unit->current_vp) ? 2u : 0) |
                     (is_full(unit->new_vp) ? 4u : 0) | (unit->committed ? 8u : 0) |
                     (unit->sig > 0 ? 0x10u : 0);

    append_u32(payload, unit->domain);
    g_byte_array_append(payload, unit->current_vp, sizeof unit->current_vp);
    g_byte_array_append(payload, unit->new_vp, sizeof unit->new_vp);
    payload->data[40] ^= unit->other_vp ? 1 : 0;
    append_u32(payload, flags ^ unit->other_flags);
    append_u32(payload, 0);
    append_u32(payload, 1);
    append_octets_u32(content, TKE_INFO_FUNCTION);
    append_octets_u32(content, unit->domain);
    append_octets_u32(content, 0);
    append_octets(content, payload->data, payload->len);
    return wrap_sequence(content);
}

/* Takes the EP11 request in a body apart; the bytes must live as long as the result. */
static GByteArray *
open_request(const char *body, FakeAsked *asked)
{
    const char *hex = strrchr(body, ';') + 1;
    GByteArray *cprb = tke_hex_decode(hex, strchr(hex, '"') - hex, NULL);
    TkeByteCursor cursor = tke_byte_cursor(cprb->data + CPRB_LEN, cprb->len - CPRB_LEN);
    TkeByteCursor outer = { 0 };
    TkeByteCursor block = { 0 };
    TkeByteCursor fields = { 0 };
    TkeByteCursor skipped = { 0 };
    uint32_t function = 0;
    uint32_t domain = 0;

    ck_assert(tke_der_read(&cursor, TKE_DER_SEQUENCE, &outer));
    ck_assert(tke_der_read_octet_u32(&outer, &function));
    ck_assert(tke_der_read_octet_u32(&outer, &domain));
    asked->is_info = function == TKE_INFO_FUNCTION;
    if (!asked->is_info) {
        ck_assert(tke_der_read(&outer, TKE_DER_OCTET_STRING, &block));
        ck_assert(tke_der_read(&block, TKE_DER_SEQUENCE, &fields));
        ck_assert(tke_der_read_octet_u32(&fields, &asked->command));
        ck_assert(tke_der_read(&fields, TKE_DER_OCTET_STRING, &skipped));
        ck_assert(tke_der_read(&fields, TKE_DER_OCTET_STRING, &skipped));
        ck_assert(tke_der_read(&fields, TKE_DER_OCTET_STRING, &asked->counter));
        ck_assert(tke_der_read(&fields, TKE_DER_OCTET_STRING, &asked->payload));
    }
    return cprb;
}

static FakeUnit *
who_answers(FakeUnit *unit, const FakeAsked *asked)
{
    return unit->before != NULL && asked->command == unit->before_query ? unit->before : unit;
}

static char *
answer_post(FakeUnits *units, FakeUnit *unit, const char *body)
{
    FakeAsked asked = { 0 };
    g_autoptr(GByteArray) request = open_request(body, &asked);
    g_autoptr(GByteArray) answer =
        asked.is_info ? make_info_answer(unit)
                      : make_admin_answer(units, who_answers(unit, &asked), &asked);
    g_autofree char *hex = tke_hex_encode_upper(answer->data, answer->len);
    g_autofree char *head = tke_hex_encode_upper(request->data, CPRB_LEN - 4);
    g_autofree char *information = g_strnfill(138, ' ');

    return g_strdup_printf("{\"response\":\"%zu;000000000000000000%s;%s%08X%s\"}",
                           158 + 2 * (CPRB_LEN + (size_t) answer->len), information, head,
                           answer->len, hex);
}

static char *
answer_list(const FakeUnits *units)
{
    GString *text = g_string_new("{\"hsms\":[");

    for (guint i = 0; i < units->units->len; i++) {
        const FakeUnit *unit = g_ptr_array_index(units->units, i);
        bool first_recovery = i + units->n_recovery == units->units->len;

        g_string_append(text, first_recovery ? "],\"source_hsms\":[" : i > 0 ? "," : "");
        g_string_append_printf(text,
                               "{\"hsm_id\":\"%s\",\"location\":\"[us-south].[AZ1-CS%u].[0%u].[%u]"
                               "\",\"serial_number\":\"%s\"}",
                               unit->hsm_id, i, i % 8, unit->domain, unit->serial);
    }
    g_string_append(text, "]}");
    return g_string_free(text, FALSE);
}

static void
answer(FakeUnits *units, TkeUnitRequest *request)
{
    g_autofree char *text = NULL;

    request->status = 404;
    if (request->body == NULL) {
        request->status = 200;
        text = answer_list(units);
    }
    for (guint i = 0; request->body != NULL && i < units->units->len; i++) {
        FakeUnit *unit = g_ptr_array_index(units->units, i);

        if (strcmp(unit->hsm_id, request->lane) == 0) {
            request->status = 200;
            text = answer_post(units, unit, request->body);
        }
    }
    if (text == NULL) {
        text = g_strdup("");
    }
    request->answer =
        g_byte_array_append(g_byte_array_new(), (const guint8 *) text, (guint) strlen(text) + 1);
    g_byte_array_set_size(request->answer, (guint) strlen(text));
}

static bool
fake_run(TkeUnitTransport *base, TkeUnitRequest *const *requests, size_t n,
         GCancellable *cancellable, GError **error)
{
    FakeTransport *transport = (FakeTransport *) base;
    unsigned rounds = 0;

    if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
        !tke_unit_transport_check(requests, n, error)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned before = 0;

        for (size_t j = 0; j < i; j++) {
            before += g_strcmp0(requests[i]->lane, requests[j]->lane) == 0 ? 1 : 0;
        }
        rounds = MAX(rounds, before / CONNECTIONS + 1);
        answer(transport->units, requests[i]);
    }
    transport->counts.requests += (unsigned) n;
    transport->counts.rounds += rounds;
    return true;
}

static void
fake_get_counts(TkeUnitTransport *base, TkeUnitTransportCounts *counts)
{
    *counts = ((FakeTransport *) base)->counts;
}

static void
fake_free(TkeUnitTransport *base)
{
    g_free(base);
}

TkeUnitTransport *
fake_units_new_transport(FakeUnits *units)
{
    static const TkeUnitTransportOps ops = {
        .run = fake_run,
        .get_counts = fake_get_counts,
        .free = fake_free,
    };
    FakeTransport *transport = g_new0(FakeTransport, 1);

    transport->base.ops = &ops;
    transport->units = units;
    return &transport->base;
}
