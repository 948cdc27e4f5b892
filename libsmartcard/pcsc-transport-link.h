/*
 * What the thread of a connection works on, and the jobs it does. Internal.
 *
 * Between jobs the connection reads and writes the fields; during one nobody but the thread does.
 */
#pragma once

#include "common/secret.h"
#include "libsmartcard/pcsc-transport-private.h"

/* Longest command that is kept in locked memory; longer ones hold nothing secret (apdu.h). */
#define TKE_PCSC_LOCKED_MAX TKE_SECRET_MAX

typedef struct TkePcscLink {
    const TkePcscApi *api;
    TkePcscRules *rules;
    char *reader_name;
    char *service_name;
    SCARDCONTEXT context;
    bool has_context;
    SCARDHANDLE handle;
    bool has_handle;
    bool in_transaction; /* another program has a connection too, and is kept out */
    bool pin_typed;
    DWORD protocol;
    int in_use; /* atomic: another program had the reader when it was to be connected */
    int left;   /* atomic: nobody waits for this thread any more */
    /* the question */
    TkeSecret *locked;    /* holds the command; NULL: none yet */
    GByteArray *ordinary; /* a command too long for it; else NULL */
    size_t command_len;
    uint32_t control_code;
    /* the answer */
    uint8_t answer[TKE_CARD_RESPONSE_MAX];
    size_t answer_len;
    uint8_t atr[TKE_CARD_ATR_MAX];
    size_t atr_len;
    bool extended_length;
    unsigned sent; /* APDUs of the last exchange */
    GError *error;
} TkePcscLink;

TkePcscLink *tke_pcsc_link_new(const TkePcscApi *api, const TkePcscRules *rules,
                               const char *reader_name, const char *service_name);
void tke_pcsc_link_free(void *state);

/* Copies the command to where the thread finds it. TKE_ERROR_SECURE_MEMORY: no room. */
bool tke_pcsc_link_set_command(TkePcscLink *link, const uint8_t *command, size_t len,
                               GError **error);

/* Borrowed; NULL: it has no bytes. What was sent may have been secret, and is wiped. */
const uint8_t *tke_pcsc_link_get_command(const TkePcscLink *link);
void tke_pcsc_link_wipe_command(TkePcscLink *link);

/* ---- jobs ---- */
void tke_pcsc_link_connect(void *state);
void tke_pcsc_link_exchange(void *state);
void tke_pcsc_link_control(void *state);
void tke_pcsc_link_control_reader(void *state); /* connects without a card first */
void tke_pcsc_link_reset(void *state);
void tke_pcsc_link_finish(void *state);
