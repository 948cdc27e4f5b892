/*
 * Secure channel with the card manager: commands (GlobalPlatform 2.3, 10 and annexes D and E;
 * amendment D for SCP03).
 */
#include "libsmartcard/gp-scp.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/cancel.h"
#include "common/des.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/gp-scp-private.h"
#include "libsmartcard/gp-status.h"

#define WARNING 0x62u /* first byte of a status word */
#define WARNING_CHANGED 0x63u
#define CBC_KEY_BLOCK 16u

void
tke_gp_scp_pad(uint8_t *data, size_t *len, size_t block)
{
    data[(*len)++] = 0x80;
    while (*len % block != 0) {
        data[(*len)++] = 0x00;
    }
}

void
tke_gp_scp_free(TkeGpScp *scp)
{
    if (scp != NULL) {
        tke_secret_free(scp->enc);
        tke_secret_free(scp->mac);
        tke_secret_free(scp->rmac);
        tke_secret_free(scp->dek);
        g_free(scp->card_text);
        g_free(scp->barred_text);
        g_free(scp->keys_name);
        g_free(scp);
    }
}

const TkeGpScpInfo *
tke_gp_scp_get_info(const TkeGpScp *scp)
{
    return &scp->info;
}

TkeCard *
tke_gp_scp_get_card(TkeGpScp *scp)
{
    return scp->card;
}

bool
tke_gp_scp_fail_sw(TkeGpScp *scp, uint16_t sw, const char *what, GError **error)
{
    GError *made = NULL;

    tke_gp_status_set_error(&made, sw, what);
    return tke_card_fail(scp->card, error, made);
}

size_t
tke_gp_scp_get_room(const TkeGpScp *scp)
{
    const size_t most = TKE_GP_DATA_MAX - TKE_GP_MAC;

    if ((scp->info.level & TKE_GP_LEVEL_C_DEC) == 0) {
        return most;
    }
    return most / scp->protocol->block * scp->protocol->block - 1;
}

/* Amendment D, 6.2.5: all but 9000 and the warnings 62xx and 63xx are errors; only errors bear no
 * MAC. */
static bool
is_refusal(uint16_t sw)
{
    return sw != TKE_GP_STATUS_DONE && sw >> 8 != WARNING && sw >> 8 != WARNING_CHANGED;
}

/*
 * SCP03 proves “mac” only; whether “enc” fits shows when the first command is decrypted. The card
 * has taken the proof by then, and counts no failed try.
 */
static bool
fail_enc(TkeGpScp *scp, uint16_t sw, GError **error)
{
    GError *made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS,
                               _("the card took “mac” of the key set (%s) and refuses the first "
                                 "command that is encrypted: “enc” is probably another"),
                               scp->keys_name);

    tke_card_error_set_remedy(made, _("Correct “enc” in the file of the key set and start again; "
                                      "the card has counted no failed try."));
    tke_card_error_set_sw(made, sw);
    g_propagate_error(error, made);
    return false;
}

/* A command refused as nothing that a card could decrypt is. */
static bool
shows_wrong_enc(const TkeGpScp *scp, uint16_t sw)
{
    return scp->info.protocol == 3 &&
           (sw == TKE_GP_STATUS_SECURITY || sw == TKE_GP_STATUS_SM_OBJECT);
}

static bool
transmit(TkeGpScp *scp, const TkeApdu *apdu, TkeCardAnswer *answer, GError **error)
{
    const bool encrypt = (scp->info.level & TKE_GP_LEVEL_C_DEC) != 0;
    const bool answers_mac = (scp->info.level & TKE_GP_LEVEL_R_MAC) != 0;
    uint8_t data[TKE_GP_DATA_MAX];
    const bool first = encrypt && apdu->data_len > 0 && !scp->enc_used;
    uint8_t mac[TKE_GP_MAC];
    TkeApdu secured = *apdu;

    secured.cla = TKE_GP_CLA_SECURED;
    secured.data = data;
    secured.data_len = apdu->data_len;
    secured.has_answer = apdu->has_answer || answers_mac;
    if (apdu->data_len > 0) {
        memcpy(data, apdu->data, apdu->data_len);
    }
    scp->commands++; /* also for commands without data */
    if (!scp->protocol->secure(scp, apdu, encrypt, data, &secured.data_len, mac, error)) {
        return false;
    }
    memcpy(data + secured.data_len, mac, sizeof mac);
    secured.data_len += sizeof mac;
    if (!tke_card_transmit(scp->card, &secured, answer, error)) {
        return false;
    }
    scp->enc_used = scp->enc_used || first;
    if (is_refusal(answer->sw) && answer->len == 0) { /* bears no MAC */
        return !first || !shows_wrong_enc(scp, answer->sw) || fail_enc(scp, answer->sw, error);
    }
    return scp->protocol->open(scp, answer, error);
}

bool
tke_gp_scp_transmit(TkeGpScp *scp, const TkeApdu *apdu, TkeCardAnswer *answer, GError **error)
{
    g_autoptr(GError) inner = NULL;

    g_return_val_if_fail(apdu->cla == TKE_CLA_OWN && apdu->data_len <= tke_gp_scp_get_room(scp),
                         false);

    if (tke_cancel_is_asked(tke_card_get_cancellable(scp->card), error)) {
        return false; /* before chain and counter move on: the channel can go on */
    }
    if (scp->ended) {
        g_set_error(&inner, TKE_CARD_ERROR, TKE_CARD_ERROR_RESET,
                    _("the secure channel to the card has ended"));
    } else if (!transmit(scp, apdu, answer, &inner)) {
        scp->ended = true;
    }
    if (inner != NULL) {
        return tke_card_fail(scp->card, error, g_steal_pointer(&inner));
    }
    return true;
}

bool
tke_gp_scp_command(TkeGpScp *scp, const TkeApdu *apdu, const char *what, TkeCardAnswer *answer,
                   GError **error)
{
    TkeCardAnswer none = { 0 };
    g_autoptr(GError) inner = NULL;

    answer = answer != NULL ? answer : &none;
    if (!tke_gp_scp_transmit(scp, apdu, answer, &inner)) {
        g_prefix_error(&inner, "%s: ", what);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    return answer->sw == TKE_GP_STATUS_DONE || tke_gp_scp_fail_sw(scp, answer->sw, what, error);
}

size_t
tke_gp_scp_wrapped_len(const TkeGpScp *scp, size_t key_len)
{
    const size_t block = scp->protocol->block;

    return (key_len + block - 1) / block * block;
}

bool
tke_gp_scp_wrap_key(TkeGpScp *scp, const TkeSecret *key, uint8_t *out, GError **error)
{
    static const uint8_t zeros[CBC_KEY_BLOCK] = { 0 };
    const size_t len = tke_gp_scp_wrapped_len(scp, tke_secret_len(key));
    g_autoptr(TkeSecret) padded = tke_secret_new(len, error);

    if (padded == NULL) {
        return false;
    }
    memcpy(tke_secret_fill(padded, NULL), tke_secret_bytes(key, NULL), tke_secret_len(key));
    if (scp->info.protocol == 3) {
        return tke_aes_cbc_bytes(scp->dek, true, zeros, tke_secret_bytes(padded, NULL), len, out,
                                 error);
    }
    for (size_t i = 0; i < len; i += scp->protocol->block) { /* SCP02: each block for itself */
        if (!tke_des_cbc_bytes(scp->dek, true, zeros, tke_secret_bytes(padded, NULL) + i,
                               scp->protocol->block, out + i, error)) {
            return false;
        }
    }
    return true;
}
