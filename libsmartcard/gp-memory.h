/*
 * TkeGpMemory: what is remembered of tries to open card managers, so that none is locked by trying
 * too often.
 *
 * An interface: whoever opens a channel says where it is kept. Everything in it is public: the
 * card is named by its answer to reset and what its maker wrote about it, the key set by its check
 * values.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libsmartcard/gp-key-set.h"

/* Openings that were cut off, in a row, before a card is left alone. */
#define TKE_GP_CUT_OFF_MAX 3u

/* Of one card and one key set; zeros: nothing that speaks against a try. */
typedef struct TkeGpTries {
    bool refused; /* the card has said no: never again by itself */
    /* of refused: the card's own proof was right, so that the keys are; it refused ours (SCP03) */
    bool proven;
    /*
     * of refused, not of proven: a try on a person's word has begun, and whether the card's proof
     * is right is not noted yet. It counts as one that is wrong until the same try takes it back.
     */
    bool pending;
    guint32 owner; /* of pending: the try that noted it, drawn at random; 0: none */
    /* keys that fit, but the card's last word is not known: it may have counted a failure */
    unsigned cut_off;
} TkeGpTries;

/* The card's own proof was wrong: nothing ever takes that back. */
TKE_PUBLIC bool tke_gp_tries_is_final(const TkeGpTries *tries);

/*
 * What two notes say together of a card that either may speak of: refused, under way or a wrong
 * proof if one of them says so, proven only if all that refused are, and the higher count.
 */
TKE_PUBLIC void tke_gp_tries_join(TkeGpTries *all, const TkeGpTries *one);

/*
 * Does what is noted stay, whatever a later note says? A wrong proof does, and a retry under way
 * that is another try's, unless the card's own proof was wrong in this one.
 */
TKE_PUBLIC bool tke_gp_tries_stays(const TkeGpTries *stands, const TkeGpTries *tries);

/* The error of a note that another try's retry under way does not let in; false. */
TKE_PUBLIC bool tke_gp_tries_fail_under_way(GError **error);

/* Does one speak more strongly against a try than other? */
TKE_PUBLIC bool tke_gp_tries_is_worse(const TkeGpTries *one, const TkeGpTries *other);

/* Nothing speaks against a try. */
TKE_PUBLIC bool tke_gp_tries_is_clean(const TkeGpTries *tries);

/*
 * Two names of cards that may be one card: the same maker's data, whatever the answers to reset; or
 * the same answer to reset, where one of them does not tell the maker's data.
 */
TKE_PUBLIC bool tke_gp_card_may_be(const char *card, const char *other);

/* Two names of one card for certain: both tell its maker's data, and the same. */
TKE_PUBLIC bool tke_gp_card_is_same(const char *card, const char *other);

/* Both fail with an error that says what could not be read or written. card is hex text:
 * answer to reset, ".", maker's data. */
typedef struct TkeGpMemory {
    /*
     * Of all cards that may be this one, as tke_gp_tries_join() has it. under (NULL: not wanted):
     * the name under which the worst is noted, for g_free(); NULL: nothing is.
     */
    bool (*look)(void *data, const char *card, const TkeGpKeySet *keys, TkeGpTries *tries,
                 char **under, GError **error);
    /*
     * Must be lasting when it returns: it is called before the card is asked, too. Does not replace
     * what is final, whatever another program has seen of the card meanwhile; fails where another
     * try's retry is under way. Nothing against a try: what is noted of the same card under other
     * names goes with it, unless it stays (tke_gp_tries_stays).
     */
    bool (*note)(void *data, const char *card, const TkeGpKeySet *keys, const TkeGpTries *tries,
                 GError **error);
    void *data;
    /*
     * A person has said so: once more after openings that were cut off, or refused though the card's
     * own proof had shown that the keys are right; never after a wrong proof of the card.
     */
    bool retry_cut_off;
    const char *place; /* where it is kept, for support; NULL: nowhere that lasts */
} TkeGpMemory;

/* Ends with the process, and forgets nothing before. Static. */
TKE_PUBLIC const TkeGpMemory *tke_gp_memory_of_process(void);
