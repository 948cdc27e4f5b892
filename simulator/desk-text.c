/*
 * What a virtual desk says of cards, readers and crypto units (look.md, rules: state first, in
 * words and symbols).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "simulator/desk-model.h"
#include "simulator/desk-words.h"

#define DOT "●"
#define FREE_PLACE "○"
#define DOTS_MAX 16u

/* ---- cards ---- */

const char *
sim_desk_kind_get_word(SimDeskKind kind)
{
    return kind == SIM_DESK_CA ? "CA" : kind == SIM_DESK_EP11 ? "EP11" : _("blank");
}

const char *
sim_desk_card_get_title(const SimDeskCard *card)
{
    return *card->front == '\0' ? card->label : card->front;
}

/* Number of the first blocked PIN; 0: none. */
static unsigned
find_blocked(const SimDeskCard *card)
{
    for (unsigned i = 0; i < card->pins; i++) {
        if (card->pin_set[i] && card->tries[i] == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* Adds what stands on the card for each of the words that tke-sim has for it; those that have none
 * are told otherwise. */
static void
add_faces(GPtrArray *troubles, const SimDeskCard *card, const SimDeskWord *words, GStrv faults)
{
    for (unsigned i = 0; faults != NULL && faults[i] != NULL; i++) {
        const SimDeskWord *word = sim_desk_word_find(words, faults[i]);

        if (word == NULL) {
            g_ptr_array_add(troubles, g_strdup_printf("⚠ %s", faults[i]));
        } else if (strcmp(faults[i], "version") == 0 && *card->version != '\0') {
            g_ptr_array_add(troubles, g_strdup_printf(_("⚠ applet %s"), card->version));
        } else if (word->face != NULL) {
            g_ptr_array_add(troubles, g_strdup(_(word->face)));
        }
    }
}

/* What is wrong with the card, the worst first. */
static GPtrArray *
list_troubles(const SimDeskCard *card)
{
    const unsigned blocked = find_blocked(card);
    GPtrArray *troubles = g_ptr_array_new_with_free_func(g_free);

    if (!card->genuine) {
        g_ptr_array_add(troubles, g_strdup(_("✗ not genuine")));
    }
    if (blocked != 0) {
        g_ptr_array_add(troubles, card->pins == 1
                                      ? g_strdup(_("✗ PIN blocked"))
                                      : g_strdup_printf(_("✗ PIN %u blocked"), blocked));
    }
    add_faces(troubles, card, sim_desk_unusual_cards, card->unusual);
    add_faces(troubles, card, sim_desk_card_faults, card->waiting);
    if (card->faults > 0 && (card->waiting == NULL || card->waiting[0] == NULL)) {
        g_ptr_array_add(
            troubles,
            g_strdup_printf(ngettext("⚠ %u fault", "⚠ %u faults", card->faults), card->faults));
    }
    return troubles;
}

/* The worst that is wrong with the card, and how much else; NULL: nothing. */
static char *
dup_trouble(const SimDeskCard *card)
{
    g_autoptr(GPtrArray) troubles = list_troubles(card);
    const char *worst = troubles->len == 0 ? NULL : g_ptr_array_index(troubles, 0);

    return troubles->len < 2 ? g_strdup(worst)
                             : g_strdup_printf("%s +%u", worst, troubles->len - 1);
}

bool
sim_desk_card_is_in_trouble(const SimDeskCard *card)
{
    g_autoptr(GPtrArray) troubles = list_troubles(card);

    return troubles->len > 0;
}

char *
sim_desk_card_dup_state(const SimDeskCard *card)
{
    char *trouble = dup_trouble(card);

    return trouble != NULL ? trouble : g_strdup(card->description);
}

static char *
dup_place(const SimDeskCard *card)
{
    return card->reader == 0 ? g_strdup(_("in the box"))
                             : g_strdup_printf(_("in reader %u"), card->reader);
}

char *
sim_desk_card_dup_name(const SimDeskCard *card)
{
    g_autofree char *place = dup_place(card);
    g_autofree char *state = sim_desk_card_dup_state(card);
    g_autofree char *kind = card->kind == SIM_DESK_BLANK
                                ? g_strdup(_("Blank card"))
                                : g_strdup_printf(_("%s card"), sim_desk_kind_get_word(card->kind));
    const char *title = sim_desk_card_get_title(card);

    return *state == '\0' ? g_strdup_printf(_("%s %s, %s"), kind, title, place)
                          : g_strdup_printf(_("%s %s, %s, %s"), kind, title, place, state);
}

static void
add_line(GString *text, const char *line)
{
    if (text->len > 0) {
        g_string_append_c(text, '\n');
    }
    g_string_append(text, line);
}

/* What it means, as the menus say it. */
static void
add_words(GString *text, const SimDeskWord *words, GStrv faults)
{
    for (unsigned i = 0; faults != NULL && faults[i] != NULL; i++) {
        const SimDeskWord *word = sim_desk_word_find(words, faults[i]);
        g_autofree char *line = word == NULL || strcmp(faults[i], "version") == 0
                                    ? NULL
                                    : sim_desk_word_dup_plain(word);

        if (line != NULL) {
            add_line(text, line);
        }
    }
}

static void
add_pins(GString *text, const SimDeskCard *card)
{
    for (unsigned i = 0; i < card->pins; i++) {
        g_autofree char *name =
            card->pins == 1 ? g_strdup(_("PIN")) : g_strdup_printf(_("PIN %u"), i + 1);
        g_autofree char *line =
            !card->pin_set[i] ? g_strdup_printf(_("%s: none yet"), name)
            : card->tries[i] == 0
                ? g_strdup_printf(_("%s: blocked"), name)
                : g_strdup_printf(ngettext("%s: %u try left", "%s: %u tries left", card->tries[i]),
                                  name, card->tries[i]);

        add_line(text, line);
    }
}

/* Each trouble in full, and what the card says of itself where its face has no room for that. */
static void
add_troubles(GString *text, const SimDeskCard *card)
{
    g_autoptr(GPtrArray) troubles = list_troubles(card);

    if (troubles->len > 0 && *card->description != '\0') {
        add_line(text, card->description);
    }
    for (unsigned i = 1; i < troubles->len; i++) {
        add_line(text, g_ptr_array_index(troubles, i));
    }
    add_words(text, sim_desk_unusual_cards, card->unusual);
    add_words(text, sim_desk_card_faults, card->waiting);
}

/* Two zones may bear one name: the identifier tells them apart, in groups of four. */
static void
add_zone(GString *text, const SimDeskCard *card)
{
    g_autoptr(GString) id = g_string_new(NULL);
    g_autofree char *line = NULL;

    if (*card->zone == '\0' && *card->zone_id == '\0') {
        return;
    }
    for (unsigned i = 0; card->zone_id[i] != '\0'; i++) {
        g_string_append(id, i > 0 && i % 4 == 0 ? "-" : "");
        g_string_append_c(id, g_ascii_toupper(card->zone_id[i]));
    }
    line = g_strdup_printf(_("Zone: %s"), *card->zone == '\0' ? id->str : card->zone);
    add_line(text, line);
    if (*card->zone != '\0' && id->len > 0) {
        add_line(text, id->str);
    }
}

char *
sim_desk_card_dup_details(const SimDeskCard *card)
{
    GString *text = g_string_new(NULL);
    g_autofree char *name = sim_desk_card_dup_name(card);

    add_line(text, name);
    add_troubles(text, card);
    add_zone(text, card);
    add_pins(text, card);
    if (card->has_signature_key) {
        add_line(text, _("Signature key: yes"));
    }
    if (card->key_parts > 0) {
        g_autofree char *line = g_strdup_printf(_("Key parts: %u"), card->key_parts);

        add_line(text, line);
    }
    if (*card->back != '\0') {
        g_autofree char *line = g_strdup_printf(_("On the back: %s"), card->back);

        add_line(text, line);
    }
    return g_string_free(text, FALSE);
}

/* ---- pads ---- */

unsigned
sim_desk_pad_left_s(const SimDeskPad *pad, gint64 now_us)
{
    gint64 left_us = pad->end_us - now_us;

    return !pad->asking || left_us <= 0 ? 0 : (unsigned) ((left_us + 999999) / 1000000);
}

char *
sim_desk_pad_dup_dots(const SimDeskPad *pad)
{
    GString *text = g_string_new(NULL);
    unsigned places = MIN(MAX(pad->max_digits, pad->digits), DOTS_MAX);

    for (unsigned i = 0; pad->asking && i < places; i++) {
        g_string_append(text, i < pad->digits ? DOT : FREE_PLACE);
    }
    return g_string_free(text, FALSE);
}

char *
sim_desk_pad_dup_prompt(const SimDeskPad *pad)
{
    const char *what = pad->what == SIM_DESK_NEW_PIN ? _("New PIN")
                       : pad->what == SIM_DESK_AGAIN ? _("New PIN again")
                                                     : _("PIN");

    if (!pad->asking) {
        return g_strdup("");
    }
    return pad->entries > 1 ? g_strdup_printf(_("%s (%u of %u)"), what, pad->entry, pad->entries)
                            : g_strdup(what);
}

/* ---- readers ---- */

const char *
sim_desk_reader_get_state(const SimDeskWorld *world, const SimDeskReader *reader)
{
    if (!reader->plugged) {
        return _("✗ unplugged");
    }
    if (!world->running) {
        return _("✗ no smart card service");
    }
    if (reader->held) {
        return _("✗ held by another program");
    }
    if (reader->pad.asking) {
        return _("● waits for a PIN");
    }
    return reader->connected ? _("● in use by a program") : _("○ ready");
}

/* Without the symbol that a state begins with. */
static const char *
skip_symbol(const char *state)
{
    const char *blank = strchr(state, ' ');

    return blank == NULL ? state : blank + 1;
}

char *
sim_desk_reader_dup_faults(const SimDeskReader *reader)
{
    g_autoptr(GPtrArray) faces = g_ptr_array_new();

    for (unsigned i = 0; reader->faults != NULL && reader->faults[i] != NULL; i++) {
        const SimDeskWord *word = sim_desk_word_find_reader(reader->faults[i]);
        const char *face = skip_symbol(word == NULL ? reader->faults[i] : _(word->face));

        if (!g_ptr_array_find_with_equal_func(faces, face, g_str_equal, NULL)) {
            g_ptr_array_add(faces, (gpointer) face);
        }
    }
    g_ptr_array_add(faces, NULL);
    return g_strjoinv(", ", (char **) faces->pdata);
}

char *
sim_desk_reader_dup_name(const SimDeskWorld *world, const SimDeskReader *reader)
{
    const SimDeskCard *card = sim_desk_world_find_card(world, reader->card);
    const char *state = skip_symbol(sim_desk_reader_get_state(world, reader));
    g_autofree char *faults = sim_desk_reader_dup_faults(reader);
    g_autofree char *name = card == NULL
                                ? g_strdup_printf(_("Reader %u, empty, %s"), reader->number, state)
                                : g_strdup_printf(_("Reader %u, %s, %s"), reader->number,
                                                  sim_desk_card_get_title(card), state);

    return *faults == '\0' ? g_steal_pointer(&name) : g_strdup_printf("%s, %s", name, faults);
}

char *
sim_desk_reader_dup_offer(const SimDeskWorld *world, const SimDeskReader *reader, const char *hand)
{
    const SimDeskCard *in_hand = sim_desk_world_find_card(world, hand);
    const SimDeskCard *card = sim_desk_world_find_card(world, reader->card);

    if (in_hand != NULL) {
        return g_strdup_printf(_("Put %s into reader %u"), sim_desk_card_get_title(in_hand),
                               reader->number);
    }
    if (card != NULL) {
        return g_strdup_printf(_("Take %s out of reader %u"), sim_desk_card_get_title(card),
                               reader->number);
    }
    return g_strdup_printf(_("Reader %u is empty: take a card from the box first"), reader->number);
}

/* ---- units ---- */

char *
sim_desk_world_dup_units(const SimDeskWorld *world)
{
    g_autofree char *units = g_strdup_printf(
        ngettext("Crypto units: %u simulated", "Crypto units: %u simulated", world->units->len),
        world->units->len);

    return *world->region == '\0' ? g_steal_pointer(&units)
                                  : g_strdup_printf(_("%s, %s"), units, world->region);
}

char *
sim_desk_world_dup_units_details(const SimDeskWorld *world)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < world->units->len; i++) {
        const SimDeskUnit *unit = g_ptr_array_index(world->units, i);
        g_autofree char *line = g_strdup_printf(
            _("%u  %s (%s): %s; current %s, new %s"), i + 1, unit->location, unit->kind,
            unit->administrators == 0 ? _("imprint mode or no administrator")
                                      : _("with administrators"),
            unit->current, unit->pending);

        add_line(text, line);
    }
    return g_string_free(text, FALSE);
}

static void
add_fault(GString *text, const char *fault)
{
    g_string_append(text, text->len == 0 ? "" : " · ");
    g_string_append(text, fault);
}

static void
add_reader_faults(GString *text, const SimDeskWorld *world)
{
    for (unsigned i = 0; i < world->readers->len; i++) {
        const SimDeskReader *reader = g_ptr_array_index(world->readers, i);
        g_autofree char *keypad = sim_desk_reader_dup_faults(reader);
        g_autofree char *fault =
            !reader->plugged ? g_strdup_printf(_("reader %u is unplugged"), reader->number)
            : reader->held   ? g_strdup_printf(_("another program holds reader %u"), reader->number)
                             : NULL;

        if (fault != NULL) {
            add_fault(text, fault);
        }
        if (*keypad != '\0') {
            g_autofree char *line = g_strdup_printf(_("reader %u: %s"), reader->number, keypad);

            add_fault(text, line);
        }
    }
}

static void
add_card_faults(GString *text, const SimDeskWorld *world)
{
    for (unsigned i = 0; i < world->cards->len; i++) {
        const SimDeskCard *card = g_ptr_array_index(world->cards, i);
        const bool unusual = card->unusual != NULL && card->unusual[0] != NULL;
        g_autofree char *fault =
            !card->genuine     ? g_strdup_printf(_("%s is not genuine"), card->label)
            : unusual          ? g_strdup_printf(_("%s is unusual"), card->label)
            : card->faults > 0 ? g_strdup_printf(_("%s will misbehave"), card->label)
                               : NULL;

        if (fault != NULL) {
            add_fault(text, fault);
        }
    }
}

char *
sim_desk_world_dup_faults(const SimDeskWorld *world)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!world->running) {
        add_fault(text, _("the smart card service does not run"));
    }
    add_reader_faults(text, world);
    add_card_faults(text, world);
    if (world->service_faults > 0) {
        g_autofree char *fault =
            g_strdup_printf(ngettext("%u fault of the crypto units",
                                     "%u faults of the crypto units", world->service_faults),
                            world->service_faults);

        add_fault(text, fault);
    }
    return text->len == 0 ? g_strdup("") : g_strdup_printf(_("⚠ Faults: %s"), text->str);
}
