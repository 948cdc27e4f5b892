/*
 * Who a reader is: its name in parts, serial number, port, whether it is virtual (F-003). Internal.
 *
 * Readers are asked through a handle of any kind. What they say is remembered for the process,
 * because a reader that another program (or a connection of ours) holds exclusively cannot be
 * asked again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsmartcard/pcsc-transport-private.h"

#define TKE_PCSC_VENDOR "OpenTKE" /* SCARD_ATTR_VENDOR_NAME of the simulator's readers */

typedef struct TkePcscIdentity {
    bool known; /* the reader was asked; else only its name was read */
    bool is_virtual;
    char *serial;     /* with "/1" behind it for slot 1 and so on; "" if it tells none */
    char *port;       /* "usb:1-1.4"; "" if unknown */
    bool no_keypad;   /* has told that it cannot take PINs, or is known for it */
    bool is_extended; /* carries extended APDUs of the length that cards take */
} TkePcscIdentity;

void tke_pcsc_identity_clear(TkePcscIdentity *identity);

/* A name or another text of the service's as we show it: UTF-8 without control characters. */
char *tke_pcsc_reader_dup_text(const char *text, size_t len);

/* "Identiv SPR332 v2" of "Identiv SPR332 v2 [CCID Interface] (55011932) 01 00". */
char *tke_pcsc_reader_dup_model(const char *name);

/* What the name alone tells. */
void tke_pcsc_identity_from_name(const char *name, TkePcscIdentity *identity);

/* Asks the reader. */
void tke_pcsc_identity_ask(const TkePcscApi *api, SCARDHANDLE handle, const char *name,
                           TkePcscIdentity *identity);

/*
 * Does the vendor attribute say that the reader is one of the simulator's? Where the answer is
 * none, *is_virtual stays as it was; false: the question failed, and says nothing of the reader.
 */
bool tke_pcsc_reader_ask_virtual(const TkePcscApi *api, SCARDHANDLE handle, bool *is_virtual);

/* Remembered identities, by name; the copy is the caller's. */
bool tke_pcsc_identity_recall(const TkePcscApi *api, const char *name, TkePcscIdentity *identity);
void tke_pcsc_identity_remember(const TkePcscApi *api, const char *name,
                                const TkePcscIdentity *identity);
void tke_pcsc_identity_forget(const TkePcscApi *api, const char *name);

/*
 * Recalls, else asks the reader through a connection without a card, else goes by its name. Waits a
 * moment only; an answer that comes later is remembered.
 */
void tke_pcsc_identity_find(const TkePcscApi *api, const char *name, TkePcscIdentity *identity);

/*
 * Who the reader behind a handle of ours is. Whether it is virtual, its serial number and its port
 * are asked always: one of the same name may have been plugged in in its place without anybody
 * seeing it (a reader whose counter was 0 before and after). A reader that says something else
 * than before is asked everything; exchanged: it is another one. What is remembered stays where it
 * does not answer; false: nothing is known and the reader does not tell. Clear identity if true.
 */
bool tke_pcsc_identity_confirm(const TkePcscApi *api, SCARDHANDLE handle, const char *name,
                               TkePcscIdentity *identity, bool *exchanged);

/* Serial number and port as the reader tells them now; without an answer the number stays, the
 * port becomes "". */
void tke_pcsc_identity_ask_place(const TkePcscApi *api, SCARDHANDLE handle, const char *name,
                                 TkePcscIdentity *identity);

/* ---- parsers of foreign bytes, here for tests ---- */

/* "usb:1-1.4" of "1-1.4:1.0"; "usb:1-1.4/i1" of "1-1.4:1.1"; NULL: that is no path. */
char *tke_pcsc_reader_parse_usb_path(const uint8_t *text, size_t len);

/* "usb:1-1.4" of SCARD_ATTR_CHANNEL_ID, looked up in sysfs; NULL: not found. */
char *tke_pcsc_reader_find_usb_port(const char *sysfs, uint32_t channel);
