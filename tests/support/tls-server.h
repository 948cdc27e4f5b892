/*
 * A TLS server on loopback, in threads of the test, that does as it is told: answers, stays silent,
 * cuts. Its authority and certificate are made for it. Start it inside a test.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct TestTlsServer TestTlsServer;

typedef enum {
    TEST_TLS_DEFAULT = 0,
    TEST_TLS_HTTP2 = 1,      /* offers HTTP/2 */
    TEST_TLS_OTHER_NAME = 2, /* its certificate names another host */
    TEST_TLS_OLD = 4,        /* speaks TLS 1.1 at most */
    TEST_TLS_REFUSE = 8,     /* closes connections before the handshake */
    TEST_TLS_MUTE = 16,      /* takes connections, says nothing */
} TestTlsFlags;

typedef enum {
    TEST_TLS_ANSWER,    /* the given status and body */
    TEST_TLS_SILENT,    /* reads the request, never answers */
    TEST_TLS_CUT,       /* reads the request, closes */
    TEST_TLS_CUT_SHORT, /* closes in the middle of the answer */
    TEST_TLS_ENDLESS,   /* answers with more than anybody wants */
} TestTlsBehaviour;

TestTlsServer *test_tls_server_new(TestTlsFlags flags);
void test_tls_server_free(TestTlsServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TestTlsServer, test_tls_server_free)

const char *test_tls_server_url(const TestTlsServer *server);       /* "https://127.0.0.1:port" */
const char *test_tls_server_authority(const TestTlsServer *server); /* PEM */

/* What happens to request number n (from 1, in the order of arrival); all others are answered with
 * 200 and "{}". */
void test_tls_server_set(TestTlsServer *server, unsigned n, TestTlsBehaviour behaviour,
                         unsigned status, const char *body);

/* Answers none before n requests have arrived: they must be under way at once. */
void test_tls_server_hold(TestTlsServer *server, unsigned n);

/* What has arrived. */
unsigned test_tls_server_requests(TestTlsServer *server);
unsigned test_tls_server_connections(TestTlsServer *server);
/* Head and body of request n as text, NULL if there is none (HTTP/1.1 only). Caller frees. */
char *test_tls_server_request(TestTlsServer *server, unsigned n);
/* Waits until n requests have arrived. */
void test_tls_server_wait(TestTlsServer *server, unsigned n);
