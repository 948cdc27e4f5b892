/*
 * Fields of X.509 certificates that crypto units return for their administrators. Any X.509 is
 * taken; nothing is trusted because of what is read here.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/openssl.h"
#include "common/public.h"

typedef struct TkeCertificate {
    /* Of the issuer: UTF-8 that is safe to show (control characters are "?"), blanks at the end
     * cut; NULL if there is none. */
    char *common_name;
    char *unit_name;     /* organizationalUnitName */
    EVP_PKEY *key;       /* public key; NULL if OpenSSL does not know the kind */
    uint8_t ski[32];     /* SHA-256 of the BIT STRING content of the SubjectPublicKeyInfo */
    GByteArray *key_der; /* content of that BIT STRING */
} TkeCertificate;

/* Owned by the caller. Not one X.509 certificate and nothing else: TKE_ERROR_INVALID_DATA. */
TKE_PUBLIC TkeCertificate *tke_certificate_parse(const uint8_t *der, size_t len, GError **error);

TKE_PUBLIC void tke_certificate_free(TkeCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCertificate, tke_certificate_free)
