/*
 * A zone on virtual cards, built with libsmartcard's own procedures: two readers, a CA card, EP11
 * cards.
 */
#pragma once

#include <check.h>

#include "libsmartcard/card-identity.h"
#include "libsmartcard/card.h"
#include "libsmartcard/zone-certificate.h"
#include "tests/support/virtual-readers.h"

#define WORLD_FIRST "111111"
#define WORLD_SECOND "222222"
#define WORLD_PIN "123456"

typedef struct CardWorld {
    VirtualReaders *readers;
    TkeCardSource *source;
    GPtrArray *cards; /* every SimCard made */
    SimCard *ca;      /* NULL before card_world_make_zone */
    TkeZoneCertificate zone;
} CardWorld;

/* Readers only; a second of their clocks lasts second_ms. */
CardWorld *card_world_new(unsigned second_ms);
void card_world_free(CardWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CardWorld, card_world_free)

/* A card with its applet just installed, which takes extended length; belongs to the world. */
SimCard *card_world_make_card(CardWorld *world, const char *name, SimCardKind kind);

/* Puts the card into a reader, in place of what is there, and opens it; the caller frees. */
TkeCard *card_world_insert(CardWorld *world, SimCard *card, unsigned number);

/* The same, recognised. */
TkeCard *card_world_recognise(CardWorld *world, SimCard *card, unsigned number,
                              TkeCardStatus *status);

/* Somebody types the PIN; it is right. */
void card_world_verify(CardWorld *world, TkeCard *card, uint8_t reference, const char *pin);
void card_world_set_pin(CardWorld *world, TkeCard *card, uint8_t reference, const char *pin);

/* A CA card of a new zone, PINs WORLD_FIRST and WORLD_SECOND. */
void card_world_make_zone(CardWorld *world);

/* The CA card in reader 1 with both PINs verified; the caller frees. */
TkeCard *card_world_open_ca(CardWorld *world);

/* An EP11 card enrolled in the zone, with WORLD_PIN, described as its name. */
SimCard *card_world_make_member(CardWorld *world, const char *name);

/* A personalised card in a reader with its PIN verified; status as it was before. The caller
 * frees. */
TkeCard *card_world_open_member(CardWorld *world, SimCard *card, unsigned number,
                                TkeCardStatus *status);

/* Fails the test with the message of an error, if there is one. */
#define card_world_check(call, error)                                                              \
    do {                                                                                           \
        const bool card_world_ok = (call);                                                         \
        ck_assert_msg(card_world_ok, "%s: %s", #call,                                              \
                      (error) != NULL ? (error)->message : "no error");                            \
    } while (0)
