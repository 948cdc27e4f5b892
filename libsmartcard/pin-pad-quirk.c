/*
 * The table of readers, and which row a reader belongs to (PC/SC part 10, 2.5.2, 2.5.3).
 */
#include "libsmartcard/pin-pad-quirk.h"

#include <string.h>

#include "libsmartcard/pin-pad-properties.h"

#define QUIRK(word, vendor, product, names, keypad, conditions, verify, set, change, zero, block,  \
              source)                                                                              \
    { word,         (vendor), (product), names,    TKE_PIN_PAD_KEYPAD_##keypad,                    \
      (conditions), (verify), (set),     (change), (zero),                                         \
      (block),      source },
static const TkePinPadQuirk rows[] = {
#include "libsmartcard/pin-pad-quirk.inc"
};
#undef QUIRK

static bool
has_name(const TkePinPadQuirk *row, const char *reader_name)
{
    g_auto(GStrv) parts = g_strsplit(row->names, "|", -1);

    for (unsigned i = 0; parts[i] != NULL; i++) {
        if (parts[i][0] != '\0' && strstr(reader_name, parts[i]) != NULL) {
            return true;
        }
    }
    return false;
}

const TkePinPadQuirk *
tke_pin_pad_quirk_find(uint16_t vendor, uint16_t product, const char *reader_name)
{
    const bool by_number = vendor != 0 && product != 0;

    for (size_t i = 1; i < G_N_ELEMENTS(rows); i++) {
        if (by_number ? rows[i].vendor == vendor && rows[i].product == product
                      : reader_name != NULL && has_name(&rows[i], reader_name)) {
            return &rows[i];
        }
    }
    return &rows[0];
}

const TkePinPadQuirk *
tke_pin_pad_quirk_get(unsigned index)
{
    return index < G_N_ELEMENTS(rows) ? &rows[index] : NULL;
}
