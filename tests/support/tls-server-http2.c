/*
 * As much HTTP/2 (RFC 9113) as a client needs to send requests to which the answer is always 200:
 * frames are read, header blocks are not, every stream that the client has ended is answered.
 */
#include <string.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "tests/support/tls-server-private.h"

#define FRAME_DATA 0u
#define FRAME_HEADERS 1u
#define FRAME_SETTINGS 4u
#define FRAME_PING 6u
#define FLAG_END_STREAM 1u
#define FLAG_ACK 1u
#define FLAG_END_HEADERS 4u
#define PREFACE_LEN 24u

typedef struct Frame {
    uint8_t type;
    uint8_t flags;
    uint32_t stream;
    uint8_t *payload;
    size_t len;
} Frame;

static bool
read_exact(SSL *ssl, uint8_t *out, size_t len)
{
    size_t got = 0;

    for (size_t done = 0; done < len; done += got) {
        if (SSL_read_ex(ssl, out + done, len - done, &got) != 1) {
            return false;
        }
    }
    return true;
}

static bool
read_frame(SSL *ssl, Frame *frame)
{
    uint8_t head[9] = { 0 };
    TkeByteCursor cursor = tke_byte_cursor(head, sizeof head);
    uint8_t high = 0;
    uint16_t low = 0;

    if (!read_exact(ssl, head, sizeof head)) {
        return false;
    }
    tke_byte_cursor_u8(&cursor, &high);
    tke_byte_cursor_u16(&cursor, &low);
    tke_byte_cursor_u8(&cursor, &frame->type);
    tke_byte_cursor_u8(&cursor, &frame->flags);
    tke_byte_cursor_u32(&cursor, &frame->stream);
    frame->len = ((size_t) high << 16) | low;
    frame->payload = g_malloc(frame->len + 1);
    if (!read_exact(ssl, frame->payload, frame->len)) {
        g_clear_pointer(&frame->payload, g_free);
        return false;
    }
    return true;
}

static bool
write_frame(SSL *ssl, uint8_t type, uint8_t flags, uint32_t stream, const void *payload, size_t len)
{
    uint8_t out[512] = { 0 };
    TkeByteBuilder builder = { .out = out, .size = sizeof out };
    size_t written = 0;

    tke_byte_builder_u8(&builder, 0);
    tke_byte_builder_u16(&builder, (uint16_t) len);
    tke_byte_builder_u8(&builder, type);
    tke_byte_builder_u8(&builder, flags);
    tke_byte_builder_u32(&builder, stream);
    tke_byte_builder_bytes(&builder, payload, len);
    g_assert(!builder.failed);
    return SSL_write_ex(ssl, out, builder.len, &written) == 1;
}

static bool
answer_stream(TestTlsServer *server, SSL *ssl, uint32_t stream, unsigned n)
{
    static const uint8_t status_200[] = { 0x88 }; /* RFC 7541, static table */
    TestTlsPlan plan = test_tls_server_plan(server, n);

    if (plan.behaviour == TEST_TLS_CUT) {
        return false;
    }
    return plan.behaviour == TEST_TLS_SILENT ||
           (write_frame(ssl, FRAME_HEADERS, FLAG_END_HEADERS, stream, status_200, 1) &&
            write_frame(ssl, FRAME_DATA, FLAG_END_STREAM, stream, plan.body, strlen(plan.body)));
}

/* Answers the streams that wait, once as many requests have arrived as are to be held. */
static bool
answer_waiting(TestTlsServer *server, SSL *ssl, GArray *waiting)
{
    bool ok = true;

    if (!test_tls_server_may_answer(server)) {
        return true;
    }
    for (guint i = 0; ok && i + 1 < waiting->len; i += 2) {
        ok = answer_stream(server, ssl, g_array_index(waiting, uint32_t, i),
                           g_array_index(waiting, uint32_t, i + 1));
    }
    g_array_set_size(waiting, 0);
    return ok;
}

static bool
take_frame(TestTlsServer *server, SSL *ssl, const Frame *frame, GArray *waiting)
{
    bool ends = (frame->type == FRAME_HEADERS || frame->type == FRAME_DATA) &&
                (frame->flags & FLAG_END_STREAM) != 0;

    if (frame->type == FRAME_SETTINGS && (frame->flags & FLAG_ACK) == 0) {
        return write_frame(ssl, FRAME_SETTINGS, FLAG_ACK, 0, NULL, 0);
    }
    if (frame->type == FRAME_PING && (frame->flags & FLAG_ACK) == 0) {
        return write_frame(ssl, FRAME_PING, FLAG_ACK, 0, frame->payload, MIN(frame->len, 8));
    }
    if (ends) {
        uint32_t n = test_tls_server_arrived(server, "");

        g_array_append_val(waiting, frame->stream);
        g_array_append_val(waiting, n);
        return answer_waiting(server, ssl, waiting);
    }
    return true;
}

void
test_tls_server_serve_http2(TestTlsServer *server, SSL *ssl)
{
    g_autoptr(GArray) waiting = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    uint8_t preface[PREFACE_LEN] = { 0 };
    bool more =
        read_exact(ssl, preface, sizeof preface) && write_frame(ssl, FRAME_SETTINGS, 0, 0, NULL, 0);

    while (more) {
        Frame frame = { 0 };

        more = read_frame(ssl, &frame) && take_frame(server, ssl, &frame, waiting);
        g_free(frame.payload);
    }
}
