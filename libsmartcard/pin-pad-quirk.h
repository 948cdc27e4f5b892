/*
 * Readers whose keypads want something else than PC/SC part 10 says, or that had to be looked into:
 * which they are, what they want, and where that is known from (pin-pad-quirk.inc).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"

typedef enum {
    TKE_PIN_PAD_KEYPAD_TRUE,        /* as far as is known */
    TKE_PIN_PAD_KEYPAD_FALSE_CLAIM, /* the feature list speaks of a keypad that is not there */
    TKE_PIN_PAD_KEYPAD_LEAKS,       /* what is typed reaches the computer too */
} TkePinPadKeypad;

typedef struct TkePinPadQuirk {
    const char *word; /* for programs and reports: "spr332"; "standard" */
    uint16_t vendor;  /* of USB */
    uint16_t product;
    /* parts of PC/SC names, '|' between them, for readers that tell no numbers */
    const char *names;
    TkePinPadKeypad keypad;
    uint8_t conditions;      /* bEntryValidationCondition: those it takes */
    uint8_t verify_messages; /* bNumberMessage */
    uint8_t set_messages;
    uint8_t change_messages;
    bool zero_indices; /* bMsgIndex1 to 3 are all 0 when a PIN is set or changed */
    uint8_t block;     /* bmPINBlockString: 08, 8 bytes without a length in them */
    const char *source;
} TkePinPadQuirk;

/*
 * The row of a reader by its USB numbers; where it told none (0), by its name (NULL: unknown).
 * Never NULL: without a row of its own it is a reader as the standard wants it.
 */
TKE_PUBLIC const TkePinPadQuirk *tke_pin_pad_quirk_find(uint16_t vendor, uint16_t product,
                                                        const char *reader_name);

/* All rows, the standard one first: for tests and documentation. NULL: no more. */
TKE_PUBLIC const TkePinPadQuirk *tke_pin_pad_quirk_get(unsigned index);
