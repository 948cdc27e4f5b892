/*
 * TkeCardSession: "I need this card with its PIN": asks until it has it.
 *
 * The session keeps the connection to the card in each reader, what was recognised and which PINs
 * are verified. It outlives operations, so that the last signer's card serves the next one too. A
 * PIN lasts until the card is taken out or reset, until the idle limit has passed (EP11 card 15
 * minutes, CA card 10 minutes), or until a command that wants it fresh.
 *
 * A card that does not fit is no error: the prompt stays and says why. Used by one thread, the one
 * that runs operations.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/prompter.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card-transport.h"
#include "libsmartcard/card.h"
#include "libsmartcard/reader.h"

#define TKE_CARD_SESSION_CA_IDLE_S 600u
#define TKE_CARD_SESSION_EP11_IDLE_S 900u /* unless the settings say otherwise */

/*
 * Says why a card of the wanted kind does not do: false, a word for programs and, to be freed, a
 * text for people. card is open and its applet selected; what is read from it needs no PIN.
 */
typedef bool (*TkeCardFits)(TkeCard *card, const TkeCardStatus *status, void *data,
                            const char **reason_word, char **reason);

typedef struct TkeCardNeed {
    unsigned reader; /* 1 or 2 */
    TkeWantedCard wanted;
    const char *title;   /* what to insert, one sentence; NULL: made from wanted */
    const char *purpose; /* for programs (docs/events.md); may be NULL */
    unsigned number;     /* which of several, from 1; 0: does not matter */
    unsigned total;
    const uint8_t *zone_id;       /* 8 bytes; NULL: any zone */
    const char *zone_description; /* NULL: what a card of the zone has said, if there was one */
    const uint8_t *other_than;    /* card id that it must not have (E-C17); NULL: any */
    unsigned n_other_than;        /* of so many, one after the other; 0: of one */
    /*
     * A card of zone_id on which this step was begun and only its end is missing fits too:
     * NEW_EP11: one that is enrolled already, if it is put in now; BLANK_CA: one without a
     * description.
     */
    bool unfinished_too;
    /*
     * A card onto which an applet can be loaded fits too (op-card-load): one without an applet of
     * ours, with the other applet, or, if it is put in now, one in use.
     */
    bool loadable;
    /* The card on which an earlier run of this step was interrupted: fits too, however far that
     * one had come. */
    const uint8_t *begun_id;
    /*
     * A card that answers nonsense, or nothing, to the questions what it is or to a reset fits too:
     * NULL without an error then, and tke_card_session_get_trouble() says what it was.
     */
    bool odd_too;
    bool overwrite;   /* a card in use fits also if it is in already */
    TkeCardFits fits; /* may be NULL */
    void *fits_data;
    /* For fits, set before it is called: the card was put in after it had been asked for. May be
     * NULL. */
    bool *put_in_now;
} TkeCardNeed;

/* Borrows the source, which must outlive the session. */
TKE_PUBLIC TkeCardSession *tke_card_session_new(TkeCardSource *source);
TKE_PUBLIC void tke_card_session_free(TkeCardSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCardSession, tke_card_session_free)

/* How long an EP11 card stays unlocked while nobody uses it; 0: as long as it is in its reader. */
TKE_PUBLIC void tke_card_session_set_idle_s(TkeCardSession *session, unsigned seconds);

/* Which readers are 1 and 2, as settings remember them; the keys are copied, names are not
 * taken. */
TKE_PUBLIC void tke_card_session_set_readers(TkeCardSession *session,
                                             const TkeReaderChoice *choice);

/* As they are chosen now, borrowed. Names: what a person has said of readers that cannot be told
 * apart. */
TKE_PUBLIC TkeReaderChoice tke_card_session_get_readers(const TkeCardSession *session);

/* Somebody else has seen one of them unplugged: a person has to say it again. */
TKE_PUBLIC void tke_card_session_forget_names(TkeCardSession *session);

/*
 * Asks for a card in the reader that is to be reader 1, and, where it is not the only one left, in
 * the one that is to be reader 2. lasting: the keys of the session are these now, for settings to
 * keep; false: it holds while both stay plugged in and the session lasts, because they cannot be
 * told apart.
 */
TKE_PUBLIC bool tke_card_session_identify(TkeOperation *op, bool *lasting, GError **error);

/*
 * The card in the reader, fitting; asked for if need be. Borrowed, valid until it is taken out:
 * call again after anything that may have taken time. status (may be NULL) is borrowed too.
 */
TKE_PUBLIC TkeCard *tke_card_session_need(TkeOperation *op, const TkeCardNeed *need,
                                          const TkeCardStatus **status, GError **error);

/*
 * A verified PIN of the card in the reader. fresh: typed now, whatever was typed before (backups,
 * copies). Wrong entries are asked again while tries are left; the last try of a CA PIN only after
 * a warning. Blocked: TKE_CARD_ERROR_PIN_BLOCKED; cancelled on the pad:
 * TKE_CARD_ERROR_PIN_CANCELLED; three entries in a row that timed out: TKE_CARD_ERROR_PIN_TIMEOUT.
 */
TKE_PUBLIC bool tke_card_session_need_pin(TkeOperation *op, unsigned reader, uint8_t reference,
                                          bool fresh, GError **error);

/* Both PINs of the CA card in the reader (P-4). */
TKE_PUBLIC bool tke_card_session_need_ca_pins(TkeOperation *op, unsigned reader, bool fresh,
                                              GError **error);

/*
 * Fails if the reader says that no PIN can be typed on it (E-C18): asked before a card is erased
 * or loaded that is to get a PIN there. A reader that another program holds does not tell, and is
 * waited for later.
 */
TKE_PUBLIC bool tke_card_session_need_keypad(TkeOperation *op, unsigned reader, GError **error);

/* A first PIN (P-3), and a change of one; repeated as above. */
TKE_PUBLIC bool tke_card_session_set_pin(TkeOperation *op, unsigned reader, uint8_t reference,
                                         GError **error);
TKE_PUBLIC bool tke_card_session_change_pin(TkeOperation *op, unsigned reader, uint8_t reference,
                                            GError **error);

/* True while the PIN of the card in the reader is verified, as far as the host knows. */
TKE_PUBLIC bool tke_card_session_is_unlocked(TkeCardSession *session, unsigned reader,
                                             uint8_t reference);

/*
 * The card in the reader, which must still be the one with this id, with its PINs as they were
 * verified; after something else was asked of people. Those that have been open too long meanwhile
 * are asked for again. status (may be NULL) is borrowed. Taken out or exchanged:
 * TKE_CARD_ERROR_REMOVED.
 */
TKE_PUBLIC TkeCard *tke_card_session_still(TkeOperation *op, unsigned reader,
                                           const uint8_t card_id[static TKE_CARD_ID_LEN],
                                           const TkeCardStatus **status, GError **error);

/* The card in a reader as it was last seen, without asking anybody; NULL if there is none. */
TKE_PUBLIC TkeCard *tke_card_session_get(TkeCardSession *session, unsigned reader,
                                         const TkeCardStatus **status);

/*
 * Looks which cards are in which readers now, without waiting. readers (may be NULL): to be freed.
 * Readers without number, because they cannot be told apart, count as absent.
 */
TKE_PUBLIC bool tke_card_session_look(TkeOperation *op, TkeReaders **readers, GError **error);

/*
 * The same; where this reader (0: one of the two) cannot be told apart a person is asked which is
 * which (asked, may be NULL, is true then).
 */
TKE_PUBLIC bool tke_card_session_look_identified(TkeOperation *op, unsigned reader,
                                                 TkeReaders **readers, bool *asked, GError **error);

/* Reads the status of the card again after something was changed: one APDU. */
TKE_PUBLIC bool tke_card_session_query_status(TkeOperation *op, unsigned reader,
                                              const TkeCardStatus **status, GError **error);

/* Recognises the card in a reader anew, after an applet was loaded onto it; no PIN is verified
 * then. */
TKE_PUBLIC bool tke_card_session_recognise(TkeOperation *op, unsigned reader,
                                           const TkeCardStatus **status, GError **error);

/* What an operation has read itself is the status of the card in a reader. */
TKE_PUBLIC void tke_card_session_set_status(TkeCardSession *session, unsigned reader,
                                            const TkeCardStatus *status);

/*
 * After an error of a card: what cannot be relied on any more is dropped, so that the card is
 * recognised anew and its PIN asked for. Call with every error.
 */
TKE_PUBLIC void tke_card_session_settle(TkeCardSession *session, const GError *error);

/*
 * Ends what PINs have opened in a reader (End session). False: a PIN that neither its command nor a
 * reset closes may still be open, and a person has to take the card out. That is the trouble of the
 * card from now on; it is not used any more until it is taken out.
 */
TKE_PUBLIC bool tke_card_session_lock(TkeCardSession *session, unsigned reader, GError **error);

/*
 * For a program that waits between two operations: locks a card whose PIN was open too long, one
 * at a time. *locked: its reader, 0: none. To be called again after *ms milliseconds (-1: nothing
 * is open). False: the card stays open, and a person has to take it out.
 */
TKE_PUBLIC bool tke_card_session_idle(TkeCardSession *session, unsigned *locked, int *ms,
                                      GError **error);

/*
 * Lets go of cards that no PIN holds open, so that other programs reach them; they are opened and
 * recognised anew when next looked at. For programs that stay open between operations.
 */
TKE_PUBLIC void tke_card_session_rest(TkeCardSession *session);

/* Why the card in a reader cannot be used; borrowed; NULL: it can, or there is none. */
TKE_PUBLIC const GError *tke_card_session_get_trouble(TkeCardSession *session, unsigned reader);

/* Seconds until both PINs of the CA card in reader 1 have to be entered again; 0: now. */
TKE_PUBLIC unsigned tke_card_session_ca_seconds_left(TkeCardSession *session);

/* What was asked of people since the session began: tests count. */
typedef struct TkeCardSessionCounts {
    unsigned insertions; /* prompts for a card that a card had to be inserted for */
    unsigned pins;       /* PIN entries, each change or setting counted once */
} TkeCardSessionCounts;

TKE_PUBLIC void tke_card_session_get_counts(const TkeCardSession *session,
                                            TkeCardSessionCounts *counts);
