/*
 * Secure channel with the card manager: initiation (GlobalPlatform 2.3, 10 and annexes D and E;
 * amendment D for SCP03). Functions of gp-scp.h.
 */
#include <openssl/rand.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/hex.h"
#include "common/openssl.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/gp-scp-private.h"
#include "libsmartcard/gp-status.h"

#define INS_INITIALIZE_UPDATE 0x50u
#define INS_EXTERNAL_AUTHENTICATE 0x82u
#define SCP02_KEY_LEN 16u
#define SW_TRIES 0x63C0u

/* 63Cx, which is what cards say that count. */
static bool
tells_tries(uint16_t sw)
{
    return (sw & 0xFFF0u) == SW_TRIES;
}

/* Words that cards have for a proof that does not convince them. */
static bool
is_refusal_of_proof(uint16_t sw)
{
    return sw == TKE_GP_STATUS_AUTHENTICATION || sw == TKE_GP_STATUS_SECURITY ||
           sw == TKE_GP_STATUS_SM_OBJECT || tells_tries(sw);
}

/* The key that is another, as far as it can be known; sw: the card's answer to our proof; 0: its
 * own was wrong. */
static const char *
wrong_key_text(const TkeGpScp *scp, uint16_t sw)
{
    if (sw == 0) {
        return scp->info.protocol == 3 ? _("; “mac” is another, “enc” and “dek” were not compared")
                                       : _("; “enc” is another, “mac” and “dek” were not compared");
    }
    return scp->info.protocol == 2 ? _("; “enc” fits, “mac” is another") : "";
}

/* With SCP03 one key, mac, makes the card's proof and ours. */
static bool
is_proven(const TkeGpScp *scp, uint16_t sw)
{
    return sw != 0 && scp->info.protocol == 3;
}

static GError *
refusal_error(const TkeGpScp *scp, const TkeGpKeySet *keys, uint16_t sw, const char *what)
{
    g_autofree char *left =
        tells_tries(sw)
            ? g_strdup_printf(ngettext("; the card says that %u more try is left",
                                       "; the card says that %u more tries are left", sw & 0x0Fu),
                              sw & 0x0Fu)
            : g_strdup("");
    const char *name = tke_gp_key_set_get_name(keys);
    GError *made = NULL;

    if (!is_proven(scp, sw)) {
        return g_error_new(
            TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
            _("%s: the issuer keys of this card are others than the key set (%s)%s%s"), what, name,
            wrong_key_text(scp, sw), left);
    }
    made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                       _("%s: the card refuses the key set (%s), although its own proof has shown "
                         "that it is right%s"),
                       what, name, left);
    tke_gp_scp_tries_set_remedy(made);
    return made;
}

static bool
fail_keys(TkeGpScp *scp, const TkeGpKeySet *keys, uint16_t sw, const char *what, GError **error)
{
    const TkeGpTries refused = { .refused = true,
                                 .proven = is_proven(scp, sw),
                                 .cut_off = scp->before.cut_off };
    g_autoptr(GError) unnoted = NULL;
    GError *made = refusal_error(scp, keys, sw, what);

    scp->pending = false;
    if (!tke_gp_scp_tries_note(scp, keys, refused, &unnoted)) {
        (void) tke_gp_memory_of_process()->note(NULL, scp->card_text, keys, &refused, NULL);
        g_prefix_error(&made, _("this could not be noted for the next time (%s): "),
                       unnoted->message);
    }
    g_clear_pointer(&scp->barred_text, g_free); /* it is noted under this card's own name now */
    tke_gp_scp_tries_set_place(made, scp, keys);
    if (sw != 0) {
        tke_card_error_set_sw(made, sw);
    }
    return tke_card_fail(scp->card, error, made);
}

/* No key was tried, so that nothing was counted: another version may be named at once. */
static bool
fail_version(TkeGpScp *scp, const TkeGpKeySet *keys, uint16_t sw, const char *what, GError **error)
{
    GError *made =
        g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                    _("%s: the card has no issuer keys of the version that the key set "
                      "(%s) asks for (%02X)"),
                    what, tke_gp_key_set_get_name(keys), tke_gp_key_set_get_version(keys));

    tke_card_error_set_remedy(made, _("“tke card acceptance-test” shows the versions that the card "
                                      "tells of; correct “version” in the file of the key set."));
    tke_card_error_set_sw(made, sw);
    return tke_card_fail(scp->card, error, made);
}

/* Key diversification data, key version, protocol, and what the protocol adds. */
static bool
parse_initialize(TkeGpScp *scp, const TkeCardAnswer *answer)
{
    TkeByteCursor cursor = tke_byte_cursor(answer->data, answer->len);

    if (!tke_byte_cursor_copy(&cursor, scp->info.diversification, TKE_GP_DIVERSIFICATION) ||
        !tke_byte_cursor_u8(&cursor, &scp->info.key_version) ||
        !tke_byte_cursor_u8(&cursor, &scp->info.protocol)) {
        return false;
    }
    scp->protocol = scp->info.protocol == 3   ? &tke_gp_scp03_protocol
                    : scp->info.protocol == 2 ? &tke_gp_scp02_protocol
                                              : NULL;
    return scp->protocol != NULL && scp->protocol->parse(scp, &cursor);
}

static bool
initialize(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error)
{
    const char *what = _("opening the card manager");
    const TkeApdu apdu = { .cla = TKE_CLA_OWN,
                           .ins = INS_INITIALIZE_UPDATE,
                           .p1 = tke_gp_key_set_get_version(keys),
                           .data = scp->host_challenge,
                           .data_len = TKE_GP_CHALLENGE,
                           .has_answer = true };
    TkeCardAnswer answer;

    if (!tke_card_transmit(scp->card, &apdu, &answer, error)) {
        return false;
    }
    if (answer.sw == TKE_GP_STATUS_NOT_FOUND) {
        return fail_version(scp, keys, answer.sw, what, error);
    }
    if (answer.sw != TKE_GP_STATUS_DONE) {
        return tke_gp_scp_fail_sw(scp, answer.sw, what, error);
    }
    if (!parse_initialize(scp, &answer)) {
        g_autofree char *text = tke_hex_encode(answer.data, MIN(answer.len, 16));

        tke_card_fail(
            scp->card, error,
            g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE,
                        _("%s: the card offers a secure channel that this program does not speak "
                          "(%zu bytes, %s…); SCP03 with i=00, 10, 20, 30, 60 or 70 and SCP02 are "
                          "known"),
                        what, answer.len, text));
        return false;
    }
    return true;
}

/* What the card says must be what the key set is for; nothing has been proved yet. */
static bool
check_key_set(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error)
{
    const uint8_t version = tke_gp_key_set_get_version(keys);
    const uint8_t protocol = tke_gp_key_set_get_protocol(keys);
    GError *made = NULL;

    if (version != 0 && version != scp->info.key_version) {
        made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                           _("the card answers with keys of version %02X where version %02X was "
                             "asked for"),
                           scp->info.key_version, version);
    } else if (protocol != 0 && protocol != scp->info.protocol) {
        made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                           _("the key set (%s) is for SCP%02u, and the card speaks SCP%02u"),
                           tke_gp_key_set_get_name(keys), protocol, scp->info.protocol);
    } else if (scp->info.protocol == 2 && scp->info.key_len != SCP02_KEY_LEN) {
        made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                           _("the card speaks SCP02, whose keys have 32 digits; those of the key "
                             "set (%s) have more"),
                           tke_gp_key_set_get_name(keys));
    }
    return made == NULL || tke_card_fail(scp->card, error, made);
}

/*
 * The card's own proof was right, so the keys are; still it may have counted a failed try before
 * it checked ours, and takes that back when it has checked.
 */
static void
say_cut_off(GError **error)
{
    g_prefix_error(error, "%s",
                   _("the card did not say whether it accepts the issuer keys; they are right as "
                     "far as its own proof shows (with SCP02 that is “enc” alone), but it may have "
                     "counted a failed try: "));
    tke_card_error_set_remedy(*error, _("Insert the card again, repeat the step and leave the card "
                                        "in: an opening that succeeds sets the card's count of "
                                        "failed tries back."));
}

/* Whoever answers nonsense has got the proof. */
static bool
may_have_counted(const GError *error)
{
    return tke_card_error_is_outcome_unknown(error) ||
           tke_card_error_code(error) == TKE_CARD_ERROR_PROTOCOL;
}

/* EXTERNAL AUTHENTICATE. What may be lost is noted before, in case this program ends here. */
static bool
prove(TkeGpScp *scp, const TkeGpKeySet *keys, const TkeApdu *apdu, TkeCardAnswer *answer,
      GError **error)
{
    const TkeGpTries begun = { .refused = scp->before.refused,
                               .proven = scp->before.proven,
                               .cut_off = scp->before.cut_off + 1 };
    g_autoptr(GError) inner = NULL;

    if (!tke_gp_scp_tries_note(scp, keys, begun, error)) {
        return false;
    }
    scp->pending = false;
    if (tke_card_transmit(scp->card, apdu, answer, &inner)) {
        return true;
    }
    if (may_have_counted(inner)) {
        say_cut_off(&inner);
    } else {
        tke_gp_scp_tries_note(scp, keys, scp->before,
                              NULL); /* not sent; a note too many does no harm */
    }
    g_propagate_error(error, g_steal_pointer(&inner));
    return false;
}

static bool
authenticate(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error)
{
    const char *what = _("opening the card manager");
    uint8_t data[2 * TKE_GP_MAC];
    uint8_t expected[TKE_GP_MAC];
    TkeApdu apdu = { .cla = TKE_GP_CLA_SECURED,
                     .ins = INS_EXTERNAL_AUTHENTICATE,
                     .p1 = scp->info.level,
                     .data = data,
                     .data_len = sizeof data };
    size_t len = TKE_GP_MAC;
    TkeCardAnswer answer;

    if (!scp->protocol->derive(scp, keys, error) ||
        !scp->protocol->cryptogram(scp, true, expected, error)) {
        return false;
    }
    if (!tke_bytes_equal(expected, scp->card_cryptogram, TKE_GP_MAC)) {
        return fail_keys(scp, keys, 0, what, error);
    }
    if (!scp->protocol->cryptogram(scp, false, data, error) ||
        !scp->protocol->secure(scp, &apdu, false, data, &len, data + TKE_GP_MAC, error) ||
        !prove(scp, keys, &apdu, &answer, error)) {
        return false;
    }
    scp->chained = true;
    if (is_refusal_of_proof(answer.sw)) {
        return fail_keys(scp, keys, answer.sw, what, error);
    }
    if (answer.sw != TKE_GP_STATUS_DONE) {
        /* The note stays: the card may have counted it as a failed try, with a word of its own. */
        return tke_gp_scp_fail_sw(scp, answer.sw, what, error);
    }
    return tke_gp_scp_tries_note(scp, keys, (TkeGpTries){ 0 }, error);
}

TkeGpScp *
tke_gp_scp_open_with(TkeCard *card, const TkeGpKeySet *keys, const TkeGpMemory *memory,
                     const uint8_t host_challenge[static TKE_GP_CHALLENGE], GError **error)
{
    g_autoptr(TkeGpScp) scp = g_new0(TkeGpScp, 1);
    g_autoptr(GError) inner = NULL;

    scp->card = card;
    scp->memory = memory != NULL ? memory : tke_gp_memory_of_process();
    scp->keys_name = g_strdup(tke_gp_key_set_get_name(keys));
    scp->info.level = tke_gp_key_set_get_level(keys);
    scp->info.key_len = tke_secret_len(tke_gp_key_set_get_key(keys, TKE_GP_KEY_ENC));
    memcpy(scp->host_challenge, host_challenge, TKE_GP_CHALLENGE);
    if (!tke_gp_scp_tries_check(scp, keys, &inner) || !initialize(scp, keys, &inner) ||
        !check_key_set(scp, keys, &inner) || !authenticate(scp, keys, &inner)) {
        tke_gp_scp_tries_take_back(scp, keys);
        tke_card_fail(card, error, g_steal_pointer(&inner));
        return NULL;
    }
    scp->memory = NULL; /* the caller's */
    return g_steal_pointer(&scp);
}

TkeGpScp *
tke_gp_scp_open(TkeCard *card, const TkeGpKeySet *keys, const TkeGpMemory *memory, GError **error)
{
    uint8_t challenge[TKE_GP_CHALLENGE];

    if (RAND_bytes(challenge, sizeof challenge) != 1) {
        tke_openssl_set_error(error, _("drawing random numbers failed"));
        return NULL;
    }
    return tke_gp_scp_open_with(card, keys, memory, challenge, error);
}
