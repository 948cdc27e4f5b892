/*
 * Talking to pcscd in tests, with libpcsclite and nothing of ours. What fails, fails the test.
 */
#pragma once

#include <PCSC/winscard.h>
#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALK_WAIT_MS 30000
#define TALK_APDU_MAX 65548u

/* A code of PC/SC is the expected one; the message names both. */
#define talk_expect(call, wanted)                                                                  \
    do {                                                                                           \
        LONG talk_code = (call);                                                                   \
        ck_assert_msg(talk_code == (LONG) (wanted), "%s: %s", #call,                               \
                      pcsc_stringify_error(talk_code));                                            \
    } while (0)

SCARDCONTEXT talk_new_context(void);

/* Waits until the reader is as wanted (SCARD_STATE_PRESENT, _EMPTY, _MUTE, …); its state with
 * event count. */
DWORD talk_wait_state(SCARDCONTEXT context, const char *reader, DWORD wanted);

/* Waits until its state (event count included) is another one than that; the new one. */
DWORD talk_wait_change(SCARDCONTEXT context, const char *reader, DWORD state);

/* A shared connection to the card, which is waited for. */
SCARDHANDLE talk_connect(SCARDCONTEXT context, const char *reader);

/* One APDU; the length of the response. */
size_t talk_exchange(SCARDHANDLE card, const uint8_t *command, size_t len, uint8_t *response,
                     size_t size);

/* A command in hex and the whole response in hex. */
void talk_apdu(SCARDHANDLE card, const char *command, const char *response);

/* A command in hex; the status word of its response, in hex. */
void talk_ends(SCARDHANDLE card, const char *command, const char *sw);

/* The ATR as pcscd tells it, in hex; the caller frees. */
char *talk_dup_atr(SCARDHANDLE card);

/* The control code of a feature; 0: the reader has none. */
DWORD talk_feature(SCARDHANDLE card, uint8_t feature);
