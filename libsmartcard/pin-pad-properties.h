/*
 * What a reader tells of its keypad: properties as TLV (PC/SC part 10, 2.6.14) and the older
 * structure IFD_PIN_PROPERTIES (2.5.5).
 *
 * They are advice, not needed for an entry: what is missing or makes no sense counts as not told,
 * and is noted as such for reports.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_PIN_PAD_FIRMWARE_MAX 64u

/* bEntryValidationCondition */
#define TKE_PIN_PAD_ENDS_ON_FULL 0x01u
#define TKE_PIN_PAD_ENDS_ON_KEY 0x02u
#define TKE_PIN_PAD_ENDS_ON_TIMEOUT 0x04u
#define TKE_PIN_PAD_ENDS_ON_ANY 0x07u

typedef struct TkePinPadProperties {
    bool told;      /* the reader told some, in either way */
    bool malformed; /* an answer broke off or had more than belongs there */
    /* something was told twice, differently, or sizes that exclude each other */
    bool contradictory;
    bool has_display;    /* lcd_layout is known */
    uint16_t lcd_layout; /* lines, characters a line; 0: no display */
    uint8_t conditions;  /* how an entry may end; 0: not told */
    bool has_timeout2;
    uint8_t timeout2; /* seconds after the first key; 0: not told apart from the other */
    bool has_min_pin;
    uint8_t min_pin;
    bool has_max_pin;
    uint8_t max_pin;
    char firmware[TKE_PIN_PAD_FIRMWARE_MAX + 1]; /* printable; "" if not told */
    bool has_ppdu;
    uint8_t ppdu;
    bool has_max_apdu;
    uint32_t max_apdu; /* bytes of data in an APDU; 0: short APDUs only */
    uint16_t vendor;   /* of USB; 0: not told */
    uint16_t product;
} TkePinPadProperties;

/*
 * Adds what a list of TLV says. One that breaks off adds nothing and sets malformed; a property of
 * another length than it should have is left out.
 */
TKE_PUBLIC void tke_pin_pad_properties_add_tlv(TkePinPadProperties *properties, const uint8_t *list,
                                               size_t len);

/* Adds what the structure says where the TLV did not; integers in it are in the host's order. */
TKE_PUBLIC void tke_pin_pad_properties_add_structure(TkePinPadProperties *properties,
                                                     const uint8_t *bytes, size_t len);
