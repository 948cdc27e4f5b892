/*
 * Administrator certificates: making one for a new administrator, reading an installed one
 * (crypto-unit-protocol.md, 4.1).
 *
 * A certificate is made in three steps: the body (TBS) is built, its key signs it, the signature is
 * put behind it. Names are UTF-8 of at most 30 bytes, put into a PrintableString as they are, as
 * IBM's tools do it.
 */
#pragma once

#include <gio/gio.h>
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ec-key.h"
#include "common/openssl.h"
#include "common/public.h"
#include "common/rsa.h"
#include "libep11admin/signer.h"

#define TKE_ADMIN_NAME_MAX 30u           /* bytes, not characters */
#define TKE_ADMIN_CERTIFICATE_MAX 12288u /* most a crypto unit takes */
#define TKE_ADMIN_CERTIFICATE_TBS_P521 409u
#define TKE_ADMIN_CERTIFICATE_TBS_RSA 546u

/*
 * Body of a certificate for the key; the caller owns it. A name that is too long or not UTF-8:
 * TKE_ERROR_USAGE. Another key than P-521 or RSA 2048 with exponent 65537: TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC GByteArray *tke_admin_certificate_new_tbs(EVP_PKEY *key, const char *name,
                                                     GError **error);

/*
 * The certificate: body, algorithm, signature. For an RSA body the signature has 256 bytes, else it
 * is a DER signature, which is written with minimal integers. Anything else:
 * TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC GByteArray *tke_admin_certificate_assemble(const uint8_t *tbs, size_t tbs_len,
                                                      const uint8_t *signature,
                                                      size_t signature_len, GError **error);

/*
 * All three steps: builds the body for name and key, lets the signer sign it
 * (TKE_SIGN_CERTIFICATE), assembles. The key must be the signer's (TKE_ERROR_VERIFY: the SKI
 * differs), and the finished signature must verify with it (TKE_ERROR_VERIFY).
 */
TKE_PUBLIC GByteArray *tke_admin_certificate_new(TkeSigner *signer, EVP_PKEY *key, const char *name,
                                                 GCancellable *cancellable, GError **error);

/* What is known of an installed administrator. */
typedef struct TkeAdminCertificate {
    char *name;               /* UTF-8, blanks at both ends cut; NULL if there is none */
    uint8_t ski[TKE_SKI_LEN]; /* computed from the key, not taken from an extension */
    EVP_PKEY *key;            /* NULL if the kind of key is unknown */
    bool made_by_tke;         /* the issuer's organizational unit names TKE Administration */
    GByteArray *der;          /* the certificate as stored */
} TkeAdminCertificate;

/*
 * Reads any X.509 certificate; its signature means nothing and is not looked at (4.1.2). Owned by
 * the caller. No X.509 certificate: TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC TkeAdminCertificate *tke_admin_certificate_parse(const uint8_t *der, size_t len,
                                                            GError **error);

TKE_PUBLIC void tke_admin_certificate_free(TkeAdminCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeAdminCertificate, tke_admin_certificate_free)
