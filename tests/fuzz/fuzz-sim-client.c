/*
 * What tke-sim answers, as its clients read it: the first byte says how many calls there are, one
 * byte each, and what follows is all that comes out of the socket.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libsmartcard/card-transport.h"
#include "libsmartcard/sim-client-private.h"
#include "tests/fuzz/fuzz-strict.h"
#include "tests/fuzz/fuzz.h"

#define CALLS_MAX 15u
#define ROOM 64u
#define BEHIND 0xA5
#define TOKEN_MAX 4096u

/* A broken connection is broken for good; a refusal has a text and leaves it as it is. */
static void
check_failure(const TkeSimClient *client, const GError *error)
{
    FUZZ_REQUIRE(error != NULL && g_utf8_validate(error->message, -1, NULL));
    FUZZ_REQUIRE(error->domain != G_IO_ERROR || tke_sim_client_is_broken(client));
}

static void
call_readers(TkeSimClient *client)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) answer = tke_sim_client_call_alloc(client, TKE_SIM_LIST, NULL, 0, &error);
    g_autoptr(GPtrArray) readers = NULL;
    uint32_t generation = 0;

    if (answer == NULL) {
        check_failure(client, error);
        return;
    }
    FUZZ_REQUIRE(error == NULL && answer->len <= TKE_SIM_FRAME_MAX);
    readers = tke_sim_parse_readers(answer->data, answer->len, &generation, &error);
    FUZZ_REQUIRE((readers == NULL) == (error != NULL));
    for (guint i = 0; readers != NULL && i < readers->len; i++) {
        const TkeReaderInfo *info = g_ptr_array_index(readers, i);

        FUZZ_REQUIRE(info->is_virtual && strlen(info->name) <= UINT8_MAX);
        FUZZ_REQUIRE(g_utf8_validate(info->name, -1, NULL) &&
                     g_utf8_validate(info->serial, -1, NULL));
    }
}

static void
call_world(TkeSimClient *client)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSimWorldInfo) info = tke_sim_client_query_world(client, &error);

    if (info == NULL) {
        check_failure(client, error);
        return;
    }
    FUZZ_REQUIRE(error == NULL && info->module_roots->len == info->root_names->len);
    FUZZ_REQUIRE(g_utf8_validate(info->directory, -1, NULL) &&
                 g_utf8_validate(info->base_url, -1, NULL));
    FUZZ_REQUIRE(info->applet == NULL || g_bytes_get_size(info->applet) > 0);
}

static void
call_token(TkeSimClient *client)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) token = tke_sim_client_query_token(client, &error);
    size_t len = 0;

    if (token == NULL) {
        check_failure(client, error);
        return;
    }
    (void) tke_secret_bytes(token, &len);
    FUZZ_REQUIRE(error == NULL && len >= 1 && len <= TOKEN_MAX);
}

static void
call_order(TkeSimClient *client)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(JsonObject) answer = NULL;
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_object_set_string_member(order, "command", "status");
    answer = tke_sim_client_command(client, order, &error);
    if (answer == NULL) {
        check_failure(client, error);
        return;
    }
    json_node_set_object(node, answer);
    text = json_to_string(node, FALSE);
    FUZZ_REQUIRE(error == NULL && g_utf8_validate(text, -1, NULL));
}

static void
call_wait(TkeSimClient *client)
{
    g_autoptr(GError) error = NULL;

    if (!tke_sim_client_wait(client, 1, 0, NULL, &error)) {
        check_failure(client, error);
    } else {
        FUZZ_REQUIRE(error == NULL);
    }
}

/* Nothing is written behind the room that there is. */
static void
call_with_room(TkeSimClient *client, TkeSimMessage type, size_t room)
{
    g_autoptr(GError) error = NULL;
    g_autofree uint8_t *out = g_malloc(room + 1);
    size_t len = SIZE_MAX;

    out[room] = BEHIND;
    if (!tke_sim_client_call(client, type, NULL, 0, NULL, 0, out, room, &len, &error)) {
        check_failure(client, error);
        FUZZ_REQUIRE(len == SIZE_MAX);
    } else {
        FUZZ_REQUIRE(error == NULL && len <= room);
    }
    FUZZ_REQUIRE(out[room] == BEHIND);
}

static void
call(TkeSimClient *client, uint8_t what)
{
    const bool was_broken = tke_sim_client_is_broken(client);

    switch (what % 8) {
    case 0:
        call_readers(client);
        break;
    case 1:
        call_world(client);
        break;
    case 2:
        call_token(client);
        break;
    case 3:
        call_order(client);
        break;
    case 4:
        call_wait(client);
        break;
    case 5:
        call_with_room(client, TKE_SIM_EXCHANGE, what);
        break;
    case 6:
        call_with_room(client, TKE_SIM_CONNECT, 1 + TKE_CARD_ATR_MAX);
        break;
    default:
        call_with_room(client, TKE_SIM_CLOSE, 0);
    }
    FUZZ_REQUIRE(!was_broken || tke_sim_client_is_broken(client));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t n_calls = size == 0 ? 0 : MIN(data[0] % (CALLS_MAX + 1), size - 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSimClient) client = NULL;
    int fds[2] = { -1, -1 };

    if (size == 0 || !tke_secret_heap_init(NULL)) {
        return 0;
    }
    fuzz_strict();
    FUZZ_REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    /* What the buffer does not take is not there. */
    (void) send(fds[1], data + 1 + n_calls, size - 1 - n_calls, MSG_DONTWAIT | MSG_NOSIGNAL);
    FUZZ_REQUIRE(shutdown(fds[1], SHUT_WR) == 0);
    client = tke_sim_client_take(fds[0], "/nonexistent", 0, &error);
    FUZZ_REQUIRE((client == NULL) == (error != NULL));
    for (size_t i = 0; client != NULL && i < n_calls; i++) {
        call(client, data[1 + i]);
    }
    close(fds[1]);
    return 0;
}
