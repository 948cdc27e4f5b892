/*
 * What a virtual desk shows of a rehearsal's world (4.12), and what a hand on it means; no window
 * here.
 *
 * A SimDeskWorld is one answer of tke-sim's "status" or "watch" as a value: constant once parsed,
 * so that the thread that reads it can hand it to the thread that shows it. Texts are for people,
 * in their language; the caller frees what dup returns.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum { SIM_DESK_BLANK, SIM_DESK_CA, SIM_DESK_EP11 } SimDeskKind;

#define SIM_DESK_PINS 2u

typedef struct SimDeskCard {
    char *label; /* what tke-sim calls it */
    SimDeskKind kind;
    char *front;       /* sticker; "" if nothing is written there */
    char *back;        /* note; "" likewise */
    char *description; /* what the card itself says; "" likewise */
    char *zone;        /* likewise */
    unsigned reader;   /* it is in; 0: in the box */
    unsigned pins;
    bool pin_set[SIM_DESK_PINS];
    unsigned tries[SIM_DESK_PINS];
    bool has_signature_key;
    unsigned key_parts;
    unsigned faults; /* ordered, still to come */
    bool genuine;
    char *zone_id; /* hexadecimal; "" likewise */
    char *version; /* of the applet; likewise */
    GStrv unusual; /* how it is not as it should be, in the words of tke-sim */
    GStrv waiting; /* kinds of faults still to come, likewise */
} SimDeskCard;

typedef enum { SIM_DESK_PIN, SIM_DESK_NEW_PIN, SIM_DESK_AGAIN } SimDeskAsks;

typedef struct SimDeskPad {
    bool asking;
    SimDeskAsks what;
    uint32_t number; /* of the entry */
    unsigned entry;
    unsigned entries;
    unsigned digits;
    unsigned max_digits;
    gint64 end_us; /* monotonic: when the pad gives up */
    unsigned all_ms;
} SimDeskPad;

typedef struct SimDeskReader {
    unsigned number;
    char *name;
    char *model;
    char *card; /* label; NULL: empty */
    bool plugged;
    bool pin_pad;
    bool connected; /* a program works with the card */
    bool held;      /* fault: another program keeps it */
    GStrv faults;   /* of its keypad, in the words of tke-sim */
    SimDeskPad pad;
} SimDeskReader;

typedef struct SimDeskUnit {
    char *location;
    char *kind;
    char *current; /* state of the register */
    char *pending;
    unsigned administrators;
} SimDeskUnit;

typedef struct SimDeskWorld {
    char *directory;
    char *scenario;
    char *region; /* "" if not known */
    bool running; /* the smart card service */
    int64_t revision;
    unsigned desk_calls;
    unsigned service_faults;
    GPtrArray *cards;   /* of SimDeskCard */
    GPtrArray *readers; /* of SimDeskReader */
    GPtrArray *units;   /* of SimDeskUnit */
} SimDeskWorld;

/*
 * now_us: monotonic time at which the answer came. region may be NULL. An answer that makes no
 * sense: TKE_ERROR_INVALID_DATA.
 */
SimDeskWorld *sim_desk_world_parse(JsonObject *status, const char *region, gint64 now_us,
                                   GError **error);
void sim_desk_world_free(SimDeskWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimDeskWorld, sim_desk_world_free)

/* Borrowed; NULL: there is none. */
const SimDeskCard *sim_desk_world_find_card(const SimDeskWorld *world, const char *label);
const SimDeskReader *sim_desk_world_find_reader(const SimDeskWorld *world, unsigned number);

/* The reader that gets what is typed on the keyboard: the preferred one if it asks, else the
 * first; 0: none. */
unsigned sim_desk_world_typing(const SimDeskWorld *world, unsigned preferred);

/* ---- texts: desk-text.c ---- */

/* The word for the kind of a card, as it stands on it. */
const char *sim_desk_kind_get_word(SimDeskKind kind);

/* What stands on the sticker, else the label. */
const char *sim_desk_card_get_title(const SimDeskCard *card);

/* Something is wrong with it: a fault, a blocked PIN, not genuine, unusual. */
bool sim_desk_card_is_in_trouble(const SimDeskCard *card);

/* One line for the face: what is wrong with the card, else what it says of itself; "". */
char *sim_desk_card_dup_state(const SimDeskCard *card);

/* Who it is and where, for a screen reader; all there is to know, line by line. */
char *sim_desk_card_dup_name(const SimDeskCard *card);
char *sim_desk_card_dup_details(const SimDeskCard *card);

/* Seconds the pad still waits, rounded up; 0 if it does not. */
unsigned sim_desk_pad_left_s(const SimDeskPad *pad, gint64 now_us);

/* What the display shows: digits as dots, places that are free; what is asked for. "" while it is
 * dark. */
char *sim_desk_pad_dup_dots(const SimDeskPad *pad);
char *sim_desk_pad_dup_prompt(const SimDeskPad *pad);

/* How the reader is: unplugged, held, in use, ready; for a screen reader, with card and pad. */
const char *sim_desk_reader_get_state(const SimDeskWorld *world, const SimDeskReader *reader);
/* What its keypad does wrong, one after the other; "". */
char *sim_desk_reader_dup_faults(const SimDeskReader *reader);
char *sim_desk_reader_dup_name(const SimDeskWorld *world, const SimDeskReader *reader);

/* What a click on its slot does, in words; hand: label of the card in hand, or NULL. */
char *sim_desk_reader_dup_offer(const SimDeskWorld *world, const SimDeskReader *reader,
                                const char *hand);

char *sim_desk_world_dup_units(const SimDeskWorld *world);
char *sim_desk_world_dup_units_details(const SimDeskWorld *world);

/* The faults that are in force, one line; "" if there are none. */
char *sim_desk_world_dup_faults(const SimDeskWorld *world);

/* ---- orders: what to send to tke-sim; desk-order.c ---- */

/*
 * A card goes into a reader, from the box or another reader; a card that is in there goes back
 * into the box. The array is of JsonObject, empty if there is nothing to do; the caller unrefs.
 */
GPtrArray *sim_desk_order_insert(const SimDeskWorld *world, const char *label, unsigned reader);
GPtrArray *sim_desk_order_remove(const SimDeskWorld *world, unsigned reader);

/* A key of a pad: '0' to '9', 'E' confirms, 'C' cancels, 'X' clears. */
JsonObject *sim_desk_order_key(unsigned reader, char key);

JsonObject *sim_desk_order_add_card(const char *applet);
JsonObject *sim_desk_order_note(const char *label, const char *front, const char *back);

/* after, sw: 0 leaves them out. */
JsonObject *sim_desk_order_card_fault(const char *label, const char *fault, unsigned after,
                                      unsigned times, unsigned sw);

/* A card that is not as it should be, or is again ("genuine"); a value after '='. */
JsonObject *sim_desk_order_make(const char *label, const char *how);
JsonObject *sim_desk_order_block_pin(const char *label, unsigned pin);
JsonObject *sim_desk_order_reader_fault(unsigned reader, const char *fault);

/* Begins or ends one of what a keypad does wrong. */
JsonObject *sim_desk_order_keypad(unsigned reader, const char *fault, bool on);
JsonObject *sim_desk_order_daemon_fault(const char *fault);

/* unit 0: any; count 0: until cleared. */
JsonObject *sim_desk_order_unit_fault(const char *fault, unsigned unit, unsigned skip,
                                      unsigned count);
JsonObject *sim_desk_order_clear_faults(void);
