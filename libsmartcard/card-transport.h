/*
 * How readers and the cards in them are reached: the interface between the card protocol and what
 * carries it (PC/SC, the socket of the simulator, a test's transcript).
 *
 * A source lists readers, waits for a change and connects. A connection belongs to one reader with
 * one card in it and to the thread that opened it. Errors are TKE_CARD_ERROR (card-error.h) and
 * name the reader. Calls may block; only wait and exchanges in which a person types on the pad
 * block for long.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_CARD_COMMAND_MAX 65544u  /* extended: header, Lc, 65535 bytes, Le */
#define TKE_CARD_RESPONSE_MAX 65538u /* extended: 65536 bytes and the status word */
#define TKE_CARD_ATR_MIN 2u          /* TS, T0 (ISO 7816-3, 8.2) */
#define TKE_CARD_ATR_MAX 33u

/* SCARD_CTL_CODE(n) of pcsc-lite; the feature list is at 3400 (PC/SC part 10, 2.2). */
#define TKE_CARD_CONTROL_CODE(n) (0x42000000u + (n))
#define TKE_CARD_CONTROL_GET_FEATURES TKE_CARD_CONTROL_CODE(3400u)

typedef struct TkeReaderInfo {
    char *name;      /* unique among the readers now there */
    char *model;     /* what people call it */
    char *serial;    /* "" if the reader does not tell */
    char *port;      /* where it is plugged in; "" if unknown */
    bool is_virtual; /* a reader of the simulator, whichever way it is reached */
    bool no_keypad;  /* the reader has told that it cannot take PINs */
    bool card_present;
    uint32_t events; /* insertions and removals seen so far: shows a quick out-and-in */
    bool unasked;    /* serial and port are not known yet: another program holds it */
    uint32_t plugs;  /* counts on when the reader was away: it may be another one of the name */
} TkeReaderInfo;

TKE_PUBLIC TkeReaderInfo *tke_reader_info_copy(const TkeReaderInfo *info);
TKE_PUBLIC void tke_reader_info_free(TkeReaderInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeReaderInfo, tke_reader_info_free)

typedef struct TkeCardConnection TkeCardConnection;
typedef struct TkeCardSource TkeCardSource;

typedef struct TkeCardConnectionOps {
    /* Sends one command APDU, receives response data and status word. size is the room in
     * response. */
    bool (*exchange)(TkeCardConnection *connection, const uint8_t *command, size_t len,
                     uint8_t *response, size_t size, size_t *response_len, GError **error);
    /* SCardControl: feature list, PIN entry on the pad. Blocks while a person types. */
    bool (*control)(TkeCardConnection *connection, uint32_t code, const uint8_t *in, size_t in_len,
                    uint8_t *out, size_t size, size_t *out_len, GError **error);
    /* Resets the card; ATR and state as after insertion. */
    bool (*reset)(TkeCardConnection *connection, GError **error);
    /* Several exchanges without another program between them. */
    bool (*begin)(TkeCardConnection *connection, GError **error);
    void (*end)(TkeCardConnection *connection);
    void (*close)(TkeCardConnection *connection); /* frees; the card keeps its power and state */
} TkeCardConnectionOps;

/* Implementations embed this as their first member. */
struct TkeCardConnection {
    const TkeCardConnectionOps *ops;
    uint8_t atr[TKE_CARD_ATR_MAX];
    size_t atr_len;
    bool extended_length; /* the reader carries extended APDUs */
    unsigned answer_ms;   /* how long an answer may take; 0: not known */
    uint32_t exchanges;   /* APDUs sent so far, counted by the implementation */
};

typedef struct TkeCardSourceOps {
    /* The readers now there, TkeReaderInfo; the caller frees the array. Empty is not an error. */
    GPtrArray *(*list)(TkeCardSource *source, GError **error);
    /*
     * Waits until the readers or cards differ from what list last returned to this source's user,
     * at most timeout_ms (-1: for ever). Timeout is success. Cancelled: G_IO_ERROR_CANCELLED.
     */
    bool (*wait)(TkeCardSource *source, int timeout_ms, GCancellable *cancellable, GError **error);
    /* Exclusive connection to the card in a reader. */
    TkeCardConnection *(*connect)(TkeCardSource *source, const char *reader_name,
                                  GCancellable *cancellable, GError **error);
    /*
     * SCardControl on a reader without its card (direct): feature list and properties, whether a
     * card is in or not. Never a PIN entry. A reader that is held exclusively, by this program
     * too, is TKE_CARD_ERROR_IN_USE: ask through its connection then. Unknown code:
     * TKE_CARD_ERROR_NO_PIN_PAD.
     */
    bool (*control)(TkeCardSource *source, const char *reader_name, uint32_t code,
                    const uint8_t *in, size_t in_len, uint8_t *out, size_t size, size_t *out_len,
                    GError **error);
    void (*free)(TkeCardSource *source);
} TkeCardSourceOps;

/* Implementations embed this as their first member. */
struct TkeCardSource {
    const TkeCardSourceOps *ops;
};
