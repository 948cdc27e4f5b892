/*
 * Root keys (crypto-unit-protocol.md, 5.7 and Annex B).
 */
#include "libep11admin/module-roots.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/hex.h"
#include "common/openssl.h"

struct TkeModuleRoots {
    GPtrArray *list; /* of TkeModuleRoot */
    bool rehearsal;
};

/* A row of the table, as text. */
typedef struct Row {
    const char *name;
    TkeModuleCertificateKind kind;
    const char *ski; /* empty: none */
    const char *x;
    const char *y;
} Row;

static const Row rows[] = {
#define MODULE_ROOT(name, kind, ski, x, y, point_sha256, spki_sha256, source)                      \
    { name, TKE_MODULE_CERTIFICATE_##kind, ski, x, y },
#include "libep11admin/module-roots.inc"
#undef MODULE_ROOT
};

static void
free_root(void *data)
{
    TkeModuleRoot *root = data;

    g_free(root->name);
    g_free(root);
}

static TkeModuleRoots *
new_roots(bool rehearsal)
{
    TkeModuleRoots *roots = g_new0(TkeModuleRoots, 1);

    roots->list = g_ptr_array_new_with_free_func(free_root);
    roots->rehearsal = rehearsal;
    return roots;
}

static void
append_root(TkeModuleRoots *roots, const char *name, TkeModuleCertificateKind kind,
            const uint8_t *ski, const uint8_t point[static TKE_EC_POINT_LEN])
{
    TkeModuleRoot *root = g_new0(TkeModuleRoot, 1);

    root->name = g_strdup(name);
    root->kind = kind;
    if (ski != NULL) {
        memcpy(root->ski, ski, sizeof root->ski);
    }
    memcpy(root->point, point, sizeof root->point);
    g_ptr_array_add(roots->list, root);
}

static TkeModuleRoots *
new_built_in(void)
{
    TkeModuleRoots *roots = new_roots(false);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t ski[TKE_MODULE_SKI_LEN] = { 0 };
        uint8_t point[TKE_EC_POINT_LEN] = { 0x04 };
        bool ok =
            (*rows[i].ski == '\0' || tke_hex_decode_exact(rows[i].ski, ski, sizeof ski, NULL)) &&
            tke_hex_decode_exact(rows[i].x, point + 1, TKE_EC_SCALAR_LEN, NULL) &&
            tke_hex_decode_exact(rows[i].y, point + 1 + TKE_EC_SCALAR_LEN, TKE_EC_SCALAR_LEN, NULL);

        g_assert(ok); /* constants */
        append_root(roots, rows[i].name, rows[i].kind, ski, point);
    }
    return roots;
}

const TkeModuleRoots *
tke_module_roots_get_built_in(void)
{
    static gsize built_in = 0;

    if (g_once_init_enter(&built_in)) {
        g_once_init_leave(&built_in, (gsize) new_built_in());
    }
    return (const TkeModuleRoots *) built_in;
}

TkeModuleRoots *
tke_module_roots_new_rehearsal(void)
{
    return new_roots(true);
}

/* A set has this key, or this way of naming it. */
static bool
conflicts(const TkeModuleRoots *roots, TkeModuleCertificateKind kind, const uint8_t *ski,
          const uint8_t point[static TKE_EC_POINT_LEN], bool same_key)
{
    for (guint i = 0; i < roots->list->len; i++) {
        const TkeModuleRoot *root = g_ptr_array_index(roots->list, i);

        if (same_key && memcmp(root->point, point, sizeof root->point) == 0) {
            return true;
        }
        if (ski != NULL && root->kind != TKE_MODULE_CERTIFICATE_OA1 &&
            memcmp(root->ski, ski, sizeof root->ski) == 0) {
            return true;
        }
        if (!same_key && kind == TKE_MODULE_CERTIFICATE_OA1 && root->kind == kind) {
            return true;
        }
    }
    return false;
}

bool
tke_module_roots_add(TkeModuleRoots *roots, const char *name, TkeModuleCertificateKind kind,
                     const uint8_t ski[TKE_MODULE_SKI_LEN],
                     const uint8_t point[static TKE_EC_POINT_LEN], GError **error)
{
    g_autoptr(EVP_PKEY) key = NULL;
    const uint8_t *named = kind == TKE_MODULE_CERTIFICATE_OA1 ? NULL : ski;

    g_return_val_if_fail(roots->rehearsal, false); /* the built-in set is constant */
    g_return_val_if_fail(kind == TKE_MODULE_CERTIFICATE_OA1 || ski != NULL, false);

    key = tke_ec_key_from_point(point, TKE_EC_POINT_LEN, error);
    if (key == NULL) {
        g_prefix_error(error, _("root key %s: "), name);
        return false;
    }
    if (conflicts(tke_module_roots_get_built_in(), kind, named, point, true)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("root key %s is a key of real modules and cannot be used in a rehearsal"),
                    name);
        return false;
    }
    if (conflicts(roots, kind, named, point, false)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("root key %s is there twice"), name);
        return false;
    }
    append_root(roots, name, kind, named, point);
    return true;
}

bool
tke_module_roots_add_generation(TkeModuleRoots *roots, const char *name,
                                const uint8_t point[static TKE_EC_POINT_LEN], GError **error)
{
    uint8_t ski[TKE_MODULE_SKI_LEN] = { 0 };

    if (!tke_module_certificate_ski(point, ski, error)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return tke_module_roots_add(roots, name, rows[i].kind, ski, point, error);
        }
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                _("there are no modules of the generation \"%s\""), name);
    return false;
}

TkeModuleRoots *
tke_module_roots_dup(const TkeModuleRoots *roots)
{
    TkeModuleRoots *dup = new_roots(roots->rehearsal);

    for (guint i = 0; i < roots->list->len; i++) {
        const TkeModuleRoot *root = g_ptr_array_index(roots->list, i);

        append_root(dup, root->name, root->kind, root->ski, root->point);
    }
    return dup;
}

bool
tke_module_roots_is_rehearsal(const TkeModuleRoots *roots)
{
    return roots->rehearsal;
}

unsigned
tke_module_roots_get_count(const TkeModuleRoots *roots)
{
    return roots->list->len;
}

const TkeModuleRoot *
tke_module_roots_get(const TkeModuleRoots *roots, unsigned index)
{
    g_return_val_if_fail(index < roots->list->len, NULL);

    return g_ptr_array_index(roots->list, index);
}

const TkeModuleRoot *
tke_module_roots_find(const TkeModuleRoots *roots, TkeModuleCertificateKind kind,
                      const uint8_t ski[static TKE_MODULE_SKI_LEN])
{
    for (guint i = 0; i < roots->list->len; i++) {
        const TkeModuleRoot *root = g_ptr_array_index(roots->list, i);

        if (root->kind == kind &&
            (kind == TKE_MODULE_CERTIFICATE_OA1 || memcmp(root->ski, ski, sizeof root->ski) == 0)) {
            return root;
        }
    }
    return NULL;
}

void
tke_module_roots_free(TkeModuleRoots *roots)
{
    if (roots == NULL || roots == tke_module_roots_get_built_in()) {
        return;
    }
    g_ptr_array_unref(roots->list);
    g_free(roots);
}
