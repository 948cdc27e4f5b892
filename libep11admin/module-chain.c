/*
 * Verification of a chain of module certificates (crypto-unit-protocol.md, 5.5).
 *
 * The signature of a certificate is verified when its signer is known: when the next one is added,
 * or, for the last one, at the end with the root it names.
 */
#include "libep11admin/module-chain.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/ec-key.h"
#include "libep11admin/unit-error.h"

/* End of a chain: the answer to the query for a certificate that does not exist (3.3.3). */
#define RETURN_NO_CERTIFICATE 96u
#define REASON_NO_CERTIFICATE 60u

/* OA1: type of the name of a certificate that a root may sign, and where type and index are in
 * it. */
#define OA1_NAME_TYPE 0x9000u
#define OA1_NAME_TYPE_AT 4u

typedef enum {
    OPEN,
    REFUSED,
    VERIFIED,
} State;

struct TkeModuleChain {
    State state;
    TkeModuleRoots *roots;
    unsigned count;
    TkeModuleCertificate *first;
    TkeModuleCertificate *last; /* its signature is not verified yet; may be first */
    EVP_PKEY *key;              /* of first */
    const TkeModuleRoot *root;
};

static bool G_GNUC_PRINTF(3, 4)
    refuse(TkeModuleChain *chain, GError **error, const char *format, ...)
{
    const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_CERTIFICATE };
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    chain->state = REFUSED;
    tke_unit_error_set(error, TKE_UNIT_ERROR_NOT_GENUINE, &details, "%s", text);
    return false;
}

TkeModuleChain *
tke_module_chain_new(const TkeModuleRoots *roots)
{
    TkeModuleChain *chain = g_new0(TkeModuleChain, 1);

    chain->roots = tke_module_roots_dup(roots);
    return chain;
}

static bool
is_self_signed(const TkeModuleCertificate *certificate)
{
    if (certificate->kind == TKE_MODULE_CERTIFICATE_OA1) {
        return memcmp(certificate->name, certificate->parent_name, sizeof certificate->name) == 0;
    }
    return memcmp(certificate->subject_ski, certificate->signer_ski,
                  sizeof certificate->subject_ski) == 0;
}

/* The child names the parent as its signer; OA1 has no such check (5.5). */
static bool
is_parent(const TkeModuleCertificate *parent, const TkeModuleCertificate *child)
{
    return child->kind == TKE_MODULE_CERTIFICATE_OA1 ||
           memcmp(child->signer_ski, parent->subject_ski, sizeof parent->subject_ski) == 0;
}

/* The signature that the certificate carries was made with the key. */
static bool
is_signed_by(const TkeModuleCertificate *certificate, EVP_PKEY *key)
{
    uint8_t raw[2 * TKE_EC_SCALAR_LEN] = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    memcpy(raw, certificate->r, TKE_EC_SCALAR_LEN);
    memcpy(raw + TKE_EC_SCALAR_LEN, certificate->s, TKE_EC_SCALAR_LEN);
    return tke_ec_key_signature_from_raw(raw, signature, &len, NULL) &&
           tke_ec_key_verify(key, certificate->signed_data->data, certificate->signed_data->len,
                             signature, len, NULL);
}

/* What can be said of a certificate alone; key gets its public key. */
static bool
check_alone(TkeModuleChain *chain, const TkeModuleCertificate *certificate, EVP_PKEY **key,
            GError **error)
{
    if (!certificate->known_form) {
        return refuse(chain, error, _("module certificate %u is not one of a P-521 key"),
                      chain->count);
    }
    if (is_self_signed(certificate)) {
        return refuse(chain, error, _("module certificate %u is signed by itself"), chain->count);
    }
    *key = tke_ec_key_from_point(certificate->point, sizeof certificate->point, NULL);
    if (*key == NULL) {
        return refuse(chain, error, _("the key in module certificate %u is not on the curve"),
                      chain->count);
    }
    return true;
}

bool
tke_module_chain_add(TkeModuleChain *chain, const uint8_t *der, size_t len, GError **error)
{
    g_autoptr(TkeModuleCertificate) certificate = NULL;
    g_autoptr(EVP_PKEY) key = NULL;
    g_autoptr(GError) cause = NULL;
    TkeModuleCertificateKind kind = TKE_MODULE_CERTIFICATE_OA1;

    if (chain->state != OPEN) {
        return refuse(chain, error, _("the chain of module certificates has ended before"));
    }
    if (chain->count >= TKE_MODULE_CHAIN_MAX) {
        return refuse(chain, error, _("the chain of module certificates is too long"));
    }
    kind = chain->first != NULL ? chain->first->kind : tke_module_certificate_guess_kind(der, len);
    certificate = tke_module_certificate_parse(kind, der, len, &cause);
    if (certificate == NULL) {
        return refuse(chain, error, "%s", cause->message);
    }
    if (!check_alone(chain, certificate, &key, error)) {
        return false;
    }
    if (chain->count == 0) {
        chain->key = g_steal_pointer(&key);
        chain->first = g_steal_pointer(&certificate);
        chain->last = chain->first;
        chain->count = 1;
        return true;
    }
    if (!is_parent(certificate, chain->last)) {
        return refuse(chain, error, _("module certificate %u does not belong to the one before"),
                      chain->count);
    }
    if (!is_signed_by(chain->last, key)) {
        return refuse(chain, error, _("the signature of module certificate %u is wrong"),
                      chain->count - 1);
    }
    if (chain->last != chain->first) {
        tke_module_certificate_free(chain->last);
    }
    chain->last = g_steal_pointer(&certificate);
    chain->count++;
    return true;
}

/* OA1: only a certificate with such a name may be the last one. */
static bool
may_be_last(const TkeModuleCertificate *certificate)
{
    TkeByteCursor name = tke_byte_cursor(certificate->name, sizeof certificate->name);
    uint16_t type = 0;
    uint16_t index = 0;

    if (certificate->kind != TKE_MODULE_CERTIFICATE_OA1) {
        return true;
    }
    return tke_byte_cursor_skip(&name, OA1_NAME_TYPE_AT) && tke_byte_cursor_u16(&name, &type) &&
           tke_byte_cursor_u16(&name, &index) && type == OA1_NAME_TYPE && index > 0;
}

bool
tke_module_chain_is_end(const TkeModuleChain *chain, uint32_t return_code, bool has_reason,
                        uint32_t reason_code)
{
    if (chain->last == NULL || return_code != RETURN_NO_CERTIFICATE) {
        return false;
    }
    if (chain->last->kind == TKE_MODULE_CERTIFICATE_OA1) {
        return may_be_last(chain->last);
    }
    return has_reason && reason_code == REASON_NO_CERTIFICATE;
}

bool
tke_module_chain_finish(TkeModuleChain *chain, unsigned count, GError **error)
{
    const TkeModuleRoot *root = NULL;
    g_autoptr(EVP_PKEY) key = NULL;

    if (chain->state != OPEN) {
        return refuse(chain, error, _("the chain of module certificates has ended before"));
    }
    if (chain->count == 0) {
        return refuse(chain, error, _("the module has no certificate"));
    }
    if (count != 0 && count != chain->count) {
        return refuse(chain, error, _("the module reports %u certificates, but its chain has %u"),
                      count, chain->count);
    }
    if (!may_be_last(chain->last)) {
        return refuse(chain, error, _("module certificate %u is not one that a root key signs"),
                      chain->count - 1);
    }
    root = tke_module_roots_find(chain->roots, chain->last->kind, chain->last->signer_ski);
    if (root == NULL) {
        return refuse(chain, error,
                      _("the chain of module certificates does not end at a known root key"));
    }
    key = tke_ec_key_from_point(root->point, sizeof root->point, error);
    if (key == NULL) {
        chain->state = REFUSED;
        return false;
    }
    if (!is_signed_by(chain->last, key)) {
        return refuse(chain, error, _("module certificate %u is not signed by root key %s"),
                      chain->count - 1, root->name);
    }
    chain->root = root;
    chain->state = VERIFIED;
    return true;
}

bool
tke_module_chain_is_verified(const TkeModuleChain *chain)
{
    return chain->state == VERIFIED;
}

bool
tke_module_chain_is_rehearsal(const TkeModuleChain *chain)
{
    return tke_module_roots_is_rehearsal(chain->roots);
}

const TkeModuleRoot *
tke_module_chain_get_root(const TkeModuleChain *chain)
{
    return chain->state == VERIFIED ? chain->root : NULL;
}

unsigned
tke_module_chain_get_count(const TkeModuleChain *chain)
{
    return chain->count;
}

const TkeModuleCertificate *
tke_module_chain_get_first(const TkeModuleChain *chain)
{
    return chain->first;
}

EVP_PKEY *
tke_module_chain_get_key(const TkeModuleChain *chain)
{
    return chain->key;
}

void
tke_module_chain_free(TkeModuleChain *chain)
{
    if (chain == NULL) {
        return;
    }
    if (chain->last != chain->first) {
        tke_module_certificate_free(chain->last);
    }
    tke_module_certificate_free(chain->first);
    EVP_PKEY_free(chain->key);
    tke_module_roots_free(chain->roots);
    g_free(chain);
}
