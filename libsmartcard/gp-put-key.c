/*
 * New issuer keys (GlobalPlatform 2.3, 11.8; amendment D 7.2 for AES). A function of gp-registry.h.
 */
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/aes.h"
#include "common/byte-builder.h"
#include "common/des.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/gp-registry.h"
#include "libsmartcard/gp-status.h"

#define INS_PUT_KEY 0xD8u
#define SEVERAL_FROM_1 0x81u /* P2: more than one key, the first has id 1 */
#define TYPE_DES 0x80u
#define TYPE_AES 0x88u
#define CHECK_VALUE_LEN 3u
#define WRAPPED_MAX 32u
#define DATA_MAX 239u

/* The first bytes of a known block under the key: zeros with DES, ones with AES. */
static bool
check_value(const TkeSecret *key, bool aes, uint8_t out[static CHECK_VALUE_LEN], GError **error)
{
    static const uint8_t zeros[TKE_AES_BLOCK] = { 0 };
    uint8_t block[TKE_AES_BLOCK];

    memset(block, aes ? 0x01 : 0x00, sizeof block);
    if (!(aes ? tke_aes_cbc_bytes(key, true, zeros, block, TKE_AES_BLOCK, block, error)
              : tke_des_cbc_bytes(key, true, zeros, block, TKE_DES_BLOCK, block, error))) {
        return false;
    }
    memcpy(out, block, CHECK_VALUE_LEN);
    return true;
}

static bool
put_block(TkeGpScp *scp, const TkeSecret *key, TkeByteBuilder *b, TkeByteBuilder *expected,
          GError **error)
{
    const bool aes = tke_gp_scp_get_info(scp)->protocol == 3;
    const size_t len = tke_gp_scp_wrapped_len(scp, tke_secret_len(key));
    uint8_t wrapped[WRAPPED_MAX];
    uint8_t check[CHECK_VALUE_LEN];

    g_return_val_if_fail(len <= sizeof wrapped, false);
    if (!tke_gp_scp_wrap_key(scp, key, wrapped, error) || !check_value(key, aes, check, error)) {
        return false;
    }
    tke_byte_builder_u8(b, aes ? TYPE_AES : TYPE_DES);
    tke_byte_builder_u8(b, (uint8_t) (len + (aes ? 1 : 0)));
    if (aes) {
        tke_byte_builder_u8(b, (uint8_t) tke_secret_len(key));
    }
    tke_byte_builder_bytes(b, wrapped, len);
    tke_byte_builder_u8(b, CHECK_VALUE_LEN);
    tke_byte_builder_bytes(b, check, sizeof check);
    tke_byte_builder_bytes(expected, check, sizeof check);
    return true;
}

static bool
fail_keys(TkeGpScp *scp, char *why, GError **error)
{
    GError *made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_CARD_KEYS, "%s: %s",
                               _("putting new issuer keys on the card"), why);

    g_free(why);
    return tke_card_fail(tke_gp_scp_get_card(scp), error, made);
}

static bool
check_new_keys(TkeGpScp *scp, const TkeGpKeySet *keys, uint8_t replaced, GError **error)
{
    const uint8_t version = tke_gp_key_set_get_version(keys);
    const size_t len = tke_secret_len(tke_gp_key_set_get_key(keys, TKE_GP_KEY_ENC));

    if (version < 0x01 || version > 0x7F || replaced > 0x7F) {
        return fail_keys(scp,
                         g_strdup_printf(_("the key set (%s) must say which version, 01 to 7F, "
                                           "they become"),
                                         tke_gp_key_set_get_name(keys)),
                         error);
    }
    if (tke_gp_scp_get_info(scp)->protocol == 2 && len != TKE_DES_KEY_LEN) {
        return fail_keys(scp,
                         g_strdup_printf(_("the card speaks SCP02, whose keys have 32 digits; "
                                           "those of the key set (%s) have more"),
                                         tke_gp_key_set_get_name(keys)),
                         error);
    }
    return true;
}

/* Only a wrong data key makes other keys of those that were sent. */
static void
say_data_key(GError *error)
{
    TkeCardErrorInfo info;

    if (tke_card_error_get_info(error, &info) && info.sw == TKE_GP_STATUS_CHECK_VALUE) {
        tke_card_error_set_remedy(error,
                                  _("The new keys were not taken. “dek” of the key set that opened "
                                    "the card is probably another: correct it in its file."));
    }
}

bool
tke_gp_registry_put_keys(TkeGpScp *scp, const TkeGpKeySet *keys, uint8_t replaced, GError **error)
{
    const char *what = _("putting new issuer keys on the card");
    const uint8_t version = tke_gp_key_set_get_version(keys);
    uint8_t data[DATA_MAX];
    uint8_t expected[1 + TKE_GP_KEYS * CHECK_VALUE_LEN];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeByteBuilder e = { .out = expected, .size = sizeof expected };
    TkeApdu apdu = { .cla = TKE_CLA_OWN,
                     .ins = INS_PUT_KEY,
                     .p1 = replaced,
                     .p2 = SEVERAL_FROM_1,
                     .data = data,
                     .has_answer = true };
    TkeCardAnswer answer;
    GError *inner = NULL;

    if (!check_new_keys(scp, keys, replaced, error)) {
        return false;
    }
    tke_byte_builder_u8(&b, version);
    tke_byte_builder_u8(&e, version);
    for (unsigned i = 0; i < TKE_GP_KEYS; i++) {
        if (!put_block(scp, tke_gp_key_set_get_key(keys, i), &b, &e, error)) {
            return false;
        }
    }
    g_assert(!b.failed && !e.failed);
    apdu.data_len = b.len;
    if (!tke_gp_scp_command(scp, &apdu, what, &answer, &inner)) {
        say_data_key(inner);
        g_propagate_error(error, inner);
        return false;
    }
    if (answer.len != e.len || memcmp(answer.data, expected, e.len) != 0) {
        tke_card_set_protocol_error(tke_gp_scp_get_card(scp), what, error);
        return false;
    }
    return true;
}
