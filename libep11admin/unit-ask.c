/*
 * Queries to units (crypto-unit-protocol.md, 2.3, 2.5, 3.3).
 */
#include "libep11admin/unit-ask.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/cancel.h"
#include "common/digest.h"
#include "libep11admin/admin-block.h"
#include "libep11admin/admin-request.h"
#include "libep11admin/reason-code.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-private.h"

TkeUnitAsk *
tke_unit_ask_new(TkeUnit *unit, TkeAdminCommand query, const uint8_t *payload, size_t len)
{
    TkeUnitAsk *ask = g_new0(TkeUnitAsk, 1);

    g_assert(len <= sizeof ask->payload);
    ask->unit = unit;
    ask->command = query;
    ask->payload_len = len;
    if (len > 0) {
        memcpy(ask->payload, payload, len);
    }
    return ask;
}

TkeUnitAsk *
tke_unit_ask_new_certificate(TkeUnit *unit, uint32_t index)
{
    uint8_t payload[4] = { 0 };
    TkeByteBuilder builder = { .out = payload, .size = sizeof payload };

    tke_byte_builder_u32(&builder, index);
    return tke_unit_ask_new(unit, TKE_ADMIN_QUERY_DEVICE_CERT, payload, sizeof payload);
}

TkeUnitAsk *
tke_unit_ask_new_info(TkeUnit *unit)
{
    TkeUnitAsk *ask = g_new0(TkeUnitAsk, 1);

    ask->unit = unit;
    ask->is_info = true;
    return ask;
}

void
tke_unit_ask_free(TkeUnitAsk *ask)
{
    if (ask != NULL) {
        tke_unit_request_free(ask->request);
        tke_admin_response_free(ask->response);
        g_clear_error(&ask->error);
        g_free(ask);
    }
}

static TkeUnitRequest *
make_request(const TkeUnitAsk *ask)
{
    uint32_t domain = ask->unit->entry.domain_index;
    g_autoptr(GByteArray) block = NULL;
    g_autoptr(GByteArray) message = NULL;

    if (ask->is_info) {
        message = tke_admin_request_new_info(TKE_INFO_DOMAIN, domain);
    } else {
        block = tke_admin_block_new_query(ask->command, domain, ask->payload, ask->payload_len);
        message = tke_admin_request_new(domain, block->data, block->len, NULL, 0);
    }
    return tke_unit_new_request(ask->unit, message, false);
}

static bool
read_info(TkeUnitAsk *ask, const GByteArray *message)
{
    TkeInfoResponse response = { 0 };

    return tke_info_response_parse(message->data, message->len, &response, &ask->error) &&
           tke_info_response_check(&response, ask->unit->entry.domain_index, &ask->error) &&
           tke_info_response_get_domain(&response, &ask->info, &ask->error);
}

static void
read_answer(TkeUnitAsk *ask)
{
    g_autoptr(GByteArray) message = tke_unit_open_answer(ask->unit, ask->request, &ask->error);
    bool ok = false;

    if (message == NULL) {
        return;
    }
    if (ask->is_info) {
        ok = read_info(ask, message);
    } else {
        ask->response = tke_admin_response_parse(message->data, message->len, &ask->error);
        ok = ask->response != NULL;
    }
    if (!ok) {
        tke_unit_name_error(ask->unit, &ask->error);
    }
}

bool
tke_unit_ask_run(TkeUnitTransport *transport, GPtrArray *asks, GCancellable *cancellable,
                 GError **error)
{
    g_autoptr(GPtrArray) sent = g_ptr_array_new();
    g_autoptr(GPtrArray) requests = g_ptr_array_new();

    for (guint i = 0; i < asks->len; i++) {
        TkeUnitAsk *ask = g_ptr_array_index(asks, i);

        if (ask->request == NULL) {
            ask->request = make_request(ask);
            g_ptr_array_add(sent, ask);
            g_ptr_array_add(requests, ask->request);
        }
    }
    if (sent->len > 0 &&
        !tke_unit_transport_run(transport, (TkeUnitRequest *const *) requests->pdata, requests->len,
                                cancellable, error)) {
        return false;
    }
    for (guint i = 0; i < sent->len; i++) {
        read_answer(g_ptr_array_index(sent, i));
    }
    return !tke_cancel_is_asked(cancellable, error);
}

bool
tke_unit_ask_verify(TkeUnitAsk *ask, GError **error)
{
    TkeAdminExpectation expected = { .command = ask->command,
                                     .domain_index = ask->unit->entry.domain_index };

    if (ask->error != NULL) {
        g_propagate_error(error, g_error_copy(ask->error));
        return false;
    }
    return ask->is_info || tke_unit_accept(ask->unit, ask->response, &expected, error);
}

bool
tke_unit_ask_verify_done(TkeUnitAsk *ask, GError **error)
{
    if (!tke_unit_ask_verify(ask, error)) {
        return false;
    }
    if (!ask->is_info && !tke_admin_response_check_done(ask->response, error)) {
        tke_unit_name_error(ask->unit, error);
        return false;
    }
    return true;
}

bool
tke_unit_ask_check_moment(const TkeUnitAsk *ask, const TkeUnitIdentity *moment, GError **error)
{
    if (ask->is_info || ask->command == TKE_ADMIN_QUERY_DEVICE_CERT ||
        memcmp(&ask->response->identity, moment, sizeof *moment) == 0) {
        return true;
    }
    tke_unit_error_set(error, TKE_UNIT_ERROR_IDENTITY, NULL,
                       _("its answers do not belong together: it was changed while it was "
                         "read, or the service repeats old answers; read it again"));
    tke_unit_name_error(ask->unit, error);
    return false;
}

/* What a unit refuses to tell of a register because nothing is in it. */
static bool
is_for_want_of_a_key(const TkeAdminResponse *response)
{
    return response->return_code == TKE_RC_KEY_NEEDED ||
           response->return_code == TKE_RC_IBM_WK_NOT_INITIALIZED ||
           (response->has_reason_code && (response->reason_code == TKE_RSC_WK_MISSING ||
                                          response->reason_code == TKE_RSC_NEXT_WK_MISSING));
}

bool
tke_unit_ask_get_register(const TkeUnitAsk *ask, uint8_t vp[static TKE_VP_LEN], GError **error)
{
    bool ok = true;

    memset(vp, 0, TKE_VP_LEN);
    if (ask->response->return_code == TKE_RC_OK) {
        ok = tke_admin_response_get_vp(ask->response, vp, error);
    } else if (!is_for_want_of_a_key(ask->response)) {
        ok = tke_admin_response_check_done(ask->response, error);
    }
    if (!ok) {
        tke_unit_name_error(ask->unit, error);
    }
    return ok;
}

const uint8_t *
tke_unit_ask_get_output(const TkeUnitAsk *ask, size_t *len)
{
    gsize size = 0;
    const uint8_t *data = g_bytes_get_data(ask->response->output, &size);

    *len = size;
    return data;
}
