/*
 * Words of the virtual desk for what can be wrong with cards and keypads (docs/rehearsal.md,
 * faults): one table for menus, dialogs and what stands on the things themselves.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct SimDeskWord {
    const char *fault; /* what tke-sim calls it; a value after '=' */
    const char *menu;  /* with a mnemonic; to be translated */
    /* what stands on the thing, short, with a symbol; to be translated, NULL: nothing */
    const char *face;
    bool enrolled; /* only for a card of a zone, */
    bool ep11;     /* only for EP11 cards */
} SimDeskWord;

/* Each ends with an entry without fault. */
extern const SimDeskWord sim_desk_unusual_cards[];
extern const SimDeskWord sim_desk_card_faults[];
extern const SimDeskWord sim_desk_keypads[];
extern const SimDeskWord sim_desk_readers[]; /* what is no matter of the keypad */

/* The entry of what tke-sim calls so, a value not looked at; NULL: a fault this desk has not heard
 * of. */
const SimDeskWord *sim_desk_word_find(const SimDeskWord *words, const char *fault);

/* The same for what tke-sim calls a fault of a reader: of its keypad or another one. */
const SimDeskWord *sim_desk_word_find_reader(const char *fault);

/* The menu's words, translated, without the mnemonic; the caller frees. */
char *sim_desk_word_dup_plain(const SimDeskWord *word);
