/*
 * Signatures of administrators on commands (crypto-unit-protocol.md, 2.9 to 2.13).
 */
#include "simulator/sim-unit-internal.h"

#include <openssl/err.h>
#include <string.h>

#include "common/der.h"
#include "common/ec-key.h"
#include "common/rsa.h"

#define SIGNER_INFOS_MAX 17u /* eight administrators of the domain and nine of the card */

typedef enum {
    SCHEME_ECDSA,
    SCHEME_RSA_X931,
    SCHEME_RSA_PKCS1,
} Scheme;

/* The pairs of algorithms that are understood, as contents of their OIDs. */
static const struct {
    const char *digest, *signature;
    Scheme scheme;
    const char *md;
} algorithms[] = {
    { "\x60\x86\x48\x01\x65\x03\x04\x02\x03", "\x2a\x86\x48\xce\x3d\x04\x03\x04", SCHEME_ECDSA,
      "SHA512" },
    { "\x60\x86\x48\x01\x65\x03\x04\x02\x02", "\x2a\x86\x48\xce\x3d\x04\x03\x03", SCHEME_ECDSA,
      "SHA384" },
    { "\x60\x86\x48\x01\x65\x03\x04\x02\x01", "\x2a\x86\x48\xce\x3d\x04\x03\x02", SCHEME_ECDSA,
      "SHA256" },
    { "\x60\x86\x48\x01\x65\x03\x04\x02\x01", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01",
      SCHEME_RSA_X931, "SHA256" },
    { "\x60\x86\x48\x01\x65\x03\x04\x02\x01", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b",
      SCHEME_RSA_PKCS1, "SHA256" },
};

typedef struct SignerInfo {
    uint8_t ski[SIM_SKI_LEN];
    TkeByteCursor digest, algorithm, signature;
} SignerInfo;

/* SEQUENCE { OID, NULL }; the NULL may be missing. */
static bool
read_algorithm(TkeByteCursor *cursor, TkeByteCursor *oid)
{
    TkeByteCursor sequence = { 0 };
    TkeByteCursor null = { 0 };

    return tke_der_read(cursor, TKE_DER_SEQUENCE, &sequence) &&
           tke_der_read(&sequence, TKE_DER_OID, oid) &&
           (tke_byte_cursor_left(&sequence) == 0 ||
            (tke_der_read(&sequence, TKE_DER_NULL, &null) && null.len == 0 &&
             tke_byte_cursor_left(&sequence) == 0));
}

static bool
read_signer_info(TkeByteCursor *cursor, SignerInfo *info)
{
    TkeByteCursor sequence = { 0 };
    uint8_t version = 0;

    return tke_der_read(cursor, TKE_DER_SEQUENCE, &sequence) &&
           tke_der_read_exact(&sequence, TKE_DER_INTEGER, &version, 1) && version == 3 &&
           tke_der_read_exact(&sequence, 0x80, info->ski, sizeof info->ski) &&
           read_algorithm(&sequence, &info->digest) &&
           read_algorithm(&sequence, &info->algorithm) &&
           tke_der_read(&sequence, TKE_DER_OCTET_STRING, &info->signature) &&
           tke_byte_cursor_left(&sequence) == 0;
}

static bool
is_oid(const TkeByteCursor *oid, const char *wanted)
{
    return oid->len == strlen(wanted) && memcmp(oid->data, wanted, oid->len) == 0;
}

/* What OpenSSL verifies by itself: ECDSA on any curve, RSA with PKCS #1 padding. */
static bool
verify_digest(EVP_PKEY *key, const char *md, TkeByteCursor message, TkeByteCursor signature)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, md, NULL, NULL, key, NULL) == 1 &&
              EVP_DigestVerify(ctx, signature.data, signature.len, message.data, message.len) == 1;

    ERR_clear_error();
    return ok;
}

static bool
verify(EVP_PKEY *key, const SignerInfo *info, TkeByteCursor message)
{
    for (size_t i = 0; i < G_N_ELEMENTS(algorithms); i++) {
        Scheme scheme = algorithms[i].scheme;

        if (!is_oid(&info->digest, algorithms[i].digest) ||
            !is_oid(&info->algorithm, algorithms[i].signature) ||
            EVP_PKEY_is_a(key, scheme == SCHEME_ECDSA ? "EC" : "RSA") != 1) {
            continue;
        }
        if (scheme == SCHEME_RSA_X931) {
            return tke_rsa_verify_x931(key, message.data, message.len, info->signature.data,
                                       info->signature.len, NULL);
        }
        if (tke_ec_key_is_p521(key)) {
            return strcmp(algorithms[i].md, "SHA512") == 0 &&
                   tke_ec_key_verify(key, message.data, message.len, info->signature.data,
                                     info->signature.len, NULL);
        }
        return verify_digest(key, algorithms[i].md, message, info->signature);
    }
    return false;
}

/* Whether one of the first n has this signer. */
static bool
is_duplicate(const SignerInfo *infos, unsigned n, const uint8_t ski[static SIM_SKI_LEN])
{
    for (unsigned i = 0; i < n; i++) {
        if (memcmp(infos[i].ski, ski, SIM_SKI_LEN) == 0) {
            return true;
        }
    }
    return false;
}

SimCode
sim_unit_check_signatures(const SimUnitState *state, TkeByteCursor message,
                          TkeByteCursor signatures, unsigned needed)
{
    SignerInfo infos[SIGNER_INFOS_MAX] = { 0 };
    unsigned n = 0;

    for (; tke_byte_cursor_left(&signatures) > 0; n++) {
        if (n == SIGNER_INFOS_MAX) {
            return SIM_CODE(SIM_RC_SIGNATURE, SIM_RSC_TOO_MANY_SIGNERINFOS);
        }
        if (!read_signer_info(&signatures, &infos[n])) {
            return SIM_CODE(SIM_RC_SIGNATURE_FORM, SIM_RSC_SIGS_REJECTED);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        const SimAdmin *admin = sim_unit_state_find_admin(state, infos[i].ski, NULL);

        if (admin == NULL) {
            return SIM_CODE(SIM_RC_ADMIN_UNKNOWN, SIM_RSC_SIGS_REJECTED);
        }
        if (is_duplicate(infos, i, infos[i].ski) || admin->key == NULL ||
            !verify(admin->key, &infos[i], message)) {
            return SIM_CODE(SIM_RC_SIGNATURE, SIM_RSC_SIGS_REJECTED);
        }
    }
    if (n < needed) {
        return SIM_CODE(SIM_RC_SIGNATURES_FEW, SIM_RSC_SIGS_INSUFFICIENT);
    }
    return SIM_OK;
}
