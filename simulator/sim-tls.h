/*
 * The TLS authority of a world and the certificate of its service. The authority's private key is
 * thrown away after it has signed that one certificate, so nobody can make another one that
 * programs of the rehearsal would trust.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct SimTls {
    char *ca_pem;
    char *server_pem;
    char *
        server_key_pem; /* in ordinary memory: the HTTPS library wants it so; worthless elsewhere */
} SimTls;

/* For 127.0.0.1 and localhost, ten years. */
bool sim_tls_make(SimTls *tls, GError **error);
void sim_tls_clear(SimTls *tls);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimTls, sim_tls_clear)
