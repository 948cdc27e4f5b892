/*
 * What was tried before to open a card manager, before it is asked anything (functions 4.11; F-041).
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/hex.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/gp-registry.h"
#include "libsmartcard/gp-scp-private.h"
#include "libsmartcard/gp-status.h"

#define CPLC_HIGH 0x9Fu /* P1 and P2 of GET DATA: what the maker wrote about this very card */
#define CPLC_LOW 0x7Fu

/* A whole object, or its value alone; what was cut off on its way would make another card of it. */
static bool
is_makers_data(const TkeCardAnswer *answer)
{
    TkeByteCursor cursor = tke_byte_cursor(answer->data, answer->len);
    TkeByteCursor value = { 0 };

    return answer->sw == TKE_GP_STATUS_DONE &&
           (answer->len == TKE_GP_CPLC_LEN ||
            (tke_tlv_read(&cursor, CPLC_HIGH << 8 | CPLC_LOW, &value) &&
             tke_byte_cursor_left(&cursor) == 0));
}

/*
 * A text for this card: ATR and what the maker wrote about it. Where a card does not tell the
 * latter all of its type count as one: rather one try too few than one too many. It is made before
 * anything is tried: after a refusal the card may be gone.
 */
static char *
card_text(TkeCard *card, GError **error)
{
    const TkeApdu cplc = {
        .cla = TKE_CLA_OWN, .ins = TKE_INS_GET, .p1 = CPLC_HIGH, .p2 = CPLC_LOW, .has_answer = true
    };
    size_t atr_len = 0;
    const uint8_t *atr = tke_card_get_atr(card, &atr_len);
    TkeCardAnswer answer;
    g_autofree char *atr_text = tke_hex_encode(atr, atr_len);
    g_autofree char *maker = NULL;

    if (!tke_card_transmit(card, &cplc, &answer, error)) {
        return NULL;
    }
    maker = is_makers_data(&answer) ? tke_hex_encode(answer.data, answer.len) : g_strdup("");
    return g_strconcat(atr_text, ".", maker, NULL);
}

/*
 * With a success, or a try on a person's word that is noted for good, what only this process
 * remembers is done with.
 */
bool
tke_gp_scp_tries_note(const TkeGpScp *scp, const TkeGpKeySet *keys, TkeGpTries tries,
                      GError **error)
{
    const TkeGpMemory *here = tke_gp_memory_of_process();
    const TkeGpTries clean = { 0 };

    tries.owner = scp->owner;
    if (!scp->memory->note(scp->memory->data, scp->card_text, keys, &tries, error)) {
        return false;
    }
    if (scp->memory != here && (tries.pending || tke_gp_tries_is_clean(&tries))) {
        (void) here->note(NULL, scp->card_text, keys, &clean, NULL);
    }
    return true;
}

/* Where a person finds what is remembered of it (docs/hardware.md, Issuer keys). */
void
tke_gp_scp_tries_set_place(GError *error, const TkeGpScp *scp, const TkeGpKeySet *keys)
{
    g_autofree char *mark = tke_hex_encode(tke_gp_key_set_get_mark(keys), TKE_GP_KEY_SET_MARK);
    g_autofree char *details = NULL;

    if (scp->memory->place != NULL) {
        details =
            g_strdup_printf(_("noted in %s: card %s, key set %s"), scp->memory->place,
                            scp->barred_text != NULL ? scp->barred_text : scp->card_text, mark);
        tke_card_error_set_details(error, details);
    }
}

void
tke_gp_scp_tries_set_remedy(GError *error)
{
    tke_card_error_set_remedy(
        error, _("Take another card, or another reader: an exchange that was spoilt looks like "
                 "this, and so does a card that is locked. “tke card acceptance-test "
                 "--retry-cut-off” tries the key set once more; if the card refuses again it may "
                 "have counted one more failed try."));
}

static GError *
tried_before(const TkeGpTries *before, bool retry_cut_off, const char *name)
{
    GError *made = NULL;

    if (before->refused && before->proven && !retry_cut_off) {
        made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                           _("this card, or one that cannot be told from it, has refused the key "
                             "set (%s) before, although its own proof had shown that it is right; "
                             "it is not tried again by itself, because the card may lock"),
                           name);
        tke_gp_scp_tries_set_remedy(made);
    } else if (before->pending) {
        made = g_error_new(
            TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
            _("the key set (%s) was tried once more on this card, or one that cannot be told from "
              "it, and that ended before it could be noted whether the card's own proof is right; "
              "it is never tried again, because the card may lock"),
            name);
        tke_card_error_set_remedy(made, _("Take another card."));
    } else if (before->refused && !before->proven) {
        made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                           _("this card, or one that cannot be told from it, has refused the key "
                             "set (%s) before; it is never tried again, because the card may lock"),
                           name);
        tke_card_error_set_remedy(made,
                                  _("Name the card's own key set in the settings (card_keys), or "
                                    "take another card."));
    } else if (before->cut_off >= TKE_GP_CUT_OFF_MAX && !retry_cut_off) {
        made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                           _("opening this card, or one that cannot be told from it, was cut off "
                             "%u times in a row; the key set (%s) is not tried again, because the "
                             "card may have counted each as a failed try and may lock"),
                           before->cut_off, name);
        tke_card_error_set_remedy(
            made, _("Take another card. The key set is right as far as this card's own "
                    "proof shows (with SCP02 that is “enc” alone); “tke card acceptance-test "
                    "--retry-cut-off” tries it once "
                    "more, and if the card opens its count is set back."));
    }
    return made;
}

/* Also in this process, where a refusal could not be noted for good. */
static bool
look_tries(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error)
{
    const TkeGpMemory *here = tke_gp_memory_of_process();
    TkeGpTries known = { 0 };

    if (!scp->memory->look(scp->memory->data, scp->card_text, keys, &scp->before, &scp->barred_text,
                           error)) {
        return false;
    }
    if (scp->memory != here && here->look(NULL, scp->card_text, keys, &known, NULL, NULL)) {
        tke_gp_tries_join(&scp->before, &known);
    }
    return true;
}

/*
 * Nothing is asked while nothing can be noted: a wrong proof must not get lost. A try on a person's
 * word counts as a wrong proof from here on until its own is known to be right, so that none is left
 * open even if this program ends here.
 */
static bool
note_asked(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error)
{
    TkeGpTries asked = scp->before;

    scp->owner = MAX(g_random_int(), 1u);
    scp->pending = asked.refused || asked.cut_off >= TKE_GP_CUT_OFF_MAX;
    if (scp->pending) {
        asked = (TkeGpTries){ .refused = true, .pending = true, .cut_off = asked.cut_off };
    }
    if (!tke_gp_scp_tries_note(scp, keys, asked, error)) {
        scp->pending = false;
        return false;
    }
    return true;
}

/* The card has not come to its proof: all is as before. */
void
tke_gp_scp_tries_take_back(TkeGpScp *scp, const TkeGpKeySet *keys)
{
    if (scp->pending) {
        (void) tke_gp_scp_tries_note(scp, keys, scp->before, NULL); /* else it stays a wrong one */
        scp->pending = false;
    }
}

bool
tke_gp_scp_tries_check(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error)
{
    GError *made = NULL;

    scp->card_text = card_text(scp->card, error);
    if (scp->card_text == NULL || !look_tries(scp, keys, error)) {
        return false;
    }
    scp->info.cut_off = scp->before.cut_off;
    made = tried_before(&scp->before, scp->memory->retry_cut_off, tke_gp_key_set_get_name(keys));
    if (made == NULL) {
        return note_asked(scp, keys, error);
    }
    tke_gp_scp_tries_set_place(made, scp, keys);
    return tke_card_fail(scp->card, error, made);
}
