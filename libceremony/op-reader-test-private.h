/*
 * Between op-reader-test.c and op-reader-verdict.c. Not installed.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "libceremony/op-reader-test.h"

/* What the keypad said of an entry, and the card contradicts. */
typedef enum {
    TKE_READER_LIE_NONE,
    TKE_READER_LIE_DONE,   /* done: the card knows nothing of an entry */
    TKE_READER_LIE_FAILED, /* not done: the card has done it */
    TKE_READER_LIE_WRONG,  /* a wrong PIN, or none left: the card has counted no try */
    TKE_READER_LIE_OTHER,  /* anything else: the card has counted a try */
} TkeReaderLie;

/* What has come of an entry, as the card shows. */
typedef enum {
    TKE_READER_EFFECT_NONE,
    TKE_READER_EFFECT_DONE,
    TKE_READER_EFFECT_COUNTED, /* as a wrong PIN */
} TkeReaderEffect;

/* How an entry ended. */
typedef struct TkeReaderOutcome {
    int code;    /* TkeCardError; -1: the card said 9000 */
    uint16_t sw; /* 0: nobody has said one, the exchange broke off */
    TkeReaderLie lie;
    TkeReaderEffect effect;
    unsigned duration_ms;
    unsigned second_ms;
} TkeReaderOutcome;

/* Does the test go on after it, if the card can still be asked what has come of it? */
bool tke_op_reader_verdict_is_about_entry(const GError *error);

/* now: the card's PIN after it. */
TkeReaderEffect tke_op_reader_verdict_find_effect(const TkePinStatus *now, unsigned tries_before);

/* Does the card contradict what the keypad said of the entry? Who has said no status word has said
 * nothing. */
TkeReaderLie tke_op_reader_verdict_find_lie(const TkeReaderOutcome *outcome,
                                            const TkePinStatus *now, unsigned tries_before);

/* Judges the step by its outcome: verdict and remark, which is replaced. */
void tke_op_reader_verdict(TkeReaderStep *step, TkeReaderStepNumber number,
                           const TkeReaderOutcome *outcome);

/* What the activity log keeps; the caller frees. */
JsonObject *tke_op_reader_verdict_values(const TkeReaderTest *test);

/* The verdict of all steps. */
TkeReaderVerdict tke_op_reader_verdict_of_all(const TkeReaderTest *test);

/* What has become of the card's PIN and what to do about it, translated: said whatever went
 * wrong. */
const char *tke_op_reader_verdict_next(const TkeReaderTest *test);
