/*
 * The control of the secret scan: holds a random secret in a TkeSecret, with the argument "heap"
 * also on the ordinary heap; writes its bytes to standard output and waits until standard input is
 * closed. The first bytes are digits, a PIN: "pin", "pin-hex", "pin-block" and "pin-block-hex"
 * leave only that on the heap, in this form; "number" leaves the secret there as a number of
 * OpenSSL. "key" holds a private key as the programs do, and its bytes are the end of the scalar.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>

#include "common/ec-key.h"
#include "common/hex.h"
#include "common/openssl.h"
#include "common/process.h"
#include "common/secret.h"

#define SECRET 32
#define PIN 6
#define BLOCK 8

static void
make_pin(uint8_t *bytes)
{
    for (unsigned i = 0; i < PIN; i++) {
        bytes[i] = (uint8_t) ('0' + bytes[i] % 10);
    }
}

/* What is left on the heap; NULL: nothing. Nothing else is, on the way. */
static uint8_t *
leave(const char *mode, const uint8_t *secret)
{
    uint8_t *block = NULL;
    uint8_t *hex = NULL;

    if (strcmp(mode, "heap") == 0) {
        return g_memdup2(secret, SECRET);
    }
    if (strcmp(mode, "pin") == 0) {
        return g_memdup2(secret, PIN);
    }
    if (strcmp(mode, "pin-hex") == 0) {
        return (uint8_t *) tke_hex_encode(secret, PIN);
    }
    if (!g_str_has_prefix(mode, "pin-block")) {
        return NULL;
    }
    block = g_malloc(BLOCK);
    memset(block, 0xFF, BLOCK);
    memcpy(block, secret, PIN);
    if (strcmp(mode, "pin-block-hex") == 0) {
        hex = (uint8_t *) tke_hex_encode_upper(block, BLOCK);
        explicit_bzero(block, BLOCK);
        g_free(block);
        return hex;
    }
    return block;
}

/* The end of the scalar of a key, to be freed by the caller. */
static TkeSecret *
make_secret_of_key(EVP_PKEY **key, GError **error)
{
    g_autoptr(TkeSecret) scalar = NULL;

    *key = tke_ec_key_generate(error);
    scalar = *key != NULL ? tke_ec_key_dup_scalar(*key, error) : NULL;
    if (scalar == NULL) {
        return NULL;
    }
    return tke_secret_new_slice(scalar, tke_secret_len(scalar) - SECRET, SECRET, error);
}

int
main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) secret = NULL;
    g_autoptr(EVP_PKEY) key = NULL;
    g_autofree uint8_t *copy = NULL;
    g_autoptr(BIGNUM) number = NULL;
    char byte = 0;

    if (!tke_process_init(TKE_PROCESS_DUMPABLE, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    if (strcmp(mode, "key") == 0) {
        secret = make_secret_of_key(&key, &error);
    } else if ((secret = tke_secret_new_random(SECRET, &error)) != NULL) {
        make_pin(tke_secret_fill(secret, NULL));
    }
    if (secret == NULL) {
        return 1;
    }
    copy = leave(mode, tke_secret_bytes(secret, NULL));
    if (strcmp(mode, "number") == 0) {
        number = BN_bin2bn(tke_secret_bytes(secret, NULL), SECRET, NULL);
    }
    if (write(STDOUT_FILENO, tke_secret_bytes(secret, NULL), SECRET) != SECRET) {
        return 1;
    }
    return read(STDIN_FILENO, &byte, 1) < 0 || (copy != NULL && copy[0] == byte && byte != 0) ? 1
                                                                                              : 0;
}
