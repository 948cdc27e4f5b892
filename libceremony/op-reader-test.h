/*
 * Does a reader one has bought fit? A person follows prompts at its keypad (F-011; functions 2.2,
 * P-2, P-3, E-C08 to E-C14, E-C18).
 *
 * It needs a personalised EP11 card whose holder is there: its PIN is checked, changed and changed
 * back. No wrong PIN is asked for, so no try is used up unless somebody mistypes, and the test
 * ends before the last try. What the pad answers to each entry is compared with what it should;
 * the result is a report to keep. Whether the first PIN of a card can be set is tried on the same
 * card, which refuses it because it has one: nothing changes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/pin-pad.h"

typedef enum {
    TKE_READER_VERDICT_NOT_DONE,
    TKE_READER_VERDICT_PASSED,
    TKE_READER_VERDICT_REMARK, /* it works, otherwise than the standard says */
    TKE_READER_VERDICT_FAILED,
} TkeReaderVerdict;

/* For programs: "passed", … not translated, but marked for it, so that _() makes it one for people. */
TKE_PUBLIC const char *tke_reader_verdict_word(TkeReaderVerdict verdict);

/* The tests, in order. */
typedef enum {
    TKE_READER_STEP_STATE,     /* state of the PIN, without an entry */
    TKE_READER_STEP_VERIFY,    /* the right PIN */
    TKE_READER_STEP_CANCEL,    /* the cancel key */
    TKE_READER_STEP_TIMEOUT,   /* no key at all */
    TKE_READER_STEP_SHORT,     /* five digits */
    TKE_READER_STEP_DIFFERENT, /* two new PINs that differ */
    TKE_READER_STEP_SET,       /* a first PIN, which the card refuses */
    TKE_READER_STEP_CHANGE,    /* old PIN, test PIN twice */
    TKE_READER_STEP_BACK,      /* test PIN, old PIN twice */
    TKE_READER_STEP_RESTORED,  /* the old PIN again */
    TKE_READER_STEPS
} TkeReaderStepNumber;

typedef struct TkeReaderStep {
    const char *word; /* for programs: "verify", … */
    const char *what; /* for people, translated */
    uint16_t expected_sw;
    uint16_t sw; /* answered last; 0: nothing */
    unsigned attempts;
    unsigned duration_ms; /* of the last attempt */
    TkeReaderVerdict verdict;
    char *remark; /* for people, translated; NULL: nothing to say */
} TkeReaderStep;

/* The PIN of the card that was used. */
typedef enum {
    TKE_READER_PIN_UNTOUCHED,
    TKE_READER_PIN_AS_BEFORE, /* changed, changed back and checked */
    TKE_READER_PIN_CHANGED,   /* it is the test PIN */
    TKE_READER_PIN_UNKNOWN,   /* one of the two */
} TkeReaderPin;

typedef struct TkeReaderTest {
    gint64 started; /* seconds since 1970 */
    unsigned reader;
    char *name;
    char *text; /* as people know it */
    char *model;
    char *serial;
    char *port;
    bool is_virtual;
    bool described; /* pad tells */
    TkePinPad pad;
    char *refusal; /* why no PIN is typed there at all; NULL: it was tried */
    bool has_card;
    TkeCardStatus card;
    TkeReaderStep steps[TKE_READER_STEPS];
    TkeReaderPin pin;
    TkeReaderVerdict verdict; /* of all; NOT_DONE: ended early */
} TkeReaderTest;

TKE_PUBLIC void tke_reader_test_free(TkeReaderTest *test);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeReaderTest, tke_reader_test_free)

typedef struct TkeReaderTestParams {
    unsigned reader;    /* 1 or 2 */
    unsigned second_ms; /* length of a second of the pad's clock, of a rehearsal; 0: a real one */
} TkeReaderTestParams;

/*
 * Tries the keypad. A reader that does not pass is no error: test->verdict says so. test is set,
 * to be freed, as soon as there is anything to report, also on failure: what was found until then,
 * and whether the card has its PIN back.
 */
TKE_PUBLIC bool tke_op_reader_test(TkeOperation *op, const TkeReaderTestParams *params,
                                   TkeReaderTest **test, GError **error);
