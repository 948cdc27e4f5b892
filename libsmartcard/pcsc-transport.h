/*
 * Readers and cards of this machine: card-transport.h on PC/SC (pcscd).
 *
 * A source has a context of its own for its list and its waiting, and so has every connection:
 * whoever types on one PIN pad keeps nobody else waiting. Connections are exclusive: another
 * program that holds a card without using it is kept out by a transaction as long as the
 * connection lasts. When a PIN was typed through a connection, closing it resets the card, so that
 * no other program finds it unlocked.
 *
 * No call blocks for ever, although PC/SC's may: after answer_ms a connection says
 * TKE_CARD_ERROR_SILENT and is of no more use; taking out the card or the reader ends what is left
 * of the call. A PIN entry may take the time of two more PINs, since a change has three. A service
 * that is started anew is found again by the next list.
 *
 * A reader of the simulator is known by its vendor attribute. It is listed as virtual and refused,
 * unless the source is one for virtual readers, which lists and takes nothing else.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libsmartcard/card-transport.h"

#define TKE_PCSC_PIN_MS 20000u    /* for one PIN */
#define TKE_PCSC_DRIVER_MS 5000u  /* more than the driver's own limit for an entry */
#define TKE_PCSC_ANSWER_MS 50000u /* 20 s for a PIN, and 30 s more */

typedef struct TkePcscOptions {
    bool virtual_readers;       /* of a rehearsal, and only those */
    const char *const *serials; /* the virtual readers to be taken, NULL-terminated; NULL: all */
    unsigned answer_ms;         /* how long an answer may take; 0: TKE_PCSC_ANSWER_MS */
} TkePcscOptions;

/*
 * Does not reach for the service yet: list says whether it is there. options may be NULL. Built
 * without PC/SC (TKE_WITH_PCSC 0) there is no such function. Free with source->ops->free().
 */
TKE_PUBLIC TkeCardSource *tke_pcsc_transport_new(const TkePcscOptions *options);
