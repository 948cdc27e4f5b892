/*
 * Roots of golden cases.
 */
#include "tests/run-vectors/roots.h"

#include <string.h>

#include "tests/run-vectors/keys.h"

/* Which kind of certificate a root signs, by its name. */
static bool
find_kind(const char *name, TkeModuleCertificateKind *kind)
{
    static const struct {
        const char *name;
        TkeModuleCertificateKind kind;
    } kinds[] = {
        { "CEX5", TKE_MODULE_CERTIFICATE_OA1 },
        { "CEX6", TKE_MODULE_CERTIFICATE_OA2 },
        { "CEX7", TKE_MODULE_CERTIFICATE_OA2 },
        { "CEX8", TKE_MODULE_CERTIFICATE_OA3 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

static bool
add_root(Vector *vector, TkeModuleRoots *roots, JsonObject *root)
{
    const char *name = vector_text(vector, root, "name");
    GByteArray *ski = vector_bytes(vector, root, "ski");
    TkeModuleCertificateKind kind = TKE_MODULE_CERTIFICATE_OA1;
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    g_autoptr(GError) error = NULL;

    if (!vector_check(vector, find_kind(name, &kind), "root \"%s\" is unknown", name) ||
        !vector_check(vector,
                      ski->len == (kind == TKE_MODULE_CERTIFICATE_OA1 ? 0 : TKE_MODULE_SKI_LEN),
                      "the identifier of root %s has another length", name) ||
        !vector_point(vector, root, "x", "y", point)) {
        return false;
    }
    if (!tke_module_roots_add(roots, name, kind, ski->data, point, &error)) {
        vector_fail_error(vector, "root", error);
        return false;
    }
    return true;
}

static void
free_roots(void *roots)
{
    tke_module_roots_free(roots);
}

const TkeModuleRoots *
vector_roots(Vector *vector)
{
    JsonNode *node = json_object_get_member(vector->inputs, "trusted_roots");
    TkeModuleRoots *roots = NULL;
    JsonArray *list = NULL;

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node)) {
        return vector_check_text(vector, "trusted_roots",
                                 vector_text(vector, vector->inputs, "trusted_roots"), "built-in")
                   ? tke_module_roots_get_built_in()
                   : NULL;
    }
    roots = vector_own(vector, tke_module_roots_new_rehearsal(), free_roots);
    list = vector_array(vector, vector->inputs, "trusted_roots");
    for (unsigned i = 0; i < json_array_get_length(list); i++) {
        if (!add_root(vector, roots, vector_element(vector, list, i))) {
            return NULL;
        }
    }
    return roots;
}
