/*
 * A throw-away authority and a server certificate below it.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

typedef struct TestTlsAuthority {
    EVP_PKEY *key; /* of the server */
    X509 *server;  /* for 127.0.0.1, or for another name */
    char *pem;     /* certificate of the authority */
} TestTlsAuthority;

void test_tls_authority_init(TestTlsAuthority *authority, const char *subject_alt_name);
void test_tls_authority_clear(TestTlsAuthority *authority);
