/*
 * Module certificates in all three formats, alone and as a chain of one.
 */
#include "libep11admin/module-certificate.h"
#include "libep11admin/module-chain.h"

#include "tests/fuzz/fuzz.h"

static void
check_form(TkeModuleCertificateKind kind, const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeModuleCertificate) certificate =
        tke_module_certificate_parse(kind, data, size, &error);

    FUZZ_REQUIRE((certificate == NULL) == (error != NULL));
    if (certificate != NULL) {
        FUZZ_REQUIRE(certificate->signed_data->len > 0 && certificate->signed_data->len <= size);
        FUZZ_REQUIRE(certificate->oa_info.len < size && certificate->adapter_id != NULL);
        FUZZ_REQUIRE(g_utf8_validate(certificate->adapter_id, -1, NULL));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(tke_module_roots_get_built_in());

    check_form(TKE_MODULE_CERTIFICATE_OA1, data, size);
    check_form(TKE_MODULE_CERTIFICATE_OA2, data, size);
    check_form(TKE_MODULE_CERTIFICATE_OA3, data, size);

    /* Nobody here has the private half of a root key. */
    if (tke_module_chain_add(chain, data, size, NULL)) {
        FUZZ_REQUIRE(tke_module_chain_get_key(chain) != NULL);
        FUZZ_REQUIRE(!tke_module_chain_add(chain, data, size, NULL));
    }
    FUZZ_REQUIRE(!tke_module_chain_finish(chain, 0, NULL));
    FUZZ_REQUIRE(!tke_module_chain_is_verified(chain));
    return 0;
}
