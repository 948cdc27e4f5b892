/*
 * A world in the process of the test, with an operator who follows a script: virtual cards and
 * readers, a service of virtual crypto units, the procedures of libceremony.
 *
 * The operator puts the next card handed to a reader into it when a prompt asks for one, types the
 * card's PIN when a pad wants it (or what was said beforehand), and agrees to every plan unless
 * told otherwise. Where no card is left for a prompt, the operation is cancelled.
 */
#pragma once

#include <check.h>
#include <gio/gio.h>
#include <stdbool.h>

#include "libceremony/card-session.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libep11admin/unit-transport.h"
#include "simulator/sim-service.h"
#include "tests/support/card-world.h"

#define WORLD_TEST_PIN "135790" /* in the test of a keypad */
#define CEREMONY_WORLD_INSTANCE "11112222-3333-4444-5555-666677778888"
#define CEREMONY_WORLD_OTHER "99990000-3333-4444-5555-666677778888"
#define CEREMONY_WORLD_FAULT "!" /* begins what a pad answers, instead of keys: "!9000" */
#define WORLD_PAD_LIES CEREMONY_WORLD_FAULT "9000"
/* "?6403:123456E": the entry is done, and the pad says this of it; 0000: that it has failed. */
#define CEREMONY_WORLD_LIE "?"
#define WORLD_PAD_FAILS CEREMONY_WORLD_FAULT "" /* no answer: the entry is broken off */

typedef struct CeremonyWorld CeremonyWorld;

struct CeremonyWorld {
    CardWorld *cards;
    SimService *service;
    TkeUnitTransport *transport; /* borrowed from world; faults: fault-unit-transport.h */
    TkeCardSource *source;       /* borrowed from world; faults: fault-card-source.h */
    char *dir;
    bool keep_dir; /* somebody else needs it still */
    TkeWorld *world;
    TkeActivityLog *log;
    TkeCardSession *session;
    TkeUnitDirectory *units;
    GCancellable *cancellable;
    TkeOperation *op;
    /* the operator */
    GHashTable *by_name; /* SimCard by name; borrowed */
    GQueue *hands[2];    /* names of cards to come, for each reader */
    GQueue *keys[2];     /* what to type instead of the right PIN */
    GQueue *choices;     /* numbers, from 0 */
    bool refuse;         /* answers no to the next plan */
    char *last[2];       /* names of the cards put in last */
    /* which readers they are for the person; 0: as they are */
    unsigned slots[2];
    unsigned patience;                       /* how often a card that is not read is put in again */
    void (*meanwhile)(CeremonyWorld *world); /* happens once, before the next plan is answered */
    void (*at_pin)(CeremonyWorld *world);    /* happens once, before the next PIN is typed */
    /* happens once, instead of putting the next card in; false: it is put in all the same */
    bool (*at_insert)(CeremonyWorld *world, const TkePrompt *prompt);
    void (*at_choice)(CeremonyWorld *world); /* when a choice is shown */
    GString *prompts; /* "insert signer, reader 1", "pin, reader 1", … with reasons, a line each */
    GString *reasons; /* why the cards put in did not do, for people, a line each */
    GString *notes;
    GString *tries; /* tries left as shown before each entry of a PIN: "3 2 " */
    GString *plans; /* actions of the plans shown, a line each */
    /* of the last plan: title, lines, consequence, what is to be typed, a line each */
    GString *details;
    GString *rows;   /* of the last choice, a line each */
    GString *choose; /* "unit-failed: title", … of the choices, a line each */
};

/* The reader that the person takes for number 1 or 2. */
static inline unsigned
ceremony_world_slot(const CeremonyWorld *world, unsigned reader)
{
    return world->slots[reader - 1] != 0 ? world->slots[reader - 1] : reader;
}

/* What the operator does; the interface's ui is the world. */
extern const TkePrompterOps ceremony_world_operator;

/* n_units operational units in imprint mode, all selected; the service's units under real rules. */
CeremonyWorld *ceremony_world_new(unsigned n_units);
/* The same, and the last of the units is of an instance of its own. */
CeremonyWorld *ceremony_world_new_apart(unsigned n_units);
void ceremony_world_free(CeremonyWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CeremonyWorld, ceremony_world_free)

/* The readers are empty, nothing is unlocked, a new session begins. */
void ceremony_world_restart(CeremonyWorld *world);

/* The same people go on with the next operation: cards and session as they are; hands are empty. */
void ceremony_world_go_on(CeremonyWorld *world);

/* A blank card with its applet. */
SimCard *ceremony_world_blank(CeremonyWorld *world, const char *name, SimCardKind kind);

/* The card of that name, which has to be there. */
SimCard *ceremony_world_card(CeremonyWorld *world, const char *name);
SimCardInfo ceremony_world_info(CeremonyWorld *world, const char *name);

/* Adds to what the operator will put into a reader: names, NULL-terminated. */
void ceremony_world_hand(CeremonyWorld *world, unsigned reader, ...) G_GNUC_NULL_TERMINATED;
void ceremony_world_type(CeremonyWorld *world, unsigned reader, const char *keys);

/* A zone with CA card "ca"; EP11 cards with their PIN, and keys or parts on them. */
void ceremony_world_make_zone(CeremonyWorld *world);
void ceremony_world_make_member(CeremonyWorld *world, const char *name);
void ceremony_world_make_admin(CeremonyWorld *world, const char *card, const char *name);
void ceremony_world_make_part(CeremonyWorld *world, const char *card, const char *description);

/* The first n_admins cards "admin-1", … are administrators of all units. */
void ceremony_world_add_admins(CeremonyWorld *world, unsigned n_admins);

/* All units' states after a query of their own. */
GPtrArray *ceremony_world_states(CeremonyWorld *world);

/* Readers and session as counted since the last restart. */
TkeCardSessionCounts ceremony_world_counts(CeremonyWorld *world);

/* What the service is made from, and how its modules are known. */
JsonObject *ceremony_world_make_scenario(unsigned n_units, bool apart);
TkeModuleRoots *ceremony_world_make_roots(SimService *service);
