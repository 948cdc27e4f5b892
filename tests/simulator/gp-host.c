/*
 * SCP02 and SCP03 for tests, on OpenSSL alone: no line of it is shared with the cards or the
 * programs.
 */
#include "tests/simulator/gp-host.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <string.h>

#include "tests/simulator/card-talk.h"
#include "tests/support/test-bytes.h"

GpHost *
gp_host_new(SimCard *card)
{
    GpHost *host = g_new0(GpHost, 1);

    host->card = card;
    gp_host_set_keys(host, GP_TEST_KEY, GP_TEST_KEY, GP_TEST_KEY);
    return host;
}

void
gp_host_set_keys(GpHost *host, const char *enc, const char *mac, const char *dek)
{
    const char *texts[] = { enc, mac, dek };

    for (size_t i = 0; i < 3; i++) {
        g_clear_pointer(&host->keys[i], g_byte_array_unref);
        host->keys[i] = test_bytes(texts[i]);
    }
}

void
gp_host_free(GpHost *host)
{
    if (host != NULL) {
        for (size_t i = 0; i < 3; i++) {
            g_clear_pointer(&host->keys[i], g_byte_array_unref);
        }
        g_free(host);
    }
}

/* ---- OpenSSL ---- */

static void
crypt_cbc(const char *cipher_name, const uint8_t *key, bool encrypt, const uint8_t *iv,
          const uint8_t *in, size_t len, uint8_t *out)
{
    static const uint8_t zeros[16] = { 0 };
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, cipher_name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;

    ck_assert_ptr_nonnull(cipher);
    ck_assert_int_eq(EVP_CipherInit_ex2(ctx, cipher, key, iv == NULL ? zeros : iv, encrypt, NULL),
                     1);
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    ck_assert_int_eq(EVP_CipherUpdate(ctx, out, &n, in, (int) len), 1);
    ck_assert_int_eq(n, (int) len);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
}

static void
aes_cbc(const uint8_t *key, size_t key_len, bool encrypt, const uint8_t *iv, const uint8_t *in,
        size_t len, uint8_t *out)
{
    g_autofree char *name = g_strdup_printf("AES-%u-CBC", (unsigned) key_len * 8);

    crypt_cbc(name, key, encrypt, iv, in, len, out);
}

static void
aes_cmac(const uint8_t *key, size_t key_len, const GByteArray *text, uint8_t out[16])
{
    g_autofree char *name = g_strdup_printf("AES-%u-CBC", (unsigned) key_len * 8);
    OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
                            OSSL_PARAM_construct_end() };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    size_t len = 0;

    ck_assert_int_eq(EVP_MAC_init(ctx, key, key_len, params), 1);
    ck_assert_int_eq(EVP_MAC_update(ctx, text->data, text->len), 1);
    ck_assert_int_eq(EVP_MAC_final(ctx, out, &len, 16), 1);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
}

static void
des3_cbc(const uint8_t *key, bool encrypt, const uint8_t *in, size_t len, uint8_t *out)
{
    crypt_cbc("DES-EDE-CBC", key, encrypt, NULL, in, len, out);
}

/* One block under K1: triple DES with K1 twice. */
static void
des_block(const uint8_t *key, const uint8_t in[8], uint8_t out[8])
{
    uint8_t twice[16] = { 0 };

    memcpy(twice, key, 8);
    memcpy(twice + 8, key, 8);
    des3_cbc(twice, true, in, 8, out);
}

static void
pad(GByteArray *text, size_t block)
{
    const uint8_t first = 0x80;
    const uint8_t zero = 0x00;

    g_byte_array_append(text, &first, 1);
    while (text->len % block != 0) {
        g_byte_array_append(text, &zero, 1);
    }
}

/* Single DES all the way, triple DES at the end. */
static void
retail_mac(const uint8_t *key, const uint8_t iv[8], GByteArray *text, uint8_t out[8])
{
    uint8_t block[8] = { 0 };

    pad(text, 8);
    memcpy(block, iv, 8);
    for (size_t at = 0; at < text->len; at += 8) {
        for (size_t i = 0; i < 8; i++) {
            block[i] ^= text->data[at + i];
        }
        if (at + 8 < text->len) {
            des_block(key, block, block);
        } else {
            des3_cbc(key, true, block, 8, out);
        }
    }
}

/* ---- sessions ---- */

static void
derive3(const GpHost *host, const GByteArray *key, uint8_t constant, size_t len, uint8_t *out)
{
    uint8_t whole[32] = { 0 };

    for (uint8_t i = 1; (size_t) (i - 1) * 16 < len; i++) {
        g_autoptr(GByteArray) text = g_byte_array_new();
        const uint8_t fixed[] = { constant, 0, (uint8_t) (len * 8 >> 8), (uint8_t) (len * 8), i };

        g_byte_array_set_size(text, 11);
        memset(text->data, 0, 11);
        g_byte_array_append(text, fixed, sizeof fixed);
        g_byte_array_append(text, host->host_challenge, 8);
        g_byte_array_append(text, host->card_challenge, 8);
        aes_cmac(key->data, key->len, text, whole + (i - 1) * 16);
    }
    memcpy(out, whole, len);
}

static void
derive2(const GpHost *host, const GByteArray *key, uint8_t constant, uint8_t *out)
{
    uint8_t input[16] = { 0x01, constant, host->card_challenge[0], host->card_challenge[1] };

    des3_cbc(key->data, true, input, sizeof input, out);
}

static void
make_keys(GpHost *host)
{
    host->key_len = host->keys[0]->len;
    if (host->scp == 3) {
        derive3(host, host->keys[0], 0x04, host->key_len, host->enc);
        derive3(host, host->keys[1], 0x06, host->key_len, host->mac);
        derive3(host, host->keys[1], 0x07, host->key_len, host->r_mac);
        memcpy(host->dek, host->keys[2]->data, host->key_len);
    } else {
        derive2(host, host->keys[0], 0x82, host->enc);
        derive2(host, host->keys[1], 0x01, host->mac);
        derive2(host, host->keys[2], 0x81, host->dek);
    }
}

static void
cryptogram(const GpHost *host, bool of_host, uint8_t out[8])
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    g_autoptr(GByteArray) key = g_byte_array_new();
    uint8_t blocks[24] = { 0 };

    if (host->scp == 3) {
        g_byte_array_append(key, host->mac, (guint) host->key_len);
        derive3(host, key, of_host ? 0x01 : 0x00, 8, out);
        return;
    }
    g_byte_array_append(text, of_host ? host->card_challenge : host->host_challenge, 8);
    g_byte_array_append(text, of_host ? host->host_challenge : host->card_challenge, 8);
    pad(text, 8);
    des3_cbc(host->enc, true, text->data, text->len, blocks);
    memcpy(out, blocks + 16, 8);
}

static unsigned
last_word(const SimCardAnswer *answer)
{
    return (unsigned) answer->bytes[answer->len - 2] << 8 | answer->bytes[answer->len - 1];
}

unsigned
gp_host_start(GpHost *host, uint8_t version)
{
    uint8_t command[] = { 0x80, 0x50, version, 0x00, 0x08, 0xA0, 0xA1,
                          0xA2, 0xA3, 0xA4,    0xA5, 0xA6, 0xA7, 0x00 };
    g_autofree char *fci = talk_apdu(host->card, "00a4040000");
    SimCardAnswer answer = { 0 };
    uint8_t wanted[8] = { 0 };
    size_t at = 0;

    ck_assert_msg(g_str_has_suffix(fci, "9000") || g_str_has_suffix(fci, "6283"), "%s", fci);
    memcpy(host->host_challenge, command + 5, 8);
    ck_assert_int_eq(sim_card_exchange(host->card, command, sizeof command, &answer),
                     SIM_CARD_ANSWERED);
    if (last_word(&answer) != 0x9000) {
        ck_assert_uint_eq(answer.len, 2);
        return last_word(&answer);
    }
    host->scp = answer.bytes[11];
    host->option = host->scp == 3 ? answer.bytes[12] : 0;
    at = host->scp == 3 ? 13 : 12;
    ck_assert_uint_eq(answer.len, at + 16 + (host->scp == 3 && (host->option & 0x10) ? 3 : 0) + 2);
    memcpy(host->card_challenge, answer.bytes + at, 8);
    memset(host->chain, 0, sizeof host->chain);
    host->counter = 0;
    host->level = 0;
    make_keys(host);
    cryptogram(host, false, wanted);
    ck_assert_mem_eq(answer.bytes + at + 8, wanted, 8);
    return 0x9000;
}

static void
mac_of_command(GpHost *host, const uint8_t header[4], const GByteArray *data, uint8_t out[8])
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    const uint8_t lc = (uint8_t) (data->len + 8);
    uint8_t iv[8] = { 0 };

    if (host->scp == 3) {
        g_byte_array_append(text, host->chain, 16);
    }
    g_byte_array_append(text, header, 4);
    g_byte_array_append(text, &lc, 1);
    g_byte_array_append(text, data->data, data->len);
    if (host->scp == 3) {
        aes_cmac(host->mac, host->key_len, text, host->chain);
    } else {
        if (host->counter > 0) {
            des_block(host->mac, host->chain, iv);
        }
        retail_mac(host->mac, iv, text, host->chain);
        host->counter++;
    }
    memcpy(out, host->chain, 8);
}

static void
iv_of_counter(const GpHost *host, uint8_t first, uint8_t iv[16])
{
    const uint8_t block[16] = {
        first, [14] = (uint8_t) (host->counter >> 8), [15] = (uint8_t) host->counter
    };

    aes_cbc(host->enc, host->key_len, true, NULL, block, sizeof block, iv);
}

GByteArray *
gp_host_wrap(GpHost *host, const char *header, const GByteArray *data)
{
    GByteArray *command = test_bytes(header);
    g_autoptr(GByteArray) body = g_byte_array_new();
    g_autoptr(GByteArray) sent = g_byte_array_new();
    uint8_t iv[16] = { 0 };
    uint8_t mac[8] = { 0 };
    uint8_t lc = 0;

    g_byte_array_append(body, data->data, data->len);
    command->data[0] |= host->level & 0x01 ? 0x04 : 0x00;
    if (host->scp == 3) {
        host->counter++;
    } else {
        mac_of_command(host, command->data, body, mac); /* over what is not encrypted */
    }
    if ((host->level & 0x02) != 0 && body->len > 0) {
        pad(body, host->scp == 3 ? 16 : 8);
        g_byte_array_set_size(sent, body->len);
        if (host->scp == 3) {
            iv_of_counter(host, 0x00, iv);
            aes_cbc(host->enc, host->key_len, true, iv, body->data, body->len, sent->data);
        } else {
            des3_cbc(host->enc, true, body->data, body->len, sent->data);
        }
    } else {
        g_byte_array_append(sent, body->data, body->len);
    }
    if ((host->level & 0x01) != 0) {
        if (host->scp == 3) {
            mac_of_command(host, command->data, sent, mac);
        }
        mac[7] ^= host->wrong_mac ? 1 : 0;
        host->wrong_mac = false;
        g_byte_array_append(sent, mac, 8);
    }
    ck_assert_uint_le(sent->len, 255);
    lc = (uint8_t) sent->len;
    if (lc > 0) {
        g_byte_array_append(command, &lc, 1);
        g_byte_array_append(command, sent->data, sent->len);
    }
    lc = 0;
    g_byte_array_append(command, &lc, 1);
    return command;
}

unsigned
gp_host_authenticate(GpHost *host, unsigned level)
{
    uint8_t command[21] = { 0x84, 0x82, (uint8_t) level, 0x00, 0x10 };
    g_autoptr(GByteArray) body = g_byte_array_new();
    SimCardAnswer answer = { 0 };

    g_byte_array_set_size(body, 8);
    cryptogram(host, true, body->data);
    body->data[0] ^= host->wrong_cryptogram ? 1 : 0;
    mac_of_command(host, command, body, command + 13);
    memcpy(command + 5, body->data, 8);
    command[20] ^= host->wrong_mac ? 1 : 0;
    host->wrong_mac = false;
    ck_assert_int_eq(sim_card_exchange(host->card, command, sizeof command, &answer),
                     SIM_CARD_ANSWERED);
    ck_assert_uint_eq(answer.len, 2);
    host->level = level;
    return last_word(&answer);
}

void
gp_host_open(GpHost *host, unsigned level)
{
    ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
    ck_assert_uint_eq(gp_host_authenticate(host, level), 0x9000);
}

/* Checks and opens an answer that came through a session with R-MAC. */
static void
unwrap(const GpHost *host, GByteArray *answer)
{
    g_autoptr(GByteArray) text = g_byte_array_new();
    uint8_t mac[16] = { 0 };
    uint8_t iv[16] = { 0 };
    guint len = answer->len - 2;

    ck_assert_uint_ge(len, 8);
    g_byte_array_append(text, host->chain, 16);
    g_byte_array_append(text, answer->data, len - 8);
    g_byte_array_append(text, answer->data + len, 2);
    aes_cmac(host->r_mac, host->key_len, text, mac);
    ck_assert_mem_eq(answer->data + len - 8, mac, 8);
    g_byte_array_remove_range(answer, len - 8, 8);
    len -= 8;
    if ((host->level & 0x20) == 0 || len == 0) {
        return;
    }
    ck_assert_uint_eq(len % 16, 0);
    iv_of_counter(host, 0x80, iv);
    aes_cbc(host->enc, host->key_len, false, iv, answer->data, len, answer->data);
    while (len > 0 && answer->data[len - 1] == 0) {
        g_byte_array_remove_index(answer, --len);
    }
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_eq(answer->data[len - 1], 0x80);
    g_byte_array_remove_index(answer, len - 1);
}

char *
gp_host_send_bytes(GpHost *host, const char *header, const GByteArray *data)
{
    g_autoptr(GByteArray) command = gp_host_wrap(host, header, data);
    g_autoptr(GByteArray) whole = g_byte_array_new();
    SimCardAnswer answer = { 0 };
    unsigned sw = 0;

    ck_assert_int_eq(sim_card_exchange(host->card, command->data, command->len, &answer),
                     SIM_CARD_ANSWERED);
    g_byte_array_append(whole, answer.bytes, (guint) answer.len);
    sw = last_word(&answer);
    if ((host->level & 0x10) != 0 && (sw == 0x9000 || sw == 0x6310)) {
        unwrap(host, whole);
    }
    return tke_hex_encode(whole->data, whole->len);
}

char *
gp_host_send(GpHost *host, const char *header, const char *data)
{
    g_autoptr(GByteArray) bytes = test_bytes(data);

    return gp_host_send_bytes(host, header, bytes);
}

void
gp_host_expect(GpHost *host, const char *header, const char *data, const char *answer)
{
    g_autofree char *got = gp_host_send(host, header, data);
    g_autofree char *want = test_bytes_digits(answer);

    ck_assert_msg(strcmp(got, want) == 0, "%s %s was answered with %s, not %s", header, data, got,
                  want);
}

/* ---- PUT KEY ---- */

char *
gp_host_put_key_data(GpHost *host, uint8_t version, const char *enc, const char *mac,
                     const char *dek)
{
    const char *texts[] = { enc, mac, dek };
    GString *data = g_string_new(NULL);

    g_string_append_printf(data, "%02x", version);
    for (size_t i = 0; i < 3; i++) {
        g_autoptr(GByteArray) key = test_bytes(texts[i]);
        uint8_t plain[32] = { 0 };
        uint8_t cipher[32] = { 0 };
        uint8_t check[16] = { 0 };
        size_t len = key->len > 16 ? 32 : 16;
        g_autofree char *text = NULL;

        memcpy(plain, key->data, key->len);
        if (host->scp == 3) {
            memset(check, 1, sizeof check);
            aes_cbc(host->dek, host->key_len, true, NULL, plain, len, cipher);
            aes_cbc(key->data, key->len, true, NULL, check, 16, check);
            g_string_append_printf(data, "88%02x%02x", (unsigned) len + 1, key->len);
        } else {
            for (size_t at = 0; at < len; at += 8) {
                des3_cbc(host->dek, true, plain + at, 8, cipher + at);
            }
            des3_cbc(key->data, true, check, 8, check);
            g_string_append_printf(data, "80%02x", (unsigned) len);
        }
        text = tke_hex_encode(cipher, len);
        g_string_append_printf(data, "%s03%02x%02x%02x", text, check[0], check[1], check[2]);
    }
    return g_string_free(data, FALSE);
}
