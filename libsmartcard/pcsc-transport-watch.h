/*
 * The readers and their states as pcscd tells them: what the thread of a source works on. Internal.
 */
#pragma once

#include "libsmartcard/pcsc-transport-private.h"

/* What is compared: card, trouble, and the counter of insertions and removals in the upper half. */
#define TKE_PCSC_STATE_MASK                                                                        \
    (0xFFFF0000u | SCARD_STATE_PRESENT | SCARD_STATE_EMPTY | SCARD_STATE_MUTE |                    \
     SCARD_STATE_UNAVAILABLE)

typedef struct TkePcscWatch {
    const TkePcscApi *api;
    SCARDCONTEXT context;
    int has_context;  /* atomic: for the interruption */
    int stop;         /* atomic: the wait is to end */
    unsigned losses;  /* how often the service ended */
    bool was_lost;    /* the service ended since the last list; it may be coming back */
    GPtrArray *names; /* char *, as pcscd has them; NULL: nothing was listed yet */
    GArray *states;   /* uint32_t each, masked */
    uint32_t plug;    /* state of the pseudo reader that tells of plugged readers */
    int timeout_ms;   /* of a wait; -1: for ever */
    bool changed;     /* of a wait */
    uint32_t code;    /* of the last job */
} TkePcscWatch;

TkePcscWatch *tke_pcsc_watch_new(const TkePcscApi *api);

/* ---- jobs; code tells the outcome ---- */
void tke_pcsc_watch_list(void *state);
void tke_pcsc_watch_wait(void *state);
void tke_pcsc_watch_interrupt(void *state);
void tke_pcsc_watch_finish(void *state);
void tke_pcsc_watch_free(void *state);

/* Names in a list of texts each ended by NUL; whatever its bytes are, nothing behind len is
 * read. */
GPtrArray *tke_pcsc_watch_parse_names(const char *list, size_t len);
