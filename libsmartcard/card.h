/*
 * TkeCard: one card in one reader.
 *
 * Opens the connection, selects an applet, sends whole commands: chaining, short or extended length
 * and collection of long answers are hidden here, and all limits of section 12 of the card protocol
 * are kept. A card is used by one thread. Everything above (ca-card, ep11-card, card-transfer, …)
 * is functions on a TkeCard, and nothing of it asks the operator anything.
 *
 * Errors are TKE_CARD_ERROR with status word, reader number and name filled in, prefixed "reader 2:
 * ".
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/apdu.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/card-transport.h"

#define TKE_CARD_ID_LEN 8u
#define TKE_ZONE_ID_LEN 8u
#define TKE_CARD_TEXT_MAX 30u /* descriptions and names, without the NUL */

typedef enum {
    TKE_CARD_KIND_FOREIGN = 0, /* none of ours, and no card manager answers */
    TKE_CARD_KIND_CA = 1,
    TKE_CARD_KIND_EP11 = 2,
    TKE_CARD_KIND_EMPTY,         /* none of our applets, but a card manager: one could be loaded */
    TKE_CARD_KIND_OTHER_VERSION, /* our applet in a version this program does not know */
} TkeCardKind;

typedef struct TkeCard TkeCard;

/* Answer of a whole command: all of its data, last status word. */
typedef struct TkeCardAnswer {
    uint8_t data[TKE_APDU_MAX_ANSWER];
    size_t len;
    uint16_t sw;
} TkeCardAnswer;

/*
 * Connects to the card in a reader (exclusive). reader_number (1, 2, or 0 for none) and the name go
 * into errors. Owned by the caller; freeing closes the connection. Keep it open as long as a PIN is
 * to last.
 */
TKE_PUBLIC TkeCard *tke_card_open(TkeCardSource *source, const char *reader_name,
                                  unsigned reader_number, GCancellable *cancellable,
                                  GError **error);

/* The same on a connection that is already there; takes it. */
TKE_PUBLIC TkeCard *tke_card_new(TkeCardConnection *connection, unsigned reader_number,
                                 const char *reader_name);

TKE_PUBLIC void tke_card_free(TkeCard *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCard, tke_card_free)

TKE_PUBLIC unsigned tke_card_get_reader_number(const TkeCard *card);
TKE_PUBLIC const char *tke_card_get_reader_name(const TkeCard *card);

/* What the card said of itself when it got power (ISO 7816-3); borrowed, len bytes (0 to 33). */
TKE_PUBLIC const uint8_t *tke_card_get_atr(const TkeCard *card, size_t *len);

/*
 * Cancelling is checked before every command (never within a chain): G_IO_ERROR_CANCELLED, nothing
 * was sent. NULL (the default): nobody cancels. A reference is kept.
 */
TKE_PUBLIC void tke_card_set_cancellable(TkeCard *card, GCancellable *cancellable);

/* APDUs sent so far, PIN entries on the pad included. */
TKE_PUBLIC unsigned tke_card_get_apdus(const TkeCard *card);

/* Off: the card is treated as one that takes short APDUs only. On (the default): used where card
 * and reader can. For measurements and tests. */
TKE_PUBLIC void tke_card_set_extended_allowed(TkeCard *card, bool allowed);

/* Several commands without another program between them; the calls nest. */
TKE_PUBLIC bool tke_card_begin(TkeCard *card, GError **error);
TKE_PUBLIC void tke_card_end(TkeCard *card);

/* Resets the card; nothing is selected, no PIN verified afterwards. */
TKE_PUBLIC bool tke_card_reset(TkeCard *card, GError **error);

/*
 * Selects the CA or the EP11 applet and notes its version and whether it takes extended length.
 * found tells if it is there (false: status word 6A82 or another refusal); found NULL: absence is
 * an error, TKE_CARD_ERROR_WRONG_KIND. TKE_CARD_ERROR_VERSION: protocol version other than 1.
 */
TKE_PUBLIC bool tke_card_select(TkeCard *card, TkeCardKind kind, bool *found, GError **error);

/* Kind of the applet selected now (FOREIGN: none). */
TKE_PUBLIC TkeCardKind tke_card_get_selected(const TkeCard *card);

/* A whole command; any status word is success, 61xx never comes out. */
TKE_PUBLIC bool tke_card_transmit(TkeCard *card, const TkeApdu *apdu, TkeCardAnswer *answer,
                                  GError **error);

/* A whole command that must end with 9000; what ("making a key part") begins the error otherwise.
 * answer may be NULL if the command has none: data are then TKE_CARD_ERROR_PROTOCOL. */
TKE_PUBLIC bool tke_card_command(TkeCard *card, const TkeApdu *apdu, const char *what,
                                 TkeCardAnswer *answer, GError **error);

/* A command to the reader (feature list, PIN entry). */
TKE_PUBLIC bool tke_card_control(TkeCard *card, uint32_t code, const uint8_t *in, size_t in_len,
                                 uint8_t *out, size_t size, size_t *out_len, GError **error);

/* Sets reader number and name of an error and prefixes it with the reader, once. */
TKE_PUBLIC void tke_card_tag_error(const TkeCard *card, GError **error);

/* Sets TKE_CARD_ERROR_PROTOCOL, "reader 2: <what>: <why>". For parsers of answers. */
TKE_PUBLIC void tke_card_set_protocol_error(const TkeCard *card, const char *what, GError **error);
