/*
 * Status words (card-protocol.md, section 11; the pad's own from PC/SC part 10).
 */
#include "libsmartcard/status-word.h"

#include <glib/gi18n-lib.h>

typedef struct StatusWordRow {
    uint16_t sw;
    TkeCardError code;
    const char *text;
} StatusWordRow;

#define SW(value, name, code, text, source) { (value), TKE_CARD_ERROR_##code, text },
static const StatusWordRow rows[] = {
#include "libsmartcard/status-word.inc"
};
#undef SW

#define SW_IS_WRONG_PIN(sw) (((sw) &0xFFF0u) == 0x63C0u)
#define SW_TRIES(sw) ((int) ((sw) &0x0Fu))

static const StatusWordRow *
find_row(uint16_t sw)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].sw == sw) {
            return &rows[i];
        }
    }
    return NULL;
}

const char *
tke_status_word_text(uint16_t sw)
{
    const StatusWordRow *row = find_row(sw);

    if (row != NULL) {
        return g_dgettext(GETTEXT_PACKAGE, row->text);
    }
    if (SW_IS_WRONG_PIN(sw)) {
        return _("the PIN is wrong");
    }
    return (sw & 0xFF00u) == 0x6100u ? _("more data")
                                     : _("the card refuses it for a reason that is not known");
}

TkeCardError
tke_status_word_code(uint16_t sw)
{
    const StatusWordRow *row = find_row(sw);

    if (SW_IS_WRONG_PIN(sw)) {
        /* 63C0: that was the last try. */
        return SW_TRIES(sw) == 0 ? TKE_CARD_ERROR_PIN_BLOCKED : TKE_CARD_ERROR_PIN_WRONG;
    }
    return row != NULL ? row->code : TKE_CARD_ERROR_STATUS;
}

void
tke_status_word_set_error(GError **error, uint16_t sw, const char *what)
{
    g_autoptr(GError) made = NULL;

    g_return_if_fail(sw != TKE_SW_DONE && (sw & 0xFF00u) != 0x6100u);
    made = g_error_new(TKE_CARD_ERROR, (int) tke_status_word_code(sw), "%s: %s", what,
                       tke_status_word_text(sw));
    tke_card_error_set_sw(made, sw);
    if (SW_IS_WRONG_PIN(sw)) {
        tke_card_error_set_pin(made, 0, SW_TRIES(sw));
    } else if (sw == TKE_SW_PIN_BLOCKED) {
        tke_card_error_set_pin(made, 0, 0);
    }
    g_propagate_error(error, g_steal_pointer(&made));
}
