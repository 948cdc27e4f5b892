/*
 * The insides of the test server, shared by its two protocols.
 */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

#include "tests/support/tls-server.h"

typedef struct TestTlsPlan {
    unsigned n;
    TestTlsBehaviour behaviour;
    unsigned status;
    const char *body;
} TestTlsPlan;

struct TestTlsServer {
    TestTlsFlags flags;
    SSL_CTX *ctx;
    int fd;
    char *url;
    char *authority;
    GThread *listener;
    GMutex lock; /* what follows */
    GCond changed;
    bool stopping;
    unsigned hold;
    GArray *plans;          /* of TestTlsPlan */
    GPtrArray *requests;    /* of char * */
    GPtrArray *connections; /* of Connection */
};

unsigned test_tls_server_arrived(TestTlsServer *server, const char *text);
bool test_tls_server_may_answer(TestTlsServer *server);
TestTlsPlan test_tls_server_plan(TestTlsServer *server, unsigned n);
void test_tls_server_serve_http2(TestTlsServer *server, SSL *ssl);
