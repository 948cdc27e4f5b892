/*
 * Talking to pcscd in tests.
 */
#include "tests/pcsc/pcsc-talk.h"

#include <PCSC/reader.h>
#include <glib.h>
#include <string.h>

#include "common/hex.h"
#include "tests/support/test-bytes.h"

SCARDCONTEXT
talk_new_context(void)
{
    SCARDCONTEXT context = 0;

    talk_expect(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), SCARD_S_SUCCESS);
    return context;
}

DWORD
talk_wait_change(SCARDCONTEXT context, const char *reader, DWORD state)
{
    SCARD_READERSTATE wait = { .szReader = reader, .dwCurrentState = state };

    talk_expect(SCardGetStatusChange(context, TALK_WAIT_MS, &wait, 1), SCARD_S_SUCCESS);
    return wait.dwEventState & ~(DWORD) SCARD_STATE_CHANGED;
}

DWORD
talk_wait_state(SCARDCONTEXT context, const char *reader, DWORD wanted)
{
    DWORD state = SCARD_STATE_UNAWARE;
    const gint64 end = g_get_monotonic_time() + TALK_WAIT_MS * 1000;

    do {
        state = talk_wait_change(context, reader, state);
        ck_assert_msg(g_get_monotonic_time() < end, "%s is %lx", reader, state);
    } while ((state & wanted) != wanted);
    return state;
}

SCARDHANDLE
talk_connect(SCARDCONTEXT context, const char *reader)
{
    SCARDHANDLE card = 0;
    DWORD protocol = 0;

    talk_wait_state(context, reader, SCARD_STATE_PRESENT);
    talk_expect(SCardConnect(context, reader, SCARD_SHARE_SHARED,
                             SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &protocol),
                SCARD_S_SUCCESS);
    ck_assert_uint_eq(protocol, SCARD_PROTOCOL_T1);
    return card;
}

size_t
talk_exchange(SCARDHANDLE card, const uint8_t *command, size_t len, uint8_t *response, size_t size)
{
    DWORD got = size;

    talk_expect(SCardTransmit(card, SCARD_PCI_T1, command, len, NULL, response, &got),
                SCARD_S_SUCCESS);
    ck_assert_uint_ge(got, 2);
    return got;
}

void
talk_apdu(SCARDHANDLE card, const char *command, const char *response)
{
    g_autoptr(GByteArray) bytes = test_bytes(command);
    g_autofree uint8_t *answer = g_malloc(TALK_APDU_MAX);
    size_t len = talk_exchange(card, bytes->data, bytes->len, answer, TALK_APDU_MAX);

    test_bytes_check(answer, len, response);
}

void
talk_ends(SCARDHANDLE card, const char *command, const char *sw)
{
    g_autoptr(GByteArray) bytes = test_bytes(command);
    g_autofree uint8_t *answer = g_malloc(TALK_APDU_MAX);
    size_t len = talk_exchange(card, bytes->data, bytes->len, answer, TALK_APDU_MAX);

    test_bytes_check(answer + len - 2, 2, sw);
}

char *
talk_dup_atr(SCARDHANDLE card)
{
    uint8_t atr[MAX_ATR_SIZE];
    DWORD len = sizeof atr;
    DWORD state = 0;
    DWORD protocol = 0;

    talk_expect(SCardStatus(card, NULL, NULL, &state, &protocol, atr, &len), SCARD_S_SUCCESS);
    return tke_hex_encode(atr, len);
}

DWORD
talk_feature(SCARDHANDLE card, uint8_t feature)
{
    uint8_t list[256];
    DWORD len = 0;

    talk_expect(SCardControl(card, CM_IOCTL_GET_FEATURE_REQUEST, NULL, 0, list, sizeof list, &len),
                SCARD_S_SUCCESS);
    ck_assert_uint_eq(len % 6, 0);
    for (DWORD i = 0; i < len; i += 6) {
        ck_assert_uint_eq(list[i + 1], 4);
        if (list[i] == feature) {
            return (DWORD) list[i + 2] << 24 | (DWORD) list[i + 3] << 16 |
                   (DWORD) list[i + 4] << 8 | list[i + 5];
        }
    }
    return 0;
}
