/*
 * The probe of an applet (card-protocol.md, 1 and 6.4): before anything is entered on a card, and
 * the applet's end where the card lacks something.
 */
#include "libceremony/op-card-probe.h"

#include <glib/gi18n-lib.h>

#include "common/hex.h"
#include "libceremony/card-tries.h"
#include "libceremony/record.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/gp-registry.h"

#define MARKS 10u

static const struct {
    const char *text;
    bool must;
} marks_known[MARKS] = {
    { N_("P-521 key generation"), true },
    { N_("ECDSA with SHA-512"), true },
    { N_("ECDH on P-521"), true },
    { N_("AES-256"), true },
    { N_("AES-CMAC of the platform"), false },
    { N_("SHA-256"), true },
    { N_("secure random numbers"), true },
    { N_("transient private keys"), false },
    { N_("refusal of points off the curve"), false },
    { N_("extended length"), false },
};

const char *
tke_op_card_probe_mark_text(unsigned mark)
{
    g_return_val_if_fail(mark < MARKS, NULL);
    return g_dgettext(GETTEXT_PACKAGE, marks_known[mark].text);
}

char *
tke_op_card_probe_missing(const bool marks[static 10])
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < MARKS; i++) {
        if (marks_known[i].must && !marks[i]) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "",
                                   tke_op_card_probe_mark_text(i));
        }
    }
    return text->len > 0 ? g_strdup(text->str) : NULL;
}

char *
tke_op_card_probe_type_text(TkeCard *card, const uint8_t *cplc)
{
    size_t len = 0;
    const uint8_t *atr = tke_card_get_atr(card, &len);
    g_autofree char *atr_text = tke_hex_encode_upper(atr, len);
    g_autofree char *maker = cplc != NULL ? tke_hex_encode_upper(cplc, 10) : NULL;

    return maker != NULL ? g_strdup_printf(_("ATR %s, maker's data %s"), atr_text, maker)
                         : g_strdup_printf(_("ATR %s"), atr_text);
}

GError *
tke_op_card_probe_unsuitable(TkeCard *card, const uint8_t *cplc, const char *why)
{
    g_autofree char *type = tke_op_card_probe_type_text(card, cplc);
    GError *made = g_error_new(
        TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE,
        _("the card cannot take the applet, which is made for NXP JCOP4 J3R180: %s"), why);

    tke_card_error_set_details(made, type);
    tke_card_tag_error(card, &made);
    return made;
}

bool
tke_op_card_probe_blames_card(const GError *error)
{
    TkeCardErrorInfo info;

    return tke_card_error_get_info(error, &info) &&
           (error->code == TKE_CARD_ERROR_PROTOCOL ||
            (!tke_card_error_is_outcome_unknown(error) &&
             (info.sw != 0 || error->code == TKE_CARD_ERROR_UNSUITABLE)));
}

/* NULL: the applet is off. Else why it is not, or may not be. Who has cancelled meanwhile wants it
 * off, too. */
static GError *
take_off(TkeOperation *op, TkeCard *card, TkeGpCardData *data)
{
    g_autoptr(TkeGpKeySet) keys = NULL;
    g_autoptr(TkeGpScp) scp = NULL;
    GError *left = NULL;
    bool found = false;

    tke_card_set_cancellable(card, NULL);
    if (!tke_gp_registry_select(card, data, &left) ||
        !tke_gp_registry_query_data(card, data, &left)) {
        return left;
    }
    keys = tke_card_tries_keys(op, card, &left);
    scp = keys != NULL ? tke_card_tries_open(op, card, keys, false, &left) : NULL;
    if (scp != NULL) {
        tke_gp_registry_delete(scp, &tke_gp_aid_package, &found, &left);
    }
    return left;
}

/* Takes left. */
static void
say_what_became(GError *why, GError *left)
{
    g_autofree char *old = why->message;
    g_autofree char *text = NULL;

    if (left == NULL) {
        why->message = g_strconcat(_("the applet was taken off the card again: "), old, NULL);
        return;
    }
    text = tke_record_text(left);
    why->message = g_strdup_printf(_("the applet may still be on the card, because it could not be "
                                     "taken off (%s): %s"),
                                   text, old);
    tke_card_error_set_remedy(why, _("Take another card. This one is tried again whenever a step "
                                     "is started with it, and its applet is taken off as soon as "
                                     "what stands in the way is gone."));
    g_error_free(left);
}

void
tke_op_card_probe_take_off(TkeOperation *op, TkeCard *card, GError *why)
{
    TkeGpCardData ignored = { 0 };

    if (tke_op_card_probe_blames_card(why)) {
        say_what_became(why, take_off(op, card, &ignored));
    }
}

static bool
lacks(TkeOperation *op, TkeCard *card, const char *missing, GError **error)
{
    g_autofree char *why = g_strdup_printf(_("it lacks %s, as the applet has found"), missing);
    TkeGpCardData data = { 0 };
    GError *left = take_off(op, card, &data);
    GError *made = tke_op_card_probe_unsuitable(card, data.has_cplc ? data.cplc : NULL, why);

    say_what_became(made, left);
    g_propagate_error(error, made);
    return false;
}

bool
tke_op_card_probe(TkeOperation *op, TkeCard *card, GError **error)
{
    g_autofree char *missing = NULL;
    bool marks[MARKS] = { false };
    GError *why = NULL;

    if (!tke_card_query_probe(card, marks, &why)) {
        tke_op_card_probe_take_off(op, card, why);
        g_propagate_error(error, why);
        return false;
    }
    missing = tke_op_card_probe_missing(marks);
    return missing == NULL || lacks(op, card, missing, error);
}
