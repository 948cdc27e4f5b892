/*
 * The messages on the socket of tke-sim, and a client that speaks them (rehearsal, 4.12).
 *
 * A frame is a length (u32, bytes of the body), a type (u8) and the body; integers are big-endian.
 * The client asks, the server answers each request with one frame: the type of the request with
 * TKE_SIM_ANSWER set, or TKE_SIM_REFUSED with a status and a text. The first request is
 * TKE_SIM_HELLO. Every connection to the socket carries at most one card connection, so that a
 * person who types on one PIN pad keeps nobody else waiting; closing the socket closes the card
 * connection.
 *
 * | request              | body                              | answer                       |
 * | -------------------- | --------------------------------- | ---------------------------- |
 * | TKE_SIM_HELLO        | "OTKS", u16 version               | u16 version, text: program   |
 * | TKE_SIM_LIST         | -                                 | u32 generation, u8 n, n readers |
 * | TKE_SIM_WAIT         | u32 generation, u32 ms            | u32 generation               |
 * | TKE_SIM_WAIT_END     | -                                 | none; ends a TKE_SIM_WAIT early |
 * | TKE_SIM_CONNECT      | text: name of the reader          | u8 1 = extended length, rest: ATR |
 * | TKE_SIM_EXCHANGE     | command APDU                      | response APDU                |
 * | TKE_SIM_CONTROL      | u32 code, rest: data              | data                         |
 * | TKE_SIM_RESET        | -                                 | ATR                          |
 * | TKE_SIM_BEGIN, _END  | -                                 | -                            |
 * | TKE_SIM_CLOSE        | -                                 | -; the card keeps power and state |
 * | TKE_SIM_WORLD        | -                                 | JSON: see TkeSimWorldInfo    |
 * | TKE_SIM_TOKEN        | -                                 | bearer token, ASCII          |
 * | TKE_SIM_COMMAND      | JSON object, "command" names it   | JSON object                  |
 *
 * A reader in TKE_SIM_LIST: u8 1 = card present, u32 events, then name, model, serial and port,
 * each as u8 length and text. TKE_SIM_WAIT answers when the generation is no longer the given one
 * or after so many milliseconds (FFFFFFFF: never by itself).
 *
 * TKE_SIM_READER_CONTROL is TKE_SIM_CONTROL without a card connection, whether a card is in or not
 * (the feature list before insertion): u8 length and name of the reader, u32 code, rest: data. A
 * PIN entry is refused, and so is a reader that a card connection holds.
 *
 * For a driver of readers (simulator/ifd-handler.c), which thinks in slots and in power:
 * TKE_SIM_SLOT (u8 number, from 1) is answered as TKE_SIM_LIST, with that reader alone, or with
 * none while it is unplugged. TKE_SIM_POWER_ON is TKE_SIM_CONNECT with a cold reset: a card that
 * has power loses it first, and so does the card connection of this socket. TKE_SIM_POWER_OFF
 * takes the power from the card and ends the card connection.
 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/byte-cursor.h"
#include "common/public.h"
#include "common/secret.h"

#define TKE_SIM_VERSION 1u
#define TKE_SIM_MAGIC "OTKS"
#define TKE_SIM_FRAME_HEAD 5u
#define TKE_SIM_FRAME_MAX                                                                          \
    1048576u /* bytes of a body; more is refused and the connection closed                         \
              */
#define TKE_SIM_SOCKET_NAME "sim.sock"
#define TKE_SIM_SOCKET_PATH_MAX 107u
#define TKE_SIM_WAIT_FOREVER UINT32_MAX
/* what tke-sim itself answers it answers sooner, on a busy machine too */
#define TKE_SIM_SILENCE_MS 10000u
#define TKE_SIM_CARD_MS 120000u /* three PINs of 20 s, the slowest card, and as much again */

typedef enum {
    TKE_SIM_HELLO = 0x01,
    TKE_SIM_LIST = 0x02,
    TKE_SIM_WAIT = 0x03,
    TKE_SIM_WAIT_END = 0x04,
    TKE_SIM_SLOT = 0x05,
    TKE_SIM_CONNECT = 0x10,
    TKE_SIM_EXCHANGE = 0x11,
    TKE_SIM_CONTROL = 0x12,
    TKE_SIM_RESET = 0x13,
    TKE_SIM_BEGIN = 0x14,
    TKE_SIM_END = 0x15,
    TKE_SIM_CLOSE = 0x16,
    TKE_SIM_READER_CONTROL = 0x17,
    TKE_SIM_POWER_ON = 0x18,
    TKE_SIM_POWER_OFF = 0x19,
    TKE_SIM_WORLD = 0x20,
    TKE_SIM_TOKEN = 0x21,
    TKE_SIM_COMMAND = 0x30,
    TKE_SIM_ANSWER = 0x80,  /* set in the type of an answer */
    TKE_SIM_REFUSED = 0xFF, /* u8 status (TkeSimStatus), text */
} TkeSimMessage;

/* Why a request was refused; what PC/SC would say of a real reader. */
typedef enum {
    TKE_SIM_STATUS_MALFORMED = 1, /* the request makes no sense */
    TKE_SIM_STATUS_NO_SERVICE,    /* as without pcscd */
    TKE_SIM_STATUS_NO_READER,     /* no reader of this name */
    TKE_SIM_STATUS_NO_CARD,       /* the reader is empty */
    TKE_SIM_STATUS_REMOVED,       /* the card was pulled, perhaps another one is in */
    TKE_SIM_STATUS_SHARING,       /* another program holds the reader */
    TKE_SIM_STATUS_MUTE,          /* the card gives no answer to reset */
    TKE_SIM_STATUS_RESET,         /* another program reset the card */
    TKE_SIM_STATUS_SILENT,        /* the card got the command and never answered */
    TKE_SIM_STATUS_FAILED,        /* the exchange failed */
    TKE_SIM_STATUS_NOT_CONNECTED, /* no card connection on this socket */
    TKE_SIM_STATUS_UNSUPPORTED,   /* the reader knows no such control code */
    TKE_SIM_STATUS_COMMAND,       /* a control command cannot be done; the text says why */
    TKE_SIM_STATUS_TIMEOUT,       /* a control command waited in vain for the pad */
    TKE_SIM_STATUS_CORRUPT,       /* the world could not be saved; nothing was answered */
} TkeSimStatus;

/*
 * Sends one frame whose body is head followed by body; either may be empty. The bytes go from the
 * caller's buffers to the socket without a copy.
 */
TKE_PUBLIC bool tke_sim_frame_send(int fd, uint8_t type, const uint8_t *head, size_t head_len,
                                   const uint8_t *body, size_t body_len, GError **error);

/*
 * Receives the head of a frame. G_IO_ERROR_CLOSED when the other side has gone (between frames or
 * in one), TKE_ERROR_INVALID_DATA when the body is longer than TKE_SIM_FRAME_MAX.
 */
TKE_PUBLIC bool tke_sim_frame_receive_head(int fd, uint8_t *type, size_t *len, GError **error);

/* Receives len bytes of a body. */
TKE_PUBLIC bool tke_sim_frame_receive_body(int fd, uint8_t *out, size_t len, GError **error);

/* Takes type and length from the head of a frame; false if the body would be too long. */
TKE_PUBLIC bool tke_sim_frame_parse_head(TkeByteCursor *cursor, uint8_t *type, size_t *len);

/* The body of a TKE_SIM_LIST answer: readers (TkeReaderInfo). Malformed: TKE_ERROR_INVALID_DATA. */
TKE_PUBLIC GPtrArray *tke_sim_parse_readers(const uint8_t *body, size_t len, uint32_t *generation,
                                            GError **error);

/* The JSON object that a body is, and nothing else; NULL if it is none. The caller frees. */
TKE_PUBLIC JsonNode *tke_sim_parse_object(const char *json, size_t len);

/* What a program learns from the world instead of from settings, login and built-in trust. */
typedef struct TkeSimWorldInfo {
    char *directory;         /* of the world */
    char *workstation;       /* stands for every directory that programs keep things in */
    char *base_url;          /* of the service, https://127.0.0.1:PORT */
    char *ca_pem;            /* the only TLS authority */
    GPtrArray *module_roots; /* of GBytes: points of the root keys of the modules, 04, X, Y */
    GPtrArray *root_names;   /* of char *: "CEX5" to "CEX8", in the order of module_roots */
    char *account;
    char *user;
    char *region;
    char *resource_group;
    char **instances; /* ids, ended by NULL */
    GBytes *applet;   /* the applet file (CAP) that rehearsals load; NULL: an older tke-sim */
} TkeSimWorldInfo;

/* Malformed: TKE_ERROR_INVALID_DATA. */
TKE_PUBLIC TkeSimWorldInfo *tke_sim_world_info_parse(const char *json, size_t len, GError **error);
TKE_PUBLIC void tke_sim_world_info_free(TkeSimWorldInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeSimWorldInfo, tke_sim_world_info_free)

/* option, else OPENTKE_WORLD, else $XDG_STATE_HOME/opentke/rehearsal; absolute; the caller frees.
 */
TKE_PUBLIC char *tke_sim_world_directory(const char *option);

/* Path of the socket of a world. Too long for a socket: TKE_ERROR_SETUP. */
TKE_PUBLIC char *tke_sim_socket_path(const char *directory, GError **error);

/*
 * One connection to tke-sim, for one thread at a time. Every call but _open may fail with the
 * errors of _call: G_IO_ERROR_CLOSED when tke-sim has gone, TKE_ERROR_INVALID_DATA when it talks
 * nonsense, TKE_SIM_ERROR when it refuses (code: TkeSimStatus, message: its text).
 *
 * Calls, _open too, wait as long as a person, a card or a crypto unit takes. A tke-sim that is
 * stopped or hangs is G_IO_ERROR_TIMED_OUT with a text that says what to do: for
 * TKE_SIM_SILENCE_MS there was no answer to the greeting, or, later, neither to the call nor to a
 * greeting on another connection; or what is for a card or reader took longer than TKE_SIM_CARD_MS
 * (a thread of tke-sim can hang by itself). Once the thread's current cancellable
 * (g_cancellable_push_current) is cancelled, it has a few moments only: what is a mere question is
 * then G_IO_ERROR_CANCELLED, an order that may have been carried out still G_IO_ERROR_TIMED_OUT.
 */
typedef struct TkeSimClient TkeSimClient;

#define TKE_SIM_ERROR (tke_sim_error_quark())
TKE_PUBLIC GQuark tke_sim_error_quark(void);

/*
 * No world answers there: G_IO_ERROR_NOT_FOUND. Another version of the protocol: TKE_ERROR_SETUP.
 * The world must be our own user's; for root (a driver in the system's pcscd) its directory's
 * owner's.
 */
TKE_PUBLIC TkeSimClient *tke_sim_client_open(const char *directory, GError **error);

/*
 * The same; where no world answers, starts tke-sim (beside this program, in the build tree, in
 * PATH) and waits until it does.
 */
TKE_PUBLIC TkeSimClient *tke_sim_client_open_or_start(const char *directory, GError **error);

/*
 * Every later wait for the socket, also that of this call, ends after so long, whatever tke-sim is
 * doing: G_IO_ERROR_TIMED_OUT. 0: as above.
 */
TKE_PUBLIC TkeSimClient *tke_sim_client_open_timeout(const char *directory, unsigned timeout_ms,
                                                     GError **error);
TKE_PUBLIC void tke_sim_client_set_timeout(TkeSimClient *client, unsigned timeout_ms);

/* No call can succeed any more. */
TKE_PUBLIC bool tke_sim_client_is_broken(const TkeSimClient *client);

/* Breaks the connection off: a call that waits in another thread ends with G_IO_ERROR_CLOSED. */
TKE_PUBLIC void tke_sim_client_interrupt(TkeSimClient *client);

TKE_PUBLIC void tke_sim_client_free(TkeSimClient *client); /* closes the socket */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeSimClient, tke_sim_client_free)

/* What the world is made of, once asked. */
TKE_PUBLIC TkeSimWorldInfo *tke_sim_client_query_world(TkeSimClient *client, GError **error);

/* A fresh bearer token for the service. */
TKE_PUBLIC TkeSecret *tke_sim_client_query_token(TkeSimClient *client, GError **error);

/* A control command ({"command":"insert","reader":1,"card":"ca-1"}, …) and its answer. */
TKE_PUBLIC JsonObject *tke_sim_client_command(TkeSimClient *client, JsonObject *command,
                                              GError **error);

/*
 * One request and its answer; the answer goes into out, which has room for size bytes (a longer one
 * is TKE_ERROR_INVALID_DATA).
 */
TKE_PUBLIC bool tke_sim_client_call(TkeSimClient *client, TkeSimMessage type, const uint8_t *head,
                                    size_t head_len, const uint8_t *body, size_t body_len,
                                    uint8_t *out, size_t size, size_t *out_len, GError **error);

/* The same with an answer of any allowed length, NUL-terminated beyond len; the caller frees. */
TKE_PUBLIC GByteArray *tke_sim_client_call_alloc(TkeSimClient *client, TkeSimMessage type,
                                                 const uint8_t *body, size_t len, GError **error);

/*
 * Waits for a change as TkeCardSourceOps.wait does; generation is the last one seen and is not
 * changed (the next TKE_SIM_LIST tells the new one).
 */
TKE_PUBLIC bool tke_sim_client_wait(TkeSimClient *client, uint32_t generation, int timeout_ms,
                                    GCancellable *cancellable, GError **error);
