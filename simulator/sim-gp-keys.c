/*
 * PUT KEY (GlobalPlatform Card Specification 2.3, 11.8; Amendment D, 7.2): a whole key set, new or
 * instead of another one, each key with its check value.
 */
#include <string.h>

#include "simulator/sim-card-private.h"

#define ALL_KEYS 0x81u /* from key 1 on, several */
#define CHECK_LEN 3u
#define LAST_VERSION 0x7Fu

/* Length of the key and its ciphertext, which is in whole blocks. */
static uint16_t
take_cipher(const SimGpState *gp, TkeByteCursor *data, TkeByteCursor *cipher, uint8_t *len)
{
    uint8_t type = 0;
    uint8_t whole = 0;

    if (!tke_byte_cursor_u8(data, &type) || !tke_byte_cursor_u8(data, &whole)) {
        return SIM_SW_DATA;
    }
    if (type != (gp->scp == SIM_GP_SCP02 ? SIM_GP_KEY_DES : SIM_GP_KEY_AES)) {
        return SIM_SW_KEY_TYPE;
    }
    if (!tke_byte_cursor_sub(data, whole, cipher)) {
        return SIM_SW_DATA;
    }
    *len = whole;
    if (gp->scp == SIM_GP_SCP02) {
        return whole == 16 ? SIM_SW_DONE : SIM_SW_DATA;
    }
    if (!tke_byte_cursor_u8(cipher, len) || (*len != 16 && *len != 24 && *len != 32)) {
        return SIM_SW_DATA;
    }
    return tke_byte_cursor_left(cipher) == (*len == 16 ? 16 : 32) ? SIM_SW_DONE : SIM_SW_DATA;
}

static uint16_t
take_key(SimCard *card, TkeByteCursor *data, SimGpKeySet *set, unsigned key)
{
    const SimGpProtocol *protocol = sim_gp_protocol(&card->state.gp);
    TkeByteCursor cipher = { 0 };
    uint8_t plain[SIM_GP_KEY_MAX] = { 0 };
    uint8_t claimed[CHECK_LEN] = { 0 };
    uint8_t check[CHECK_LEN] = { 0 };
    uint8_t check_len = 0;
    uint8_t len = 0;
    uint16_t sw = take_cipher(&card->state.gp, data, &cipher, &len);

    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!tke_byte_cursor_u8(data, &check_len) || check_len != CHECK_LEN ||
        !tke_byte_cursor_copy(data, claimed, CHECK_LEN) || (key > 0 && len != set->key_len)) {
        return SIM_SW_DATA;
    }
    if (!protocol->decrypt_key(&card->now.manager.session, tke_byte_cursor_peek(&cipher),
                               tke_byte_cursor_left(&cipher), plain) ||
        !protocol->key_check(plain, len, check)) {
        return SIM_SW_INTERNAL;
    }
    if (!tke_bytes_equal(check, claimed, CHECK_LEN)) {
        return SIM_SW_KEY_CHECK;
    }
    set->key_len = len;
    memcpy(set->keys[key], plain, len);
    tke_byte_builder_bytes(&card->out, check, CHECK_LEN);
    return SIM_SW_DONE;
}

/* Where the new set goes: the place of the one it replaces, of the maker's, or a free one. */
static uint16_t
find_place(SimGpState *gp, uint8_t replaced, uint8_t version, SimGpKeySet **place)
{
    SimGpKeySet *same = sim_gp_state_find_keys(gp, version);

    if (replaced != 0) {
        *place = sim_gp_state_find_keys(gp, replaced);
        if (*place == NULL) {
            return SIM_SW_NOT_FOUND;
        }
        return same == NULL || same == *place ? SIM_SW_DONE : SIM_SW_DATA;
    }
    if (same != NULL) {
        return SIM_SW_DATA;
    }
    *place = sim_gp_state_find_keys(gp, SIM_GP_FIRST_VERSION);
    for (unsigned i = 0; *place == NULL && i < SIM_GP_KEY_SETS; i++) {
        if (gp->sets[i].version == 0) {
            *place = &gp->sets[i];
        }
    }
    return *place == NULL ? SIM_SW_NO_ROOM : SIM_SW_DONE;
}

uint16_t
sim_gp_put_key(SimCard *card, const SimGpCall *call)
{
    TkeByteCursor data = call->data;
    SimGpKeySet set = { .tries = SIM_GP_TRIES };
    SimGpKeySet *place = NULL;
    uint16_t sw = SIM_SW_DONE;

    if (call->p1 > LAST_VERSION || call->p2 != ALL_KEYS) {
        return SIM_SW_P1P2;
    }
    if (!tke_byte_cursor_u8(&data, &set.version) || set.version == 0 ||
        set.version > LAST_VERSION) {
        return SIM_SW_DATA;
    }
    sw = find_place(&card->state.gp, call->p1, set.version, &place);
    tke_byte_builder_u8(&card->out, set.version);
    for (unsigned key = 0; sw == SIM_SW_DONE && key < SIM_GP_KEYS; key++) {
        sw = take_key(card, &data, &set, key);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (tke_byte_cursor_left(&data) > 0) {
        return SIM_SW_DATA;
    }
    *place = set;
    return sim_card_commit(card);
}
