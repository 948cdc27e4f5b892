/*
 * Requests on the socket of tke-sim, taken apart (rehearsal, 4.12; libsmartcard/sim-protocol.h).
 */
#include "simulator/sim-socket-request.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-cursor.h"
#include "common/error.h"
#include "libsmartcard/card-transport.h"

#define READER_NAME_MAX 127u

static bool
parse_hello(SimSocketRequest *request, TkeByteCursor *body)
{
    const uint8_t *magic = NULL;

    return tke_byte_cursor_bytes(body, strlen(TKE_SIM_MAGIC), &magic) &&
           memcmp(magic, TKE_SIM_MAGIC, strlen(TKE_SIM_MAGIC)) == 0 &&
           tke_byte_cursor_u16(body, &request->version) && tke_byte_cursor_left(body) == 0;
}

static bool
parse_wait(SimSocketRequest *request, TkeByteCursor *body)
{
    return tke_byte_cursor_u32(body, &request->generation) &&
           tke_byte_cursor_u32(body, &request->timeout_ms) && tke_byte_cursor_left(body) == 0;
}

static bool
parse_name(SimSocketRequest *request, TkeByteCursor *body, size_t len)
{
    const uint8_t *name = NULL;

    if (len == 0 || len > READER_NAME_MAX || !tke_byte_cursor_bytes(body, len, &name) ||
        !g_utf8_validate_len((const char *) name, len, NULL)) {
        return false;
    }
    request->reader = g_strndup((const char *) name, len);
    return true;
}

static bool
parse_data(SimSocketRequest *request, TkeByteCursor *body)
{
    request->len = tke_byte_cursor_left(body);
    return request->len <= TKE_CARD_COMMAND_MAX &&
           tke_byte_cursor_bytes(body, request->len, &request->data);
}

static bool
parse_reader_control(SimSocketRequest *request, TkeByteCursor *body)
{
    uint8_t len = 0;

    return tke_byte_cursor_u8(body, &len) && parse_name(request, body, len) &&
           tke_byte_cursor_u32(body, &request->code) && parse_data(request, body);
}

static bool
parse_command(SimSocketRequest *request, TkeByteCursor *body)
{
    size_t len = tke_byte_cursor_left(body);
    const uint8_t *text = NULL;

    if (!tke_byte_cursor_bytes(body, len, &text)) {
        return false;
    }
    request->command = tke_sim_parse_object((const char *) text, len);
    return request->command != NULL;
}

static bool
parse_body(SimSocketRequest *request, TkeByteCursor *body)
{
    switch (request->type) {
    case TKE_SIM_HELLO:
        return parse_hello(request, body);
    case TKE_SIM_WAIT:
        return parse_wait(request, body);
    case TKE_SIM_SLOT:
        return tke_byte_cursor_u8(body, &request->number) && tke_byte_cursor_left(body) == 0;
    case TKE_SIM_CONNECT:
    case TKE_SIM_POWER_ON:
        return parse_name(request, body, tke_byte_cursor_left(body));
    case TKE_SIM_READER_CONTROL:
        return parse_reader_control(request, body);
    case TKE_SIM_CONTROL:
        return tke_byte_cursor_u32(body, &request->code) && parse_data(request, body);
    case TKE_SIM_EXCHANGE:
        return parse_data(request, body);
    case TKE_SIM_COMMAND:
        return parse_command(request, body);
    case TKE_SIM_LIST:
    case TKE_SIM_WAIT_END:
    case TKE_SIM_RESET:
    case TKE_SIM_BEGIN:
    case TKE_SIM_END:
    case TKE_SIM_CLOSE:
    case TKE_SIM_POWER_OFF:
    case TKE_SIM_WORLD:
    case TKE_SIM_TOKEN:
        return tke_byte_cursor_left(body) == 0;
    case TKE_SIM_ANSWER:
    case TKE_SIM_REFUSED:
        break;
    }
    return false;
}

bool
sim_socket_request_parse(SimSocketRequest *request, uint8_t type, const uint8_t *body, size_t len,
                         GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(body, len);

    request->type = type;
    if (!parse_body(request, &cursor)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("a request of type %02x with a body of %zu bytes is malformed"), type, len);
        return false;
    }
    return true;
}

void
sim_socket_request_clear(SimSocketRequest *request)
{
    g_clear_pointer(&request->reader, g_free);
    g_clear_pointer(&request->command, json_node_unref);
    *request = (SimSocketRequest){ 0 };
}
