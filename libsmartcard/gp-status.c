/*
 * Status words of the card manager (GlobalPlatform 2.3, 11.1.3 and the tables of each command).
 */
#include "libsmartcard/gp-status.h"

#include <glib/gi18n-lib.h>

static const struct {
    uint16_t sw;
    TkeCardError code;
    const char *text;
} rows[] = {
#define GP_SW(value, name, code, text, source) { (value), TKE_CARD_ERROR_##code, text },
#include "libsmartcard/gp-status.inc"
#undef GP_SW
};

static size_t
find_row(uint16_t sw)
{
    size_t i = 0;

    while (i < G_N_ELEMENTS(rows) && rows[i].sw != sw) {
        i++;
    }
    return i;
}

const char *
tke_gp_status_text(uint16_t sw)
{
    size_t row = find_row(sw);

    return row < G_N_ELEMENTS(rows) ? g_dgettext(GETTEXT_PACKAGE, rows[row].text)
                                    : _("the card refuses it for a reason that is not known");
}

void
tke_gp_status_set_error(GError **error, uint16_t sw, const char *what)
{
    size_t row = find_row(sw);
    TkeCardError code = row < G_N_ELEMENTS(rows) ? rows[row].code : TKE_CARD_ERROR_STATUS;
    GError *made = NULL;

    g_return_if_fail(sw != TKE_GP_STATUS_DONE);
    made = g_error_new(TKE_CARD_ERROR, (int) code, "%s: %s", what, tke_gp_status_text(sw));
    tke_card_error_set_sw(made, sw);
    g_propagate_error(error, made);
}
