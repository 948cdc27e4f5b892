/*
 * What card-session.c (cards), card-session-pin.c and card-session-lock.c (PINs) and card-session-readers.c share. Not
 * installed.
 */
#pragma once

#include <string.h>

#include "libceremony/card-session.h"

typedef struct TkeCardSlot {
    TkeCard *card; /* NULL: none, or not to be used */
    TkeCardStatus status;
    char *reader_name;
    char *text;      /* of the reader, as people know it */
    uint32_t events; /* of the reader when the card was opened */
    bool seen;       /* events is known */
    bool fresh;      /* status was read in the last look and not used since */
    bool present;
    GError *trouble;               /* why the card that is there could not be recognised */
    uint8_t atr[TKE_CARD_ATR_MAX]; /* of the card that came in, recognised or not */
    size_t atr_len;                /* 0: it gave none */
    bool verified[2];              /* first, second PIN */
    gint64 used_at[2];             /* monotonic time of the last use, microseconds */
    bool given_up; /* a PIN could not be closed: not used until the card is taken out */
    bool lapsed;   /* a PIN of the card that is in still was open too long, and was closed */
    /* Whether it is genuine, as the last check of this card has found; until it is taken out. */
    bool judged;
    TkeCardStatus judged_status; /* what the card was and held then */
    GError *not_genuine;
} TkeCardSlot;

struct TkeCardSession {
    TkeCardSource *source;
    char *keys[TKE_READERS];
    char *names[TKE_READERS];    /* of readers that cannot be told apart; NULL: not needed */
    uint32_t plugs[TKE_READERS]; /* of those when a person said which is which */
    TkeCardSlot slots[TKE_READERS];
    TkeCardSessionCounts counts;
    unsigned idle_s; /* of EP11 cards; 0: never */
    /* purpose of the step that was begun last and is not done; static; NULL: none */
    const char *begun;
    TkeCardStatus begun_status; /* of its card when it began */
    /* descriptions of the zones that cards have shown, by the text of their ids */
    GHashTable *zones;
};

static inline TkeCardSlot *
tke_card_session_slot(TkeCardSession *session, unsigned reader)
{
    g_return_val_if_fail(reader >= 1 && reader <= TKE_READERS, NULL);
    return &session->slots[reader - 1];
}

/* True once if the last look has opened the card, whose status is therefore as it is now. */
static inline bool
tke_card_session_take_fresh(TkeCardSession *session, unsigned reader)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);
    const bool fresh = slot->card != NULL && slot->fresh;

    slot->fresh = false;
    return fresh;
}

static inline unsigned
tke_card_session_pin_index(uint8_t reference)
{
    return reference == TKE_PIN_SECOND ? 1 : 0;
}

/* What the card says of its PINs, after something that has closed some. */
void tke_card_session_take_status(TkeCardSlot *slot, const TkeCardStatus *status);

/* The PIN is not verified then, and where only a reset could do that none is. */
bool tke_card_session_close_pin(TkeCardSlot *slot, uint8_t reference, GError **error);

/* Gives numbers as chosen; what a person said of readers that were away since is forgotten. */
TkeReaders *tke_card_session_assign(TkeCardSession *session, GPtrArray *infos);

/*
 * These of infos are readers 1 and 2 from now on. False: only while they stay plugged in, because
 * one cannot be told apart from another; the keys stay what they were then.
 */
bool tke_card_session_choose(TkeCardSession *session, GPtrArray *infos,
                             const TkeReaderInfo *const reader[static TKE_READERS]);

/*
 * The step of this purpose (static) has begun on the card of this status. Until it is done a
 * further run of it takes the same card, and reads from it what is missing (E-C07).
 */
void tke_card_session_begin(TkeCardSession *session, const char *purpose,
                            const TkeCardStatus *status);
void tke_card_session_end(TkeCardSession *session);

/* Id and status of its card, borrowed; NULL: no step of this purpose is unfinished. */
const uint8_t *tke_card_session_get_begun(const TkeCardSession *session, const char *purpose);
const TkeCardStatus *tke_card_session_get_begun_status(const TkeCardSession *session,
                                                       const char *purpose);

/* The card is one of those that it must not be. */
static inline bool
tke_card_need_excludes(const TkeCardNeed *need, const uint8_t *card_id)
{
    bool excluded = false;

    for (unsigned i = 0; need->other_than != NULL && i < MAX(1, need->n_other_than); i++) {
        excluded = excluded || memcmp(need->other_than + (size_t) i * TKE_CARD_ID_LEN, card_id,
                                      TKE_CARD_ID_LEN) == 0;
    }
    return excluded;
}

/* The card that the step has begun on, unless it is meant for another zone now, plays another part
 * in it, or is lost. */
static inline bool
tke_card_need_is_begun(const TkeCardNeed *need, const TkeCardStatus *status)
{
    return need->begun_id != NULL &&
           (status->kind == TKE_CARD_KIND_CA || status->kind == TKE_CARD_KIND_EP11) &&
           memcmp(need->begun_id, status->card_id, TKE_CARD_ID_LEN) == 0 &&
           (need->zone_id == NULL || !status->has_zone ||
            memcmp(need->zone_id, status->zone_id, TKE_ZONE_ID_LEN) == 0) &&
           !tke_card_need_excludes(need, status->card_id) && !tke_card_status_is_lost(status);
}

/*
 * The need of a dry run: the card that is in, if it does; it is told, as is the one that would be asked
 * for. NULL, and the end of the dry run (tke_operation_may_change), where people would have to act.
 */
TkeCard *tke_card_session_find(TkeOperation *op, const TkeCardNeed *need,
                               const TkeCardStatus **status, GError **error);

/* In a dry run: tells of this card too, where one before it is missing and ends the run. */
void tke_card_session_look_also(TkeOperation *op, const TkeCardNeed *need);

/* What to insert, one sentence. */
const char *tke_card_session_wanted_title(TkeWantedCard wanted);

/*
 * Does the card in the wanted reader do? If not, why: a word and a text, which stay NULL while
 * there is nothing to say. put_in_now: it was inserted after it had been asked for.
 */
bool tke_card_session_judge(TkeCardSession *session, const TkeCardNeed *wanted, bool put_in_now,
                            const char **word, char **reason);

/*
 * Fails if there is no reader of that number, and for a virtual one outside a rehearsal, with what
 * the source says: no card could end the wait there.
 */
bool tke_card_session_check_reader(TkeOperation *op, unsigned number, const TkeReaders *readers,
                                   GError **error);

/*
 * Is it about the card that lies there: what it answers, or that it answers nothing? False for what
 * takes the way to it away (service, reader, another program, a hand).
 */
bool tke_card_session_is_about_card(const GError *error);

/* True if after this error a card is not, or may not be, what it was believed to be. */
bool tke_card_session_shakes_belief(const GError *error);

/*
 * How long may be waited for cards and readers (-1: for ever): until a PIN has been open too long,
 * retry_ms (-1: none) are over, or nobody is waited for any longer, which is an error. What has been
 * open too long is closed.
 */
bool tke_card_session_may_wait(TkeOperation *op, int retry_ms, int *ms, GError **error);

/*
 * Nobody is waited for any longer (nobody: why; taken) although a card lies in the reader. word,
 * reason: why it does not do; NULL: there is nothing to say. Where it is the card that has to be
 * another one, the error says that (functions 2.2). Always false.
 */
bool tke_card_session_end_wait(TkeCardSession *session, unsigned reader, const char *word,
                               const char *reason, GError *nobody, GError **error);

/* A PIN is blocked: which one, of what card (E-C09, E-C10). Always false. */
bool tke_card_session_blocked(unsigned reader, const TkeCardSlot *slot, uint8_t reference,
                              GError **error);

/* Closes what has been open too long. Milliseconds until the next PIN has; -1: none is open. */
int tke_card_session_close_lapsed(TkeCardSession *session);

/* Forgets what is known of the card in a reader: it is recognised anew. */
void tke_card_session_drop(TkeCardSession *session, unsigned reader);

/* Locks the card; a person is told if it stays open and has to be taken out. */
void tke_card_session_lock_told(TkeOperation *op, unsigned reader);

/* Gives the card in a reader up until it is taken out: why is its trouble, and is taken. */
void tke_card_session_give_up(TkeCardSession *session, unsigned reader, GError *why);

/* The last check of the card in the reader has found this; not_genuine: why it is not; NULL: it
 * is. */
void tke_card_session_note_genuine(TkeCardSession *session, unsigned reader,
                                   const GError *not_genuine);

/* The open card in a reader could take the place of another: it is not lost, and not found to be
 * forged. */
bool tke_card_session_is_useful(TkeCardSession *session, unsigned reader);

/* False: the card that is in the reader was not checked since it was put in. not_genuine is
 * borrowed. */
bool tke_card_session_get_genuine(TkeCardSession *session, unsigned reader,
                                  const GError **not_genuine);

/* What the zone is called, as one of its cards has said; borrowed; NULL: none has. */
const char *tke_card_session_zone_description(TkeCardSession *session, const uint8_t *zone_id);

/* "Demo card" or its id; the caller frees. */
char *tke_card_session_card_text(const TkeCardStatus *status);
