/*
 * The driver of virtual readers (simulator/ifd-handler.c) between a pcscd that calls anything with
 * any room and a tke-sim that answers anything.
 *
 * Number of calls, two bytes each; length and text of a device's name, which is that of the world's
 * first reader if it is empty; then what comes out of the first connection, after a length of two
 * bytes, and of the second one.
 */
#include <PCSC/ifdhandler.h>
#include <PCSC/reader.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/byte-cursor.h"
#include "libsmartcard/card-transport.h"
#include "libsmartcard/sim-protocol.h"
#include "tests/fuzz/fuzz-dir.h"
#include "tests/fuzz/fuzz-strict.h"

#define LUN 3u
#define CALLS_MAX 24u
#define ROOM_MAX 4096u
#define BEHIND 0xA5
#define CONNECTIONS 2u
#define WAIT_MS_MAX 3

/* ---- a tke-sim that says what the input says ---- */

static GMutex lock;
static const uint8_t *streams[CONNECTIONS];
static size_t stream_lens[CONNECTIONS];
static GArray *accepted; /* of int */
static char *directory;
static int listener = -1;

static void
serve(int fd)
{
    g_mutex_lock(&lock);
    if (accepted->len < CONNECTIONS && streams[accepted->len] != NULL) {
        (void) send(fd, streams[accepted->len], stream_lens[accepted->len],
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    shutdown(fd, SHUT_WR);
    g_array_append_val(accepted, fd); /* open: closed, it would take back what was not read */
    g_mutex_unlock(&lock);
}

static void *
run_server(void *unused)
{
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0) {
            return unused;
        }
        serve(fd);
    }
}

static void
stop(void)
{
    fuzz_dir_remove(directory);
    g_array_unref(accepted);
    g_free(directory);
}

static void
start(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *path = NULL;

    directory = fuzz_dir_new();
    path = g_build_filename(directory, TKE_SIM_SOCKET_NAME, NULL);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    accepted = g_array_new(FALSE, FALSE, sizeof(int));
    atexit(stop);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_REQUIRE(bind(listener, (const struct sockaddr *) &address, sizeof address) == 0 &&
                 listen(listener, 16) == 0);
    FUZZ_REQUIRE(g_setenv("OPENTKE_WORLD", directory, TRUE));
    g_thread_unref(g_thread_new("server", run_server, NULL));
}

static void
set_streams(TkeByteCursor *input)
{
    uint16_t len = 0;

    g_mutex_lock(&lock);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        len = (uint16_t) MIN(tke_byte_cursor_left(input), UINT16_MAX);
        if (i + 1 < CONNECTIONS &&
            (!tke_byte_cursor_u16(input, &len) || len > tke_byte_cursor_left(input))) {
            len = (uint16_t) MIN(tke_byte_cursor_left(input), UINT16_MAX);
        }
        streams[i] = NULL;
        stream_lens[i] = len;
        FUZZ_REQUIRE(tke_byte_cursor_bytes(input, len, &streams[i]));
    }
    g_mutex_unlock(&lock);
}

static void
end_streams(void)
{
    g_mutex_lock(&lock);
    for (guint i = 0; i < accepted->len; i++) {
        close(g_array_index(accepted, int, i));
    }
    g_array_set_size(accepted, 0);
    streams[0] = NULL;
    streams[1] = NULL;
    g_mutex_unlock(&lock);
}

/* ---- a pcscd that asks for anything ---- */

static void
check_code(RESPONSECODE code)
{
    FUZZ_REQUIRE(code == IFD_SUCCESS || code == IFD_ERROR_TAG || code == IFD_ERROR_POWER_ACTION ||
                 code == IFD_ERROR_INSUFFICIENT_BUFFER || code == IFD_ERROR_NOT_SUPPORTED ||
                 code == IFD_ERROR_VALUE_READ_ONLY || code == IFD_COMMUNICATION_ERROR ||
                 code == IFD_RESPONSE_TIMEOUT || code == IFD_NOT_SUPPORTED ||
                 code == IFD_ICC_NOT_PRESENT || code == IFD_PROTOCOL_NOT_SUPPORTED);
}

/* What was written is no longer than the room there is. */
static void
check_room(const uint8_t *out, size_t room, DWORD len, RESPONSECODE code)
{
    check_code(code);
    FUZZ_REQUIRE(out[room] == BEHIND);
    FUZZ_REQUIRE(code != IFD_SUCCESS || len <= room);
}

static uint8_t *
new_room(size_t room)
{
    uint8_t *out = g_malloc0(room + 1);

    out[room] = BEHIND;
    return out;
}

static void
power(uint8_t argument)
{
    static const DWORD actions[] = { IFD_POWER_UP, IFD_RESET, IFD_POWER_DOWN, 0 };
    const size_t room = (argument & 0x80) != 0 ? argument & 0x1Fu : TKE_CARD_ATR_MAX;
    g_autofree uint8_t *out = new_room(room);
    DWORD len = room;
    const DWORD action = actions[argument % G_N_ELEMENTS(actions)];
    const RESPONSECODE code = IFDHPowerICC(LUN, action, out, &len);

    check_room(out, room, len, code);
    FUZZ_REQUIRE(code == IFD_SUCCESS || action == 0 || len == 0 || code == IFD_COMMUNICATION_ERROR);
}

static void
transmit(uint8_t argument)
{
    static uint8_t command[UINT8_MAX];
    const size_t room = argument * (ROOM_MAX / UINT8_MAX);
    g_autofree uint8_t *out = new_room(room);
    const SCARD_IO_HEADER sent = { .Protocol = SCARD_PROTOCOL_T1 };
    SCARD_IO_HEADER received = { .Protocol = 0 };
    DWORD len = room;
    const RESPONSECODE code = IFDHTransmitToICC(LUN, sent, command, argument, out, &len, &received);

    check_room(out, room, len, code);
    FUZZ_REQUIRE(code == IFD_SUCCESS ? received.Protocol == sent.Protocol : len == 0);
}

static void
control(uint8_t argument)
{
    static uint8_t in[UINT8_MAX];
    const size_t room = argument;
    g_autofree uint8_t *out = new_room(room);
    DWORD len = ROOM_MAX;
    const RESPONSECODE code =
        IFDHControl(LUN, TKE_CARD_CONTROL_GET_FEATURES, in, argument / 2, out, room, &len);

    check_room(out, room, len, code);
    FUZZ_REQUIRE(code == IFD_SUCCESS || len == 0);
}

static void
ask(uint8_t argument)
{
    static const DWORD tags[] = { TAG_IFD_ATR,
                                  SCARD_ATTR_ATR_STRING,
                                  SCARD_ATTR_ICC_PRESENCE,
                                  SCARD_ATTR_ICC_INTERFACE_STATUS,
                                  SCARD_ATTR_VENDOR_NAME,
                                  SCARD_ATTR_VENDOR_IFD_TYPE,
                                  SCARD_ATTR_VENDOR_IFD_SERIAL_NO,
                                  SCARD_ATTR_VENDOR_IFD_VERSION,
                                  SCARD_ATTR_MAXINPUT,
                                  SCARD_ATTR_CHANNEL_ID,
                                  TAG_IFD_SIMULTANEOUS_ACCESS,
                                  TAG_IFD_SLOTS_NUMBER };
    const size_t room = argument < 0xF0 ? argument : ROOM_MAX;
    g_autofree uint8_t *out = new_room(room);
    DWORD len = room;

    check_room(out, room, len,
               IFDHGetCapabilities(LUN, tags[argument % G_N_ELEMENTS(tags)], &len, out));
}

/* As pcscd does, through the function that the driver names. */
static void
wait_for_card(uint8_t argument)
{
    RESPONSECODE (*wait)(DWORD, int) = NULL;
    DWORD len = sizeof wait;

    FUZZ_REQUIRE(IFDHGetCapabilities(LUN, TAG_IFD_POLLING_THREAD_WITH_TIMEOUT, &len,
                                     (PUCHAR) &wait) == IFD_SUCCESS);
    check_code(wait(LUN, argument % (WAIT_MS_MAX + 1)));
}

static void
call(uint8_t what, uint8_t argument)
{
    char name[] = "otk:/nonexistent:1";

    switch (what % 8) {
    case 0:
        wait_for_card(argument);
        break;
    case 1:
        power(argument);
        break;
    case 2:
        transmit(argument);
        break;
    case 3:
        control(argument);
        break;
    case 4:
        ask(argument);
        break;
    case 5:
        check_code(IFDHICCPresence(LUN));
        break;
    case 6:
        check_code(IFDHSetProtocolParameters(LUN, argument, 0, 0, 0, 0));
        break;
    default: /* there is a channel of that number */
        FUZZ_REQUIRE(IFDHCreateChannelByName(LUN, name) != IFD_SUCCESS);
    }
}

static bool
open_channel(TkeByteCursor *input)
{
    uint8_t len = 0;
    const uint8_t *text = NULL;
    g_autofree char *name = NULL;

    if (!tke_byte_cursor_u8(input, &len) || !tke_byte_cursor_bytes(input, len, &text)) {
        return false;
    }
    name = len == 0 ? g_strdup_printf("otk:%s:1", directory) : g_strndup((const char *) text, len);
    set_streams(input);
    return IFDHCreateChannelByName(LUN, name) == IFD_SUCCESS;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeByteCursor input = tke_byte_cursor(data, size);
    const uint8_t *calls = NULL;
    uint8_t n_calls = 0;

    fuzz_strict();
    if (listener < 0) {
        start();
    }
    if (!tke_byte_cursor_u8(&input, &n_calls) || n_calls > CALLS_MAX ||
        !tke_byte_cursor_bytes(&input, 2u * n_calls, &calls)) {
        return 0;
    }
    if (open_channel(&input)) {
        for (unsigned i = 0; i < n_calls; i++) {
            call(calls[2 * i], calls[2 * i + 1]);
        }
        FUZZ_REQUIRE(IFDHCloseChannel(LUN) == IFD_SUCCESS);
    }
    FUZZ_REQUIRE(IFDHCloseChannel(LUN) != IFD_SUCCESS);
    end_streams();
    return 0;
}
