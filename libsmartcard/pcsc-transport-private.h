/*
 * What the files of the PC/SC transport share: the functions of libpcsclite as a table, so that
 * tests can play every code and every order of events, and the parts of source and connection. Not
 * installed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <winscard.h>

#include "libsmartcard/pcsc-transport.h"

typedef struct TkePcscApi {
    LONG(*establish_context)
    (DWORD scope, LPCVOID reserved1, LPCVOID reserved2, LPSCARDCONTEXT context);
    LONG (*release_context)(SCARDCONTEXT context);
    LONG (*list_readers)(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD len);
    LONG(*get_status_change)
    (SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD n);
    LONG (*cancel)(SCARDCONTEXT context);
    LONG(*connect)
    (SCARDCONTEXT context, LPCSTR reader, DWORD share_mode, DWORD protocols, LPSCARDHANDLE card,
     LPDWORD protocol);
    LONG(*reconnect)
    (SCARDHANDLE card, DWORD share_mode, DWORD protocols, DWORD initialization, LPDWORD protocol);
    LONG (*disconnect)(SCARDHANDLE card, DWORD disposition);
    LONG (*begin_transaction)(SCARDHANDLE card);
    LONG (*end_transaction)(SCARDHANDLE card, DWORD disposition);
    LONG(*status)
    (SCARDHANDLE card, LPSTR reader, LPDWORD reader_len, LPDWORD state, LPDWORD protocol,
     LPBYTE atr, LPDWORD atr_len);
    LONG(*transmit)
    (SCARDHANDLE card, const SCARD_IO_REQUEST *send_pci, LPCBYTE command, DWORD command_len,
     SCARD_IO_REQUEST *receive_pci, LPBYTE response, LPDWORD response_len);
    LONG(*control)
    (SCARDHANDLE card, DWORD code, LPCVOID in, DWORD in_len, LPVOID out, DWORD size,
     LPDWORD out_len);
    LONG (*get_attribute)(SCARDHANDLE card, DWORD id, LPBYTE value, LPDWORD len);
    const char *sysfs; /* "/sys" */
} TkePcscApi;

/* libpcsclite. */
extern const TkePcscApi tke_pcsc_api_system;

/* A source on another table, which must be static. */
TkeCardSource *tke_pcsc_transport_new_on(const TkePcscApi *api, const TkePcscOptions *options);

/* What a connection or a control command needs to know of its source. */
typedef struct TkePcscRules {
    bool virtual_readers;
    char **serials; /* NULL: all */
    unsigned answer_ms;
} TkePcscRules;

TkePcscRules *tke_pcsc_rules_copy(const TkePcscRules *rules);
void tke_pcsc_rules_free(TkePcscRules *rules);

/* May this reader be used? Else the error says why. */
bool tke_pcsc_rules_check(const TkePcscRules *rules, bool is_virtual, const char *serial,
                          const char *reader_name, GError **error);

/* Does the source show this reader? */
bool tke_pcsc_rules_lists(const TkePcscRules *rules, bool is_virtual, const char *serial);

/* Opens a connection; service_name is what PC/SC calls the reader. */
TkeCardConnection *tke_pcsc_connection_open(const TkePcscApi *api, const TkePcscRules *rules,
                                            const char *reader_name, const char *service_name,
                                            GCancellable *cancellable, GError **error);

/* SCardControl on a reader without a card. */
bool tke_pcsc_reader_control(const TkePcscApi *api, const TkePcscRules *rules,
                             const char *reader_name, const char *service_name, uint32_t code,
                             const uint8_t *in, size_t in_len, uint8_t *out, size_t size,
                             size_t *out_len, GError **error);

/* True while a call to this reader was left and has not come back. */
bool tke_pcsc_is_silent(const char *service_name);
void tke_pcsc_set_silent(const char *service_name, bool silent);
