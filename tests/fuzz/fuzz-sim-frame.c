/*
 * Everything that is read from the socket of tke-sim, on both sides: frames one after the other,
 * each body as a request and as the answers that have a form.
 */
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-socket-request.h"

#include "tests/fuzz/fuzz.h"

static void
check_request(uint8_t type, const uint8_t *body, size_t len)
{
    g_auto(SimSocketRequest) request = { 0 };
    g_autoptr(GError) error = NULL;

    if (sim_socket_request_parse(&request, type, body, len, &error)) {
        FUZZ_REQUIRE(error == NULL && request.len <= len);
        FUZZ_REQUIRE((type == TKE_SIM_CONNECT || type == TKE_SIM_POWER_ON ||
                      type == TKE_SIM_READER_CONTROL) == (request.reader != NULL));
        FUZZ_REQUIRE((type == TKE_SIM_COMMAND) == (request.command != NULL));
    } else {
        FUZZ_REQUIRE(error != NULL);
    }
}

static void
check_answers(const uint8_t *body, size_t len)
{
    g_autoptr(GError) readers_error = NULL;
    g_autoptr(GError) world_error = NULL;
    uint32_t generation = 0;
    g_autoptr(GPtrArray) readers = tke_sim_parse_readers(body, len, &generation, &readers_error);
    g_autofree char *text = g_strndup((const char *) body, len);
    g_autoptr(TkeSimWorldInfo) info = tke_sim_world_info_parse(text, len, &world_error);

    FUZZ_REQUIRE((readers == NULL) == (readers_error != NULL));
    FUZZ_REQUIRE((info == NULL) == (world_error != NULL));
    FUZZ_REQUIRE(info == NULL || (info->instances != NULL && info->module_roots->len > 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeByteCursor cursor = tke_byte_cursor(data, size);
    const uint8_t *body = NULL;
    uint8_t type = 0;
    size_t len = 0;

    while (tke_sim_frame_parse_head(&cursor, &type, &len) &&
           tke_byte_cursor_bytes(&cursor, len, &body)) {
        check_request(type, body, len);
        check_answers(body, len);
    }
    return 0;
}
