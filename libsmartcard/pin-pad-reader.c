/*
 * What a reader offers for PIN entry, and whether that will do (PC/SC part 10, 2.2, 2.5.5, 2.6.14;
 * functions 1.2, E-C18; F-011).
 */
#include <glib/gi18n-lib.h>

#include "common/byte-cursor.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/pin-pad.h"

#define FEATURE(tag, field, name, source) FEATURE_##name = (tag),
enum {
#include "libsmartcard/pin-pad.inc"
};
#undef FEATURE

#define FEATURE_VALUE_LEN 4u

/* Where a feature's control code goes; NULL: not used here. */
static uint32_t *
find_field(TkePinPad *pad, uint8_t tag)
{
    switch (tag) {
#define FEATURE(tag, field, name, source)                                                          \
    case FEATURE_##name:                                                                           \
        return &pad->field;
#include "libsmartcard/pin-pad.inc"
#undef FEATURE
    default:
        return NULL;
    }
}

static bool
set_malformed(GError **error, const char *text)
{
    g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION, text);
    return false;
}

bool
tke_pin_pad_parse_features(const uint8_t *list, size_t len, TkePinPad *pad, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(list, len);
    TkePinPad read = { 0 };

    while (tke_byte_cursor_left(&cursor) > 0) {
        TkeByteCursor value = { 0 };
        uint8_t tag = 0;
        uint8_t value_len = 0;
        uint32_t code = 0;
        uint32_t *field = NULL;

        if (!tke_byte_cursor_u8(&cursor, &tag) || !tke_byte_cursor_u8(&cursor, &value_len) ||
            !tke_byte_cursor_sub(&cursor, value_len, &value)) {
            return set_malformed(error, _("the reader's list of features is malformed"));
        }
        field = find_field(&read, tag);
        if (field == NULL || value_len != FEATURE_VALUE_LEN ||
            !tke_byte_cursor_u32(&value, &code)) {
            continue; /* of another kind */
        }
        if (*field != 0 && *field != code) {
            return set_malformed(error, _("the reader's list of features contradicts itself"));
        }
        *field = code;
    }
    *pad = read;
    return true;
}

/* A question to the reader, through a card in it or directly. */
typedef struct Asker {
    TkeCard *card; /* or: */
    TkeCardSource *source;
    const char *reader_name;
} Asker;

static bool
ask(const Asker *asker, uint32_t code, uint8_t *out, size_t *len, GError **error)
{
    if (asker->source != NULL) {
        return asker->source->ops->control(asker->source, asker->reader_name, code, NULL, 0, out,
                                           TKE_PIN_PAD_ANSWER_MAX, len, error);
    }
    return tke_card_control(asker->card, code, NULL, 0, out, TKE_PIN_PAD_ANSWER_MAX, len, error);
}

/* Properties are advice: what cannot be had or understood is left out. Only a lost reader
 * counts. */
static bool
ask_properties(const Asker *asker, TkePinPad *pad, GError **error)
{
    const struct {
        uint32_t code;
        void (*add)(TkePinPadProperties *properties, const uint8_t *bytes, size_t len);
    } questions[] = { { pad->tlv_properties, tke_pin_pad_properties_add_tlv },
                      { pad->pin_properties, tke_pin_pad_properties_add_structure } };

    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        uint8_t answer[TKE_PIN_PAD_ANSWER_MAX];
        size_t len = 0;
        g_autoptr(GError) inner = NULL;

        if (questions[i].code == 0) {
            continue;
        }
        if (ask(asker, questions[i].code, answer, &len, &inner)) {
            questions[i].add(&pad->properties, answer, len);
        } else if (tke_card_error_code(inner) == TKE_CARD_ERROR_NO_PIN_PAD ||
                   tke_card_error_code(inner) == TKE_CARD_ERROR_COMMUNICATION) {
            pad->properties.malformed = true;
        } else {
            g_propagate_error(error, g_steal_pointer(&inner));
            return false;
        }
    }
    return true;
}

static bool
describe(const Asker *asker, TkePinPad *pad, GError **error)
{
    uint8_t list[TKE_PIN_PAD_ANSWER_MAX];
    size_t len = 0;
    TkePinPad read = { 0 };
    g_autoptr(GError) inner = NULL;

    if (!ask(asker, TKE_CARD_CONTROL_GET_FEATURES, list, &len, &inner)) {
        if (tke_card_error_code(inner) != TKE_CARD_ERROR_NO_PIN_PAD) {
            g_propagate_error(error, g_steal_pointer(&inner));
            return false;
        }
        len = 0; /* a driver without control functions: nothing is offered */
    }
    if (!tke_pin_pad_parse_features(list, len, &read, error) ||
        !ask_properties(asker, &read, error)) {
        return false;
    }
    read.quirk =
        tke_pin_pad_quirk_find(read.properties.vendor, read.properties.product, asker->reader_name);
    *pad = read;
    return true;
}

bool
tke_pin_pad_describe(TkeCard *card, TkePinPad *pad, GError **error)
{
    const Asker asker = { .card = card, .reader_name = tke_card_get_reader_name(card) };
    g_autoptr(GError) inner = NULL;

    return describe(&asker, pad, &inner) || tke_card_fail(card, error, g_steal_pointer(&inner));
}

bool
tke_pin_pad_describe_reader(TkeCardSource *source, const char *reader_name, TkePinPad *pad,
                            GError **error)
{
    const Asker asker = { .source = source, .reader_name = reader_name };
    g_autoptr(GError) inner = NULL;

    if (!describe(&asker, pad, &inner)) {
        tke_card_error_set_reader(inner, 0, reader_name);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    return true;
}

uint8_t
tke_pin_pad_get_condition(const TkePinPad *pad)
{
    const uint8_t quirk = pad->quirk != NULL ? pad->quirk->conditions : TKE_PIN_PAD_ENDS_ON_ANY;
    const uint8_t told = pad->properties.conditions;
    const uint8_t both = told != 0 && !pad->properties.contradictory ? told & quirk : quirk;

    if ((both & TKE_PIN_PAD_ENDS_ON_KEY) != 0) {
        return TKE_PIN_PAD_ENDS_ON_KEY;
    }
    return both & TKE_PIN_PAD_ENDS_ON_FULL; /* all PINs have the same length: it ends by itself */
}

/* Why the pad cannot take our PINs; NULL if it can. */
static const char *
find_obstacle(const TkePinPad *pad)
{
    const TkePinPadProperties *properties = &pad->properties;

    if (pad->quirk != NULL && pad->quirk->keypad == TKE_PIN_PAD_KEYPAD_FALSE_CLAIM) {
        return _("readers of this model have none, whatever they say");
    }
    if (pad->quirk != NULL && pad->quirk->keypad == TKE_PIN_PAD_KEYPAD_LEAKS) {
        return _("readers of this model pass the PIN on to the computer");
    }
    if (pad->verify_direct == 0 && pad->modify_direct == 0) {
        return _("it offers none");
    }
    if (pad->verify_direct == 0) {
        return _("it offers to change PINs but not to check them");
    }
    if (pad->modify_direct == 0) {
        return _("it offers to check PINs but not to set or change them");
    }
    if ((properties->has_min_pin && properties->min_pin > TKE_PIN_PAD_DIGITS) ||
        (properties->has_max_pin && properties->max_pin < TKE_PIN_PAD_DIGITS)) {
        return _("it takes no PINs of six digits");
    }
    return tke_pin_pad_get_condition(pad) == 0 ? _("its keys do not end an entry") : NULL;
}

bool
tke_pin_pad_check(const TkePinPad *pad, const char *reader_name, GError **error)
{
    const char *obstacle = find_obstacle(pad);
    const TkePinPadProperties *properties = &pad->properties;
    g_autofree char *numbers = NULL;

    if (obstacle == NULL) {
        return true;
    }
    numbers = properties->vendor != 0
                  ? g_strdup_printf(" (USB %04X:%04X)", properties->vendor, properties->product)
                  : g_strdup("");
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD,
                _("the reader “%s”%s cannot take PINs on a keypad of its own: %s"), reader_name,
                numbers, obstacle);
    return false;
}

bool
tke_pin_pad_query(TkeCard *card, TkePinPad *pad, GError **error)
{
    TkePinPad read = { 0 };
    g_autoptr(GError) inner = NULL;

    if (!tke_pin_pad_describe(card, &read, error)) {
        return false;
    }
    if (!tke_pin_pad_check(&read, tke_card_get_reader_name(card), &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    *pad = read;
    return true;
}

bool
tke_pin_pad_query_reader(TkeCardSource *source, const char *reader_name, TkePinPad *pad,
                         GError **error)
{
    TkePinPad read = { 0 };
    g_autoptr(GError) inner = NULL;

    if (!tke_pin_pad_describe_reader(source, reader_name, &read, error)) {
        return false;
    }
    if (!tke_pin_pad_check(&read, reader_name, &inner)) {
        tke_card_error_set_reader(inner, 0, reader_name);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    *pad = read;
    return true;
}
